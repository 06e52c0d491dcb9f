#include "op/signal/signal_support.h"

#include <inttypes.h>
#include <math.h>

#include "op/shape/convert.h"

olstm_status olstm__signal_read_number(const olstm__op_base* base,
                                       const olstm_infer_args* args, size_t index,
                                       double* out_value, olstm_error* error) {
  const olstm_tensor* tensor = args->inputs[index];
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, index, OLSTM__DTYPES_NUMERIC, error));
  if (olstm_tensor_desc_count(&tensor->desc) != 1) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected a scalar",
                          base->node->input_names[index],
                          olstm_shape_text(&tensor->desc).text);
  }
  if (!tensor->data) {
    return olstm__op_fail(base, error, OLSTM_STATUS_NEEDS_DATA,
                          "the value of input '%s' is not known yet",
                          base->node->input_names[index]);
  }
  olstm__convert(tensor->desc.dtype, OLSTM_DTYPE_DOUBLE, tensor->data, out_value, 1);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__signal_read_size(const olstm__op_base* base,
                                     const olstm_infer_args* args, size_t index,
                                     int64_t* out_value, olstm_error* error) {
  double number = 0;
  OLSTM_RETURN_IF_ERROR(olstm__signal_read_number(base, args, index, &number, error));
  if (number >= 0 && number <= 0x1p40 && number == floor(number)) {
    *out_value = (int64_t)number;
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "input '%s' is %g, expected a size",
                        base->node->input_names[index], number);
}

olstm_status olstm__signal_create_handle(const olstm__op_base* base, size_t bytes,
                                         int64_t length, void** out_handle,
                                         olstm__fourier* out_fourier,
                                         size_t* out_scratch_bytes, olstm_error* error) {
  size_t table_offset = 0, table_bytes = 0, scratch_bytes = 0, total = 0;
  if (!olstm__fourier_bytes(length, &table_bytes, &scratch_bytes) ||
      !olstm_size_align(bytes, &table_offset) ||
      !olstm_size_add(table_offset, table_bytes, &total)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                          "a transform of %" PRId64 " points is too long", length);
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(base, total, out_handle, error));
  olstm__fourier_init(out_fourier, length, (char*)*out_handle + table_offset, NULL);
  *out_scratch_bytes = scratch_bytes;
  return OLSTM_STATUS_OK;
}
