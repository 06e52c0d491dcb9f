#include "runtime/fuse_cell.h"

#include <string.h>

enum { MAX_TERMS = 8 };

// What a search shares.
typedef struct search {
  const olstm__net* net;
  const olstm__cell_constants* constants;
} search;

// A sum of matrix products with weights, and of biases.
typedef struct affine_sum {
  struct {
    int32_t factor;
    const olstm_tensor* weight;
  } products[2];
  size_t product_count;
  const olstm_tensor* bias;
} affine_sum;

static const olstm_tensor* constant_of(const search* s, int32_t value) {
  return s->constants->get(s->constants->user, value);
}

// ---------------------------------------------------------------- sums

static bool add_product(const search* s, int32_t factor, int32_t weight,
                        affine_sum* sum) {
  const olstm_tensor* tensor = constant_of(s, weight);
  if (!tensor || tensor->desc.rank != 2 || sum->product_count == 2) return false;
  sum->products[sum->product_count].factor = olstm__match_skip_identity(s->net, factor);
  sum->products[sum->product_count++].weight = tensor;
  return true;
}

// A Gemm without transposes and factors is a product and a sum.
static bool is_plain_gemm(const olstm__net_node* node) {
  static const char* const kTransposes[] = {"transA", "transB"};
  static const char* const kFactors[] = {"alpha", "beta"};
  for (int i = 0; i < 2; i++) {
    const olstm_attribute* factor = olstm__net_find_attribute(node, kFactors[i]);
    if (!olstm__match_int_attribute(node, kTransposes[i], 0, 0) ||
        (factor && (factor->kind != OLSTM_ATTRIBUTE_FLOAT || factor->f != 1.0F))) {
      return false;
    }
  }
  return true;
}

// A Squeeze without axes takes a batch of one away before a sum, which broadcasts it
// back.
static bool is_squeeze_of_all(const olstm__net_node* node) {
  return strcmp(node->op_type, "Squeeze") == 0 && node->own_input_count == 1 &&
         !olstm__net_find_attribute(node, "axes");
}

// Takes a value apart into terms pushed on `pending`; false when it is none of the kinds
// that a cell sums.
static bool take_term(const search* s, int32_t value, affine_sum* sum, int32_t* pending,
                      size_t* count) {
  value = olstm__match_skip_identity(s->net, value);
  const olstm_tensor* constant = constant_of(s, value);
  if (constant) {
    if (sum->bias) return false;
    sum->bias = constant;
    return true;
  }
  const olstm__net_node* node = olstm__net_producer(s->net, value);
  if (!node || node->kind != OLSTM__NODE_OPERATOR || node->domain[0]) return false;
  if (is_squeeze_of_all(node)) {
    pending[(*count)++] = node->inputs[0];
    return true;
  }
  if (node->own_input_count < 2) return false;
  if (strcmp(node->op_type, "Add") == 0 && *count + 2 <= MAX_TERMS) {
    pending[(*count)++] = node->inputs[0];
    pending[(*count)++] = node->inputs[1];
    return true;
  }
  if (strcmp(node->op_type, "MatMul") == 0) {
    return add_product(s, node->inputs[0], node->inputs[1], sum);
  }
  if (strcmp(node->op_type, "Gemm") != 0 || !is_plain_gemm(node)) return false;
  const int32_t added = olstm__net_node_input(node, 2);
  if (added != OLSTM__NO_VALUE) pending[(*count)++] = added;
  return add_product(s, node->inputs[0], node->inputs[1], sum);
}

static bool match_sum(const search* s, int32_t value, affine_sum* out_sum) {
  int32_t pending[MAX_TERMS + 2] = {value};
  size_t count = 1;
  *out_sum = (affine_sum){.product_count = 0};
  for (int steps = 0; count > 0; steps++) {
    if (steps > MAX_TERMS || count > MAX_TERMS) return false;
    const int32_t next = pending[--count];
    if (!take_term(s, next, out_sum, pending, &count)) return false;
  }
  return true;
}

// Kernel, recurrent kernel and the step's input out of a sum of two products, one of them
// of old_h.
static bool read_both_products(const affine_sum* sum, int32_t old_h,
                               olstm__cell_match* out) {
  if (sum->product_count != 2) return false;
  const size_t of_h = sum->products[0].factor == old_h ? 0 : 1;
  if (sum->products[of_h].factor != old_h || sum->products[1 - of_h].factor == old_h) {
    return false;
  }
  out->x = sum->products[1 - of_h].factor;
  out->kernel = sum->products[1 - of_h].weight;
  out->recurrent_kernel = sum->products[of_h].weight;
  out->bias = sum->bias;
  return true;
}

