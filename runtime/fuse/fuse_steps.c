#include "runtime/fuse/fuse_steps.h"

#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

int64_t olstm__sequence_step_count(const olstm__graph* graph,
                                   const olstm__sequence_step* at) {
  const olstm__dim_symbol symbol =
      olstm__dim_symbol_of(graph, at->sequence, (int32_t)at->axis);
  return symbol.root == OLSTM__NO_VALUE ? symbol.number : -1;
}

static bool gathered_step(const olstm__graph* graph, const olstm__graph_node* node,
                          olstm__sequence_step* out) {
  const olstm_tensor* index =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  out->sequence = olstm__graph_node_input(node, 0);
  out->axis = olstm__match_int(node, "axis", 0);
  if (!index || index->desc.rank != 0 || out->axis < 0 || out->axis > 1 ||
      !olstm__match_scalar_int(graph, olstm__graph_node_input(node, 1), &out->step)) {
    return false;
  }
  if (out->step < 0) out->step += olstm__sequence_step_count(graph, out);
  return out->step >= 0;
}

/// Matches an output of a Split into single steps, or a Slice of one step, whose axis a
/// Squeeze behind it removes.
static bool cut_step(const olstm__graph* graph, int32_t value, int64_t axis,
                     olstm__sequence_step* out) {
  const olstm__graph_node* node = olstm__graph_producer(graph, value);
  olstm__match_slice slice;
  if (!node) return false;
  out->sequence = olstm__graph_node_input(node, 0);
  out->axis = axis;
  if (olstm__match_is(node, "Split") && olstm__match_int(node, "axis", 0) == axis) {
    // The parts are single steps: otherwise the Squeeze would fail.
    for (size_t o = 0; o < node->output_count; o++) {
      out->step = (int64_t)o;
      if (node->outputs[o] == value) return true;
    }
  }
  if (!olstm__match_is(node, "Slice") || !olstm__match_slice_of(graph, node, &slice))
    return false;
  out->step = slice.start;
  return slice.axis == axis && slice.start >= 0 && slice.end == slice.start + 1;
}

bool olstm__match_step(const olstm__graph* graph, int32_t value,
                       olstm__sequence_step* out) {
  const olstm__graph_node* node =
      olstm__graph_producer(graph, olstm__match_skip_identity(graph, value));
  int64_t axis = 0;
  if (olstm__match_is(node, "Gather")) return gathered_step(graph, node, out);
  return olstm__match_is(node, "Squeeze") && olstm__match_one_axis(graph, node, &axis) &&
         axis >= 0 && axis <= 1 &&
         cut_step(graph,
                  olstm__match_skip_identity(graph, olstm__graph_node_input(node, 0)),
                  axis, out);
}
