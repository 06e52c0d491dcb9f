// DepthToSpace and SpaceToDepth: move blocks of pixels between space and channels.
#include <string.h>

#include "op/image/image_ops.h"
#include "op/shape/strided_copy.h"

typedef struct block_op {
  olstm__op_base base;
  int64_t block;
  /// Channels vary slowest in the input's depth (CRD), not fastest (DCR).
  bool is_column_row_depth;
} block_op;

typedef struct block_handle {
  olstm__op_handle head;
  olstm__strided_copy copy;
} block_handle;

static olstm_status parse_block(void* instance, olstm_error* error) {
  block_op* op = instance;
  const char* mode = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(op->base.node, "blocksize", 0, &op->block, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(op->base.node, "mode", "DCR", &mode, error));
  // Larger blocks than this have more pixels than any tensor has channels.
  if (op->block < 1 || op->block > INT32_MAX) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "blocksize is %" PRId64 ", expected 1 to %d", op->block,
                          INT32_MAX);
  }
  op->is_column_row_depth = strcmp(mode, "CRD") == 0;
  if (op->is_column_row_depth || strcmp(mode, "DCR") == 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "mode='%s' is unknown", mode);
}

static olstm_status check_image(const block_op* op, const olstm_infer_args* args,
                                olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (input->rank == 4) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected 4 dimensions",
                        op->base.node->input_names[0], olstm_shape_text(input).text);
}

olstm_status olstm__depth_to_space_infer(const void* instance,
                                         const olstm_infer_args* args,
                                         olstm_tensor_desc* out_outputs,
                                         olstm_error* error) {
  const block_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const int64_t block = op->block;
  OLSTM_RETURN_IF_ERROR(check_image(op, args, error));
  if (input->dims[1] % (block * block) != 0) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, whose channels are not a multiple of "
                          "%" PRId64,
                          op->base.node->input_names[0], olstm_shape_text(input).text,
                          block * block);
  }
  out_outputs[0] = *input;
  out_outputs[0].dims[1] = input->dims[1] / (block * block);
  for (int32_t d = 2; d < 4; d++) {
    if (input->dims[d] > INT64_MAX / block) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "input shape %s is too large", olstm_shape_text(input).text);
    }
    out_outputs[0].dims[d] = input->dims[d] * block;
  }
  return olstm__op_check_output(&op->base, &out_outputs[0], error);
}

olstm_status olstm__space_to_depth_infer(const void* instance,
                                         const olstm_infer_args* args,
                                         olstm_tensor_desc* out_outputs,
                                         olstm_error* error) {
  const block_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const int64_t block = op->block;
  OLSTM_RETURN_IF_ERROR(check_image(op, args, error));
  if (input->dims[2] % block != 0 || input->dims[3] % block != 0 ||
      input->dims[1] > INT64_MAX / (block * block)) {
    return olstm__op_fail(
        &op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "input '%s' has shape %s, which blocks of %" PRId64 " do not divide",
        op->base.node->input_names[0], olstm_shape_text(input).text, block);
  }
  out_outputs[0] = *input;
  out_outputs[0].dims[1] = input->dims[1] * block * block;
  out_outputs[0].dims[2] = input->dims[2] / block;
  out_outputs[0].dims[3] = input->dims[3] / block;
  return olstm__op_check_output(&op->base, &out_outputs[0], error);
}

/// Both are a transposition of six dimensions: `source_axes` maps each of the output's
/// six to the input's.
static olstm_status create_copy(const block_op* op, const olstm_prepare_args* args,
                                const int64_t source_dims[6],
                                const int32_t source_axes[6],
                                olstm_prepared* out_prepared, olstm_error* error) {
  olstm__strided_view dense;
  olstm__strided_view source = {0};
  olstm__strided_view target;
  int64_t dims[6];
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(block_handle), &memory, error));
  block_handle* handle = memory;
  olstm__strided_view_init_dense(&dense, 6, source_dims);
  for (int32_t d = 0; d < 6; d++) {
    dims[d] = source_dims[source_axes[d]];
    source.strides[d] = dense.strides[source_axes[d]];
  }
  olstm__strided_view_init_dense(&target, 6, dims);
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(args->outputs[0].dtype), 6,
                           dims, &source, &target);
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__depth_to_space_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error) {
  static const int32_t kDepthFirst[6] = {0, 3, 4, 1, 5, 2};
  static const int32_t kColumnFirst[6] = {0, 1, 4, 2, 5, 3};
  const block_op* op = instance;
  const int64_t* in = args->inputs[0]->desc.dims;
  const int64_t block = op->block;
  const int64_t channels = args->outputs[0].dims[1];
  const int64_t depth_first[6] = {in[0], block, block, channels, in[2], in[3]};
  const int64_t column_first[6] = {in[0], channels, block, block, in[2], in[3]};
  const bool columns = op->is_column_row_depth;
  return create_copy(op, args, columns ? column_first : depth_first,
                     columns ? kColumnFirst : kDepthFirst, out_prepared, error);
}

olstm_status olstm__space_to_depth_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error) {
  static const int32_t kPlaces[6] = {0, 3, 5, 1, 2, 4};
  const block_op* op = instance;
  const int64_t* in = args->inputs[0]->desc.dims;
  const int64_t* out = args->outputs[0].dims;
  const int64_t dims[6] = {in[0], in[1], out[2], op->block, out[3], op->block};
  return create_copy(op, args, dims, kPlaces, out_prepared, error);
}

olstm_status olstm__depth_to_space_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  const block_handle* block = handle;
  (void)instance;
  (void)error;
  olstm__strided_copy_run(&block->copy, args->parallel, args->inputs[0],
                          args->outputs[0]);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__space_to_depth_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error) {
  return olstm__depth_to_space_run(instance, handle, args, error);
}

static const char* const kBlocksize[] = {"blocksize", NULL};
static const char* const kMode[] = {"blocksize", "mode", NULL};

const olstm__op_schema olstm__depth_to_space_schema_1 = {
    .arity = {1, 1, 1},
    .attributes = kBlocksize,
    .instance_bytes = sizeof(block_op),
    .parse = parse_block};
const olstm__op_schema olstm__depth_to_space_schema_11 = {
    .arity = {1, 1, 1},
    .attributes = kMode,
    .instance_bytes = sizeof(block_op),
    .parse = parse_block};
const olstm__op_schema olstm__space_to_depth_schema = {.arity = {1, 1, 1},
                                                       .attributes = kBlocksize,
                                                       .instance_bytes = sizeof(block_op),
                                                       .parse = parse_block};
