// Control nodes (If, Loop, Scan): nodes that run graphs. Each has a executor for every
// body; what the bodies compute goes through the same plans as the main graph.
#ifndef OLSTM_RUNTIME_EXECUTE_CONTROL_H_
#define OLSTM_RUNTIME_EXECUTE_CONTROL_H_

#include "runtime/execute/executor.h"

/// One run of a control node.
typedef struct olstm__control_call {
  const olstm__program_node* node;
  /// node->input_count of them, captures included; NULL where absent.
  const olstm_tensor* const* inputs;
  /// Per input, whether it is known for good (a capture that is constant): hand it to
  /// olstm__executor_prepare.
  const bool* is_constant;
  /// One for each of the node's bodies.
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
  /// That function's own business.
  struct olstm__dynamic* dynamic;
  const int32_t* dynamic_outputs;
} olstm__control_call;

/// Checks a control node when its program is created: is it one that runs here, and has
/// it the bodies, inputs and outputs that it must have. Errors: UNSUPPORTED,
/// INVALID_MODEL (name the node).
olstm_status olstm__control_check(const olstm__program_node* node, olstm_error* error);

/// The body that an If runs whose condition is known: it is planned in its location. NULL
/// for any other control node. `condition` has a value. Errors: DTYPE_MISMATCH,
/// SHAPE_MISMATCH of the condition.
olstm_status olstm__control_choose_body(const olstm__program_node* node,
                                        const olstm_tensor* condition,
                                        const olstm__program_body** out_body,
                                        olstm_error* error);

/// Runs a control node; every output that somebody wants is given memory with
/// olstm__control_allocate_output and written.
olstm_status olstm__control_run(const olstm__control_call* call, olstm_error* error);

/// Memory for output `index`, in call->outputs[index].data (NULL when it has no
/// elements); sets its desc. Once per output and run. For outputs that nobody wants
/// (node->outputs[index] is OLSTM__NO_VALUE) it must not be called.
/// Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__control_allocate_output(const olstm__control_call* call, size_t index,
                                            const olstm_tensor_desc* desc,
                                            olstm_error* error);

/// Frees what control runs kept in *call->cache. NULL is legal.
void olstm__control_release(const olstm__program_node* node,
                            const olstm_allocator* allocator, void* cache);

#endif  // OLSTM_RUNTIME_EXECUTE_CONTROL_H_
