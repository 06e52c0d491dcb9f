// ScatterElements, called Scatter before opset 11: a copy of the data in which single
// elements are replaced by, or reduced with, updates.
#include <string.h>

#include "op/gather/gather_elements.h"
#include "op/gather/gather_ops.h"
#include "op/gather/scatter_reduce.h"

/// The number of reductions that an opset has: none; with add and mul; with max and min.
enum { kOnlyNone = 1, kHasMul = 3, kHasMin = 5 };

typedef struct scatter_op {
  olstm__op_base base;
  int64_t axis;
  olstm__scatter_reduction reduction;
} scatter_op;

typedef struct scatter_handle {
  olstm__op_handle head;
  size_t element_bytes;
  size_t data_bytes;
  olstm__scatter_function reduce;
  olstm__element_walk walk;
} scatter_handle;

/// One run, for the visitor.
typedef struct scatter_run {
  const scatter_handle* handle;
  const char* updates;
  char* output;
} scatter_run;

static olstm_status parse_scatter(void* instance, olstm_error* error) {
  scatter_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "axis", 0, &op->axis, error));
  return olstm__scatter_parse(&op->base, (size_t)schema->code, &op->reduction, error);
}

olstm_status olstm__scatter_elements_infer(const void* instance,
                                           const olstm_infer_args* args,
                                           olstm_tensor_desc* out_outputs,
                                           olstm_error* error) {
  const scatter_op* op = instance;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  const olstm_tensor_desc* updates = &args->inputs[2]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__element_walk_check(&op->base, args, op->axis, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&op->base, args, 2, 0, error));
  if (!olstm_tensor_desc_same_shape(updates, indices)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected %s as input '%s' has",
                          op->base.node->input_names[2], olstm_shape_text(updates).text,
                          olstm_shape_text(indices).text, op->base.node->input_names[1]);
  }
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__scatter_elements_prepare(void* instance,
                                             const olstm_prepare_args* args,
                                             olstm_prepared* out_prepared,
                                             olstm_error* error) {
  const scatter_op* op = instance;
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(scatter_handle), &memory, error));
  scatter_handle* handle = memory;
  handle->element_bytes = olstm_dtype_size(data->dtype);
  (void)olstm_tensor_desc_bytes(data, &handle->data_bytes);
  handle->reduce = olstm__scatter_find(op->reduction, data->dtype);
  olstm__element_walk_init(&handle->walk, data, &args->inputs[1]->desc, op->axis);
  out_prepared->handle = handle;
  out_prepared->inplace_inputs = 1;
  return OLSTM_STATUS_OK;
}

/// Replaces elements of a size that compilers know.
static inline void replace(const scatter_run* run, const olstm__element_block* block,
                           const size_t bytes) {
  const char* updates = run->updates + block->position * bytes;
  for (size_t i = 0; i < block->count; i++) {
    memcpy(run->output + olstm__element_offset(block, i) * bytes, updates + i * bytes,
           bytes);
  }
}

static void scatter_block(const void* context, const olstm__element_block* block) {
  const scatter_run* run = context;
  const scatter_handle* handle = run->handle;
  const size_t bytes = handle->element_bytes;
  if (handle->reduce) {
    for (size_t i = 0; i < block->count; i++) {
      handle->reduce(run->output + olstm__element_offset(block, i) * bytes,
                     run->updates + (block->position + i) * bytes, 1);
    }
  } else if (bytes == 8) {
    replace(run, block, 8);
  } else if (bytes == 4) {
    replace(run, block, 4);
  } else if (bytes == 2) {
    replace(run, block, 2);
  } else {
    replace(run, block, 1);
  }
}

olstm_status olstm__scatter_elements_run(const void* instance, const void* handle,
                                         const olstm_run_args* args, olstm_error* error) {
  const scatter_op* op = instance;
  const scatter_handle* scatter = handle;
  const scatter_run run = {scatter, args->inputs[2], args->outputs[0]};
  if (scatter->data_bytes && args->outputs[0] != args->inputs[0]) {
    memcpy(args->outputs[0], args->inputs[0], scatter->data_bytes);
  }
  return olstm__element_walk_run(&scatter->walk, &op->base, NULL, args->inputs[1],
                                 scatter_block, &run, error);
}

static const char* const kAxis[] = {"axis", NULL};
static const char* const kReduction[] = {"axis", "reduction", NULL};

const olstm__op_schema olstm__scatter_elements_schema_9 = {
    .arity = {3, 3, 1},
    .attributes = kAxis,
    .instance_bytes = sizeof(scatter_op),
    .parse = parse_scatter,
    .code = kOnlyNone};
const olstm__op_schema olstm__scatter_elements_schema_16 = {
    .arity = {3, 3, 1},
    .attributes = kReduction,
    .instance_bytes = sizeof(scatter_op),
    .parse = parse_scatter,
    .code = kHasMul};
const olstm__op_schema olstm__scatter_elements_schema_18 = {
    .arity = {3, 3, 1},
    .attributes = kReduction,
    .instance_bytes = sizeof(scatter_op),
    .parse = parse_scatter,
    .code = kHasMin};
