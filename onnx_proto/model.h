// The loaded model as the runtime sees it. Knows nothing of protobuf, and nothing of what
// operators mean.
#ifndef OLSTM_ONNX_PROTO_MODEL_H_
#define OLSTM_ONNX_PROTO_MODEL_H_

#include "onnx_proto/decoded_graph.h"

/// The main graph. Borrowed until the last reference to the model is dropped.
const olstm__decoded_graph* olstm__model_graph(const olstm_model* model);

/// Takes another reference, which olstm_model_destroy drops. [any-thread]
void olstm__model_retain(olstm_model* model);

#endif  // OLSTM_ONNX_PROTO_MODEL_H_
