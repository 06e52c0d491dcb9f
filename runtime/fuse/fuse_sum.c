#include "runtime/fuse/fuse_sum.h"

#include <string.h>

enum { kMaxTerms = 12, kMaxCuts = 3, kMaxWalk = 64 };

/// The columns that a Split or Slice takes of its input: part `part` of `parts` equal
/// ones, or [first:end) when parts is 0.
typedef struct column_cut {
  int64_t part, parts;
  int64_t first, end;
} column_cut;

/// A term that is still to be split, and the cuts between the sum and it, outermost
/// first.
typedef struct term {
  int32_t value;
  size_t cut_count;
  column_cut cuts[kMaxCuts];
} term;

typedef struct search {
  const olstm__graph* graph;
  const olstm__constants* constants;
  int32_t square_factor;
  olstm__sum* sum;
  size_t pending_count;
  term pending[kMaxTerms];
} search;

static const olstm_tensor* constant_of(const search* s, int32_t value) {
  return value == OLSTM__NO_VALUE ? NULL : s->constants->get(s->constants->user, value);
}

static bool is_type(const olstm__graph_node* node, const char* op_type) {
  return strcmp(node->op_type, op_type) == 0;
}

// ---------------------------------------------------------------- cuts

static bool cuts_columns(const olstm__graph_node* node, int64_t fallback) {
  const int64_t number = olstm__match_int(node, "axis", fallback);
  return number == 1 || number == -1;
}

/// The lengths of a Split's parts; NULL with *out_known true for equal parts.
static const int64_t* split_lengths(const search* s, const olstm__graph_node* node,
                                    bool* out_known) {
  const olstm_attribute* lengths = olstm__graph_find_attribute(node, "split");
  const int32_t given = olstm__graph_node_input(node, 1);
  *out_known = true;
  if (lengths && lengths->kind == OLSTM_ATTRIBUTE_INTS &&
      lengths->count == node->output_count) {
    return lengths->ints;
  }
  if (given == OLSTM__NO_VALUE) return NULL;
  const olstm_tensor* tensor = constant_of(s, given);
  *out_known = tensor && tensor->desc.dtype == OLSTM_DTYPE_INT64 &&
               olstm_tensor_desc_count(&tensor->desc) == (int64_t)node->output_count;
  return *out_known ? tensor->data : NULL;
}

static bool cut_of_split(const search* s, const olstm__graph_node* node, int32_t value,
                         column_cut* out) {
  bool is_known = false;
  const int64_t* lengths = split_lengths(s, node, &is_known);
  if (!is_known || !cuts_columns(node, 0)) return false;
  *out = (column_cut){.parts = lengths ? 0 : (int64_t)node->output_count};
  for (size_t i = 0; i < node->output_count; i++) {
    out->part = (int64_t)i;
    if (lengths && (lengths[i] < 0 || lengths[i] > INT64_MAX - out->first)) return false;
    if (lengths) out->end = out->first + lengths[i];
    if (node->outputs[i] == value) return true;
    out->first = out->end;
  }
  return false;
}

static bool cut_of_slice(const search* s, const olstm__graph_node* node,
                         column_cut* out) {
  olstm__match_slice slice;
  if (!olstm__match_slice_of(s->graph, node, &slice)) return false;
  *out = (column_cut){.first = slice.start, .end = slice.end};
  return slice.axis == 1 || slice.axis == -1;
}

/// Computes which block of `width` columns remains after the cuts, innermost first. False
/// when they do not fit.
static bool apply_cuts(const term* t, int64_t width, olstm__weight_block* block) {
  block->first_column = 0;
  block->column_count = width;
  for (size_t c = t->cut_count; c-- > 0;) {
    const column_cut* cut = &t->cuts[c];
    const int64_t whole = block->column_count;
    int64_t first = cut->first, end = cut->end;
    if (cut->parts > 0) {
      if (whole % cut->parts != 0) return false;
      first = cut->part * (whole / cut->parts);
      end = first + whole / cut->parts;
    }
    if (first < 0) first += whole;
    if (end < 0) end += whole;
    if (end > whole) end = whole;
    if (first < 0 || first >= end) return false;
    block->first_column += first;
    block->column_count = end - first;
  }
  return true;
}

