// Conv: attributes and shapes. Fusion makes nodes of domain olstm.fused, version 1, which
// go on: Y = activation(Conv(X, W, B) + Z), bit for bit what those nodes give one after
// the other. Z is optional, and is broadcast as Add does; activation, activation_alpha
// and activation_beta are as op/elementwise/fused_function.h reads them.
#include "op/conv/conv_head.h"
#include "op/fused.h"
#include "op/op_family.h"

static olstm_status parse(void* instance, olstm_error* error) {
  olstm__conv_head* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(&self->base, &self->attributes, error));
  OLSTM_RETURN_IF_ERROR(olstm__conv_parse_group(&self->base, &self->group, error));
  OLSTM_RETURN_IF_ERROR(olstm__conv_parse_function(&self->base, &self->function, error));
  // Last, since what is packed is freed by destroy alone.
  OLSTM_RETURN_IF_ERROR(olstm__conv_pack_constant(
      &self->weight, &self->base, &self->attributes, self->group, false, error));
  return olstm__conv_pack_winograd(&self->winograd, &self->base, &self->attributes,
                                   self->group, error);
}

/// Brings *out_sum, the shape of the convolution, to that of its sum with Z.
static olstm_status infer_sum(const olstm__conv_head* self, const olstm_infer_args* args,
                              olstm_tensor_desc* out_sum, olstm_error* error) {
  const size_t slot = OLSTM__CONV_INPUT_Z;
  if (args->input_count <= slot || !args->inputs[slot]) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* z = &args->inputs[slot]->desc;
  olstm_tensor_desc sum = *out_sum;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, slot, 0, error));
  if (z->rank > sum.rank) sum.rank = z->rank;
  for (int32_t d = 1; d <= sum.rank; d++) {
    const int64_t a = d <= out_sum->rank ? out_sum->dims[out_sum->rank - d] : 1;
    const int64_t b = d <= z->rank ? z->dims[z->rank - d] : 1;
    if (a != b && a != 1 && b != 1) {
      return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, which is added to a convolution of "
                            "shape %s",
                            self->base.node->input_names[slot], olstm_shape_text(z).text,
                            olstm_shape_text(out_sum).text);
    }
    sum.dims[sum.rank - d] = a == 1 ? b : a;
  }
  *out_sum = sum;
  return OLSTM_STATUS_OK;
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
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  OLSTM_RETURN_IF_ERROR(check_weights(self, args, error));
  OLSTM_RETURN_IF_ERROR(olstm__window_resolve(
      &self->base, &self->attributes, x, &args->inputs[1]->desc.dims[2], &window, error));
  out_outputs[0] = *x;
  out_outputs[0].dims[1] = args->inputs[1]->desc.dims[0];
  olstm__window_set_output(&window, &out_outputs[0]);
  OLSTM_RETURN_IF_ERROR(infer_sum(self, args, &out_outputs[0], error));
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

#define ATTRIBUTES "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"
static const char* const kAttributes[] = {ATTRIBUTES, NULL};
static const char* const kFusedAttributes[] = {
    ATTRIBUTES, "activation", "activation_alpha", "activation_beta", NULL};
static const olstm__op_schema kConv = {.arity = {2, 3, 1},
                                       .attributes = kAttributes,
                                       .instance_bytes = sizeof(olstm__conv_head),
                                       .parse = parse};
static const olstm__op_schema kFusedConv = {.arity = {2, OLSTM__CONV_INPUT_Z + 1, 1},
                                            .attributes = kFusedAttributes,
                                            .instance_bytes = sizeof(olstm__conv_head),
                                            .parse = parse};

static const olstm__op_callbacks kCallbacks = {
    .create = olstm__op_create_schema,
    .infer = conv_infer,
    .prepare = conv_prepare,
    .run = olstm__conv_head_run,
    .release = olstm__op_release_handle,
    .destroy = olstm__conv_head_destroy,
};

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("Conv", 1, 0, OLSTM__DTYPES_REAL, kCallbacks, kConv),
    OLSTM__OP_ROW_FUSED(
        "Conv", OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE),
        kCallbacks, kFusedConv),
};

const olstm__op_family olstm__conv_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_FIRST};
