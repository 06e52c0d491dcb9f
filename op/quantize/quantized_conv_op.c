// ConvInteger and QLinearConv: convolutions of quantized tensors, as products of bytes
// where weights are constant and channels are many, else on integers held in float, where
// sums fit, or double. Pads are x's zero point.
#include <math.h>
#include <string.h>

#include "op/conv/conv_head.h"
#include "op/op_family.h"
#include "op/packed_memory.h"
#include "op/quantize/byte_conv.h"
#include "op/quantize/quantize_bytes.h"
#include "op/quantize/zero_point.h"
#include "op/shape/convert.h"

enum { kCodeInteger, kCodeQlinear, kMaxInputs = 9 };

/// Of work, of a tap besides its products.
enum { kUnitsPerTap = 64 };

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
  /// For products of bytes.
  /// Constant weights, as bytes where those are worth it, else as reals without their
  /// zero points.
  olstm__packed_memory weight, reals;
} quantized_conv_op;

typedef struct quantized_conv_handle {
  olstm__op_handle head;
  olstm__conv_plan plan;
  olstm_tensor_desc descs[kMaxInputs];
  olstm_dtype y_dtype;
  int64_t y_count;
  olstm__byte_conv bytes;
  size_t packed_bytes;
  /// Offsets in the workspace, which begins with that of products of bytes, or with x;
  /// all but factors, which are doubles, holds floats or doubles then.
  size_t w_offset;
  size_t packed_offset;
  size_t y_offset;
  size_t kernel_offset;
  size_t factors_offset;
} quantized_conv_handle;

static int32_t code_of(const quantized_conv_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm__byte_conv bytes_of(const quantized_conv_op* self,
                                 const olstm_tensor_desc* x, const olstm_tensor_desc* w) {
  olstm__byte_conv conv = {.groups = self->group,
                           .channels = w->dims[1],
                           .outputs = w->dims[0] / self->group,
                           .threads = self->base.options.thread_count,
                           .x_is_signed = x->dtype == OLSTM_DTYPE_INT8,
                           .w_is_signed = w->dtype == OLSTM_DTYPE_INT8};
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) conv.window.kernel[d] = 1;
  for (int32_t d = 2; d < w->rank; d++) {
    conv.window.kernel[OLSTM__WINDOW_MAX_RANK - w->rank + d] = w->dims[d];
  }
  return conv;
}

/// Elements less their zero point, of which rows may have one each, as floats or doubles.
static void take_off_zero(bool is_float, olstm_dtype dtype, int64_t rows, int64_t columns,
                          const void* x, const olstm__quantize_operand* zero, void* y) {
  const float one = 1;
  if (!is_float) {
    olstm__take_off_zero(dtype, rows, columns, x, zero, false, y);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    const float value = (float)olstm__quantize_operand_get(zero, r);
    const olstm__byte_scale by = {&one, &value, 0};
    // Elements are one byte.
    olstm__dequantize_bytes(columns, (const char*)x + r * columns, &by, dtype,
                            (float*)y + r * columns);
  }
}

/// Without a batch and the sizes of a window.
static olstm__conv conv_of(const quantized_conv_op* self, const olstm_tensor_desc* w) {
  olstm__conv conv = olstm__conv_of_weights(w, self->group, false);
  // Floats hold sums of so few products, each of two magnitudes up to 255.
  const bool is_float = conv.input_channels * olstm__window_kernel_count(&conv.window) <=
                        (1 << 24) / (255 * 255);
  conv.dtype = is_float ? OLSTM_DTYPE_FLOAT : OLSTM_DTYPE_DOUBLE;
  return conv;
}

static void pack_reals(const olstm__conv* conv, const olstm_tensor_desc* desc,
                       const void* w, const olstm__quantize_operand* zero, void* reals,
                       void* packed) {
  take_off_zero(conv->dtype == OLSTM_DTYPE_FLOAT, desc->dtype, desc->dims[0],
                olstm_tensor_desc_count(desc) / desc->dims[0], w, zero, reals);
  olstm__conv_pack(conv, reals, packed);
}

