#include "runtime/fuse/fuse_dims.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"
#include "runtime/fuse/fuse_ranks.h"

static bool keeps_shape(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_SHAPE);
}

static bool is_binary(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_BROADCASTS);
}

static bool is_recurrent(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
}

int32_t olstm__dim_rank_of(const olstm__graph* graph, int32_t value) {
  olstm__dim_walk walk = {graph, OLSTM__WALK_STEPS, 0};
  return olstm__walk_rank(&walk, value);
}

/// The operand of a binary operator that gives dimension `axis`: the other has 1 there,
/// or the same.
static int32_t binary_operand(olstm__dim_walk* walk, const olstm__graph_node* node,
                              int32_t axis) {
  const olstm__graph* graph = walk->graph;
  const int32_t a = olstm__graph_node_input(node, 0),
                b = olstm__graph_node_input(node, 1);
  const int32_t rank_a = olstm__walk_rank(walk, a), rank_b = olstm__walk_rank(walk, b);
  const olstm_tensor *constant_a = olstm__graph_constant(graph, a),
                     *constant_b = olstm__graph_constant(graph, b);
  if (rank_a < 0 || rank_b < 0) return OLSTM__NO_VALUE;
  if (rank_a != rank_b) {
    // The operand of lower rank must not have the axis.
    const int32_t higher = rank_a > rank_b ? rank_a : rank_b;
    const int32_t lower = rank_a > rank_b ? rank_b : rank_a;
    if (axis >= higher - lower) return OLSTM__NO_VALUE;
    return rank_a > rank_b ? a : b;
  }
  if (constant_b && constant_b->desc.dims[axis] == 1) return a;
  if (constant_a && constant_a->desc.dims[axis] == 1) return b;
  return OLSTM__NO_VALUE;
}

/// Element `index` of a constant list of integers; `fallback` when the input is absent.
static bool read_listed(const olstm__graph* graph, int32_t list, int64_t index,
                        int64_t fallback, int64_t* out_number) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, list);
  *out_number = fallback;
  if (list == OLSTM__NO_VALUE) return true;
  if (!tensor || index >= olstm_tensor_desc_count(&tensor->desc)) return false;
  if (tensor->desc.dtype == OLSTM_DTYPE_INT64) {
    *out_number = ((const int64_t*)tensor->data)[index];
  } else if (tensor->desc.dtype == OLSTM_DTYPE_INT32) {
    *out_number = ((const int32_t*)tensor->data)[index];
  } else {
    return false;
  }
  return true;
}

/// Whether a Slice keeps the size of a dimension: it cuts other axes, or takes this one
/// as a whole, forwards or backwards.
static bool slice_keeps_dim(const olstm__graph* graph, const olstm__graph_node* node,
                            int32_t axis) {
  const olstm_tensor* axes =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 3));
  if (!axes) return false;
  for (int64_t i = 0; i < olstm_tensor_desc_count(&axes->desc); i++) {
    int64_t cut = 0, start = 0, end = 0, step = 0;
    if (!read_listed(graph, olstm__graph_node_input(node, 3), i, 0, &cut) || cut < 0) {
      return false;
    }
    if (cut != axis) continue;
    return read_listed(graph, olstm__graph_node_input(node, 1), i, 0, &start) &&
           read_listed(graph, olstm__graph_node_input(node, 2), i, 0, &end) &&
           read_listed(graph, olstm__graph_node_input(node, 4), i, 1, &step) &&
           ((start == -1 && end <= -INT32_MAX && step == -1) ||
            (start == 0 && end >= INT32_MAX && step == 1));
  }
  return true;
}

/// The axis of a Transpose's input that is axis *axis of its output.
static bool step_back_transposed(const olstm__graph_node* node, int32_t* axis) {
  const olstm_attribute* perm = olstm__graph_find_attribute(node, "perm");
  if (!perm || perm->kind != OLSTM_ATTRIBUTE_INTS || (size_t)*axis >= perm->count) {
    return false;
  }
  const int64_t source = perm->ints[*axis];
  if (source < 0 || source >= OLSTM_MAX_RANK) return false;
  *axis = (int32_t)source;
  return true;
}

