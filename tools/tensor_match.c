// See tensor_match.h.
#include "tools/tensor_match.h"

#include <math.h>
#include <string.h>

#include "tools/element.h"

/// By how much an element exceeds the tolerance: 0 when it matches.
static double excess(double actual, double expected, const olstm__tolerance* tolerance) {
  if (isnan(actual) || isnan(expected)) {
    return isnan(actual) && isnan(expected) ? 0.0 : (double)INFINITY;
  }
  if (isinf(actual) || isinf(expected)) {
    return actual == expected ? 0.0 : (double)INFINITY;
  }
  const double difference = fabs(actual - expected);
  const double allowed = tolerance->atol + tolerance->rtol * fabs(expected);
  return difference <= allowed ? 0.0 : difference - allowed;
}

/// bfloat16 has 8 bits, float16 11: one unit in the last place is always allowed, of
/// float16's subnormals, too.
static olstm__tolerance widen(const olstm__tolerance* tolerance, olstm_dtype dtype) {
  olstm__tolerance result = *tolerance;
  if (dtype == OLSTM_DTYPE_BFLOAT16) result.rtol = fmax(result.rtol, 0x1p-7);
  if (dtype == OLSTM_DTYPE_FLOAT16) {
    result.rtol = fmax(result.rtol, 0x1p-10);
    result.atol = fmax(result.atol, 0x1p-24);
  }
  return result;
}

static double element_excess(const olstm_tensor* actual, const olstm_tensor* expected,
                             int64_t index, const olstm__tolerance* tolerance) {
  const size_t size = olstm_dtype_size(actual->desc.dtype);
  if (olstm__element_is_real(actual->desc.dtype)) {
    return excess(olstm__element_get(actual, index), olstm__element_get(expected, index),
                  tolerance);
  }
  if (size == 1 && actual->desc.dtype != OLSTM_DTYPE_BOOL) {
    const double off =
        fabs(olstm__element_get(actual, index) - olstm__element_get(expected, index));
    return off - tolerance->bytes;
  }
  return memcmp((const char*)actual->data + (size_t)index * size,
                (const char*)expected->data + (size_t)index * size, size) == 0
             ? 0.0
             : 1.0;
}

static void describe_element(const olstm_tensor* actual, const olstm_tensor* expected,
                             int64_t index, int64_t wrong_count,
                             olstm_error* out_reason) {
  int64_t coordinates[OLSTM_MAX_RANK] = {0};
  char expected_text[40];
  char actual_text[40];
  int64_t rest = index;
  for (int32_t d = actual->desc.rank - 1; d >= 0; d--) {
    coordinates[d] = rest % actual->desc.dims[d];
    rest /= actual->desc.dims[d];
  }
  olstm__element_print(expected, index, expected_text);
  olstm__element_print(actual, index, actual_text);
  (void)snprintf(
      out_reason->message, sizeof out_reason->message,
      "%" PRId64 " of %" PRId64 " elements differ, most at %.60s: expected %s, got %s",
      wrong_count, olstm_tensor_desc_count(&actual->desc),
      olstm_dims_text(coordinates, actual->desc.rank).text, expected_text, actual_text);
}

bool olstm__tensor_match(const olstm_tensor* actual, const olstm_tensor* expected,
                         const olstm__tolerance* tolerance, olstm_error* out_reason) {
  double worst = 0.0;
  int64_t worst_index = 0;
  int64_t wrong_count = 0;
  if (actual->desc.dtype != expected->desc.dtype) {
    (void)snprintf(out_reason->message, sizeof out_reason->message,
                   "dtype: expected %s, got %s", olstm_dtype_name(expected->desc.dtype),
                   olstm_dtype_name(actual->desc.dtype));
    return false;
  }
  if (!olstm_tensor_desc_same_shape(&actual->desc, &expected->desc)) {
    (void)snprintf(out_reason->message, sizeof out_reason->message,
                   "shape: expected %.80s, got %.80s",
                   olstm_shape_text(&expected->desc).text,
                   olstm_shape_text(&actual->desc).text);
    return false;
  }
  const int64_t count = olstm_tensor_desc_count(&actual->desc);
  const olstm__tolerance allowed = widen(tolerance, actual->desc.dtype);
  for (int64_t i = 0; i < count; i++) {
    const double by = element_excess(actual, expected, i, &allowed);
    if (by <= 0.0) continue;
    wrong_count++;
    if (by > worst) {
      worst = by;
      worst_index = i;
    }
  }
  if (wrong_count == 0) return true;
  describe_element(actual, expected, worst_index, wrong_count, out_reason);
  return false;
}

void olstm__match_errors_add(const olstm_tensor* actual, const olstm_tensor* expected,
                             olstm__match_errors* errors) {
  if (!olstm_tensor_desc_equal(&actual->desc, &expected->desc)) return;
  const int64_t count = olstm_tensor_desc_count(&actual->desc);
  for (int64_t i = 0; i < count; i++) {
    const double wanted = olstm__element_get(expected, i);
    const double error = fabs(olstm__element_get(actual, i) - wanted);
    if (!isfinite(error)) continue;
    errors->absolute = fmax(errors->absolute, error);
    if (wanted != 0) errors->relative = fmax(errors->relative, error / fabs(wanted));
  }
}
