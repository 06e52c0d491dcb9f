// ConvTranspose: every input position times the weights gives a window of the output, and
// windows are added up where they overlap. Positions are rows of a matrix product, some
// at a time.
#include "op/conv/window.h"
#include "op/dense/packed_weight.h"
#include "op/elementwise/compute_type.h"
#include "op/op_family.h"

/// And what a product that is added to its place costs, in multiply-adds.
enum { kRows = 64, kWorkPerProduct = 3 };

typedef struct conv_transpose_op {
  olstm__op_base base;
  olstm__window_attributes attributes;
  int64_t group;
  size_t output_padding_count;
  int64_t output_padding[OLSTM__WINDOW_MAX_RANK];
  size_t output_shape_count;
  int64_t output_shape[OLSTM__WINDOW_MAX_RANK];
  olstm__packed_weight weight;
} conv_transpose_op;

typedef struct conv_transpose_handle {
  olstm__op_handle head;
  olstm__window window;
  olstm_dtype dtype;
  olstm__compute_type lane;
  /// m positions, k input channels, n output channels times taps; of one group.
  olstm__product product;
  int64_t batch;
  int64_t output_channels;
  bool has_bias;
  size_t packed_bytes;
  /// Where the parts of the workspace begin; rows begin it.
  size_t results_offset;
  size_t plane_offset;
  size_t packed_offset;
  size_t scratch_offset;
} conv_transpose_handle;

static olstm_status check_list(const conv_transpose_op* self, const char* name,
                               const int64_t* values, size_t count, int64_t least,
                               olstm_error* error) {
  for (size_t i = 0; i < count; i++) {
    if (values[i] >= least && values[i] <= INT32_MAX) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute %s has %" PRId64 ", expected at least %" PRId64,
                          name, values[i], least);
  }
  return OLSTM_STATUS_OK;
}

static bool can_pack(const conv_transpose_op* self, const olstm_tensor* w) {
  return w && w->desc.rank >= 3 && w->desc.rank <= 2 + OLSTM__WINDOW_MAX_RANK &&
         (OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(w->desc.dtype)) != 0 &&
         olstm_tensor_desc_count(&w->desc) > 0 && w->desc.dims[0] % self->group == 0;
}

/// Weights are [C, M/group, taps]: group g's B [k,n] lies there as it is.
static olstm__product view_weights(const conv_transpose_op* self,
                                   const olstm_tensor_desc* w) {
  olstm__product product = {
      .dtype = w->dtype, .k = w->dims[0] / self->group, .n = w->dims[1]};
  for (int32_t d = 2; d < w->rank; d++) product.n *= w->dims[d];
  return product;
}

