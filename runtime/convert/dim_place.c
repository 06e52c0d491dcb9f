#include "runtime/convert/dim_place.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

// ---------------------------------------------------------------- computing

/// Operators that broadcast: constants that have the size must be one row.
static olstm__dim_result place_broadcast(olstm__dim_walkthrough* walk,
                                         const olstm__graph_node* node) {
  const olstm_tensor_desc* after = olstm__dim_desc(walk, node->outputs[0]);
  olstm__dim_place place = olstm__dim_nowhere;
  for (size_t i = 0; i < node->own_input_count; i++) {
    const int32_t input = node->inputs[i];
    if (!olstm__dim_has(walk, input)) continue;
    place = walk->places[input];
    place.axis += after->rank - olstm__dim_desc(walk, input)->rank;
  }
  for (size_t i = 0; i < node->own_input_count; i++) {
    const int32_t input = node->inputs[i];
    const olstm_tensor* constant = olstm__graph_constant(walk->graph, input);
    if (!constant) continue;
    const int32_t axis = place.axis - (after->rank - constant->desc.rank);
    if (axis < 0 || constant->desc.dims[axis] == 1) continue;
    if (!olstm__dim_add_fix(walk, OLSTM__DIM_FIX_ONE_ROW, node, i, axis, place.inner)) {
      return olstm__dim_refuse(NULL);
    }
  }
  return olstm__dim_at(place.axis, place.inner);
}

static olstm__dim_result place_product(olstm__dim_walkthrough* walk,
                                       const olstm__graph_node* node) {
  const olstm_tensor_desc *a = olstm__dim_desc(walk, node->inputs[0]),
                          *b = olstm__dim_desc(walk, node->inputs[1]);
  const int32_t rank = olstm__dim_desc(walk, node->outputs[0])->rank;
  if (olstm__match_is(node, "Gemm")) {
    const olstm__dim_place place = walk->places[node->inputs[0]];
    const bool is_first = olstm__dim_has(walk, node->inputs[0]) &&
                          place.axis == olstm__match_int(node, "transA", 0);
    return is_first ? olstm__dim_at(0, place.inner)
                    : olstm__dim_refuse("it sums over the dimension");
  }
  const bool of_a = olstm__dim_has(walk, node->inputs[0]);
  const olstm__dim_place place = walk->places[node->inputs[of_a ? 0 : 1]];
  const olstm_tensor_desc* of = of_a ? a : b;
  const int32_t summed = of_a ? of->rank - 1 : of->rank - 2;
  if (place.axis == summed || rank < of->rank) {
    return olstm__dim_refuse("it sums over the dimension");
  }
  return olstm__dim_at(place.axis + rank - of->rank, place.inner);
}

static const char kNoSize[] =
    "its initial state or sequence_lens is neither constant nor "
    "has the dimension";

/// A frozen state that is expanded to the batch must have one row. It may be [N,H] before
/// an Unsqueeze, as Loops have it.
static bool fix_expanded(olstm__dim_walkthrough* walk, int32_t value, int32_t row_axis) {
  const olstm__graph_node* lift =
      olstm__graph_producer_of_type(walk->graph, value, "Unsqueeze");
  if (lift && row_axis == 1) {
    value = lift->inputs[0];
    row_axis = 0;
  }
  const olstm__graph_node* expand =
      olstm__graph_producer_of_type(walk->graph, value, "Expand");
  const olstm_tensor* state =
      expand ? olstm__graph_constant(walk->graph, expand->inputs[0]) : NULL;
  const int32_t rank = lift && row_axis == 0 ? 2 : 3;
  if (!state || state->desc.rank != rank || state->desc.dims[row_axis] == 1) return true;
  return olstm__dim_add_fix(walk, OLSTM__DIM_FIX_ONE_ROW, expand, 0, row_axis, 1);
}

/// The slots of a recurrent node that have a dimension for rows.
static bool fix_rows(olstm__dim_walkthrough* walk, const olstm__graph_node* node,
                     int32_t row_axis) {
  static const size_t kSlots[] = {OLSTM_RECURRENT_SEQUENCE_LENS,
                                  OLSTM_RECURRENT_INITIAL_H, OLSTM_RECURRENT_INITIAL_C};
  for (size_t i = 0; i < 3; i++) {
    const int32_t input = olstm__graph_node_input(node, kSlots[i]);
    const bool is_state = kSlots[i] != OLSTM_RECURRENT_SEQUENCE_LENS;
    if (!olstm__graph_constant(walk->graph, input)) {
      if (is_state && !fix_expanded(walk, input, row_axis)) return false;
      continue;
    }
    if (!olstm__dim_add_fix(walk,
                            is_state ? OLSTM__DIM_FIX_INITIAL : OLSTM__DIM_FIX_REPEAT,
                            node, kSlots[i], is_state ? row_axis : 0, 1)) {
      return false;
    }
  }
  return true;
}

/// The numbers of a value that is a constant, or one that is repeated; NULL for any
/// other.
static const olstm_tensor* repeated_constant(const olstm__graph* graph, int32_t value) {
  const olstm__graph_node* expand = olstm__graph_producer_of_type(graph, value, "Expand");
  return olstm__graph_constant(graph, expand ? expand->inputs[0] : value);
}

