// the dynamic part of a plan: steps whose shapes only data can tell. Each is inferred,
// prepared and given memory when its turn comes; what the last run prepared serves again
// as long as the shapes (and the small values that they came from) are the same.
#ifndef OLSTM_RUNTIME_EXECUTE_DYNAMIC_H_
#define OLSTM_RUNTIME_EXECUTE_DYNAMIC_H_

#include "runtime/execute/body_executor.h"

typedef struct olstm__dynamic olstm__dynamic;

/// bodies: runs the bodies of control nodes. limits: borrowed; those of the run.
olstm_status olstm__dynamic_create(olstm__environment* environment,
                                   const olstm__body_executor* bodies,
                                   olstm__run_limits* limits,
                                   olstm__dynamic** out_dynamic, olstm_error* error);
/// Before the plan that it is bound to is released. NULL is legal.
void olstm__dynamic_destroy(olstm__dynamic* dynamic);

/// Gets ready for a plan. It must be held until the next bind, or destroy. On failure
/// everything is as before.
olstm_status olstm__dynamic_bind(olstm__dynamic* dynamic, const olstm__plan* plan,
                                 olstm_error* error);

/// Where the run's tensors lie.
typedef struct olstm__dynamic_call {
  const olstm_tensor* inputs;
  /// Of outputs that are known before the run.
  void* const* output_data;
  char* workspace;
  const olstm_parallel* parallel;
} olstm__dynamic_call;

/// Runs the dynamic steps, and sets the dynamic ones among `outputs` (see
/// olstm__executor_run).
olstm_status olstm__dynamic_run(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                                olstm_tensor* outputs, olstm_error* error);

/// What a step prepared last, for inspection; NULL when it has not run.
const olstm_prepared* olstm__dynamic_prepared(const olstm__dynamic* dynamic,
                                              size_t index);

/// Whether `data` points into what a run has lent.
bool olstm__dynamic_holds(const olstm__dynamic* dynamic, const void* data);

#endif  // OLSTM_RUNTIME_EXECUTE_DYNAMIC_H_
