#include "runtime/fuse/fuse_sequence_split.h"

#include "runtime/fuse/fuse_add.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

/// Notes a sequence of one part: the steps of `value` along `axis`.
static olstm_status note_steps(olstm__sequence_pass* pass, int32_t node, int32_t value,
                               int64_t axis, bool keeps) {
  const int32_t rank = olstm__dim_rank_of(pass->graph, value);
  olstm__sequence* made = NULL;
  if (axis < 0 && rank > 0) axis += rank;
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, 1, &made));
  // Steps that lie along the first axis are rows, and layers know rows.
  if (!keeps && axis > 0 && axis < rank) {
    value = olstm__fuse_add_move(pass->graph, olstm__sequence_node(pass, node)->name,
                                 value, rank, axis, 0);
    axis = 0;
  }
  made->parts[0] = (olstm__sequence_part){OLSTM__PART_STEPS, value, axis, keeps, axis};
  return olstm__sequence_note(pass, node, made);
}

/// The length of what is split into pieces of `size` steps each.
static olstm_status find_length(const olstm__sequence_pass* pass, int32_t node,
                                int64_t axis, int64_t size, int64_t* out_length) {
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  const int32_t rank = olstm__dim_rank_of(pass->graph, of->inputs[0]);
  const int64_t at = axis < 0 && rank > 0 ? axis + rank : axis;
  olstm__dim_symbol length = {0, 0, 0};
  if (size < 1) {
    return olstm_fail(pass->error, OLSTM_STATUS_INVALID_VALUE,
                      "%s '%s': split is %lld, expected 1 or more", of->op_type, of->name,
                      (long long)size);
  }
  if (at >= 0 && at < rank) {
    length = olstm__dim_symbol_of(pass->graph, of->inputs[0], (int32_t)at);
  }
  *out_length = length.number;
  if (length.root == OLSTM__NO_VALUE) return OLSTM_STATUS_OK;
  return olstm__sequence_refuse(pass, of,
                                "the number of pieces of %lld steps depends on its input",
                                (long long)size);
}

/// Adds a Split into the pieces of a sequence.
static olstm_status add_pieces(olstm__sequence_pass* pass, int32_t node, int64_t axis,
                               const int64_t* sizes, olstm__sequence* made) {
  olstm__graph* graph = pass->graph;
  const char* name = olstm__sequence_node(pass, node)->name;
  int32_t inputs[] = {olstm__sequence_node(pass, node)->inputs[0],
                      olstm__fuse_add_numbers(graph, (int64_t)made->count, sizes)};
  int32_t* outputs = olstm__graph_allocate(graph, made->count, sizeof *outputs);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, pass->error));
  for (size_t i = 0; i < made->count; i++) {
    outputs[i] = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                        olstm__graph_format(graph, "%s/%zu", name, i));
    made->parts[i] = (olstm__sequence_part){.kind = OLSTM__PART_ONE, .value = outputs[i]};
  }
  const olstm__graph_node split = {.kind = OLSTM__NODE_OPERATOR,
                                   .name = name,
                                   .op_type = "Split",
                                   .domain = "",
                                   .opset_version = OLSTM__FUSE_OPSET,
                                   .attribute_count = 1,
                                   .attributes = olstm__fuse_axis_attribute(graph, axis),
                                   .input_count = 2,
                                   .inputs = inputs,
                                   .output_count = made->count,
                                   .outputs = outputs};
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, pass->error));
  if (made->count > 0) (void)olstm__graph_add_node(graph, &split);
  return olstm__sequence_note(pass, node, made);
}

olstm_status olstm__sequence_split(olstm__sequence_pass* pass, int32_t node) {
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  const int64_t axis = olstm__match_int(of, "axis", 0);
  const int32_t sizes = olstm__graph_node_input(of, 1);
  const bool keeps = olstm__match_int(of, "keepdims", 1) != 0;
  if (sizes == OLSTM__NO_VALUE) {
    return note_steps(pass, node, of->inputs[0], axis, keeps);
  }
  const olstm_tensor* given = olstm__sequence_integers(pass, sizes);
  if (!given || given->desc.rank > 1) {
    return olstm__sequence_refuse(pass, of, "split '%s' is computed",
                                  pass->graph->values[sizes].info.name);
  }
  const bool is_list = given->desc.rank == 1;
  int64_t count = given->desc.dims[0], size = 1, length = 0;
  if (!is_list) {
    (void)olstm__match_whole_element(given, 0, &size);
    if (size == 1) return note_steps(pass, node, of->inputs[0], axis, true);
    OLSTM_RETURN_IF_ERROR(find_length(pass, node, axis, size, &length));
    count = length / size + (length % size != 0);
  }
  // So many are refused.
  if (count > INT32_MAX) count = INT32_MAX;
  olstm__sequence* made = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, (size_t)count, &made));
  int64_t* list = olstm__graph_allocate(pass->graph, (size_t)count, sizeof *list);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(pass->graph, pass->error));
  for (int64_t i = 0; i < count; i++) {
    // The last piece is what is left.
    list[i] = length - i * size < size ? length - i * size : size;
    if (is_list) (void)olstm__match_whole_element(given, i, &list[i]);
  }
  return add_pieces(pass, node, axis, list, made);
}
