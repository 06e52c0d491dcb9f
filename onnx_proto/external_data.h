// Reads tensors whose elements are in a file beside the model, or in bytes that the
// caller passes in place of that file: exactly the bytes of the shape. confined_file.h
// decides which files may be opened.
#ifndef OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_
#define OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_

#include "olstm/model.h"

#include "base/arena.h"
#include "onnx_proto/schema.h"
#include "onnx_proto/tensor_data.h"
#include "system/confined_file.h"

typedef struct olstm__external_source olstm__external_source;

/// The bytes read so far from one file or one block of memory.
typedef struct olstm__external_use {
  uint64_t device;
  uint64_t inode;
  /// Bytes that tensors have read from it.
  uint64_t taken;
} olstm__external_use;

struct olstm__external_source {
  olstm__confined_folders folders;
  /// Bytes passed in place of files; searched first. Borrowed.
  const olstm_external_file* given;
  size_t given_count;
  /// The most bytes of one file; 0 for no limit.
  size_t max_bytes;
  /// In scratch memory.
  olstm__arena* scratch;
  olstm__external_use* uses;
  size_t use_count;
  size_t use_capacity;
};

/// Reads a tensor's elements into memory of the arena that is not counted against its
/// limit.
///
/// Errors: UNSUPPORTED (unknown keys; a model from memory with neither files nor a
/// folder), INVALID_MODEL (offset or length do not fit), IO_ERROR (the file cannot be
/// opened; names the reason), LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__external_read(olstm__external_source* source, olstm__arena* arena,
                                  const olstm__tensor_proto* proto,
                                  const olstm__tensor_label* label,
                                  const olstm_tensor_desc* desc, size_t bytes,
                                  void** out_elements, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_EXTERNAL_DATA_H_
