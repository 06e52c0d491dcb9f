// The late part of a plan: steps whose shapes only data can tell. Each is inferred,
// prepared and given memory when its turn comes; what the last run prepared serves again
// as long as the shapes (and the small values that they came from) are the same.
#ifndef OLSTM_RUNTIME_LATE_H_
#define OLSTM_RUNTIME_LATE_H_

#include "runtime/plan.h"
#include "runtime/run_limits.h"

typedef struct olstm__late olstm__late;

/// limits: borrowed; those of the run.
olstm_status olstm__late_create(olstm__engine* engine, olstm__run_limits* limits,
                                olstm__late** out_late, olstm_error* error);
/// Before the plan that it is bound to is released. NULL is legal.
void olstm__late_destroy(olstm__late* late);

/// Gets ready for a plan. It must be held until the next bind, or destroy. On failure
/// everything is as before.
olstm_status olstm__late_bind(olstm__late* late, const olstm__plan* plan,
                              olstm_error* error);

/// Where the run's tensors lie.
typedef struct olstm__late_call {
  const olstm_tensor* inputs;
  /// Of outputs that are known before the run.
  void* const* output_data;
  char* workspace;
  const olstm_parallel* parallel;
} olstm__late_call;

/// Runs the late steps, and sets the late ones among `outputs` (see olstm__runner_run).
olstm_status olstm__late_run(olstm__late* late, const olstm__late_call* call,
                             olstm_tensor* outputs, olstm_error* error);

/// What a step prepared last, for inspection; NULL when it has not run.
const olstm_prepared* olstm__late_prepared(const olstm__late* late, size_t index);

/// Whether `data` points into what a run has lent.
bool olstm__late_holds(const olstm__late* late, const void* data);

#endif  // OLSTM_RUNTIME_LATE_H_
