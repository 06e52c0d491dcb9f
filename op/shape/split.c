// Split: each output is a run of bytes in every row of the input.
#include "op/shape/shape_ops.h"
#include "op/shape/strided_copy.h"

/// Where the sizes come from: an attribute, an input, or an input or num_outputs.
enum { kSizesAreAttribute = 2, kSizesAreInput = 13, kHasNumOutputs = 18 };

typedef struct split_op {
  olstm__op_base base;
  int64_t axis;
  /// 0 when absent.
  int64_t num_outputs;
  /// The attribute; NULL when absent. Borrowed from the node.
  const int64_t* sizes;
} split_op;

typedef struct split_handle {
  olstm__op_handle head;
  size_t row_count;
  size_t row_bytes;
  size_t output_count;
  /// Bytes of each output in a row; and, after them, where each begins in the first row.
  size_t run_bytes[];
} split_handle;

static olstm_status parse_split(void* instance, olstm_error* error) {
  split_op* op = instance;
  const olstm_node* node = op->base.node;
  size_t size_count = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "axis", 0, &op->axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_ints(node, "split", &op->sizes, &size_count, error));
  if (op->sizes && size_count != node->output_count) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "split has %zu values, expected %zu as there are outputs",
                          size_count, node->output_count);
  }
  if (!olstm_node_find_attribute(node, "num_outputs")) {
    const olstm__op_schema* schema = op->base.self->variant;
    if (schema->code != kHasNumOutputs || olstm_node_has_input(node, 1)) {
      return OLSTM_STATUS_OK;
    }
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "has neither an input split nor an attribute num_outputs");
  }
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "num_outputs", 0, &op->num_outputs, error));
  if (olstm_node_has_input(node, 1)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "has both an input split and an attribute num_outputs");
  }
  if (op->num_outputs != (int64_t)node->output_count) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "num_outputs is %" PRId64 ", expected %zu as there are outputs",
                          op->num_outputs, node->output_count);
  }
  return OLSTM_STATUS_OK;
}

/// The sizes of the attribute or the input; NULL when neither is there.
static olstm_status read_sizes(const split_op* op, const olstm_infer_args* args,
                               const int64_t** out_sizes, olstm_error* error) {
  *out_sizes = op->sizes;
  if (!olstm_node_has_input(op->base.node, 1)) return OLSTM_STATUS_OK;
  const char* name = op->base.node->input_names[1];
  const olstm_tensor_desc* desc = &args->inputs[1]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&op->base, args, 1,
                                              OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error));
  if (desc->rank != 1 || desc->dims[0] != (int64_t)args->output_count) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [%zu] as there are outputs",
                          name, olstm_shape_text(desc).text, args->output_count);
  }
  if (!olstm__op_knows_input(args, 1)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_NEEDS_DATA,
                          "the values of input '%s' are not known yet", name);
  }
  *out_sizes = args->inputs[1]->data;
  return OLSTM_STATUS_OK;
}

static olstm_status check_sizes(const split_op* op, const int64_t* sizes, size_t count,
                                int64_t dim, olstm_error* error) {
  int64_t left = dim;
  for (size_t i = 0; i < count; i++) {
    if (sizes[i] < 0 || sizes[i] > left) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "split has %" PRId64 " at position %zu, expected 0..%" PRId64,
                            sizes[i], i, left);
    }
    left -= sizes[i];
  }
  if (left == 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                        "the sizes in split sum up to %" PRId64 ", expected %" PRId64,
                        dim - left, dim);
}

/// The size of output `index`. With num_outputs the last may be smaller than the others;
/// without it, and without sizes, all are equal.
static int64_t get_size(const split_op* op, const int64_t* sizes, int64_t dim,
                        int64_t count, int64_t index) {
  const int64_t each = dim / count + (op->num_outputs && dim % count ? 1 : 0);
  if (sizes) return sizes[index];
  return index < count - 1 ? each : dim - each * (count - 1);
}