/// Packs weights as reals where their zero points are constant, too.
static olstm_status pack_constant_reals(quantized_conv_op* self, const olstm_tensor* w,
                                        olstm_error* error) {
  const olstm__op_base* base = &self->base;
  const size_t index =
      kInputs[((const olstm__op_schema*)base->self->variant)->code].w_zero;
  const olstm__conv conv = conv_of(self, &w->desc);
  const size_t count = (size_t)olstm_tensor_desc_count(&w->desc);
  const size_t size = olstm_dtype_size(conv.dtype);
  olstm__quantize_operand zero = {NULL, w->desc.dtype, 0};
  size_t bytes = 0;
  bool is_new = false;
  if (olstm_node_has_input(base->node, index)) {
    const olstm_tensor* constant = base->node->constants[index];
    if (!constant || constant->desc.dtype != w->desc.dtype) return OLSTM_STATUS_OK;
    const int64_t zeros = olstm_tensor_desc_count(&constant->desc);
    if (zeros != 1 && zeros != w->desc.dims[0]) return OLSTM_STATUS_OK;
    zero.data = constant->data;
    zero.step = zeros > 1;
  }
  void* reals = olstm_allocate(&base->allocator, count, size);
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  if (reals && olstm__conv_packed_bytes(&conv, &bytes)) {
    status = olstm__packed_memory_init(&self->reals, base, NULL, 0, bytes, &is_new, NULL);
  }
  if (status == OLSTM_STATUS_OK) {
    pack_reals(&conv, &w->desc, w->data, &zero, reals, self->reals.memory);
  }
  olstm_release(&base->allocator, reals, count, size);
  return status == OLSTM_STATUS_OK
             ? status
             : olstm__op_fail(base, error, status, "no memory to pack the weights");
}

/// Packs weights that are constant; what is wrong with them is said later.
static olstm_status pack_constant(quantized_conv_op* self, olstm_error* error) {
  const olstm_tensor* w = self->base.node->constants[kInputs[code_of(self)].w];
  bool is_new = false;
  size_t bytes = 0;
  if (!w || w->desc.rank < 3 || w->desc.rank > 2 + OLSTM__WINDOW_MAX_RANK ||
      !(OLSTM__DTYPES_QUANTIZED_8 & OLSTM_DTYPE_BIT(w->desc.dtype)) ||
      olstm_tensor_desc_count(&w->desc) == 0 || w->desc.dims[0] % self->group != 0) {
    return OLSTM_STATUS_OK;
  }
  const olstm__byte_conv conv = bytes_of(self, &w->desc, &w->desc);
  if (!olstm__byte_conv_is_fit(&conv)) return pack_constant_reals(self, w, error);
  if (!olstm__byte_conv_packed_bytes(&conv, &bytes)) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "no memory to pack the weights");
  }
  OLSTM_RETURN_IF_ERROR(olstm__packed_memory_init(&self->weight, &self->base, NULL, 0,
                                                  bytes, &is_new, error));
  olstm__byte_conv_pack(&conv, w->data, self->weight.memory);
  return OLSTM_STATUS_OK;
}

static olstm_status parse(void* instance, olstm_error* error) {
  quantized_conv_op* self = instance;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(&self->base, &self->attributes, error));
  OLSTM_RETURN_IF_ERROR(olstm__conv_parse_group(&self->base, &self->group, error));
  return pack_constant(self, error);
}

