// JoinSteps: tensors of one shape that are stacked along the first axis, [T,a,b,...], are
// concatenated along another: [a,T*b,...]; with new_axis, stacked there: [a,T,b,...].
// Both are the same elements in the same order.
#include "op/fused.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/shape/move_bytes.h"

typedef struct join_op {
  olstm__op_base base;
  int64_t axis;
  int64_t new_axis;
} join_op;

typedef struct join_handle {
  olstm__op_handle head;
  int64_t steps;
  /// Of one step: pieces that stay together, and their size.
  int64_t pieces;
  size_t piece_bytes;
} join_handle;

static olstm_status parse(void* instance, olstm_error* error) {
  join_op* op = instance;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "axis", 0, &op->axis, error));
  return olstm_node_get_int(op->base.node, "new_axis", 0, &op->new_axis, error);
}

/// The axis of a step before which they are joined.
static olstm_status find_axis(const join_op* op, const olstm_tensor_desc* input,
                              int32_t* out_axis, olstm_error* error) {
  if (input->rank < 1) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has no dimensions, expected steps",
                          op->base.node->input_names[0]);
  }
  return olstm__op_normalize_axis(&op->base, "axis", op->axis,
                                  input->rank - (op->new_axis ? 0 : 1), out_axis, error);
}

static olstm_status join_steps_infer(const void* instance, const olstm_infer_args* args,
                                     olstm_tensor_desc* out_outputs, olstm_error* error) {
  const join_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm_tensor_desc output = {.dtype = input->dtype};
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(find_axis(op, input, &axis, error));
  const int64_t steps = input->dims[0];
  for (int32_t d = 0; d < axis; d++) output.dims[output.rank++] = input->dims[1 + d];
  if (op->new_axis) output.dims[output.rank++] = steps;
  for (int32_t d = axis; d < input->rank - 1; d++) {
    output.dims[output.rank++] = input->dims[1 + d];
  }
  // No product of a tensor's dimensions is too large, be it that one of them is 0.
  if (!op->new_axis) output.dims[axis] *= steps;
  out_outputs[0] = output;
  return olstm__op_check_output(&op->base, &output, error);
}

static olstm_status join_steps_prepare(void* instance, const olstm_prepare_args* args,
                                       olstm_prepared* out_prepared, olstm_error* error) {
  const join_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  void* memory = NULL;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(find_axis(op, input, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(join_handle), &memory, error));
  join_handle* handle = memory;
  if (olstm_tensor_desc_count(input) > 0) {
    handle->steps = input->dims[0];
    handle->pieces = 1;
    handle->piece_bytes = olstm_dtype_size(input->dtype);
    for (int32_t d = 0; d < input->rank - 1; d++) {
      if (d < axis) {
        handle->pieces *= input->dims[1 + d];
      } else {
        handle->piece_bytes *= (size_t)input->dims[1 + d];
      }
    }
  }
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_copy_work(&args->outputs[0], (int64_t)(handle->steps * handle->pieces));
  if (handle->pieces <= 1 || handle->steps <= 1) out_prepared->view_of_input = 0;
  return OLSTM_STATUS_OK;
}

static olstm_status join_steps_run(const void* instance, const void* handle,
                                   const olstm_run_args* args, olstm_error* error) {
  const join_handle* join = handle;
  const char* source = args->inputs[0];
  char* target = args->outputs[0];
  const size_t bytes = join->piece_bytes;
  (void)instance;
  (void)error;
  for (int64_t p = 0; p < join->pieces; p++) {
    for (int64_t t = 0; t < join->steps; t++) {
      olstm__move_bytes(target + (size_t)(p * join->steps + t) * bytes,
                        source + (size_t)(t * join->pieces + p) * bytes, bytes);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"axis", "new_axis", NULL};

static const olstm__op_schema kSchema = {.arity = {1, 1, 1},
                                         .attributes = kAttributes,
                                         .instance_bytes = sizeof(join_op),
                                         .parse = parse};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(join_steps);

static const olstm__op_row kTable[] = {OLSTM__OP_ROW_FUSED(
    "JoinSteps", OLSTM__DTYPES_NUMERIC | OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), kCallbacks,
    kSchema)};

const olstm__op_family olstm__join_steps_family = {OLSTM__ROWS(kTable),
                                                   .traits = OLSTM__TRAIT_MOVES_ELEMENTS};
