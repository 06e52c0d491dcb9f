#include "runtime/execute/output_check.h"

olstm_status olstm__output_check(const char* name, const olstm_tensor_desc* given,
                                 const olstm_tensor_desc* expected, olstm_error* error) {
  if (given->dtype != expected->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "output '%s': the buffer has dtype %s, expected %s", name,
                      olstm_dtype_name(given->dtype), olstm_dtype_name(expected->dtype));
  }
  if (!olstm_tensor_desc_same_shape(given, expected)) {
    olstm_tensor_desc shown = *given;
    if (shown.rank < 0 || shown.rank > OLSTM_MAX_RANK) shown.rank = 0;
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "output '%s': the buffer has shape %s, expected %s", name,
                      olstm_shape_text(&shown).text, olstm_shape_text(expected).text);
  }
  return OLSTM_STATUS_OK;
}