static olstm_status parse(void* instance, olstm_error* error) {
  conv_transpose_op* self = instance;
  const olstm__op_base* base = &self->base;
  bool given = false;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(base, &self->attributes, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(base->node, "group", 1, &self->group, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(base, "output_padding",
                                            OLSTM__WINDOW_MAX_RANK, self->output_padding,
                                            &self->output_padding_count, &given, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(base, "output_shape", OLSTM__WINDOW_MAX_RANK,
                                            self->output_shape, &self->output_shape_count,
                                            &given, error));
  OLSTM_RETURN_IF_ERROR(check_list(self, "group", &self->group, 1, 1, error));
  OLSTM_RETURN_IF_ERROR(check_list(self, "output_padding", self->output_padding,
                                   self->output_padding_count, 0, error));
  OLSTM_RETURN_IF_ERROR(check_list(self, "output_shape", self->output_shape,
                                   self->output_shape_count, 1, error));
  const olstm_tensor* w = base->node->constants[1];
  if (!can_pack(self, w)) return OLSTM_STATUS_OK;
  const olstm__product product = view_weights(self, &w->desc);
  const olstm__weight_layout layout = {.matrix_count = self->group,
                                       .matrix_stride = product.k * product.n,
                                       .row_stride = product.n,
                                       .column_stride = 1};
  return olstm__packed_weight_init(&self->weight, base, &product, &layout, w->data,
                                   error);
}

static olstm_status check_inputs(const conv_transpose_op* self,
                                 const olstm_infer_args* args, olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[1]->desc;
  const char* const* names = self->base.node->input_names;
  const size_t space = x->rank > 2 ? (size_t)x->rank - 2 : 0;
  bool fits = w->rank == x->rank && x->rank >= 3 && w->dims[0] == x->dims[1] &&
              w->dims[0] % self->group == 0 && olstm_tensor_desc_count(w) > 0;
  for (size_t i = 0; fits && i < self->attributes.kernel_count; i++) {
    fits = i < space && self->attributes.kernel[i] == w->dims[2 + i];
  }
  if (!fits) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [C,M/group,...] for '%s' "
                          "with shape %s, group %" PRId64 " and kernel_shape",
                          names[1], olstm_shape_text(w).text, names[0],
                          olstm_shape_text(x).text, self->group);
  }
  if ((self->output_padding_count && self->output_padding_count != space) ||
      (self->output_shape_count && self->output_shape_count != space)) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "attributes output_padding and output_shape need %zu values "
                          "for input '%s'",
                          space, names[0]);
  }
  if (args->input_count < 3 || !args->inputs[2]) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* b = &args->inputs[2]->desc;
  if (b->rank == 1 && b->dims[0] == w->dims[1] * self->group) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected [%" PRId64 "]", names[2],
                        olstm_shape_text(b).text, w->dims[1] * self->group);
}

/// The output of one dimension, and where its windows begin.
static olstm_status resolve_dimension(const conv_transpose_op* self,
                                      olstm__window* window, int32_t d,
                                      olstm_error* error) {
  const int32_t own = d - (OLSTM__WINDOW_MAX_RANK - window->rank);
  const olstm__auto_pad auto_pad = self->attributes.auto_pad;
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
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "dimension %d of the output would be %" PRId64, (int)(2 + own),
                        window->output[d]);
}

