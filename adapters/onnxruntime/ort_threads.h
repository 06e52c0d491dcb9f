// ONNX Runtime's intra-op threads, for olstm's operators to run on.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_ORT_THREADS_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_ORT_THREADS_H_

#include <onnxruntime_c_api.h>

#include "olstm/plugin.h"

/// The threads of one kernel's run.
typedef struct olstm__ort_pool {
  /// To hand to the operator's run.
  olstm_parallel parallel;
  const OrtApi* api;
  const OrtKernelContext* context;
} olstm__ort_pool;

/// How many threads run tasks of this kernel at the same time, the caller's included, and
/// no more than there are CPUs: 1 where ONNX Runtime has no pool, or a busy one. Takes a
/// millisecond at the most.
int32_t olstm__ort_count_threads(const OrtApi* api, const OrtKernelContext* context);

/// Borrows api and context for one run.
void olstm__ort_pool_init(olstm__ort_pool* pool, const OrtApi* api,
                          const OrtKernelContext* context, int32_t thread_count);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_ORT_THREADS_H_