// ---------------------------------------------------------------- gates

// Part `*out_index` of a Split of the last of two axes into `part_count` equal parts.
static bool match_part(const search* s, int32_t value, size_t part_count,
                       int32_t* out_whole, size_t* out_index) {
  value = olstm__match_skip_identity(s->net, value);
  const olstm__net_node* node = olstm__net_producer_of_type(s->net, value, "Split");
  if (!node || node->output_count != part_count) return false;
  const olstm_attribute* lengths = olstm__net_find_attribute(node, "split");
  if ((!olstm__match_int_attribute(node, "axis", 0, 1) &&
       !olstm__match_int_attribute(node, "axis", 0, -1)) ||
      (lengths && lengths->kind != OLSTM_ATTRIBUTE_INTS)) {
    return false;
  }
  for (size_t i = 1; lengths && i < lengths->count; i++) {
    if (lengths->ints[i] != lengths->ints[0]) return false;
  }
  const int32_t given = olstm__net_node_input(node, 1);
  if (given != OLSTM__NO_VALUE) {
    const olstm_tensor* tensor = constant_of(s, given);
    if (!tensor || tensor->desc.dtype != OLSTM_DTYPE_INT64 ||
        olstm_tensor_desc_count(&tensor->desc) != (int64_t)part_count) {
      return false;
    }
    const int64_t* parts = tensor->data;
    for (size_t i = 1; i < part_count; i++) {
      if (parts[i] != parts[0]) return false;
    }
  }
  for (size_t i = 0; i < part_count; i++) {
    if (node->outputs[i] == value) {
      *out_whole = olstm__match_skip_identity(s->net, olstm__net_node_input(node, 0));
      *out_index = i;
      return true;
    }
  }
  return false;
}

// An activated part of a Split.
typedef struct gate {
  olstm__match_activation activation;
  int32_t whole;
  size_t index;
} gate;

static bool match_gate(const search* s, int32_t value, size_t part_count, gate* out) {
  int32_t inner = OLSTM__NO_VALUE;
  olstm__match_activation_of(s->net, value, &out->activation, &inner);
  return match_part(s, inner, part_count, &out->whole, &out->index);
}

static bool same_activation(const olstm__match_activation* a,
                            const olstm__match_activation* b) {
  return strcmp(a->name, b->name) == 0 && a->alpha == b->alpha && a->beta == b->beta;
}

// ---------------------------------------------------------------- LSTM

enum { KERAS_I, KERAS_F, KERAS_C, KERAS_O, LSTM_GATES };

// c' = f * c + i * g, its terms and factors in any order.
static bool match_new_c(const search* s, int32_t new_c, gate gates[LSTM_GATES],
                        int32_t* out_old_c) {
  int32_t terms[2], kept[2], added[2];
  if (!olstm__match_binary(s->net, new_c, "Add", terms)) return false;
  for (int swap = 0; swap < 2; swap++) {
    gate first, second;
    if (!olstm__match_binary(s->net, terms[swap], "Mul", kept) ||
        !olstm__match_binary(s->net, terms[1 - swap], "Mul", added) ||
        !match_gate(s, added[0], LSTM_GATES, &first) ||
        !match_gate(s, added[1], LSTM_GATES, &second)) {
      continue;
    }
    const bool in_order = first.index == KERAS_I;
    gates[KERAS_I] = in_order ? first : second;
    gates[KERAS_C] = in_order ? second : first;
    for (int side = 0; side < 2; side++) {
      if (!match_gate(s, kept[side], LSTM_GATES, &gates[KERAS_F])) continue;
      if (gates[KERAS_F].index != KERAS_F) continue;
      *out_old_c = kept[1 - side];
      return gates[KERAS_I].index == KERAS_I && gates[KERAS_C].index == KERAS_C;
    }
  }
  return false;
}

// h' = o * h(c').
static bool match_lstm_with(const search* s, int32_t output_gate, int32_t activated_c,
                            int32_t old_h, olstm__cell_match* out) {
  gate gates[LSTM_GATES];
  affine_sum sum;
  olstm__match_activation* activations = out->activations;
  if (!match_gate(s, output_gate, LSTM_GATES, &gates[KERAS_O]) ||
      gates[KERAS_O].index != KERAS_O) {
    return false;
  }
  olstm__match_activation_of(s->net, activated_c, &activations[2], &out->new_c);
  if (!match_new_c(s, out->new_c, gates, &out->old_c)) return false;
  for (size_t g = 0; g < LSTM_GATES; g++) {
    if (gates[g].whole != gates[KERAS_O].whole) return false;
    if (g != KERAS_C &&
        !same_activation(&gates[g].activation, &gates[KERAS_O].activation)) {
      return false;
    }
  }
  activations[0] = gates[KERAS_O].activation;
  activations[1] = gates[KERAS_C].activation;
  out->activation_count = 3;
  out->op_type = "LSTM";
  return match_sum(s, gates[KERAS_O].whole, &sum) && read_both_products(&sum, old_h, out);
}

