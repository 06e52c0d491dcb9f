// Shared by Loop and Scan: runs a body repeatedly, with values carried from one iteration
// to the next, and values that are stacked. Knows nothing of trip counts or axes.
#ifndef OLSTM_RUNTIME_EXECUTE_CONTROL_BODY_H_
#define OLSTM_RUNTIME_EXECUTE_CONTROL_BODY_H_

#include "runtime/execute/control_call.h"
#include "runtime/plan/control_node.h"

/// A buffer that is kept from run to run.
typedef struct olstm__control_buffer {
  void* memory;
  size_t bytes;
} olstm__control_buffer;

/// What a control node keeps from run to run: *call->cache.
typedef struct olstm__control_cache {
  /// The most bytes of all buffers together (max_memory), and their bytes.
  size_t max_bytes;
  size_t bytes;
  size_t buffer_count;
  olstm__control_buffer* buffers;
  /// Lists for running a body, long enough for any of the node's bodies.
  size_t input_capacity;
  olstm_tensor* inputs;
  bool* is_constant;
  size_t output_capacity;
  olstm_tensor* outputs;
  /// Per output that is stacked: the desc of one row.
  olstm_tensor_desc* rows;
} olstm__control_cache;

/// Returns the node's cache; creates it at the first run. Errors: OUT_OF_MEMORY.
olstm_status olstm__control_get_cache(const olstm__control_call* call,
                                      size_t buffer_count,
                                      olstm__control_cache** out_cache,
                                      olstm_error* error);

/// Frees the cache and its buffers.
void olstm__control_cache_destroy(const olstm_allocator* allocator,
                                  olstm__control_cache* cache);

/// Makes buffer `index` at least `bytes` long; keeps its first `kept_bytes`. Errors:
/// LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__control_reserve(const olstm__control_call* call,
                                    olstm__control_cache* cache, size_t index,
                                    size_t bytes, size_t kept_bytes, olstm_error* error);

/// A body that is run repeatedly. Init with olstm__body_run_init.
typedef struct olstm__body_run {
  const olstm__control_call* call;
  const olstm__program_body* body;
  olstm__executor* executor;
  olstm__control_cache* cache;
  /// Carried values: inputs[first_carried_input + k] of an iteration is
  /// outputs[first_carried_output + k] of the one before. Buffers 2k and 2k + 1 hold
  /// value k, alternately.
  size_t carried_count;
  size_t first_carried_input;
  size_t first_carried_output;
  /// Which of the two buffers is written next.
  size_t side;
  /// How many trips began.
  uint64_t trip_count;
  /// The plan bound for the current inputs.
  const olstm__plan* plan;
} olstm__body_run;

/// Sets the inputs that are captures of body 0. The caller sets the others in
/// cache->inputs.
void olstm__body_run_init(olstm__body_run* run, const olstm__control_call* call,
                          olstm__control_cache* cache);

/// Binds the plan for cache->inputs, and assigns buffers to carried outputs. Clears the
/// other outputs: to have one written elsewhere than to a buffer of the executor, set its
/// data then, if run->plan knows its desc.
olstm_status olstm__body_run_prepare(olstm__body_run* run, olstm_error* error);

/// Runs one iteration; the carried outputs become inputs of the next one. cache->outputs
/// is valid until the next prepare.
olstm_status olstm__body_run_step(olstm__body_run* run, olstm_error* error);

/// Counts work besides that of the bodies; LIMIT_EXCEEDED beyond max_work.
olstm_status olstm__control_count_work(const olstm__control_call* call, uint64_t work,
                                       olstm_error* error);

/// Allocates output `index` of the node and copies `value` to it.
olstm_status olstm__control_give_output(const olstm__control_call* call, size_t index,
                                        const olstm_tensor* value, olstm_error* error);

/// The desc of a body's output before the body runs: from the bound plan if known, else
/// as declared, with 0 for unknown dimensions. Errors: UNSUPPORTED (the dtype or the rank
/// is unknown).
olstm_status olstm__body_run_foresee(const olstm__body_run* run, size_t output,
                                     olstm_tensor_desc* out_desc, olstm_error* error);

// ---------------------------------------------------------------- operators

olstm_status olstm__control_if_run(const olstm__control_call* call, olstm_error* error);
olstm_status olstm__control_loop_run(const olstm__control_call* call, olstm_error* error);
olstm_status olstm__control_scan_run(const olstm__control_call* call, olstm_error* error);

#endif  // OLSTM_RUNTIME_EXECUTE_CONTROL_BODY_H_
