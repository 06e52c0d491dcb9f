// ConvInteger and QLinearConv: convolutions of quantized tensors, computed on integers
// held in double. Pads are x's zero point.
#include <math.h>

#include "op/conv/conv_head.h"
#include "op/op_family.h"
#include "op/quantize/quantize_bytes.h"
#include "op/quantize/zero_point.h"

enum { kCodeInteger, kCodeQlinear, kMaxInputs = 9 };

/// Where each operand is among the inputs.
typedef struct input_indices {
  size_t w, x_zero, w_zero, x_scale, w_scale, y_scale, y_zero, bias;
} input_indices;

static const input_indices kInputs[] = {
    [kCodeInteger] = {.w = 1, .x_zero = 2, .w_zero = 3},
    [kCodeQlinear] = {.w = 3,
                      .x_scale = 1,
                      .x_zero = 2,
                      .w_scale = 4,
                      .w_zero = 5,
                      .y_scale = 6,
                      .y_zero = 7,
                      .bias = 8}};

typedef struct quantized_conv_op {
  olstm__op_base base;
  olstm__window_attributes attributes;
  int64_t group;
} quantized_conv_op;

typedef struct quantized_conv_handle {
  olstm__op_handle head;
  olstm__conv_plan plan;
  olstm_tensor_desc descs[kMaxInputs];
  olstm_dtype y_dtype;
  int64_t y_count;
  size_t packed_bytes;
  /// Offsets in the workspace, which begins with x; all hold doubles.
  size_t w_offset;
  size_t packed_offset;
  size_t y_offset;
  size_t kernel_offset;
} quantized_conv_handle;

static int32_t code_of(const quantized_conv_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status parse(void* instance, olstm_error* error) {
  quantized_conv_op* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(&self->base, &self->attributes, error));
  return olstm__conv_parse_group(&self->base, &self->group, error);
}

static olstm_status check_weights(const quantized_conv_op* self,
                                  const olstm_infer_args* args, olstm_error* error) {
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const size_t index = kInputs[code_of(self)].w;
  const olstm_tensor_desc* w = &args->inputs[index]->desc;
  bool fits = w->rank == x->rank && x->rank >= 3 &&
              w->dims[1] * self->group == x->dims[1] && w->dims[0] % self->group == 0 &&
              olstm_tensor_desc_count(w) > 0;
  for (size_t i = 0; fits && i < self->attributes.kernel_count; i++) {
    fits = i + 2 < (size_t)w->rank && self->attributes.kernel[i] == w->dims[i + 2];
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected [M,C/group,...] for '%s' with "
                        "shape %s, group %" PRId64 " and kernel_shape",
                        self->base.node->input_names[index], olstm_shape_text(w).text,
                        self->base.node->input_names[0], olstm_shape_text(x).text,
                        self->group);
}

static olstm_status check_operands(const quantized_conv_op* self,
                                   const olstm_infer_args* args, olstm_error* error) {
  const olstm__op_base* base = &self->base;
  const input_indices* at = &kInputs[code_of(self)];
  const int64_t channels = args->inputs[at->w]->desc.dims[0];
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(base, args, at->x_zero, 0, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(base, args, at->w_zero, at->w, error));
  OLSTM_RETURN_IF_ERROR(olstm__quantize_operand_check(base, args, at->x_zero, 1, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__quantize_operand_check(base, args, at->w_zero, channels, error));
  if (code_of(self) == kCodeInteger) return OLSTM_STATUS_OK;
  const size_t scales[] = {at->x_scale, at->w_scale, at->y_scale};
  const int64_t counts[] = {1, channels, 1};
  for (size_t i = 0; i < 3; i++) {
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(base, args, scales[i], OLSTM__DTYPES_REAL, error));
    OLSTM_RETURN_IF_ERROR(
        olstm__quantize_operand_check(base, args, scales[i], counts[i], error));
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, at->y_zero, OLSTM__DTYPES_QUANTIZED_8, error));
  OLSTM_RETURN_IF_ERROR(olstm__quantize_operand_check(base, args, at->y_zero, 1, error));
  if (!olstm_node_has_input(base->node, at->bias)) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, at->bias,
                                              OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32), error));
  return olstm__quantize_operand_check(base, args, at->bias, channels, error);
}

