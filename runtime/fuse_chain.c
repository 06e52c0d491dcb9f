// Recurrent layers that were unrolled, one cell after the other over the steps of a
// sequence, become one recurrent node: Keras' unroll=True, and what PyTorch makes of a
// loop in Python.
//
// What is recognised: cells of fuse_cell.h with the same weights, of which each has the
// h and c of the one before, on steps that follow each other forwards or backwards. What
// is inside must not be used outside, but for every step's h and the last one's c.
#include <string.h>

#include "runtime/fuse.h"
#include "runtime/fuse_cell.h"
#include "runtime/fuse_dims.h"

enum { MAX_CHAIN = 4096, MIN_CHAIN = 2, MAX_FACTORS = 4, MAX_PASSES = 64 };
enum { MADE_OPSET = 11 };

// Step `step` of dimension `axis` of a sequence.
typedef struct sequence_step {
  int32_t sequence;
  int64_t axis, step;
} sequence_step;

// A cell, and what it takes its input from.
typedef struct link {
  olstm__cell_match cell;
  sequence_step at;
  int32_t old_h, new_h;
} link;

// Cells in the order in which they run; all but the last one's weights are the last's.
typedef struct chain {
  size_t count;
  int32_t new_h[MAX_CHAIN], new_c[MAX_CHAIN];
  link first, last;
  // Nodes that belong to it, by index; those added since the search began do not.
  bool* is_own;
  int32_t node_count;
} chain;

// What the search shares.
typedef struct chain_search {
  olstm__net* net;
  chain* chain;
  // Values that end no chain: those of one that was refused.
  bool* is_refused;
} chain_search;

static bool owns(const chain* c, int32_t node) {
  return node < c->node_count && c->is_own[node];
}

static const olstm_tensor* get_constant(const void* user, int32_t value) {
  return olstm__net_constant(user, value);
}

// ---------------------------------------------------------------- steps of a sequence

static bool is_type(const olstm__net_node* node, const char* op_type) {
  return node && node->kind == OLSTM__NODE_OPERATOR && !node->domain[0] &&
         strcmp(node->op_type, op_type) == 0;
}

static int64_t axis_of(const olstm__net_node* node) {
  const olstm_attribute* axis = olstm__net_find_attribute(node, "axis");
  return axis ? axis->i : 0;
}

// A number of steps that is known of a sequence, or -1.
static int64_t step_count(const olstm__net* net, const sequence_step* at) {
  const olstm__dim_symbol symbol =
      olstm__dim_symbol_of(net, at->sequence, (int32_t)at->axis);
  return symbol.root == OLSTM__NO_VALUE ? symbol.number : -1;
}

static bool gathered_step(const olstm__net* net, const olstm__net_node* node,
                          sequence_step* out) {
  const olstm_tensor* index = olstm__net_constant(net, olstm__net_node_input(node, 1));
  out->sequence = node->inputs[0];
  out->axis = axis_of(node);
  if (!index || index->desc.rank != 0 || out->axis < 0 || out->axis > 1 ||
      !olstm__match_scalar_int(net, node->inputs[1], &out->step)) {
    return false;
  }
  if (out->step < 0) out->step += step_count(net, out);
  return out->step >= 0;
}

// Part of a Split into single steps, or a Slice of one: what a Squeeze behind it takes
// the axis from.
static bool cut_step(const olstm__net* net, int32_t value, int64_t axis,
                     sequence_step* out) {
  const olstm__net_node* node = olstm__net_producer(net, value);
  olstm__match_slice slice;
  if (!node) return false;
  out->sequence = olstm__net_node_input(node, 0);
  out->axis = axis;
  if (is_type(node, "Split") && axis_of(node) == axis) {
    // Single steps, or the Squeeze would fail.
    for (size_t o = 0; o < node->output_count; o++) {
      out->step = (int64_t)o;
      if (node->outputs[o] == value) return true;
    }
  }
  if (!is_type(node, "Slice") || !olstm__match_slice_of(net, node, &slice)) return false;
  out->step = slice.start;
  return slice.axis == axis && slice.start >= 0 && slice.end == slice.start + 1;
}

static bool match_step(const olstm__net* net, int32_t value, sequence_step* out) {
  const olstm__net_node* node =
      olstm__net_producer(net, olstm__match_skip_identity(net, value));
  int64_t axis = 0;
  if (is_type(node, "Gather")) return gathered_step(net, node, out);
  return is_type(node, "Squeeze") && olstm__match_one_axis(net, node, &axis) &&
         axis >= 0 && axis <= 1 &&
         cut_step(net, olstm__match_skip_identity(net, node->inputs[0]), axis, out);
}

// ---------------------------------------------------------------- links

