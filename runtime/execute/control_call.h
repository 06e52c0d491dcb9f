// One run of a control node (If, Loop, Scan): its inputs and outputs.
#ifndef OLSTM_RUNTIME_EXECUTE_CONTROL_CALL_H_
#define OLSTM_RUNTIME_EXECUTE_CONTROL_CALL_H_

#include "runtime/execute/body_executor.h"

typedef struct olstm__control_call {
  const olstm__program_node* node;
  /// node->input_count of them, captures included; NULL where absent.
  const olstm_tensor* const* inputs;
  /// Per input, whether it is the same in every run (a captured constant): to be passed
  /// to bodies->prepare.
  const bool* is_constant;
  /// An executor for each body, and the functions to use it with.
  const olstm__body_executor* bodies;
  olstm__executor* const* executors;
  /// NULL for one thread.
  const olstm_parallel* parallel;
  const olstm_allocator* allocator;
  /// Limits of the whole run.
  olstm__run_limits* limits;
  /// Memory of the node that is kept from run to run (an olstm__control_cache); NULL at
  /// first. Freed with olstm__control_release.
  void** cache;
  /// The outputs: set by olstm__control_allocate_output.
  olstm_tensor* outputs;
  /// Callback behind olstm__control_allocate_output.
  olstm_status (*allocate_output)(void* allocate_user, size_t index,
                                  const olstm_tensor_desc* desc, olstm_error* error);
  void* allocate_user;
} olstm__control_call;

/// Allocates output `index`: sets desc and data of call->outputs[index] (data NULL when
/// it has no elements). Once per used output and run; not for unused outputs
/// (node->outputs[index] is OLSTM__NO_VALUE). Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY.
static inline olstm_status olstm__control_allocate_output(const olstm__control_call* call,
                                                          size_t index,
                                                          const olstm_tensor_desc* desc,
                                                          olstm_error* error) {
  return call->allocate_output(call->allocate_user, index, desc, error);
}

#endif  // OLSTM_RUNTIME_EXECUTE_CONTROL_CALL_H_
