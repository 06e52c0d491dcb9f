// QuantizeLinear and DequantizeLinear: one scale and zero point for the tensor, for each
// index of an axis (opset 13), or for each block along it (opset 21).
#include <math.h>
#include <string.h>

#include "op/elementwise/compute_type.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/pieces.h"
#include "op/quantize/quantize_bytes.h"

#define QUANTIZED_DTYPES                                                    \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT8) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT8) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT16) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT16))
#define INT32_BIT OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32)

enum { kCodeQuantize, kCodeDequantize };

typedef struct quantize_op {
  olstm__op_base base;
  int64_t axis;
  /// 0: no blocks.
  int64_t block_size;
  /// UNDEFINED where the attribute does not say.
  olstm_dtype output_dtype;
} quantize_op;

/// x as [outer, rows, inner] with scales along the rows.
typedef struct quantize_handle {
  olstm__op_handle head;
  olstm_dtype x_dtype;
  olstm_dtype y_dtype;
  olstm_dtype scale_dtype;
  /// What is computed in: float, or double for int32.
  olstm__compute_type compute_type;
  int64_t outer;
  int64_t rows;
  int64_t inner;
  /// Scales: one for the tensor, one per row, a row of them for every row (those of the
  /// last axis), or a row of them per block of rows.
  enum { kScaleTensor, kScaleAxis, kScaleLast, kScaleBlock } granularity;
  int64_t block_count;
  /// With a scale per row: elements of the last of every block_count rows, a block that
  /// may be shorter than the others.
  int64_t last_inner;
  /// For pieces: of rows, or of elements where all have one scale.
  int64_t item_count;
  int64_t item_elements;
} quantize_handle;

static int32_t code_of(const quantize_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status parse(void* instance, olstm_error* error) {
  quantize_op* self = instance;
  const olstm_node* node = self->base.node;
  int64_t dtype = OLSTM_DTYPE_UNDEFINED;
  int64_t precision = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "axis", 1, &self->axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "block_size", 0, &self->block_size, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "output_dtype", dtype, &dtype, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "precision", 0, &precision, error));
  const uint64_t known =
      code_of(self) == kCodeQuantize ? QUANTIZED_DTYPES : OLSTM__DTYPES_REAL;
  if (dtype != OLSTM_DTYPE_UNDEFINED &&
      (dtype < 0 || dtype >= 64 || !(known & OLSTM_DTYPE_BIT(dtype)))) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "output_dtype=%" PRId64 " is not supported", dtype);
  }
  if (precision != 0 && precision != OLSTM_DTYPE_FLOAT) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "precision=%" PRId64 " is not supported", precision);
  }
  if (self->block_size < 0) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute block_size is %" PRId64 ", expected 0 or more",
                          self->block_size);
  }
  self->output_dtype = (olstm_dtype)dtype;
  return OLSTM_STATUS_OK;
}

static bool has_zero_point(const olstm_node* node) {
  return olstm_node_has_input(node, 2);
}

/// Fills the shape part of a handle.
static olstm_status find_scales(const quantize_op* self, const olstm_tensor_desc* x,
                                const olstm_tensor_desc* scale, quantize_handle* out,
                                olstm_error* error) {
  int32_t axis = 0;
  *out = (quantize_handle){.head = out->head, .outer = 1, .rows = 1, .inner = 1};
  if (olstm_tensor_desc_count(scale) == 1 && self->block_size == 0 && scale->rank <= 1) {
    out->inner = olstm_tensor_desc_count(x);
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "attribute axis",
                                                 self->axis, x->rank, &axis, error));
  for (int32_t d = 0; d < x->rank; d++) {
    *(d < axis ? &out->outer : d == axis ? &out->rows : &out->inner) *= x->dims[d];
  }
  bool fits = false;
  if (self->block_size == 0) {
    out->granularity = kScaleAxis;
    out->last_inner = out->inner;
    fits = scale->rank == 1 && scale->dims[0] == x->dims[axis];
    if (out->inner == 1) {
      out->granularity = kScaleLast;
      out->inner = out->rows;
      out->rows = 1;
    }
  } else {
    olstm_tensor_desc expected = *x;
    out->granularity = kScaleBlock;
    out->block_count =
        x->dims[axis] / self->block_size + (x->dims[axis] % self->block_size != 0);
    expected.dims[axis] = out->block_count;
    fits = olstm_tensor_desc_same_shape(scale, &expected);
    if (out->inner == 1 && out->rows > 0) {
      // Blocks lie one after the other, as their scales do.
      out->granularity = kScaleAxis;
      out->inner = self->block_size;
      out->last_inner = out->rows - (out->block_count - 1) * self->block_size;
      out->rows = out->outer * out->block_count;
      out->outer = 1;
    }
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, which does not fit '%s' with shape %s",
                        self->base.node->input_names[1], olstm_shape_text(scale).text,
                        self->base.node->input_names[0], olstm_shape_text(x).text);
}

