// Tensors in files: .npy, arrays of a .npz, and TensorProto .pb as ONNX keeps test data.
#ifndef OLSTM_TOOLS_TENSOR_FILE_H_
#define OLSTM_TOOLS_TENSOR_FILE_H_

#include "olstm/model.h"
#include "olstm/status.h"
#include "olstm/tensor.h"
#include "tools/file_bytes.h"

/// Reads a .npy, .npz or TensorProto file, known by its bytes, whatever it is called.
///
/// file: a path; or, of an archive, PATH.npz:NAME with the array's name.
/// wanted: the array to take of an archive where `file` names none; NULL, or a name that
/// it does not have, leaves the only one there is.
/// out_name: NULL, or gets the name that a TensorProto has, "" where there is none.
/// Errors: IO_ERROR, INVALID_ARGUMENT, INVALID_MODEL, UNSUPPORTED, NOT_FOUND,
/// OUT_OF_MEMORY; they name the file, and say what it is when it is no tensor.
/// Memory: olstm_tensor_deinit(tensor, NULL).
olstm_status olstm__tensor_file_read(const char* file, const char* wanted,
                                     olstm_tensor* out_tensor,
                                     char out_name[OLSTM_ERROR_CAPACITY],
                                     olstm_error* error);

/// Whether the format "npy" or "pb" has a dtype; UNSUPPORTED says which has, otherwise.
olstm_status olstm__tensor_file_check(const char* format, olstm_dtype dtype,
                                      olstm_error* error);

/// Writes FOLDER/FILE_NAME.npy or .pb (format "npy" or "pb"), `name` in a .pb. out_path
/// gets the path.
olstm_status olstm__tensor_file_write(const char* folder, const char* file_name,
                                      const char* format, const char* name,
                                      const olstm_tensor* tensor,
                                      char out_path[OLSTM__PATH_CAPACITY],
                                      olstm_error* error);

#endif  // OLSTM_TOOLS_TENSOR_FILE_H_
