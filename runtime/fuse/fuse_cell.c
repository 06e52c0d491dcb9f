#include "runtime/fuse/fuse_cell.h"

#include <string.h>

// ---------------------------------------------------------------- equations

/// The equations of a cell. A letter stands for a value; every binary operation is in
/// parentheses; + and * match their operands in either order.
///
///   h C        the previous h and c
///   i o f c    gates of LSTM: an activation of a sum of products with x and h
///   z r n      gates of GRU; n alone is the cell of SimpleRNN
///   u          ONNX's 1 - z, where it is the activation of a sum
///   a          the activated new c
///   p q s      sums: of products with x, with h, with x and r * h
///   1          the number
typedef struct cell_equations {
  char op_type[5];
  char new_h[18];
  /// The letter whose value is an activation of `inner`.
  char of;
  char inner[14];
  /// Letters of the gates, in ONNX's order.
  char gates[5];
  bool linear_before_reset;
} cell_equations;

static const cell_equations kCells[] = {
    {"LSTM", "(o*a)", 'a', "((f*C)+(i*c))", "iofc", false},
    {"GRU", "((z*h)+((1-z)*n))", 'n', "(p+(r*q))", "zrn", true},
    {"GRU", "((z*h)+((1-z)*n))", 'n', "s", "zrn", false},
    {"GRU", "(n+(z*(h-n)))", 'n', "(p+(r*q))", "zrn", true},
    {"GRU", "(n+(z*(h-n)))", 'n', "s", "zrn", false},
    {"GRU", "((u*n)+((1-u)*h))", 'n', "(p+(r*q))", "urn", true},
    {"GRU", "((u*n)+((1-u)*h))", 'n', "s", "urn", false},
    {"GRU", "(h+(u*(n-h)))", 'n', "(p+(r*q))", "urn", true},
    {"GRU", "(h+(u*(n-h)))", 'n', "s", "urn", false},
    {"RNN", "n", 'n', "s", "n", false},
};
enum { kCellCount = sizeof kCells / sizeof kCells[0], kLetters = 128, kMaxSwaps = 8 };

/// State of one match: the graph, and the values bound to letters.
typedef struct search {
  const olstm__graph* graph;
  const olstm__constants* constants;
  int32_t old_h;
  /// Bit k: the operands of the k-th sum or product are swapped.
  uint32_t swaps;
  uint32_t swap_count;
  int32_t bound[kLetters];
} search;

static bool bind(search* s, char letter, int32_t value) {
  int32_t* bound = &s->bound[(unsigned char)letter];
  double one = 0.0;
  value = olstm__match_skip_identity(s->graph, value);
  if (letter == '1') return olstm__match_cell_scalar(s->graph, value, &one) && one == 1.0;
  if (*bound != OLSTM__NO_VALUE) return *bound == value;
  *bound = value;
  return true;
}

// Matches the expression at *text against a value, and advances *text past it. Recursion
// is as deep as the equations above.
// NOLINTNEXTLINE(misc-no-recursion)
static bool match_expression(search* s, const char** text, int32_t value) {
  if (**text != '(') return bind(s, *(*text)++, value);
  static const struct {
    char sign;
    const char* op_type;
  } kOperators[] = {{'+', "Add"}, {'*', "Mul"}, {'-', "Sub"}};
  // Find the operator: it follows the first operand.
  const char* sign = *text + 1;
  for (int depth = 0; depth > 0 || (*sign != '+' && *sign != '*' && *sign != '-');) {
    depth += *sign == '(' ? 1 : (*sign == ')' ? -1 : 0);
    sign++;
  }
  int32_t operands[2];
  const char* op_type = NULL;
  for (size_t i = 0; i < sizeof kOperators / sizeof kOperators[0]; i++) {
    if (kOperators[i].sign == *sign) op_type = kOperators[i].op_type;
  }
  if (!olstm__match_binary(s->graph, value, op_type, operands)) return false;
  const bool swapped = *sign != '-' && (s->swaps >> s->swap_count++ & 1U) != 0;
  (*text)++;
  if (!match_expression(s, text, operands[swapped ? 1 : 0])) return false;
  (*text)++;
  if (!match_expression(s, text, operands[swapped ? 0 : 1])) return false;
  (*text)++;
  return true;
}

static int32_t letter(const search* s, char name) {
  return s->bound[(unsigned char)name];
}

// ---------------------------------------------------------------- gates

static bool same_activation(const olstm__match_activation* a,
                            const olstm__match_activation* b) {
  return strcmp(a->name, b->name) == 0 && a->alpha == b->alpha && a->beta == b->beta;
}

static void take_biases(const olstm__sum* sum, size_t* count,
                        olstm__weight_block* biases) {
  *count = sum->bias_count;
  memcpy(biases, sum->biases, sizeof sum->biases);
}

/// Sets the input of the cell, which must be the same for all gates.
static bool take_x(const search* s, olstm__cell_match* match, int32_t x) {
  if (s->constants->plain) x = s->constants->plain(s->constants->user, x);
  if (match->x == OLSTM__NO_VALUE) match->x = x;
  return match->x == x;
}