static olstm_status check_zero_point(const quantize_op* self,
                                     const olstm_infer_args* args, olstm_error* error) {
  const olstm_node* node = self->base.node;
  const olstm_tensor_desc* scale = &args->inputs[1]->desc;
  if (!has_zero_point(node)) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* zero = &args->inputs[2]->desc;
  if (code_of(self) == kCodeDequantize) {
    OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, 2, 0, error));
  } else {
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(&self->base, args, 2, QUANTIZED_DTYPES, error));
  }
  if (olstm_tensor_desc_same_shape(zero, scale) ||
      (olstm_tensor_desc_count(zero) == 1 && olstm_tensor_desc_count(scale) == 1)) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected %s as input '%s' has",
                        node->input_names[2], olstm_shape_text(zero).text,
                        olstm_shape_text(scale).text, node->input_names[1]);
}

static olstm_status quantize_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error) {
  const quantize_op* self = instance;
  const bool quantizes = code_of(self) == kCodeQuantize;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  quantize_handle shape = {.outer = 0};
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 1, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(check_zero_point(self, args, error));
  OLSTM_RETURN_IF_ERROR(find_scales(self, x, &args->inputs[1]->desc, &shape, error));
  out_outputs[0] = *x;
  if (self->output_dtype != OLSTM_DTYPE_UNDEFINED) {
    out_outputs[0].dtype = self->output_dtype;
  } else if (!quantizes) {
    out_outputs[0].dtype = args->inputs[1]->desc.dtype;
  } else {
    out_outputs[0].dtype =
        has_zero_point(self->base.node) ? args->inputs[2]->desc.dtype : OLSTM_DTYPE_UINT8;
  }
  if (quantizes && has_zero_point(self->base.node) &&
      out_outputs[0].dtype != args->inputs[2]->desc.dtype) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                          "input '%s' has dtype %s, but output_dtype says %s",
                          self->base.node->input_names[2],
                          olstm_dtype_name(args->inputs[2]->desc.dtype),
                          olstm_dtype_name(out_outputs[0].dtype));
  }
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

