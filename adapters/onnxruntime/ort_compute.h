// A node that olstm's execution provider claimed: compiled once, and run by ONNX Runtime
// on any thread.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_ORT_COMPUTE_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_ORT_COMPUTE_H_

#include <onnxruntime_c_api.h>
#include <pthread.h>

#include "olstm/status.h"

/// How many threads ONNX Runtime gives the nodes of one session: 0 until a run found out.
typedef struct olstm__ort_threads {
  pthread_mutex_t mutex;
  int32_t count;
} olstm__ort_threads;

/// Compiles the one node of `graph`, which ONNX Runtime calls `fused_node` from now on.
/// Nothing of either is kept. threads: borrowed until destroy.
olstm_status olstm__ort_compute_create(const OrtApi* api, olstm__ort_threads* threads,
                                       const OrtGraph* graph, const OrtNode* fused_node,
                                       OrtNodeComputeInfo** out_info, olstm_error* error);

void olstm__ort_compute_destroy(OrtNodeComputeInfo* info);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_ORT_COMPUTE_H_
