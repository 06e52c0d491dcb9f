// Passes that replace patterns of nodes by fewer, faster nodes. They edit a graph before
// operators are created, and change nothing unless the whole pattern matches.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_H_
#define OLSTM_RUNTIME_FUSE_FUSE_H_

#include "runtime/graph/graph.h"

/// Sequences of tensors become tensors: those that Loops collect scan outputs, those that
/// a tensor is split into the tensor. Sorts the graph. Errors: UNSUPPORTED for any other,
/// by the node's name; INVALID_MODEL, INVALID_VALUE, LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__fuse_sequences(olstm__graph* graph, olstm_error* error);

/// Loop and Scan nodes that step a recurrent cell over a sequence, as tf2onnx exports
/// Keras' LSTM, GRU and SimpleRNN layers, become LSTM, GRU and RNN nodes; with a mask,
/// nodes of domain olstm.fused.
void olstm__fuse_loops(olstm__graph* graph);

/// Nodes that take the last step of a recurrent node's Y read Y_h instead.
void olstm__fuse_last_steps(olstm__graph* graph);

/// Unrolled layers, as Keras' unroll=True and PyTorch export them, become LSTM, GRU and
/// RNN nodes. Sorts the graph if there are any. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_chains(olstm__graph* graph, olstm_error* error);

/// The nodes that exporters write for Keras' Masking layer become one node of domain
/// olstm.fused.
void olstm__fuse_masks(olstm__graph* graph);

/// Transposes around a recurrent node become attributes of it: a node of domain
/// olstm.fused with layouts of X and Y. Must run last, because other passes match ONNX's
/// nodes only. Sorts the graph. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_layouts(olstm__graph* graph, olstm_error* error);

/// MatMul, Add and an activation, or Gemm and an activation, become one node of domain
/// olstm.fused. Sorts the graph. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_dense(olstm__graph* graph, olstm_error* error);

/// Convolutions take along what stands behind them: BatchNormalization and what is
/// multiplied by or added to their channels, in their weights; a sum and a function of
/// one number, in nodes of domain olstm.fused. Sorts the graph. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_conv(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_H_
