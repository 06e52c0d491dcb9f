#include "op/conv/conv_head.h"

#include "op/elementwise/binary_walk.h"

typedef struct conv_handle {
  olstm__op_handle head;
  olstm__conv_call call;
  /// Whether Z has another shape than the convolution, whose result is in the workspace
  /// then.
  bool is_broadcast;
  olstm__binary_walk walk;
  size_t result_offset;
  int64_t y_count;
} conv_handle;

olstm_status olstm__conv_parse_group(const olstm__op_base* base, int64_t* out_group,
                                     olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(base->node, "group", 1, out_group, error));
  if (*out_group >= 1 && *out_group <= INT32_MAX) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute group is %" PRId64 ", expected 1 to %d", *out_group,
                        INT32_MAX);
}

olstm_status olstm__conv_check_bias(const olstm__op_base* base,
                                    const olstm_infer_args* args, int64_t channels,
                                    olstm_error* error) {
  if (args->input_count < 3 || !args->inputs[2]) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* b = &args->inputs[2]->desc;
  if (b->rank == 1 && b->dims[0] == channels) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected [%" PRId64 "]",
                        base->node->input_names[2], olstm_shape_text(b).text, channels);
}

/// Prepares the sum with Z: a walk over both where one is broadcast.
static olstm_status prepare_sum(const olstm__conv_head* head, const olstm__conv* conv,
                                const olstm_prepare_args* args, conv_handle* handle,
                                size_t* workspace_bytes, olstm_error* error) {
  if (args->input_count <= OLSTM__CONV_INPUT_Z || !args->inputs[OLSTM__CONV_INPUT_Z]) {
    return OLSTM_STATUS_OK;
  }
  const olstm_tensor_desc* z = &args->inputs[OLSTM__CONV_INPUT_Z]->desc;
  olstm_tensor_desc result = args->inputs[0]->desc;
  result.dims[1] = conv->groups * conv->output_channels;
  olstm__window_set_output(&conv->window, &result);
  handle->is_broadcast = !olstm_tensor_desc_same_shape(z, &result);
  if (!handle->is_broadcast) return OLSTM_STATUS_OK;
  handle->y_count = olstm_tensor_desc_count(&args->outputs[0]);
  olstm__binary_walk_init(&handle->walk, OLSTM__BINARY_ADD,
                          olstm__compute_type_of(z->dtype), &result, z,
                          &args->outputs[0]);
  if (olstm__op_add_part(workspace_bytes, (size_t)olstm_tensor_desc_count(&result),
                         olstm_dtype_size(result.dtype), &handle->result_offset)) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&head->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "the workspace does not fit");
}

olstm_status olstm__conv_head_prepare(void* instance, bool is_transposed,
                                      const olstm__window* window,
                                      const olstm_prepare_args* args,
                                      olstm_prepared* out_prepared, olstm_error* error) {
  const olstm__conv_head* head = instance;
  olstm__conv conv =
      olstm__conv_of_weights(&args->inputs[1]->desc, head->group, is_transposed);
  conv_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&head->base, sizeof *handle, (void**)&handle, error));
  conv.batch = args->inputs[0]->desc.dims[0];
  conv.window = *window;
  olstm_status status =
      olstm__conv_call_init(&handle->call, &head->base, &head->weight, &head->winograd,
                            &conv, args, out_prepared, error);
  if (status == OLSTM_STATUS_OK) {
    status =
        prepare_sum(head, &conv, args, handle, &out_prepared->workspace_bytes, error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__conv_head_run(const void* instance, const void* handle,
                                  const olstm_run_args* args, olstm_error* error) {
  const olstm__conv_head* head = instance;
  const conv_handle* prepared = handle;
  const bool has_z = olstm_node_has_input(head->base.node, OLSTM__CONV_INPUT_Z);
  const void* z = has_z ? args->inputs[OLSTM__CONV_INPUT_Z] : NULL;
  (void)error;
  if (!prepared->is_broadcast) {
    const olstm__conv_ending ending = {.residual = z, .function = &head->function};
    olstm__conv_call_run(&prepared->call, &head->weight, &head->winograd, args, &ending);
    return OLSTM_STATUS_OK;
  }
  const olstm__conv_ending nothing = {NULL, NULL};
  void* result = (char*)args->workspace + prepared->result_offset;
  void* y = args->outputs[0];
  olstm_run_args inner = *args;
  inner.outputs = &result;
  if (!y) return OLSTM_STATUS_OK;
  olstm__conv_call_run(&prepared->call, &head->weight, &head->winograd, &inner, &nothing);
  (void)olstm__binary_walk_run(&prepared->walk, args->parallel, result, z, y);
  olstm__fused_function_run(&head->function, prepared->y_count, y);
  return OLSTM_STATUS_OK;
}

void olstm__conv_head_destroy(void* instance) {
  olstm__conv_head* head = instance;
  if (head) {
    olstm__packed_memory_deinit(&head->weight, &head->base);
    olstm__packed_memory_deinit(&head->winograd, &head->base);
  }
  olstm__op_destroy(instance);
}
