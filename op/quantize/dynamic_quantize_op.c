// DynamicQuantizeLinear: float to uint8, with scale and zero point chosen from the range
// of the values and 0.
#include <math.h>

#include "op/op_family.h"
#include "op/op_support.h"
#include "op/pieces.h"
#include "op/quantize/quantize_bytes.h"

typedef struct dynamic_quantize_op {
  olstm__op_base base;
} dynamic_quantize_op;

typedef struct dynamic_quantize_handle {
  olstm__op_handle head;
  int64_t count;
  /// That look for the range of values.
  int32_t piece_count;
} dynamic_quantize_handle;

/// What one of them found.
typedef struct value_range {
  _Alignas(64) float least;
  float most;
  bool has_other;
} value_range;

/// What an element costs, beside one of OLSTM__PIECE_ELEMENTS.
enum { kElementsPerElement = 1 };

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
  handle->piece_count = olstm__pieces_with_memory(self->base.options.thread_count,
                                                  handle->count, kElementsPerElement);
  out_prepared->handle = handle;
  out_prepared->workspace_bytes = sizeof(value_range) * (size_t)handle->piece_count;
  return OLSTM_STATUS_OK;
}

static float saturate(float value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/// One run, of which elements are done at a time.
typedef struct quantize_task {
  const float* x;
  uint8_t* y;
  olstm__byte_scale by;
} quantize_task;

static void find_range(void* argument, int64_t begin, int64_t end, void* memory) {
  const quantize_task* run = argument;
  value_range* range = memory;
  *range = (value_range){.least = 0};
  range->has_other =
      !olstm__find_range(end - begin, run->x + begin, &range->least, &range->most);
}

static void quantize(void* argument, int64_t begin, int64_t end) {
  const quantize_task* run = argument;
  olstm__quantize_bytes(1, end - begin, run->x + begin, &run->by, OLSTM_DTYPE_UINT8,
                        run->y + begin);
}

static olstm_status dynamic_quantize_run(const void* instance, const void* handle,
                                         const olstm_run_args* args, olstm_error* error) {
  const dynamic_quantize_op* self = instance;
  const dynamic_quantize_handle* prepared = handle;
  const size_t output_count = self->base.node->output_count;
  const float* x = args->inputs[0];
  value_range* ranges = args->workspace;
  value_range all = {.least = 0};
  quantize_task run = {.x = x, .y = args->outputs[0]};
  for (int32_t i = 0; i < prepared->piece_count; i++) ranges[i] = all;
  olstm__pieces_run_with_memory(args->parallel, prepared->piece_count, prepared->count,
                                ranges, sizeof *ranges, find_range, &run);
  for (int32_t i = 0; i < prepared->piece_count; i++) {
    if (ranges[i].least < all.least) all.least = ranges[i].least;
    if (ranges[i].most > all.most) all.most = ranges[i].most;
    all.has_other |= ranges[i].has_other;
  }
  if (all.has_other) {
    int64_t at = 0;
    while (isfinite(x[at])) at++;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "input '%s' has %g at position %" PRId64
                          ", which no scale can hold",
                          self->base.node->input_names[0], (double)x[at], at);
  }
  const float range = (all.most - all.least) / 255;
  const float scale = range > 0 ? range : 1;
  const float zero = rintf(saturate(-all.least / scale));
  run.by = (olstm__byte_scale){&scale, &zero, 0};
  if (run.y) {
    olstm__pieces_run(args->parallel, prepared->count, kElementsPerElement, quantize,
                      &run);
  }
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