// ---------------------------------------------------------------- terms

static bool push(search* s, const term* from, int32_t value) {
  if (s->pending_count == kMaxTerms || value == OLSTM__NO_VALUE) return false;
  term* added = &s->pending[s->pending_count++];
  *added = *from;
  added->value = value;
  return true;
}

static bool push_cut(search* s, const term* from, int32_t value, const column_cut* cut) {
  if (from->cut_count == kMaxCuts || !push(s, from, value)) return false;
  term* added = &s->pending[s->pending_count - 1];
  added->cuts[added->cut_count++] = *cut;
  return true;
}

static bool is_weight(const olstm_tensor* tensor) {
  return tensor && (tensor->desc.dtype == OLSTM_DTYPE_FLOAT ||
                    tensor->desc.dtype == OLSTM_DTYPE_DOUBLE);
}

static bool add_bias(search* s, const term* t, const olstm_tensor* tensor) {
  olstm__sum* sum = s->sum;
  const olstm_tensor_desc* desc = &tensor->desc;
  olstm__weight_block block = {.tensor = tensor, .row_count = 1};
  if (!is_weight(tensor) || sum->bias_count == OLSTM__SUM_MAX_BIASES || desc->rank < 1 ||
      desc->rank > 2 || (desc->rank == 2 && desc->dims[0] != 1) ||
      !apply_cuts(t, desc->dims[desc->rank - 1], &block)) {
    return false;
  }
  sum->biases[sum->bias_count++] = block;
  return true;
}

static bool add_rows(search* s, int32_t factor, const olstm__weight_block* weight) {
  olstm__sum* sum = s->sum;
  if (sum->product_count == OLSTM__SUM_MAX_PRODUCTS) return false;
  sum->products[sum->product_count].factor = olstm__match_skip_identity(s->graph, factor);
  sum->products[sum->product_count++].weight = *weight;
  return true;
}

static const olstm__graph_node* concat_of_two(const olstm__graph* graph, int32_t value) {
  const olstm__graph_node* node = olstm__graph_producer_of_type(
      graph, olstm__match_skip_identity(graph, value), "Concat");
  return node && node->own_input_count == 2 && cuts_columns(node, 0) ? node : NULL;
}

/// Splits the product of [x,h] or [h,x] with one matrix into two: h has as many rows of
/// the matrix as the sum has columns, x the others.
static bool add_joined_rows(search* s, const olstm__graph_node* concat,
                            const olstm__weight_block* weight) {
  const int64_t square = weight->column_count, other = weight->row_count - square;
  for (int i = 0; i < 2 && other > 0; i++) {
    if (olstm__match_skip_identity(s->graph, concat->inputs[i]) != s->square_factor) {
      continue;
    }
    olstm__weight_block of_h = *weight, of_x = *weight;
    of_h.row_count = square;
    of_x.row_count = other;
    of_h.first_row = i == 0 ? 0 : other;
    of_x.first_row = i == 0 ? square : 0;
    return add_rows(s, concat->inputs[i], &of_h) &&
           add_rows(s, concat->inputs[1 - i], &of_x);
  }
  return false;
}

/// The number of columns of a product with a constant matrix; -1 for any other value.
static int64_t columns_of_product(const search* s, int32_t value) {
  const olstm__graph_node* node =
      olstm__graph_producer(s->graph, olstm__match_skip_identity(s->graph, value));
  const olstm_tensor* weight = node && node->own_input_count >= 2
                                   ? constant_of(s, olstm__graph_node_input(node, 1))
                                   : NULL;
  if (!weight || weight->desc.rank != 2) return -1;
  if (is_type(node, "MatMul")) return weight->desc.dims[1];
  const olstm_attribute* transposed = olstm__graph_find_attribute(node, "transB");
  if (!is_type(node, "Gemm")) return -1;
  return weight->desc.dims[transposed && transposed->i ? 0 : 1];
}

