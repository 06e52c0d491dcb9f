// The optimised graph: what a session makes of a model before operators are created.
// Passes (folding, state, fusion) edit it through the functions here; then a program is
// made of it. Of operators it knows only their traits.
//
// Values and nodes are numbered and never renumbered; a pointer to one is valid until the
// next value or node is added. Memory of a graph lives as long as the graph; what comes
// from the model is borrowed. Functions that allocate return OLSTM__NO_VALUE, NULL or
// false when there is no memory, and the graph records it, so that a pass may check once,
// at its end (olstm__graph_check).
#ifndef OLSTM_RUNTIME_GRAPH_GRAPH_H_
#define OLSTM_RUNTIME_GRAPH_GRAPH_H_

#include "base/arena.h"
#include "onnx_proto/model.h"
#include "op/builtin.h"

/// The most levels of nested graphs; bounds the recursion over them.
enum { OLSTM__MAX_NESTING = 32 };

typedef enum olstm__value_kind {
  /// Made by a node.
  OLSTM__VALUE_NODE,
  /// Given to each run: a graph input, or a capture of a subgraph.
  OLSTM__VALUE_INPUT,
  /// Known: an initializer, or computed by a pass.
  OLSTM__VALUE_CONSTANT,
  /// The content of a state slot before the run (see olstm__graph_state).
  OLSTM__VALUE_STATE
} olstm__value_kind;

typedef struct olstm__graph_value {
  olstm__value_kind kind;
  /// Name, and declared dtype and shape (UNDEFINED and -1 where not declared).
  olstm_value_info info;
  /// CONSTANT: borrowed from model or graph.
  const olstm_tensor* constant;
  /// NODE: the node that makes it; NO_VALUE when that node was removed.
  int32_t producer;
  /// First of its uses by nodes (index into graph->uses), and their number.
  int32_t first_use;
  int32_t use_count;
  /// How often it is an output of the graph or the next value of a state slot.
  int32_t output_use_count;
  /// Whether the batch size of a state slot is taken from its shape: its producer must
  /// not be removed.
  bool is_state_source;
  /// The value that a pass gave all its users instead, or NO_VALUE.
  int32_t replaced_by;
  /// What a pass knows of the first dimension: it is dimension rows_axis of value
  /// rows_of, or, when that is NO_VALUE, row_count; -1 for nothing.
  int32_t rows_of;
  int32_t rows_axis;
  int64_t row_count;
} olstm__graph_value;

/// One use of a value: input `slot` of `node`. next, previous: uses of the same value.
typedef struct olstm__graph_use {
  int32_t node;
  int32_t slot;
  int32_t next;
  int32_t previous;
} olstm__graph_use;

typedef enum olstm__node_kind {
  /// Runs through an olstm_operator.
  OLSTM__NODE_OPERATOR,
  /// Runs graphs: If, Loop, Scan.
  OLSTM__NODE_CONTROL,
  /// Removed; in no list of uses.
  OLSTM__NODE_REMOVED
} olstm__node_kind;

typedef struct olstm__graph olstm__graph;

/// A graph attribute of a control node.
typedef struct olstm__graph_body {
  /// The attribute's name: "body", "then_branch", "else_branch".
  const char* attribute;
  /// The subgraph; its inputs are those of the model's subgraph, then the captures.
  /// Owned.
  olstm__graph* graph;
  /// The captures are fed by node->inputs[first_capture ...].
  size_t first_capture;
  size_t capture_count;
} olstm__graph_body;

