// The version of olstm, written here and nowhere else: the build reads it from this file.
#ifndef OLSTM_VERSION_H_
#define OLSTM_VERSION_H_

#include <stdint.h>

#include "olstm/export.h"

#define OLSTM_VERSION_MAJOR 0
#define OLSTM_VERSION_MINOR 2
#define OLSTM_VERSION_PATCH 0

#define OLSTM_VERSION_TEXT_OF_(major, minor, patch) #major "." #minor "." #patch
#define OLSTM_VERSION_TEXT_(major, minor, patch) \
  OLSTM_VERSION_TEXT_OF_(major, minor, patch)

/// The version as text, "0.2.0".
#define OLSTM_VERSION_TEXT \
  OLSTM_VERSION_TEXT_(OLSTM_VERSION_MAJOR, OLSTM_VERSION_MINOR, OLSTM_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/// The version of the library that runs, as one number: major * 10000 + minor * 100 +
/// patch. A program compares it with OLSTM_VERSION, which it was compiled with. Versions
/// that differ in major (before 1.0: in minor) are not compatible; the shared library's
/// name says so, too. [any-thread]
#define OLSTM_VERSION \
  (OLSTM_VERSION_MAJOR * 10000 + OLSTM_VERSION_MINOR * 100 + OLSTM_VERSION_PATCH)
OLSTM_API uint32_t olstm_version(void);

/// The same as text, "0.2.0". Static storage. [any-thread]
OLSTM_API const char* olstm_version_text(void);

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_VERSION_H_
