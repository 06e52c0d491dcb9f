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

/// The sizes of pieces of `size` steps each, and a last one of what is left.
static olstm_status list_pieces(olstm__sequence_pass* pass, int32_t node, int64_t axis,
                                int64_t size, olstm__sequence** out_made,
                                int64_t** out_sizes) {
  const olstm__graph_node* of = olstm__sequence_node(pass, node);
  const int32_t rank = olstm__dim_rank_of(pass->graph, of->inputs[0]);
  const int64_t at = axis < 0 && rank > 0 ? axis + rank : axis;
  if (size < 1) {
    return olstm_fail(pass->error, OLSTM_STATUS_INVALID_VALUE,
                      "%s '%s': split is %lld, expected 1 or more", of->op_type, of->name,
                      (long long)size);
  }
  olstm__dim_symbol length = {0, 0, 0};
  if (at >= 0 && at < rank) {
    length = olstm__dim_symbol_of(pass->graph, of->inputs[0], (int32_t)at);
  }
  if (length.root != OLSTM__NO_VALUE) {
    return olstm__sequence_refuse(
        pass, of, "the number of pieces of %lld steps depends on its input",
        (long long)size);
  }
  const int64_t count = length.number / size + (length.number % size != 0);
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, (size_t)count, out_made));
  *out_sizes = olstm__graph_allocate(pass->graph, (size_t)count, sizeof **out_sizes);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(pass->graph, pass->error));
  for (int64_t i = 0; i < count; i++) {
    const int64_t left = length.number - i * size;
    (*out_sizes)[i] = left < size ? left : size;
  }
  return OLSTM_STATUS_OK;
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
  olstm__sequence* made = NULL;
  if (sizes == OLSTM__NO_VALUE) {
    return note_steps(pass, node, of->inputs[0], axis, keeps);
  }
  const olstm_tensor* given = olstm__sequence_integers(pass, sizes);
  int64_t number = 0, *list = NULL;
  if (!given || given->desc.rank > 1) {
    return olstm__sequence_refuse(pass, of, "split '%s' is computed",
                                  pass->graph->values[sizes].info.name);
  }
  if (given->desc.rank == 0) {
    (void)olstm__match_whole_element(given, 0, &number);
    if (number == 1) return note_steps(pass, node, of->inputs[0], axis, true);
    OLSTM_RETURN_IF_ERROR(list_pieces(pass, node, axis, number, &made, &list));
    return add_pieces(pass, node, axis, list, made);
  }
  const size_t count = (size_t)given->desc.dims[0];
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, count, &made));
  list = olstm__graph_allocate(pass->graph, count, sizeof *list);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(pass->graph, pass->error));
  for (size_t i = 0; i < count; i++) {
    (void)olstm__match_whole_element(given, (int64_t)i, &list[i]);
  }
  return add_pieces(pass, node, axis, list, made);
}
