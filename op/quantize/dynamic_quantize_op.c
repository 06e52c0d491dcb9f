// DynamicQuantizeLinear: float to uint8, with scale and zero point chosen from the range
// of the values and 0.
#include <math.h>

#include "op/op_family.h"
#include "op/op_support.h"
#include "op/quantize/quantize_bytes.h"

typedef struct dynamic_quantize_op {
  olstm__op_base base;
} dynamic_quantize_op;

typedef struct dynamic_quantize_handle {
  olstm__op_handle head;
  int64_t count;
} dynamic_quantize_handle;

static olstm_status dynamic_quantize_infer(const void* instance,
                                           const olstm_infer_args* args,
                                           olstm_tensor_desc* out_outputs,
                                           olstm_error* error) {
  const dynamic_quantize_op* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&self->base, args, 0,
                                              OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT), error));
  for (size_t i = 0; i < args->output_count; i++) {
    out_outputs[i] =
        (olstm_tensor_desc){.dtype = i == 1 ? OLSTM_DTYPE_FLOAT : OLSTM_DTYPE_UINT8};
  }
  out_outputs[0] = args->inputs[0]->desc;
  out_outputs[0].dtype = OLSTM_DTYPE_UINT8;
  return OLSTM_STATUS_OK;
}

static olstm_status dynamic_quantize_prepare(void* instance,
                                             const olstm_prepare_args* args,
                                             olstm_prepared* out_prepared,
                                             olstm_error* error) {
  const dynamic_quantize_op* self = instance;
  dynamic_quantize_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->count = olstm_tensor_desc_count(&args->inputs[0]->desc);
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

static float saturate(float value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

static olstm_status dynamic_quantize_run(const void* instance, const void* handle,
                                         const olstm_run_args* args, olstm_error* error) {
  const dynamic_quantize_op* self = instance;
  const dynamic_quantize_handle* prepared = handle;
  const size_t output_count = self->base.node->output_count;
  const float* x = args->inputs[0];
  uint8_t* y = args->outputs[0];
  float least = 0;
  float most = 0;
  if (!olstm__find_range(prepared->count, x, &least, &most)) {
    int64_t at = 0;
    while (isfinite(x[at])) at++;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "input '%s' has %g at position %" PRId64
                          ", which no scale can hold",
                          self->base.node->input_names[0], (double)x[at], at);
  }
  const float range = (most - least) / 255;
  const float scale = range > 0 ? range : 1;
  const float zero = rintf(saturate(-least / scale));
  const olstm__byte_scale by = {&scale, &zero, 0};
  if (y) olstm__quantize_bytes(1, prepared->count, x, &by, OLSTM_DTYPE_UINT8, y);
  if (output_count > 1 && args->outputs[1]) *(float*)args->outputs[1] = scale;
  if (output_count > 2 && args->outputs[2]) {
    *(uint8_t*)args->outputs[2] = (uint8_t)zero;
  }
  return OLSTM_STATUS_OK;
}

static const olstm__op_schema kSchema = {.arity = {1, 1, 3},
                                         .instance_bytes = sizeof(dynamic_quantize_op)};
static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(dynamic_quantize);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("DynamicQuantizeLinear", 11, 0, OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT),
                  kCallbacks, kSchema),
};

const olstm__op_family olstm__dynamic_quantize_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE};
