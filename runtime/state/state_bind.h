// Adds state slots to a graph: edits it so that an input, or the initial state of a
// recurrent node, is read from the context. Knows where state enters and leaves a graph;
// state.h keeps the values.
#ifndef OLSTM_RUNTIME_STATE_STATE_BIND_H_
#define OLSTM_RUNTIME_STATE_STATE_BIND_H_

#include "olstm/runtime.h"
#include "runtime/graph/graph.h"
#include "runtime/host/registry.h"

/// Binds outputs to inputs: each of these inputs becomes a state slot of its name.
/// Errors: NOT_FOUND (no such output or input), INVALID_ARGUMENT (an input bound twice),
/// DTYPE_MISMATCH, SHAPE_MISMATCH (declared by the model), OUT_OF_MEMORY.
olstm_status olstm__state_bind(olstm__graph* graph, size_t binding_count,
                               const olstm_binding* bindings, olstm_error* error);

/// Makes recurrent nodes stateful, those in branches of Ifs too: adds slots NODE/h, and
/// NODE/c for an LSTM, of shape [D,N,H] whatever the node's layout. Their start value is
/// what fed initial_h and initial_c: nothing or zeros, a constant, or what the graph
/// computes. Sorts the graph.
///
/// own_count: how many slots, the first ones, olstm__state_adopt has added. names: of
/// nodes, or a single "all". Errors: NOT_FOUND, INVALID_ARGUMENT (not
/// recurrent, or named twice), UNSUPPORTED (a node in the body of a Loop or Scan; for
/// "all", a loop that steps through a sequence), SHAPE_MISMATCH (a constant initial
/// state), OUT_OF_MEMORY.
olstm_status olstm__state_make_stateful(olstm__graph* graph, size_t own_count,
                                        size_t name_count, const char* const* names,
                                        olstm_error* error);

/// Makes ONNX's LSTM of the LSTM and StatefulLSTM that olstm's library adds to ONNX
/// Runtime (domain "olstm"), unless the registry has operators of that name; the latter
/// become stateful. Before any other slot is added. Sorts the graph if there are any.
/// Errors: UNSUPPORTED (another opset, a StatefulLSTM in the body of a Loop or Scan),
/// INVALID_MODEL, SHAPE_MISMATCH (a constant initial state), OUT_OF_MEMORY.
olstm_status olstm__state_adopt(olstm__graph* graph, const olstm_registry* registry,
                                olstm_error* error);

/// Whether a Loop or Scan carries a value that depends on a sequence, step by step, so
/// that a second part of the sequence, in another run, would have to continue from it.
/// Not so: a counter, collected results, values generated from its own results, and
/// values that a binding keeps. Errors: OUT_OF_MEMORY.
olstm_status olstm__state_follows_sequence(const olstm__graph* graph,
                                           const olstm__graph_node* node,
                                           bool* out_follows, olstm_error* error);

/// Broadcasts initial states with a batch of 1 to the batch of X, in all recurrent nodes
/// that are not stateful, those in bodies too. Sorts the graph.
olstm_status olstm__state_broadcast_initial(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_BIND_H_
