// Nodes that only olstm knows, which passes make of what exporters write, in ONNX's own
// operators.
#ifndef OLSTM_RUNTIME_CONVERT_PLAIN_NODES_H_
#define OLSTM_RUNTIME_CONVERT_PLAIN_NODES_H_

#include "runtime/graph/graph.h"

/// Layers with a mask for every step become layers with sequence_lens: the steps that are
/// not masked are brought to the front, and outputs spread out again, whatever the mask.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__plain_masks(olstm__graph* graph, olstm_error* error);

/// What aligns the rows of states with those of a sequence becomes Expands. Errors:
/// OUT_OF_MEMORY.
olstm_status olstm__plain_aligns(olstm__graph* graph, olstm_error* error);

/// Recurrent nodes read what is behind two Transposes that cancel out.
void olstm__plain_swaps(olstm__graph* graph);

#endif  // OLSTM_RUNTIME_CONVERT_PLAIN_NODES_H_