/// The one axis that a Squeeze takes away or an Unsqueeze puts in; false when that is not
/// known.
static bool turned_axis(olstm__dim_walk* walk, const olstm__graph_node* node,
                        int64_t* out_axis) {
  const bool is_unsqueeze = olstm__match_is(node, "Unsqueeze");
  if ((!is_unsqueeze && !olstm__match_is(node, "Squeeze")) ||
      !olstm__match_one_axis(walk->graph, node, out_axis)) {
    return false;
  }
  if (*out_axis < 0) {
    const int32_t rank = olstm__walk_rank(walk, olstm__graph_node_input(node, 0));
    if (rank < 0) return false;
    *out_axis += rank + is_unsqueeze;
  }
  return *out_axis >= 0;
}

/// Which axes a reduction takes; false when that is not known.
static bool reduced_axes(olstm__dim_walk* walk, const olstm__graph_node* node,
                         bool out_is_taken[OLSTM_MAX_RANK]) {
  int64_t axes[OLSTM_MAX_RANK];
  size_t count = 0;
  if (!olstm__graph_node_has(node, OLSTM__TRAIT_REDUCES) ||
      !olstm__match_axes(walk->graph, node, axes, &count)) {
    return false;
  }
  memset(out_is_taken, 0, OLSTM_MAX_RANK * sizeof *out_is_taken);
  for (size_t i = 0; i < count; i++) {
    if (axes[i] < 0) axes[i] += olstm__walk_rank(walk, olstm__graph_node_input(node, 0));
    if (axes[i] < 0 || axes[i] >= OLSTM_MAX_RANK) return false;
    out_is_taken[axes[i]] = true;
  }
  return true;
}

/// How often a Tile repeats a dimension; -1 when that is not known.
static int64_t find_repeats(const olstm__dim_walk* walk, const olstm__graph_node* node,
                            int32_t axis) {
  int64_t repeats = -1;
  return olstm__match_is(node, "Tile") && node->own_input_count == 2 &&
                 node->inputs[1] != OLSTM__NO_VALUE &&
                 read_listed(walk->graph, node->inputs[1], axis, -1, &repeats)
             ? repeats
             : -1;
}

/// The axis of which `axis` others that are not taken stand before it; -1 for none.
static int32_t nth_left(const bool is_taken[OLSTM_MAX_RANK], int32_t axis) {
  for (int32_t a = 0; a < OLSTM_MAX_RANK; a++) {
    if (!is_taken[a] && axis-- == 0) return a;
  }
  return -1;
}

/// Dimension `axis` of what an Align, a Gather, a Tile or a MatMul by a constant takes
/// over from an input.
static bool step_back_taken(olstm__dim_walk* walk, const olstm__graph_node* node,
                            int32_t* value, int32_t* axis) {
  const int32_t first = olstm__graph_node_input(node, 0);
  const olstm_attribute* rows = olstm__graph_find_attribute(node, "row_axes");
  if (rows && olstm__match_is_fused(node, "Align")) {
    // Of a sequence; what else is aligned may gain dimensions.
    *value = first;
    return *axis != rows->ints[0] && olstm__walk_rank(walk, first) == 3;
  }
  if (olstm__match_is(node, "Gather")) {
    // The dimensions of the indices stand in the place of the axis.
    const int64_t gathered = olstm__match_int(node, "axis", 0);
    const int32_t indices = olstm__graph_node_input(node, 1);
    const int32_t rank = olstm__walk_rank(walk, indices);
    if (gathered < 0 || rank < 0) return false;
    const bool is_of_indices = *axis >= gathered && *axis < gathered + rank;
    *value = is_of_indices ? indices : first;
    if (is_of_indices) {
      *axis -= (int32_t)gathered;
    } else if (*axis >= gathered) {
      *axis += 1 - rank;
    }
    return true;
  }
  if (find_repeats(walk, node, *axis) == 1) {
    *value = first;
    return true;
  }
  if (!olstm__match_is(node, "MatMul")) return false;
  const olstm_tensor* weight =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  *value = first;
  return weight && weight->desc.rank == 2 && *axis < olstm__walk_rank(walk, first) - 1;
}