static olstm_status quantize_prepare(void* instance, const olstm_prepare_args* args,
                                     olstm_prepared* out_prepared, olstm_error* error) {
  enum { kUnitsPerRun = 1200, kUnitsPerHalf = 16 };
  const quantize_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  const olstm_tensor_desc* scale = &args->inputs[1]->desc;
  quantize_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  const olstm_status status = find_scales(self, x, scale, handle, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  handle->x_dtype = x->dtype;
  handle->y_dtype = args->outputs[0].dtype;
  handle->scale_dtype = scale->dtype;
  // The quotient of floats is rounded to float before it is rounded to an integer.
  handle->compute_type = x->dtype == OLSTM_DTYPE_INT32 ||
                                 x->dtype == OLSTM_DTYPE_DOUBLE ||
                                 scale->dtype == OLSTM_DTYPE_DOUBLE
                             ? OLSTM__COMPUTE_F64
                             : OLSTM__COMPUTE_F32;
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(self->base.self->op_type, args,
                                              handle->outer * handle->rows, kUnitsPerRun);
  if (handle->y_dtype == OLSTM_DTYPE_FLOAT16 || handle->y_dtype == OLSTM_DTYPE_BFLOAT16) {
    out_prepared->work = olstm__op_work_sum(
        out_prepared->work,
        olstm__op_work(olstm_tensor_desc_count(x), kUnitsPerHalf, 1, 1));
  }
  handle->item_count = handle->granularity == kScaleTensor ? olstm_tensor_desc_count(x)
                                                           : handle->outer * handle->rows;
  handle->item_elements = olstm__piece_elements(out_prepared->work, handle->item_count);
  return OLSTM_STATUS_OK;
}

/// Doubles, of which the quotient of two floats is taken in float.
static void quantize_block(olstm__compute_type compute_type, int64_t count,
                           double* values, const double* scales, const double* zeros,
                           int64_t step) {
  for (int64_t i = 0; i < count; i++) {
    const double scale = scales[i * step];
    const double quotient = compute_type == OLSTM__COMPUTE_F32
                                ? (double)((float)values[i] / (float)scale)
                                : values[i] / scale;
    values[i] = rint(quotient) + zeros[i * step];
  }
}

static void dequantize_block(int64_t count, double* values, const double* scales,
                             const double* zeros, int64_t step) {
  for (int64_t i = 0; i < count; i++) {
    values[i] = (values[i] - zeros[i * step]) * scales[i * step];
  }
}

/// Rows of `inner` elements, and their operands: a scale and a zero point for each row,
/// or, with step 1, for each element of the only row.
typedef struct run_operands {
  int64_t rows, inner;
  const char* scales;
  const char* zeros;  // NULL: 0
  olstm_dtype zero_dtype;
  int64_t step;
} run_operands;

static void run_block(bool quantizes, int64_t rows, int64_t count, const char* x,
                      const olstm__byte_scale* by, olstm_dtype whole, char* y) {
  if (quantizes) {
    olstm__quantize_bytes(rows, count, (const float*)(const void*)x, by, whole, y);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    const olstm__byte_scale own = {by->scales + r, by->zeros + r, by->step};
    olstm__dequantize_bytes(count, x, &own, whole, (float*)(void*)y);
    x += (size_t)count * olstm_dtype_size(whole);
    y += (size_t)count * sizeof(float);
  }
}

/// Floats to integers of 8 or 16 bits, or those or int32 to floats, with scales that are
/// floats: with the same results as by way of doubles. Zero points are made floats a
/// block at a time. False where it is not that.
static bool run_floats(const quantize_op* self, const quantize_handle* handle,
                       const run_operands* operands, const char* x, char* y) {
  const bool quantizes = code_of(self) == kCodeQuantize;
  const olstm_dtype whole = quantizes ? handle->y_dtype : handle->x_dtype;
  const size_t x_bytes = olstm_dtype_size(handle->x_dtype);
  const size_t y_bytes = olstm_dtype_size(handle->y_dtype);
  const float* scales = (const float*)(const void*)operands->scales;
  const int64_t step = operands->step;
  float zeros[OLSTM__COMPUTE_BLOCK];
  if ((quantizes ? handle->x_dtype : handle->y_dtype) != OLSTM_DTYPE_FLOAT ||
      handle->scale_dtype != OLSTM_DTYPE_FLOAT ||
      (operands->zeros &&
       (whole == OLSTM_DTYPE_INT32 || operands->zero_dtype != whole))) {
    return false;
  }
  const int64_t operand_count = step ? operands->inner : operands->rows;
  for (int64_t begin = 0; begin < operand_count; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(operand_count - begin);
    const size_t at = (size_t)(step ? begin : begin * operands->inner);
    if (operands->zeros) {
      olstm__compute_load(OLSTM__COMPUTE_F32, whole, count,
                          operands->zeros + (size_t)begin * olstm_dtype_size(whole),
                          zeros);
    } else {
      memset(zeros, 0, (size_t)count * sizeof *zeros);
    }
    const olstm__byte_scale by = {scales + begin, zeros, step};
    run_block(quantizes, step ? 1 : count, step ? count : operands->inner,
              x + at * x_bytes, &by, whole, y + at * y_bytes);
  }
  return true;
}

/// One row, by way of doubles.
static void run_row(const quantize_op* self, const quantize_handle* handle,
                    const run_operands* operands, const char* x, char* y) {
  const size_t x_bytes = olstm_dtype_size(handle->x_dtype);
  const size_t y_bytes = olstm_dtype_size(handle->y_dtype);
  const size_t scale_bytes = olstm_dtype_size(handle->scale_dtype);
  const size_t zero_bytes = operands->zeros ? olstm_dtype_size(operands->zero_dtype) : 0;
  double values[OLSTM__COMPUTE_BLOCK];
  double scales[OLSTM__COMPUTE_BLOCK];
  double zeros[OLSTM__COMPUTE_BLOCK] = {0};
  for (int64_t begin = 0; begin < operands->inner; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(operands->inner - begin);
    const int64_t operand_count = operands->step ? count : 1;
    const size_t operand = (size_t)(begin * operands->step);
    olstm__compute_load(OLSTM__COMPUTE_F64, handle->x_dtype, count,
                        x + (size_t)begin * x_bytes, values);
    olstm__compute_load(OLSTM__COMPUTE_F64, handle->scale_dtype, operand_count,
                        operands->scales + operand * scale_bytes, scales);
    if (operands->zeros) {
      olstm__compute_load(OLSTM__COMPUTE_F64, operands->zero_dtype, operand_count,
                          operands->zeros + operand * zero_bytes, zeros);
    }
    if (code_of(self) == kCodeQuantize) {
      quantize_block(handle->compute_type, count, values, scales, zeros, operands->step);
    } else {
      dequantize_block(count, values, scales, zeros, operands->step);
    }
    olstm__compute_store(OLSTM__COMPUTE_F64, handle->y_dtype, count, values,
                         y + (size_t)begin * y_bytes);
  }
}

/// Finds the rows from `row` on that are run together.
static void find_rows(const quantize_handle* handle, int64_t row, run_operands* out) {
  out->rows = 1;
  out->inner = handle->inner;
  if (handle->granularity != kScaleAxis) return;
  out->rows = handle->rows - row;
  if (handle->last_inner == handle->inner) return;
  out->rows = handle->block_count - 1 - row % handle->block_count;
  if (out->rows > 0) return;
  out->rows = 1;
  out->inner = handle->last_inner;
}

/// The first element of a row, counted over all.
static int64_t find_row(const quantize_handle* handle, int64_t row) {
  int64_t shorter = 0;
  if (handle->granularity == kScaleAxis && handle->last_inner != handle->inner) {
    shorter = row / handle->block_count * (handle->inner - handle->last_inner);
  }
  return row * handle->inner - shorter;
}

/// One run, of which rows are done at a time; or elements where all have one scale.
typedef struct quantize_task {
  const quantize_op* self;
  const quantize_handle* handle;
  const olstm_run_args* args;
} quantize_task;

static void run_rows(void* argument, int64_t begin, int64_t end) {
  const quantize_task* run = argument;
  const quantize_op* self = run->self;
  const quantize_handle* handle = run->handle;
  const bool is_whole = handle->granularity == kScaleTensor;
  const bool blocks = handle->granularity == kScaleBlock;
  const size_t scale_bytes = olstm_dtype_size(handle->scale_dtype);
  run_operands operands = {
      .zero_dtype = code_of(self) == kCodeQuantize ? handle->y_dtype : handle->x_dtype,
      .step = blocks || handle->granularity == kScaleLast ? 1 : 0};
  for (int64_t row = begin; row < end; row += is_whole ? end : operands.rows) {
    const int64_t o = row / handle->rows, r = row % handle->rows;
    const size_t index =
        (size_t)(blocks ? (o * handle->block_count + r / self->block_size) * handle->inner
                 : handle->granularity == kScaleAxis ? r
                                                     : 0);
    const int64_t first = is_whole ? begin : find_row(handle, row);
    operands.scales = (const char*)run->args->inputs[1] + index * scale_bytes;
    operands.zeros = has_zero_point(self->base.node)
                         ? (const char*)run->args->inputs[2] +
                               index * olstm_dtype_size(operands.zero_dtype)
                         : NULL;
    find_rows(handle, r, &operands);
    if (operands.rows > end - row) operands.rows = end - row;
    if (is_whole) operands.inner = end - begin;
    const char* x = (const char*)run->args->inputs[0] +
                    (size_t)first * olstm_dtype_size(handle->x_dtype);
    char* y =
        (char*)run->args->outputs[0] + (size_t)first * olstm_dtype_size(handle->y_dtype);
    if (run_floats(self, handle, &operands, x, y)) continue;
    operands.rows = 1;
    run_row(self, handle, &operands, x, y);
  }
}

static olstm_status quantize_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error) {
  const quantize_handle* prepared = handle;
  quantize_task run = {instance, prepared, args};
  (void)error;
  if (args->outputs[0]) {
    olstm__pieces_run(args->parallel, prepared->item_count, prepared->item_elements,
                      run_rows, &run);
  }
  return OLSTM_STATUS_OK;
}

