// Calls the callbacks of operators. A plugin may fail without a message: then one is
// added.
#ifndef OLSTM_RUNTIME_HOST_OPERATOR_CALL_H_
#define OLSTM_RUNTIME_HOST_OPERATOR_CALL_H_

#include "runtime/host/operator_memory.h"

/// memory: that of the node's environment.
olstm_status olstm__call_create(const olstm_operator* callbacks,
                                const olstm_create_args* args,
                                olstm__operator_memory* memory, void** out_instance,
                                olstm_error* error);

/// An operator, and the node that it was created for.
typedef struct olstm__operator_instance {
  const olstm_operator* callbacks;
  void* instance;
  const olstm_node* node;
} olstm__operator_instance;

olstm_status olstm__call_infer(const olstm__operator_instance* of,
                               const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error);

olstm_status olstm__call_prepare(const olstm__operator_instance* of,
                                 const olstm_prepare_args* args,
                                 olstm__operator_memory* memory,
                                 olstm_prepared* out_prepared, olstm_error* error);

olstm_status olstm__call_run(const olstm__operator_instance* of, const void* handle,
                             const olstm_run_args* args, olstm_error* error);

/// The most bytes that an output may have: max_memory, or the size of the largest input
/// if that is more. inputs: `count` of them, NULL where absent. Checked before prepare,
/// because prepare may allocate tables as long as an output.
size_t olstm__call_output_limit(size_t max_memory, const olstm_tensor* const* inputs,
                                size_t count);

/// Checks the desc that infer returned for output `o`: dtype, dimensions, and at most
/// `most` bytes. Sets *out_bytes. Errors: BACKEND_ERROR (invalid desc), LIMIT_EXCEEDED.
olstm_status olstm__call_check_output(const olstm_node* node, size_t o,
                                      const olstm_tensor_desc* desc, size_t most,
                                      size_t* out_bytes, olstm_error* error);

/// For callers that call a callback directly: begin clears the message, end adds one to a
/// failure without.
void olstm__call_begin(olstm_error* error);
olstm_status olstm__call_end(const olstm_node* node, const char* callback,
                             olstm_status status, olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_OPERATOR_CALL_H_
