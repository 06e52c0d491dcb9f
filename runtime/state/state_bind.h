// Gives a graph its state slots: edits the graph so that what was an input, or a
// recurrent node's initial state, comes from the context. Knows where state enters and
// leaves a graph; where its values are kept is state.h's.
#ifndef OLSTM_RUNTIME_STATE_STATE_BIND_H_
#define OLSTM_RUNTIME_STATE_STATE_BIND_H_

#include "olstm/runtime.h"
#include "runtime/graph/graph.h"

/// Binds outputs to inputs: each input named is one no longer, but a state slot of its
/// name.
/// Errors: NOT_FOUND (no such output or input), INVALID_ARGUMENT (an input bound twice),
/// DTYPE_MISMATCH, SHAPE_MISMATCH (what the model declares of both), OUT_OF_MEMORY.
olstm_status olstm__state_bind(olstm__graph* graph, size_t binding_count,
                               const olstm_binding* bindings, olstm_error* error);

/// Makes recurrent nodes stateful, those in branches of Ifs too: slots NODE/h, and NODE/c
/// for an LSTM, of shape [D,N,H] whatever the node's layout. What fed initial_h and
/// initial_c is what they start from: nothing or zeros, a constant, or what the graph
/// computes.
///
/// names: of nodes, or a single "all".
/// Errors: NOT_FOUND, INVALID_ARGUMENT (not recurrent, or named twice), UNSUPPORTED (a
/// node in the body of a Loop or Scan; for "all", a loop that follows a sequence),
/// SHAPE_MISMATCH (a constant initial state), OUT_OF_MEMORY. The graph is in order
/// afterwards.
olstm_status olstm__state_make_stateful(olstm__graph* graph, size_t name_count,
                                        const char* const* names, olstm_error* error);

/// Whether a Loop or Scan carries a value that it computes from a sequence, step by step:
/// one that another part of the sequence, in another run, would have to go on from. One
/// that counts, collects what it computes, generates from its own results, or goes on
/// from what a binding keeps does not. Errors: OUT_OF_MEMORY.
olstm_status olstm__state_follows_sequence(const olstm__graph* graph,
                                           const olstm__graph_node* node,
                                           bool* out_follows, olstm_error* error);

/// Lets initial states with a batch of 1 serve batches of any size, in all recurrent
/// nodes that are not stateful, those in bodies too. The graph is in order afterwards.
olstm_status olstm__state_broadcast_initial(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_BIND_H_