/// Matches a gate: a sum with one product with x and, unless h is NO_VALUE, one with h.
static bool match_gate_sum(const search* s, int32_t value, int32_t h,
                           olstm__cell_match* match, olstm__cell_gate* gate) {
  olstm__sum sum;
  const size_t count = h == OLSTM__NO_VALUE ? 1 : 2;
  if (!olstm__match_sum(s->graph, value, h, s->constants, &sum) ||
      sum.product_count != count) {
    return false;
  }
  const size_t of_x = count == 2 && sum.products[0].factor == h ? 1 : 0;
  if (count == 2 && sum.products[1 - of_x].factor != h) return false;
  if (sum.products[of_x].factor == s->old_h || sum.products[of_x].factor == h)
    return false;
  gate->kernel = sum.products[of_x].weight;
  if (count == 2) gate->recurrent_kernel = sum.products[1 - of_x].weight;
  take_biases(&sum, &gate->bias_count, gate->biases);
  match->is_x_matrix = match->is_x_matrix || sum.has_gemm;
  return take_x(s, match, sum.products[of_x].factor);
}

/// Matches p + r * q.
static bool match_reset_sum(const search* s, olstm__cell_match* match,
                            olstm__cell_gate* gate) {
  olstm__sum sum;
  if (!match_gate_sum(s, letter(s, 'p'), OLSTM__NO_VALUE, match, gate) ||
      !olstm__match_sum(s->graph, letter(s, 'q'), s->old_h, s->constants, &sum) ||
      sum.product_count != 1 || sum.products[0].factor != s->old_h) {
    return false;
  }
  gate->recurrent_kernel = sum.products[0].weight;
  take_biases(&sum, &gate->recurrent_bias_count, gate->recurrent_biases);
  return true;
}

/// Matches a sum of products with x and with r * h, where r * h is one of the factors of
/// the sum.
static bool match_early_reset(search* s, olstm__cell_match* match,
                              olstm__cell_gate* gate) {
  enum { kMost = 4 };
  int32_t factors[kMost];
  const int32_t sum = letter(s, 's');
  const size_t count =
      olstm__sum_list_factors(s->graph, sum, s->constants, kMost, factors);
  for (size_t i = 0; i < count; i++) {
    int32_t operands[2];
    if (!olstm__match_binary(s->graph, factors[i], "Mul", operands)) continue;
    const int side = operands[0] == s->old_h ? 0 : 1;
    if (operands[side] != s->old_h) continue;
    s->bound['r'] = operands[1 - side];
    if (match_gate_sum(s, sum, factors[i], match, gate)) return true;
  }
  return false;
}

/// Matches the candidate gate: n, of GRU and RNN.
static bool match_candidate(search* s, const cell_equations* cell,
                            olstm__cell_match* match, olstm__cell_gate* gate) {
  if (letter(s, 's') == OLSTM__NO_VALUE) return match_reset_sum(s, match, gate);
  if (cell->gates[1]) return match_early_reset(s, match, gate);
  return match_gate_sum(s, letter(s, 's'), s->old_h, match, gate);
}

static bool is_candidate(const cell_equations* cell, char gate) {
  return gate == cell->gates[strlen(cell->gates) - 1];
}

/// Makes ONNX's z of u = 1 - z: f(-a), where f has 1 - f(a) = f(-a).
static bool negate_update(olstm__cell_match* match) {
  const olstm__match_activation* f = &match->activations[0];
  match->gates[0].is_negated = true;
  return strcmp(f->name, "Sigmoid") == 0 ||
         (strcmp(f->name, "HardSigmoid") == 0 && f->beta == 0.5F);
}

/// All gates but the candidate have one activation, the first; the candidate has the
/// second.
static bool match_gates(search* s, const cell_equations* cell, olstm__cell_match* match) {
  const bool is_rnn = !cell->gates[1];
  olstm__match_activation* of_gates = &match->activations[0];
  olstm__match_activation* of_candidate = &match->activations[is_rnn ? 0 : 1];
  for (size_t pass = 0; pass < 2; pass++) {
    // The candidate first: it may determine r.
    for (const char* name = cell->gates; *name; name++) {
      olstm__cell_gate* gate = &match->gates[name - cell->gates];
      int32_t inner = OLSTM__NO_VALUE;
      olstm__match_activation activation;
      if (is_candidate(cell, *name) != (pass == 0)) continue;
      olstm__match_activation_of(s->graph, letter(s, *name), &activation, &inner);
      if (*name == cell->of) {
        *of_candidate = activation;
        if (!match_candidate(s, cell, match, gate)) return false;
        continue;
      }
      if (!match_gate_sum(s, inner, s->old_h, match, gate)) return false;
      if (is_candidate(cell, *name)) {
        *of_candidate = activation;
      } else if (!of_gates->name) {
        *of_gates = activation;
      } else if (!same_activation(of_gates, &activation)) {
        return false;
      }
    }
  }
  return cell->gates[0] != 'u' || negate_update(match);
}