static olstm_status resolve(const conv_transpose_op* self, const olstm_tensor_desc* x,
                            const olstm_tensor_desc* w, olstm__window* out_window,
                            olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__window_measure(&self->base, &self->attributes, x,
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
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 1, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  OLSTM_RETURN_IF_ERROR(check_inputs(self, args, error));
  OLSTM_RETURN_IF_ERROR(resolve(self, x, &args->inputs[1]->desc, &window, error));
  out_outputs[0] = *x;
  out_outputs[0].dims[1] = args->inputs[1]->desc.dims[1] * self->group;
  for (int32_t d = 0; d < window.rank; d++) {
    out_outputs[0].dims[2 + d] = window.output[OLSTM__WINDOW_MAX_RANK - window.rank + d];
  }
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static bool lay_out(const conv_transpose_op* self, conv_transpose_handle* handle,
                    size_t* out_bytes) {
  const olstm__product* product = &handle->product;
  const size_t lane_bytes = olstm__compute_type_size(handle->lane);
  size_t scratch_bytes = 0;
  size_t rows_offset = 0;
  *out_bytes = 0;
  handle->packed_bytes = self->weight.matrix_bytes;
  if (!olstm__op_add_part(out_bytes, kRows * lane_bytes, (size_t)product->k,
                          &rows_offset) ||
      !olstm__op_add_part(out_bytes, kRows * lane_bytes, (size_t)product->n,
                          &handle->results_offset) ||
      // infer has made sure that all planes fit.
      !olstm__op_add_part(out_bytes, lane_bytes * (size_t)handle->output_channels,
                          (size_t)olstm__window_output_count(&handle->window),
                          &handle->plane_offset)) {
    return false;
  }
  if (self->weight.packed.memory) return true;
  return olstm__product_packed_bytes(product, &handle->packed_bytes) &&
         olstm_size_align(handle->packed_bytes, &handle->packed_bytes) &&
         olstm__product_pack_scratch_bytes(product, &scratch_bytes) &&
         olstm__op_add_part(out_bytes, 1, handle->packed_bytes, &handle->packed_offset) &&
         olstm__op_add_part(out_bytes, 1, scratch_bytes, &handle->scratch_offset);
}

static olstm_status conv_transpose_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error) {
  const conv_transpose_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[1]->desc;
  conv_transpose_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  olstm_status status = resolve(self, x, w, &handle->window, error);
  handle->dtype = x->dtype;
  handle->lane = x->dtype == OLSTM_DTYPE_DOUBLE ? OLSTM__COMPUTE_F64 : OLSTM__COMPUTE_F32;
  handle->product = view_weights(self, w);
  handle->product.m = kRows;
  handle->batch = olstm_tensor_desc_count(&args->outputs[0]) == 0 ? 0 : x->dims[0];
  handle->output_channels = w->dims[1];
  handle->has_bias = args->input_count > 2 && args->inputs[2] != NULL;
  if (status == OLSTM_STATUS_OK &&
      !lay_out(self, handle, &out_prepared->workspace_bytes)) {
    status = olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                            "the workspace does not fit");
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_work(olstm_tensor_desc_count(x), handle->product.n, kWorkPerProduct, 1);
  return OLSTM_STATUS_OK;
}

#define REAL float
#define NAME(x) x##_f32
#include "op/conv/conv_transpose_loops.inc"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "op/conv/conv_transpose_loops.inc"
#undef REAL
#undef NAME

/// What the product of one group has to read and write.
static const void* find_packed(const conv_transpose_op* self,
                               const conv_transpose_handle* handle,
                               const olstm_run_args* args, int64_t group) {
  const olstm__product* product = &handle->product;
  char* workspace = args->workspace;
  if (self->weight.packed.memory) return olstm__packed_weight_get(&self->weight, group);
  const olstm__gemm_matrix b = {
      (const char*)args->inputs[1] +
          (size_t)(group * product->k * product->n) * olstm_dtype_size(handle->dtype),
      product->n, 1};
  olstm__product_pack(product, &b, workspace + handle->scratch_offset,
                      workspace + handle->packed_offset);
  return workspace + handle->packed_offset;
}

static olstm_status conv_transpose_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  const conv_transpose_op* self = instance;
  const conv_transpose_handle* prepared = handle;
  (void)error;
  for (int64_t g = 0; prepared->batch > 0 && g < self->group; g++) {
    const void* packed = find_packed(self, prepared, args, g);
    for (int64_t n = 0; n < prepared->batch; n++) {
      if (prepared->lane == OLSTM__COMPUTE_F64) {
        run_group_f64(self, prepared, args, packed, n, g);
      } else {
        run_group_f32(self, prepared, args, packed, n, g);
      }
    }
  }
  return OLSTM_STATUS_OK;
}

static void conv_transpose_destroy(void* instance) {
  conv_transpose_op* self = instance;
  if (self) olstm__packed_weight_deinit(&self->weight, &self->base);
  olstm__op_destroy(instance);
}

static const char* const kAttributes[] = {
    "auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape",
    "pads",     "strides",   NULL};
static const olstm__op_schema kConvTranspose = {
    .arity = {2, 3, 1},
    .attributes = kAttributes,
    .instance_bytes = sizeof(conv_transpose_op),
    .parse = parse};

static const olstm_operator kOperators[] = {
    {
        .struct_size = sizeof(olstm_operator),
        .domain = "",
        .op_type = "ConvTranspose",
        .first_opset = 1,
        .dtypes = OLSTM__DTYPES_REAL,
        .variant = &kConvTranspose,
        .create = olstm__op_create_schema,
        .infer = conv_transpose_infer,
        .prepare = conv_transpose_prepare,
        .run = conv_transpose_run,
        .release = olstm__op_release_handle,
        .destroy = conv_transpose_destroy,
    },
};

const olstm__op_family olstm__conv_transpose_family = {OLSTM__OPERATORS(kOperators),
                                                       .traits = OLSTM__TRAIT_KEEPS_RANK};