// The cell that makes `new_h`, if it has h of `old_h`.
static bool match_link(const olstm__net* net, int32_t new_h, int32_t old_h, link* out) {
  const olstm__constants constants = {net, get_constant};
  out->new_h = new_h;
  out->old_h = old_h;
  return olstm__match_cell(net, new_h, old_h, &constants, &out->cell) &&
         match_step(net, out->cell.x, &out->at) &&
         (out->cell.is_x_matrix || olstm__dim_rank_of(net, out->at.sequence) == 3);
}

// The cells that may make `new_h`: h may be any of its factors.
static size_t list_links(const olstm__net* net, int32_t new_h, link out[MAX_FACTORS]) {
  const olstm__constants constants = {net, get_constant};
  int32_t factors[MAX_FACTORS];
  size_t links = 0;
  const size_t count =
      olstm__sum_list_factors(net, new_h, &constants, MAX_FACTORS, factors);
  for (size_t f = 0; f < count; f++) {
    if (match_link(net, new_h, factors[f], &out[links])) links++;
  }
  return links;
}

// Whether `before` is the cell before `after`, `direction` steps away.
static bool are_linked(const link* before, const link* after, int64_t direction) {
  return before->new_h == after->old_h && before->cell.new_c == after->cell.old_c &&
         before->at.sequence == after->at.sequence && before->at.axis == after->at.axis &&
         before->at.step + direction == after->at.step &&
         olstm__cell_equal(&before->cell, &after->cell);
}

static bool find_link_before(const olstm__net* net, const link* after, int64_t direction,
                             link* out) {
  link links[MAX_FACTORS];
  const size_t count = list_links(net, after->old_h, links);
  for (size_t i = 0; i < count; i++) {
    if (are_linked(&links[i], after, direction)) {
      *out = links[i];
      return true;
    }
  }
  return false;
}

// The longest chain that ends with `last`; its values are written from the end of the
// arrays first.
static bool follow_chain(const olstm__net* net, const link* last, int64_t direction,
                         chain* out) {
  out->count = 0;
  out->last = out->first = *last;
  do {
    if (out->count == MAX_CHAIN) return false;
    out->new_h[out->count] = out->first.new_h;
    out->new_c[out->count++] = out->first.cell.new_c;
    link before;
    if (!find_link_before(net, &out->first, direction, &before)) break;
    out->first = before;
  } while (true);
  for (size_t i = 0; i < out->count / 2; i++) {
    const size_t j = out->count - 1 - i;
    const int32_t h = out->new_h[i], c = out->new_c[i];
    out->new_h[i] = out->new_h[j];
    out->new_c[i] = out->new_c[j];
    out->new_h[j] = h;
    out->new_c[j] = c;
  }
  return out->count >= MIN_CHAIN;
}

// ---------------------------------------------------------------- what is inside

// Marks the nodes between the values that a chain starts from and those that it makes.
static bool mark_nodes(const olstm__net* net, chain* c) {
  int32_t* pending =
      olstm_allocate_zeroed(&net->allocator, (size_t)net->node_count, sizeof *pending);
  size_t count = 0;
  if (!pending) return false;
  for (size_t t = 0; t < c->count; t++) {
    for (int k = 0; k < 2; k++) {
      const olstm__net_node* node =
          olstm__net_producer(net, k == 0 ? c->new_h[t] : c->new_c[t]);
      if (!node || owns(c, olstm__net_node_index(net, node))) continue;
      c->is_own[olstm__net_node_index(net, node)] = true;
      pending[count++] = olstm__net_node_index(net, node);
    }
  }
  while (count > 0) {
    const olstm__net_node* node = &net->nodes[pending[--count]];
    for (size_t i = 0; i < node->input_count; i++) {
      const int32_t input = node->inputs[i];
      const olstm__net_node* producer = olstm__net_producer(net, input);
      sequence_step ignored;
      if (!producer || input == c->first.old_h || input == c->first.cell.old_c ||
          match_step(net, input, &ignored)) {
        continue;
      }
      const int32_t index = olstm__net_node_index(net, producer);
      if (owns(c, index)) continue;
      c->is_own[index] = true;
      pending[count++] = index;
    }
  }
  olstm_release(&net->allocator, pending, (size_t)net->node_count, sizeof *pending);
  return true;
}

static bool is_made_by_step(const chain* c, int32_t value) {
  for (size_t t = 0; t < c->count; t++) {
    if (c->new_h[t] == value) return true;
  }
  return value == c->new_c[c->count - 1];
}

