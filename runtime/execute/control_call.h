// One run of a control node (If, Loop, Scan): what it is given, and what it gives.
#ifndef OLSTM_RUNTIME_EXECUTE_CONTROL_CALL_H_
#define OLSTM_RUNTIME_EXECUTE_CONTROL_CALL_H_

#include "runtime/execute/body_executor.h"

typedef struct olstm__control_call {
  const olstm__program_node* node;
  /// node->input_count of them, captures included; NULL where absent.
  const olstm_tensor* const* inputs;
  /// Per input, whether it is known for good (a capture that is constant): hand it to
  /// bodies->prepare.
  const bool* is_constant;
  /// One executor for each of the node's bodies, and the functions to call them by.
  const olstm__body_executor* bodies;
  olstm__executor* const* executors;
  /// NULL for one thread.
  const olstm_parallel* parallel;
  const olstm_allocator* allocator;
  /// Of the whole run.
  olstm__run_limits* limits;
  /// What the node keeps between its runs in the same context (buffers): NULL at first.
  /// Freed with olstm__control_release.
  void** cache;
  /// What the node gives: set by olstm__control_allocate_output.
  olstm_tensor* outputs;
  /// olstm__control_allocate_output, and what it takes besides the call.
  olstm_status (*allocate_output)(void* allocate_user, size_t index,
                                  const olstm_tensor_desc* desc, olstm_error* error);
  void* allocate_user;
} olstm__control_call;

/// Memory for output `index`, in call->outputs[index].data (NULL when it has no
/// elements); sets its desc. Once per output and run. For outputs that nobody wants
/// (node->outputs[index] is OLSTM__NO_VALUE) it must not be called.
/// Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY.
static inline olstm_status olstm__control_allocate_output(const olstm__control_call* call,
                                                          size_t index,
                                                          const olstm_tensor_desc* desc,
                                                          olstm_error* error) {
  return call->allocate_output(call->allocate_user, index, desc, error);
}

#endif  // OLSTM_RUNTIME_EXECUTE_CONTROL_CALL_H_