static void quantized_conv_destroy(void* instance) {
  quantized_conv_op* self = instance;
  if (self) olstm__packed_memory_deinit(&self->weight, &self->base);
  if (self) olstm__packed_memory_deinit(&self->reals, &self->base);
  olstm__op_destroy(instance);
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

/// Of factors, and of biases: one for each output channel and some that are 0.
static int64_t factor_count(const olstm__conv* conv) {
  return conv->groups * conv->output_channels + OLSTM__BYTE_CONV_GROUP;
}

static bool lay_out(const quantized_conv_op* self, quantized_conv_handle* handle,
                    size_t* out_bytes) {
  const olstm__conv* conv = &handle->plan.conv;
  const size_t size = olstm_dtype_size(conv->dtype);
  const size_t weights =
      (size_t)olstm_tensor_desc_count(&handle->descs[kInputs[code_of(self)].w]);
  size_t first = 0, bytes = 0;
  *out_bytes = 0;
  if (self->weight.memory) {
    if (!olstm__byte_conv_workspace_bytes(&handle->bytes, &bytes) ||
        !olstm__op_add_part(out_bytes, 1, bytes, &first)) {
      return false;
    }
  } else {
    const bool packs = !self->reals.memory;
    const size_t inputs = (size_t)olstm_tensor_desc_count(&handle->descs[0]);
    if (!olstm__conv_packed_bytes(conv, &bytes) ||
        !olstm__op_add_part(out_bytes, inputs, size, &first) ||
        !olstm__op_add_part(out_bytes, packs ? weights : 0, size, &handle->w_offset) ||
        !olstm__op_add_part(out_bytes, (size_t)handle->y_count, size,
                            &handle->y_offset) ||
        !olstm__op_add_part(out_bytes, packs ? bytes : 0, 1, &handle->packed_offset) ||
        !olstm__op_add_part(out_bytes, 1, handle->plan.workspace_bytes,
                            &handle->kernel_offset)) {
      return false;
    }
  }
  // A factor, also as a float, and a bias each.
  return olstm__op_add_part(out_bytes, (size_t)factor_count(conv),
                            sizeof(double) + sizeof(float) + sizeof(int32_t),
                            &handle->factors_offset);
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
  olstm__conv conv = conv_of(self, w);
  conv.batch = x->dims[0];
  olstm_status status = olstm__window_resolve(&self->base, &self->attributes, x,
                                              &w->dims[2], &conv.window, error);
  handle->bytes = bytes_of(self, x, w);
  handle->bytes.window = conv.window;
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
  // Bytes are gathered, tap by tap.
  out_prepared->work = olstm__op_work_sum(
      olstm__conv_units(&conv, args),
      olstm__op_work(conv.batch, conv.groups, olstm__window_kernel_count(&conv.window),
                     kUnitsPerTap));
  return OLSTM_STATUS_OK;
}

/// Sums wrap.
static void to_integers(int64_t count, const double* sums, int32_t* integers) {
  for (int64_t i = 0; i < count; i++) integers[i] = (int32_t)(uint32_t)(int64_t)sums[i];
}

/// What makes bytes of sums: for each output channel a factor, and a bias that is added
/// first.
typedef struct ending {
  olstm__byte_conv_bytes bytes;
  const int32_t* bias;
  int64_t channels, plane;
  bool is_float;
  char* y;
} ending;

/// Puts factors and biases into the workspace.
static ending make_ending(const quantized_conv_op* self,
                          const quantized_conv_handle* handle,
                          const olstm_run_args* args) {
  const input_indices* at = &kInputs[code_of(self)];
  const size_t indices[] = {at->x_scale, at->w_scale, at->y_scale, at->y_zero, at->bias};
  olstm__quantize_operand operands[5];
  double* factors = (double*)(void*)((char*)args->workspace + handle->factors_offset);
  const int64_t channels = handle->plan.conv.groups * handle->plan.conv.output_channels;
  const int64_t room = factor_count(&handle->plan.conv);
  float* floats = (float*)(void*)(factors + room);
  int32_t* bias = (int32_t*)(void*)(floats + room);
  for (size_t i = 0; i < 5; i++) {
    operands[i] =
        olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, indices[i]);
  }
  ending made = {.bytes = {.factors = factors,
                           .floats = floats,
                           .are_finite = true,
                           .zero = (float)olstm__quantize_operand_get(&operands[3], 0),
                           .dtype = handle->y_dtype},
                 .bias = bias,
                 .channels = channels,
                 .plane = olstm__window_output_count(&handle->plan.conv.window),
                 .is_float = handle->plan.conv.dtype == OLSTM_DTYPE_FLOAT,
                 .y = args->outputs[0]};
  const double x_scale = olstm__quantize_operand_get(&operands[0], 0);
  const double y_scale = olstm__quantize_operand_get(&operands[2], 0);
  memset(factors, 0, (size_t)room * (sizeof *factors + sizeof *floats));
  for (int64_t c = 0; c < channels; c++) {
    factors[c] = x_scale * olstm__quantize_operand_get(&operands[1], c) / y_scale;
    floats[c] = (float)factors[c];
    made.bytes.are_finite &= isfinite(factors[c]) != 0;
    bias[c] = (int32_t)olstm__quantize_operand_get(&operands[4], c);
  }
  return made;
}

/// `count` sums of a plane, held in float or double, from `first` on.
static void store_sums(const void* context, int64_t plane, int64_t first, int64_t count,
                       void* sums) {
  enum { kBlock = 512 };
  const ending* end = context;
  const int64_t channel = plane % end->channels;
  const olstm__byte_factors by = {.values = end->bytes.factors + channel,
                                  .are_finite = end->bytes.are_finite,
                                  .are_floats = end->is_float,
                                  .bias = end->bias[channel]};
  char* y = end->y + plane * end->plane + first;
  if (end->is_float) {
    olstm__requantize(1, count, sums, count, &by, end->bytes.zero, end->bytes.dtype, y);
    return;
  }
  for (int64_t i = 0; i < count; i += kBlock) {
    const int64_t size = count - i < kBlock ? count - i : kBlock;
    int32_t block[kBlock];
    to_integers(size, (const double*)sums + i, block);
    olstm__requantize(1, size, block, size, &by, end->bytes.zero, end->bytes.dtype,
                      y + i);
  }
}