olstm_status olstm__split_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const split_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const int64_t count = (int64_t)args->output_count;
  const int64_t* sizes = NULL;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, input->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(read_sizes(op, args, &sizes, error));
  const int64_t dim = input->dims[axis];
  if (sizes) {
    OLSTM_RETURN_IF_ERROR(check_sizes(op, sizes, args->output_count, dim, error));
  } else if (op->num_outputs ? get_size(op, NULL, dim, count, count - 1) < 0
                             : dim % count != 0) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, axis %d does not split into %zu",
                          op->base.node->input_names[0], olstm_shape_text(input).text,
                          (int)axis, args->output_count);
  }
  for (int64_t i = 0; i < count; i++) {
    out_outputs[i] = *input;
    out_outputs[i].dims[axis] = get_size(op, sizes, dim, count, i);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__split_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const split_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  const int64_t count = (int64_t)args->output_count;
  const int64_t* sizes = NULL;
  int32_t axis = 0;
  void* memory = NULL;
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, input->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(read_sizes(op, &known, &sizes, error));
  if (!olstm_size_multiply(args->output_count, 2 * sizeof(size_t), &bytes) ||
      !olstm_size_add(bytes, sizeof(split_handle), &bytes)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(&op->base, bytes, &memory, error));
  split_handle* handle = memory;
  handle->output_count = args->output_count;
  if (olstm_tensor_desc_count(input) > 0) {
    const int64_t dim = input->dims[axis];
    size_t unit = olstm_dtype_size(input->dtype);
    handle->row_count = 1;
    for (int32_t d = 0; d < axis; d++) handle->row_count *= (size_t)input->dims[d];
    for (int32_t d = axis + 1; d < input->rank; d++) unit *= (size_t)input->dims[d];
    handle->row_bytes = unit * (size_t)dim;
    size_t* offsets = handle->run_bytes + count;
    size_t offset = 0;
    for (int64_t i = 0; i < count; i++) {
      handle->run_bytes[i] = unit * (size_t)get_size(op, sizes, dim, count, i);
      offsets[i] = offset;
      offset += handle->run_bytes[i];
    }
    if (handle->row_count == 1) olstm__op_give_parts(out_prepared, 0, offsets);
  }
  if (count == 1 && olstm_node_has_output(op->base.node, 0)) {
    out_prepared->view_of_input = 0;
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_copy_work(input, (int64_t)handle->row_count * count);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__split_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const split_handle* split = handle;
  size_t offset = 0;
  (void)instance;
  (void)error;
  for (size_t i = 0; i < split->output_count; i++) {
    const size_t run_bytes = split->run_bytes[i];
    char* target = args->outputs[i];
    if (target && run_bytes) {
      const int64_t dims[] = {(int64_t)split->row_count, (int64_t)run_bytes};
      const olstm__strided_view source = {(int64_t)offset,
                                          {(int64_t)split->row_bytes, 1}};
      olstm__strided_view dense;
      olstm__strided_copy copy;
      olstm__strided_view_init_dense(&dense, 2, dims);
      olstm__strided_copy_init(&copy, 1, 2, dims, &source, &dense);
      olstm__strided_copy_run(&copy, args->parallel, args->inputs[0], target);
    }
    offset += run_bytes;
  }
  return OLSTM_STATUS_OK;
}

static const char* const kSplit[] = {"axis", "split", NULL};
static const char* const kAxis[] = {"axis", NULL};
static const char* const kNumOutputs[] = {"axis", "num_outputs", NULL};

const olstm__op_schema olstm__split_schema_1 = {.arity = {1, 1, OLSTM__OP_ANY},
                                                .attributes = kSplit,
                                                .instance_bytes = sizeof(split_op),
                                                .parse = parse_split,
                                                .code = kSizesAreAttribute};
const olstm__op_schema olstm__split_schema_13 = {.arity = {1, 2, OLSTM__OP_ANY},
                                                 .attributes = kAxis,
                                                 .instance_bytes = sizeof(split_op),
                                                 .parse = parse_split,
                                                 .code = kSizesAreInput};
const olstm__op_schema olstm__split_schema_18 = {.arity = {1, 2, OLSTM__OP_ANY},
                                                 .attributes = kNumOutputs,
                                                 .instance_bytes = sizeof(split_op),
                                                 .parse = parse_split,
                                                 .code = kHasNumOutputs};
