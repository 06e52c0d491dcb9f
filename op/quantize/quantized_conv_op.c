// ConvInteger and QLinearConv: convolutions of quantized tensors, as products of bytes
// where weights are constant and channels are many, else on integers held in float, where
// sums fit, or double. Pads are x's zero point.
#include <math.h>

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
  olstm__packed_memory weight;
} quantized_conv_op;

typedef struct quantized_conv_handle {
  olstm__op_handle head;
  olstm__conv_plan plan;
  olstm_tensor_desc descs[kMaxInputs];
  olstm_dtype y_dtype;
  int64_t y_count;
  olstm__byte_conv bytes;
  size_t packed_bytes;
  /// Offsets in the workspace. Products of bytes have theirs at its beginning, and sums
  /// at y_offset; else it begins with x, and all holds floats or doubles.
  size_t w_offset;
  size_t packed_offset;
  size_t y_offset;
  size_t kernel_offset;
  /// Of floats, as integers.
  size_t sums_offset;
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

/// Packs weights that are constant and worth it; what is wrong with them is said later.
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
  if (!olstm__byte_conv_is_fit(&conv)) return OLSTM_STATUS_OK;
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

static bool lay_out(const quantized_conv_op* self, quantized_conv_handle* handle,
                    size_t* out_bytes) {
  const olstm_tensor_desc* w = &handle->descs[kInputs[code_of(self)].w];
  size_t x_offset = 0;
  *out_bytes = 0;
  if (self->weight.memory) {
    size_t bytes = 0;
    return olstm__byte_conv_workspace_bytes(&handle->bytes, &bytes) &&
           olstm__op_add_part(out_bytes, 1, bytes, &x_offset) &&
           olstm__op_add_part(out_bytes, (size_t)handle->y_count, sizeof(int32_t),
                              &handle->y_offset);
  }
  const size_t size = olstm_dtype_size(handle->plan.conv.dtype);
  return olstm__op_add_part(out_bytes, (size_t)olstm_tensor_desc_count(&handle->descs[0]),
                            size, &x_offset) &&
         olstm__op_add_part(out_bytes, (size_t)olstm_tensor_desc_count(w), size,
                            &handle->w_offset) &&
         olstm__op_add_part(out_bytes, (size_t)handle->y_count, size,
                            &handle->y_offset) &&
         olstm__op_add_part(out_bytes, (size_t)handle->y_count, sizeof(int32_t),
                            &handle->sums_offset) &&
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
  // Floats hold sums of so few products, each of two magnitudes up to 255.
  const bool is_float =
      conv.input_channels * (olstm_tensor_desc_count(w) / w->dims[0] / w->dims[1]) <=
      (1 << 24) / (255 * 255);
  conv.dtype = is_float ? OLSTM_DTYPE_FLOAT : OLSTM_DTYPE_DOUBLE;
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

/// Adds a bias to the sums of a plane, and quantizes them again, from doubles or
/// integers.
typedef struct plane_sums {
  const double* doubles;  // NULL: integers
  const int32_t* integers;
  int64_t size;
  uint32_t bias;
  double factor;
  float zero;
  olstm_dtype dtype;
} plane_sums;

static void store_plane(const plane_sums* plane, char* y) {
  enum { kBlock = 512 };
  const olstm__byte_factors by = {&plane->factor, 0, isfinite(plane->factor) != 0,
                                  (int32_t)plane->bias};
  if (!plane->doubles) {
    olstm__requantize(plane->size, plane->integers, &by, plane->zero, plane->dtype, y);
    return;
  }
  for (int64_t i = 0; i < plane->size; i += kBlock) {
    const int64_t count = plane->size - i < kBlock ? plane->size - i : kBlock;
    int32_t block[kBlock];
    to_integers(count, plane->doubles + i, block);
    // Elements are one byte.
    olstm__requantize(count, block, &by, plane->zero, plane->dtype, y + i);
  }
}

/// Sums are quantized again, plane by plane: scales are by channel. From doubles, or from
/// integers where those are NULL.
static void store_planes(const quantized_conv_op* self,
                         const quantized_conv_handle* handle, const olstm_run_args* args,
                         const double* doubles, const int32_t* integers) {
  const input_indices* at = &kInputs[code_of(self)];
  const olstm__op_base* base = &self->base;
  const int64_t channels = handle->plan.conv.groups * handle->plan.conv.output_channels;
  const int64_t size = olstm__window_output_count(&handle->plan.conv.window);
  olstm__quantize_operand operands[5];
  const size_t indices[] = {at->x_scale, at->w_scale, at->y_scale, at->y_zero, at->bias};
  for (size_t i = 0; i < 5; i++) {
    operands[i] =
        olstm__quantize_operand_of(base, handle->descs, args->inputs, indices[i]);
  }
  const float zero = (float)olstm__quantize_operand_get(&operands[3], 0);
  for (int64_t p = 0; p < handle->plan.conv.batch * channels; p++) {
    const plane_sums plane = {
        .doubles = doubles ? doubles + p * size : NULL,
        .integers = doubles ? NULL : integers + p * size,
        .size = size,
        .bias =
            (uint32_t)(int64_t)olstm__quantize_operand_get(&operands[4], p % channels),
        .factor = olstm__quantize_operand_get(&operands[0], 0) *
                  olstm__quantize_operand_get(&operands[1], p % channels) /
                  olstm__quantize_operand_get(&operands[2], 0),
        .zero = zero,
        .dtype = handle->y_dtype};
    store_plane(&plane, (char*)args->outputs[0] + p * size);
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
  int32_t* sums = (int32_t*)(is_integer ? args->outputs[0]
                                        : (char*)args->workspace + handle->y_offset);
  for (int64_t i = 0; i < handle->plan.conv.batch; i++) {
    const olstm__byte_conv_args run = {.x = (const char*)args->inputs[0] + i * x_step,
                                       .packed = self->weight.memory,
                                       .x_zero = {x_zero.data, 0},
                                       .w_zero = {w_zero.data, w_zero.step},
                                       .y = sums + i * y_step,
                                       .workspace = args->workspace,
                                       .parallel = args->parallel};
    olstm__byte_conv_run(conv, &run);
  }
  if (!is_integer) store_planes(self, handle, args, NULL, sums);
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

static olstm_status quantized_conv_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  const quantized_conv_op* self = instance;
  const quantized_conv_handle* prepared = handle;
  const input_indices* at = &kInputs[code_of(self)];
  const olstm_tensor_desc* w_desc = &prepared->descs[at->w];
  char* workspace = args->workspace;
  char* x = workspace;
  char* w = workspace + prepared->w_offset;
  char* y = workspace + prepared->y_offset;
  const bool is_float = prepared->plan.conv.dtype == OLSTM_DTYPE_FLOAT;
  (void)error;
  if (!args->outputs[0] || prepared->y_count == 0) return OLSTM_STATUS_OK;
  if (self->weight.memory) {
    run_products(self, prepared, args);
    return OLSTM_STATUS_OK;
  }
  const olstm__quantize_operand x_zero =
      olstm__quantize_operand_of(&self->base, prepared->descs, args->inputs, at->x_zero);
  const olstm__quantize_operand w_zero =
      olstm__quantize_operand_of(&self->base, prepared->descs, args->inputs, at->w_zero);
  take_off_zero(is_float, prepared->descs[0].dtype, 1,
                olstm_tensor_desc_count(&prepared->descs[0]), args->inputs[0], &x_zero,
                x);
  take_off_zero(is_float, w_desc->dtype, w_desc->dims[0],
                olstm_tensor_desc_count(w_desc) / w_desc->dims[0], args->inputs[at->w],
                &w_zero, w);
  olstm__conv_pack(&prepared->plan.conv, w, workspace + prepared->packed_offset);
  const olstm__conv_args run = {.x = x,
                                .packed = workspace + prepared->packed_offset,
                                .y = y,
                                .workspace = workspace + prepared->kernel_offset,
                                .parallel = args->parallel};
  olstm__conv_run(&prepared->plan, &run);
  const double* doubles = (const double*)(const void*)y;
  if (code_of(self) == kCodeInteger && !is_float) {
    to_integers(prepared->y_count, doubles, args->outputs[0]);
    return OLSTM_STATUS_OK;
  }
  int32_t* sums = code_of(self) == kCodeInteger
                      ? args->outputs[0]
                      : (void*)(workspace + prepared->sums_offset);
  if (is_float) {
    olstm__convert(OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_INT32, y, sums,
                   (size_t)prepared->y_count);
  }
  if (code_of(self) != kCodeInteger) {
    store_planes(self, prepared, args, is_float ? NULL : doubles, sums);
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

#define ROW(type, schema)                                                       \
  {                                                                             \
    .struct_size = sizeof(olstm_operator), .domain = "", .op_type = type,       \
    .first_opset = 10, .dtypes = OLSTM__DTYPES_QUANTIZED_8, .variant = &schema, \
    .create = olstm__op_create_schema, .infer = quantized_conv_infer,           \
    .prepare = quantized_conv_prepare, .run = quantized_conv_run,               \
    .release = olstm__op_release_handle, .destroy = quantized_conv_destroy,     \
  }
static const olstm_operator kOperators[] = {ROW("ConvInteger", kInteger),
                                            ROW("QLinearConv", kQlinear)};

const olstm__op_family olstm__quantized_conv_family = {
    OLSTM__OPERATORS(kOperators),
    .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_FIRST};
