// Decides which files beside a model may be opened, by checking what was opened rather
// than its path. Knows nothing of tensors.
//
// A location is a relative path below a folder. If no symbolic link is in it, it is
// opened there. If there is one, its target must be below the folder of the real model
// file (the model's path may itself be a link, as in download caches) or below a folder
// that the caller names; it is opened again from that folder without following links, and
// must be the same file. A file with several hard links could be any file of the system:
// it is read only from below a folder that the caller names.
#ifndef OLSTM_ONNX_PROTO_EXTERNAL_OPEN_H_
#define OLSTM_ONNX_PROTO_EXTERNAL_OPEN_H_

#include <stddef.h>

/// Descriptors of folders, -1 where there is none.
typedef struct olstm__external_folders {
  /// The folder of the model's path as the caller passes it.
  int beside;
  /// The folder of the real model file.
  int real;
  /// The folder that the caller names; searched first.
  int named;
} olstm__external_folders;

/// Closes the descriptors.
void olstm__external_folders_close(olstm__external_folders* folders);

/// Opens a folder for the functions below. -1 with errno on failure.
int olstm__external_open_folder(const char* path);

/// Opens the folder of an open file, whatever links led to the file; -1 when it cannot be
/// determined.
int olstm__external_folder_of(int file);

/// Opens a regular file for reading, without blocking. Returns its descriptor, or -1 and
/// the reason in *out_reason.
int olstm__external_open(const olstm__external_folders* folders, const char* location,
                         const char** out_reason);

/// Fallback on kernels without openat2: opens each part of a relative path in turn,
/// without following links. -1 with errno on failure.
int olstm__external_walk(int folder, const char* location, int flags);

#endif  // OLSTM_ONNX_PROTO_EXTERNAL_OPEN_H_
