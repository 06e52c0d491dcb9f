#include "op/elementwise/compute_type.h"

#include "op/shape/convert.h"

/// The dtypes whose elements are the compute types' own.
static const olstm_dtype kNative[OLSTM__COMPUTE_COUNT] = {
    [OLSTM__COMPUTE_F32] = OLSTM_DTYPE_FLOAT,  [OLSTM__COMPUTE_F64] = OLSTM_DTYPE_DOUBLE,
    [OLSTM__COMPUTE_I32] = OLSTM_DTYPE_INT32,  [OLSTM__COMPUTE_I64] = OLSTM_DTYPE_INT64,
    [OLSTM__COMPUTE_U64] = OLSTM_DTYPE_UINT64,
};

olstm__compute_type olstm__compute_type_of(olstm_dtype dtype) {
  switch (dtype) {
    case OLSTM_DTYPE_DOUBLE:
      return OLSTM__COMPUTE_F64;
    case OLSTM_DTYPE_UINT8:
    case OLSTM_DTYPE_INT8:
    case OLSTM_DTYPE_UINT16:
    case OLSTM_DTYPE_INT16:
    case OLSTM_DTYPE_INT32:
    case OLSTM_DTYPE_BOOL:
      return OLSTM__COMPUTE_I32;
    case OLSTM_DTYPE_INT64:
    case OLSTM_DTYPE_UINT32:
      return OLSTM__COMPUTE_I64;
    case OLSTM_DTYPE_UINT64:
      return OLSTM__COMPUTE_U64;
    default:
      return OLSTM__COMPUTE_F32;
  }
}

bool olstm__compute_type_is_native(olstm__compute_type compute_type, olstm_dtype dtype) {
  return kNative[compute_type] == dtype;
}

size_t olstm__compute_type_size(olstm__compute_type compute_type) {
  return olstm_dtype_size(kNative[compute_type]);
}

void olstm__compute_load(olstm__compute_type compute_type, olstm_dtype dtype,
                         int64_t count, const void* x, void* y) {
  olstm__convert(dtype, kNative[compute_type], x, y, (size_t)count);
}

void olstm__compute_store(olstm__compute_type compute_type, olstm_dtype dtype,
                          int64_t count, const void* x, void* y) {
  olstm__convert(kNative[compute_type], dtype, x, y, (size_t)count);
}
