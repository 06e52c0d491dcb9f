// Threads of ONNX Runtime's intra-op pool, lent to an operator for one run.
//
// The operator ABI wants tasks that run at the same time, because they may meet at a
// barrier; ONNX Runtime promises no more than that all will have run. So the threads come
// together first, and when they do not (the pool is busy with other runs), no task is
// begun; and when one of them does not get on (its core is busy with other work), the
// others do not wait for it.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_ORT_TEAM_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_ORT_TEAM_H_

#include <onnxruntime_c_api.h>
#include <stdatomic.h>

#include "olstm/plugin.h"

typedef struct olstm__ort_team {
  /// To hand to the operator's run.
  olstm_parallel parallel;
  const OrtApi* api;
  const OrtKernelContext* context;
  /// Tasks were asked for, and there were no threads for them at the same time: what the
  /// operator computed means nothing, and has to be computed again without the team.
  atomic_bool failed;
  void (*task)(void* argument, int32_t index);
  void* argument;
  int32_t task_count;
  double deadline_us;
  /// Threads that came so far; negative once no more are waited for.
  atomic_int joined;
  atomic_int barrier_arrived;
  atomic_int barrier_passed;
} olstm__ort_team;

/// How many threads run tasks of this kernel at the same time, the caller's included, and
/// no more than there are CPUs: 1 where ONNX Runtime has no pool, or a busy one. Takes a
/// millisecond at the most.
int32_t olstm__ort_team_count_threads(const OrtApi* api, const OrtKernelContext* context);

/// A team of at most thread_count threads, for one run of one kernel.
void olstm__ort_team_init(olstm__ort_team* team, const OrtApi* api,
                          const OrtKernelContext* context, int32_t thread_count);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_ORT_TEAM_H_
