// Runs one node through the operator ABI for whatever shapes come, from any number of
// threads. Knows the ABI alone: nothing of ONNX Runtime, nothing of olstm's own runtime.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_NODE_RUNNER_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_NODE_RUNNER_H_

#include "olstm/plugin.h"

typedef struct olstm__node_runner olstm__node_runner;

/// Where an output goes: called before the run, once for each output that is used.
/// Returns NULL when it cannot be had.
typedef struct olstm__output_source {
  void* user;
  void* (*get)(void* user, size_t index, const olstm_tensor_desc* desc);
} olstm__output_source;

/// Copies the node (names, attributes, constants) and creates the operator for it, to run
/// on one thread.
/// Errors: UNSUPPORTED when olstm has no such operator or refuses the node;
/// OUT_OF_MEMORY; the operator's own.
olstm_status olstm__node_runner_create(const olstm_node* node,
                                       olstm__node_runner** out_runner,
                                       olstm_error* error);

/// Creates the operator anew, to run on up to thread_count threads. Not while it runs.
/// Errors: as olstm__node_runner_create; the runner is good for destroy alone then.
olstm_status olstm__node_runner_set_threads(olstm__node_runner* runner,
                                            int32_t thread_count, olstm_error* error);

/// Runs it. inputs: input_count pointers, NULL where one is absent or constant. parallel:
/// NULL for one thread.
/// Memory: nothing is allocated once these shapes were seen as often at the same time.
/// [any-thread]
olstm_status olstm__node_runner_run(olstm__node_runner* runner,
                                    const olstm_tensor* const* inputs,
                                    const olstm__output_source* outputs,
                                    const olstm_parallel* parallel, olstm_error* error);

/// The copied node. Borrowed until destroy.
const olstm_node* olstm__node_runner_node(const olstm__node_runner* runner);

void olstm__node_runner_destroy(olstm__node_runner* runner);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_NODE_RUNNER_H_
