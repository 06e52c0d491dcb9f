// See element.h.
#include "tools/element.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double half_to_double(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1.0 : 1.0;
  const int exponent = (bits >> 10) & 0x1f;
  const int fraction = bits & 0x3ff;
  if (exponent == 0x1f) return fraction ? (double)NAN : sign * (double)INFINITY;
  if (exponent == 0) return sign * ldexp(fraction, -24);
  return sign * ldexp(fraction + 0x400, exponent - 25);
}

static uint16_t double_to_half(double value) {
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  const double size = fabs(value);
  int exponent = 0;
  if (isnan(value)) return 0x7e00;
  // 65520 is the first that rounds to infinity.
  if (size >= 65520.0) return sign | 0x7c00;
  (void)frexp(size, &exponent);
  if (exponent < -13) exponent = -13;
  // In units of the last place; rounding up into the next binade carries correctly.
  const uint16_t units = (uint16_t)rint(ldexp(size, 11 - exponent));
  if (size < ldexp(1.0, -14)) return (uint16_t)(sign | units);
  return (uint16_t)(sign | (((exponent + 13) << 10) + units));
}

static double bfloat_to_double(uint16_t bits) {
  const uint32_t wide = (uint32_t)bits << 16;
  float value = 0;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

static uint16_t double_to_bfloat(double value) {
  const float narrow = (float)value;
  uint32_t bits = 0;
  memcpy(&bits, &narrow, sizeof bits);
  if (isnan(value)) return 0x7fc0;
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

bool olstm__element_is_real(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT || dtype == OLSTM_DTYPE_DOUBLE ||
         dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

double olstm__element_get(const olstm_tensor* tensor, int64_t index) {
  const void* data = tensor->data;
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_FLOAT:
      return (double)((const float*)data)[index];
    case OLSTM_DTYPE_DOUBLE:
      return ((const double*)data)[index];
    case OLSTM_DTYPE_FLOAT16:
      return half_to_double(((const uint16_t*)data)[index]);
    case OLSTM_DTYPE_BFLOAT16:
      return bfloat_to_double(((const uint16_t*)data)[index]);
    case OLSTM_DTYPE_BOOL:
    case OLSTM_DTYPE_UINT8:
      return ((const uint8_t*)data)[index];
    case OLSTM_DTYPE_INT8:
      return ((const int8_t*)data)[index];
    case OLSTM_DTYPE_UINT16:
      return ((const uint16_t*)data)[index];
    case OLSTM_DTYPE_INT16:
      return ((const int16_t*)data)[index];
    case OLSTM_DTYPE_UINT32:
      return ((const uint32_t*)data)[index];
    case OLSTM_DTYPE_INT32:
      return ((const int32_t*)data)[index];
    case OLSTM_DTYPE_UINT64:
      return (double)((const uint64_t*)data)[index];
    case OLSTM_DTYPE_INT64:
      return (double)((const int64_t*)data)[index];
    default:
      return (double)NAN;
  }
}

void olstm__element_set(const olstm_tensor* tensor, int64_t index, double value) {
  void* data = tensor->data;
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_FLOAT:
      ((float*)data)[index] = (float)value;
      break;
    case OLSTM_DTYPE_DOUBLE:
      ((double*)data)[index] = value;
      break;
    case OLSTM_DTYPE_FLOAT16:
      ((uint16_t*)data)[index] = double_to_half(value);
      break;
    case OLSTM_DTYPE_BFLOAT16:
      ((uint16_t*)data)[index] = double_to_bfloat(value);
      break;
    case OLSTM_DTYPE_BOOL:
      ((uint8_t*)data)[index] = value != 0.0;
      break;
    case OLSTM_DTYPE_UINT8:
      ((uint8_t*)data)[index] = (uint8_t)value;
      break;
    case OLSTM_DTYPE_INT8:
      ((int8_t*)data)[index] = (int8_t)value;
      break;
    case OLSTM_DTYPE_UINT16:
      ((uint16_t*)data)[index] = (uint16_t)value;
      break;
    case OLSTM_DTYPE_INT16:
      ((int16_t*)data)[index] = (int16_t)value;
      break;
    case OLSTM_DTYPE_UINT32:
      ((uint32_t*)data)[index] = (uint32_t)value;
      break;
    case OLSTM_DTYPE_INT32:
      ((int32_t*)data)[index] = (int32_t)value;
      break;
    case OLSTM_DTYPE_UINT64:
      ((uint64_t*)data)[index] = (uint64_t)value;
      break;
    case OLSTM_DTYPE_INT64:
      ((int64_t*)data)[index] = (int64_t)value;
      break;
    default:
      break;
  }
}

void olstm__element_print(const olstm_tensor* tensor, int64_t index, char out_text[40]) {
  const olstm_dtype dtype = tensor->desc.dtype;
  if (olstm__element_is_real(dtype)) {
    (void)snprintf(out_text, 40, "%.6g", olstm__element_get(tensor, index));
  } else if (dtype == OLSTM_DTYPE_UINT64) {
    (void)snprintf(out_text, 40, "%" PRIu64, ((const uint64_t*)tensor->data)[index]);
  } else if (dtype == OLSTM_DTYPE_INT64) {
    (void)snprintf(out_text, 40, "%" PRId64, ((const int64_t*)tensor->data)[index]);
  } else if (dtype == OLSTM_DTYPE_BOOL) {
    (void)snprintf(out_text, 40, "%s",
                   olstm__element_get(tensor, index) != 0.0 ? "true" : "false");
  } else {
    (void)snprintf(out_text, 40, "%.0f", olstm__element_get(tensor, index));
  }
}
