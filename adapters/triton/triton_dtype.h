// Element types as olstm, Triton's API and its configurations call them.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_DTYPE_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_DTYPE_H_

#include "olstm/tensor.h"
#include "triton_api.h"

/// OLSTM__TRITON_TYPE_INVALID for a dtype that Triton does not have.
uint32_t olstm__triton_type_of(olstm_dtype dtype);
/// As configurations write it ("TYPE_FP32"); "TYPE_INVALID" for a dtype that Triton does
/// not have.
const char* olstm__triton_type_name(olstm_dtype dtype);
/// OLSTM_DTYPE_UNDEFINED for a type that olstm does not run.
olstm_dtype olstm__triton_dtype_of(uint32_t type);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_DTYPE_H_