/// All samples, as products of bytes.
static void run_products(const quantized_conv_op* self,
                         const quantized_conv_handle* handle,
                         const olstm_run_args* args) {
  const input_indices* at = &kInputs[code_of(self)];
  const olstm__byte_conv* conv = &handle->bytes;
  const bool is_integer = code_of(self) == kCodeInteger;
  const int64_t x_step =
      conv->groups * conv->channels * olstm__window_input_count(&conv->window);
  const int64_t y_step =
      conv->groups * conv->outputs * olstm__window_output_count(&conv->window);
  const olstm__quantize_operand x_zero =
      olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, at->x_zero);
  const olstm__quantize_operand w_zero =
      olstm__quantize_operand_of(&self->base, handle->descs, args->inputs, at->w_zero);
  ending end;
  if (!is_integer) end = make_ending(self, handle, args);
  for (int64_t i = 0; i < handle->plan.conv.batch; i++) {
    const olstm__byte_conv_args run = {
        .x = (const char*)args->inputs[0] + i * x_step,
        .packed = self->weight.memory,
        .x_zero = {x_zero.data, 0},
        .w_zero = {w_zero.data, w_zero.step},
        .bias = is_integer ? NULL : end.bias,
        .bytes = is_integer ? NULL : &end.bytes,
        .y = (char*)args->outputs[0] + i * y_step * (is_integer ? 4 : 1),
        .workspace = args->workspace,
        .parallel = args->parallel};
    olstm__byte_conv_run(conv, &run);
  }
}

static olstm_status quantized_conv_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  const quantized_conv_op* self = instance;
  const quantized_conv_handle* prepared = handle;
  const input_indices* at = &kInputs[code_of(self)];
  const bool is_integer = code_of(self) == kCodeInteger;
  const olstm__conv_plan* plan = &prepared->plan;
  const bool is_float = plan->conv.dtype == OLSTM_DTYPE_FLOAT;
  char* workspace = args->workspace;
  char* y = workspace + prepared->y_offset;
  const void* packed = self->reals.memory;
  ending end;
  (void)error;
  if (!args->outputs[0] || prepared->y_count == 0) return OLSTM_STATUS_OK;
  if (self->weight.memory) {
    run_products(self, prepared, args);
    return OLSTM_STATUS_OK;
  }
  const olstm__quantize_operand x_zero =
      olstm__quantize_operand_of(&self->base, prepared->descs, args->inputs, at->x_zero);
  take_off_zero(is_float, prepared->descs[0].dtype, 1,
                olstm_tensor_desc_count(&prepared->descs[0]), args->inputs[0], &x_zero,
                workspace);
  if (!packed) {
    const olstm__quantize_operand w_zero = olstm__quantize_operand_of(
        &self->base, prepared->descs, args->inputs, at->w_zero);
    packed = workspace + prepared->packed_offset;
    pack_reals(&plan->conv, &prepared->descs[at->w], args->inputs[at->w], &w_zero,
               workspace + prepared->w_offset, workspace + prepared->packed_offset);
  }
  if (!is_integer) end = make_ending(self, prepared, args);
  const olstm__conv_args run = {.x = workspace,
                                .packed = packed,
                                .y = y,
                                .workspace = workspace + prepared->kernel_offset,
                                .parallel = args->parallel,
                                .finish = is_integer ? NULL : store_sums,
                                .finish_context = &end};
  olstm__conv_run(plan, &run);
  if (!is_integer) return OLSTM_STATUS_OK;
  if (is_float) {
    olstm__convert(OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_INT32, y, args->outputs[0],
                   (size_t)prepared->y_count);
  } else {
    to_integers(prepared->y_count, (const double*)(const void*)y, args->outputs[0]);
  }
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

static const olstm__op_callbacks kCallbacks =
    OLSTM__OP_CALLBACKS_WITH_DESTROY(quantized_conv, quantized_conv_destroy);

#define ROW(type, schema) \
  OLSTM__OP_ROW(type, 10, 0, OLSTM__DTYPES_QUANTIZED_8, kCallbacks, schema)
static const olstm__op_row kTable[] = {ROW("ConvInteger", kInteger),
                                       ROW("QLinearConv", kQlinear)};

const olstm__op_family olstm__quantized_conv_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_FIRST};
