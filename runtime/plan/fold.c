#include "runtime/plan/fold.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/plan/node_operator.h"
#include "runtime/plan/work.h"

bool olstm__fold_is_worthwhile(size_t input_bytes, size_t output_bytes) {
  return output_bytes <= OLSTM__FOLD_BYTES || output_bytes <= input_bytes;
}

// ---------------------------------------------------------------- one node

/// Sets the pointers of a run: NULL for tensors without elements.
static void list_pointers(const olstm__fold_call* call, const void** inputs,
                          void** outputs) {
  for (size_t i = 0; i < call->of.node->input_count; i++) {
    const olstm_tensor* input = call->inputs[i];
    const bool is_there = input && olstm__desc_bytes(&input->desc) > 0;
    inputs[i] = is_there ? input->data : NULL;
  }
  for (size_t o = 0; o < call->of.node->output_count; o++) {
    const bool is_there =
        call->output_data[o] && olstm__desc_bytes(&call->outputs[o]) > 0;
    outputs[o] = is_there ? call->output_data[o] : NULL;
  }
}

static olstm_status run_prepared(const olstm__fold_call* call,
                                 const olstm_prepared* prepared, olstm_error* error) {
  const olstm_allocator* allocator = &call->environment->allocator;
  const size_t pointer_count = call->of.node->input_count + call->of.node->output_count;
  const size_t workspace_bytes = prepared->workspace_bytes;
  if (workspace_bytes > call->environment->max_memory) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "%s needs %zu bytes of workspace, more than the limit of %zu",
                      call->of.node->op_type, workspace_bytes,
                      call->environment->max_memory);
  }
  void** pointers = olstm_allocate_zeroed(allocator, pointer_count, sizeof *pointers);
  void* workspace = olstm_allocate(allocator, 1, workspace_bytes);
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  if (pointers && workspace) {
    const void** inputs = (const void**)pointers;
    void** outputs = pointers + call->of.node->input_count;
    list_pointers(call, inputs, outputs);
    const olstm_run_args args = {
        sizeof args, inputs, outputs, workspace_bytes ? workspace : NULL, NULL, 0};
    status = olstm__call_run(&call->of, prepared->handle, &args, error);
  } else {
    (void)olstm_fail(error, status, "%s: no memory to compute it ahead",
                     call->of.node->op_type);
  }
  olstm_release(allocator, workspace, 1, workspace_bytes);
  olstm_release(allocator, pointers, pointer_count, sizeof *pointers);
  return status;
}

olstm_status olstm__fold_run(const olstm__fold_call* call, uint64_t* work,
                             bool* out_is_done, olstm_error* error) {
  olstm_status status = OLSTM_STATUS_OK;
  olstm_prepared prepared = {.struct_size = sizeof prepared, .view_of_input = -1};
  const olstm_prepare_args args = {sizeof args, call->of.node->input_count, call->inputs,
                                   call->of.node->output_count, call->outputs};
  OLSTM_RETURN_IF_ERROR(olstm__call_prepare(
      &call->of, &args, &call->environment->operator_memory, &prepared, error));
  const uint64_t wanted = olstm__step_work(call->of.node, &args, &prepared);
  *out_is_done = wanted <= *work;
  if (*out_is_done) {
    *work -= wanted;
    status = run_prepared(call, &prepared, error);
  }
  call->of.callbacks->release(call->of.instance, prepared.handle);
  return status;
}

// ---------------------------------------------------------------- a whole graph

/// A node whose inputs are all constants, while it is folded.
typedef struct fold_state {
  olstm__environment* environment;
  olstm__graph* graph;
  olstm_node node;
  const olstm_operator* callbacks;
  void* instance;
  /// One for each output.
  olstm_tensor_desc* descs;
  const olstm_tensor** inputs;
  olstm_tensor* inputs_storage;
} fold_state;

static olstm__operator_instance instance_of(const fold_state* fold) {
  return (olstm__operator_instance){fold->callbacks, fold->instance, &fold->node};
}

static bool has_constant_inputs_only(const olstm__graph* graph,
                                     const olstm__graph_node* node) {
  bool has_any = false;
  if (node->kind != OLSTM__NODE_OPERATOR) return false;
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] == OLSTM__NO_VALUE) continue;
    if (!olstm__graph_constant(graph, node->inputs[i])) return false;
    has_any = true;
  }
  return has_any;
}

/// Lists the constants for the operator. Those without elements get data, so that they
/// count as known.
static void list_constants(fold_state* fold) {
  for (size_t i = 0; i < fold->node.input_count; i++) {
    if (!fold->node.constants[i]) continue;
    fold->inputs_storage[i] = *fold->node.constants[i];
    if (olstm__desc_bytes(&fold->inputs_storage[i].desc) == 0) {
      fold->inputs_storage[i].data = olstm__empty_tensor_data();
    }
    fold->inputs[i] = &fold->inputs_storage[i];
  }
}

