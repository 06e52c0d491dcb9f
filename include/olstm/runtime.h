// Running models: registry, session, context, state.
//
//   olstm_model* model;      olstm_model_load_file("model.onnx", NULL, &model, &error);
//   olstm_session* session;  olstm_session_create(model, NULL, NULL, &session, &error);
//   olstm_context* context;  olstm_context_create(session, &context, &error);
//   olstm_context_run(context, &input, 1, &output, 1, &error);     // again and again
//
// A session is immutable and shared by any number of threads. A context is one caller's:
// its workspace and its LSTM state; one thread at a time. Thousands of contexts may share
// a session.
#ifndef OLSTM_RUNTIME_H_
#define OLSTM_RUNTIME_H_

#include "olstm/allocator.h"
#include "olstm/export.h"
#include "olstm/model.h"
#include "olstm/plugin.h"
#include "olstm/status.h"
#include "olstm/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------- registry

/// Operators by (domain, op_type, opset). Threads: fill it on one thread, then share it.
typedef struct olstm_registry olstm_registry;

/// Makes a registry that holds olstm's built-in operators.   Memory:
/// olstm_registry_destroy; sessions created with it must be destroyed first.
OLSTM_API olstm_status olstm_registry_create(const olstm_allocator* allocator,
                                             olstm_registry** out_registry,
                                             olstm_error* error);
OLSTM_API void olstm_registry_destroy(olstm_registry* registry);

/// Adds an operator (borrowed until the registry is destroyed). Later ones win over
/// earlier ones. Errors: INVALID_ARGUMENT for a table without its callbacks.
OLSTM_API olstm_status olstm_registry_add(olstm_registry* registry,
                                          const olstm_operator* operator_table,
                                          olstm_error* error);

/// Loads a plugin library and adds its operators. This runs the library's code: only load
/// what you trust. Errors: IO_ERROR (no such library), NOT_FOUND (no OLSTM_PLUGIN_SYMBOL
/// in it), UNSUPPORTED (newer ABI).
OLSTM_API olstm_status olstm_registry_load_plugin(olstm_registry* registry,
                                                  const char* path, olstm_error* error);

/// The operators in it, for listing: index < count.
OLSTM_API size_t olstm_registry_operator_count(const olstm_registry* registry);
OLSTM_API const olstm_operator* olstm_registry_get_operator(
    const olstm_registry* registry, size_t index);

// ---------------------------------------------------------------- session

typedef struct olstm_session olstm_session;

/// A graph output that feeds a graph input on the next run of the same context. Names as
/// in the model. An input with an initializer starts from that.
typedef struct olstm_binding {
  const char* output;
  const char* input;
} olstm_binding;

