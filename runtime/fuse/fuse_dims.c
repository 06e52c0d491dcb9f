#include "runtime/fuse/fuse_dims.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

/// Limits on following a dimension or a rank: operators, and nested branches at binary
/// operators.
enum { kMaxSteps = 256, kMaxDepth = 8 };

static bool keeps_shape(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_SHAPE);
}

static bool is_binary(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_BROADCASTS);
}

static bool is_recurrent(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
}

/// Whether an output has the rank of input 0.
static bool keeps_rank(const olstm__graph_node* node, int32_t output) {
  if (keeps_shape(node) && output == olstm__graph_node_output(node, 0)) return true;
  return olstm__graph_node_has(node, OLSTM__TRAIT_KEEPS_RANK) ||
         (olstm__graph_node_has(node, OLSTM__TRAIT_REDUCES) &&
          olstm__match_int(node, "keepdims", 1) == 1);
}

/// The rank of a node's output relative to an input: *value becomes that input, and the
/// difference of the ranks is added to *more. If the rank is known absolutely, *value
/// becomes NO_VALUE and the rank is added to *more.
static bool step_back_rank(const olstm__graph* graph, const olstm__graph_node* node,
                           int32_t* value, int32_t* more) {
  const olstm_attribute* perm = olstm__graph_find_attribute(node, "perm");
  const int32_t first = olstm__graph_node_input(node, 0), output = *value;
  int64_t axis = 0;
  *value = OLSTM__NO_VALUE;
  if (is_recurrent(node)) {
    *more += output == olstm__graph_node_output(node, OLSTM_RECURRENT_Y) ? 4 : 3;
    return !olstm__graph_node_has(node, OLSTM__TRAIT_MASKED) ||
           output != olstm__graph_node_output(node, OLSTM__MASKED_LAST_Y);
  }
  if (olstm__match_is(node, "Transpose") && perm) {
    *more += (int32_t)perm->count;
    return true;
  }
  if (olstm__match_is(node, "Gemm")) {
    *more += 2;
    return true;
  }
  if (olstm__match_is(node, "Reshape")) {
    const olstm_tensor* shape =
        olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
    *more += shape ? (int32_t)olstm_tensor_desc_count(&shape->desc) : 0;
    return shape != NULL;
  }
  *value = first;
  if (olstm__match_is(node, "Squeeze") || olstm__match_is(node, "Unsqueeze")) {
    *more += node->op_type[0] == 'S' ? -1 : 1;
    return olstm__match_one_axis(graph, node, &axis);
  }
  if (olstm__match_is(node, "Gather")) {
    const olstm_tensor* index =
        olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
    if (!index) return false;
    *more += index->desc.rank - 1;
    return true;
  }
  return keeps_rank(node, output);
}

/// A rank that is being followed: the result is the greater of `least` and the rank of
/// `value` plus `more`.
typedef struct rank_trace {
  int32_t value, more, least;
} rank_trace;

static int32_t rank_of(const olstm__graph* graph, int32_t value, int depth, int* budget);

/// Steps back from a node with two operands: the result has the greater rank. A constant
/// operand raises `least`, so that operators in a row do not nest.
static bool step_back_joined(const olstm__graph* graph, const olstm__graph_node* node,
                             int depth, int* budget, rank_trace* trace) {
  const int32_t operands[2] = {olstm__graph_node_input(node, 0),
                               olstm__graph_node_input(node, 1)};
  const bool is_product = olstm__match_is(node, "MatMul");
  for (int i = 0; i < 2; i++) {
    const olstm_tensor* constant = olstm__graph_constant(graph, operands[i]);
    if (!constant) continue;
    // Multiplying with one matrix keeps the rank, whatever it is.
    if (is_product && constant->desc.rank != 2) return false;
    const int32_t rank = constant->desc.rank + trace->more;
    if (!is_product && rank > trace->least) trace->least = rank;
    trace->value = operands[1 - i];
    return trace->value != OLSTM__NO_VALUE;
  }
  if (depth == kMaxDepth) return false;
  const int32_t a = rank_of(graph, operands[0], depth + 1, budget);
  const int32_t b = a < 0 ? -1 : rank_of(graph, operands[1], depth + 1, budget);
  // The product with a vector has fewer dimensions.
  if (b < 0 || (is_product && (a < 2 || b < 2))) return false;
  trace->value = OLSTM__NO_VALUE;
  trace->more += a > b ? a : b;
  return true;
}

