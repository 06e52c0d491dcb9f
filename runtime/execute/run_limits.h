// What one run of a context may take, and has taken: a model must not keep its caller for
// ever, nor fill memory.
#ifndef OLSTM_RUNTIME_EXECUTE_RUN_LIMITS_H_
#define OLSTM_RUNTIME_EXECUTE_RUN_LIMITS_H_

#include "runtime/host/environment.h"
#include "runtime/plan/work.h"

typedef struct olstm__run_limits {
  /// Bytes of one graph's workspace and outputs, of its dynamic tensors, and of what one
  /// loop keeps: each.
  size_t max_memory;
  /// In multiply-adds (see olstm_session_options): most, and so far.
  uint64_t max_work;
  uint64_t work;
} olstm__run_limits;

/// A new run: as the session's options say, or else by the bytes of the model's constants
/// and what the run is given.
void olstm__run_limits_start(olstm__run_limits* limits,
                             const olstm__environment* environment, size_t constant_bytes,
                             const olstm_tensor* inputs, size_t input_count);

/// LIMIT_EXCEEDED: "LSTM 'node': ...".
olstm_status olstm__run_limits_fail(const olstm__run_limits* limits, uint64_t work,
                                    const char* what, const char* name,
                                    olstm_error* error);

/// Counts so much more, for the node (or graph) `name`, a `what`. Errors: LIMIT_EXCEEDED.
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
