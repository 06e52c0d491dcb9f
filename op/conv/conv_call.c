#include "op/conv/conv_call.h"

#include <string.h>

#include "op/elementwise/binary_kernel.h"

static bool is_half(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

// ---------------------------------------------------------------- weights

olstm__conv olstm__conv_of_weights(const olstm_tensor_desc* w, int64_t groups,
                                   bool is_transposed) {
  olstm__conv conv = {
      .dtype = w->dtype == OLSTM_DTYPE_DOUBLE ? OLSTM_DTYPE_DOUBLE : OLSTM_DTYPE_FLOAT,
      .is_transposed = is_transposed,
      .groups = groups,
      .input_channels = is_transposed ? w->dims[0] / groups : w->dims[1],
      .output_channels = is_transposed ? w->dims[1] : w->dims[0] / groups};
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    const int32_t own = d - (OLSTM__WINDOW_MAX_RANK - (w->rank - 2));
    conv.window.kernel[d] = own < 0 ? 1 : w->dims[2 + own];
    conv.window.stride[d] = conv.window.dilation[d] = 1;
  }
  return conv;
}

/// Sets the strides and dilations of attributes, which may not fit the weights.
static void set_steps(const olstm__window_attributes* a, int32_t rank,
                      olstm__window* window) {
  for (int32_t i = 0; i < rank; i++) {
    const int32_t d = OLSTM__WINDOW_MAX_RANK - rank + i;
    if ((size_t)i < a->stride_count) window->stride[d] = a->strides[i];
    if ((size_t)i < a->dilation_count) window->dilation[d] = a->dilations[i];
  }
}

static bool can_pack(const olstm_tensor* w, int64_t groups) {
  return w && w->desc.rank >= 3 && w->desc.rank <= 2 + OLSTM__WINDOW_MAX_RANK &&
         (OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(w->desc.dtype)) != 0 &&
         olstm_tensor_desc_count(&w->desc) > 0 && w->desc.dims[0] % groups == 0;
}

/// What packed weights depend on. No gaps may differ: it is zeroed first.
typedef struct packing_key {
  char what[8];
  olstm_dtype dtype;
  bool is_transposed;
  int64_t groups, input_channels, output_channels;
  int64_t kernel[OLSTM__WINDOW_MAX_RANK];
  int64_t stride[OLSTM__WINDOW_MAX_RANK], dilation[OLSTM__WINDOW_MAX_RANK];
  const void* data;
} packing_key;

static packing_key key_of(const char* what, const olstm__conv* conv,
                          const olstm_tensor* w) {
  packing_key key;
  memset(&key, 0, sizeof key);
  memcpy(key.what, what, 4);
  key.dtype = w->desc.dtype;
  key.is_transposed = conv->is_transposed;
  key.groups = conv->groups;
  key.input_channels = conv->input_channels;
  key.output_channels = conv->output_channels;
  memcpy(key.kernel, conv->window.kernel, sizeof key.kernel);
  memcpy(key.stride, conv->window.stride, sizeof key.stride);
  memcpy(key.dilation, conv->window.dilation, sizeof key.dilation);
  key.data = w->data;
  return key;
}

static olstm_status pack_half_floats(const olstm__conv* conv, const olstm_tensor* w,
                                     const olstm__op_base* base, void* packed,
                                     olstm_error* error) {
  const size_t count = (size_t)olstm_tensor_desc_count(&w->desc);
  void* floats = olstm_allocate(&base->allocator, count, sizeof(float));
  if (!floats) {
    return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "no memory to pack the weights");
  }
  olstm__compute_load(OLSTM__COMPUTE_F32, w->desc.dtype, (int64_t)count, w->data, floats);
  olstm__conv_pack(conv, floats, packed);
  olstm_release(&base->allocator, floats, count, sizeof(float));
  return OLSTM_STATUS_OK;
}

olstm_status olstm__conv_pack_constant(olstm__packed_memory* weight,
                                       const olstm__op_base* base,
                                       const olstm__window_attributes* attributes,
                                       int64_t groups, bool is_transposed,
                                       olstm_error* error) {
  const olstm_tensor* w = base->node->constants[1];
  if (!can_pack(w, groups)) return OLSTM_STATUS_OK;
  olstm__conv conv = olstm__conv_of_weights(&w->desc, groups, is_transposed);
  // What packed weights of plain convolutions do not depend on.
  if (is_transposed) set_steps(attributes, w->desc.rank - 2, &conv.window);
  const packing_key key = key_of("conv", &conv, w);
  size_t bytes = 0;
  bool is_new = false;
  if (!olstm__conv_packed_bytes(&conv, &bytes)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "no memory to pack the weights");
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__packed_memory_init(weight, base, &key, sizeof key, bytes, &is_new, error));
  if (!is_new) return OLSTM_STATUS_OK;
  if (is_half(w->desc.dtype)) {
    return pack_half_floats(&conv, w, base, weight->memory, error);
  }
  olstm__conv_pack(&conv, w->data, weight->memory);
  return OLSTM_STATUS_OK;
}

