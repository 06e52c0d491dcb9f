// Unrolled recurrent layers become one recurrent node: Keras' unroll=True, and a loop in
// Python that PyTorch traced.
//
// The pattern: a chain of cells (fuse_cell.h) with the same weights, where each cell
// reads the h and c of the one before it, and one step of a sequence, the steps in
// ascending or descending order. No value inside the chain may be used outside, except
// every step's h and the last c. One cell alone, as a model of a single step has it, is a
// layer of one step when it is an LSTM's or a GRU's, its states are what the model is
// given, and nothing else has its weights.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_align.h"
#include "runtime/fuse/fuse_chain_node.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

/// kMaxGiven: the most nodes that a state is followed through.
enum { kMinChain = 2, kMaxFactors = 4, kMaxPasses = 64, kMaxGiven = 64 };

/// State of the search.
typedef struct chain_search {
  olstm__graph* graph;
  olstm__chain* chain;
  // Values that end a chain that was refused.
  bool* is_refused;
} chain_search;

static const olstm_tensor* get_constant(const void* user, int32_t value) {
  return olstm__graph_constant(user, value);
}

// ---------------------------------------------------------------- links

/// Matches the cell that computes `new_h` from `old_h`. any_x: its x may be any matrix.
static bool match_link(const olstm__graph* graph, int32_t new_h, int32_t old_h,
                       bool any_x, olstm__chain_link* out) {
  const olstm__constants constants = {graph, get_constant, NULL};
  out->new_h = new_h;
  out->old_h = old_h;
  if (!olstm__match_cell(graph, new_h, old_h, &constants, &out->cell)) return false;
  out->is_step =
      olstm__match_step(graph, out->cell.x, &out->at) &&
      (out->cell.is_x_matrix || olstm__dim_rank_of(graph, out->at.sequence) == 3);
  if (out->is_step) return true;
  out->at = (olstm__sequence_step){OLSTM__NO_VALUE, 0, 0};
  return any_x && (out->cell.is_x_matrix || olstm__dim_rank_of(graph, out->cell.x) == 2);
}

/// The cells that may compute `new_h`: with each factor of its products as the previous
/// h.
static size_t list_links(const olstm__graph* graph, int32_t new_h, bool any_x,
                         olstm__chain_link out[kMaxFactors]) {
  const olstm__constants constants = {graph, get_constant, NULL};
  int32_t factors[kMaxFactors];
  size_t links = 0;
  const size_t count =
      olstm__sum_list_factors(graph, new_h, &constants, kMaxFactors, factors);
  for (size_t f = 0; f < count; f++) {
    if (match_link(graph, new_h, factors[f], any_x, &out[links])) links++;
  }
  return links;
}

/// Whether `next` is `step` + `direction` (1 or -1): a model may have any number in both.
static bool is_next(int64_t step, int64_t next, int64_t direction) {
  return direction > 0 ? step < next && next - 1 == step
                       : next < step && next + 1 == step;
}

/// Whether `before` is the cell before `after` in a chain, `direction` steps apart.
static bool are_linked(const olstm__chain_link* before, const olstm__chain_link* after,
                       int64_t direction) {
  return before->new_h == after->old_h && before->cell.new_c == after->cell.old_c &&
         before->at.sequence == after->at.sequence && before->at.axis == after->at.axis &&
         is_next(before->at.step, after->at.step, direction) &&
         olstm__cell_equal(&before->cell, &after->cell);
}

static bool find_link_before(const olstm__graph* graph, const olstm__chain_link* after,
                             int64_t direction, olstm__chain_link* out) {
  olstm__chain_link links[kMaxFactors];
  const size_t count = list_links(graph, after->old_h, false, links);
  for (size_t i = 0; i < count; i++) {
    if (are_linked(&links[i], after, direction)) {
      *out = links[i];
      return true;
    }
  }
  return false;
}

