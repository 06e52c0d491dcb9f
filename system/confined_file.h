// Decides which files below some folders may be opened, by checking what was opened
// rather than its path.
//
// A location is a relative path below a folder, its parts separated by '/'. If no
// symbolic link is in it, it is opened there. If there is one, its target must be below
// the folder of the real model file (the model's path may itself be a link, as in
// download caches) or below a folder that the caller names; it is opened again from that
// folder without following links, and must be the same file. A file with several hard
// links could be any file of the system: it is read only from below a folder that the
// caller names.
#ifndef OLSTM_SYSTEM_CONFINED_FILE_H_
#define OLSTM_SYSTEM_CONFINED_FILE_H_

#include "system/file.h"

/// Open folders, OLSTM__NO_FILE where there is none.
typedef struct olstm__confined_folders {
  /// The folder of the model's path as the caller passes it.
  olstm__file beside;
  /// The folder of the real model file.
  olstm__file real;
  /// The folder that the caller names; searched first.
  olstm__file named;
} olstm__confined_folders;

/// Closes what is open.
void olstm__confined_folders_close(olstm__confined_folders* folders);

/// Opens a folder for the functions below. Returns NULL, or the reason of the failure.
const char* olstm__confined_open_folder(const char* path, olstm__file* out_folder);

/// Opens the folder of the file at a path. As above.
const char* olstm__confined_open_beside(const char* path, olstm__file* out_folder);

/// Opens the folder of an open file, whatever links led to the file; OLSTM__NO_FILE when
/// it cannot be determined.
olstm__file olstm__confined_folder_of(olstm__file file);

/// Opens a regular file for reading, without blocking. Returns NULL, or the reason of the
/// failure.
const char* olstm__confined_open(const olstm__confined_folders* folders,
                                 const char* location, olstm__file* out_file);

// What the implementation of each system has for olstm__confined_open.

#define OLSTM__REASON_CHANGED "it was replaced while it was opened"
#define OLSTM__REASON_HARD_LINKS                                            \
  "it has other hard links; a folder that is named (external_data_folder, " \
  "--external-data) may have such files"
#define OLSTM__REASON_LINK "a link is on the way"
#define OLSTM__REASON_NOT_REGULAR "it is not a regular file"

/// Opens the file in one of the folders. `location` is a relative path without "..".
/// *out_is_absent becomes true when the folder does not have it.
const char* olstm__confined_open_in(const olstm__confined_folders* folders,
                                    olstm__file folder, const char* location,
                                    olstm__file* out_file, bool* out_is_absent);

#ifdef __linux__
/// Fallback on kernels without openat2: opens each part of a relative path in turn,
/// without following links. -1 with errno on failure.
int olstm__confined_walk(int folder, const char* location, int flags);
#endif

#endif  // OLSTM_SYSTEM_CONFINED_FILE_H_