typedef struct olstm__graph_node {
  olstm__node_kind kind;
  const char* name;
  const char* op_type;
  const char* domain;
  /// Traits of its operator; set by olstm__graph_add_node.
  olstm__traits traits;
  int32_t opset_version;
  size_t attribute_count;
  const olstm_attribute* attributes;
  /// Values; OLSTM__NO_VALUE where absent. Change inputs only with
  /// olstm__graph_set_input. The first own_input_count inputs of a CONTROL node are those
  /// of the model; behind them are those that feed its bodies' captures.
  size_t input_count;
  size_t own_input_count;
  int32_t* inputs;
  size_t output_count;
  int32_t* outputs;
  /// CONTROL.
  size_t body_count;
  olstm__graph_body* bodies;
  /// Whether state slots feed its initial state (state_nodes.h).
  bool is_stateful;
  /// Whether folding leaves it alone, so that a layer may be recognised with it.
  bool is_kept;
  /// Whether it is a recurrent layer without its first steps, from which its initial
  /// state comes: what it ends with is no state of a stream.
  bool goes_on;
  /// What the node was fused from, for inspect: "Loop recognised as LSTM"; or "".
  const char* fused_from;
  /// Index in graph->uses of its input 0; those of the other inputs follow.
  int32_t first_use;
  /// How many inputs, with their uses, and outputs there is room for.
  size_t input_capacity, output_capacity;
} olstm__graph_node;

/// A state slot: a tensor that a context carries from run to run. A slot belongs to the
/// main graph. A body has an entry for a slot that passes through it on the way to a
/// node; input and output are then a capture and an output of the body.
typedef struct olstm__graph_state {
  /// "NODE/h", "NODE/c", or the name of a bound graph input.
  const char* name;
  /// The value that reads the slot (kind STATE), and the value that becomes its next
  /// content.
  int32_t input;
  int32_t output;
  /// A dimension of -1 depends on the inputs of the run.
  olstm_dtype dtype;
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK];
  /// The source of the slot's batch size: dimension `batch_axis` of the slot is dimension
  /// `source_axis` of value `source`; NO_VALUE: a body knows the source. batch_axis -1:
  /// there is no source; unknown dimensions are then symbolic dimensions (dim_params) of
  /// the slot's input that other inputs set.
  int32_t batch_axis;
  int32_t source;
  int32_t source_axis;
  /// The start value: a constant (borrowed; with a batch of 1 or of the slot's own), NULL
  /// for zeros.
  const olstm_tensor* initial;
  /// The dimension of the batch, for resetting single rows; -1: unknown.
  int32_t row_axis;
  /// Whether the graph computes the start value. Then the next slot is an internal one,
  /// BOOL [1,N,1]: the rows of this slot that hold a value.
  bool has_start;
  bool is_internal;
  /// Of an internal slot: whether a run computes its value, because the node may not run.
  /// If not, all rows hold a value after a run.
  bool is_flag_computed;
} olstm__graph_state;

struct olstm__graph {
  olstm_allocator allocator;
  const char* name;
  int32_t value_count;
  size_t value_capacity;
  olstm__graph_value* values;
  /// In topological order, except between an edit and olstm__graph_sort.
  int32_t node_count;
  size_t node_capacity;
  olstm__graph_node* nodes;
  /// Indices of the nodes in the order of execution, without removed ones.
  int32_t order_count;
  size_t order_capacity;
  int32_t* order;
  int32_t use_count;
  size_t use_capacity;
  olstm__graph_use* uses;
  size_t input_count, input_capacity;
  int32_t* inputs;
  /// Of a body: inputs from this index on are captures.
  size_t own_input_count;
  size_t output_count, output_capacity;
  int32_t* outputs;
  size_t state_count, state_capacity;
  olstm__graph_state* states;
  /// Nodes that passes have replaced, as they were, in topological order
  /// (graph_replaced.h).
  size_t replaced_count;
  olstm__graph_node* replaced;
  /// The memory behind olstm__graph_allocate.
  olstm__arena memory;
};

// ---------------------------------------------------------------- making

/// Imports a decoded graph and its subgraphs (borrowed: the model must outlive the
/// graph). Constants that a subgraph captures become constants of the subgraph. given:
/// constants among the declared inputs that become inputs instead. Errors: LIMIT_EXCEEDED
/// (nesting), OUT_OF_MEMORY.
olstm_status olstm__graph_create(const olstm__decoded_graph* source, size_t given_count,
                                 const int32_t* given, const olstm_allocator* allocator,
                                 olstm__graph** out_graph, olstm_error* error);

