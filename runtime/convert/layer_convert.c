#include "runtime/convert/layer_convert.h"

#include <string.h>

#include "runtime/convert/graph_write.h"
#include "runtime/convert/plain_nodes.h"
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_first_step.h"
#include "runtime/fuse/fuse_graph.h"

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status make_plain(olstm__graph* graph, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__plain_masks(graph, error));
  OLSTM_RETURN_IF_ERROR(olstm__plain_aligns(graph, error));
  olstm__plain_swaps(graph);
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (strcmp(node->op_type, "If") != 0) continue;
    for (size_t b = 0; b < node->body_count; b++) {
      OLSTM_RETURN_IF_ERROR(make_plain(node->bodies[b].graph, error));
    }
  }
  return OLSTM_STATUS_OK;
}

/// As a session shapes a graph, up to where recurrent layers are found.
static olstm_status find_layers(olstm__scratch_graph* scratch, olstm_error* error) {
  olstm__graph* graph = scratch->graph;
  olstm__graph_remove_dead(graph);
  OLSTM_RETURN_IF_ERROR(olstm__fuse_sequences(graph, error));
  olstm__fuse_keep(graph, OLSTM__KEEP_PRODUCTS);
  OLSTM_RETURN_IF_ERROR(olstm__scratch_graph_fold(scratch, error));
  olstm__graph_propagate_loop_invariants(graph);
  olstm__fuse_keep(graph, OLSTM__KEEP_FIRST_STEPS);
  OLSTM_RETURN_IF_ERROR(olstm__scratch_graph_fold(scratch, error));
  OLSTM_RETURN_IF_ERROR(olstm__fuse_layers(graph, error));
  return make_plain(graph, error);
}

olstm_status olstm__layers_convert(olstm__encode_model* model,
                                   const olstm_session_options* options,
                                   olstm__convert_report* report, olstm_error* error) {
  olstm__scratch_graph scratch;
  olstm_error reason;
  olstm_status status = olstm__scratch_graph_open(model, options, &scratch, error);
  if (status == OLSTM_STATUS_OK) {
    status = find_layers(&scratch, &reason);
    if (status == OLSTM_STATUS_UNSUPPORTED) {
      olstm__convert_stays(report, "layer", "", "none was looked for: %s",
                           reason.message);
      status = OLSTM_STATUS_OK;
    } else if (status == OLSTM_STATUS_OK) {
      status = olstm__graph_write_layers(model, &scratch, report, error);
    } else {
      (void)olstm_fail(error, status, "%s", reason.message);
    }
  }
  olstm__scratch_graph_close(&scratch);
  return status;
}
