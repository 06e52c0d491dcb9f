// A loaded graph as text, so that a test can say what it expects in a line.
#ifndef OLSTM_TESTS_SUPPORT_GRAPH_TEXT_H_
#define OLSTM_TESTS_SUPPORT_GRAPH_TEXT_H_

#include "onnx_proto/model.h"

/// "in(x) y=Add'n'(x,k) {then: (cap x<x) z=Neg'm'(x) out(z)} out(y)": inputs, nodes with
/// names, inputs and subgraphs, outputs. Constants have a # after their name. The buffer
/// is static.
const char* graph_text(const olstm__decoded_graph* graph);

#endif  // OLSTM_TESTS_SUPPORT_GRAPH_TEXT_H_