static bool match_lstm(const search* s, int32_t new_h, int32_t old_h,
                       olstm__cell_match* out) {
  int32_t factors[2];
  if (!olstm__match_binary(s->net, new_h, "Mul", factors)) return false;
  return match_lstm_with(s, factors[0], factors[1], old_h, out) ||
         match_lstm_with(s, factors[1], factors[0], old_h, out);
}

// ---------------------------------------------------------------- GRU, reset_after

enum { KERAS_Z, KERAS_R, KERAS_H, GRU_GATES };

// An activated sum of part `index` of the input's product and part `index` of the
// recurrent one.
typedef struct gru_wholes {
  int32_t input, recurrent;
} gru_wholes;

static bool match_gru_gate(const search* s, int32_t value, size_t index,
                           olstm__match_activation* out_activation, gru_wholes* wholes) {
  int32_t inner = OLSTM__NO_VALUE, parts[2], whole[2];
  size_t indices[2];
  olstm__match_activation_of(s->net, value, out_activation, &inner);
  if (!olstm__match_binary(s->net, inner, "Add", parts)) return false;
  for (int i = 0; i < 2; i++) {
    if (!match_part(s, parts[i], GRU_GATES, &whole[i], &indices[i])) return false;
    if (indices[i] != index) return false;
  }
  const int of_input = whole[0] == wholes->input ? 0 : 1;
  return whole[of_input] == wholes->input && whole[1 - of_input] == wholes->recurrent;
}

// hh = g(x_h + r * inner_h); tells which wholes the parts belong to.
static bool match_gru_candidate(const search* s, int32_t value, olstm__cell_match* out,
                                gru_wholes* wholes, int32_t* out_r) {
  int32_t inner = OLSTM__NO_VALUE, terms[2], factors[2];
  size_t index = 0;
  olstm__match_activation_of(s->net, value, &out->activations[1], &inner);
  if (!olstm__match_binary(s->net, inner, "Add", terms)) return false;
  for (int i = 0; i < 2; i++) {
    if (!match_part(s, terms[i], GRU_GATES, &wholes->input, &index) || index != KERAS_H ||
        !olstm__match_binary(s->net, terms[1 - i], "Mul", factors)) {
      continue;
    }
    for (int side = 0; side < 2; side++) {
      if (match_part(s, factors[side], GRU_GATES, &wholes->recurrent, &index) &&
          index == KERAS_H) {
        *out_r = factors[1 - side];
        return true;
      }
    }
  }
  return false;
}

// z * h + (1 - z) * hh.
static bool match_gru_mix(const search* s, int32_t new_h, int32_t old_h, int32_t* out_z,
                          int32_t* out_candidate) {
  int32_t terms[2], kept[2], added[2], difference[2];
  double one = 0.0;
  if (!olstm__match_binary(s->net, new_h, "Add", terms)) return false;
  for (int i = 0; i < 2; i++) {
    if (!olstm__match_binary(s->net, terms[i], "Mul", kept) ||
        !olstm__match_binary(s->net, terms[1 - i], "Mul", added) ||
        (kept[0] != old_h && kept[1] != old_h)) {
      continue;
    }
    *out_z = kept[0] == old_h ? kept[1] : kept[0];
    for (int side = 0; side < 2; side++) {
      if (olstm__match_binary(s->net, added[side], "Sub", difference) &&
          olstm__match_scalar(s->net, difference[0], &one) && one == 1.0 &&
          difference[1] == *out_z) {
        *out_candidate = added[1 - side];
        return true;
      }
    }
  }
  return false;
}

