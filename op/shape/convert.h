// Conversion of elements from one dtype to another, as Cast defines it.
#ifndef OLSTM_OP_SHAPE_CONVERT_H_
#define OLSTM_OP_SHAPE_CONVERT_H_

#include "olstm/tensor.h"

/// Whether the two dtypes are both among those that olstm__convert takes: all but string
/// and complex.
bool olstm__can_convert(olstm_dtype from, olstm_dtype to);

/// Whether converting leaves every byte as it is.
bool olstm__convert_keeps_bytes(olstm_dtype from, olstm_dtype to);

/// Converts `count` elements.
/// Floating point to integer truncates towards zero; what is out of range becomes the
/// nearest value that is not, NaN becomes 0. Integer to integer keeps the low bits. To
/// floating point rounds to nearest, ties to even. To bool: whether it is not 0 (NaN is
/// not). [no-alloc]
void olstm__convert(olstm_dtype from, olstm_dtype to, const void* source, void* target,
                    size_t count);

#endif  // OLSTM_OP_SHAPE_CONVERT_H_
