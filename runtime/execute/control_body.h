// What Loop and Scan have in common: running a body again and again, with values carried
// from one iteration to the next, and values that are stacked. Knows nothing of trip
// counts or axes.
#ifndef OLSTM_RUNTIME_EXECUTE_CONTROL_BODY_H_
#define OLSTM_RUNTIME_EXECUTE_CONTROL_BODY_H_

#include "runtime/execute/control_call.h"
#include "runtime/plan/control_node.h"

/// A buffer that a control node keeps from run to run.
typedef struct olstm__control_buffer {
  void* memory;
  size_t bytes;
} olstm__control_buffer;

/// What a control node keeps in *call->cache.
typedef struct olstm__control_cache {
  /// Of all buffers together: the run's max_memory.
  size_t max_bytes;
  size_t bytes;
  size_t buffer_count;
  olstm__control_buffer* buffers;
  /// Lists for one run of a body, of the bodies' largest.
  size_t input_capacity;
  olstm_tensor* inputs;
  bool* is_constant;
  size_t output_capacity;
  olstm_tensor* outputs;
  /// Per output: what one of the values is like that are stacked.
  olstm_tensor_desc* rows;
} olstm__control_cache;

/// The node's cache, made at its first run. Errors: OUT_OF_MEMORY.
olstm_status olstm__control_get_cache(const olstm__control_call* call,
                                      size_t buffer_count,
                                      olstm__control_cache** out_cache,
                                      olstm_error* error);

/// Frees it, and its buffers.
void olstm__control_cache_destroy(const olstm_allocator* allocator,
                                  olstm__control_cache* cache);

/// Makes buffer `index` at least `bytes` large, and keeps its first `kept_bytes`.
/// Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__control_reserve(const olstm__control_call* call,
                                    olstm__control_cache* cache, size_t index,
                                    size_t bytes, size_t kept_bytes, olstm_error* error);

/// A body that is run again and again. Init with olstm__body_run_init.
typedef struct olstm__body_run {
  const olstm__control_call* call;
  const olstm__program_body* body;
  olstm__executor* executor;
  olstm__control_cache* cache;
  /// Values that are carried: inputs[first_carried_input + k] of an iteration is
  /// outputs[first_carried_output + k] of the one before. Buffers 2k and 2k + 1 are
  /// theirs.
  size_t carried_count;
  size_t first_carried_input;
  size_t first_carried_output;
  /// Which of the two buffers is written next.
  size_t side;
  /// Bound to the body's inputs as they are.
  const olstm__plan* plan;
} olstm__body_run;

/// Takes the captures of body 0 as inputs. The caller sets all other inputs in
/// cache->inputs.
void olstm__body_run_init(olstm__body_run* run, const olstm__control_call* call,
                          olstm__control_cache* cache);

/// Binds the plan for the inputs as they are, and says where carried outputs go. All
/// other outputs are cleared: set data of those that shall go elsewhere than to the
/// executor's own buffers, when run->plan knows their descs.
olstm_status olstm__body_run_prepare(olstm__body_run* run, olstm_error* error);

/// Runs one iteration, and makes the carried outputs the inputs of the next one.
/// cache->outputs has the outputs until the next prepare.
olstm_status olstm__body_run_step(olstm__body_run* run, olstm_error* error);

/// Counts work that no executor counts; LIMIT_EXCEEDED beyond max_work.
olstm_status olstm__control_count_work(const olstm__control_call* call, uint64_t work,
                                       olstm_error* error);

/// Gives output `index` of the node a copy of `value`.
olstm_status olstm__control_give_output(const olstm__control_call* call, size_t index,
                                        const olstm_tensor* value, olstm_error* error);

/// What a body's output is before anything ran: from the plan bound to `run` where it
/// knows, else as the model declares it, with 0 for dimensions that it leaves open.
/// Errors: UNSUPPORTED (not even the dtype is known).
olstm_status olstm__body_run_foresee(const olstm__body_run* run, size_t output,
                                     olstm_tensor_desc* out_desc, olstm_error* error);

// ---------------------------------------------------------------- the three

olstm_status olstm__control_if_run(const olstm__control_call* call, olstm_error* error);
olstm_status olstm__control_loop_run(const olstm__control_call* call, olstm_error* error);
olstm_status olstm__control_scan_run(const olstm__control_call* call, olstm_error* error);

#endif  // OLSTM_RUNTIME_EXECUTE_CONTROL_BODY_H_
