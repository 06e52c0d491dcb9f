// Reads a model file into memory.
#ifndef OLSTM_ONNX_PROTO_MODEL_FILE_H_
#define OLSTM_ONNX_PROTO_MODEL_FILE_H_

#include "olstm/allocator.h"
#include "olstm/status.h"

#include "system/file.h"

/// protobuf's own limit on a message.
#define OLSTM__MAX_FILE_BYTES ((size_t)INT32_MAX)

/// Reads a whole regular file. Memory: the caller releases *out_byte_count bytes, and
/// closes *out_real_folder: the folder of the real file, OLSTM__NO_FILE when it cannot be
/// determined.
olstm_status olstm__model_file_read(const char* path, const olstm_allocator* allocator,
                                    uint8_t** out_bytes, size_t* out_byte_count,
                                    olstm__file* out_real_folder, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_MODEL_FILE_H_