/// An empty graph. NULL when there is no memory.
olstm__graph* olstm__graph_create_empty(const char* name,
                                        const olstm_allocator* allocator);

/// Frees the graph and those of its bodies. NULL is legal.
void olstm__graph_destroy(olstm__graph* graph);

/// OUT_OF_MEMORY if any allocation has failed since the graph was made.
olstm_status olstm__graph_check(const olstm__graph* graph, olstm_error* error);

/// Zeroed memory that lives as long as the graph.
void* olstm__graph_allocate(olstm__graph* graph, size_t count, size_t size);

/// A formatted string that lives as long as the graph.
const char* olstm__graph_format(olstm__graph* graph, const char* format, ...)
    OLSTM_PRINTF_(2, 3);

// ---------------------------------------------------------------- adding

/// Adds a value (one of kind NODE is to be set as an output of a node next). `name` is
/// borrowed: use olstm__graph_format for a generated one.
int32_t olstm__graph_add_value(olstm__graph* graph, olstm__value_kind kind,
                               const char* name);

/// Adds a constant; `tensor` is borrowed from model or graph.
int32_t olstm__graph_add_constant(olstm__graph* graph, const char* name,
                                  const olstm_tensor* tensor);

/// Allocates a zeroed tensor in the graph's memory, to be filled and added with
/// olstm__graph_add_constant. NULL when desc is invalid or there is no memory.
olstm_tensor* olstm__graph_allocate_tensor(olstm__graph* graph,
                                           const olstm_tensor_desc* desc);

/// Appends to the graph's inputs or outputs.
bool olstm__graph_add_input(olstm__graph* graph, int32_t value);
bool olstm__graph_add_output(olstm__graph* graph, int32_t value);

/// Appends a node. Reads kind, name, op_type, domain, opset_version, attributes, inputs,
/// outputs, bodies and fused_from of `node`; takes the graphs of the bodies; copies the
/// arrays inputs, outputs and bodies; borrows all else. Sets own_input_count to
/// input_count for an OPERATOR. Outputs must be values of kind NODE without a producer.
/// Call olstm__graph_sort when nodes before it use its outputs.
int32_t olstm__graph_add_node(olstm__graph* graph, const olstm__graph_node* node);

/// Appends a node of ONNX's own domain with one output, which has the node's name.
/// attribute: NULL for none. Returns the output; NO_VALUE without memory, or when an
/// input or the name is missing.
int32_t olstm__graph_add_operator(olstm__graph* graph, const char* name,
                                  const char* op_type, int32_t opset_version,
                                  const olstm_attribute* attribute, size_t input_count,
                                  const int32_t* inputs);

/// Appends a Transpose of the first two of three dimensions, [b,a,c] of [a,b,c]; returns
/// its output, as olstm__graph_add_operator.
int32_t olstm__graph_add_swap(olstm__graph* graph, const char* name, int32_t value);

/// Appends a copy of a state slot; its input must be a value of kind STATE.
bool olstm__graph_add_state(olstm__graph* graph, const olstm__graph_state* state);

// ---------------------------------------------------------------- editing

/// Sets input `slot` of a node (NO_VALUE: absent).
void olstm__graph_set_input(olstm__graph* graph, int32_t node, size_t slot,
                            int32_t value);

/// Sets the domain of a node (borrowed); the operator of the same name there replaces its
/// operator.
void olstm__graph_set_domain(olstm__graph* graph, int32_t node, const char* domain);

/// Sets output `slot` of a node to a value of kind NODE without a producer, or to
/// NO_VALUE (unused). The old value has no producer afterwards.
void olstm__graph_set_output(olstm__graph* graph, int32_t node, size_t slot,
                             int32_t value);

/// Extends a node to at least `count` inputs or outputs; new ones are NO_VALUE. False
/// when there is no memory.
bool olstm__graph_reserve_inputs(olstm__graph* graph, int32_t node, size_t count);
bool olstm__graph_reserve_outputs(olstm__graph* graph, int32_t node, size_t count);