/// What a session shall be like. Init with olstm_session_options_init; nothing is kept of
/// it after create.
typedef struct olstm_session_options {
  size_t struct_size;
  /// NULL for the C library's. Copied.
  const olstm_allocator* allocator;
  /// Threads a run may use, the caller's included. Default 1.
  int32_t thread_count;
  /// One of OLSTM_PRECISION_*. Default F32.
  int32_t precision;
  /// For recurrent operators: "onednn", "native" or "reference", and no other; "auto" or
  /// NULL, the first that can; "fastest", the one of the first two that is faster here.
  /// That is measured when a plan is made, a few milliseconds for each kind of layer, and
  /// remembered as long as the session has plans for it; the times are in
  /// olstm_step_info.reason. Results may then differ in their last bits between sessions.
  const char* kernel;
  /// Plans (sets of input shapes) kept. Default 16; at least 1.
  size_t plan_cache_capacity;
  /// Most bytes that constants computed at plan time, one graph's workspace and outputs,
  /// what its dynamic part holds, and what a loop keeps, may take each. Default 0: 256
  /// MB, or 8192 for each byte of a run's inputs, or 16 for each of the model's
  /// constants, whichever is most; but 4 GB at most.
  size_t max_memory;
  /// Whether node patterns become faster operators (a Loop that is an LSTM,
  /// Transpose-LSTM, MatMul-Add). Default true.
  bool fuse;
  /// Recurrent nodes that keep their state in the context (Keras stateful=True), by name;
  /// those in branches of Ifs too, whose state stays as it is while another branch runs.
  /// A single "all": every one; refused, naming it, when a recurrent node is in the body
  /// of a Loop or Scan, or a loop that follows a sequence was not recognised as a layer.
  size_t stateful_count;
  const char* const* stateful;
  size_t binding_count;
  const olstm_binding* bindings;
  /// Whether an initial state with a batch of 1 serves every row of a larger batch.
  /// Default false.
  bool broadcast_state;
  /// Most units of work that one olstm_context_run may take; LIMIT_EXCEEDED, naming the
  /// node that is too much, before that node runs. A unit is four multiply-adds of a
  /// product, or what takes as long: about an eighth of a nanosecond of one core. An
  /// element that is read or written counts as 1 to 8, one that is computed as its
  /// operator takes (docs/security.md), a step as 128, a trip of a Loop or Scan as 512, a
  /// step planned anew as 16384. Loops that data ends are counted trip by trip. Default
  /// 0: 2^33, 1 to 3 seconds, or 2^17 for each byte of the run's inputs, whichever is
  /// more.
  uint64_t max_work;
  /// Inputs with initializers that the caller gives in every run, by name: inputs of the
  /// session then, between the others in the model's order. Those that are not named keep
  /// the initializer, and what is computed from constants alone or packed stays so. A
  /// name of another input changes nothing.
  size_t given_input_count;
  const char* const* given_inputs;
  /// Whether random operators (RandomNormal, Bernoulli, ...) whose node has no seed take
  /// `seed`: they give the same numbers in every run then, others at every node. Default
  /// false: they draw anew in every run.
  bool has_seed;
  uint64_t seed;
  /// Whether plans with a step that may allocate while it runs are refused (UNSUPPORTED,
  /// naming the step): one whose shapes only data can tell, or whose backend allocates.
  /// Default false.
  bool real_time;
} olstm_session_options;

/// Writes the defaults to a struct of `struct_size` bytes, which is what a caller in
/// another language passes; C and C++ take olstm_session_options_init, which knows its
/// own size.
OLSTM_API void olstm_session_options_init_sized(olstm_session_options* options,
                                                size_t struct_size);
static inline void olstm_session_options_init(olstm_session_options* options) {
  olstm_session_options_init_sized(options, sizeof *options);
}

/// Creates the operators of a model's nodes; packs their weights.
///
/// registry: NULL for the built-in operators. options: NULL for the defaults.
/// Errors: UNSUPPORTED (names the node and what it wants), INVALID_MODEL, SHAPE_MISMATCH
/// and DTYPE_MISMATCH (of weights),
///   NOT_FOUND (stateful node, binding, given input), OUT_OF_MEMORY, LIMIT_EXCEEDED;
///   *out_session is NULL then.
/// Memory: the caller owns *out_session: olstm_session_destroy, after its contexts. The
/// model may be destroyed before.
OLSTM_API olstm_status olstm_session_create(olstm_model* model,
                                            const olstm_registry* registry,
                                            const olstm_session_options* options,
                                            olstm_session** out_session,
                                            olstm_error* error);
OLSTM_API void olstm_session_destroy(olstm_session* session);

/// Inputs that a run takes (the bound ones are not among them), and outputs, in the
/// model's order.
OLSTM_API size_t olstm_session_input_count(const olstm_session* session);
OLSTM_API size_t olstm_session_output_count(const olstm_session* session);
OLSTM_API const olstm_value_info* olstm_session_get_input(const olstm_session* session,
                                                          size_t index);
OLSTM_API const olstm_value_info* olstm_session_get_output(const olstm_session* session,
                                                           size_t index);

/// The nodes of the main graph as they run, in order: behind fusion, so that a layer that
/// was recognised is a node of its own, of domain "" or "olstm.fused", with weights in
/// ONNX's order. Borrowed until the session is destroyed; NULL behind the last.
OLSTM_API size_t olstm_session_node_count(const olstm_session* session);
OLSTM_API const olstm_node* olstm_session_get_node(const olstm_session* session,
                                                   size_t index);

// ---------------------------------------------------------------- context

