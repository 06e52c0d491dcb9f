// Conv: attributes, shapes and packing; half floats are converted to float around it.
#include "op/conv/conv_kernel.h"
#include "op/dense/packed_weight.h"
#include "op/elementwise/compute_type.h"
#include "op/op_family.h"

typedef struct conv_op {
  olstm__op_base base;
  olstm__window_attributes attributes;
  int64_t group;
  olstm__packed_weight weight;
} conv_op;

/// Where the parts of the workspace begin. x, y, weights and bias are parts for half
/// floats alone, packed and scratch where the weights are no constant.
typedef struct conv_layout {
  size_t x, y, weights, bias, packed, scratch, kernel;
} conv_layout;

typedef struct conv_handle {
  olstm__op_handle head;
  olstm__conv conv;
  conv_layout layout;
  /// Of the tensors.
  olstm_dtype dtype;
  size_t packed_bytes;
  int64_t x_count;
  int64_t y_count;
  int64_t weight_count;
  bool has_bias;
} conv_handle;

static bool is_half(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

/// The convolution over weights [M, C/group, ...], but for windows and batch.
static olstm__conv view_weights(const conv_op* self, const olstm_tensor_desc* w) {
  olstm__conv conv = {
      .dtype = w->dtype == OLSTM_DTYPE_DOUBLE ? OLSTM_DTYPE_DOUBLE : OLSTM_DTYPE_FLOAT,
      .groups = self->group,
      .input_channels = w->dims[1],
      .output_channels = w->dims[0] / self->group};
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    const int32_t own = d - (OLSTM__WINDOW_MAX_RANK - (w->rank - 2));
    conv.window.kernel[d] = own < 0 ? 1 : w->dims[2 + own];
  }
  return conv;
}

/// Group g's B [k,n] is the transpose of its weights.
static olstm__weight_layout layout_of(const olstm__product* product, int64_t groups) {
  return (olstm__weight_layout){.matrix_count = groups,
                                .matrix_stride = product->k * product->n,
                                .row_stride = 1,
                                .column_stride = product->k};
}

static olstm_status parse(void* instance, olstm_error* error) {
  conv_op* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(&self->base, &self->attributes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "group", 1, &self->group, error));
  if (self->group < 1 || self->group > INT32_MAX) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute group is %" PRId64 ", expected 1 or more",
                          self->group);
  }
  const olstm_tensor* w = self->base.node->constants[1];
  if (!w || w->desc.rank < 3 || w->desc.rank > 2 + OLSTM__WINDOW_MAX_RANK ||
      !(OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(w->desc.dtype)) ||
      olstm_tensor_desc_count(&w->desc) == 0 || w->desc.dims[0] % self->group != 0) {
    return OLSTM_STATUS_OK;
  }
  const olstm__conv conv = view_weights(self, &w->desc);
  if (olstm__conv_is_direct(&conv)) return OLSTM_STATUS_OK;
  olstm__product product = olstm__conv_product(&conv);
  product.dtype = w->desc.dtype;
  const olstm__weight_layout layout = layout_of(&product, self->group);
  return olstm__packed_weight_init(&self->weight, &self->base, &product, &layout, w->data,
                                   error);
}

static olstm_status check_weights(const conv_op* self, const olstm_infer_args* args,
                                  olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[1]->desc;
  const char* const* names = self->base.node->input_names;
  if (w->rank != x->rank || x->rank < 3 || w->dims[1] * self->group != x->dims[1] ||
      w->dims[0] % self->group != 0 || w->dims[0] == 0) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [M,C/group,...] for '%s' "
                          "with shape %s and group %" PRId64,
                          names[1], olstm_shape_text(w).text, names[0],
                          olstm_shape_text(x).text, self->group);
  }
  for (size_t i = 0; i < self->attributes.kernel_count; i++) {
    if (i + 2 < (size_t)w->rank && self->attributes.kernel[i] == w->dims[i + 2]) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, which attribute kernel_shape does "
                          "not agree with",
                          names[1], olstm_shape_text(w).text);
  }
  for (int32_t d = 2; d < w->rank; d++) {
    if (w->dims[d] > 0) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s: an empty kernel", names[1],
                          olstm_shape_text(w).text);
  }
  if (args->input_count < 3 || !args->inputs[2]) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* b = &args->inputs[2]->desc;
  if (b->rank == 1 && b->dims[0] == w->dims[0]) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected [%" PRId64 "]", names[2],
                        olstm_shape_text(b).text, w->dims[0]);
}