/// Finds the longest chain that ends with `last`. It is collected from its end and
/// reversed then.
static bool follow_chain(const olstm__graph* graph, const olstm__chain_link* last,
                         int64_t direction, olstm__chain* out) {
  out->count = 0;
  out->last = out->first = *last;
  do {
    if (out->count == OLSTM__CHAIN_MAX) return false;
    out->new_h[out->count] = out->first.new_h;
    out->new_c[out->count++] = out->first.cell.new_c;
    olstm__chain_link before;
    if (!find_link_before(graph, &out->first, direction, &before)) break;
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
  return out->count >= kMinChain;
}

// ---------------------------------------------------------------- nodes of a chain

/// Marks the nodes between the values that a chain reads and those that it computes.
static bool mark_nodes(const olstm__graph* graph, olstm__chain* c) {
  int32_t* pending = olstm_allocate_zeroed(&graph->allocator, (size_t)graph->node_count,
                                           sizeof *pending);
  size_t count = 0;
  if (!pending) return false;
  for (size_t t = 0; t < c->count; t++) {
    for (int k = 0; k < 2; k++) {
      const olstm__graph_node* node =
          olstm__graph_producer(graph, k == 0 ? c->new_h[t] : c->new_c[t]);
      if (!node || olstm__chain_owns(c, olstm__graph_node_index(graph, node))) continue;
      c->is_own[olstm__graph_node_index(graph, node)] = true;
      pending[count++] = olstm__graph_node_index(graph, node);
    }
  }
  while (count > 0) {
    const olstm__graph_node* node = &graph->nodes[pending[--count]];
    for (size_t i = 0; i < node->input_count; i++) {
      const int32_t input = node->inputs[i];
      const olstm__graph_node* producer = olstm__graph_producer(graph, input);
      olstm__sequence_step ignored;
      if (!producer || input == c->first.old_h || input == c->first.cell.old_c ||
          (c->count > 1 ? olstm__match_step(graph, input, &ignored)
                        : input == c->first.cell.x)) {
        continue;
      }
      const int32_t index = olstm__graph_node_index(graph, producer);
      if (olstm__chain_owns(c, index)) continue;
      c->is_own[index] = true;
      pending[count++] = index;
    }
  }
  olstm_release(&graph->allocator, pending, (size_t)graph->node_count, sizeof *pending);
  return true;
}

static bool is_made_by_step(const olstm__chain* c, int32_t value) {
  for (size_t t = 0; t < c->count; t++) {
    if (c->new_h[t] == value) return true;
  }
  return value == c->new_c[c->count - 1];
}

/// Whether the values inside the chain are used only by its own nodes, its results
/// excepted.
static bool is_closed(const olstm__graph* graph, const olstm__chain* c) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    const int32_t n = graph->order[i];
    if (!olstm__chain_owns(c, n)) continue;
    for (size_t o = 0; o < graph->nodes[n].output_count; o++) {
      const int32_t value = graph->nodes[n].outputs[o];
      if (value == OLSTM__NO_VALUE || is_made_by_step(c, value)) continue;
      if (graph->values[value].output_use_count > 0) return false;
      for (int32_t u = graph->values[value].first_use; u != OLSTM__NO_VALUE;
           u = graph->uses[u].next) {
        if (!olstm__chain_owns(c, graph->uses[u].node)) return false;
      }
    }
  }
  return true;
}

/// Whether the first states are such as a layer's can be made of.
static bool has_states(const olstm__graph* graph, const olstm__chain* c) {
  const olstm__aligned states[] = {{c->first.old_h, OLSTM__ALIGN_STATE},
                                   {c->first.cell.old_c, OLSTM__ALIGN_STATE}};
  return olstm__can_align(graph, states, states[1].value == OLSTM__NO_VALUE ? 1 : 2);
}

// ---------------------------------------------------------------- one cell alone

// Whether a state is what the model is given, or such elementwise: not computed by
// another layer, or by another step of this one. The budget bounds the recursion.
// NOLINTNEXTLINE(misc-no-recursion)
static bool is_given(const olstm__graph* graph, int32_t value, int* budget) {
  const olstm__graph_node* node =
      value == OLSTM__NO_VALUE ? NULL : olstm__graph_producer(graph, value);
  if ((*budget)-- <= 0) return false;
  if (!node || olstm__match_is(node, "ConstantOfShape")) return true;
  const olstm__traits kinds =
      OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_BROADCASTS | OLSTM__TRAIT_REAL_FUNCTION;
  if (node->kind != OLSTM__NODE_OPERATOR || !(node->traits & kinds)) return false;
  // What tells where elements go is not their value.
  const bool is_moved = olstm__graph_node_has(node, OLSTM__TRAIT_MOVES_ELEMENTS) &&
                        !olstm__match_is(node, "Concat");
  for (size_t i = 0; i < (is_moved ? 1 : node->input_count); i++) {
    if (!is_given(graph, olstm__graph_node_input(node, i), budget)) return false;
  }
  return true;
}

static bool has_given_state(const olstm__graph* graph, const olstm__chain_link* link) {
  int budget = kMaxGiven;
  return is_given(graph, link->old_h, &budget) &&
         (link->cell.old_c == OLSTM__NO_VALUE ||
          is_given(graph, link->cell.old_c, &budget));
}

/// Whether steps before the chain compute its first states.
static bool goes_on(const olstm__graph* graph, const olstm__chain* c) {
  const olstm__sequence_step* first = &c->first.at;
  const int64_t begin =
      c->last.at.step < first->step ? olstm__sequence_step_count(graph, first) - 1 : 0;
  return c->count > 1 && first->step != begin && !has_given_state(graph, &c->first);
}

