// Tensors whose elements lie in a file beside the model: opening only what lies in the
// model's folder, and reading only what the shape says.
#ifndef OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_
#define OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_

#include "base/arena.h"
#include "onnx_proto/schema.h"
#include "onnx_proto/tensor_data.h"

typedef struct olstm__external_source olstm__external_source;

/// Files read so far, by what they are.
typedef struct olstm__external_file {
  uint64_t device;
  uint64_t inode;
  /// Bytes that tensors took from it.
  uint64_t taken;
} olstm__external_file;

struct olstm__external_source {
  /// The model's folder.
  int folder;
  /// Bytes of one file; 0 for no limit.
  size_t max_bytes;
  /// In scratch memory.
  olstm__arena* scratch;
  olstm__external_file* files;
  size_t file_count;
  size_t file_capacity;
};

/// Reads a tensor's elements into memory of the arena, which its limit does not count.
/// source: NULL for a model from memory, which is refused.
///
/// Errors: UNSUPPORTED (from memory; unknown keys), INVALID_MODEL (the location is not
/// below the folder, offset or length do not fit), IO_ERROR, LIMIT_EXCEEDED,
/// OUT_OF_MEMORY.
olstm_status olstm__external_read(olstm__external_source* source, olstm__arena* arena,
                                  const olstm__tensor_proto* proto,
                                  const olstm__tensor_label* label,
                                  const olstm_tensor_desc* desc, size_t bytes,
                                  void** out_elements, olstm_error* error);

/// Opens a regular file below `folder`: no "..", not absolute, through no link, with no
/// other hard link. Gives its descriptor, or -1 and why not in *out_reason.
int olstm__external_open(int folder, const char* location, const char** out_reason);

/// What it uses on kernels without openat2: opens each part of a plain path after the
/// other. -1 with errno on failure.
int olstm__external_walk(int folder, const char* location);

#endif  // OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_
