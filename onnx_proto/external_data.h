// Tensors whose elements lie in a file beside the model, or in bytes that the caller
// gives in its place: reading what the shape says, and no more. Which files may be opened
// is external_open.h's.
#ifndef OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_
#define OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_

#include "olstm/model.h"

#include "base/arena.h"
#include "onnx_proto/external_open.h"
#include "onnx_proto/schema.h"
#include "onnx_proto/tensor_data.h"

typedef struct olstm__external_source olstm__external_source;

/// What was read so far, by what it is.
typedef struct olstm__external_use {
  uint64_t device;
  uint64_t inode;
  /// Bytes that tensors took from it.
  uint64_t taken;
} olstm__external_use;

struct olstm__external_source {
  olstm__external_folders folders;
  /// Bytes that stand for files: looked through first. Borrowed.
  const olstm_external_file* given;
  size_t given_count;
  /// Bytes of one file; 0 for no limit.
  size_t max_bytes;
  /// In scratch memory.
  olstm__arena* scratch;
  olstm__external_use* uses;
  size_t use_count;
  size_t use_capacity;
};

/// Reads a tensor's elements into memory of the arena, which its limit does not count.
///
/// Errors: UNSUPPORTED (unknown keys; a model from memory with neither files nor a
/// folder), INVALID_MODEL (offset or length do not fit), IO_ERROR (not to be opened, with
/// the reason), LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__external_read(olstm__external_source* source, olstm__arena* arena,
                                  const olstm__tensor_proto* proto,
                                  const olstm__tensor_label* label,
                                  const olstm_tensor_desc* desc, size_t bytes,
                                  void** out_elements, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_