static bool all_are_finite(const float* values, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; i++) sum += values[i] * 0;
  return sum == 0;
}

static bool all_are_1(const int64_t* values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (values[i] != 1) return false;
  }
  return true;
}

olstm_status olstm__conv_pack_winograd(olstm__packed_memory* winograd,
                                       const olstm__op_base* base,
                                       const olstm__window_attributes* attributes,
                                       int64_t groups, olstm_error* error) {
  const olstm_tensor* w = base->node->constants[1];
  bool is_new = false;
  if (!can_pack(w, groups) || w->desc.dtype != OLSTM_DTYPE_FLOAT ||
      !all_are_1(attributes->strides, attributes->stride_count) ||
      (attributes->dilation_count > 0 &&
       attributes->dilations[attributes->dilation_count - 1] != 1)) {
    return OLSTM_STATUS_OK;
  }
  const olstm__conv conv = olstm__conv_of_weights(&w->desc, groups, false);
  const packing_key key = key_of("wino", &conv, w);
  if (!olstm__winograd_takes(&conv) ||
      !all_are_finite(w->data, olstm_tensor_desc_count(&w->desc))) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(olstm__packed_memory_init(
      winograd, base, &key, sizeof key, olstm__winograd_bytes(&conv), &is_new, error));
  if (is_new) olstm__winograd_pack(&conv, w->data, winograd->memory);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__conv_parse_function(const olstm__op_base* base,
                                        olstm__fused_function* out_function,
                                        olstm_error* error) {
  const olstm_tensor* w = base->node->constants[1];
  const olstm_dtype dtype = w ? w->desc.dtype : OLSTM_DTYPE_FLOAT;
  return olstm__fused_function_parse(base, olstm__compute_type_of(dtype), out_function,
                                     error);
}

// ---------------------------------------------------------------- calls

static bool lay_out(olstm__conv_call* call, bool is_packed, size_t* out_bytes) {
  const olstm__conv* conv = &call->plan.whole;
  const size_t channels = (size_t)(conv->groups * conv->output_channels);
  size_t packed_bytes = 0;
  *out_bytes = 0;
  if (is_half(call->dtype)) {
    const size_t size = sizeof(float);
    if (!olstm__op_add_part(out_bytes, (size_t)call->x_count, size, &call->x) ||
        !olstm__op_add_part(out_bytes, (size_t)call->y_count, size, &call->y) ||
        !olstm__op_add_part(out_bytes, channels, size, &call->bias) ||
        (!is_packed && !olstm__op_add_part(out_bytes, (size_t)call->weight_count, size,
                                           &call->weights))) {
      return false;
    }
  }
  if (!is_packed && !(olstm__conv_packed_bytes(conv, &packed_bytes) &&
                      olstm__op_add_part(out_bytes, 1, packed_bytes, &call->packed))) {
    return false;
  }
  return olstm__op_add_part(out_bytes, 1, call->plan.workspace_bytes, &call->kernel) &&
         olstm__op_add_part(out_bytes, 1, call->winograd.workspace_bytes,
                            &call->winograd_offset);
}

olstm_status olstm__conv_call_init(olstm__conv_call* call, const olstm__op_base* base,
                                   const olstm__packed_memory* weight,
                                   const olstm__packed_memory* winograd,
                                   const olstm__conv* conv,
                                   const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  call->dtype = args->inputs[0]->desc.dtype;
  call->x_count = olstm_tensor_desc_count(&args->inputs[0]->desc);
  call->y_count = conv->batch * conv->groups * conv->output_channels *
                  olstm__window_output_count(&conv->window);
  call->weight_count = olstm_tensor_desc_count(&args->inputs[1]->desc);
  call->has_bias = args->input_count > 2 && args->inputs[2] != NULL;
  if (winograd->memory) {
    olstm__winograd_plan_init(conv, base->options.thread_count, &call->winograd);
  }
  // Samples that Winograd's transforms cannot take are computed one by one.
  olstm__conv own = *conv;
  if (call->winograd.tiles) own.batch = 1;
  if (!olstm__conv_plan_init(&own, base->options.thread_count, &call->plan) ||
      !lay_out(call, weight->memory != NULL, &out_prepared->workspace_bytes)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "the workspace does not fit");
  }
  out_prepared->work = olstm__conv_units(conv, args);
  return OLSTM_STATUS_OK;
}

