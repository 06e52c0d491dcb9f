// A graph that may still be changed: what a session makes of a model before operators are
// created. Passes (folding, state, fusion) edit it through the functions here; a program
// is then made from it. Of what operators mean it knows their traits alone.
//
// Values and nodes are numbered and never renumbered; a pointer to one is good until the
// next value or node is added. Everything that a graph owns lives as long as the graph;
// what comes from the model is borrowed from it. Helpers that allocate return
// OLSTM__NO_VALUE or NULL when there is no memory, and the graph remembers it, so that a
// pass may check once, at its end (olstm__graph_check).
#ifndef OLSTM_RUNTIME_GRAPH_GRAPH_H_
#define OLSTM_RUNTIME_GRAPH_GRAPH_H_

#include "base/arena.h"
#include "onnx_proto/model.h"
#include "op/builtin.h"

/// Graphs inside graphs: more are refused, so that walking them may recurse.
enum { OLSTM__MAX_NESTING = 32 };

typedef enum olstm__value_kind {
  /// Made by a node.
  OLSTM__VALUE_NODE,
  /// Given to each run: a graph input, or a capture of a subgraph.
  OLSTM__VALUE_INPUT,
  /// Known: an initializer, or computed by a pass.
  OLSTM__VALUE_CONSTANT,
  /// What a state slot held before the run (olstm__graph_state says which).
  OLSTM__VALUE_STATE
} olstm__value_kind;

typedef struct olstm__graph_value {
  olstm__value_kind kind;
  /// Name, and dtype and shape as far as the model says (UNDEFINED, -1).
  olstm_value_info info;
  /// CONSTANT: borrowed from model or graph.
  const olstm_tensor* constant;
  /// NODE: the node that makes it; NO_VALUE for one whose node was removed.
  int32_t producer;
  /// Head of the list of uses by nodes (index into graph->uses), and its length.
  int32_t first_use;
  int32_t use_count;
  /// How often it is among the graph's outputs, or the next value of a state slot.
  int32_t output_use_count;
  /// Whether a state slot's batch size comes from its shape: the node that makes it
  /// stays.
  bool is_state_source;
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
  /// No longer there; in no value's uses.
  OLSTM__NODE_REMOVED
} olstm__node_kind;

typedef struct olstm__graph olstm__graph;

/// A graph attribute of a control node.
typedef struct olstm__graph_body {
  /// The attribute's name: "body", "then_branch", "else_branch".
  const char* attribute;
  /// Its inputs are those of the subgraph, then the captured values. Owned.
  olstm__graph* graph;
  /// The node's inputs that feed the captures: node->inputs[first_capture ...].
  size_t first_capture;
  size_t capture_count;
} olstm__graph_body;

typedef struct olstm__graph_node {
  olstm__node_kind kind;
  const char* name;
  const char* op_type;
  const char* domain;
  /// What operators of that name have in common; set by olstm__graph_add_node.
  olstm__traits traits;
  int32_t opset_version;
  size_t attribute_count;
  const olstm_attribute* attributes;
  /// Values; OLSTM__NO_VALUE where an optional one is absent. Change inputs with
  /// olstm__graph_set_input alone. A CONTROL node has own_input_count inputs of ONNX's,
  /// and behind them those that feed its bodies' captures.
  size_t input_count;
  size_t own_input_count;
  int32_t* inputs;
  size_t output_count;
  int32_t* outputs;
  /// CONTROL.
  size_t body_count;
  olstm__graph_body* bodies;
  /// "" or what this node was made of, for inspect: "Loop recognised as LSTM".
  const char* fused_from;
  /// Index of its input 0 in graph->uses; the others follow.
  int32_t first_use;
} olstm__graph_node;

/// A tensor that a context carries from run to run. Main graphs have them; a body has one
/// where a slot of the main graph's passes through it on the way to a node: input and
/// output are a capture and an output of the body's then.
typedef struct olstm__graph_state {
  /// "NODE/h", "NODE/c", or the graph input's name of a binding.
  const char* name;
  /// The value that reads the slot (kind STATE), and the one whose tensor becomes its
  /// next content.
  int32_t input;
  int32_t output;
  /// dtype and shape; a dimension of -1 is not known before inputs are.
  olstm_dtype dtype;
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK];
  /// Where the slot's batch size comes from: dimension `batch_axis` of the slot is
  /// dimension `source_axis` of value `source`; a source of NO_VALUE: a body knows.
  /// batch_axis -1: from nowhere; unknown dimensions are then those of the input's
  /// dim_params, which other inputs give.
  int32_t batch_axis;
  int32_t source;
  int32_t source_axis;
  /// What a reset goes back to: a constant (borrowed; a batch of 1 or of the slot's own),
  /// NULL for zeros.
  const olstm_tensor* initial;
  /// The dimension that counts the batch's rows, for resetting one; -1: not known.
  int32_t row_axis;
  /// Whether the graph computes what a reset goes back to. The next slot is a hidden one
  /// then, BOOL [1,N,1]: the rows of this slot that hold a value.
  bool has_start;
  bool is_internal;
  /// Of a hidden slot: whether a run computes which rows hold a value, since its node may
  /// not run. Otherwise all do after a run.
  bool is_flag_computed;
} olstm__graph_state;

