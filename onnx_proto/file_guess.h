// What bytes that are neither a model nor a tensor look like: users give files of many
// formats.
#ifndef OLSTM_ONNX_PROTO_FILE_GUESS_H_
#define OLSTM_ONNX_PROTO_FILE_GUESS_H_

#include <stddef.h>
#include <stdint.h>

/// "an HDF5 file ...", or NULL for bytes that look like nothing known. For bytes that
/// were read as a model or tensor in vain.
const char* olstm__file_guess(const uint8_t* bytes, size_t byte_count);

#endif  // OLSTM_ONNX_PROTO_FILE_GUESS_H_
