#include "triton_dtype.h"

typedef struct type_row {
  olstm_dtype dtype;
  uint32_t type;
  const char* name;
} type_row;

static const type_row kTypes[] = {
    {OLSTM_DTYPE_UNDEFINED, OLSTM__TRITON_TYPE_INVALID, "TYPE_INVALID"},
    {OLSTM_DTYPE_BOOL, OLSTM__TRITON_TYPE_BOOL, "TYPE_BOOL"},
    {OLSTM_DTYPE_UINT8, OLSTM__TRITON_TYPE_UINT8, "TYPE_UINT8"},
    {OLSTM_DTYPE_UINT16, OLSTM__TRITON_TYPE_UINT16, "TYPE_UINT16"},
    {OLSTM_DTYPE_UINT32, OLSTM__TRITON_TYPE_UINT32, "TYPE_UINT32"},
    {OLSTM_DTYPE_UINT64, OLSTM__TRITON_TYPE_UINT64, "TYPE_UINT64"},
    {OLSTM_DTYPE_INT8, OLSTM__TRITON_TYPE_INT8, "TYPE_INT8"},
    {OLSTM_DTYPE_INT16, OLSTM__TRITON_TYPE_INT16, "TYPE_INT16"},
    {OLSTM_DTYPE_INT32, OLSTM__TRITON_TYPE_INT32, "TYPE_INT32"},
    {OLSTM_DTYPE_INT64, OLSTM__TRITON_TYPE_INT64, "TYPE_INT64"},
    {OLSTM_DTYPE_FLOAT16, OLSTM__TRITON_TYPE_FP16, "TYPE_FP16"},
    {OLSTM_DTYPE_FLOAT, OLSTM__TRITON_TYPE_FP32, "TYPE_FP32"},
    {OLSTM_DTYPE_DOUBLE, OLSTM__TRITON_TYPE_FP64, "TYPE_FP64"},
    {OLSTM_DTYPE_BFLOAT16, OLSTM__TRITON_TYPE_BF16, "TYPE_BF16"}};

enum { kTypeCount = (int)(sizeof kTypes / sizeof kTypes[0]) };

static const type_row* row_of(olstm_dtype dtype) {
  for (int i = 0; i < kTypeCount; i++) {
    if (kTypes[i].dtype == dtype) return &kTypes[i];
  }
  return &kTypes[0];
}

uint32_t olstm__triton_type_of(olstm_dtype dtype) {
  return row_of(dtype)->type;
}

const char* olstm__triton_type_name(olstm_dtype dtype) {
  return row_of(dtype)->name;
}

olstm_dtype olstm__triton_dtype_of(uint32_t type) {
  for (int i = 0; i < kTypeCount; i++) {
    if (kTypes[i].type == type) return kTypes[i].dtype;
  }
  return OLSTM_DTYPE_UNDEFINED;
}