static int32_t rank_of(const olstm__graph* graph, int32_t value, int depth, int* budget) {
  rank_trace trace = {value, 0, 0};
  if (value == OLSTM__NO_VALUE) return -1;
  while (trace.value != OLSTM__NO_VALUE) {
    const olstm__graph_value* target = &graph->values[trace.value];
    if (target->kind != OLSTM__VALUE_NODE) {
      const int32_t rank = target->kind == OLSTM__VALUE_CONSTANT
                               ? target->constant->desc.rank
                               : target->info.rank;
      if (rank < 0) return -1;
      trace.more += rank;
      break;
    }
    const olstm__graph_node* node = olstm__graph_producer(graph, trace.value);
    if (!node || node->kind != OLSTM__NODE_OPERATOR || (*budget)-- <= 0) return -1;
    const bool has_two = is_binary(node) || olstm__match_is(node, "MatMul");
    if (has_two ? !step_back_joined(graph, node, depth, budget, &trace)
                : !step_back_rank(graph, node, &trace.value, &trace.more)) {
      return -1;
    }
  }
  return trace.more > trace.least ? trace.more : trace.least;
}

int32_t olstm__dim_rank_of(const olstm__graph* graph, int32_t value) {
  int budget = kMaxSteps;
  return rank_of(graph, value, 0, &budget);
}