static olstm_status conv_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const conv_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm__window window;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  OLSTM_RETURN_IF_ERROR(check_weights(self, args, error));
  OLSTM_RETURN_IF_ERROR(olstm__window_resolve(
      &self->base, &self->attributes, x, &args->inputs[1]->desc.dims[2], &window, error));
  out_outputs[0] = *x;
  out_outputs[0].dims[1] = args->inputs[1]->desc.dims[0];
  for (int32_t d = 0; d < window.rank; d++) {
    out_outputs[0].dims[2 + d] = window.output[OLSTM__WINDOW_MAX_RANK - window.rank + d];
  }
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static bool lay_out(const conv_op* self, conv_handle* handle, size_t* out_bytes) {
  conv_layout* layout = &handle->layout;
  const olstm__conv* conv = &handle->conv;
  const bool direct = olstm__conv_is_direct(conv);
  const size_t channels = (size_t)(conv->groups * conv->output_channels);
  size_t kernel_bytes = 0;
  size_t scratch_bytes = 0;
  olstm__product product = olstm__conv_product(conv);
  product.dtype = handle->dtype;
  *out_bytes = 0;
  if (is_half(handle->dtype) &&
      !(olstm__op_add_part(out_bytes, (size_t)handle->x_count, sizeof(float),
                           &layout->x) &&
        olstm__op_add_part(out_bytes, (size_t)handle->y_count, sizeof(float),
                           &layout->y) &&
        olstm__op_add_part(out_bytes, channels, sizeof(float), &layout->bias) &&
        (!direct || olstm__op_add_part(out_bytes, (size_t)handle->weight_count,
                                       sizeof(float), &layout->weights)))) {
    return false;
  }
  handle->packed_bytes = self->weight.matrix_bytes;
  if (!direct && !self->weight.packed.memory) {
    if (!olstm__product_packed_bytes(&product, &handle->packed_bytes) ||
        !olstm_size_align(handle->packed_bytes, &handle->packed_bytes) ||
        !olstm__product_pack_scratch_bytes(&product, &scratch_bytes) ||
        !olstm__op_add_part(out_bytes, (size_t)conv->groups, handle->packed_bytes,
                            &layout->packed) ||
        !olstm__op_add_part(out_bytes, 1, scratch_bytes, &layout->scratch)) {
      return false;
    }
  }
  return olstm__conv_workspace_bytes(conv, self->base.options.thread_count,
                                     &kernel_bytes) &&
         olstm__op_add_part(out_bytes, 1, kernel_bytes, &layout->kernel);
}

static olstm_status conv_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const conv_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[1]->desc;
  conv_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->conv = view_weights(self, w);
  handle->conv.batch = x->dims[0];
  handle->dtype = x->dtype;
  handle->x_count = olstm_tensor_desc_count(x);
  handle->y_count = olstm_tensor_desc_count(&args->outputs[0]);
  handle->weight_count = olstm_tensor_desc_count(w);
  handle->has_bias = args->input_count > 2 && args->inputs[2] != NULL;
  olstm_status status = olstm__window_resolve(&self->base, &self->attributes, x,
                                              &w->dims[2], &handle->conv.window, error);
  if (status == OLSTM_STATUS_OK &&
      !lay_out(self, handle, &out_prepared->workspace_bytes)) {
    status = olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                            "the workspace does not fit");
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->kernel = olstm__conv_is_direct(&handle->conv) ? "direct" : "product";
  out_prepared->handle = handle;
  out_prepared->work = olstm__conv_work(&handle->conv);
  return OLSTM_STATUS_OK;
}

