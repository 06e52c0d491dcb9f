// Writes a model to a file, and its external data beside it: both appear whole, or not at
// all.
#ifndef OLSTM_ONNX_PROTO_ENCODE_FILE_H_
#define OLSTM_ONNX_PROTO_ENCODE_FILE_H_

#include "onnx_proto/encode.h"

/// Behind a model's path: its external data.
#define OLSTM__ENCODE_DATA_SUFFIX ".data"

/// What was written.
typedef struct olstm__encode_written {
  size_t model_bytes;
  /// 0: there is no external data.
  uint64_t data_bytes;
  size_t external_count;
} olstm__encode_written;

/// Writes a model to `path`, and external data to `path`.data: each to a new file beside
/// it first, which then takes its place. A file of external data that was there and is
/// not needed stays.
///
/// least_bytes: as of olstm__encode_policy. Errors: those of olstm__encode, IO_ERROR.
olstm_status olstm__encode_file_write(olstm__encode_model* model, const char* path,
                                      size_t least_bytes,
                                      olstm__encode_written* out_written,
                                      olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_ENCODE_FILE_H_
