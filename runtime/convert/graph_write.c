#include "runtime/convert/graph_write.h"

#include <string.h>

#include "runtime/convert/graph_edit.h"

static olstm_status write_graph(olstm__graph_edit* edit, olstm_error* error);

/// The graph of a file that a body of an If was imported from; NULL for one that came out
/// of a local function.
static olstm__graph_proto* find_branch(const olstm__graph_edit* edit,
                                       const olstm__graph_node* node, const char* name) {
  for (size_t o = 0; o < node->output_count; o++) {
    const int32_t value = node->outputs[o];
    if (value == OLSTM__NO_VALUE) continue;
    olstm__node_proto* proto = olstm__graph_edit_producer(edit, value);
    const olstm__attribute_proto* attribute =
        proto ? olstm__build_find_attribute(proto, name) : NULL;
    return attribute ? attribute->g : NULL;
  }
  return NULL;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status write_branches(olstm__graph_edit* edit, olstm_error* error) {
  const olstm__graph* graph = edit->graph;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (strcmp(node->op_type, "If") != 0 || node->domain[0]) continue;
    for (size_t b = 0; b < node->body_count; b++) {
      olstm__graph_edit inner;
      olstm__graph_proto* proto = find_branch(edit, node, node->bodies[b].attribute);
      if (!proto) continue;
      olstm_status status =
          olstm__graph_edit_init(&inner, edit->writer.model, edit->writer.names,
                                 edit->scratch, node->bodies[b].graph, proto, error);
      if (status == OLSTM_STATUS_OK) {
        inner.report = edit->report;
        status = write_graph(&inner, error);
      }
      olstm__graph_edit_deinit(&inner);
      OLSTM_RETURN_IF_ERROR(status);
    }
  }
  return OLSTM_STATUS_OK;
}

static void report_layers(const olstm__graph_edit* edit) {
  const olstm__graph* graph = edit->graph;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const int32_t n = graph->order[i];
    const olstm__graph_node* node = &graph->nodes[n];
    if (n < edit->origin->node_count) {
      if (node->kind == OLSTM__NODE_CONTROL && !node->domain[0] &&
          (strcmp(node->op_type, "Loop") == 0 || strcmp(node->op_type, "Scan") == 0)) {
        olstm__convert_stays(edit->report, "layer", node->name,
                             "no recurrent layer was recognised in this %s",
                             node->op_type);
      }
    } else if (node->fused_from[0] && edit->refusals[n]) {
      olstm__convert_stays(edit->report, "layer", node->name, "%s, but %s",
                           node->fused_from, edit->refusals[n]);
    } else if (node->fused_from[0] && edit->is_wanted[n]) {
      olstm__convert_changed(edit->report, "layer", node->name, "%s", node->fused_from);
    }
  }
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status write_graph(olstm__graph_edit* edit, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(write_branches(edit, error));
  OLSTM_RETURN_IF_ERROR(olstm__graph_edit_judge(edit, error));
  report_layers(edit);
  return olstm__graph_edit_apply(edit, error);
}

olstm_status olstm__graph_write_layers(olstm__encode_model* model,
                                       const olstm__scratch_graph* scratch,
                                       olstm__convert_report* report,
                                       olstm_error* error) {
  olstm__proto_names names;
  olstm__graph_edit edit = {.report = NULL};
  olstm_status status = olstm__proto_names_init(&names, model, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__graph_edit_init(&edit, model, &names, scratch, scratch->graph,
                                    model->proto->graph, error);
    edit.report = report;
    if (status == OLSTM_STATUS_OK) status = write_graph(&edit, error);
    olstm__graph_edit_deinit(&edit);
  }
  olstm__proto_names_deinit(&names);
  return status;
}