static bool add_product(search* s, const term* t, int32_t factor, int32_t weight,
                        bool is_transposed) {
  const olstm_tensor* tensor = constant_of(s, weight);
  if (!is_weight(tensor) || tensor->desc.rank != 2) return false;
  olstm__weight_block block = {
      .tensor = tensor,
      .is_transposed = is_transposed,
      .row_count = tensor->desc.dims[is_transposed ? 1 : 0],
  };
  const olstm__graph_node* concat = concat_of_two(s->graph, factor);
  if (!apply_cuts(t, tensor->desc.dims[is_transposed ? 0 : 1], &block)) return false;
  return concat && s->square_factor != OLSTM__NO_VALUE
             ? add_joined_rows(s, concat, &block)
             : add_rows(s, factor, &block);
}

static float float_attribute(const olstm__graph_node* node, const char* name) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, name);
  return attribute ? attribute->f : 1.0F;
}

/// A Gemm with alpha and beta 1 and transA 0 is a product and a sum.
static bool take_gemm(search* s, const term* t, const olstm__graph_node* node) {
  const olstm_attribute* transposed_a = olstm__graph_find_attribute(node, "transA");
  const olstm_attribute* transposed_b = olstm__graph_find_attribute(node, "transB");
  const int32_t added = olstm__graph_node_input(node, 2);
  // Without anything to add, beta is of no account.
  if ((transposed_a && transposed_a->i != 0) || float_attribute(node, "alpha") != 1.0F ||
      (added != OLSTM__NO_VALUE && float_attribute(node, "beta") != 1.0F)) {
    return false;
  }
  s->sum->has_gemm = true;
  return (added == OLSTM__NO_VALUE || push(s, t, added)) &&
         add_product(s, t, olstm__graph_node_input(node, 0),
                     olstm__graph_node_input(node, 1),
                     transposed_b && transposed_b->i != 0);
}

/// A Squeeze without axes removes a batch of 1 before a sum, which broadcasts it again. A
/// single column it would remove instead.
static bool take_squeeze(search* s, const term* t, const olstm__graph_node* node) {
  return node->own_input_count == 1 && !olstm__graph_find_attribute(node, "axes") &&
         columns_of_product(s, olstm__graph_node_input(node, 0)) > 1 &&
         push(s, t, olstm__graph_node_input(node, 0));
}

static bool take_term(search* s, const term* t) {
  const int32_t value = olstm__match_skip_identity(s->graph, t->value);
  const olstm_tensor* constant = constant_of(s, value);
  column_cut cut;
  if (constant) return add_bias(s, t, constant);
  const olstm__graph_node* node = olstm__graph_producer(s->graph, value);
  if (!node || node->kind != OLSTM__NODE_OPERATOR || node->domain[0]) return false;
  if (is_type(node, "Add")) {
    return push(s, t, olstm__graph_node_input(node, 0)) &&
           push(s, t, olstm__graph_node_input(node, 1));
  }
  if (is_type(node, "MatMul")) {
    return add_product(s, t, olstm__graph_node_input(node, 0),
                       olstm__graph_node_input(node, 1), false);
  }
  if (is_type(node, "Gemm")) return take_gemm(s, t, node);
  if (is_type(node, "Squeeze")) return take_squeeze(s, t, node);
  if (is_type(node, "Split")) {
    return cut_of_split(s, node, value, &cut) &&
           push_cut(s, t, olstm__graph_node_input(node, 0), &cut);
  }
  return is_type(node, "Slice") && cut_of_slice(s, node, &cut) &&
         push_cut(s, t, olstm__graph_node_input(node, 0), &cut);
}