struct olstm__graph {
  olstm_allocator allocator;
  const char* name;
  int32_t value_count;
  size_t value_capacity;
  olstm__graph_value* values;
  /// In topological order, but between an edit and olstm__graph_sort.
  int32_t node_count;
  size_t node_capacity;
  olstm__graph_node* nodes;
  /// The order in which nodes run, removed ones left out: order[0 .. order_count-1].
  int32_t order_count;
  size_t order_capacity;
  int32_t* order;
  int32_t use_count;
  size_t use_capacity;
  olstm__graph_use* uses;
  size_t input_count, input_capacity;
  int32_t* inputs;
  /// Of a body: the inputs behind these are captures.
  size_t own_input_count;
  size_t output_count, output_capacity;
  int32_t* outputs;
  size_t state_count, state_capacity;
  olstm__graph_state* states;
  /// Of all that olstm__graph_allocate gave.
  olstm__arena memory;
};

// ---------------------------------------------------------------- making

/// Makes a graph, and those of its subgraphs, of a graph (borrowed: keep its model).
/// Constants that a subgraph captures are constants there too. given: constants among the
/// declared inputs that are inputs instead.
/// Errors: LIMIT_EXCEEDED (nesting), OUT_OF_MEMORY.
olstm_status olstm__graph_create(const olstm__decoded_graph* source, size_t given_count,
                                 const int32_t* given, const olstm_allocator* allocator,
                                 olstm__graph** out_graph, olstm_error* error);

/// A graph without anything in it, to be filled by hand. NULL when there is no memory.
olstm__graph* olstm__graph_create_empty(const char* name,
                                        const olstm_allocator* allocator);

/// Frees it, and the graphs of its bodies. NULL is legal.
void olstm__graph_destroy(olstm__graph* graph);

/// OUT_OF_MEMORY if any helper has failed since the graph was made.
olstm_status olstm__graph_check(const olstm__graph* graph, olstm_error* error);

/// Zeroed memory that lives as long as the graph.
void* olstm__graph_allocate(olstm__graph* graph, size_t count, size_t size);

/// A string that lives as long as the graph.
const char* olstm__graph_format(olstm__graph* graph, const char* format, ...)
    OLSTM_PRINTF_(2, 3);

// ---------------------------------------------------------------- adding

/// A value of that kind (NODE: give it to a node's outputs next). `name` is borrowed: use
/// olstm__graph_format for one that is made up.
int32_t olstm__graph_add_value(olstm__graph* graph, olstm__value_kind kind,
                               const char* name);

/// A constant; `tensor` is borrowed from model or graph.
int32_t olstm__graph_add_constant(olstm__graph* graph, const char* name,
                                  const olstm_tensor* tensor);

/// A zeroed tensor of the graph's for olstm__graph_add_constant: fill its data. NULL when
/// desc is no shape or there is no memory.
olstm_tensor* olstm__graph_allocate_tensor(olstm__graph* graph,
                                           const olstm_tensor_desc* desc);

/// Appends to the graph's inputs or outputs.
bool olstm__graph_add_input(olstm__graph* graph, int32_t value);
bool olstm__graph_add_output(olstm__graph* graph, int32_t value);

/// Appends a node. Of `node`, kind, name, op_type, domain, opset_version, attributes,
/// inputs, outputs, bodies (with their graphs, which are taken) and fused_from are read;
/// the arrays inputs, outputs and bodies are copied, all else is borrowed.
/// own_input_count is set to input_count for an OPERATOR. Its outputs must be values
/// without a producer (kind NODE). Call olstm__graph_sort when nodes before it use its
/// outputs.
int32_t olstm__graph_add_node(olstm__graph* graph, const olstm__graph_node* node);

/// Appends a node of one of ONNX's operators, with one output, which is named as the node
/// is. attribute: NULL for none.
/// Returns the output; NO_VALUE without memory, or when an input, or name, is missing.
int32_t olstm__graph_add_operator(olstm__graph* graph, const char* name,
                                  const char* op_type, int32_t opset_version,
                                  const olstm_attribute* attribute, size_t input_count,
                                  const int32_t* inputs);

/// Appends a state slot (copied): its input must be a value of kind STATE.
bool olstm__graph_add_state(olstm__graph* graph, const olstm__graph_state* state);

// ---------------------------------------------------------------- editing