typedef struct olstm_context olstm_context;

/// Memory: the caller owns *out_context: olstm_context_destroy, before the session.
OLSTM_API olstm_status olstm_context_create(olstm_session* session,
                                            olstm_context** out_context,
                                            olstm_error* error);
OLSTM_API void olstm_context_destroy(olstm_context* context);

/// A second context with the same state, which from then on goes its own way.
OLSTM_API olstm_status olstm_context_clone(const olstm_context* context,
                                           olstm_context** out_context,
                                           olstm_error* error);

/// Plans for these input shapes, allocates the workspace, so that runs with them allocate
/// nothing, and computes once on zeros, so that the first run finds everything in memory.
/// Errors: SHAPE_MISMATCH, DTYPE_MISMATCH (name the input, what was expected and what
/// came), OUT_OF_MEMORY,
///   LIMIT_EXCEEDED.
OLSTM_API olstm_status olstm_context_prepare(olstm_context* context,
                                             const olstm_tensor_desc* inputs,
                                             size_t input_count, olstm_error* error);

/// Runs the model once.
///
/// inputs: input_count tensors in the session's order; borrowed for the call.
/// outputs: output_count tensors in the session's order. An entry whose data is NULL gets
/// desc and a buffer of
///   the context's, good until the context's next call. An entry whose data is set is the
///   caller's buffer, and its desc must be the output's: SHAPE_MISMATCH or DTYPE_MISMATCH
///   otherwise.
/// Outputs must not overlap inputs nor each other, and an input must not be a buffer that
/// the context has lent.
/// Errors: as olstm_context_prepare, INVALID_ARGUMENT (counts), INVALID_VALUE,
/// BACKEND_ERROR. State is as before then. Memory: nothing is allocated when the context
/// was prepared for, or last ran, these shapes, unless the plan has a
///   dynamic part (see olstm_context_get_plan_info).   Threads: one at a time for one
///   context.
OLSTM_API olstm_status olstm_context_run(olstm_context* context,
                                         const olstm_tensor* inputs, size_t input_count,
                                         olstm_tensor* outputs, size_t output_count,
                                         olstm_error* error);

// ---------------------------------------------------------------- state

/// A state slot: one tensor that a context carries from run to run. Named "NODE/h" and
/// "NODE/c" for stateful nodes, by the graph input's name for bindings.
typedef struct olstm_state_info {
  size_t struct_size;
  const char* name;
  olstm_dtype dtype;
  /// [D,N,H] for nodes, whatever their layout attribute. -1 for a dimension that is not
  /// known before the first prepare, run or set; a rank of -1 when the model says
  /// nothing.
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK];
  /// Whether it holds a value: false before the first run or set, and after reset.
  bool is_set;
} olstm_state_info;

OLSTM_API size_t olstm_context_state_count(const olstm_context* context);
/// Writes what is known of slot `index` to a struct of `struct_size` bytes, which is what
/// a caller in another language passes; C and C++ take olstm_context_get_state_info,
/// which knows its own size. Errors: INVALID_ARGUMENT for an index that is too large.
OLSTM_API olstm_status olstm_context_get_state_info_sized(const olstm_context* context,
                                                          size_t index,
                                                          olstm_state_info* out_info,
                                                          size_t struct_size,
                                                          olstm_error* error);
static inline olstm_status olstm_context_get_state_info(const olstm_context* context,
                                                        size_t index,
                                                        olstm_state_info* out_info,
                                                        olstm_error* error) {
  return olstm_context_get_state_info_sized(context, index, out_info, sizeof *out_info,
                                            error);
}

/// Lends the slot's value, good until the context's next call. A slot that is not set
/// shows the value it will start from, where that is known (a constant, or zeros of a
/// known shape): WRONG_STATE otherwise.
OLSTM_API olstm_status olstm_context_get_state(const olstm_context* context,
                                               const char* name, olstm_tensor* out_tensor,
                                               olstm_error* error);

/// Copies a value into the slot. [N,H] is taken for [1,N,H].
/// Errors: NOT_FOUND; SHAPE_MISMATCH, DTYPE_MISMATCH (both are named). Nothing changes
/// then.
OLSTM_API olstm_status olstm_context_set_state(olstm_context* context, const char* name,
                                               const olstm_tensor* value,
                                               olstm_error* error);

