// Calls of operators' callbacks. An operator may come from a plugin: whatever it fails
// with, the caller gets a message.
#ifndef OLSTM_RUNTIME_HOST_OPERATOR_CALL_H_
#define OLSTM_RUNTIME_HOST_OPERATOR_CALL_H_

#include "runtime/host/operator_memory.h"

/// `memory`: what the node's environment lets operators keep.
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

/// The bytes that one output may have at most: max_memory, or those of an input that is
/// larger. inputs: `count` of them, NULL where absent. To be checked before prepare,
/// which may make tables as long as an output.
size_t olstm__call_output_limit(size_t max_memory, const olstm_tensor* const* inputs,
                                size_t count);

/// Checks what is said of output `o`: a dtype, dimensions of 0 or more, and at most
/// `most` bytes, which *out_bytes are. Errors: BACKEND_ERROR (no valid desc),
/// LIMIT_EXCEEDED.
olstm_status olstm__call_check_output(const olstm_node* node, size_t o,
                                      const olstm_tensor_desc* desc, size_t most,
                                      size_t* out_bytes, olstm_error* error);

/// For who calls `callback` by itself: forgets any message before, and afterwards adds
/// one to a failure without.
void olstm__call_begin(olstm_error* error);
olstm_status olstm__call_end(const olstm_node* node, const char* callback,
                             olstm_status status, olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_OPERATOR_CALL_H_
