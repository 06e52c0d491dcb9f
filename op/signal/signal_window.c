// HannWindow, HammingWindow, BlackmanWindow: sums of cosines.
#include <math.h>

#include "op/shape/convert.h"
#include "op/signal/signal_ops.h"

typedef struct window_op {
  olstm__op_base base;
  olstm_dtype dtype;
  bool is_periodic;
} window_op;

typedef struct window_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  int64_t size;
  /// The length of a period.
  double period;
} window_handle;

/// w(n) = a - b cos(2 pi n / N) + c cos(4 pi n / N).
static const double kCoefficients[][3] = {
    {0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}};

static olstm_status parse_window(void* instance, olstm_error* error) {
  window_op* self = instance;
  int64_t dtype = OLSTM_DTYPE_FLOAT, periodic = 1;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "output_datatype",
                                           OLSTM_DTYPE_FLOAT, &dtype, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "periodic", 1, &periodic, error));
  self->is_periodic = periodic != 0;
  self->dtype = dtype > 0 && dtype < 64 ? (olstm_dtype)dtype : -1;
  if (self->dtype > 0 && (OLSTM__DTYPES_NUMERIC & OLSTM_DTYPE_BIT(self->dtype))) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "output_datatype=%" PRId64 " (%s) is not supported", dtype,
                        olstm_dtype_name(self->dtype));
}

olstm_status olstm__window_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const window_op* self = instance;
  int64_t size = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(olstm__signal_read_size(&self->base, args, 0, &size, error));
  out_outputs[0] = (olstm_tensor_desc){self->dtype, 1, {size}};
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

olstm_status olstm__window_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const window_op* self = instance;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof(window_handle), &memory, error));
  window_handle* handle = memory;
  handle->dtype = args->outputs[0].dtype;
  handle->size = args->outputs[0].dims[0];
  handle->period = (double)(self->is_periodic ? handle->size : handle->size - 1);
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work(handle->size, 384, 1, 1);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__window_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const window_op* self = instance;
  const window_handle* window = handle;
  const olstm__op_schema* schema = self->base.self->variant;
  const double* a = kCoefficients[schema->code];
  const size_t element_bytes = olstm_dtype_size(window->dtype);
  (void)error;
  for (int64_t n = 0; n < window->size; n++) {
    // A symmetric window of one point is its middle.
    const double turn = window->period > 0
                            ? 6.283185307179586 * (double)n / window->period
                            : 3.14159265358979323846;
    const double value = a[0] - a[1] * cos(turn) + a[2] * cos(2 * turn);
    olstm__convert(OLSTM_DTYPE_DOUBLE, window->dtype, &value,
                   (char*)args->outputs[0] + (size_t)n * element_bytes, 1);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"output_datatype", "periodic", NULL};
#define SCHEMA(name, which)     \
  const olstm__op_schema name = \
      OLSTM__OP_SCHEMA(1, 1, 1, kAttributes, window_op, parse_window, which)
SCHEMA(olstm__hann_schema, 0);
SCHEMA(olstm__hamming_schema, 1);
SCHEMA(olstm__blackman_schema, 2);
