// The recurrent node that takes a chain's place: its inputs, and what becomes of the h of
// every step.
#include "runtime/fuse_chain.h"

#include <string.h>

#include "runtime/fuse_match.h"

enum { MADE_OPSET = 11 };

// ---------------------------------------------------------------- adding

// Takes steps first..first+count-1 of an axis; a scalar `first` for a count of 0.
static int32_t add_gather(olstm__net* net, const char* name, int32_t value, int64_t axis,
                          int64_t first, int64_t count) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, count > 0 ? 1 : 0, {count}};
  olstm_tensor* indices = olstm__net_allocate_tensor(net, &desc);
  olstm_attribute* attribute = olstm__net_allocate(net, 1, sizeof *attribute);
  if (!indices || !attribute) return OLSTM__NO_VALUE;
  for (int64_t i = 0; i == 0 || i < count; i++) ((int64_t*)indices->data)[i] = first + i;
  *attribute = (olstm_attribute){.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = axis};
  int32_t inputs[] = {value, olstm__net_add_constant(net, "indices", indices)};
  return olstm__net_add_operator(net, name, "Gather", MADE_OPSET, attribute, 2, inputs);
}

static int32_t add_transpose(olstm__net* net, const char* name, int32_t value) {
  static const int64_t kPerm[] = {1, 0, 2};
  static const olstm_attribute kAttribute = {
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = 3, .ints = kPerm};
  return olstm__net_add_operator(net, name, "Transpose", MADE_OPSET, &kAttribute, 1,
                                 &value);
}

// The first dimension from its end.
static int32_t add_reversal(olstm__net* net, const char* name, int32_t value) {
  static const int64_t kNumbers[] = {-1, -INT32_MAX, 0, -1};  // start, end, axis, step
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 1, {1}};
  int32_t inputs[5] = {value};
  for (size_t i = 0; i < 4; i++) {
    olstm_tensor* number = olstm__net_allocate_tensor(net, &desc);
    if (!number) return OLSTM__NO_VALUE;
    *(int64_t*)number->data = kNumbers[i];
    inputs[1 + i] = olstm__net_add_constant(net, "turn", number);
  }
  return olstm__net_add_operator(net, name, "Slice", MADE_OPSET, NULL, 5, inputs);
}

// X [T,N,I] of the chain's steps.
static int32_t add_x(olstm__net* net, const olstm__chain* c, const char* name) {
  const olstm__sequence_step *first = &c->first.at, *last = &c->last.at;
  const int64_t begin = first->step < last->step ? first->step : last->step;
  int32_t x = first->sequence;
  if (begin != 0 || olstm__chain_step_count(net, first) != (int64_t)c->count) {
    x = add_gather(net, olstm__net_format(net, "%s/steps", name), x, first->axis, begin,
                   (int64_t)c->count);
  }
  if (x == OLSTM__NO_VALUE || first->axis == 0) return x;
  return add_transpose(net, olstm__net_format(net, "%s/X", name), x);
}

// The values of the node that takes the chain's place.
typedef struct recurrent_values {
  const char* name;
  // [T,N,H], in the sequence's order.
  int32_t y;
  // [N,H]; c of LSTM alone.
  int32_t h, c;
} recurrent_values;