/// Where dimension `axis` of a node's output comes from: one step back. False at a symbol
/// of its own.
static bool step_back(olstm__dim_walk* walk, const olstm__graph_node* node,
                      int32_t* value, int32_t* axis) {
  const olstm__graph* graph = walk->graph;
  const int32_t first = olstm__graph_node_input(node, 0);
  if (keeps_shape(node)) {
    *value = first;
    return true;
  }
  if (olstm__match_is(node, "Transpose")) {
    *value = first;
    return step_back_transposed(node, axis);
  }
  int64_t turned = 0;
  if (turned_axis(walk, node, &turned)) {
    const bool is_squeeze = node->op_type[0] == 'S';
    const olstm__graph_node* before = olstm__graph_producer(graph, first);
    // Of a recurrent node's Y: below. Of what an Unsqueeze puts in: made_dim.
    if (is_squeeze && before && is_recurrent(before)) return false;
    if (*axis >= turned) *axis += is_squeeze ? 1 : -1;
    *value = first;
    return true;
  }
  bool is_taken[OLSTM_MAX_RANK];
  if (reduced_axes(walk, node, is_taken)) {
    // Of a kept axis: made_dim.
    if (olstm__match_int(node, "keepdims", 1) == 0) *axis = nth_left(is_taken, *axis);
    *value = first;
    return *axis >= 0;
  }
  const int64_t joined =
      olstm__match_is(node, "Concat")  ? olstm__match_int(node, "axis", -1)
      : olstm__match_is(node, "Split") ? olstm__match_int(node, "axis", 0)
                                       : -1;
  if (joined >= 0 && joined != *axis) {
    *value = first;
    return true;
  }
  if (olstm__match_is(node, "Slice")) {
    *value = first;
    return slice_keeps_dim(graph, node, *axis);
  }
  if (is_binary(node)) {
    const int32_t operand = binary_operand(walk, node, *axis);
    if (operand == OLSTM__NO_VALUE) return false;
    *value = operand;
    return true;
  }
  return step_back_taken(walk, node, value, axis);
}

/// The same for Y [T,D,N,H] of a recurrent node, or Y without D behind a Squeeze of axis
/// 1.
static bool step_back_recurrent(const olstm__graph* graph, const olstm__graph_node* node,
                                int32_t* value, int32_t* axis) {
  const olstm__graph_node* squeeze = olstm__match_is(node, "Squeeze") ? node : NULL;
  int32_t own_axis = *axis;
  if (squeeze) {
    int64_t squeezed = 0;
    if (!olstm__match_one_axis(graph, squeeze, &squeezed) || squeezed != 1) return false;
    node = olstm__graph_producer(graph, olstm__graph_node_input(squeeze, 0));
    if (own_axis >= 1) own_axis++;
  }
  if (!node || !is_recurrent(node)) return false;
  if (olstm__match_int(node, "layout", 0) != 0 || (own_axis != 0 && own_axis != 2)) {
    return false;
  }
  *value = olstm__graph_node_input(node, OLSTM_RECURRENT_X);
  *axis = own_axis == 0 ? 0 : 1;
  return true;
}

static olstm__dim_symbol follow(olstm__dim_walk* walk, int32_t value, int32_t axis,
                                int depth);

/// Two operands of one rank, neither of them known to be broadcast: a dimension that is a
/// number other than 1 is the result's, and so is one that both have.
static bool join_operands(olstm__dim_walk* walk, const olstm__graph_node* node,
                          int32_t axis, int depth, olstm__dim_symbol* out_symbol) {
  const int32_t a = olstm__graph_node_input(node, 0),
                b = olstm__graph_node_input(node, 1);
  if (!is_binary(node) || olstm__walk_rank(walk, a) < 0 ||
      olstm__walk_rank(walk, a) != olstm__walk_rank(walk, b)) {
    return false;
  }
  const olstm__dim_symbol from_a = follow(walk, a, axis, depth + 1);
  *out_symbol = from_a;
  if (from_a.root == OLSTM__NO_VALUE && from_a.number != 1) return true;
  const olstm__dim_symbol from_b = follow(walk, b, axis, depth + 1);
  return olstm__dim_symbol_equal(&from_a, &from_b);
}

