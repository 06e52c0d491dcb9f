// Writes back to a file what passes changed in a graph: nodes that they added take the
// place of those that they replaced, and all else stays as it is. What ONNX, or the
// file's opset, has no operators for is not written: the nodes that it would replace
// stay.
#ifndef OLSTM_RUNTIME_CONVERT_GRAPH_WRITE_H_
#define OLSTM_RUNTIME_CONVERT_GRAPH_WRITE_H_

#include "runtime/convert/convert_report.h"
#include "runtime/convert/scratch_graph.h"

/// Writes the recurrent layers that passes found in the graph, and in branches of Ifs,
/// to the model that the graph was made of.
///
/// report: each layer, and each Loop and Scan that stays. Errors: OUT_OF_MEMORY.
olstm_status olstm__graph_write_layers(olstm__encode_model* model,
                                       const olstm__scratch_graph* scratch,
                                       olstm__convert_report* report, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_GRAPH_WRITE_H_