static olstm_status quantized_conv_infer(const void* instance,
                                         const olstm_infer_args* args,
                                         olstm_tensor_desc* out_outputs,
                                         olstm_error* error) {
  const quantized_conv_op* self = instance;
  const input_indices* at = &kInputs[code_of(self)];
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* w = &args->inputs[at->w]->desc;
  olstm__window window;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_QUANTIZED_8, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, at->w, OLSTM__DTYPES_QUANTIZED_8, error));
  OLSTM_RETURN_IF_ERROR(check_weights(self, args, error));
  OLSTM_RETURN_IF_ERROR(check_operands(self, args, error));
  OLSTM_RETURN_IF_ERROR(olstm__window_resolve(&self->base, &self->attributes, x,
                                              &w->dims[2], &window, error));
  out_outputs[0] = *x;
  out_outputs[0].dtype = code_of(self) == kCodeInteger
                             ? OLSTM_DTYPE_INT32
                             : args->inputs[at->y_zero]->desc.dtype;
  out_outputs[0].dims[1] = w->dims[0];
  olstm__window_set_output(&window, &out_outputs[0]);
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static bool lay_out(const quantized_conv_op* self, quantized_conv_handle* handle,
                    size_t* out_bytes) {
  const olstm_tensor_desc* w = &handle->descs[kInputs[code_of(self)].w];
  size_t x_offset = 0;
  *out_bytes = 0;
  return olstm__op_add_part(out_bytes, (size_t)olstm_tensor_desc_count(&handle->descs[0]),
                            sizeof(double), &x_offset) &&
         olstm__op_add_part(out_bytes, (size_t)olstm_tensor_desc_count(w), sizeof(double),
                            &handle->w_offset) &&
         olstm__op_add_part(out_bytes, (size_t)handle->y_count, sizeof(double),
                            &handle->y_offset) &&
         olstm__conv_packed_bytes(&handle->plan.conv, &handle->packed_bytes) &&
         olstm__op_add_part(out_bytes, 1, handle->packed_bytes, &handle->packed_offset) &&
         olstm__op_add_part(out_bytes, 1, handle->plan.workspace_bytes,
                            &handle->kernel_offset);
}

static olstm_status quantized_conv_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error) {
  const quantized_conv_op* self = instance;
  quantized_conv_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  for (size_t i = 0; i < args->input_count; i++) {
    if (args->inputs[i]) handle->descs[i] = args->inputs[i]->desc;
  }
  const olstm_tensor_desc* x = &handle->descs[0];
  const olstm_tensor_desc* w = &handle->descs[kInputs[code_of(self)].w];
  handle->y_dtype = args->outputs[0].dtype;
  handle->y_count = olstm_tensor_desc_count(&args->outputs[0]);
  olstm__conv conv = olstm__conv_of_weights(w, self->group, false);
  conv.dtype = OLSTM_DTYPE_DOUBLE;
  conv.batch = x->dims[0];
  olstm_status status = olstm__window_resolve(&self->base, &self->attributes, x,
                                              &w->dims[2], &conv.window, error);
  if (status == OLSTM_STATUS_OK &&
      (!olstm__conv_plan_init(&conv, self->base.options.thread_count, &handle->plan) ||
       !lay_out(self, handle, &out_prepared->workspace_bytes))) {
    status = olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                            "the workspace does not fit");
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__conv_work(&conv);
  return OLSTM_STATUS_OK;
}

/// Sums wrap.
static void to_integers(int64_t count, const double* sums, int32_t* integers) {
  for (int64_t i = 0; i < count; i++) integers[i] = (int32_t)(uint32_t)(int64_t)sums[i];
}

/// Sums become int32, or are quantized again, plane by plane: scales are by channel.
static void store_planes(const quantized_conv_op* self,
                         const quantized_conv_handle* handle, const olstm_run_args* args,
                         const double* sums) {
  const input_indices* at = &kInputs[code_of(self)];
  const olstm__op_base* base = &self->base;
  const int64_t channels = handle->plan.conv.groups * handle->plan.conv.output_channels;
  const int64_t size = olstm__window_output_count(&handle->plan.conv.window);
  const size_t plane_bytes = (size_t)size * olstm_dtype_size(handle->y_dtype);
  char* y = args->outputs[0];
  if (code_of(self) == kCodeInteger) {
    to_integers(handle->y_count, sums, (int32_t*)(void*)y);
    return;
  }
  olstm__quantize_operand operands[4];
  const size_t indices[] = {at->x_scale, at->w_scale, at->y_scale, at->y_zero};
  for (size_t i = 0; i < 4; i++) {
    operands[i] =
        olstm__quantize_operand_of(base, handle->descs, args->inputs, indices[i]);
  }
  for (int64_t p = 0; p < handle->plan.conv.batch * channels; p++) {
    const double factor = olstm__quantize_operand_get(&operands[0], 0) *
                          olstm__quantize_operand_get(&operands[1], p % channels) /
                          olstm__quantize_operand_get(&operands[2], 0);
    enum { kBlock = 512 };
    const float zero = (float)olstm__quantize_operand_get(&operands[3], 0);
    for (int64_t i = 0; i < size; i += kBlock) {
      const int64_t count = size - i < kBlock ? size - i : kBlock;
      int32_t block[kBlock];
      to_integers(count, sums + p * size + i, block);
      const olstm__byte_factors by = {&factor, 0, isfinite(factor) != 0};
      olstm__requantize(count, block, &by, zero, handle->y_dtype,
                        y + (size_t)p * plane_bytes + i);
    }
  }
}

