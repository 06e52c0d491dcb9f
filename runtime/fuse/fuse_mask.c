// Keras' Masking layer, as exporters write it, becomes one StepMask node.
//
// The pattern: mask = Greater(ReduceSum(Cast(Not(Equal(X, value))), axis -1), 0), with
// and without keepdims; X * Cast(mask), which equals X when the value is 0; and the
// number of steps that are not masked, ReduceSum(Cast(mask), axis -1).
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_match.h"

/// A mask that a Greater computes.
typedef struct step_mask {
  int32_t x;
  float value;
  bool keeps_dims;
} step_mask;

static bool sums_the_last_axis(const olstm__graph* graph, const olstm__graph_node* node) {
  int64_t axis = 0;
  return olstm__match_one_axis(graph, node, &axis) && axis == -1;
}

/// Matches Not(Equal(X, value)).
static bool match_difference(const olstm__graph* graph, int32_t value, step_mask* out) {
  const olstm__graph_node* negation = olstm__graph_producer_of_type(graph, value, "Not");
  int32_t operands[2];
  double number = 0.0;
  if (!negation || !olstm__match_binary(graph, olstm__graph_node_input(negation, 0),
                                        "Equal", operands)) {
    return false;
  }
  for (int i = 0; i < 2; i++) {
    const olstm_tensor* constant = olstm__graph_constant(graph, operands[i]);
    // The constant must not broadcast X to a higher rank.
    if (!olstm__match_scalar(graph, operands[i], &number) ||
        constant->desc.dtype != OLSTM_DTYPE_FLOAT || constant->desc.rank > 1) {
      continue;
    }
    out->x = operands[1 - i];
    out->value = (float)number;
    return true;
  }
  return false;
}

static bool match_mask(const olstm__graph* graph, const olstm__graph_node* greater,
                       step_mask* out) {
  double zero = -1.0;
  if (!olstm__match_is(greater, "Greater") || greater->own_input_count != 2 ||
      !olstm__match_scalar(graph, olstm__graph_node_input(greater, 1), &zero) ||
      zero != 0.0 ||
      olstm__graph_constant(graph, olstm__graph_node_input(greater, 1))->desc.rank > 1) {
    return false;
  }
  const olstm__graph_node* sum = olstm__graph_producer_of_type(
      graph, olstm__graph_node_input(greater, 0), "ReduceSum");
  if (!sum || !sums_the_last_axis(graph, sum)) return false;
  const olstm__graph_node* cast =
      olstm__graph_producer_of_type(graph, olstm__graph_node_input(sum, 0), "Cast");
  out->keeps_dims = olstm__match_int(sum, "keepdims", 1) != 0;
  return cast && match_difference(graph, olstm__graph_node_input(cast, 0), out);
}

// ---------------------------------------------------------------- rewriting

static const olstm_attribute* make_attribute(olstm__graph* graph, float value) {
  olstm_attribute* attribute = olstm__graph_allocate(graph, 1, sizeof *attribute);
  if (!attribute) return NULL;
  *attribute =
      (olstm_attribute){.name = "mask_value", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = value};
  return attribute;
}

