// The dynamic part of a plan: steps whose shapes depend on data. Each step is inferred,
// prepared and allocated before it runs; what the previous run prepared is reused while
// the shapes, and the small values that they depend on, are the same.
#ifndef OLSTM_RUNTIME_EXECUTE_DYNAMIC_H_
#define OLSTM_RUNTIME_EXECUTE_DYNAMIC_H_

#include "runtime/execute/body_executor.h"

typedef struct olstm__dynamic olstm__dynamic;

/// bodies: runs the bodies of control nodes. limits: borrowed; those of the run.
olstm_status olstm__dynamic_create(olstm__environment* environment,
                                   const olstm__body_executor* bodies,
                                   olstm__run_limits* limits,
                                   olstm__dynamic** out_dynamic, olstm_error* error);
/// Must be called before the bound plan is released. NULL is legal.
void olstm__dynamic_destroy(olstm__dynamic* dynamic);

/// Binds a plan, which must be kept until the next bind or destroy. On failure nothing
/// changes.
olstm_status olstm__dynamic_bind(olstm__dynamic* dynamic, const olstm__plan* plan,
                                 olstm_error* error);

/// Tensors of the run that are not dynamic.
typedef struct olstm__dynamic_call {
  const olstm_tensor* inputs;
  /// Buffers of outputs whose descs are known before the run.
  void* const* output_data;
  char* workspace;
  const olstm_parallel* parallel;
} olstm__dynamic_call;

/// Runs the dynamic steps, and sets the dynamic outputs (see olstm__executor_run).
olstm_status olstm__dynamic_run(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                                olstm_tensor* outputs, olstm_error* error);

/// What a step prepared last, for inspection; NULL before its first run.
const olstm_prepared* olstm__dynamic_prepared(const olstm__dynamic* dynamic,
                                              size_t index);

/// Whether `data` is in memory that the last run lent.
bool olstm__dynamic_holds(const olstm__dynamic* dynamic, const void* data);

#endif  // OLSTM_RUNTIME_EXECUTE_DYNAMIC_H_
