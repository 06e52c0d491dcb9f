// Conv: attributes and shapes.
#include "op/conv/conv_head.h"
#include "op/op_family.h"

static olstm_status parse(void* instance, olstm_error* error) {
  olstm__conv_head* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(&self->base, &self->attributes, error));
  OLSTM_RETURN_IF_ERROR(olstm__conv_parse_group(&self->base, &self->group, error));
  return olstm__conv_pack_constant(&self->weight, &self->base, self->group, false, error);
}

static olstm_status check_weights(const olstm__conv_head* self,
                                  const olstm_infer_args* args, olstm_error* error) {
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
  return olstm__conv_check_bias(&self->base, args, w->dims[0], error);
}

static olstm_status conv_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__conv_head* self = instance;
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
  olstm__window_set_output(&window, &out_outputs[0]);
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static olstm_status conv_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const olstm__conv_head* self = instance;
  olstm__window window;
  OLSTM_RETURN_IF_ERROR(
      olstm__window_resolve(&self->base, &self->attributes, &args->inputs[0]->desc,
                            &args->inputs[1]->desc.dims[2], &window, error));
  return olstm__conv_head_prepare(instance, false, &window, args, out_prepared, error);
}

static const char* const kAttributes[] = {
    "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
static const olstm__op_schema kConv = {.arity = {2, 3, 1},
                                       .attributes = kAttributes,
                                       .instance_bytes = sizeof(olstm__conv_head),
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
        .run = olstm__conv_head_run,
        .release = olstm__op_release_handle,
        .destroy = olstm__conv_head_destroy,
    },
};

const olstm__op_family olstm__conv_family = {OLSTM__OPERATORS(kOperators),
                                             .traits = OLSTM__TRAIT_KEEPS_RANK};