/// The StepMask node of a mask: an existing one, or a new one.
static int32_t find_or_add_node(olstm__graph* graph, const step_mask* mask,
                                const char* name) {
  for (int32_t u = graph->values[mask->x].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    const olstm__graph_node* user = &graph->nodes[graph->uses[u].node];
    if (olstm__match_is_fused(user, "StepMask") && user->attributes[0].f == mask->value) {
      return graph->uses[u].node;
    }
  }
  static const char* const kSuffixes[] = {"x", "mask", "lens"};
  const olstm_attribute* attribute = make_attribute(graph, mask->value);
  int32_t outputs[OLSTM__STEP_MASK_OUTPUT_COUNT];
  for (size_t i = 0; i < OLSTM__STEP_MASK_OUTPUT_COUNT; i++) {
    outputs[i] =
        olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                               olstm__graph_format(graph, "%s/%s", name, kSuffixes[i]));
  }
  int32_t x = mask->x;
  const olstm__graph_node made = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = name,
                                  .op_type = "StepMask",
                                  .domain = OLSTM__FUSED_DOMAIN,
                                  .opset_version = OLSTM__FUSED_OPSET,
                                  .attribute_count = 1,
                                  .attributes = attribute,
                                  .input_count = 1,
                                  .inputs = &x,
                                  .output_count = OLSTM__STEP_MASK_OUTPUT_COUNT,
                                  .outputs = outputs,
                                  .fused_from = "Masking"};
  if (!attribute || olstm__graph_check(graph, NULL) != OLSTM_STATUS_OK) {
    return OLSTM__NO_VALUE;
  }
  return olstm__graph_add_node(graph, &made);
}

static bool casts_to(const olstm__graph_node* node, olstm_dtype dtype) {
  return olstm__match_is(node, "Cast") &&
         olstm__match_int(node, "to", 0) == (int64_t)dtype;
}

/// Replaces the products X * Cast(mask), where the mask has a last axis of size 1.
static void replace_products(olstm__graph* graph, int32_t cast, const step_mask* mask,
                             int32_t masked_x) {
  const int32_t factor = graph->nodes[cast].outputs[0];
  for (int32_t u = graph->values[factor].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    const olstm__graph_node* product = &graph->nodes[graph->uses[u].node];
    if (!olstm__match_is(product, "Mul")) continue;
    if (olstm__graph_node_input(product, 0) != mask->x &&
        olstm__graph_node_input(product, 1) != mask->x)
      continue;
    // For value 0 the product is X itself: 0 * 0 or x * 1.
    olstm__graph_replace_uses(graph, product->outputs[0],
                              mask->value == 0.0F ? mask->x : masked_x);
  }
}

static void replace_sums(olstm__graph* graph, int32_t cast, int32_t lens) {
  const int32_t numbers = graph->nodes[cast].outputs[0];
  for (int32_t u = graph->values[numbers].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    const olstm__graph_node* sum = &graph->nodes[graph->uses[u].node];
    if (olstm__match_is(sum, "ReduceSum") && sums_the_last_axis(graph, sum) &&
        olstm__match_int(sum, "keepdims", 1) == 0) {
      olstm__graph_replace_uses(graph, sum->outputs[0], lens);
    }
  }
}

static void fuse_mask(olstm__graph* graph, int32_t greater, const step_mask* mask) {
  const int32_t old = graph->nodes[greater].outputs[0];
  const int32_t made = find_or_add_node(graph, mask, graph->nodes[greater].name);
  if (made == OLSTM__NO_VALUE) return;
  const int32_t* outputs = graph->nodes[made].outputs;
  for (int32_t u = graph->values[old].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    const int32_t user = graph->uses[u].node;
    if (mask->keeps_dims && casts_to(&graph->nodes[user], OLSTM_DTYPE_FLOAT)) {
      replace_products(graph, user, mask, outputs[OLSTM__STEP_MASK_X]);
    }
    if (!mask->keeps_dims && casts_to(&graph->nodes[user], OLSTM_DTYPE_INT32)) {
      replace_sums(graph, user, outputs[OLSTM__STEP_MASK_LENS]);
    }
  }
  // The other uses of a mask with keepdims are left as they are.
  if (!mask->keeps_dims)
    olstm__graph_replace_uses(graph, old, outputs[OLSTM__STEP_MASK_MASK]);
}

void olstm__fuse_masks(olstm__graph* graph) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count && olstm__graph_check(graph, NULL) == OLSTM_STATUS_OK;
       i++) {
    step_mask mask;
    if (match_mask(graph, &graph->nodes[graph->order[i]], &mask)) {
      fuse_mask(graph, graph->order[i], &mask);
    }
  }
}
