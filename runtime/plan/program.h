// A graph with an operator for every node: what plans are made of. There is one for the
// main graph, and one for every body of a control node. Immutable, except its plan cache
// and what operators keep when they prepare, which the environment's lock guards.
#ifndef OLSTM_RUNTIME_PLAN_PROGRAM_H_
#define OLSTM_RUNTIME_PLAN_PROGRAM_H_

#include "runtime/graph/graph.h"
#include "runtime/host/environment.h"
#include "runtime/host/operator_call.h"

typedef struct olstm__program olstm__program;

/// A graph attribute of a control node: see olstm__graph_body.
typedef struct olstm__program_body {
  const char* attribute;
  olstm__program* program;
  size_t first_capture;
  size_t capture_count;
} olstm__program_body;

typedef enum olstm__control_kind {
  OLSTM__CONTROL_IF,
  OLSTM__CONTROL_LOOP,
  OLSTM__CONTROL_SCAN
} olstm__control_kind;

typedef struct olstm__program_node {
  olstm__node_kind kind;
  /// Name, attributes, names of inputs and outputs; without the captures of a CONTROL
  /// node.
  olstm_node node;
  /// OPERATOR.
  const olstm_operator* callbacks;
  void* instance;
  /// Values of the graph, OLSTM__NO_VALUE where absent. The first node.input_count inputs
  /// of a CONTROL node are those of the model; captures of its bodies follow.
  size_t input_count;
  const int32_t* inputs;
  size_t output_count;
  const int32_t* outputs;
  /// CONTROL.
  olstm__control_kind control;
  size_t body_count;
  olstm__program_body* bodies;
  const char* fused_from;
} olstm__program_node;

struct olstm__program {
  olstm__environment* environment;
  /// Borrowed: it must outlive the program.
  olstm__graph* graph;
  /// In the order of execution.
  size_t node_count;
  olstm__program_node* nodes;
  /// Nodes that passes have replaced, in the order in which they would run: plans check
  /// them, and leave it at that. Their operators know small constants alone.
  size_t replaced_count;
  olstm__program_node* replaced;
  /// Values: the graph's inputs, then those that read state slots; the graph's outputs,
  /// then the next values of the slots.
  size_t input_count;
  const int32_t* inputs;
  size_t output_count;
  const int32_t* outputs;
  /// input_symbols[i * OLSTM_MAX_RANK + d]: the number of the symbolic dimension that
  /// dimension d of input i is, -1 for none. Equal names have equal numbers.
  int32_t symbol_count;
  const int32_t* input_symbols;
  const char* const* symbol_names;
  /// Whether it is a body: declared shapes of its inputs are not checked, because
  /// exporters write wrong ones.
  bool is_body;
  /// Of a body of a node that was replaced: it is never run.
  bool is_replaced;
  struct olstm__plan_cache* plans;
};

/// The operator of an OPERATOR node, to call.
static inline olstm__operator_instance olstm__program_instance(
    const olstm__program_node* node) {
  return (olstm__operator_instance){node->callbacks, node->instance, &node->node};
}

#endif  // OLSTM_RUNTIME_PLAN_PROGRAM_H_
