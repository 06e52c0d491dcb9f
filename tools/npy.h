// NumPy's .npy format, versions 1 to 3, from bytes and to bytes. Files are hostile until
// checked. Knows no file system.
#ifndef OLSTM_TOOLS_NPY_H_
#define OLSTM_TOOLS_NPY_H_

#include <stdbool.h>
#include <stddef.h>

#include "olstm/status.h"
#include "olstm/tensor.h"

/// Whether bytes start as a .npy file.
bool olstm__npy_is_one(const unsigned char* bytes, size_t byte_count);

/// Reads an array. Big-endian and Fortran-ordered ones are converted. `what` names the
/// file in messages.
///
/// Errors: INVALID_ARGUMENT (what is wrong with the file), UNSUPPORTED (its dtype, by
/// name), OUT_OF_MEMORY. Memory: elements from the C library; olstm_tensor_deinit(tensor,
/// NULL) frees them.
olstm_status olstm__npy_read(const unsigned char* bytes, size_t byte_count,
                             const char* what, olstm_tensor* out_tensor,
                             olstm_error* error);

enum { OLSTM__NPY_HEADER_CAPACITY = 384 };

/// Writes the header that stands before the elements of such a tensor. Errors:
/// UNSUPPORTED for a dtype that NumPy lacks.
olstm_status olstm__npy_write_header(const olstm_tensor_desc* desc,
                                     char out_header[OLSTM__NPY_HEADER_CAPACITY],
                                     size_t* out_byte_count, olstm_error* error);

#endif  // OLSTM_TOOLS_NPY_H_