/// Lets input `slot` of a node be `value` (NO_VALUE: absent).
void olstm__graph_set_input(olstm__graph* graph, int32_t node, size_t slot,
                            int32_t value);

/// Lets a node be one of the operator of the same name in another domain (borrowed).
void olstm__graph_set_domain(olstm__graph* graph, int32_t node, const char* domain);

/// Lets output `slot` of a node be `value` (a NODE value without producer, or NO_VALUE:
/// nobody wants it). The old value is left without a producer.
void olstm__graph_set_output(olstm__graph* graph, int32_t node, size_t slot,
                             int32_t value);

/// Lets a node have at least `count` inputs or outputs; new ones are NO_VALUE, and stand
/// behind all others. False when there is no memory.
bool olstm__graph_reserve_inputs(olstm__graph* graph, int32_t node, size_t count);
bool olstm__graph_reserve_outputs(olstm__graph* graph, int32_t node, size_t count);

/// Whoever uses `from` (nodes, the graph's outputs, next states) uses `to` instead, which
/// takes the name of an output that it becomes.
void olstm__graph_replace_uses(olstm__graph* graph, int32_t from, int32_t to);

/// Turns a value into a constant and takes it from its node's outputs.
void olstm__graph_make_constant(olstm__graph* graph, int32_t value,
                                const olstm_tensor* tensor);

/// Takes a node out; its outputs are left without a producer, so nobody may use them.
void olstm__graph_remove_node(olstm__graph* graph, int32_t node);

// ---------------------------------------------------------------- asking

/// The node that makes a value, or NULL (input, constant, NO_VALUE).
olstm__graph_node* olstm__graph_producer(const olstm__graph* graph, int32_t value);

/// As above, when that node is an OPERATOR of ONNX's own domain called `op_type`.
olstm__graph_node* olstm__graph_producer_of_type(const olstm__graph* graph, int32_t value,
                                                 const char* op_type);

/// The one node that uses a value, when there is just one use and it is no output; else
/// NULL.
olstm__graph_node* olstm__graph_only_consumer(const olstm__graph* graph, int32_t value);

/// The tensor of a constant; NULL for any other value and for NO_VALUE.
const olstm_tensor* olstm__graph_constant(const olstm__graph* graph, int32_t value);

/// Whether a node is an OPERATOR that has all of these traits.
static inline bool olstm__graph_node_has(const olstm__graph_node* node,
                                         olstm__traits traits) {
  return node->kind == OLSTM__NODE_OPERATOR && (node->traits & traits) == traits;
}

/// Input or output `slot` of a node; NO_VALUE for one that it does not have.
int32_t olstm__graph_node_input(const olstm__graph_node* node, size_t slot);
int32_t olstm__graph_node_output(const olstm__graph_node* node, size_t slot);

/// The node's attribute of that name, or NULL.
const olstm_attribute* olstm__graph_find_attribute(const olstm__graph_node* node,
                                                   const char* name);

/// The node of that name, OLSTM__NO_VALUE when there is none. Linear.
int32_t olstm__graph_find_node(const olstm__graph* graph, const char* name);

/// The index of a node that a pointer into graph->nodes points to.
int32_t olstm__graph_node_index(const olstm__graph* graph, const olstm__graph_node* node);

// ---------------------------------------------------------------- bodies

/// The value by which body `body` of CONTROL node `index` captures `value`; made when it
/// does not so far. NO_VALUE when there is no memory.
int32_t olstm__graph_capture(olstm__graph* graph, int32_t index, size_t body,
                             int32_t value);

/// Gives an If one output more: `inner` where branch `body` is taken, else `otherwise`, a
/// value of `graph`. Every branch must have the outputs that the node has.
/// Returns the If's output, NO_VALUE when there is no memory.
int32_t olstm__graph_add_branch_output(olstm__graph* graph, int32_t index, size_t body,
                                       int32_t inner, int32_t otherwise);

// ---------------------------------------------------------------- passes

/// Makes graph->order anew after edits: topological, and as near to the old order as that
/// allows. Errors: INVALID_MODEL (a cycle), OUT_OF_MEMORY.
olstm_status olstm__graph_sort(olstm__graph* graph, olstm_error* error);

/// Takes out nodes that nobody needs, and the outputs nobody wants of operators whose
/// outputs ONNX calls optional. In bodies too, whose own outputs all count as wanted.
void olstm__graph_remove_dead(olstm__graph* graph);

/// Captures of bodies whose outer value is a constant become constants of the body, at
/// every depth.
void olstm__graph_propagate_captured_constants(olstm__graph* graph);

/// So do constants that Loops carry along unchanged, as exporters have them carry
/// weights.
void olstm__graph_propagate_loop_invariants(olstm__graph* graph);

#endif  // OLSTM_RUNTIME_GRAPH_GRAPH_H_
