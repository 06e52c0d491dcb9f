// Keras' Masking layer, as exporters write it, becomes one node.
//
// What is recognised: mask = Greater(ReduceSum(Cast(Not(Equal(X, value))), axis -1), 0),
// with and without keepdims; X * Cast(mask), which is X itself where the value is 0; and
// the number of steps that count, ReduceSum(Cast(mask), axis -1).
#include <string.h>

#include "runtime/fuse.h"
#include "runtime/fuse_match.h"

enum { OUT_X, OUT_MASK, OUT_LENS, OUTPUT_COUNT, FUSED_OPSET = 1 };

// The mask that a Greater computes.
typedef struct step_mask {
  int32_t x;
  float value;
  bool keeps_dims;
} step_mask;

static bool sums_the_last_axis(const olstm__net* net, const olstm__net_node* node) {
  int64_t axis = 0;
  return olstm__match_one_axis(net, node, &axis) && axis == -1;
}

// X and the value of Not(Equal(X, value)).
static bool match_difference(const olstm__net* net, int32_t value, step_mask* out) {
  const olstm__net_node* negation = olstm__net_producer_of_type(net, value, "Not");
  int32_t operands[2];
  double number = 0.0;
  if (!negation ||
      !olstm__match_binary(net, olstm__net_node_input(negation, 0), "Equal", operands)) {
    return false;
  }
  for (int i = 0; i < 2; i++) {
    const olstm_tensor* constant = olstm__net_constant(net, operands[i]);
    // A rank of 1 at most does not broadcast X to a higher one.
    if (!olstm__match_scalar(net, operands[i], &number) ||
        constant->desc.dtype != OLSTM_DTYPE_FLOAT || constant->desc.rank > 1) {
      continue;
    }
    out->x = operands[1 - i];
    out->value = (float)number;
    return true;
  }
  return false;
}

static bool match_mask(const olstm__net* net, const olstm__net_node* greater,
                       step_mask* out) {
  double zero = -1.0;
  if (!olstm__match_is(greater, "Greater") || greater->own_input_count != 2 ||
      !olstm__match_scalar(net, olstm__net_node_input(greater, 1), &zero) ||
      zero != 0.0 ||
      olstm__net_constant(net, olstm__net_node_input(greater, 1))->desc.rank > 1) {
    return false;
  }
  const olstm__net_node* sum =
      olstm__net_producer_of_type(net, olstm__net_node_input(greater, 0), "ReduceSum");
  if (!sum || !sums_the_last_axis(net, sum)) return false;
  const olstm__net_node* cast =
      olstm__net_producer_of_type(net, olstm__net_node_input(sum, 0), "Cast");
  out->keeps_dims = olstm__match_int(sum, "keepdims", 1) == 1;
  return cast && match_difference(net, olstm__net_node_input(cast, 0), out);
}

// ---------------------------------------------------------------- rewriting

static const olstm_attribute* make_attribute(olstm__net* net, float value) {
  olstm_attribute* attribute = olstm__net_allocate(net, 1, sizeof *attribute);
  if (!attribute) return NULL;
  *attribute =
      (olstm_attribute){.name = "mask_value", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = value};
  return attribute;
}

// The node that computes a mask: one that is there already, or a new one.
static int32_t find_or_add_node(olstm__net* net, const step_mask* mask,
                                const char* name) {
  for (int32_t u = net->values[mask->x].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    const olstm__net_node* user = &net->nodes[net->uses[u].node];
    if (strcmp(user->op_type, "StepMask") == 0 && user->attributes[0].f == mask->value) {
      return net->uses[u].node;
    }
  }
  static const char* const kSuffixes[] = {"x", "mask", "lens"};
  const olstm_attribute* attribute = make_attribute(net, mask->value);
  int32_t outputs[OUTPUT_COUNT];
  for (size_t i = 0; i < OUTPUT_COUNT; i++) {
    outputs[i] = olstm__net_add_value(
        net, OLSTM__VALUE_NODE, olstm__net_format(net, "%s/%s", name, kSuffixes[i]));
  }
  int32_t x = mask->x;
  const olstm__net_node made = {.kind = OLSTM__NODE_OPERATOR,
                                .name = name,
                                .op_type = "StepMask",
                                .domain = OLSTM__FUSED_DOMAIN,
                                .opset_version = FUSED_OPSET,
                                .attribute_count = 1,
                                .attributes = attribute,
                                .input_count = 1,
                                .inputs = &x,
                                .output_count = OUTPUT_COUNT,
                                .outputs = outputs,
                                .fused_from = "Masking"};
  if (!attribute || olstm__net_check(net, NULL) != OLSTM_STATUS_OK) {
    return OLSTM__NO_VALUE;
  }
  return olstm__net_add_node(net, &made);
}

static bool casts_to(const olstm__net_node* node, olstm_dtype dtype) {
  return olstm__match_is(node, "Cast") &&
         olstm__match_int(node, "to", 0) == (int64_t)dtype;
}

// X * Cast(mask), the mask with its last axis kept.
static void replace_products(olstm__net* net, int32_t cast, const step_mask* mask,
                             int32_t masked_x) {
  const int32_t factor = net->nodes[cast].outputs[0];
  for (int32_t u = net->values[factor].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    const olstm__net_node* product = &net->nodes[net->uses[u].node];
    if (!olstm__match_is(product, "Mul")) continue;
    if (olstm__net_node_input(product, 0) != mask->x &&
        olstm__net_node_input(product, 1) != mask->x)
      continue;
    // 0 * 0 and x * 1 are what X has already.
    olstm__net_replace_uses(net, product->outputs[0],
                            mask->value == 0.0F ? mask->x : masked_x);
  }
}

static void replace_sums(olstm__net* net, int32_t cast, int32_t lens) {
  const int32_t numbers = net->nodes[cast].outputs[0];
  for (int32_t u = net->values[numbers].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    const olstm__net_node* sum = &net->nodes[net->uses[u].node];
    if (olstm__match_is(sum, "ReduceSum") && sums_the_last_axis(net, sum) &&
        olstm__match_int(sum, "keepdims", 1) == 0) {
      olstm__net_replace_uses(net, sum->outputs[0], lens);
    }
  }
}

static void fuse_mask(olstm__net* net, int32_t greater, const step_mask* mask) {
  const int32_t old = net->nodes[greater].outputs[0];
  const int32_t made = find_or_add_node(net, mask, net->nodes[greater].name);
  if (made == OLSTM__NO_VALUE) return;
  const int32_t* outputs = net->nodes[made].outputs;
  for (int32_t u = net->values[old].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    const int32_t user = net->uses[u].node;
    if (mask->keeps_dims && casts_to(&net->nodes[user], OLSTM_DTYPE_FLOAT)) {
      replace_products(net, user, mask, outputs[OUT_X]);
    }
    if (!mask->keeps_dims && casts_to(&net->nodes[user], OLSTM_DTYPE_INT32)) {
      replace_sums(net, user, outputs[OUT_LENS]);
    }
  }
  // Of a kept axis, whatever else uses it has what it had.
  if (!mask->keeps_dims) olstm__net_replace_uses(net, old, outputs[OUT_MASK]);
}

void olstm__fuse_masks(olstm__net* net) {
  const int32_t count = net->order_count;
  for (int32_t i = 0; i < count && olstm__net_check(net, NULL) == OLSTM_STATUS_OK; i++) {
    step_mask mask;
    if (match_mask(net, &net->nodes[net->order[i]], &mask)) {
      fuse_mask(net, net->order[i], &mask);
    }
  }
}