static void pack_weights(const conv_handle* handle, const void* weights, char* packed,
                         void* scratch) {
  olstm__product product = olstm__conv_product(&handle->conv);
  product.dtype = handle->dtype;
  const size_t group_bytes =
      (size_t)(product.k * product.n) * olstm_dtype_size(handle->dtype);
  for (int64_t g = 0; g < handle->conv.groups; g++) {
    const olstm__gemm_matrix b = {(const char*)weights + (size_t)g * group_bytes, 1,
                                  product.k};
    olstm__product_pack(&product, &b, scratch, packed + (size_t)g * handle->packed_bytes);
  }
}

static const void* load_floats(const conv_handle* handle, const void* data, int64_t count,
                               void* floats) {
  if (!is_half(handle->dtype) || !data) return data;
  olstm__compute_load(OLSTM__COMPUTE_F32, handle->dtype, count, data, floats);
  return floats;
}

static olstm_status conv_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const conv_op* self = instance;
  const conv_handle* prepared = handle;
  const olstm__conv* conv = &prepared->conv;
  const conv_layout* layout = &prepared->layout;
  char* workspace = args->workspace;
  (void)error;
  if (!args->outputs[0]) return OLSTM_STATUS_OK;
  olstm__conv_args run = {
      .x = load_floats(prepared, args->inputs[0], prepared->x_count,
                       workspace + layout->x),
      .bias = load_floats(prepared, prepared->has_bias ? args->inputs[2] : NULL,
                          conv->groups * conv->output_channels, workspace + layout->bias),
      .y = is_half(prepared->dtype) ? workspace + layout->y : args->outputs[0],
      .packed = self->weight.packed.memory,
      .packed_bytes = prepared->packed_bytes,
      .workspace = workspace + layout->kernel,
      .thread_count = self->base.options.thread_count,
      .parallel = args->parallel};
  if (olstm__conv_is_direct(conv)) {
    run.weights = load_floats(prepared, args->inputs[1], prepared->weight_count,
                              workspace + layout->weights);
  } else if (!run.packed) {
    pack_weights(prepared, args->inputs[1], workspace + layout->packed,
                 workspace + layout->scratch);
    run.packed = workspace + layout->packed;
  }
  olstm__conv_run(conv, &run);
  if (is_half(prepared->dtype)) {
    olstm__compute_store(OLSTM__COMPUTE_F32, prepared->dtype, prepared->y_count, run.y,
                         args->outputs[0]);
  }
  return OLSTM_STATUS_OK;
}

static void conv_destroy(void* instance) {
  conv_op* self = instance;
  if (self) olstm__packed_weight_deinit(&self->weight, &self->base);
  olstm__op_destroy(instance);
}

static const char* const kAttributes[] = {
    "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
static const olstm__op_schema kConv = {.arity = {2, 3, 1},
                                       .attributes = kAttributes,
                                       .instance_bytes = sizeof(conv_op),
                                       .parse = parse};

static const olstm_operator kOperators[] = {
    {
        .struct_size = sizeof(olstm_operator),
        .domain = "",
        .op_type = "Conv",
        .first_opset = 1,
        .dtypes = OLSTM__DTYPES_REAL,
        .variant = &kConv,
        .create = olstm__op_create_schema,
        .infer = conv_infer,
        .prepare = conv_prepare,
        .run = conv_run,
        .release = olstm__op_release_handle,
        .destroy = conv_destroy,
    },
};

const olstm__op_family olstm__conv_family = {OLSTM__OPERATORS(kOperators),
                                             .traits = OLSTM__TRAIT_KEEPS_RANK};
