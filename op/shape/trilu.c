// Trilu: the upper or lower triangle of matrices, zeros elsewhere.
#include <string.h>

#include "op/shape/move_bytes.h"
#include "op/shape/shape_ops.h"

typedef struct trilu_op {
  olstm__op_base base;
  bool is_upper;
} trilu_op;

typedef struct trilu_handle {
  olstm__op_handle head;
  size_t matrix_count;
  int64_t rows;
  int64_t columns;
  size_t element_bytes;
} trilu_handle;

static olstm_status parse_trilu(void* instance, olstm_error* error) {
  trilu_op* op = instance;
  int64_t upper = 1;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "upper", 1, &upper, error));
  op->is_upper = upper != 0;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__trilu_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const trilu_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (input->rank < 2) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected at least 2 dimensions",
                          op->base.node->input_names[0], olstm_shape_text(input).text);
  }
  if (olstm_node_has_input(op->base.node, 1)) {
    const olstm_tensor_desc* k = &args->inputs[1]->desc;
    OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(
        &op->base, args, 1, OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error));
    if (olstm_tensor_desc_count(k) != 1) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected a scalar",
                            op->base.node->input_names[1], olstm_shape_text(k).text);
    }
  }
  out_outputs[0] = *input;
  return OLSTM_STATUS_OK;
}

enum { kUnitsPerRow = 96 };

olstm_status olstm__trilu_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(trilu_handle), &memory, error));
  trilu_handle* handle = memory;
  if (olstm_tensor_desc_count(input) > 0) {
    handle->matrix_count = 1;
    for (int32_t d = 0; d < input->rank - 2; d++) {
      handle->matrix_count *= (size_t)input->dims[d];
    }
  }
  handle->rows = input->dims[input->rank - 2];
  handle->columns = input->dims[input->rank - 1];
  handle->element_bytes = olstm_dtype_size(input->dtype);
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      "Trilu", args, (int64_t)handle->matrix_count * handle->rows, kUnitsPerRow);
  out_prepared->inplace_inputs = 1;
  return OLSTM_STATUS_OK;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

/// Keeps columns first..last-1 of a row.
static void keep_columns(char* target, const char* source, int64_t first, int64_t last,
                         const trilu_handle* trilu) {
  const size_t begin = (size_t)first * trilu->element_bytes;
  const size_t end = (size_t)last * trilu->element_bytes;
  const size_t bytes = (size_t)trilu->columns * trilu->element_bytes;
  if (begin > 0) memset(target, 0, begin);
  if (target != source) olstm__move_bytes(target + begin, source + begin, end - begin);
  if (end < bytes) memset(target + end, 0, bytes - end);
}

olstm_status olstm__trilu_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const trilu_op* op = instance;
  const trilu_handle* trilu = handle;
  const bool has_k = olstm_node_has_input(op->base.node, 1);
  const int64_t asked = has_k ? *(const int64_t*)args->inputs[1] : 0;
  // Beyond these bounds the whole matrix is kept or zeroed.
  const int64_t k = clamp(asked, -trilu->rows - 1, trilu->columns + 1);
  const size_t row_bytes = (size_t)trilu->columns * trilu->element_bytes;
  const char* source = args->inputs[0];
  char* target = args->outputs[0];
  (void)error;
  for (size_t m = 0; m < trilu->matrix_count; m++) {
    for (int64_t r = 0; r < trilu->rows; r++) {
      if (op->is_upper) {
        keep_columns(target, source, clamp(r + k, 0, trilu->columns), trilu->columns,
                     trilu);
      } else {
        keep_columns(target, source, 0, clamp(r + k + 1, 0, trilu->columns), trilu);
      }
      source += row_bytes;
      target += row_bytes;
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kUpper[] = {"upper", NULL};

const olstm__op_schema olstm__trilu_schema = {.arity = {1, 2, 1},
                                              .attributes = kUpper,
                                              .instance_bytes = sizeof(trilu_op),
                                              .parse = parse_trilu};