/// The slot of a recurrent node that counts steps, where it does not depend on data.
static olstm__dim_result fix_steps(olstm__dim_walkthrough* walk,
                                   const olstm__graph_node* node,
                                   olstm__dim_result result) {
  const olstm_tensor* lens = repeated_constant(
      walk->graph, olstm__graph_node_input(node, OLSTM_RECURRENT_SEQUENCE_LENS));
  if (!lens || walk->is_open) return result;
  for (int64_t i = 0; i < olstm_tensor_desc_count(&lens->desc); i++) {
    int64_t number = 0;
    if (!olstm__match_whole_element(lens, i, &number) || number != walk->size) {
      return olstm__dim_refuse("its sequence_lens is a constant");
    }
  }
  return olstm__dim_add_fix(walk, OLSTM__DIM_FIX_ABSENT, node,
                            OLSTM_RECURRENT_SEQUENCE_LENS, 0, 1)
             ? result
             : olstm__dim_refuse(NULL);
}

static olstm__dim_result place_recurrent(olstm__dim_walkthrough* walk,
                                         const olstm__graph_node* node) {
  const int64_t layout = olstm__match_int(node, "layout", 0);
  const olstm__dim_place x = walk->places[node->inputs[OLSTM_RECURRENT_X]];
  const int32_t rows = layout ? 0 : 1;
  if (!olstm__dim_has(walk, node->inputs[OLSTM_RECURRENT_X]))
    return olstm__dim_refuse(kNoSize);
  if (x.inner != 1 || x.axis == 2)
    return olstm__dim_refuse("it is in the features of its X");
  if (x.axis == rows && !fix_rows(walk, node, layout ? 0 : 1))
    return olstm__dim_refuse(NULL);
  for (size_t o = OLSTM_RECURRENT_Y_H; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    walk->places[node->outputs[o]] =
        x.axis == rows ? (olstm__dim_place){layout ? 0 : 1, 1} : olstm__dim_nowhere;
  }
  if (x.axis != rows) return fix_steps(walk, node, olstm__dim_at(layout ? 1 : 0, 1));
  return olstm__dim_at(layout ? 0 : 2, 1);
}

// ---------------------------------------------------------------- nodes

static bool is_known(const olstm__dim_walkthrough* walk, int32_t value) {
  return olstm__dim_desc(walk, value)->dtype != OLSTM_DTYPE_UNDEFINED;
}

static olstm__dim_result place_other(olstm__dim_walkthrough* walk,
                                     const olstm__graph_node* node) {
  const int32_t input = node->inputs[0];
  if (!olstm__dim_has(walk, input))
    return olstm__dim_refuse("what it does with it is not known");
  const olstm__dim_place place = walk->places[input];
  const olstm_tensor_desc *before = olstm__dim_desc(walk, input),
                          *after = olstm__dim_desc(walk, node->outputs[0]);
  const bool is_first = (node->traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_FIRST;
  const bool keeps = olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_SHAPE) ||
                     olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_RANK);
  if (is_first && place.axis != 0)
    return olstm__dim_refuse("what it does with it is not known");
  if ((keeps || is_first) && after->rank == before->rank &&
      after->dims[place.axis] == before->dims[place.axis]) {
    return olstm__dim_at(place.axis, place.inner);
  }
  return olstm__dim_refuse("what it does with it is not known");
}

static olstm__dim_result place_node(olstm__dim_walkthrough* walk,
                                    const olstm__graph_node* node) {
  if (node->kind != OLSTM__NODE_OPERATOR)
    return olstm__dim_refuse("its graphs may have it baked in");
  if ((node->traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_SHAPE)
    return olstm__dim_at(-1, 1);
  if (olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) {
    return place_recurrent(walk, node);
  }
  if (!is_known(walk, node->outputs[0]))
    return olstm__dim_refuse("its shape depends on data");
  if (node->domain[0]) return place_other(walk, node);
  olstm__dim_rule* rule = olstm__dim_shape_rule(node);
  if (rule) return rule(walk, node);
  static const char* const kBroadcasting[] = {"Where", "Mean", "Sum", "Max", "Min"};
  for (size_t i = 0; i < sizeof kBroadcasting / sizeof kBroadcasting[0]; i++) {
    if (strcmp(node->op_type, kBroadcasting[i]) == 0) return place_broadcast(walk, node);
  }
  if (strcmp(node->op_type, "MatMul") == 0 || strcmp(node->op_type, "Gemm") == 0) {
    return place_product(walk, node);
  }
  return olstm__graph_node_has(node, OLSTM__TRAIT_BROADCASTS)
             ? place_broadcast(walk, node)
             : place_other(walk, node);
}

static bool reads_it(const olstm__dim_walkthrough* walk, const olstm__graph_node* node) {
  for (size_t i = 0; i < node->input_count; i++) {
    if (olstm__dim_has(walk, node->inputs[i])) return true;
  }
  return false;
}

bool olstm__dim_walk_through(olstm__dim_walkthrough* walk) {
  for (int32_t v = 0; v < walk->graph->value_count; v++) {
    if (walk->graph->values[v].kind != OLSTM__VALUE_INPUT)
      walk->places[v] = olstm__dim_nowhere;
  }
  for (int32_t i = 0; i < walk->graph->order_count; i++) {
    const olstm__graph_node* node = &walk->graph->nodes[walk->graph->order[i]];
    if (!reads_it(walk, node)) continue;
    const olstm__dim_result result = place_node(walk, node);
    if (result.reason) {
      walk->obstacle = node;
      walk->reason = result.reason;
      return false;
    }
    for (size_t o = 0; o < node->output_count; o++) {
      const bool is_own = o > 0 && olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
      if (node->outputs[o] == OLSTM__NO_VALUE || is_own) continue;
      walk->places[node->outputs[o]] = result.place;
    }
  }
  return !walk->memory->has_failed;
}