static const void* load_floats(const olstm__conv_call* call, const void* data,
                               int64_t count, void* floats) {
  if (!is_half(call->dtype) || !data) return data;
  olstm__compute_load(OLSTM__COMPUTE_F32, call->dtype, count, data, floats);
  return floats;
}

typedef struct finish_context {
  const olstm__conv_ending* ending;
  olstm__binary_kernel add;
  int64_t plane;
  size_t element_bytes;
} finish_context;

static void finish(const void* context, int64_t plane, int64_t first, int64_t count,
                   void* y) {
  const finish_context* c = context;
  const char* residual = c->ending->residual;
  if (residual) {
    residual += (size_t)(plane * c->plane + first) * c->element_bytes;
    (void)c->add(count, y, 1, residual, 1, y);
  }
  if (c->ending->function) olstm__fused_function_run(c->ending->function, count, y);
}

/// Samples that Winograd's transforms cannot take are computed again, by tiles.
static void run_winograd(const olstm__conv_call* call, const void* packed,
                         olstm__conv_args* run, const finish_context* context) {
  const olstm__conv* conv = &call->winograd.conv;
  const int64_t x_step = conv->input_channels * olstm__window_input_count(&conv->window);
  const int64_t y_step = conv->output_channels * context->plane;
  olstm__conv_args by_winograd = *run;
  by_winograd.packed = packed;
  by_winograd.workspace = (char*)run->workspace + (call->winograd_offset - call->kernel);
  olstm__winograd_run(&call->winograd, &by_winograd);
  for (int64_t n = 0; n < conv->batch; n++) {
    if (!olstm__winograd_is_wrong(&call->winograd, &by_winograd, n)) continue;
    olstm__conv_ending ending = *context->ending;
    finish_context own = *context;
    olstm__conv_args again = *run;
    if (ending.residual) {
      ending.residual =
          (const char*)ending.residual + (size_t)(n * y_step) * context->element_bytes;
    }
    own.ending = &ending;
    again.finish_context = &own;
    again.x = (const float*)run->x + n * x_step;
    again.y = (float*)run->y + n * y_step;
    olstm__conv_run(&call->plan, &again);
  }
}

void olstm__conv_call_run(const olstm__conv_call* call,
                          const olstm__packed_memory* weight,
                          const olstm__packed_memory* winograd,
                          const olstm_run_args* args, const olstm__conv_ending* ending) {
  const olstm__conv* conv = &call->plan.whole;
  char* workspace = args->workspace;
  if (!args->outputs[0]) return;
  const bool ends = ending->residual || (ending->function && ending->function->kernel);
  const finish_context context = {
      .ending = ending,
      .add = olstm__binary_kernel_find(OLSTM__BINARY_ADD,
                                       olstm__compute_type_of(conv->dtype)),
      .plane = olstm__window_output_count(&conv->window),
      .element_bytes = olstm_dtype_size(conv->dtype)};
  olstm__conv_args run = {
      .x = load_floats(call, args->inputs[0], call->x_count, workspace + call->x),
      .packed = weight->memory,
      .bias = load_floats(call, call->has_bias ? args->inputs[2] : NULL,
                          conv->groups * conv->output_channels, workspace + call->bias),
      .y = is_half(call->dtype) ? workspace + call->y : args->outputs[0],
      .workspace = workspace + call->kernel,
      .parallel = args->parallel,
      .finish = ends ? finish : NULL,
      .finish_context = &context,
      .finishes_planes = true};
  if (!run.packed) {
    olstm__conv_pack(
        conv,
        load_floats(call, args->inputs[1], call->weight_count, workspace + call->weights),
        workspace + call->packed);
    run.packed = workspace + call->packed;
  }
  if (call->winograd.tiles) {
    run_winograd(call, winograd->memory, &run, &context);
    return;
  }
  olstm__conv_run(&call->plan, &run);
  if (is_half(call->dtype)) {
    olstm__compute_store(OLSTM__COMPUTE_F32, call->dtype, call->y_count, run.y,
                         args->outputs[0]);
  }
}
