// Range and EyeLike: tensors generated from a few numbers.
#include <math.h>
#include <string.h>

#include "op/shape/convert.h"
#include "op/shape/shape_ops.h"

/// A range as read: integers exactly, floating point as double.
typedef struct range_numbers {
  bool is_integer;
  int64_t start;
  int64_t limit;
  int64_t delta;
  double real_start;
  double real_limit;
  double real_delta;
} range_numbers;

typedef struct range_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  int64_t count;
  range_numbers numbers;
} range_handle;

static olstm_status read_numbers(const olstm__op_base* base, const olstm_infer_args* args,
                                 range_numbers* numbers, olstm_error* error) {
  int64_t* const integers[] = {&numbers->start, &numbers->limit, &numbers->delta};
  double* const reals[] = {&numbers->real_start, &numbers->real_limit,
                           &numbers->real_delta};
  const olstm_dtype dtype = args->inputs[0]->desc.dtype;
  numbers->is_integer = dtype != OLSTM_DTYPE_FLOAT && dtype != OLSTM_DTYPE_DOUBLE;
  for (size_t i = 0; i < 3; i++) {
    const olstm_tensor* tensor = args->inputs[i];
    OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(base, args, i, 0, error));
    if (olstm_tensor_desc_count(&tensor->desc) != 1) {
      return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected a scalar",
                            base->node->input_names[i],
                            olstm_shape_text(&tensor->desc).text);
    }
    if (!tensor->data) {
      return olstm__op_fail(base, error, OLSTM_STATUS_NEEDS_DATA,
                            "the values of input '%s' are not known yet",
                            base->node->input_names[i]);
    }
    olstm__convert(dtype, OLSTM_DTYPE_INT64, tensor->data, integers[i], 1);
    olstm__convert(dtype, OLSTM_DTYPE_DOUBLE, tensor->data, reals[i], 1);
  }
  return OLSTM_STATUS_OK;
}

/// How many numbers there are; as a double, which may be more than any tensor holds.
static double count_numbers(const range_numbers* n) {
  if (!n->is_integer) return ceil((n->real_limit - n->real_start) / n->real_delta);
  const bool up = n->delta > 0;
  if (up ? n->limit <= n->start : n->limit >= n->start) return 0;
  // Unsigned, because the span of two int64 does not fit one.
  const uint64_t span = up ? (uint64_t)n->limit - (uint64_t)n->start
                           : (uint64_t)n->start - (uint64_t)n->limit;
  const uint64_t step = up ? (uint64_t)n->delta : 0 - (uint64_t)n->delta;
  const uint64_t count = (span - 1) / step + 1;
  return (double)count;
}

olstm_status olstm__range_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__op_base* base = instance;
  range_numbers numbers = {0};
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(read_numbers(base, args, &numbers, error));
  if (numbers.is_integer ? numbers.delta == 0 : numbers.real_delta == 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE, "delta is 0");
  }
  const double count = count_numbers(&numbers);
  if (count != count || count > 0x1p60) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                          "the range from %g to %g by %g is too large",
                          numbers.real_start, numbers.real_limit, numbers.real_delta);
  }
  out_outputs[0] = (olstm_tensor_desc){
      args->inputs[0]->desc.dtype, 1, {count > 0 ? (int64_t)count : 0}};
  return olstm__op_check_output(base, &out_outputs[0], error);
}

olstm_status olstm__range_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  range_numbers numbers = {0};
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(read_numbers(instance, &known, &numbers, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(range_handle), &memory, error));
  range_handle* handle = memory;
  handle->dtype = args->outputs[0].dtype;
  handle->count = args->outputs[0].dims[0];
  handle->numbers = numbers;
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__range_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const range_handle* range = handle;
  const range_numbers* n = &range->numbers;
  void* output = args->outputs[0];
  (void)instance;
  (void)error;
  for (int64_t i = 0; i < range->count; i++) {
    const int64_t value =
        (int64_t)((uint64_t)n->start + (uint64_t)i * (uint64_t)n->delta);
    const double real = n->real_start + (double)i * n->real_delta;
    switch (range->dtype) {
      case OLSTM_DTYPE_FLOAT:
        ((float*)output)[i] = (float)real;
        break;
      case OLSTM_DTYPE_DOUBLE:
        ((double*)output)[i] = real;
        break;
      case OLSTM_DTYPE_INT16:
        ((int16_t*)output)[i] = (int16_t)value;
        break;
      case OLSTM_DTYPE_INT32:
        ((int32_t*)output)[i] = (int32_t)value;
        break;
      default:
        ((int64_t*)output)[i] = value;
        break;
    }
  }
  return OLSTM_STATUS_OK;
}

typedef struct eye_op {
  olstm__op_base base;
  int64_t dtype;
  int64_t k;
} eye_op;

typedef struct eye_handle {
  olstm__op_handle head;
  int64_t rows;
  int64_t columns;
  size_t element_bytes;
  _Alignas(uint64_t) uint8_t one[8];
} eye_handle;

static olstm_status parse_eye(void* instance, olstm_error* error) {
  eye_op* op = instance;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "dtype", 0, &op->dtype, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "k", 0, &op->k, error));
  const bool fits = op->dtype >= 0 && op->dtype <= OLSTM_DTYPE_BFLOAT16;
  const olstm_dtype dtype = fits ? (olstm_dtype)op->dtype : -1;
  if (dtype == 0 || olstm__can_convert(dtype, dtype)) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "dtype=%" PRId64 " (%s) is not supported", op->dtype,
                        olstm_dtype_name(dtype));
}

olstm_status olstm__eye_like_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error) {
  const eye_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (input->rank != 2) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected 2 dimensions",
                          op->base.node->input_names[0], olstm_shape_text(input).text);
  }
  out_outputs[0] = *input;
  if (op->dtype) out_outputs[0].dtype = (olstm_dtype)op->dtype;
  return olstm__op_check_output(&op->base, &out_outputs[0], error);
}

olstm_status olstm__eye_like_prepare(void* instance, const olstm_prepare_args* args,
                                     olstm_prepared* out_prepared, olstm_error* error) {
  const uint8_t one = 1;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(eye_handle), &memory, error));
  eye_handle* handle = memory;
  handle->rows = args->outputs[0].dims[0];
  handle->columns = args->outputs[0].dims[1];
  handle->element_bytes = olstm_dtype_size(args->outputs[0].dtype);
  olstm__convert(OLSTM_DTYPE_UINT8, args->outputs[0].dtype, &one, handle->one, 1);
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__eye_like_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error) {
  const eye_op* op = instance;
  const eye_handle* eye = handle;
  char* output = args->outputs[0];
  (void)error;
  if (!output) return OLSTM_STATUS_OK;
  memset(output, 0, (size_t)(eye->rows * eye->columns) * eye->element_bytes);
  if (op->k <= -eye->rows || op->k >= eye->columns) return OLSTM_STATUS_OK;
  for (int64_t r = op->k < 0 ? -op->k : 0; r < eye->rows && r + op->k < eye->columns;
       r++) {
    memcpy(output + (size_t)(r * eye->columns + r + op->k) * eye->element_bytes, eye->one,
           eye->element_bytes);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kEye[] = {"dtype", "k", NULL};

const olstm__op_schema olstm__range_schema = {.arity = {3, 3, 1},
                                              .instance_bytes = sizeof(olstm__op_base)};
const olstm__op_schema olstm__eye_like_schema = {.arity = {1, 1, 1},
                                                 .attributes = kEye,
                                                 .instance_bytes = sizeof(eye_op),
                                                 .parse = parse_eye};