static bool match_gru(const search* s, int32_t new_h, int32_t old_h,
                      olstm__cell_match* out) {
  int32_t z = OLSTM__NO_VALUE, r = OLSTM__NO_VALUE, candidate = OLSTM__NO_VALUE;
  gru_wholes wholes = {OLSTM__NO_VALUE, OLSTM__NO_VALUE};
  olstm__match_activation reset;
  affine_sum input, recurrent;
  if (!match_gru_mix(s, new_h, old_h, &z, &candidate) ||
      !match_gru_candidate(s, candidate, out, &wholes, &r) ||
      !match_gru_gate(s, z, KERAS_Z, &out->activations[0], &wholes) ||
      !match_gru_gate(s, r, KERAS_R, &reset, &wholes) ||
      !same_activation(&reset, &out->activations[0]) ||
      !match_sum(s, wholes.input, &input) ||
      !match_sum(s, wholes.recurrent, &recurrent) || input.product_count != 1 ||
      recurrent.product_count != 1 || recurrent.products[0].factor != old_h) {
    return false;
  }
  out->op_type = "GRU";
  out->activation_count = 2;
  out->x = input.products[0].factor;
  out->kernel = input.products[0].weight;
  out->recurrent_kernel = recurrent.products[0].weight;
  out->bias = input.bias;
  out->recurrent_bias = recurrent.bias;
  return true;
}

// ---------------------------------------------------------------- RNN

static bool match_rnn(const search* s, int32_t new_h, int32_t old_h,
                      olstm__cell_match* out) {
  int32_t inner = OLSTM__NO_VALUE;
  affine_sum sum;
  olstm__match_activation_of(s->net, new_h, &out->activations[0], &inner);
  out->op_type = "RNN";
  out->activation_count = 1;
  return match_sum(s, inner, &sum) && read_both_products(&sum, old_h, out);
}

// ---------------------------------------------------------------- weights

static int64_t gate_count(const olstm__cell_match* match) {
  if (strcmp(match->op_type, "LSTM") == 0) return LSTM_GATES;
  return strcmp(match->op_type, "GRU") == 0 ? GRU_GATES : 1;
}

static bool has_shape(const olstm_tensor* tensor, olstm_dtype dtype, int64_t rows,
                      int64_t columns) {
  const olstm_tensor_desc* desc = &tensor->desc;
  return desc->dtype == dtype && desc->rank == 2 && desc->dims[0] == rows &&
         desc->dims[1] == columns;
}

// [G*H], or [1,G*H].
static bool is_bias(const olstm_tensor* tensor, olstm_dtype dtype, int64_t columns) {
  const olstm_tensor_desc* desc = &tensor->desc;
  return desc->dtype == dtype && (desc->rank == 1 || desc->rank == 2) &&
         desc->dims[desc->rank - 1] == columns &&
         olstm_tensor_desc_count(desc) == columns;
}

static bool weights_fit(olstm__cell_match* match) {
  const olstm_dtype dtype = match->kernel->desc.dtype;
  const int64_t gates = gate_count(match);
  match->inputs = match->kernel->desc.dims[0];
  match->hidden = match->recurrent_kernel->desc.dims[0];
  const int64_t columns = gates * match->hidden;
  return (dtype == OLSTM_DTYPE_FLOAT || dtype == OLSTM_DTYPE_DOUBLE) &&
         match->hidden > 0 && has_shape(match->kernel, dtype, match->inputs, columns) &&
         has_shape(match->recurrent_kernel, dtype, match->hidden, columns) &&
         (!match->bias || is_bias(match->bias, dtype, columns)) &&
         (!match->recurrent_bias || is_bias(match->recurrent_bias, dtype, columns));
}

bool olstm__match_cell(const olstm__net* net, int32_t new_h, int32_t old_h,
                       const olstm__cell_constants* constants,
                       olstm__cell_match* out_match) {
  static bool (*const kCells[])(const search*, int32_t, int32_t, olstm__cell_match*) = {
      match_lstm, match_gru, match_rnn};
  const search s = {net, constants};
  new_h = olstm__match_skip_identity(net, new_h);
  for (size_t c = 0; c < sizeof kCells / sizeof kCells[0]; c++) {
    *out_match = (olstm__cell_match){
        .x = OLSTM__NO_VALUE, .old_c = OLSTM__NO_VALUE, .new_c = OLSTM__NO_VALUE};
    if (kCells[c](&s, new_h, old_h, out_match) && weights_fit(out_match)) return true;
  }
  return false;
}

// Where Keras has ONNX's gate g: LSTM i o f c from i f c o; the others have the same
// order.
static int64_t keras_gate(const olstm__cell_match* match, int64_t g) {
  static const int64_t kLstm[LSTM_GATES] = {KERAS_I, KERAS_O, KERAS_F, KERAS_C};
  return gate_count(match) == LSTM_GATES ? kLstm[g] : g;
}