// ---------------------------------------------------------------- cells

static bool block_fits(const olstm__weight_block* block, olstm_dtype dtype, int64_t rows,
                       int64_t columns) {
  return block->tensor->desc.dtype == dtype && block->row_count == rows &&
         block->column_count == columns;
}

static bool biases_fit(const olstm__weight_block* biases, size_t count, olstm_dtype dtype,
                       int64_t columns) {
  for (size_t b = 0; b < count; b++) {
    if (!block_fits(&biases[b], dtype, 1, columns)) return false;
  }
  return true;
}

static bool weights_fit(olstm__cell_match* match) {
  const olstm__weight_block* first = &match->gates[0].kernel;
  match->dtype = first->tensor->desc.dtype;
  match->inputs = first->row_count;
  match->hidden = first->column_count;
  for (size_t g = 0; g < match->gate_count; g++) {
    const olstm__cell_gate* gate = &match->gates[g];
    if (!block_fits(&gate->kernel, match->dtype, match->inputs, match->hidden) ||
        !block_fits(&gate->recurrent_kernel, match->dtype, match->hidden,
                    match->hidden) ||
        !biases_fit(gate->biases, gate->bias_count, match->dtype, match->hidden) ||
        !biases_fit(gate->recurrent_biases, gate->recurrent_bias_count, match->dtype,
                    match->hidden)) {
      return false;
    }
  }
  return match->hidden > 0;
}

static bool match_equations(search* s, const cell_equations* cell, int32_t new_h,
                            olstm__cell_match* match) {
  const bool is_lstm = cell->of == 'a';
  int32_t inner = OLSTM__NO_VALUE;
  olstm__match_activation activation;
  const char* text = cell->new_h;
  *match = (olstm__cell_match){.op_type = cell->op_type,
                               .linear_before_reset = cell->linear_before_reset,
                               .x = OLSTM__NO_VALUE,
                               .old_c = OLSTM__NO_VALUE,
                               .new_c = OLSTM__NO_VALUE,
                               .gate_count = strlen(cell->gates)};
  match->activation_count = is_lstm ? 3 : (match->gate_count > 1 ? 2 : 1);
  for (size_t i = 0; i < kLetters; i++) s->bound[i] = OLSTM__NO_VALUE;
  s->bound['h'] = s->old_h;
  s->swap_count = 0;
  if (!match_expression(s, &text, new_h)) return false;
  olstm__match_activation_of(s->graph, letter(s, cell->of), &activation, &inner);
  text = cell->inner;
  if (!match_expression(s, &text, inner)) return false;
  if (is_lstm) {
    match->activations[2] = activation;
    match->new_c = inner;
    match->old_c = letter(s, 'C');
  }
  return match_gates(s, cell, match) && weights_fit(match);
}

bool olstm__match_cell(const olstm__graph* graph, int32_t new_h, int32_t old_h,
                       const olstm__constants* constants, olstm__cell_match* out_match) {
  new_h = olstm__match_skip_identity(graph, new_h);
  for (size_t f = 0; f < kCellCount; f++) {
    // The first try counts the sums and products that can be swapped.
    uint32_t tries = 1;
    for (uint32_t swaps = 0; swaps < tries; swaps++) {
      search s = {.graph = graph, .constants = constants, .old_h = old_h, .swaps = swaps};
      if (match_equations(&s, &kCells[f], new_h, out_match)) return true;
      if (s.swap_count <= kMaxSwaps && tries < 1U << s.swap_count) {
        tries = 1U << s.swap_count;
      }
    }
  }
  return false;
}

static bool gate_equal(const olstm__cell_gate* a, const olstm__cell_gate* b) {
  if (a->bias_count != b->bias_count ||
      a->recurrent_bias_count != b->recurrent_bias_count ||
      a->is_negated != b->is_negated ||
      !olstm__weight_block_equal(&a->kernel, &b->kernel) ||
      !olstm__weight_block_equal(&a->recurrent_kernel, &b->recurrent_kernel)) {
    return false;
  }
  for (size_t i = 0; i < a->bias_count; i++) {
    if (!olstm__weight_block_equal(&a->biases[i], &b->biases[i])) return false;
  }
  for (size_t i = 0; i < a->recurrent_bias_count; i++) {
    if (!olstm__weight_block_equal(&a->recurrent_biases[i], &b->recurrent_biases[i])) {
      return false;
    }
  }
  return true;
}

bool olstm__cell_equal(const olstm__cell_match* a, const olstm__cell_match* b) {
  if (strcmp(a->op_type, b->op_type) != 0 || a->hidden != b->hidden ||
      a->inputs != b->inputs || a->linear_before_reset != b->linear_before_reset) {
    return false;
  }
  for (size_t i = 0; i < a->activation_count; i++) {
    if (!same_activation(&a->activations[i], &b->activations[i])) return false;
  }
  for (size_t g = 0; g < a->gate_count; g++) {
    if (!gate_equal(&a->gates[g], &b->gates[g])) return false;
  }
  return true;
}