/// The operand of a binary operator that determines dimension `axis`, when the other one
/// has size 1 there, or does not have that dimension. NO_VALUE when unknown.
static int32_t binary_operand(const olstm__graph* graph, const olstm__graph_node* node,
                              int32_t axis) {
  const int32_t a = olstm__graph_node_input(node, 0),
                b = olstm__graph_node_input(node, 1);
  const int32_t rank_a = olstm__dim_rank_of(graph, a),
                rank_b = olstm__dim_rank_of(graph, b);
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

/// Whether a Slice keeps the size of a dimension: it cuts other axes, or reverses this
/// one.
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
           start == -1 && end <= -INT32_MAX && step == -1;
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

/// Moves from dimension *axis of a node's output to the equal dimension of one of its
/// inputs. False when there is none.
static bool step_back(const olstm__graph* graph, const olstm__graph_node* node,
                      int32_t* value, int32_t* axis) {
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
  if ((olstm__match_is(node, "Unsqueeze") || olstm__match_is(node, "Squeeze")) &&
      olstm__match_one_axis(graph, node, &turned) && turned >= 0) {
    const bool is_squeeze = node->op_type[0] == 'S';
    const olstm__graph_node* before = olstm__graph_producer(graph, first);
    // The Y of a recurrent node: see step_back_recurrent.
    if (is_squeeze && before && is_recurrent(before)) return false;
    if (*axis >= turned) *axis += is_squeeze ? 1 : -1;
    *value = first;
    return true;
  }
  if (olstm__match_is(node, "Concat") && olstm__match_int(node, "axis", -1) >= 0 &&
      olstm__match_int(node, "axis", -1) != *axis) {
    *value = first;
    return true;
  }
  if (olstm__match_is(node, "Slice")) {
    *value = first;
    return slice_keeps_dim(graph, node, *axis);
  }
  if (olstm__match_is(node, "Gather") && olstm__match_int(node, "axis", 0) == 0) {
    const int32_t indices = olstm__graph_node_input(node, 1);
    const int32_t rank = olstm__dim_rank_of(graph, indices);
    if (rank < 0 || *axis >= rank) return false;
    *value = indices;
    return true;
  }
  if (olstm__match_is(node, "MatMul")) {
    const int32_t rank = olstm__dim_rank_of(graph, first);
    const olstm_tensor* weight =
        olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
    if (!weight || weight->desc.rank != 2 || rank < 2 || *axis >= rank - 1) return false;
    *value = first;
    return true;
  }
  if (is_binary(node)) {
    const int32_t operand = binary_operand(graph, node, *axis);
    if (operand == OLSTM__NO_VALUE) return false;
    *value = operand;
    return true;
  }
  return false;
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

static olstm__dim_symbol follow(const olstm__graph* graph, int32_t value, int32_t axis,
                                int depth);

/// The dimension of a binary operator whose operands have one rank and are not known to
/// be broadcast: a number other than 1, or a symbol that both operands have.
static bool join_operands(const olstm__graph* graph, const olstm__graph_node* node,
                          int32_t axis, int depth, olstm__dim_symbol* out_symbol) {
  const int32_t a = olstm__graph_node_input(node, 0),
                b = olstm__graph_node_input(node, 1);
  if (!is_binary(node) || olstm__dim_rank_of(graph, a) < 0 ||
      olstm__dim_rank_of(graph, a) != olstm__dim_rank_of(graph, b)) {
    return false;
  }
  const olstm__dim_symbol from_a = follow(graph, a, axis, depth + 1);
  *out_symbol = from_a;
  if (from_a.root == OLSTM__NO_VALUE && from_a.number != 1) return true;
  const olstm__dim_symbol from_b = follow(graph, b, axis, depth + 1);
  return olstm__dim_symbol_equal(&from_a, &from_b);
}

/// The dimension that a Reshape to a constant shape sets.
static bool reshaped_dim(const olstm__graph* graph, const olstm__graph_node* node,
                         int32_t axis, olstm__dim_symbol* out_symbol) {
  const olstm_tensor* shape =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  if (!olstm__match_is(node, "Reshape") || !shape ||
      shape->desc.dtype != OLSTM_DTYPE_INT64 ||
      axis >= olstm_tensor_desc_count(&shape->desc) ||
      ((const int64_t*)shape->data)[axis] <= 0) {
    return false;
  }
  *out_symbol =
      (olstm__dim_symbol){OLSTM__NO_VALUE, 0, ((const int64_t*)shape->data)[axis]};
  return true;
}

/// A dimension that a node computes from numbers: of a Concat along it, of an Unsqueeze,
/// of the columns of a matrix product.
static bool made_dim(const olstm__graph* graph, const olstm__graph_node* node,
                     int32_t axis, int depth, olstm__dim_symbol* out_symbol) {
  int64_t number = 0, unsqueezed = 0;
  if (olstm__match_is(node, "Unsqueeze")) {
    if (!olstm__match_one_axis(graph, node, &unsqueezed) || unsqueezed != axis)
      return false;
    number = 1;
  } else if (olstm__match_is(node, "Concat")) {
    // Only at the top level: a Concat may have many inputs.
    if (olstm__match_int(node, "axis", -1) != axis || depth > 0) return false;
    for (size_t i = 0; i < node->own_input_count; i++) {
      const olstm__dim_symbol part = follow(graph, node->inputs[i], axis, depth + 1);
      if (part.root != OLSTM__NO_VALUE) return false;
      number += part.number;
    }
  } else {
    const bool is_gemm = olstm__match_is(node, "Gemm");
    const olstm_tensor* weight =
        olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
    if ((!is_gemm && !olstm__match_is(node, "MatMul")) || !weight ||
        weight->desc.rank != 2 ||
        axis !=
            (is_gemm ? 2 : olstm__dim_rank_of(graph, olstm__graph_node_input(node, 0))) -
                1) {
      return false;
    }
    number = weight->desc.dims[is_gemm && olstm__match_int(node, "transB", 0) ? 0 : 1];
  }
  *out_symbol = (olstm__dim_symbol){OLSTM__NO_VALUE, 0, number};
  return true;
}

static olstm__dim_symbol follow(const olstm__graph* graph, int32_t value, int32_t axis,
                                int depth) {
  for (int step = 0; step < kMaxSteps && depth < kMaxDepth; step++) {
    const olstm__graph_value* target = &graph->values[value];
    olstm__dim_symbol known = {OLSTM__NO_VALUE, 0, 0};
    if (target->kind != OLSTM__VALUE_NODE) {
      if (axis >= target->info.rank || target->info.dims[axis] < 0) break;
      known.number = target->info.dims[axis];
      return known;
    }
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    if (!node || node->kind != OLSTM__NODE_OPERATOR) break;
    if (olstm__graph_node_output(node, 0) != value) break;
    if (reshaped_dim(graph, node, axis, &known) ||
        made_dim(graph, node, axis, depth, &known)) {
      return known;
    }
    int32_t source = value, source_axis = axis;
    if (step_back(graph, node, &source, &source_axis) ||
        step_back_recurrent(graph, node, &source, &source_axis)) {
      if (source == OLSTM__NO_VALUE) break;  // A missing input.
      value = source;
      axis = source_axis;
      continue;
    }
    if (join_operands(graph, node, axis, depth, &known)) return known;
    break;
  }
  return (olstm__dim_symbol){value, axis, 0};
}

olstm__dim_symbol olstm__dim_symbol_of(const olstm__graph* graph, int32_t value,
                                       int32_t axis) {
  return follow(graph, value, axis, 0);
}

/// Matches a Slice or Gather of one element of Shape(v): a dimension of v.
static bool element_of_shape(const olstm__graph* graph, const olstm__graph_node* node,
                             olstm__dim_symbol* out_symbol) {
  const bool is_gather = olstm__match_is(node, "Gather");
  int64_t axis = 0, index = 0;
  if (is_gather) {
    if (!olstm__match_scalar_int(graph, olstm__graph_node_input(node, 1), &index))
      return false;
  } else if (!olstm__match_slice_of_one(graph, node, &axis, &index)) {
    return false;
  }
  const int32_t shape = olstm__match_skip_casts(graph, olstm__graph_node_input(node, 0));
  const olstm__graph_node* source = olstm__graph_producer_of_type(graph, shape, "Shape");
  if (!source || olstm__graph_find_attribute(source, "start") ||
      olstm__graph_find_attribute(source, "end") || index < 0 ||
      index >= OLSTM_MAX_RANK || olstm__graph_node_input(source, 0) == OLSTM__NO_VALUE) {
    return false;
  }
  *out_symbol =
      olstm__dim_symbol_of(graph, olstm__graph_node_input(source, 0), (int32_t)index);
  return true;
}

bool olstm__dim_symbol_of_scalar(const olstm__graph* graph, int32_t value,
                                 olstm__dim_symbol* out_symbol) {
  for (int step = 0; step < kMaxSteps && value != OLSTM__NO_VALUE; step++) {
    int64_t number = 0;
    if (olstm__match_scalar_int(graph, value, &number)) {
      *out_symbol = (olstm__dim_symbol){OLSTM__NO_VALUE, 0, number};
      return true;
    }
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    if (!node || node->kind != OLSTM__NODE_OPERATOR) return false;
    if (olstm__graph_node_has(node,
                              OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_MOVES_ELEMENTS) ||
        olstm__match_is(node, "Squeeze") || olstm__match_is(node, "Unsqueeze") ||
        olstm__match_is(node, "ReduceMax")) {
      value = olstm__graph_node_input(node, 0);
      continue;
    }
    const bool takes = olstm__match_is(node, "Slice") || olstm__match_is(node, "Gather");
    return takes && element_of_shape(graph, node, out_symbol);
  }
  return false;
}

bool olstm__dim_symbol_equal(const olstm__dim_symbol* a, const olstm__dim_symbol* b) {
  if (a->root != b->root) return false;
  return a->root == OLSTM__NO_VALUE ? a->number == b->number : a->axis == b->axis;
}

bool olstm__dim_is_broadcast(const olstm__graph* graph, int32_t sequence,
                             int32_t row_axis, int32_t state) {
  if (state == OLSTM__NO_VALUE) return false;
  const olstm__dim_symbol rows = olstm__dim_symbol_of(graph, sequence, row_axis);
  const olstm__dim_symbol given = olstm__dim_symbol_of(graph, state, 0);
  return given.root == OLSTM__NO_VALUE && given.number == 1 &&
         !olstm__dim_symbol_equal(&rows, &given);
}
