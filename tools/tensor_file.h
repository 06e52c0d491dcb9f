// Tensors in files: .npy, and TensorProto .pb as ONNX keeps test data.
#ifndef OLSTM_TOOLS_TENSOR_FILE_H_
#define OLSTM_TOOLS_TENSOR_FILE_H_

#include "olstm/model.h"
#include "olstm/status.h"
#include "olstm/tensor.h"

/// Reads a .npy (known by its first bytes, whatever it is called) or TensorProto file.
/// out_name: NULL, or gets the name that a TensorProto has, "" where there is none.
///
/// Errors: IO_ERROR, INVALID_ARGUMENT, INVALID_MODEL, UNSUPPORTED, OUT_OF_MEMORY; they
/// name the file. Memory: olstm_tensor_deinit(tensor, NULL).
olstm_status olstm__tensor_file_read(const char* path, olstm_tensor* out_tensor,
                                     char out_name[OLSTM_ERROR_CAPACITY],
                                     olstm_error* error);

/// Writes FOLDER/NAME.npy or .pb (format "npy" or "pb"); characters that a file name
/// cannot have become "_". out_path: NULL, or gets the path, OLSTM__PATH_CAPACITY long.
olstm_status olstm__tensor_file_write(const char* folder, const char* name,
                                      const char* format, const olstm_tensor* tensor,
                                      char* out_path, olstm_error* error);

#endif  // OLSTM_TOOLS_TENSOR_FILE_H_
