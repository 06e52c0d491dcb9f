#include "op/conv/conv_head.h"

typedef struct conv_handle {
  olstm__op_handle head;
  olstm__conv_call call;
} conv_handle;

olstm_status olstm__conv_parse_group(const olstm__op_base* base, int64_t* out_group,
                                     olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(base->node, "group", 1, out_group, error));
  if (*out_group >= 1 && *out_group <= INT32_MAX) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute group is %" PRId64 ", expected 1 or more", *out_group);
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
  const olstm_status status = olstm__conv_call_init(
      &handle->call, &head->base, &head->weight, &conv, args, out_prepared, error);
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
  (void)error;
  olstm__conv_call_run(&prepared->call, &head->weight, args, NULL, NULL);
  return OLSTM_STATUS_OK;
}

void olstm__conv_head_destroy(void* instance) {
  olstm__conv_head* head = instance;
  if (head) olstm__packed_memory_deinit(&head->weight, &head->base);
  olstm__op_destroy(instance);
}