bool olstm__match_sum(const olstm__graph* graph, int32_t value, int32_t square_factor,
                      const olstm__constants* constants, olstm__sum* out_sum) {
  search s = {.graph = graph,
              .constants = constants,
              .square_factor = square_factor,
              .sum = out_sum};
  const term whole = {.value = value};
  *out_sum = (olstm__sum){.product_count = 0};
  (void)push(&s, &whole, value);
  while (s.pending_count > 0) {
    const term next = s.pending[--s.pending_count];
    if (!take_term(&s, &next)) return false;
  }
  if (out_sum->product_count == 0) return false;
  const int64_t columns = out_sum->products[0].weight.column_count;
  for (size_t p = 1; p < out_sum->product_count; p++) {
    if (out_sum->products[p].weight.column_count != columns) return false;
  }
  for (size_t b = 0; b < out_sum->bias_count; b++) {
    if (out_sum->biases[b].column_count != columns) return false;
  }
  return true;
}

// ---------------------------------------------------------------- blocks

double olstm__weight_block_at(const olstm__weight_block* block, int64_t row,
                              int64_t column) {
  const olstm_tensor_desc* desc = &block->tensor->desc;
  const int64_t width = desc->dims[desc->rank - 1];
  row += block->first_row;
  column += block->first_column;
  const int64_t at = block->is_transposed ? column * width + row : row * width + column;
  return desc->dtype == OLSTM_DTYPE_DOUBLE ? ((const double*)block->tensor->data)[at]
                                           : ((const float*)block->tensor->data)[at];
}

bool olstm__weight_block_equal(const olstm__weight_block* a,
                               const olstm__weight_block* b) {
  if (a->row_count != b->row_count || a->column_count != b->column_count ||
      a->tensor->desc.dtype != b->tensor->desc.dtype) {
    return false;
  }
  if (a->tensor == b->tensor && a->is_transposed == b->is_transposed &&
      a->first_row == b->first_row && a->first_column == b->first_column) {
    return true;
  }
  for (int64_t row = 0; row < a->row_count; row++) {
    for (int64_t column = 0; column < a->column_count; column++) {
      if (!(olstm__weight_block_at(a, row, column) ==
            olstm__weight_block_at(b, row, column))) {
        return false;
      }
    }
  }
  return true;
}

// ---------------------------------------------------------------- factors

static bool is_listed(const int32_t* values, size_t count, int32_t value) {
  for (size_t i = 0; i < count; i++) {
    if (values[i] == value) return true;
  }
  return false;
}

/// Adds a factor, or both values that a Concat joins.
static size_t add_factors(const olstm__graph* graph, int32_t value, size_t capacity,
                          int32_t* factors, size_t count) {
  const olstm__graph_node* concat = concat_of_two(graph, value);
  for (int i = 0; i < (concat ? 2 : 1); i++) {
    const int32_t factor =
        concat ? olstm__match_skip_identity(graph, concat->inputs[i]) : value;
    if (count < capacity && !is_listed(factors, count, factor)) factors[count++] = factor;
  }
  return count;
}

size_t olstm__sum_list_factors(const olstm__graph* graph, int32_t value,
                               const olstm__constants* constants, size_t capacity,
                               int32_t* out_factors) {
  const search s = {.graph = graph, .constants = constants};
  int32_t seen[kMaxWalk] = {value};
  size_t seen_count = 1, count = 0;
  for (size_t next = 0; next < seen_count; next++) {
    const olstm__graph_node* node = olstm__graph_producer(graph, seen[next]);
    if (!node || node->kind != OLSTM__NODE_OPERATOR) continue;
    const bool is_product = columns_of_product(&s, seen[next]) >= 0;
    for (size_t i = 0; i < node->own_input_count; i++) {
      const int32_t input = olstm__match_skip_identity(graph, node->inputs[i]);
      if (input == OLSTM__NO_VALUE) continue;
      if (is_product && i == 0) {
        count = add_factors(graph, input, capacity, out_factors, count);
      } else if (!constant_of(&s, input) && seen_count < kMaxWalk &&
                 !is_listed(seen, seen_count, input)) {
        seen[seen_count++] = input;
      }
    }
  }
  return count;
}
