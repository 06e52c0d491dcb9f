// Node patterns that become fewer, faster nodes. Every pass edits a net before operators
// are created, and leaves alone what it does not recognise to the last node.
#ifndef OLSTM_RUNTIME_FUSE_H_
#define OLSTM_RUNTIME_FUSE_H_

#include "runtime/net.h"

/// Runs all passes over a main net whose constant nodes are folded, and sorts it.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse(olstm__net* net, olstm_error* error);

/// Loops that step a recurrent cell over a sequence, as tf2onnx writes Keras' LSTM, GRU
/// and SimpleRNN layers, become LSTM, GRU and RNN nodes; with a mask, nodes of domain
/// olstm.fused.
void olstm__fuse_loops(olstm__net* net);

/// What picks the last step of a recurrent node's Y reads Y_h instead.
void olstm__fuse_last_steps(olstm__net* net);

/// Cells that step over a sequence one by one, as Keras' unroll=True and PyTorch leave
/// them, become LSTM, GRU and RNN nodes. Sorts the net when there were any.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_chains(olstm__net* net, olstm_error* error);

/// What exporters write for Keras' Masking layer becomes a node of domain olstm.fused.
void olstm__fuse_masks(olstm__net* net);

/// Recurrent nodes take the place of the Transposes around them: nodes of domain
/// olstm.fused with layouts of X and Y of their own. Last, since other passes know ONNX's
/// nodes alone. Sorts the net. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_layouts(olstm__net* net, olstm_error* error);

/// MatMul, Add and an activation, or Gemm and an activation, become one node of domain
/// olstm.fused. Sorts the net. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_dense(olstm__net* net, olstm_error* error);

#endif  // OLSTM_RUNTIME_FUSE_H_