static bool add_recurrent_node(olstm__net* net, const olstm__chain* c,
                               recurrent_values* out) {
  const olstm__cell_match* cell = &c->last.cell;
  const bool is_lstm = cell->old_c != OLSTM__NO_VALUE;
  const bool is_reverse = c->last.at.step < c->first.at.step;
  static const char* const kOutputs[] = {"Y", "Y_h", "Y_c"};
  int32_t inputs[7] = {add_x(net, c, out->name)}, outputs[3];
  size_t attribute_count = 0;
  const olstm_attribute* attributes =
      olstm__cell_attributes(net, cell, is_reverse, &attribute_count);
  if (!attributes || inputs[0] == OLSTM__NO_VALUE ||
      !olstm__cell_add_weights(net, cell, &inputs[1])) {
    return false;
  }
  inputs[4] = OLSTM__NO_VALUE;
  inputs[5] = olstm__fuse_add_axis_node(net, "Unsqueeze", c->first.old_h, 0);
  inputs[6] = is_lstm
                  ? olstm__fuse_add_axis_node(net, "Unsqueeze", c->first.cell.old_c, 0)
                  : OLSTM__NO_VALUE;
  for (size_t i = 0; i < 3; i++) {
    outputs[i] = olstm__net_add_value(
        net, OLSTM__VALUE_NODE, olstm__net_format(net, "%s/%s", out->name, kOutputs[i]));
  }
  const olstm__net_node made = {
      .kind = OLSTM__NODE_OPERATOR,
      .name = out->name,
      .op_type = cell->op_type,
      .domain = "",
      .opset_version = MADE_OPSET,
      .attribute_count = attribute_count,
      .attributes = attributes,
      .input_count = is_lstm ? 7 : 6,
      .inputs = inputs,
      .output_count = is_lstm ? 3 : 2,
      .outputs = outputs,
      .fused_from = olstm__net_format(net, "%zu unrolled steps recognised as %s",
                                      c->count, cell->op_type)};
  if (olstm__net_check(net, NULL) != OLSTM_STATUS_OK ||
      olstm__net_add_node(net, &made) == OLSTM__NO_VALUE) {
    return false;
  }
  out->y = olstm__fuse_add_axis_node(net, "Squeeze", outputs[0], 1);
  out->h = olstm__fuse_add_axis_node(net, "Squeeze", outputs[1], 0);
  out->c = is_lstm ? olstm__fuse_add_axis_node(net, "Squeeze", outputs[2], 0)
                   : OLSTM__NO_VALUE;
  return olstm__net_check(net, NULL) == OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- uses of the results

// The first use of a value outside the chain, or NO_VALUE.
static int32_t first_use_outside(const olstm__net* net, const olstm__chain* c,
                                 int32_t value) {
  for (int32_t u = net->values[value].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    if (!olstm__chain_owns(c, net->uses[u].node)) return u;
  }
  return OLSTM__NO_VALUE;
}

static void replace_uses_outside(olstm__net* net, const olstm__chain* c, int32_t value,
                                 int32_t replacement) {
  if (net->values[value].output_use_count > 0) {
    // The chain's own nodes are gone soon.
    olstm__net_replace_uses(net, value, replacement);
    return;
  }
  for (int32_t u = first_use_outside(net, c, value); u != OLSTM__NO_VALUE;
       u = first_use_outside(net, c, value)) {
    olstm__net_set_input(net, net->uses[u].node, (size_t)net->uses[u].slot, replacement);
  }
}

static bool is_used_outside(const olstm__net* net, const olstm__chain* c, int32_t value) {
  return net->values[value].output_use_count > 0 ||
         first_use_outside(net, c, value) != OLSTM__NO_VALUE;
}

// The Concat that puts the h of all steps, each behind an Unsqueeze of axis 0 or 1,
// together: in the chain's order, or from its end if is_reverse. Else NULL.
static const olstm__net_node* find_stack(const olstm__net* net, const olstm__chain* c,
                                         bool is_reverse, int64_t* out_axis) {
  const int32_t first_h = c->new_h[is_reverse ? c->count - 1 : 0];
  for (int32_t u = net->values[first_h].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    const olstm__net_node* user = &net->nodes[net->uses[u].node];
    if (!olstm__match_is(user, "Unsqueeze") ||
        !olstm__match_one_axis(net, user, out_axis)) {
      continue;
    }
    const olstm__net_node* concat = olstm__net_only_consumer(net, user->outputs[0]);
    if (!olstm__match_is(concat, "Concat") ||
        olstm__match_int(concat, "axis", 0) != *out_axis || *out_axis < 0 ||
        *out_axis > 1 || concat->own_input_count != c->count) {
      continue;
    }
    bool is_whole = true;
    for (size_t t = 0; is_whole && t < c->count; t++) {
      const olstm__net_node* part =
          olstm__net_producer_of_type(net, concat->inputs[t], "Unsqueeze");
      int64_t axis = -1;
      is_whole = part && olstm__match_one_axis(net, part, &axis) && axis == *out_axis &&
                 olstm__match_skip_identity(net, olstm__net_node_input(part, 0)) ==
                     c->new_h[is_reverse ? c->count - 1 - t : t];
    }
    if (is_whole) return concat;
  }
  return NULL;
}

// Takes the Concat and the Unsqueezes before it out, whose outputs nobody else has.
static void replace_stack(olstm__net* net, const olstm__chain* c, bool is_reverse,
                          const recurrent_values* values) {
  const bool steps_back = c->last.at.step < c->first.at.step;
  int64_t axis = 0;
  int32_t y = values->y;
  const olstm__net_node* concat = find_stack(net, c, is_reverse, &axis);
  if (!concat) return;
  const int32_t index = olstm__net_node_index(net, concat);
  const int32_t stacked = concat->outputs[0];
  if (is_reverse != steps_back) {
    y = add_reversal(net, olstm__net_format(net, "%s/turned", values->name), y);
  }
  if (y != OLSTM__NO_VALUE && axis == 1) {
    y = add_transpose(net, olstm__net_format(net, "%s/stacked", values->name), y);
  }
  if (y == OLSTM__NO_VALUE) return;
  olstm__net_replace_uses(net, stacked, y);
  for (size_t t = 0; t < c->count; t++) {
    const olstm__net_node* part = olstm__net_producer(net, net->nodes[index].inputs[t]);
    if (olstm__net_only_consumer(net, part->outputs[0])) {
      olstm__net_remove_node(net, olstm__net_node_index(net, part));
    }
  }
  olstm__net_remove_node(net, index);
}

static void replace_chain(olstm__net* net, const olstm__chain* c,
                          const recurrent_values* values) {
  const int64_t begin =
      c->first.at.step < c->last.at.step ? c->first.at.step : c->last.at.step;
  const int64_t direction = c->last.at.step < c->first.at.step ? -1 : 1;
  replace_stack(net, c, false, values);
  replace_stack(net, c, true, values);
  for (size_t t = 0; t + 1 < c->count; t++) {
    const int32_t h = c->new_h[t];
    if (!is_used_outside(net, c, h)) continue;
    const int64_t step = c->first.at.step + direction * (int64_t)t - begin;
    const int32_t one = add_gather(
        net, olstm__net_format(net, "%s/h_%zu", values->name, t), values->y, 0, step, 0);
    if (one == OLSTM__NO_VALUE) return;
    replace_uses_outside(net, c, h, one);
  }
  replace_uses_outside(net, c, c->new_h[c->count - 1], values->h);
  if (values->c != OLSTM__NO_VALUE) {
    replace_uses_outside(net, c, c->new_c[c->count - 1], values->c);
  }
}

// What the names of the first and the last cell have in common, up to a slash: the
// layer's name, unless it is empty or taken.
static const char* name_chain(olstm__net* net, const olstm__chain* c) {
  const olstm__net_node* first = olstm__net_producer(net, c->first.new_h);
  const olstm__net_node* last = olstm__net_producer(net, c->last.new_h);
  size_t common = 0;
  for (size_t i = 0; first->name[i] && first->name[i] == last->name[i]; i++) {
    if (first->name[i] == '/') common = i;
  }
  const char* name = olstm__net_format(net, "%.*s", (int)common, last->name);
  const bool is_free =
      name && name[0] && olstm__net_find_node(net, name) == OLSTM__NO_VALUE;
  return is_free ? name : last->name;
}

bool olstm__chain_replace(olstm__net* net, const olstm__chain* c) {
  recurrent_values values = {.name = name_chain(net, c)};
  if (!values.name || !add_recurrent_node(net, c, &values)) return false;
  replace_chain(net, c, &values);
  return true;
}
