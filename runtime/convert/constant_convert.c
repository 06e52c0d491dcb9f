#include "runtime/convert/constant_convert.h"

#include <string.h>

#include "runtime/convert/graph_edit.h"
#include "runtime/graph/graph_replaced.h"

/// Results up to this size are written even if they are larger than what they are
/// computed of.
enum { kSmallBytes = 4096 };

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to fold constants");
}

/// Whether runtimes look for a node of that type, constant or not.
static bool is_quantization(const olstm__graph_node* node) {
  return node->domain[0] != '\0' || strstr(node->op_type, "Quantize") != NULL ||
         strstr(node->op_type, "quantize") != NULL;
}

static size_t bytes_of(const olstm__graph* graph, int32_t value) {
  const olstm_tensor* constant = olstm__graph_constant(graph, value);
  size_t bytes = 0;
  return constant && olstm_tensor_desc_bytes(&constant->desc, &bytes) ? bytes : 0;
}

/// Whether a node makes much more of its inputs, as a Cast of weights does: the file
/// would grow.
static bool grows(const olstm__graph* graph, const olstm__graph_node* node) {
  size_t in = 0, out = 0;
  for (size_t i = 0; i < node->input_count; i++) in += bytes_of(graph, node->inputs[i]);
  for (size_t o = 0; o < node->output_count; o++) {
    out += bytes_of(graph, node->outputs[o]);
  }
  return out > kSmallBytes && out > in;
}

/// Marks the values that stay computed, and what depends on them. `before`: the graph's
/// nodes in topological order, as they were before they were folded.
static bool* find_kept(const olstm__graph* graph, const olstm__graph_snapshot* before,
                       olstm__arena* memory) {
  bool* is_kept =
      olstm__arena_allocate(memory, (size_t)graph->value_count, sizeof *is_kept);
  for (size_t n = 0; is_kept && n < before->count; n++) {
    const olstm__graph_node* node = &before->nodes[n];
    bool is_marked = is_quantization(node) || grows(graph, node);
    for (size_t i = 0; i < node->input_count && !is_marked; i++) {
      const int32_t input = node->inputs[i];
      is_marked = input != OLSTM__NO_VALUE && is_kept[input];
    }
    for (size_t o = 0; o < node->output_count && is_marked; o++) {
      if (node->outputs[o] != OLSTM__NO_VALUE) is_kept[node->outputs[o]] = true;
    }
  }
  return is_kept;
}

/// Whether a value of the file was computed by folding.
static bool is_folded(const olstm__graph_edit* edit, const bool* is_kept, int32_t value) {
  const olstm_tensor* constant = olstm__graph_constant(edit->graph, value);
  return constant && edit->origin->producers[value] != OLSTM__NO_VALUE &&
         !is_kept[value] && constant->desc.dtype != OLSTM_DTYPE_STRING &&
         olstm__graph_edit_producer(edit, value);
}

/// Writes a constant of the value's name, and gives the node's output another one.
static bool replace_value(olstm__graph_edit* edit, int32_t value,
                          olstm__build_list* unused) {
  const char* name = edit->origin->names[value];
  olstm__encode_model* model = edit->writer.model;
  olstm__node_proto* node = olstm__graph_edit_producer(edit, value);
  char* other = olstm__proto_names_take(edit->writer.names, "%s/folded", name);
  char* own = olstm__build_text(model, name);
  for (size_t o = 0; other && o < node->n_output; o++) {
    if (strcmp(node->output[o], name) == 0) node->output[o] = other;
  }
  return other && own &&
         olstm__node_write_constant(&edit->writer, own,
                                    olstm__graph_constant(edit->graph, value)) &&
         olstm__build_append(model, unused, other);
}

static olstm_status write_constants(olstm__graph_edit* edit, const bool* is_kept,
                                    olstm__convert_report* report, olstm_error* error) {
  olstm__encode_model* model = edit->writer.model;
  olstm__graph_proto* graph = edit->proto;
  olstm__build_list unused = {NULL, 0, 0};
  const size_t count = graph->n_node;
  for (int32_t v = 0; v < edit->origin->value_count; v++) {
    if (is_folded(edit, is_kept, v) && !replace_value(edit, v, &unused)) {
      return fail_memory(error);
    }
  }
  if (unused.count == 0) return OLSTM_STATUS_OK;
  // Constants are in front: old files have them as nodes.
  olstm__build_list nodes = edit->writer.nodes;
  size_t node_count = nodes.count;
  const olstm__build_list rest = {(void**)graph->node, graph->n_node, 0};
  void* all = olstm__build_extend(model, nodes.items, &node_count, &rest);
  void* initializers = olstm__build_extend(
      model, graph->initializer, &graph->n_initializer, &edit->writer.initializers);
  if (!all || !initializers) return fail_memory(error);
  graph->node = all;
  graph->n_node = node_count;
  graph->initializer = initializers;
  OLSTM_RETURN_IF_ERROR(olstm__proto_tidy(model, graph, (const char* const*)unused.items,
                                          unused.count, error));
  const size_t gone = count + nodes.count - graph->n_node;
  olstm__convert_changed(report, "constants", "", "%zu nodes computed ahead", gone);
  return OLSTM_STATUS_OK;
}

/// Folds the graph; what is said of it in *out_reason.
static olstm_status fold_graph(olstm__scratch_graph* scratch, olstm__graph_edit* edit,
                               const bool** out_kept, olstm_error* out_reason) {
  olstm__graph_snapshot before;
  // What nothing reads is not computed, as in sessions: it may be wrong.
  olstm__graph_remove_dead(scratch->graph);
  olstm_status status = olstm__graph_snapshot_init(&before, scratch->graph, out_reason);
  if (status == OLSTM_STATUS_OK) status = olstm__scratch_graph_fold(scratch, out_reason);
  if (status == OLSTM_STATUS_OK) {
    *out_kept = find_kept(scratch->graph, &before, &edit->memory);
    if (!*out_kept) status = fail_memory(out_reason);
  }
  olstm__graph_snapshot_deinit(&before);
  return status;
}

static olstm_status fold(olstm__encode_model* model, olstm__scratch_graph* scratch,
                         olstm__convert_report* report, olstm_error* error) {
  olstm__proto_names names;
  olstm__graph_edit edit = {.report = NULL};
  olstm_error reason;
  const bool* is_kept = NULL;
  olstm_status status = olstm__proto_names_init(&names, model, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__graph_edit_init(&edit, model, &names, scratch, scratch->graph,
                                    model->proto->graph, error);
  }
  if (status == OLSTM_STATUS_OK) {
    status = fold_graph(scratch, &edit, &is_kept, &reason);
    if (status == OLSTM_STATUS_UNSUPPORTED) {
      olstm__convert_stays(report, "constants", "", "%s", reason.message);
      status = OLSTM_STATUS_OK;
    } else if (status != OLSTM_STATUS_OK) {
      (void)olstm_fail(error, status, "%s", reason.message);
    }
  }
  if (is_kept) status = write_constants(&edit, is_kept, report, error);
  if (edit.graph) olstm__graph_edit_deinit(&edit);
  olstm__proto_names_deinit(&names);
  return status;
}

olstm_status olstm__constants_convert(olstm__encode_model* model,
                                      const olstm_session_options* options,
                                      olstm__convert_report* report, olstm_error* error) {
  olstm__scratch_graph scratch;
  olstm_status status = olstm__scratch_graph_open(model, options, &scratch, error);
  if (status == OLSTM_STATUS_OK) status = fold(model, &scratch, report, error);
  olstm__scratch_graph_close(&scratch);
  return status;
}