/// The convolution starts from 0: the bias is added to its planes.
static void add_bias(const quantized_conv_handle* handle,
                     const olstm__quantize_operand* bias, double* sums) {
  const int64_t channels = handle->plan.conv.groups * handle->plan.conv.output_channels;
  const int64_t size = olstm__window_output_count(&handle->plan.conv.window);
  for (int64_t p = 0; p < handle->plan.conv.batch * channels; p++) {
    const double value = olstm__quantize_operand_get(bias, p % channels);
    for (int64_t i = 0; i < size; i++) sums[p * size + i] += value;
  }
}

static olstm_status quantized_conv_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  const quantized_conv_op* self = instance;
  const quantized_conv_handle* prepared = handle;
  const input_indices* at = &kInputs[code_of(self)];
  const olstm_tensor_desc* w_desc = &prepared->descs[at->w];
  char* workspace = args->workspace;
  double* x = (double*)(void*)workspace;
  double* w = (double*)(void*)(workspace + prepared->w_offset);
  double* y = (double*)(void*)(workspace + prepared->y_offset);
  (void)error;
  if (!args->outputs[0]) return OLSTM_STATUS_OK;
  const olstm__quantize_operand x_zero =
      olstm__quantize_operand_of(&self->base, prepared->descs, args->inputs, at->x_zero);
  const olstm__quantize_operand w_zero =
      olstm__quantize_operand_of(&self->base, prepared->descs, args->inputs, at->w_zero);
  olstm__take_off_zero(prepared->descs[0].dtype, 1,
                       olstm_tensor_desc_count(&prepared->descs[0]), args->inputs[0],
                       &x_zero, false, x);
  olstm__take_off_zero(w_desc->dtype, w_desc->dims[0],
                       olstm_tensor_desc_count(w_desc) / w_desc->dims[0],
                       args->inputs[at->w], &w_zero, false, w);
  olstm__conv_pack(&prepared->plan.conv, w, workspace + prepared->packed_offset);
  const olstm__conv_args run = {.x = x,
                                .packed = workspace + prepared->packed_offset,
                                .y = y,
                                .workspace = workspace + prepared->kernel_offset,
                                .parallel = args->parallel};
  olstm__conv_run(&prepared->plan, &run);
  if (at->bias && olstm_node_has_input(self->base.node, at->bias)) {
    const olstm__quantize_operand bias =
        olstm__quantize_operand_of(&self->base, prepared->descs, args->inputs, at->bias);
    add_bias(prepared, &bias, y);
  }
  store_planes(self, prepared, args, y);
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {
    "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
static const olstm__op_schema kInteger = {.arity = {2, 4, 1},
                                          .attributes = kAttributes,
                                          .instance_bytes = sizeof(quantized_conv_op),
                                          .parse = parse,
                                          .code = kCodeInteger};
static const olstm__op_schema kQlinear = {.arity = {8, 9, 1},
                                          .attributes = kAttributes,
                                          .instance_bytes = sizeof(quantized_conv_op),
                                          .parse = parse,
                                          .code = kCodeQlinear};

static const olstm_operator kOperators[] = {
    OLSTM__OP_ENTRY("ConvInteger", 10, 0, OLSTM__DTYPES_QUANTIZED_8, &kInteger,
                    quantized_conv_infer, quantized_conv_prepare, quantized_conv_run),
    OLSTM__OP_ENTRY("QLinearConv", 10, 0, OLSTM__DTYPES_QUANTIZED_8, &kQlinear,
                    quantized_conv_infer, quantized_conv_prepare, quantized_conv_run),
};

const olstm__op_family olstm__quantized_conv_family = {OLSTM__OPERATORS(kOperators),
                                                       .traits = OLSTM__TRAIT_KEEPS_RANK};