// Whether what the chain's nodes make is used by them alone, its results left aside.
static bool is_closed(const olstm__net* net, const chain* c) {
  for (int32_t i = 0; i < net->order_count; i++) {
    const int32_t n = net->order[i];
    if (!owns(c, n)) continue;
    for (size_t o = 0; o < net->nodes[n].output_count; o++) {
      const int32_t value = net->nodes[n].outputs[o];
      if (value == OLSTM__NO_VALUE || is_made_by_step(c, value)) continue;
      if (net->values[value].output_use_count > 0) return false;
      for (int32_t u = net->values[value].first_use; u != OLSTM__NO_VALUE;
           u = net->uses[u].next) {
        if (!owns(c, net->uses[u].node)) return false;
      }
    }
  }
  return true;
}

// A state of one row is broadcast by sums; a recurrent node wants a row for each of X.
static bool has_broadcast_state(const olstm__net* net, const chain* c, int32_t state) {
  const olstm__dim_symbol rows =
      olstm__dim_symbol_of(net, c->last.at.sequence, c->last.at.axis == 0 ? 1 : 0);
  const olstm__dim_symbol given =
      state == OLSTM__NO_VALUE ? rows : olstm__dim_symbol_of(net, state, 0);
  return given.root == OLSTM__NO_VALUE && given.number == 1 &&
         !olstm__dim_symbol_equal(&rows, &given);
}

// ---------------------------------------------------------------- rewriting

static int32_t add_node(olstm__net* net, const char* op_type, const char* name,
                        const olstm_attribute* attribute, size_t input_count,
                        int32_t* inputs) {
  int32_t output = olstm__net_add_value(net, OLSTM__VALUE_NODE, name);
  if (output == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const olstm__net_node made = {.kind = OLSTM__NODE_OPERATOR,
                                .name = name,
                                .op_type = op_type,
                                .domain = "",
                                .opset_version = MADE_OPSET,
                                .attribute_count = attribute ? 1 : 0,
                                .attributes = attribute,
                                .input_count = input_count,
                                .inputs = inputs,
                                .output_count = 1,
                                .outputs = &output};
  return olstm__net_add_node(net, &made) == OLSTM__NO_VALUE ? OLSTM__NO_VALUE : output;
}

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
  return add_node(net, "Gather", name, attribute, 2, inputs);
}

static int32_t add_transpose(olstm__net* net, const char* name, int32_t value) {
  static const int64_t kPerm[] = {1, 0, 2};
  static const olstm_attribute kAttribute = {
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = 3, .ints = kPerm};
  return add_node(net, "Transpose", name, &kAttribute, 1, &value);
}

