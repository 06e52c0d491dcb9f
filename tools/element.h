// Single elements of tensors of any dtype, as doubles. For printing, comparing and making
// data; not for computing.
#ifndef OLSTM_TOOLS_ELEMENT_H_
#define OLSTM_TOOLS_ELEMENT_H_

#include <stdbool.h>
#include <stdint.h>

#include "olstm/tensor.h"

/// Element `index` as a double: exact but for 64-bit integers beyond 2^53.
double olstm__element_get(const olstm_tensor* tensor, int64_t index);

/// Writes element `index`: rounded to nearest for float16 and bfloat16, cut off for
/// integers (the value must be in range), not 0 for bool.
void olstm__element_set(const olstm_tensor* tensor, int64_t index, double value);

/// Writes element `index` as text: integers in full, floats with 6 digits.
void olstm__element_print(const olstm_tensor* tensor, int64_t index, char out_text[40]);

/// float, double, float16 or bfloat16.
bool olstm__element_is_real(olstm_dtype dtype);

#endif  // OLSTM_TOOLS_ELEMENT_H_