/// Computes the bytes of the results, and whether they are worth keeping and within the
/// session's limit.
static olstm_status check_size(const fold_state* fold, size_t* out_bytes,
                               bool* out_is_worthwhile, olstm_error* error) {
  size_t input_bytes = 0, output_bytes = 0;
  for (size_t i = 0; i < fold->node.input_count; i++) {
    if (fold->inputs[i]) input_bytes += olstm__desc_bytes(&fold->inputs[i]->desc);
  }
  for (size_t o = 0; o < fold->node.output_count; o++) {
    size_t bytes = 0;
    if (!olstm_node_has_output(&fold->node, o)) continue;
    OLSTM_RETURN_IF_ERROR(olstm__call_check_output(
        &fold->node, o, &fold->descs[o], SIZE_MAX - output_bytes, &bytes, error));
    output_bytes += bytes;
  }
  *out_bytes = output_bytes;
  *out_is_worthwhile =
      olstm__fold_is_worthwhile(input_bytes, output_bytes) &&
      output_bytes <= fold->environment->max_memory - fold->environment->folded_bytes;
  return OLSTM_STATUS_OK;
}

/// Computes the outputs into tensors of the graph, unless that exceeds the work left for
/// folding.
static olstm_status compute(fold_state* fold, olstm_tensor** tensors, bool* out_is_done,
                            olstm_error* error) {
  const size_t output_count = fold->node.output_count;
  void** data = olstm__graph_allocate(fold->graph, output_count, sizeof *data);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(fold->graph, error));
  for (size_t o = 0; o < output_count; o++) {
    if (!olstm_node_has_output(&fold->node, o)) continue;
    tensors[o] = olstm__graph_allocate_tensor(fold->graph, &fold->descs[o]);
    if (!tensors[o]) return olstm__graph_check(fold->graph, error);
    data[o] = tensors[o]->data;
  }
  const olstm__fold_call call = {fold->environment, instance_of(fold), fold->inputs,
                                 fold->descs, data};
  return olstm__fold_run(&call, &fold->environment->fold_work, out_is_done, error);
}

/// Folds a node after its operator was created. *out_tensors is NULL when the node is not
/// to be folded.
static olstm_status fold_with_operator(fold_state* fold, olstm_tensor*** out_tensors,
                                       olstm_error* error) {
  const olstm_infer_args args = {sizeof args, fold->node.input_count, fold->inputs,
                                 fold->node.output_count};
  size_t bytes = 0;
  bool is_worthwhile = false, is_done = false;
  const olstm__operator_instance of = instance_of(fold);
  if (fold->callbacks->flags & OLSTM_OPERATOR_RANDOM) return OLSTM_STATUS_OK;
  const olstm_status status = olstm__call_infer(&of, &args, fold->descs, error);
  if (status == OLSTM_STATUS_NEEDS_DATA) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(status);
  OLSTM_RETURN_IF_ERROR(check_size(fold, &bytes, &is_worthwhile, error));
  if (!is_worthwhile) return OLSTM_STATUS_OK;
  olstm_tensor** tensors =
      olstm__graph_allocate(fold->graph, fold->node.output_count, sizeof *tensors);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(fold->graph, error));
  // Counted even if the result is not used: the memory stays allocated.
  fold->environment->folded_bytes += bytes;
  OLSTM_RETURN_IF_ERROR(compute(fold, tensors, &is_done, error));
  if (!is_done) return OLSTM_STATUS_OK;
  *out_tensors = tensors;
  return OLSTM_STATUS_OK;
}

static olstm_status fold_node(olstm__environment* environment, olstm__graph* graph,
                              int32_t index, olstm_error* error) {
  fold_state fold = {.environment = environment, .graph = graph};
  olstm_tensor** tensors = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__node_describe(graph, &graph->nodes[index], &fold.node, error));
  fold.descs = olstm__graph_allocate(graph, fold.node.output_count, sizeof *fold.descs);
  fold.inputs = olstm__graph_allocate(graph, fold.node.input_count, sizeof *fold.inputs);
  fold.inputs_storage =
      olstm__graph_allocate(graph, fold.node.input_count, sizeof *fold.inputs_storage);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  list_constants(&fold);
  OLSTM_RETURN_IF_ERROR(olstm__node_create_operator(
      environment, &fold.node, &fold.callbacks, &fold.instance, error));
  olstm__environment_lock(environment);
  const olstm_status status = fold_with_operator(&fold, &tensors, error);
  fold.callbacks->destroy(fold.instance);
  olstm__environment_unlock(environment);
  OLSTM_RETURN_IF_ERROR(status);
  if (!tensors) return OLSTM_STATUS_OK;
  for (size_t o = 0; o < fold.node.output_count; o++) {
    const int32_t value = graph->nodes[index].outputs[o];
    if (value != OLSTM__NO_VALUE) olstm__graph_make_constant(graph, value, tensors[o]);
  }
  olstm__graph_remove_node(graph, index);
  environment->folded_count++;
  return OLSTM_STATUS_OK;
}

static olstm_status fold_nodes(olstm__environment* environment, olstm__graph* graph,
                               bool is_body, olstm_error* error) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    const int32_t n = graph->order[i];
    if (graph->nodes[n].is_kept || !has_constant_inputs_only(graph, &graph->nodes[n])) {
      continue;
    }
    const olstm_status status = fold_node(environment, graph, n, error);
    // A body may never run: an error in it is reported when it runs.
    if (is_body && status != OLSTM_STATUS_OUT_OF_MEMORY) continue;
    OLSTM_RETURN_IF_ERROR(status);
  }
  // Captured values may be constants now.
  olstm__graph_propagate_captured_constants(graph);
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    for (size_t b = 0; b < node->body_count; b++) {
      OLSTM_RETURN_IF_ERROR(fold_nodes(environment, node->bodies[b].graph, true, error));
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__fold_graph(olstm__environment* environment, olstm__graph* graph,
                               olstm_error* error) {
  return fold_nodes(environment, graph, false, error);
}
