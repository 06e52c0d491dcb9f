// Align: a value laid out as what steps over it with others takes it. Cells that are
// written out in sums and products broadcast; a recurrent node does not.
//
//   rows    dimension row_axes[0] becomes that of all inputs together: 1, or the size
//   that
//           those have which are not 1 there; a negative axis counts from the end
//   units   a last dimension of 1 becomes this many; 0: it stays
//   rank    at least so many dimensions, the new ones in front: [H] as [1,H]
//   steps   a dimension step_axes[0] that is longer than dimension step_axes[1] of input
//           1 ends with it
#include "op/fused.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/shape/strided_copy.h"

enum { kMaxInputs = 8 };

typedef struct align_op {
  olstm__op_base base;
  int64_t row_axes[kMaxInputs];
  int64_t step_axes[2];
  bool has_steps;
  int64_t units;
  int64_t rank;
} align_op;

typedef struct align_handle {
  olstm__op_handle head;
  olstm__strided_copy copy;
} align_handle;

static olstm_status parse(void* instance, olstm_error* error) {
  align_op* op = instance;
  const olstm_node* node = op->base.node;
  size_t count = 0, step_count = 0;
  bool given = false;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "row_axes", kMaxInputs,
                                            op->row_axes, &count, &given, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "step_axes", 2, op->step_axes,
                                            &step_count, &op->has_steps, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "units", 0, &op->units, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "rank", 0, &op->rank, error));
  const bool fits = count == node->input_count && (!op->has_steps || step_count == 2) &&
                    op->units >= 0 && op->rank >= 0 && op->rank <= OLSTM_MAX_RANK;
  return fits ? OLSTM_STATUS_OK
              : olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                               "has %zu row_axes for %zu inputs, or others out of range",
                               count, node->input_count);
}

/// Which dimension counts rows; -1 for a tensor that is too small to have it.
static int64_t row_axis(const align_op* op, size_t input, int32_t rank) {
  const int64_t axis = op->row_axes[input];
  if (axis < 0) return axis + rank < 0 ? -1 : axis + rank;
  return axis < rank ? axis : -1;
}

/// Rows of all inputs together. An input without such a dimension has one row.
static olstm_status find_rows(const align_op* op, const olstm_infer_args* args,
                              int64_t* out_rows, olstm_error* error) {
  *out_rows = 1;
  for (size_t i = 0; i < args->input_count; i++) {
    const olstm_tensor_desc* desc = &args->inputs[i]->desc;
    const int64_t axis = row_axis(op, i, desc->rank);
    const int64_t own = axis < 0 ? 1 : desc->dims[axis];
    if (own == 1 || own == *out_rows) continue;
    if (*out_rows != 1) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected 1 or %" PRId64
                            " at axis %d",
                            op->base.node->input_names[i], olstm_shape_text(desc).text,
                            *out_rows, (int)axis);
    }
    *out_rows = own;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status align_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const align_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const int32_t rank = input->rank < op->rank ? (int32_t)op->rank : input->rank;
  olstm_tensor_desc output = {.dtype = input->dtype, .rank = rank};
  int64_t rows = 1;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(find_rows(op, args, &rows, error));
  for (int32_t d = 0; d < rank; d++) {
    const int32_t from = d - (rank - input->rank);
    output.dims[d] = from < 0 ? 1 : input->dims[from];
  }
  const int64_t axis = row_axis(op, 0, rank);
  if (axis >= 0) output.dims[axis] = rows;
  if (op->units > 0 && rank > 0 && output.dims[rank - 1] == 1)
    output.dims[rank - 1] = op->units;
  if (op->has_steps && op->step_axes[0] < rank &&
      op->step_axes[1] < args->inputs[1]->desc.rank) {
    int64_t* steps = &output.dims[op->step_axes[0]];
    const int64_t most = args->inputs[1]->desc.dims[op->step_axes[1]];
    if (*steps > most) *steps = most;
  }
  out_outputs[0] = output;
  return olstm__op_check_output(&op->base, &output, error);
}

static olstm_status align_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const align_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  const int32_t extra = output->rank - input->rank;
  olstm__strided_view dense, target, source = {0};
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(align_handle), &memory, error));
  align_handle* handle = memory;
  olstm__strided_view_init_dense(&dense, input->rank, input->dims);
  olstm__strided_view_init_dense(&target, output->rank, output->dims);
  for (int32_t d = extra; d < output->rank; d++) {
    if (input->dims[d - extra] != 1) source.strides[d] = dense.strides[d - extra];
  }
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(input->dtype), output->rank,
                           output->dims, &source, &target);
  out_prepared->handle = handle;
  if (olstm__strided_copy_is_plain(&handle->copy) &&
      olstm_tensor_desc_count(input) == olstm_tensor_desc_count(output)) {
    out_prepared->view_of_input = 0;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status align_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const align_handle* align = handle;
  (void)instance;
  (void)error;
  olstm__strided_copy_run(&align->copy, args->parallel, args->inputs[0],
                          args->outputs[0]);
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"row_axes", "step_axes", "units", "rank", NULL};

static const olstm__op_schema kSchema = {.arity = {2, kMaxInputs, 1},
                                         .attributes = kAttributes,
                                         .instance_bytes = sizeof(align_op),
                                         .parse = parse};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(align);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW_FUSED("Align", OLSTM__DTYPES_REAL | OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL),
                        kCallbacks, kSchema)};

const olstm__op_family olstm__align_family = {OLSTM__ROWS(kTable),
                                              .traits = OLSTM__TRAIT_MOVES_ELEMENTS};