// X [T,N,I] of the chain's steps.
static int32_t add_x(olstm__net* net, const chain* c, const char* name) {
  const sequence_step *first = &c->first.at, *last = &c->last.at;
  const int64_t begin = first->step < last->step ? first->step : last->step;
  int32_t x = first->sequence;
  if (begin != 0 || step_count(net, first) != (int64_t)c->count) {
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

static bool add_recurrent_node(olstm__net* net, const chain* c, recurrent_values* out) {
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
static int32_t first_use_outside(const olstm__net* net, const chain* c, int32_t value) {
  for (int32_t u = net->values[value].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    if (!owns(c, net->uses[u].node)) return u;
  }
  return OLSTM__NO_VALUE;
}

static void replace_uses_outside(olstm__net* net, const chain* c, int32_t value,
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

static bool is_used_outside(const olstm__net* net, const chain* c, int32_t value) {
  return net->values[value].output_use_count > 0 ||
         first_use_outside(net, c, value) != OLSTM__NO_VALUE;
}

// The Concat that puts the h of all steps, each behind an Unsqueeze of axis 0 or 1,
// together in the sequence's order; else NULL.
static const olstm__net_node* find_stack(const olstm__net* net, const chain* c,
                                         int64_t* out_axis) {
  const bool is_reverse = c->last.at.step < c->first.at.step;
  const int32_t first_h = c->new_h[is_reverse ? c->count - 1 : 0];
  for (int32_t u = net->values[first_h].first_use; u != OLSTM__NO_VALUE;
       u = net->uses[u].next) {
    const olstm__net_node* user = &net->nodes[net->uses[u].node];
    if (!is_type(user, "Unsqueeze") || !olstm__match_one_axis(net, user, out_axis)) {
      continue;
    }
    const olstm__net_node* concat = olstm__net_only_consumer(net, user->outputs[0]);
    if (!is_type(concat, "Concat") || axis_of(concat) != *out_axis || *out_axis < 0 ||
        *out_axis > 1 || concat->own_input_count != c->count) {
      continue;
    }
    bool is_whole = true;
    for (size_t t = 0; is_whole && t < c->count; t++) {
      const olstm__net_node* part =
          olstm__net_producer_of_type(net, concat->inputs[t], "Unsqueeze");
      int64_t axis = -1;
      is_whole = part && olstm__match_one_axis(net, part, &axis) && axis == *out_axis &&
                 olstm__match_skip_identity(net, part->inputs[0]) ==
                     c->new_h[is_reverse ? c->count - 1 - t : t];
    }
    if (is_whole) return concat;
  }
  return NULL;
}

// Takes the Concat and the Unsqueezes before it out, whose outputs nobody else has.
static void replace_stack(olstm__net* net, const chain* c,
                          const recurrent_values* values) {
  int64_t axis = 0;
  const olstm__net_node* concat = find_stack(net, c, &axis);
  if (!concat) return;
  const int32_t index = olstm__net_node_index(net, concat);
  const int32_t stacked = concat->outputs[0];
  const int32_t y =
      axis == 0 ? values->y
                : add_transpose(net, olstm__net_format(net, "%s/stacked", values->name),
                                values->y);
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

static void replace_chain(olstm__net* net, const chain* c,
                          const recurrent_values* values) {
  const int64_t begin =
      c->first.at.step < c->last.at.step ? c->first.at.step : c->last.at.step;
  const int64_t direction = c->last.at.step < c->first.at.step ? -1 : 1;
  replace_stack(net, c, values);
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
static const char* name_chain(olstm__net* net, const chain* c) {
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

static bool fuse_chain(olstm__net* net, chain* c) {
  if (!mark_nodes(net, c) || !is_closed(net, c) ||
      has_broadcast_state(net, c, c->first.old_h) ||
      has_broadcast_state(net, c, c->first.cell.old_c)) {
    return false;
  }
  recurrent_values values = {.name = name_chain(net, c)};
  if (!values.name || !add_recurrent_node(net, c, &values)) return false;
  replace_chain(net, c, &values);
  return true;
}

// ---------------------------------------------------------------- searching

static bool may_make_h(const olstm__net_node* node) {
  static const char* const kTypes[] = {"Mul", "Add", "Tanh", "Relu", "Sigmoid"};
  for (size_t i = 0; i < sizeof kTypes / sizeof kTypes[0]; i++) {
    if (is_type(node, kTypes[i])) return true;
  }
  return false;
}

static void refuse_chain(chain_search* search) {
  for (size_t t = 0; t < search->chain->count; t++) {
    search->is_refused[search->chain->new_h[t]] = true;
  }
}

// Looks for a chain that ends with `new_h`; true when one was fused.
static bool fuse_ending(chain_search* search, int32_t new_h) {
  chain* c = search->chain;
  link links[MAX_FACTORS];
  const size_t count = list_links(search->net, new_h, links);
  for (size_t l = 0; l < count; l++) {
    for (int64_t direction = 1; direction >= -1; direction -= 2) {
      if (!follow_chain(search->net, &links[l], direction, c)) continue;
      memset(c->is_own, 0, (size_t)c->node_count * sizeof *c->is_own);
      if (fuse_chain(search->net, c)) return true;
      refuse_chain(search);
    }
  }
  return false;
}

// Looks from the net's end.
static bool fuse_one(chain_search* search) {
  const olstm__net* net = search->net;
  for (int32_t i = net->order_count - 1; i >= 0; i--) {
    const olstm__net_node* node = &net->nodes[net->order[i]];
    if (!may_make_h(node) || search->is_refused[node->outputs[0]]) continue;
    if (fuse_ending(search, node->outputs[0])) return true;
  }
  return false;
}

static bool fuse_with_memory(olstm__net* net, chain* c) {
  const size_t nodes = (size_t)net->node_count, values = (size_t)net->value_count;
  bool* flags = olstm_allocate_zeroed(&net->allocator, nodes + values + 1, sizeof *flags);
  chain_search search = {net, c, flags + nodes};
  bool fused = false;
  if (flags) {
    c->is_own = flags;
    c->node_count = net->node_count;
    fused = fuse_one(&search);
  }
  olstm_release(&net->allocator, flags, nodes + values + 1, sizeof *flags);
  return fused;
}

olstm_status olstm__fuse_chains(olstm__net* net, olstm_error* error) {
  chain* c = olstm_allocate_zeroed(&net->allocator, 1, sizeof *c);
  olstm_status status = OLSTM_STATUS_OK;
  if (!c) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to fuse steps");
  for (int pass = 0; pass < MAX_PASSES && status == OLSTM_STATUS_OK; pass++) {
    if (!fuse_with_memory(net, c)) break;
    status = olstm__net_check(net, error);
    if (status != OLSTM_STATUS_OK) break;
    olstm__net_remove_dead(net);
    status = olstm__net_sort(net, error);
  }
  olstm_release(&net->allocator, c, 1, sizeof *c);
  return status == OLSTM_STATUS_OK ? olstm__net_check(net, error) : status;
}
