// See tensor_cast.h.
#include "tools/tensor_cast.h"

#include <math.h>
#include <string.h>

#include "olstm/model.h"
#include "tools/element.h"

/// Either a real, or an integer with the sign beside it: a double does not hold all of
/// int64.
typedef struct number {
  bool is_real;
  double real;
  bool is_negative;
  uint64_t magnitude;
} number;

static bool is_signed(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_INT8 || dtype == OLSTM_DTYPE_INT16 ||
         dtype == OLSTM_DTYPE_INT32 || dtype == OLSTM_DTYPE_INT64;
}

static number get_number(const olstm_tensor* tensor, int64_t index) {
  const double value = olstm__element_get(tensor, index);
  number result = {false, value, value < 0, 0};
  if (olstm__element_is_real(tensor->desc.dtype)) {
    result.is_real = true;
  } else if (tensor->desc.dtype == OLSTM_DTYPE_UINT64) {
    result.magnitude = ((const uint64_t*)tensor->data)[index];
  } else if (tensor->desc.dtype == OLSTM_DTYPE_INT64) {
    const uint64_t bits = (uint64_t)((const int64_t*)tensor->data)[index];
    result.magnitude = result.is_negative ? 0 - bits : bits;
  } else {
    result.magnitude = (uint64_t)fabs(value);
  }
  return result;
}

/// Makes an integer of a real that is one.
static bool make_integer(number* value) {
  if (!value->is_real) return true;
  const double size = fabs(value->real);
  if (!(size < 0x1p64) || size != floor(size)) return false;
  value->is_real = false;
  value->magnitude = (uint64_t)size;
  return true;
}

static bool put_integer(const olstm_tensor* tensor, int64_t index, number value) {
  const olstm_dtype dtype = tensor->desc.dtype;
  const size_t size = olstm_dtype_size(dtype);
  uint64_t most = dtype == OLSTM_DTYPE_BOOL ? 1 : UINT64_MAX >> (64 - 8 * size);
  if (!make_integer(&value)) return false;
  const bool is_negative = value.is_negative && value.magnitude > 0;
  if (is_signed(dtype)) most = (most >> 1) + (is_negative ? 1 : 0);
  if (value.magnitude > most || (is_negative && !is_signed(dtype))) return false;
  const uint64_t bits = is_negative ? 0 - value.magnitude : value.magnitude;
  const uint8_t bytes1 = (uint8_t)bits;
  const uint16_t bytes2 = (uint16_t)bits;
  const uint32_t bytes4 = (uint32_t)bits;
  const void* const forms[] = {NULL, &bytes1, &bytes2, NULL, &bytes4,
                               NULL, NULL,    NULL,    &bits};
  memcpy((char*)tensor->data + (size_t)index * size, forms[size], size);
  return true;
}

/// Rounds; what is finite must stay so.
static bool put_real(const olstm_tensor* tensor, int64_t index, number value) {
  const double size = (double)value.magnitude;
  const double real = value.is_real ? value.real : value.is_negative ? -size : size;
  olstm__element_set(tensor, index, real);
  return !isfinite(real) || isfinite(olstm__element_get(tensor, index));
}

static bool is_number(olstm_dtype dtype) {
  return dtype != OLSTM_DTYPE_STRING && dtype != OLSTM_DTYPE_COMPLEX64 &&
         dtype != OLSTM_DTYPE_COMPLEX128 && olstm_dtype_size(dtype) > 0;
}

olstm_status olstm__tensor_cast(olstm_tensor* tensor, olstm_dtype dtype,
                                olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm_tensor result = {tensor->desc, NULL};
  size_t bytes = 0;
  result.desc.dtype = dtype;
  if (tensor->desc.dtype == dtype) return OLSTM_STATUS_OK;
  if (!is_number(dtype) || !is_number(tensor->desc.dtype) ||
      !olstm_tensor_desc_bytes(&result.desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "%s cannot be cast to %s",
                      olstm_dtype_name(tensor->desc.dtype), olstm_dtype_name(dtype));
  }
  result.data = olstm_allocate(&allocator, bytes, 1);
  if (!result.data) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for %zu bytes",
                      bytes);
  }
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  const bool to_real = olstm__element_is_real(dtype);
  for (int64_t i = 0; i < count; i++) {
    const number value = get_number(tensor, i);
    if (to_real ? put_real(&result, i, value) : put_integer(&result, i, value)) continue;
    char text[40];
    olstm__element_print(tensor, i, text);
    olstm_tensor_deinit(&result, NULL);
    return olstm_fail(error, OLSTM_STATUS_INVALID_VALUE,
                      "element %" PRId64 " is %s, which %s cannot hold", i, text,
                      olstm_dtype_name(dtype));
  }
  olstm_tensor_deinit(tensor, NULL);
  *tensor = result;
  return OLSTM_STATUS_OK;
}
