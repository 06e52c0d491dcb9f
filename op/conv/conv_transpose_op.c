// ConvTranspose: attributes and shapes.
#include "op/conv/conv_head.h"
#include "op/fused.h"
#include "op/op_family.h"

typedef struct conv_transpose_op {
  olstm__conv_head head;
  size_t output_padding_count;
  int64_t output_padding[OLSTM__WINDOW_MAX_RANK];
  size_t output_shape_count;
  int64_t output_shape[OLSTM__WINDOW_MAX_RANK];
} conv_transpose_op;

static olstm_status parse(void* instance, olstm_error* error) {
  conv_transpose_op* self = instance;
  const olstm__op_base* base = &self->head.base;
  bool given = false;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(base, &self->head.attributes, error));
  OLSTM_RETURN_IF_ERROR(olstm__conv_parse_group(base, &self->head.group, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(base, "output_padding",
                                            OLSTM__WINDOW_MAX_RANK, self->output_padding,
                                            &self->output_padding_count, &given, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(base, "output_shape", OLSTM__WINDOW_MAX_RANK,
                                            self->output_shape, &self->output_shape_count,
                                            &given, error));
  OLSTM_RETURN_IF_ERROR(olstm__window_check_list(base, "output_padding",
                                                 self->output_padding,
                                                 self->output_padding_count, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__window_check_list(base, "output_shape", self->output_shape,
                                                 self->output_shape_count, 1, error));
  OLSTM_RETURN_IF_ERROR(olstm__conv_parse_function(base, &self->head.function, error));
  // Last, since what is packed is freed by destroy alone.
  return olstm__conv_pack_constant(&self->head.weight, base, &self->head.attributes,
                                   self->head.group, true, error);
}

static olstm_status check_inputs(const conv_transpose_op* self,
                                 const olstm_infer_args* args, olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[1]->desc;
  const char* const* names = self->head.base.node->input_names;
  const size_t space = x->rank > 2 ? (size_t)x->rank - 2 : 0;
  bool fits = w->rank == x->rank && x->rank >= 3 && w->dims[0] == x->dims[1] &&
              w->dims[0] % self->head.group == 0 && olstm_tensor_desc_count(w) > 0;
  for (size_t i = 0; fits && i < self->head.attributes.kernel_count; i++) {
    fits = i < space && self->head.attributes.kernel[i] == w->dims[2 + i];
  }
  if (!fits) {
    return olstm__op_fail(&self->head.base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [C,M/group,...] for '%s' "
                          "with shape %s, group %" PRId64 " and kernel_shape",
                          names[1], olstm_shape_text(w).text, names[0],
                          olstm_shape_text(x).text, self->head.group);
  }
  if ((self->output_padding_count && self->output_padding_count != space) ||
      (self->output_shape_count && self->output_shape_count != space)) {
    return olstm__op_fail(&self->head.base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "attributes output_padding and output_shape need %zu values "
                          "for input '%s'",
                          space, names[0]);
  }
  return olstm__conv_check_bias(&self->head.base, args, w->dims[1] * self->head.group,
                                error);
}

/// The output of one dimension, and where its windows begin.
static olstm_status resolve_dimension(const conv_transpose_op* self,
                                      olstm__window* window, int32_t d,
                                      olstm_error* error) {
  const int32_t own = d - (OLSTM__WINDOW_MAX_RANK - window->rank);
  const olstm__auto_pad auto_pad = self->head.attributes.auto_pad;
  const int64_t extra = self->output_padding_count ? self->output_padding[own] : 0;
  const int64_t whole = window->stride[d] * (window->input[d] - 1) + extra +
                        olstm__window_extent(window, d);
  const bool same =
      auto_pad == OLSTM__AUTO_PAD_SAME_UPPER || auto_pad == OLSTM__AUTO_PAD_SAME_LOWER;
  if (self->output_shape_count || same) {
    window->output[d] = self->output_shape_count ? self->output_shape[own]
                                                 : window->input[d] * window->stride[d];
    const int64_t total = whole > window->output[d] ? whole - window->output[d] : 0;
    const int64_t less = total / 2;
    window->pad_begin[d] = auto_pad == OLSTM__AUTO_PAD_SAME_UPPER ? less : total - less;
    return OLSTM_STATUS_OK;
  }
  window->output[d] = whole - window->pad_begin[d] - window->pad_end[d];
  if (window->output[d] > 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->head.base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "dimension %d of the output would be %" PRId64, (int)(2 + own),
                        window->output[d]);
}

static olstm_status resolve(const conv_transpose_op* self, const olstm_tensor_desc* x,
                            const olstm_tensor_desc* w, olstm__window* out_window,
                            olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__window_measure(&self->head.base, &self->head.attributes, x,
                                              &w->dims[2], out_window, error));
  for (int32_t d = OLSTM__WINDOW_MAX_RANK - out_window->rank; d < OLSTM__WINDOW_MAX_RANK;
       d++) {
    OLSTM_RETURN_IF_ERROR(resolve_dimension(self, out_window, d, error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status conv_transpose_infer(const void* instance,
                                         const olstm_infer_args* args,
                                         olstm_tensor_desc* out_outputs,
                                         olstm_error* error) {
  const conv_transpose_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm__window window;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->head.base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->head.base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->head.base, args, 2, 0, error));
  OLSTM_RETURN_IF_ERROR(check_inputs(self, args, error));
  OLSTM_RETURN_IF_ERROR(resolve(self, x, &args->inputs[1]->desc, &window, error));
  out_outputs[0] = *x;
  out_outputs[0].dims[1] = args->inputs[1]->desc.dims[1] * self->head.group;
  olstm__window_set_output(&window, &out_outputs[0]);
  return olstm__op_check_output(&self->head.base, &out_outputs[0], error);
}

static olstm_status conv_transpose_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error) {
  const conv_transpose_op* self = instance;
  olstm__window window;
  OLSTM_RETURN_IF_ERROR(
      resolve(self, &args->inputs[0]->desc, &args->inputs[1]->desc, &window, error));
  return olstm__conv_head_prepare(instance, true, &window, args, out_prepared, error);
}

#define ATTRIBUTES                                                                    \
  "auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", \
      "pads", "strides"
static const char* const kAttributes[] = {ATTRIBUTES, NULL};
static const char* const kFusedAttributes[] = {
    ATTRIBUTES, "activation", "activation_alpha", "activation_beta", NULL};

#define SCHEMA(ATTRIBUTE_NAMES) \
  OLSTM__OP_SCHEMA(2, 3, 1, ATTRIBUTE_NAMES, conv_transpose_op, parse, 0)
static const olstm__op_schema kConvTranspose = SCHEMA(kAttributes);
static const olstm__op_schema kFusedConvTranspose = SCHEMA(kFusedAttributes);

static const olstm__op_callbacks kCallbacks = {
    .create = olstm__op_create_schema,
    .infer = conv_transpose_infer,
    .prepare = conv_transpose_prepare,
    .run = olstm__conv_head_run,
    .release = olstm__op_release_handle,
    .destroy = olstm__conv_head_destroy,
};

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("ConvTranspose", 1, 0, OLSTM__DTYPES_REAL, kCallbacks, kConvTranspose),
    OLSTM__OP_ROW_FUSED(
        "ConvTranspose",
        OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE),
        kCallbacks, kFusedConvTranspose),
};

const olstm__op_family olstm__conv_transpose_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_FIRST};
