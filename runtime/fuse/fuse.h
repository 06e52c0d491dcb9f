// Node patterns that become fewer, faster nodes. Every pass edits a graph before
// operators are created, and leaves alone what it does not recognise to the last node.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_H_
#define OLSTM_RUNTIME_FUSE_FUSE_H_

#include "runtime/graph/graph.h"

/// Loops that step a recurrent cell over a sequence, as tf2onnx writes Keras' LSTM, GRU
/// and SimpleRNN layers, become LSTM, GRU and RNN nodes; with a mask, nodes of domain
/// olstm.fused.
void olstm__fuse_loops(olstm__graph* graph);

/// What picks the last step of a recurrent node's Y reads Y_h instead.
void olstm__fuse_last_steps(olstm__graph* graph);

/// Cells that step over a sequence one by one, as Keras' unroll=True and PyTorch leave
/// them, become LSTM, GRU and RNN nodes. Sorts the graph when there were any.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_chains(olstm__graph* graph, olstm_error* error);

/// What exporters write for Keras' Masking layer becomes a node of domain olstm.fused.
void olstm__fuse_masks(olstm__graph* graph);

/// Recurrent nodes take the place of the Transposes around them: nodes of domain
/// olstm.fused with layouts of X and Y of their own. Last, since other passes know ONNX's
/// nodes alone. Sorts the graph. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_layouts(olstm__graph* graph, olstm_error* error);

/// MatMul, Add and an activation, or Gemm and an activation, become one node of domain
/// olstm.fused. Sorts the graph. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_dense(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_H_
