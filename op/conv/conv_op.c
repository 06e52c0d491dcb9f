// Conv: attributes and shapes.
#include "op/conv/conv_call.h"
#include "op/op_family.h"

typedef struct conv_op {
  olstm__op_base base;
  olstm__window_attributes attributes;
  int64_t group;
  olstm__packed_memory weight;
} conv_op;

typedef struct conv_handle {
  olstm__op_handle head;
  olstm__conv_call call;
} conv_handle;

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
  return olstm__conv_pack_constant(&self->weight, &self->base, self->group, false, error);
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

static olstm_status conv_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const conv_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[1]->desc;
  olstm__conv conv = olstm__conv_of_weights(w, self->group, false);
  conv_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  conv.batch = x->dims[0];
  olstm_status status = olstm__window_resolve(&self->base, &self->attributes, x,
                                              &w->dims[2], &conv.window, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__conv_call_init(&handle->call, &self->base, &self->weight, &conv, args,
                                   out_prepared, error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

static olstm_status conv_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const conv_op* self = instance;
  const conv_handle* prepared = handle;
  (void)error;
  olstm__conv_call_run(&prepared->call, &self->weight, args, NULL, NULL);
  return OLSTM_STATUS_OK;
}

static void conv_destroy(void* instance) {
  conv_op* self = instance;
  if (self) olstm__packed_memory_deinit(&self->weight, &self->base);
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
