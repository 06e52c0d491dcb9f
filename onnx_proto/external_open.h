// Which files beside a model may be opened: confinement to folders, decided on what was
// opened. Knows nothing of tensors.
//
// A location is a plain path below a folder. Without links on the way it is what it says.
// Where a symbolic link is on the way, what it leads to must lie below the folder of the
// real model file (the model's path may be a link itself, as in download caches) or below
// a folder that the caller named; it is opened a second time from there, through no link,
// and must be the same file. A file with several hard links could be any file of the
// system: it is read from below a named folder alone.
#ifndef OLSTM_ONNX_PROTO_EXTERNAL_OPEN_H_
#define OLSTM_ONNX_PROTO_EXTERNAL_OPEN_H_

#include <stddef.h>

/// Descriptors of folders, -1 where there is none.
typedef struct olstm__external_folders {
  /// That of the model's path as it was given.
  int beside;
  /// That of the real model file.
  int real;
  /// The one that the caller names: it is looked in first.
  int named;
} olstm__external_folders;

/// Closes what is open.
void olstm__external_folders_close(olstm__external_folders* folders);

/// Opens a folder for the functions below. -1 with errno on failure.
int olstm__external_open_folder(const char* path);

/// The folder in which an open file really lies, whatever links led to it; -1 when that
/// cannot be told.
int olstm__external_folder_of(int file);

/// Opens a regular file for reading, without waiting for it. Gives its descriptor, or -1
/// and why not in *out_reason.
int olstm__external_open(const olstm__external_folders* folders, const char* location,
                         const char** out_reason);

/// What it uses on kernels without openat2: opens each part of a plain path after the
/// other. -1 with errno on failure.
int olstm__external_walk(int folder, const char* location, int flags);

#endif  // OLSTM_ONNX_PROTO_EXTERNAL_OPEN_H_
