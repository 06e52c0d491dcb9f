// Unrolled recurrent layers become one recurrent node: Keras' unroll=True, and a loop in
// Python that PyTorch traced.
//
// The pattern: a chain of cells (fuse_cell.h) with the same weights, where each cell
// reads the h and c of the one before it, and one step of a sequence, the steps in
// ascending or descending order. No value inside the chain may be used outside, except
// every step's h and the last c.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_align.h"
#include "runtime/fuse/fuse_chain_node.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

enum { kMinChain = 2, kMaxFactors = 4, kMaxPasses = 64 };

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

/// Matches the cell that computes `new_h` from `old_h`.
static bool match_link(const olstm__graph* graph, int32_t new_h, int32_t old_h,
                       olstm__chain_link* out) {
  const olstm__constants constants = {graph, get_constant, NULL};
  out->new_h = new_h;
  out->old_h = old_h;
  return olstm__match_cell(graph, new_h, old_h, &constants, &out->cell) &&
         olstm__match_step(graph, out->cell.x, &out->at) &&
         (out->cell.is_x_matrix || olstm__dim_rank_of(graph, out->at.sequence) == 3);
}

/// The cells that may compute `new_h`: with each factor of its products as the previous
/// h.
static size_t list_links(const olstm__graph* graph, int32_t new_h,
                         olstm__chain_link out[kMaxFactors]) {
  const olstm__constants constants = {graph, get_constant, NULL};
  int32_t factors[kMaxFactors];
  size_t links = 0;
  const size_t count =
      olstm__sum_list_factors(graph, new_h, &constants, kMaxFactors, factors);
  for (size_t f = 0; f < count; f++) {
    if (match_link(graph, new_h, factors[f], &out[links])) links++;
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
  const size_t count = list_links(graph, after->old_h, links);
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
          olstm__match_step(graph, input, &ignored)) {
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

static bool fuse_chain(olstm__graph* graph, olstm__chain* c) {
  return mark_nodes(graph, c) && is_closed(graph, c) && has_states(graph, c) &&
         olstm__chain_replace(graph, c);
}

// ---------------------------------------------------------------- searching

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
  const size_t count = list_links(search->graph, new_h, links);
  for (size_t l = 0; l < count; l++) {
    for (int64_t direction = 1; direction >= -1; direction -= 2) {
      if (!follow_chain(search->graph, &links[l], direction, c)) continue;
      memset(c->is_own, 0, (size_t)c->node_count * sizeof *c->is_own);
      if (fuse_chain(search->graph, c)) return true;
      refuse_chain(search);
    }
  }
  return false;
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