/// saturate concerns float8 only, which olstm does not support.
static const char* const kNone[] = {NULL};
static const char* const kAxis[] = {"axis", NULL};
static const char* const kQuantize19[] = {"axis", "saturate", NULL};
static const char* const kQuantize21[] = {"axis", "block_size", "output_dtype",
                                          "saturate", NULL};
static const char* const kQuantize23[] = {"axis",      "block_size", "output_dtype",
                                          "precision", "saturate",   NULL};
static const char* const kDequantize21[] = {"axis", "block_size", NULL};
static const char* const kDequantize23[] = {"axis", "block_size", "output_dtype", NULL};

#define SCHEMA(name, names, what)      \
  static const olstm__op_schema name = \
      OLSTM__OP_SCHEMA(2, 3, 1, names, quantize_op, parse, what)
SCHEMA(kQuantizeSchema10, kNone, kCodeQuantize);
SCHEMA(kQuantizeSchema13, kAxis, kCodeQuantize);
SCHEMA(kQuantizeSchema19, kQuantize19, kCodeQuantize);
SCHEMA(kQuantizeSchema21, kQuantize21, kCodeQuantize);
SCHEMA(kQuantizeSchema23, kQuantize23, kCodeQuantize);
SCHEMA(kDequantizeSchema10, kNone, kCodeDequantize);
SCHEMA(kDequantizeSchema13, kAxis, kCodeDequantize);
SCHEMA(kDequantizeSchema21, kDequantize21, kCodeDequantize);
SCHEMA(kDequantizeSchema23, kDequantize23, kCodeDequantize);

#define FROM (OLSTM__DTYPES_REAL | INT32_BIT)
#define TO (QUANTIZED_DTYPES | INT32_BIT)
static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(quantize);

#define ROW(type, first, last, dtypes, schema) \
  OLSTM__OP_ROW(type, first, last, dtypes, kCallbacks, schema)
static const olstm__op_row kTable[] = {
    ROW("QuantizeLinear", 10, 12, FROM, kQuantizeSchema10),
    ROW("QuantizeLinear", 13, 18, FROM, kQuantizeSchema13),
    ROW("QuantizeLinear", 19, 20, FROM, kQuantizeSchema19),
    ROW("QuantizeLinear", 21, 22, FROM, kQuantizeSchema21),
    ROW("QuantizeLinear", 23, 0, FROM, kQuantizeSchema23),
    ROW("DequantizeLinear", 10, 12, TO, kDequantizeSchema10),
    ROW("DequantizeLinear", 13, 20, TO, kDequantizeSchema13),
    ROW("DequantizeLinear", 21, 22, TO, kDequantizeSchema21),
    ROW("DequantizeLinear", 23, 0, TO, kDequantizeSchema23),
};

const olstm__op_family olstm__quantize_linear_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE};
