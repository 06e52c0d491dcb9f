// Model → bytes: packs an unpacked model again (encode_model.h), by the schema that it
// was unpacked with. What the schema does not know stays, as unknown fields.
#ifndef OLSTM_ONNX_PROTO_ENCODE_H_
#define OLSTM_ONNX_PROTO_ENCODE_H_

#include "onnx_proto/encode_model.h"

/// Which tensors leave the model for external data.
typedef struct olstm__encode_policy {
  /// What external data is called in the model: a file name, all tensors in one file.
  /// NULL: "0", "1", ..., a file for each tensor.
  const char* location;
  /// Initializers of at least so many bytes; 0: those that came from external data, and,
  /// where the model has 2 GB or more otherwise, those of 1 KB and more.
  size_t least_bytes;
} olstm__encode_policy;

/// A tensor's elements in external data.
typedef struct olstm__encode_segment {
  /// In the file; 0 where each tensor has its own.
  uint64_t offset;
  const void* data;
  size_t bytes;
} olstm__encode_segment;

/// A packed model. Elements are borrowed from the model that was packed.
typedef struct olstm__encoding {
  olstm_allocator allocator;
  uint8_t* bytes;
  size_t byte_count;
  /// In ascending order of offsets.
  olstm__encode_segment* segments;
  size_t segment_count, segment_capacity;
} olstm__encoding;

/// Packs a model, which is unchanged afterwards, but for elements that external data
/// needs as raw_data.
///
/// Errors: LIMIT_EXCEEDED (2 GB, when no tensors are left to take out), OUT_OF_MEMORY.
/// Memory: olstm__encoding_deinit, whatever the result.
olstm_status olstm__encode(olstm__encode_model* model, const olstm__encode_policy* policy,
                           olstm__encoding* out_encoding, olstm_error* error);

/// A zeroed encoding is legal.
void olstm__encoding_deinit(olstm__encoding* encoding);

#endif  // OLSTM_ONNX_PROTO_ENCODE_H_