/// Replaces all uses of `from` (by nodes, as outputs of the graph, as next values of
/// state slots) by `to`. If `to` becomes an output, it takes the name of `from`.
void olstm__graph_replace_uses(olstm__graph* graph, int32_t from, int32_t to);

/// Turns a value into a constant; its node has no such output afterwards.
void olstm__graph_make_constant(olstm__graph* graph, int32_t value,
                                const olstm_tensor* tensor);

/// Removes a node. Its outputs have no producer afterwards and must not be used.
void olstm__graph_remove_node(olstm__graph* graph, int32_t node);

// ---------------------------------------------------------------- asking

/// The node that makes a value, or NULL (input, constant, NO_VALUE).
olstm__graph_node* olstm__graph_producer(const olstm__graph* graph, int32_t value);

/// As above, if that node is an OPERATOR of ONNX's own domain of that type; else NULL.
olstm__graph_node* olstm__graph_producer_of_type(const olstm__graph* graph, int32_t value,
                                                 const char* op_type);

/// The node that uses a value, if there is exactly one use and the value is not an
/// output; else NULL.
olstm__graph_node* olstm__graph_only_consumer(const olstm__graph* graph, int32_t value);

/// The tensor of a constant; NULL for other values and NO_VALUE.
const olstm_tensor* olstm__graph_constant(const olstm__graph* graph, int32_t value);

/// Whether a node is an OPERATOR that has all of these traits.
static inline bool olstm__graph_node_has(const olstm__graph_node* node,
                                         olstm__traits traits) {
  return node->kind == OLSTM__NODE_OPERATOR && (node->traits & traits) == traits;
}

/// Input or output `slot` of a node; NO_VALUE if it has fewer.
int32_t olstm__graph_node_input(const olstm__graph_node* node, size_t slot);
int32_t olstm__graph_node_output(const olstm__graph_node* node, size_t slot);

/// The node's attribute of that name, or NULL.
const olstm_attribute* olstm__graph_find_attribute(const olstm__graph_node* node,
                                                   const char* name);

/// The index of the node of that name, OLSTM__NO_VALUE when there is none. Linear.
int32_t olstm__graph_find_node(const olstm__graph* graph, const char* name);

/// The index of a node that a pointer into graph->nodes points to.
int32_t olstm__graph_node_index(const olstm__graph* graph, const olstm__graph_node* node);

// ---------------------------------------------------------------- bodies

/// The value of body `body` of CONTROL node `index` that captures `value`; added if it
/// does not exist. NO_VALUE when there is no memory.
int32_t olstm__graph_capture(olstm__graph* graph, int32_t index, size_t body,
                             int32_t value);

/// Takes an input of body `body` of CONTROL node `index` away, and the node's input that
/// feeds it: one of the node's own, as a Loop or Scan has them, or a capture. Must not be
/// used.
void olstm__graph_drop_body_input(olstm__graph* graph, int32_t index, size_t body,
                                  size_t input);

/// Adds an output to an If: value `inner` of branch `body` when that branch runs, else
/// value `otherwise` of `graph`. Every branch must have the outputs that the node has.
/// Returns the If's new output, NO_VALUE when there is no memory.
int32_t olstm__graph_add_branch_output(olstm__graph* graph, int32_t index, size_t body,
                                       int32_t inner, int32_t otherwise);

// ---------------------------------------------------------------- passes

/// Updates graph->order after edits: topological, and otherwise as before. Errors:
/// INVALID_MODEL (a cycle), OUT_OF_MEMORY.
olstm_status olstm__graph_sort(olstm__graph* graph, olstm_error* error);

/// Removes nodes whose outputs are unused, and unused outputs that the operator's traits
/// declare optional. In bodies too, where every output counts as used.
void olstm__graph_remove_dead(olstm__graph* graph);

/// Turns captures of constants into constants of the body, at every depth.
void olstm__graph_propagate_captured_constants(olstm__graph* graph);

/// Turns constants that a Loop carries unchanged, as exporters write weights, into
/// constants of its body.
void olstm__graph_propagate_loop_invariants(olstm__graph* graph);

#endif  // OLSTM_RUNTIME_GRAPH_GRAPH_H_
