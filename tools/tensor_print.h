// Prints tensors for people to read.
#ifndef OLSTM_TOOLS_TENSOR_PRINT_H_
#define OLSTM_TOOLS_TENSOR_PRINT_H_

#include <stdio.h>

#include "olstm/model.h"
#include "olstm/tensor.h"

/// Prints "KIND NAME: float [2,3], min -1, max 2" and below it the elements, row by row:
/// all of a small tensor, the first rows and columns of a large one.
void olstm__tensor_print(FILE* out, const char* kind, const char* name,
                         const olstm_tensor* tensor);

/// A shape as a model declares it: "[batch,10,?]"; "of any rank" where the model does not
/// say.
olstm_text olstm__value_shape_text(const olstm_value_info* info);

#endif  // OLSTM_TOOLS_TENSOR_PRINT_H_
