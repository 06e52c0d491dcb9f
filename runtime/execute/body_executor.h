// What control nodes need of the executor that runs their bodies: its functions, handed
// down by the executor itself, which includes everything in this folder.
#ifndef OLSTM_RUNTIME_EXECUTE_BODY_EXECUTOR_H_
#define OLSTM_RUNTIME_EXECUTE_BODY_EXECUTOR_H_

#include "runtime/execute/run_limits.h"
#include "runtime/plan/plan.h"

typedef struct olstm__executor olstm__executor;

/// As the functions of runtime/execute/executor.h of these names.
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
} olstm__body_executor;

#endif  // OLSTM_RUNTIME_EXECUTE_BODY_EXECUTOR_H_
