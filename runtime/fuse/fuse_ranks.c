#include "runtime/fuse/fuse_ranks.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

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
          olstm__match_int(node, "keepdims", 1) != 0);
}

/// The rank of a node's output in terms of its first input's: *value is that input and
/// *more what the output has more than it; or *value is NO_VALUE and *more the rank.
static bool step_back_rank(olstm__dim_walk* walk, const olstm__graph_node* node,
                           int32_t* value, int32_t* more) {
  const olstm__graph* graph = walk->graph;
  const olstm_attribute* perm = olstm__graph_find_attribute(node, "perm");
  const int32_t first = olstm__graph_node_input(node, 0), output = *value;
  int64_t axes[OLSTM_MAX_RANK];
  size_t count = 0;
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
  const bool is_expand = olstm__match_is(node, "Expand");
  if (is_expand || olstm__match_is(node, "Reshape") ||
      olstm__match_is(node, "ConstantOfShape")) {
    olstm__dim_list shape;
    const size_t slot = olstm__match_is(node, "ConstantOfShape") ? 0 : 1;
    if (!olstm__walk_list(walk, olstm__graph_node_input(node, slot), &shape) ||
        shape.is_open) {
      return false;
    }
    const int32_t rank = is_expand ? olstm__walk_rank(walk, first) : 0;
    *more += rank > (int32_t)shape.count ? rank : (int32_t)shape.count;
    return rank >= 0;
  }
  *value = first;
  // Of a state, it says the rank itself.
  if (olstm__match_is_fused(node, "Align"))
    return !olstm__graph_find_attribute(node, "rank");
  const bool takes_away = olstm__match_is(node, "Squeeze") ||
                          (olstm__graph_node_has(node, OLSTM__TRAIT_REDUCES) &&
                           olstm__match_int(node, "keepdims", 1) == 0);
  if (takes_away || olstm__match_is(node, "Unsqueeze")) {
    if (!olstm__match_axes(graph, node, axes, &count)) return false;
    *more += takes_away ? -(int32_t)count : (int32_t)count;
    return true;
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

/// Steps back from a node with two operands: the result has the greater rank. A constant
/// operand raises `least`, so that operators in a row do not nest.
static bool step_back_joined(olstm__dim_walk* walk, const olstm__graph_node* node,
                             rank_trace* trace) {
  const int32_t operands[2] = {olstm__graph_node_input(node, 0),
                               olstm__graph_node_input(node, 1)};
  const bool is_product = olstm__match_is(node, "MatMul");
  for (int i = 0; i < 2; i++) {
    const olstm_tensor* constant = olstm__graph_constant(walk->graph, operands[i]);
    if (!constant) continue;
    // Multiplying with one matrix keeps the rank, whatever it is.
    if (is_product && constant->desc.rank != 2) return false;
    const int32_t rank = constant->desc.rank + trace->more;
    if (!is_product && rank > trace->least) trace->least = rank;
    trace->value = operands[1 - i];
    return trace->value != OLSTM__NO_VALUE;
  }
  if (walk->depth == OLSTM__WALK_DEPTH) return false;
  walk->depth++;
  const int32_t a = olstm__walk_rank(walk, operands[0]);
  const int32_t b = a < 0 ? -1 : olstm__walk_rank(walk, operands[1]);
  walk->depth--;
  // The product with a vector has fewer dimensions.
  if (b < 0 || (is_product && (a < 2 || b < 2))) return false;
  trace->value = OLSTM__NO_VALUE;
  trace->more += a > b ? a : b;
  return true;
}

// The recursion is bounded by OLSTM__WALK_DEPTH, and all of it by OLSTM__WALK_STEPS.
// NOLINTNEXTLINE(misc-no-recursion)
int32_t olstm__walk_rank(olstm__dim_walk* walk, int32_t value) {
  const olstm__graph* graph = walk->graph;
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
    if (!node || node->kind != OLSTM__NODE_OPERATOR || walk->steps_left-- <= 0) return -1;
    const bool has_two = is_binary(node) || olstm__match_is(node, "MatMul");
    if (has_two ? !step_back_joined(walk, node, &trace)
                : !step_back_rank(walk, node, &trace.value, &trace.more)) {
      return -1;
    }
  }
  return trace.more > trace.least ? trace.more : trace.least;
}

// ---------------------------------------------------------------- lists

static bool read_constant(const olstm_tensor* tensor, olstm__dim_list* out) {
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  if (tensor->desc.rank > 1 || count > OLSTM_MAX_RANK) return false;
  out->count = (size_t)count;
  for (int64_t i = 0; i < count; i++) {
    int64_t number = 0;
    if (!olstm__match_whole_element(tensor, i, &number)) return false;
    out->items[i] = (olstm__dim_item){OLSTM__NO_VALUE, number};
  }
  return true;
}

static bool read_shape(olstm__dim_walk* walk, const olstm__graph_node* node,
                       olstm__dim_list* out) {
  const int32_t of = olstm__graph_node_input(node, 0);
  const int32_t rank = olstm__walk_rank(walk, of);
  if (of == OLSTM__NO_VALUE || rank > OLSTM_MAX_RANK ||
      olstm__graph_find_attribute(node, "start") ||
      olstm__graph_find_attribute(node, "end")) {
    return false;
  }
  out->is_open = rank < 0;
  out->count = rank < 0 ? OLSTM_MAX_RANK : (size_t)rank;
  for (size_t d = 0; d < out->count; d++)
    out->items[d] = (olstm__dim_item){of, (int64_t)d};
  return true;
}

static bool read_joined(olstm__dim_walk* walk, const olstm__graph_node* node,
                        olstm__dim_list* out) {
  out->count = 0;
  for (size_t i = 0; i < node->own_input_count; i++) {
    olstm__dim_list part;
    if (!olstm__walk_list(walk, node->inputs[i], &part) || part.is_open ||
        part.count > OLSTM_MAX_RANK - out->count) {
      return false;
    }
    memcpy(out->items + out->count, part.items, part.count * sizeof *part.items);
    out->count += part.count;
  }
  return true;
}

/// A part of a list, by a Slice or by a Gather of constant indices.
static bool read_part(olstm__dim_walk* walk, const olstm__graph_node* node,
                      olstm__dim_list* out) {
  olstm__dim_list whole, chosen;
  olstm__match_slice slice;
  if (!olstm__walk_list(walk, olstm__graph_node_input(node, 0), &whole)) return false;
  const int64_t count = (int64_t)whole.count;
  if (olstm__match_is(node, "Slice")) {
    if (!olstm__match_slice_of(walk->graph, node, &slice) || slice.axis != 0) {
      return false;
    }
    const int64_t start = slice.start < 0 ? slice.start + count : slice.start;
    int64_t end = slice.end < 0 ? slice.end + count : slice.end;
    if (end > count) end = count;
    if (start < 0 || start > end) return false;
    if (whole.is_open && (slice.start < 0 || slice.end != slice.start + 1)) return false;
    out->count = (size_t)(end - start);
    memcpy(out->items, whole.items + start, out->count * sizeof *out->items);
    return true;
  }
  const olstm_tensor* indices =
      olstm__graph_constant(walk->graph, olstm__graph_node_input(node, 1));
  if (!indices || !read_constant(indices, &chosen)) return false;
  out->count = chosen.count;
  for (size_t i = 0; i < chosen.count; i++) {
    const int64_t at = chosen.items[i].number + (chosen.items[i].number < 0 ? count : 0);
    if (at < 0 || at >= count || (whole.is_open && at != chosen.items[i].number)) {
      return false;
    }
    out->items[i] = whole.items[at];
  }
  return true;
}

// The recursion is bounded by OLSTM__WALK_DEPTH, and all of it by OLSTM__WALK_STEPS.
// NOLINTNEXTLINE(misc-no-recursion)
bool olstm__walk_list(olstm__dim_walk* walk, int32_t value, olstm__dim_list* out) {
  const olstm__graph* graph = walk->graph;
  bool is_single = false;
  out->is_open = false;
  if (walk->depth == OLSTM__WALK_DEPTH) return false;
  while (value != OLSTM__NO_VALUE && walk->steps_left-- > 0) {
    const olstm_tensor* constant = olstm__graph_constant(graph, value);
    if (constant) return read_constant(constant, out) && (!is_single || out->count == 1);
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    bool is_read = false;
    if (!node) return false;
    if (olstm__match_is(node, "Identity") || olstm__match_is(node, "Cast")) {
      value = olstm__graph_node_input(node, 0);
      continue;
    }
    if (olstm__match_is(node, "Squeeze") || olstm__match_is(node, "Unsqueeze") ||
        olstm__match_is(node, "ReduceMax")) {
      is_single = true;
      value = olstm__graph_node_input(node, 0);
      continue;
    }
    walk->depth++;
    if (olstm__match_is(node, "Shape")) is_read = read_shape(walk, node, out);
    if (olstm__match_is(node, "Concat")) is_read = read_joined(walk, node, out);
    if (olstm__match_is(node, "Slice") ||
        (olstm__match_is(node, "Gather") && olstm__match_int(node, "axis", 0) == 0)) {
      is_read = read_part(walk, node, out);
    }
    walk->depth--;
    return is_read && (!is_single || out->count == 1);
  }
  return false;
}
