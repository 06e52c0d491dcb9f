// Concat: each input is a run of bytes in every row of the output.
#include "op/shape/shape_ops.h"
#include "op/shape/strided_copy.h"

enum { kAxisIsOptional = 1, kAxisIsRequired = 4 };

typedef struct concat_op {
  olstm__op_base base;
  int64_t axis;
} concat_op;

typedef struct concat_handle {
  olstm__op_handle head;
  size_t row_count;
  size_t row_bytes;
  size_t input_count;
  /// Whether two inputs give an element of four bytes each in turns.
  bool is_of_pairs;
  /// Bytes of each input in a row.
  size_t run_bytes[];
} concat_handle;

static olstm_status parse_concat(void* instance, olstm_error* error) {
  concat_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  const olstm_node* node = op->base.node;
  for (size_t i = 0; i < node->input_count; i++) {
    if (!olstm_node_has_input(node, i)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                            "input %zu is missing", i);
    }
  }
  if (schema->code == kAxisIsRequired && !olstm_node_find_attribute(node, "axis")) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute axis is missing");
  }
  return olstm_node_get_int(node, "axis", 1, &op->axis, error);
}

olstm_status olstm__concat_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const concat_op* op = instance;
  olstm_tensor_desc output = args->inputs[0]->desc;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, output.rank, &axis, error));
  for (size_t i = 1; i < args->input_count; i++) {
    const olstm_tensor_desc* input = &args->inputs[i]->desc;
    OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&op->base, args, i, 0, error));
    bool fits = input->rank == output.rank;
    for (int32_t d = 0; fits && d < output.rank; d++) {
      fits = d == axis || input->dims[d] == output.dims[d];
    }
    if (!fits) {
      return olstm__op_fail(
          &op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
          "input '%s' has shape %s, expected that of '%s' %s but for axis %d",
          op->base.node->input_names[i], olstm_shape_text(input).text,
          op->base.node->input_names[0], olstm_shape_text(&args->inputs[0]->desc).text,
          (int)axis);
    }
    // The sum of two dimensions of at most INT64_MAX does not exceed UINT64_MAX.
    const uint64_t sum = (uint64_t)output.dims[axis] + (uint64_t)input->dims[axis];
    if (sum > (uint64_t)INT64_MAX) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axis %d of the output is too large", (int)axis);
    }
    output.dims[axis] = (int64_t)sum;
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__concat_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const concat_op* op = instance;
  const olstm_tensor_desc* output = &args->outputs[0];
  int32_t axis = 0;
  size_t bytes = 0;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, output->rank, &axis, error));
  if (!olstm_size_multiply(args->input_count, sizeof(size_t), &bytes) ||
      !olstm_size_add(bytes, sizeof(concat_handle), &bytes)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(&op->base, bytes, &memory, error));
  concat_handle* handle = memory;
  handle->input_count = args->input_count;
  handle->is_of_pairs =
      args->input_count == 2 && olstm_dtype_size(output->dtype) == sizeof(uint32_t);
  if (olstm_tensor_desc_count(output) > 0) {
    size_t unit = olstm_dtype_size(output->dtype);
    handle->row_count = 1;
    for (int32_t d = 0; d < axis; d++) handle->row_count *= (size_t)output->dims[d];
    for (int32_t d = axis + 1; d < output->rank; d++) unit *= (size_t)output->dims[d];
    handle->row_bytes = unit * (size_t)output->dims[axis];
    for (size_t i = 0; i < args->input_count; i++) {
      handle->run_bytes[i] = unit * (size_t)args->inputs[i]->desc.dims[axis];
      if (handle->run_bytes[i] != sizeof(uint32_t)) handle->is_of_pairs = false;
    }
  }
  if (args->input_count == 1) out_prepared->view_of_input = 0;
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_copy_work(output, (int64_t)(handle->row_count * args->input_count) / 2);
  return OLSTM_STATUS_OK;
}

#define OMP_SIMD _Pragma("omp simd")
/// Elements of two inputs in turns: real and imaginary parts.
static void interleave(size_t count, const uint32_t* a, const uint32_t* b, uint32_t* to) {
  OMP_SIMD
  for (size_t i = 0; i < count; i++) {
    to[2 * i] = a[i];
    to[2 * i + 1] = b[i];
  }
}

olstm_status olstm__concat_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const concat_handle* concat = handle;
  size_t offset = 0;
  (void)instance;
  (void)error;
  if (concat->is_of_pairs) {
    interleave(concat->row_count, args->inputs[0], args->inputs[1], args->outputs[0]);
    return OLSTM_STATUS_OK;
  }
  for (size_t i = 0; i < concat->input_count; i++) {
    const size_t run_bytes = concat->run_bytes[i];
    if (run_bytes == 0) continue;
    const int64_t dims[] = {(int64_t)concat->row_count, (int64_t)run_bytes};
    const olstm__strided_view target = {(int64_t)offset, {(int64_t)concat->row_bytes, 1}};
    olstm__strided_view source;
    olstm__strided_copy copy;
    olstm__strided_view_init_dense(&source, 2, dims);
    olstm__strided_copy_init(&copy, 1, 2, dims, &source, &target);
    olstm__strided_copy_run(&copy, args->parallel, args->inputs[i], args->outputs[0]);
    offset += run_bytes;
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAxis[] = {"axis", NULL};

const olstm__op_schema olstm__concat_schema_1 = {.arity = {1, OLSTM__OP_ANY, 1},
                                                 .attributes = kAxis,
                                                 .instance_bytes = sizeof(concat_op),
                                                 .parse = parse_concat,
                                                 .code = kAxisIsOptional};
const olstm__op_schema olstm__concat_schema_4 = {.arity = {1, OLSTM__OP_ANY, 1},
                                                 .attributes = kAxis,
                                                 .instance_bytes = sizeof(concat_op),
                                                 .parse = parse_concat,
                                                 .code = kAxisIsRequired};
