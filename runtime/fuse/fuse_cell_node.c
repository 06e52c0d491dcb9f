// Converts a recognised cell to ONNX's weights and attributes.
#include <string.h>

#include "runtime/fuse/fuse_cell.h"

static void set_element(olstm_tensor* tensor, int64_t at, const olstm__cell_gate* gate,
                        double value) {
  if (gate->is_negated) value = -value;
  if (tensor->desc.dtype == OLSTM_DTYPE_DOUBLE) {
    ((double*)tensor->data)[at] = value;
  } else {
    ((float*)tensor->data)[at] = (float)value;
  }
}

/// Row g * H + u of [1,G*H,rows] is column u of gate g.
static olstm_tensor* make_matrix(olstm__graph* graph, const olstm__cell_match* match,
                                 bool is_recurrent) {
  const int64_t gates = (int64_t)match->gate_count, hidden = match->hidden;
  const int64_t rows = is_recurrent ? hidden : match->inputs;
  const olstm_tensor_desc desc = {match->dtype, 3, {1, gates * hidden, rows}};
  olstm_tensor* to = olstm__graph_allocate_tensor(graph, &desc);
  for (int64_t u = 0; to && u < gates * hidden; u++) {
    const olstm__cell_gate* gate = &match->gates[u / hidden];
    const olstm__weight_block* from =
        is_recurrent ? &gate->recurrent_kernel : &gate->kernel;
    for (int64_t row = 0; row < rows; row++) {
      set_element(to, u * rows + row, gate,
                  olstm__weight_block_at(from, row, u % hidden));
    }
  }
  return to;
}

static double sum_biases(const olstm__weight_block* biases, size_t count,
                         int64_t column) {
  double sum = 0.0;
  for (size_t b = 0; b < count; b++) sum += olstm__weight_block_at(&biases[b], 0, column);
  return sum;
}

/// [1,2*G*H]: the input's biases, then the recurrent ones; zeros where there are none.
static olstm_tensor* make_bias(olstm__graph* graph, const olstm__cell_match* match) {
  const int64_t hidden = match->hidden, width = (int64_t)match->gate_count * hidden;
  const olstm_tensor_desc desc = {match->dtype, 2, {1, 2 * width}};
  olstm_tensor* to = olstm__graph_allocate_tensor(graph, &desc);
  for (int64_t u = 0; to && u < width; u++) {
    const olstm__cell_gate* gate = &match->gates[u / hidden];
    set_element(to, u, gate, sum_biases(gate->biases, gate->bias_count, u % hidden));
    set_element(
        to, width + u, gate,
        sum_biases(gate->recurrent_biases, gate->recurrent_bias_count, u % hidden));
  }
  return to;
}

bool olstm__cell_add_weights(olstm__graph* graph, const olstm__cell_match* match,
                             int32_t out_weights[3]) {
  const olstm_tensor* w = make_matrix(graph, match, false);
  const olstm_tensor* r = make_matrix(graph, match, true);
  const olstm_tensor* b = make_bias(graph, match);
  if (!w || !r || !b) return false;
  out_weights[0] = olstm__graph_add_constant(graph, "W", w);
  out_weights[1] = olstm__graph_add_constant(graph, "R", r);
  out_weights[2] = olstm__graph_add_constant(graph, "B", b);
  return olstm__graph_check(graph, NULL) == OLSTM_STATUS_OK;
}

const olstm_attribute* olstm__cell_attributes(olstm__graph* graph,
                                              const olstm__cell_match* match,
                                              bool is_reverse, size_t* out_count) {
  enum { kHiddenSize, kActivations, kAlpha, kBeta, kOptional, kMost = kOptional + 2 };
  const size_t most = OLSTM__FUSE_MAX_ACTIVATIONS;
  olstm_attribute* attributes = olstm__graph_allocate(graph, kMost, sizeof *attributes);
  olstm_string* names = olstm__graph_allocate(graph, most, sizeof *names);
  float* alphas = olstm__graph_allocate(graph, most, sizeof *alphas);
  float* betas = olstm__graph_allocate(graph, most, sizeof *betas);
  size_t count = kOptional;
  if (!attributes || !names || !alphas || !betas) return NULL;
  attributes[kHiddenSize] = (olstm_attribute){
      .name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = match->hidden};
  attributes[kActivations] = (olstm_attribute){.name = "activations",
                                               .kind = OLSTM_ATTRIBUTE_STRINGS,
                                               .count = match->activation_count,
                                               .strings = names};
  attributes[kAlpha] = (olstm_attribute){
      .name = "activation_alpha", .kind = OLSTM_ATTRIBUTE_FLOATS, .floats = alphas};
  attributes[kBeta] = (olstm_attribute){
      .name = "activation_beta", .kind = OLSTM_ATTRIBUTE_FLOATS, .floats = betas};
  for (size_t a = 0; a < match->activation_count; a++) {
    const olstm__match_activation* activation = &match->activations[a];
    names[a] = (olstm_string){activation->name, strlen(activation->name)};
    if (activation->takes_alpha) alphas[attributes[kAlpha].count++] = activation->alpha;
    if (activation->takes_beta) betas[attributes[kBeta].count++] = activation->beta;
  }
  if (match->linear_before_reset) {
    attributes[count++] = (olstm_attribute){
        .name = "linear_before_reset", .kind = OLSTM_ATTRIBUTE_INT, .i = 1};
  }
  if (is_reverse) {
    static const olstm_string kReverse = {"reverse", sizeof "reverse" - 1};
    attributes[count++] = (olstm_attribute){.name = "direction",
                                            .kind = OLSTM_ATTRIBUTE_STRING,
                                            .count = 1,
                                            .strings = &kReverse};
  }
  *out_count = count;
  return attributes;
}
