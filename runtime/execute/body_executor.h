// The functions of the executor, as a table: the dynamic part and control nodes run
// bodies through it, because they are below the executor and must not include it.
#ifndef OLSTM_RUNTIME_EXECUTE_BODY_EXECUTOR_H_
#define OLSTM_RUNTIME_EXECUTE_BODY_EXECUTOR_H_

#include "runtime/execute/run_limits.h"
#include "runtime/plan/plan.h"

typedef struct olstm__executor olstm__executor;

/// See the functions of these names in runtime/execute/executor.h.
typedef struct olstm__body_executor {
  olstm_status (*create)(olstm__program* program, olstm__run_limits* limits,
                         olstm__executor** out_executor, olstm_error* error);
  void (*destroy)(olstm__executor* executor);
  olstm_status (*prepare)(olstm__executor* executor, const olstm_tensor* inputs,
                          const bool* is_constant, olstm_error* error);
  olstm_status (*run)(olstm__executor* executor, const olstm_tensor* inputs,
                      olstm_tensor* outputs, const olstm_parallel* parallel,
                      olstm_error* error);
  const olstm__plan* (*plan)(const olstm__executor* executor);
  void (*warm_up)(olstm__executor* executor);
} olstm__body_executor;

#endif  // OLSTM_RUNTIME_EXECUTE_BODY_EXECUTOR_H_
