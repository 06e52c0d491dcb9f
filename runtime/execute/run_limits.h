// What one run of a context may take, and has taken: protects the caller against models
// that run for ever or fill memory.
#ifndef OLSTM_RUNTIME_EXECUTE_RUN_LIMITS_H_
#define OLSTM_RUNTIME_EXECUTE_RUN_LIMITS_H_

#include "runtime/host/environment.h"
#include "runtime/plan/work.h"

typedef struct olstm__run_limits {
  /// The most bytes of the workspace and outputs of one graph; of its dynamic tensors; of
  /// the buffers of one control node.
  size_t max_memory;
  /// The most units of work (see olstm_session_options), and those so far.
  uint64_t max_work;
  uint64_t work;
  /// What olstm_run_args calls so.
  uint64_t trip;
} olstm__run_limits;

/// Starts a new run: with the limits of the session's options, or else ones derived from
/// the bytes of the inputs and, for memory, of the model's constants.
void olstm__run_limits_start(olstm__run_limits* limits,
                             const olstm__environment* environment, size_t constant_bytes,
                             const olstm_tensor* inputs, size_t input_count);

/// Fails with LIMIT_EXCEEDED: "LSTM 'node': ...".
olstm_status olstm__run_limits_fail(const olstm__run_limits* limits, uint64_t work,
                                    const char* what, const char* name,
                                    olstm_error* error);

/// Adds work of node (or graph) `name` of type `what`. Errors: LIMIT_EXCEEDED.
static inline olstm_status olstm__run_limits_count(olstm__run_limits* limits,
                                                   uint64_t work, const char* what,
                                                   const char* name, olstm_error* error) {
  if (work > limits->max_work - limits->work) {
    return olstm__run_limits_fail(limits, work, what, name, error);
  }
  limits->work += work;
  return OLSTM_STATUS_OK;
}

#endif  // OLSTM_RUNTIME_EXECUTE_RUN_LIMITS_H_
