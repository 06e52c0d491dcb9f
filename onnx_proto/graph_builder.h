// Builds graphs: from the first value to the arrays that the model keeps.
#ifndef OLSTM_ONNX_PROTO_GRAPH_BUILDER_H_
#define OLSTM_ONNX_PROTO_GRAPH_BUILDER_H_

#include "onnx_proto/decoder.h"

/// Starts a graph. The builder is the caller's; the graph is in the model's arena.
olstm_status olstm__builder_init(olstm__graph_builder* builder, olstm__decoder* decoder,
                                 const char* name);

/// Frees the growing arrays. The graph stays with the model.
void olstm__builder_deinit(olstm__graph_builder* builder, const olstm__decoder* decoder);

/// Appends a value; its name must live as long as the model.
olstm_status olstm__builder_add_value(olstm__decoder* decoder,
                                      olstm__graph_builder* builder, const char* name,
                                      int32_t* out_index);

/// Appends a decoded node to the builder's graph.
olstm_status olstm__builder_add_node(olstm__decoder* decoder,
                                     olstm__graph_builder* builder,
                                     const olstm__decoded_node* node);

/// Appends a capture.
olstm_status olstm__builder_add_capture(olstm__decoder* decoder,
                                        olstm__graph_builder* builder,
                                        int32_t outer_value, int32_t inner_value);

/// Sorts the nodes and copies the arrays into the model's arena. The graph's inputs and
/// outputs must be set before.
olstm_status olstm__builder_finish(olstm__graph_builder* builder,
                                   olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_GRAPH_BUILDER_H_