/// A dimension that a list of sizes tells, of Reshape, Expand and ConstantOfShape: a
/// number, or the dimension that *value and *axis are set to.
static bool listed_dim(olstm__dim_walk* walk, const olstm__graph_node* node,
                       int32_t* value, int32_t* axis, olstm__dim_symbol* out_symbol) {
  const bool is_filled = olstm__match_is(node, "ConstantOfShape");
  const bool is_expand = olstm__match_is(node, "Expand");
  olstm__dim_list shape;
  if ((!is_filled && !is_expand && !olstm__match_is(node, "Reshape")) ||
      !olstm__walk_list(walk, olstm__graph_node_input(node, is_filled ? 0 : 1), &shape) ||
      shape.is_open) {
    return false;
  }
  // What an Expand does not lengthen keeps its size: of single elements alone it is
  // known.
  const olstm_tensor* one = olstm__graph_constant(walk->graph, node->inputs[0]);
  if (is_expand && (!one || olstm_tensor_desc_count(&one->desc) != 1 ||
                    one->desc.rank > (int32_t)shape.count)) {
    return false;
  }
  if (*axis >= (int32_t)shape.count) return false;
  const olstm__dim_item* item = &shape.items[*axis];
  if (item->root == OLSTM__NO_VALUE) {
    // 0 and -1 have another meaning to Reshape.
    *out_symbol = (olstm__dim_symbol){OLSTM__NO_VALUE, 0, item->number};
    return item->number > 0;
  }
  *value = item->root;
  *axis = (int32_t)item->number;
  *out_symbol = (olstm__dim_symbol){*value, *axis, 0};
  return true;
}

/// A position of a Slice in a dimension of so many elements.
static int64_t slice_position(int64_t position, int64_t count) {
  if (position < 0) position += count;
  return position < 0 ? 0 : position > count ? count : position;
}

/// A dimension that a node computes from numbers: of a Concat along it, of an Unsqueeze,
/// of the columns of a matrix product.
static bool made_dim(olstm__dim_walk* walk, const olstm__graph_node* node, int32_t axis,
                     int depth, olstm__dim_symbol* out_symbol) {
  const olstm__graph* graph = walk->graph;
  int64_t number = 0, unsqueezed = 0;
  bool is_taken[OLSTM_MAX_RANK];
  if (olstm__match_is(node, "Unsqueeze")) {
    if (!turned_axis(walk, node, &unsqueezed) || unsqueezed != axis) return false;
    number = 1;
  } else if (reduced_axes(walk, node, is_taken)) {
    if (olstm__match_int(node, "keepdims", 1) == 0 || !is_taken[axis]) return false;
    number = 1;
  } else if (find_repeats(walk, node, axis) > 1) {
    const olstm__dim_symbol one = follow(walk, node->inputs[0], axis, depth + 1);
    if (one.root != OLSTM__NO_VALUE || one.number > INT32_MAX) return false;
    number = one.number * find_repeats(walk, node, axis);
    if (number > INT32_MAX) return false;
  } else if (olstm__match_is(node, "Slice")) {
    olstm__match_slice slice;
    if (!olstm__match_slice_of(graph, node, &slice) || slice.axis != axis) return false;
    const olstm__dim_symbol all = follow(walk, node->inputs[0], axis, depth + 1);
    if (all.root != OLSTM__NO_VALUE || all.number > INT32_MAX) return false;
    number =
        slice_position(slice.end, all.number) - slice_position(slice.start, all.number);
    if (number < 0) number = 0;
  } else if (olstm__match_is(node, "Concat")) {
    // Only at the top level: a Concat may have many inputs.
    if (olstm__match_int(node, "axis", -1) != axis || depth > 0) return false;
    for (size_t i = 0; i < node->own_input_count; i++) {
      const olstm__dim_symbol part = follow(walk, node->inputs[i], axis, depth + 1);
      if (part.root != OLSTM__NO_VALUE) return false;
      number += part.number;
    }
  } else {
    const bool is_gemm = olstm__match_is(node, "Gemm");
    const olstm_tensor* weight =
        olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
    if ((!is_gemm && !olstm__match_is(node, "MatMul")) || !weight ||
        weight->desc.rank != 2 ||
        axis != (is_gemm ? 2 : olstm__walk_rank(walk, olstm__graph_node_input(node, 0))) -
                    1) {
      return false;
    }
    number = weight->desc.dims[is_gemm && olstm__match_int(node, "transB", 0) ? 0 : 1];
  }
  *out_symbol = (olstm__dim_symbol){OLSTM__NO_VALUE, 0, number};
  return true;
}

