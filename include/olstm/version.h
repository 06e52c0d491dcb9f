// The version of olstm, written here and nowhere else: the build reads it from this file.
#ifndef OLSTM_VERSION_H_
#define OLSTM_VERSION_H_

#define OLSTM_VERSION_MAJOR 0
#define OLSTM_VERSION_MINOR 1
#define OLSTM_VERSION_PATCH 0

#define OLSTM_VERSION_TEXT_OF_(major, minor, patch) #major "." #minor "." #patch
#define OLSTM_VERSION_TEXT_(major, minor, patch) \
  OLSTM_VERSION_TEXT_OF_(major, minor, patch)

/// The version as text, "0.1.0".
#define OLSTM_VERSION_TEXT \
  OLSTM_VERSION_TEXT_(OLSTM_VERSION_MAJOR, OLSTM_VERSION_MINOR, OLSTM_VERSION_PATCH)

#endif  // OLSTM_VERSION_H_