/// Whether a product outside the chain has the cell's recurrent weights: another step.
static bool has_other_steps(const olstm__graph* graph, const olstm__chain* c) {
  const olstm_tensor* own = c->last.cell.gates[0].recurrent_kernel.tensor;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (olstm__chain_owns(c, graph->order[i]) ||
        (!olstm__match_is(node, "MatMul") && !olstm__match_is(node, "Gemm"))) {
      continue;
    }
    const olstm_tensor* other =
        olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
    if (other && olstm__match_same_tensor(own, other)) return true;
  }
  return false;
}

/// Chooses the one cell that computes `new_h`: where x and h could change places, the one
/// whose x is a step of a sequence. False when that leaves several.
static bool find_cell(const olstm__graph* graph, int32_t new_h, olstm__chain_link* out) {
  olstm__chain_link links[kMaxFactors];
  size_t found[2] = {0, 0};
  const size_t count = list_links(graph, new_h, true, links);
  for (size_t l = 0; l < count; l++) {
    const olstm__chain_link* link = &links[l];
    if (strcmp(link->cell.op_type, "RNN") == 0 || !has_given_state(graph, link)) continue;
    if (found[link->is_step]++ == 0 && (link->is_step || found[true] == 0)) *out = *link;
  }
  return found[true] ? found[true] == 1 : found[false] == 1;
}

// ---------------------------------------------------------------- searching

static bool fuse_chain(olstm__graph* graph, olstm__chain* c) {
  memset(c->is_own, 0, (size_t)c->node_count * sizeof *c->is_own);
  c->goes_on = goes_on(graph, c);
  return mark_nodes(graph, c) && is_closed(graph, c) && has_states(graph, c) &&
         (c->count > 1 || !has_other_steps(graph, c)) && olstm__chain_replace(graph, c);
}

static bool may_make_h(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_CELL_ACTIVATION) ||
         olstm__match_is(node, "Mul") || olstm__match_is(node, "Add");
}

static void refuse_chain(chain_search* search) {
  for (size_t t = 0; t < search->chain->count; t++) {
    search->is_refused[search->chain->new_h[t]] = true;
  }
}

/// Tries to fuse a chain that ends with `new_h`; true on success.
static bool fuse_ending(chain_search* search, int32_t new_h) {
  olstm__chain* c = search->chain;
  olstm__chain_link links[kMaxFactors];
  const size_t count = list_links(search->graph, new_h, false, links);
  for (size_t l = 0; l < count; l++) {
    for (int64_t direction = 1; direction >= -1; direction -= 2) {
      if (!follow_chain(search->graph, &links[l], direction, c)) continue;
      if (fuse_chain(search->graph, c)) return true;
      refuse_chain(search);
    }
  }
  if (!find_cell(search->graph, new_h, &c->last)) return false;
  c->first = c->last;
  c->count = 1;
  c->new_h[0] = new_h;
  c->new_c[0] = c->last.cell.new_c;
  return fuse_chain(search->graph, c);
}

/// Tries every node, from the end of the graph.
static bool fuse_one(chain_search* search) {
  const olstm__graph* graph = search->graph;
  for (int32_t i = graph->order_count - 1; i >= 0; i--) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    const int32_t h = olstm__graph_node_output(node, 0);
    if (h == OLSTM__NO_VALUE || !may_make_h(node) || search->is_refused[h]) continue;
    if (fuse_ending(search, h)) return true;
  }
  return false;
}

static bool fuse_with_memory(olstm__graph* graph, olstm__chain* c) {
  const size_t nodes = (size_t)graph->node_count, values = (size_t)graph->value_count;
  bool* flags =
      olstm_allocate_zeroed(&graph->allocator, nodes + values + 1, sizeof *flags);
  chain_search search = {graph, c, flags + nodes};
  bool fused = false;
  if (flags) {
    c->is_own = flags;
    c->node_count = graph->node_count;
    fused = fuse_one(&search);
  }
  olstm_release(&graph->allocator, flags, nodes + values + 1, sizeof *flags);
  return fused;
}

olstm_status olstm__fuse_chains(olstm__graph* graph, olstm_error* error) {
  olstm__chain* c = olstm_allocate_zeroed(&graph->allocator, 1, sizeof *c);
  olstm_status status = OLSTM_STATUS_OK;
  if (!c) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to fuse steps");
  for (int pass = 0; pass < kMaxPasses && status == OLSTM_STATUS_OK; pass++) {
    if (!fuse_with_memory(graph, c)) break;
    status = olstm__graph_check(graph, error);
    if (status != OLSTM_STATUS_OK) break;
    olstm__graph_remove_dead(graph);
    status = olstm__graph_sort(graph, error);
  }
  olstm_release(&graph->allocator, c, 1, sizeof *c);
  return status == OLSTM_STATUS_OK ? olstm__graph_check(graph, error) : status;
}