// [rows,G*H] to [1,G*H,rows].
static olstm_tensor* transpose_gates(olstm__net* net, const olstm__cell_match* match,
                                     const olstm_tensor* from) {
  const int64_t gates = gate_count(match), hidden = match->hidden;
  const int64_t rows = from->desc.dims[0];
  const size_t size = olstm_dtype_size(from->desc.dtype);
  const olstm_tensor_desc desc = {from->desc.dtype, 3, {1, gates * hidden, rows}};
  olstm_tensor* to = olstm__net_allocate_tensor(net, &desc);
  for (int64_t u = 0; to && u < gates * hidden; u++) {
    const int64_t column = keras_gate(match, u / hidden) * hidden + u % hidden;
    for (int64_t row = 0; row < rows; row++) {
      memcpy((char*)to->data + (size_t)(u * rows + row) * size,
             (const char*)from->data + (size_t)(row * gates * hidden + column) * size,
             size);
    }
  }
  return to;
}

// [1,2*G*H]: the input's biases, then the recurrent ones; zeros where there are none.
static olstm_tensor* join_biases(olstm__net* net, const olstm__cell_match* match) {
  const int64_t width = gate_count(match) * match->hidden;
  const size_t size = olstm_dtype_size(match->kernel->desc.dtype);
  const size_t hidden_bytes = (size_t)match->hidden * size;
  const olstm_tensor_desc desc = {match->kernel->desc.dtype, 2, {1, 2 * width}};
  const olstm_tensor* halves[2] = {match->bias, match->recurrent_bias};
  olstm_tensor* to = olstm__net_allocate_tensor(net, &desc);
  for (int half = 0; to && half < 2; half++) {
    for (int64_t g = 0; halves[half] && g < gate_count(match); g++) {
      memcpy(
          (char*)to->data + ((size_t)half * (size_t)width * size) +
              (size_t)g * hidden_bytes,
          (const char*)halves[half]->data + (size_t)keras_gate(match, g) * hidden_bytes,
          hidden_bytes);
    }
  }
  return to;
}

bool olstm__cell_add_weights(olstm__net* net, const olstm__cell_match* match,
                             int32_t out_weights[3]) {
  const olstm_tensor* w = transpose_gates(net, match, match->kernel);
  const olstm_tensor* r = transpose_gates(net, match, match->recurrent_kernel);
  const olstm_tensor* b = join_biases(net, match);
  if (!w || !r || !b) return false;
  out_weights[0] = olstm__net_add_constant(net, "W", w);
  out_weights[1] = olstm__net_add_constant(net, "R", r);
  out_weights[2] = olstm__net_add_constant(net, "B", b);
  return olstm__net_check(net, NULL) == OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- attributes

const olstm_attribute* olstm__cell_attributes(olstm__net* net,
                                              const olstm__cell_match* match,
                                              size_t* out_count) {
  enum { HIDDEN_SIZE, ACTIVATIONS, ALPHA, BETA, LINEAR_BEFORE_RESET, MOST };
  const size_t most = OLSTM__FUSE_MAX_ACTIVATIONS;
  olstm_attribute* attributes = olstm__net_allocate(net, MOST, sizeof *attributes);
  olstm_string* names = olstm__net_allocate(net, most, sizeof *names);
  float* alphas = olstm__net_allocate(net, most, sizeof *alphas);
  float* betas = olstm__net_allocate(net, most, sizeof *betas);
  if (!attributes || !names || !alphas || !betas) return NULL;
  attributes[HIDDEN_SIZE] = (olstm_attribute){
      .name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = match->hidden};
  attributes[ACTIVATIONS] = (olstm_attribute){.name = "activations",
                                              .kind = OLSTM_ATTRIBUTE_STRINGS,
                                              .count = match->activation_count,
                                              .strings = names};
  attributes[ALPHA] = (olstm_attribute){
      .name = "activation_alpha", .kind = OLSTM_ATTRIBUTE_FLOATS, .floats = alphas};
  attributes[BETA] = (olstm_attribute){
      .name = "activation_beta", .kind = OLSTM_ATTRIBUTE_FLOATS, .floats = betas};
  attributes[LINEAR_BEFORE_RESET] = (olstm_attribute){
      .name = "linear_before_reset", .kind = OLSTM_ATTRIBUTE_INT, .i = 1};
  for (size_t a = 0; a < match->activation_count; a++) {
    const olstm__match_activation* activation = &match->activations[a];
    names[a] = (olstm_string){activation->name, strlen(activation->name)};
    if (activation->takes_alpha) alphas[attributes[ALPHA].count++] = activation->alpha;
    if (activation->takes_beta) betas[attributes[BETA].count++] = activation->beta;
  }
  *out_count = gate_count(match) == GRU_GATES ? MOST : MOST - 1;
  return attributes;
}
