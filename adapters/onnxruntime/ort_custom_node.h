// The node that a custom operator of domain "olstm" stands for: read from ONNX Runtime's
// OrtKernelInfo.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_ORT_CUSTOM_NODE_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_ORT_CUSTOM_NODE_H_

#include <onnxruntime_c_api.h>

#include "node_runner.h"

/// Makes the runner of an LSTM node with the attributes and constant inputs of `info`.
///
/// with_state: the node gets initial_h, initial_c, Y_h and Y_c whatever the custom node
/// has. Errors: as olstm__node_runner_create; BACKEND_ERROR with ONNX Runtime's own
/// message.
olstm_status olstm__ort_custom_node_create(const OrtApi* api, const OrtKernelInfo* info,
                                           bool with_state,
                                           olstm__node_runner** out_runner,
                                           olstm_error* error);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_ORT_CUSTOM_NODE_H_