/// Back to the initial state: every slot, or one. A later run may have another batch
/// size. Legal without any slot.
OLSTM_API olstm_status olstm_context_reset(olstm_context* context, olstm_error* error);
OLSTM_API olstm_status olstm_context_reset_state(olstm_context* context, const char* name,
                                                 olstm_error* error);
/// Row `row` of the batch back to its initial state, in every slot. WRONG_STATE when no
/// slot has a batch yet, INVALID_ARGUMENT when row is not below the batch size.
OLSTM_API olstm_status olstm_context_reset_row(olstm_context* context, int64_t row,
                                               olstm_error* error);

/// Writes all slots to bytes (version, names, shapes, values, checksum), and reads them
/// back. A blob that is damaged or of another model is INVALID_ARGUMENT, one of other
/// shapes SHAPE_MISMATCH; nothing changes then. WRONG_STATE when the session has no
/// slots. Memory: *out_bytes comes from the
/// session's allocator; olstm_context_free_blob frees it.
OLSTM_API olstm_status olstm_context_save_state(const olstm_context* context,
                                                void** out_bytes, size_t* out_byte_count,
                                                olstm_error* error);
OLSTM_API void olstm_context_free_blob(const olstm_context* context, void* bytes,
                                       size_t byte_count);
OLSTM_API olstm_status olstm_context_load_state(olstm_context* context, const void* bytes,
                                                size_t byte_count, olstm_error* error);

// ---------------------------------------------------------------- looking inside

/// One step of a context's plan.
typedef struct olstm_step_info {
  size_t struct_size;
  const char* node;
  const char* op_type;
  /// "" when the operator has one kernel only.
  const char* kernel;
  const char* reason;
  size_t workspace_bytes;
  /// "" or what was made of which nodes: "Loop recognised as LSTM".
  const char* fused_from;
  /// Costs nothing: shares its input's buffer.
  bool is_view;
  /// Its shapes are known only while running: it may allocate.
  bool is_dynamic;
  /// Its backend may allocate in every run: not for real-time threads.
  bool run_allocates;
} olstm_step_info;

typedef struct olstm_plan_info {
  size_t struct_size;
  /// The steps of both branches of an If that the run chooses from follow it, and count.
  size_t step_count;
  /// Nodes that were computed at plan time, and the bytes of their results.
  size_t folded_count;
  size_t constant_bytes;
  /// Bytes of the context's workspace, and what it would be without reuse.
  size_t workspace_bytes;
  size_t unshared_bytes;
  bool has_dynamic_part;
  /// Units of work of a run, its dynamic part left out: what max_work counts.
  uint64_t work;
} olstm_plan_info;

/// The plan the context was prepared for or last ran, in a struct of `struct_size` bytes
/// (see olstm_context_get_state_info_sized). Strings are borrowed until the context is
/// prepared, runs with other shapes, or is destroyed. Errors: WRONG_STATE before there is
/// a plan; INVALID_ARGUMENT for an index that is too large.
OLSTM_API olstm_status olstm_context_get_plan_info_sized(const olstm_context* context,
                                                         olstm_plan_info* out_info,
                                                         size_t struct_size,
                                                         olstm_error* error);
OLSTM_API olstm_status olstm_context_get_step_info_sized(const olstm_context* context,
                                                         size_t index,
                                                         olstm_step_info* out_info,
                                                         size_t struct_size,
                                                         olstm_error* error);
static inline olstm_status olstm_context_get_plan_info(const olstm_context* context,
                                                       olstm_plan_info* out_info,
                                                       olstm_error* error) {
  return olstm_context_get_plan_info_sized(context, out_info, sizeof *out_info, error);
}
static inline olstm_status olstm_context_get_step_info(const olstm_context* context,
                                                       size_t index,
                                                       olstm_step_info* out_info,
                                                       olstm_error* error) {
  return olstm_context_get_step_info_sized(context, index, out_info, sizeof *out_info,
                                           error);
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_RUNTIME_H_