static olstm__dim_symbol follow(olstm__dim_walk* walk, int32_t value, int32_t axis,
                                int depth) {
  const olstm__graph* graph = walk->graph;
  while (depth < OLSTM__WALK_DEPTH && walk->steps_left-- > 0) {
    const olstm__graph_value* target = &graph->values[value];
    olstm__dim_symbol known = {OLSTM__NO_VALUE, 0, 0};
    if (target->kind == OLSTM__VALUE_CONSTANT) {
      // What is declared of it may be something else.
      if (axis >= target->constant->desc.rank) break;
      known.number = target->constant->desc.dims[axis];
      return known;
    }
    if (target->kind != OLSTM__VALUE_NODE) {
      if (axis >= target->info.rank || target->info.dims[axis] < 0) break;
      known.number = target->info.dims[axis];
      return known;
    }
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    if (!node || node->kind != OLSTM__NODE_OPERATOR) break;
    if (olstm__graph_node_output(node, 0) != value && !olstm__match_is(node, "Split")) {
      break;
    }
    if (made_dim(walk, node, axis, depth, &known)) return known;
    int32_t source = value, source_axis = axis;
    if (listed_dim(walk, node, &source, &source_axis, &known)) {
      if (known.root == OLSTM__NO_VALUE) return known;
      value = source;
      axis = source_axis;
      continue;
    }
    if (step_back(walk, node, &source, &source_axis) ||
        step_back_recurrent(graph, node, &source, &source_axis)) {
      if (source == OLSTM__NO_VALUE) break;  // A missing input.
      value = source;
      axis = source_axis;
      continue;
    }
    if (join_operands(walk, node, axis, depth, &known)) return known;
    break;
  }
  return (olstm__dim_symbol){value, axis, 0};
}

olstm__dim_symbol olstm__dim_symbol_of(const olstm__graph* graph, int32_t value,
                                       int32_t axis) {
  olstm__dim_walk walk = {graph, OLSTM__WALK_STEPS, 0};
  return follow(&walk, value, axis, 0);
}

bool olstm__dim_symbol_of_scalar(const olstm__graph* graph, int32_t value,
                                 olstm__dim_symbol* out_symbol) {
  olstm__dim_walk walk = {graph, OLSTM__WALK_STEPS, 0};
  olstm__dim_list list;
  int64_t number = 0;
  // A constant of one element may have any number of dimensions here.
  if (olstm__match_scalar_int(graph, olstm__match_skip_casts(graph, value), &number)) {
    *out_symbol = (olstm__dim_symbol){OLSTM__NO_VALUE, 0, number};
    return true;
  }
  if (!olstm__walk_list(&walk, value, &list) || list.count != 1) return false;
  const olstm__dim_item* item = &list.items[0];
  *out_symbol = item->root == OLSTM__NO_VALUE
                    ? (olstm__dim_symbol){OLSTM__NO_VALUE, 0, item->number}
                    : follow(&walk, item->root, (int32_t)item->number, 0);
  return true;
}

bool olstm__dim_symbol_equal(const olstm__dim_symbol* a, const olstm__dim_symbol* b) {
  if (a->root != b->root) return false;
  return a->root == OLSTM__NO_VALUE ? a->number == b->number : a->axis == b->axis;
}
