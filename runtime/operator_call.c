#include "runtime/operator_call.h"

void olstm__call_begin(olstm_error* error) {
  if (error) error->message[0] = '\0';
}

olstm_status olstm__call_end(const olstm_node* node, const char* callback,
                             olstm_status status, olstm_error* error) {
  if (status == OLSTM_STATUS_OK || !error || error->message[0] != '\0') return status;
  return olstm_fail(error, status, "%s '%s': %s failed with status %d and no message",
                    node->op_type, node->name, callback, (int)status);
}

olstm_status olstm__call_create(const olstm_operator* callbacks,
                                const olstm_create_args* args, void** out_instance,
                                olstm_error* error) {
  olstm__call_begin(error);
  return olstm__call_end(args->node, "create",
                         callbacks->create(callbacks, args, out_instance, error), error);
}

olstm_status olstm__call_infer(const olstm__operator_instance* of,
                               const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  olstm__call_begin(error);
  return olstm__call_end(of->node, "infer",
                         of->callbacks->infer(of->instance, args, out_outputs, error),
                         error);
}

olstm_status olstm__call_prepare(const olstm__operator_instance* of,
                                 const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  olstm__call_begin(error);
  return olstm__call_end(of->node, "prepare",
                         of->callbacks->prepare(of->instance, args, out_prepared, error),
                         error);
}

olstm_status olstm__call_run(const olstm__operator_instance* of, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  olstm__call_begin(error);
  return olstm__call_end(of->node, "run",
                         of->callbacks->run(of->instance, handle, args, error), error);
}
