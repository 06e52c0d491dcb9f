// Convolutions and what stands behind them. A BatchNormalization, and what is multiplied
// by or added to each channel, goes into the weights and the bias; a sum with another
// tensor and a function of one number become part of the node (op/conv/conv_op.c).
#include <math.h>
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_function.h"
#include "runtime/fuse/fuse_match.h"

enum { kFirstOpset = 7, kMaxInputs = 4 };

/// A convolution in the graph, and what was found behind it.
typedef struct conv_match {
  int32_t node;
  bool is_transposed;
  const olstm_tensor *w, *b;
  int64_t channels, groups;
  /// What the channels are multiplied by, and what is added to them then; of the graph's
  /// memory. NULL: nothing is.
  double *factors, *summands;
  bool has_norm, has_product, has_sum;
  int32_t residual;
  olstm__fuse_function function;
  /// What the layer gives.
  int32_t output;
} conv_match;

static double get_real(const olstm_tensor* tensor, int64_t index) {
  return tensor->desc.dtype == OLSTM_DTYPE_DOUBLE
             ? ((const double*)tensor->data)[index]
             : (double)((const float*)tensor->data)[index];
}

static void set_real(olstm_tensor* tensor, int64_t index, double value) {
  if (tensor->desc.dtype == OLSTM_DTYPE_DOUBLE) {
    ((double*)tensor->data)[index] = value;
  } else {
    ((float*)tensor->data)[index] = (float)value;
  }
}

// ---------------------------------------------------------------- matching

/// A constant list of one number for each channel; NULL for anything else.
static const olstm_tensor* find_list(const olstm__graph* graph, const conv_match* match,
                                     int32_t value) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, value);
  return tensor && tensor->desc.rank == 1 && tensor->desc.dims[0] == match->channels &&
                 tensor->desc.dtype == match->w->desc.dtype
             ? tensor
             : NULL;
}

static bool match_conv(const olstm__graph* graph, int32_t index, conv_match* match) {
  const olstm__graph_node* node = &graph->nodes[index];
  *match = (conv_match){
      .node = index, .residual = OLSTM__NO_VALUE, .function = {.node = OLSTM__NO_VALUE}};
  match->is_transposed = olstm__match_is(node, "ConvTranspose");
  if (!match->is_transposed && !olstm__match_is(node, "Conv")) return false;
  match->w = olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  match->groups = olstm__match_int(node, "group", 1);
  match->output = olstm__graph_node_output(node, 0);
  if (!match->w || match->w->desc.rank < 3 || match->groups < 1 ||
      match->output == OLSTM__NO_VALUE || node->input_count < 2 ||
      node->input_count > 3 || node->inputs[0] == OLSTM__NO_VALUE ||
      (match->w->desc.dtype != OLSTM_DTYPE_FLOAT &&
       match->w->desc.dtype != OLSTM_DTYPE_DOUBLE) ||
      olstm_tensor_desc_count(&match->w->desc) == 0 ||
      match->w->desc.dims[0] % match->groups != 0 || match->w->desc.dims[1] > INT32_MAX ||
      match->groups > INT32_MAX) {
    return false;
  }
  match->channels = match->is_transposed ? match->w->desc.dims[1] * match->groups
                                         : match->w->desc.dims[0];
  const int32_t b = olstm__graph_node_input(node, 2);
  if (b == OLSTM__NO_VALUE) return true;
  match->b = find_list(graph, match, b);
  return match->b != NULL;
}

/// Factors and summands that change nothing yet.
static bool start_channels(olstm__graph* graph, conv_match* match) {
  if (match->factors) return true;
  const size_t count = (size_t)match->channels;
  double* numbers = olstm__graph_allocate(graph, count, 2 * sizeof *numbers);
  if (!numbers) return false;
  match->factors = numbers;
  match->summands = numbers + count;
  for (size_t m = 0; m < count; m++) match->factors[m] = 1;
  return true;
}

/// Whether all attributes are those that a BatchNormalization has which does not train.
static bool is_inference(const olstm__graph_node* node, double* out_epsilon) {
  *out_epsilon = (double)1e-5f;
  for (size_t i = 0; i < node->attribute_count; i++) {
    const olstm_attribute* attribute = &node->attributes[i];
    const bool is_float = attribute->kind == OLSTM_ATTRIBUTE_FLOAT;
    const bool is_int = attribute->kind == OLSTM_ATTRIBUTE_INT;
    const bool is_epsilon = strcmp(attribute->name, "epsilon") == 0 && is_float;
    if (is_epsilon) *out_epsilon = (double)attribute->f;
    if (is_epsilon || (strcmp(attribute->name, "momentum") == 0 && is_float) ||
        (strcmp(attribute->name, "spatial") == 0 && is_int && attribute->i == 1 &&
         node->opset_version < 9) ||
        (strcmp(attribute->name, "training_mode") == 0 && is_int && attribute->i == 0 &&
         node->opset_version >= 14)) {
      continue;
    }
    return false;
  }
  return true;
}

static bool take_norm(olstm__graph* graph, const olstm__graph_node* node,
                      conv_match* match) {
  enum { kScale = 1, kB, kMean, kVariance, kInputCount };
  const olstm_tensor* lists[kInputCount] = {NULL};
  double epsilon = 0;
  if (!olstm__match_is(node, "BatchNormalization") || node->input_count != kInputCount ||
      node->inputs[0] != match->output || node->output_count != 1 ||
      !is_inference(node, &epsilon)) {
    return false;
  }
  for (size_t i = kScale; i < kInputCount; i++) {
    lists[i] = find_list(graph, match, node->inputs[i]);
    if (!lists[i]) return false;
  }
  if (!start_channels(graph, match)) return false;
  for (int64_t m = 0; m < match->channels; m++) {
    const double factor =
        get_real(lists[kScale], m) / sqrt(get_real(lists[kVariance], m) + epsilon);
    match->factors[m] *= factor;
    match->summands[m] = (match->summands[m] - get_real(lists[kMean], m)) * factor +
                         get_real(lists[kB], m);
  }
  match->has_norm = true;
  return true;
}

/// Whether a constant gives one number to each channel, or one to all of them.
static bool is_by_channel(const conv_match* match, const olstm_tensor* tensor) {
  const int32_t rank = match->w->desc.rank;
  if (!tensor || tensor->desc.dtype != match->w->desc.dtype || tensor->desc.rank > rank) {
    return false;
  }
  // Aligned to the right: the channels stand rank - 1 before the end.
  for (int32_t d = 0; d < tensor->desc.rank; d++) {
    const int64_t size = tensor->desc.dims[d];
    const bool is_channel = tensor->desc.rank - d == rank - 1;
    if (size != 1 && !(is_channel && size == match->channels)) return false;
  }
  return true;
}

static bool take_arithmetic(olstm__graph* graph, const olstm__graph_node* node,
                            conv_match* match) {
  const bool is_product = olstm__match_is(node, "Mul");
  const bool is_difference = olstm__match_is(node, "Sub");
  if ((!is_product && !is_difference && !olstm__match_is(node, "Add")) ||
      node->input_count != 2 || node->output_count != 1 || node->attribute_count > 0 ||
      (is_difference && node->inputs[0] != match->output)) {
    return false;
  }
  const int32_t other = node->inputs[node->inputs[0] == match->output ? 1 : 0];
  const olstm_tensor* tensor = olstm__graph_constant(graph, other);
  if (!is_by_channel(match, tensor) || !start_channels(graph, match)) return false;
  const bool is_one = olstm_tensor_desc_count(&tensor->desc) == 1;
  for (int64_t m = 0; m < match->channels; m++) {
    const double number = get_real(tensor, is_one ? 0 : m);
    if (is_product) {
      match->factors[m] *= number;
      match->summands[m] *= number;
    } else {
      match->summands[m] += is_difference ? -number : number;
    }
  }
  if (is_product) match->has_product = true;
  if (!is_product) match->has_sum = true;
  return true;
}

/// What is made anew stays within what the model has: weights that several nodes share
/// are left alone.
static void match_channels(olstm__graph* graph, conv_match* match) {
  const int32_t w = graph->nodes[match->node].inputs[1];
  if (graph->values[w].use_count != 1) return;
  for (;;) {
    const olstm__graph_node* node = olstm__graph_only_consumer(graph, match->output);
    if (!node || node->kind != OLSTM__NODE_OPERATOR ||
        node->opset_version < kFirstOpset || node->output_count == 0 ||
        node->outputs[0] == OLSTM__NO_VALUE) {
      return;
    }
    const int32_t output = node->outputs[0];
    if (!take_norm(graph, node, match) && !take_arithmetic(graph, node, match)) return;
    match->output = output;
  }
}

/// A sum with another tensor, whose shape is looked at when it is known.
static void match_residual(const olstm__graph* graph, conv_match* match) {
  const olstm__graph_node* node = olstm__graph_only_consumer(graph, match->output);
  if (match->is_transposed || !olstm__match_is(node, "Add") ||
      node->opset_version < kFirstOpset || node->input_count != 2 ||
      node->output_count != 1 || node->outputs[0] == OLSTM__NO_VALUE ||
      node->attribute_count > 0) {
    return;
  }
  const int32_t other = node->inputs[node->inputs[0] == match->output ? 1 : 0];
  if (other == OLSTM__NO_VALUE || olstm__graph_constant(graph, other)) return;
  match->residual = other;
  match->output = node->outputs[0];
}

// ---------------------------------------------------------------- in its place

/// The weights, each channel's multiplied by its factor. NO_VALUE without memory.
static int32_t scale_weights(olstm__graph* graph, const conv_match* match) {
  const olstm_tensor* w = match->w;
  olstm_tensor* scaled = olstm__graph_allocate_tensor(graph, &w->desc);
  if (!scaled) return OLSTM__NO_VALUE;
  // Weights are [channels, inputs, ...]; or [inputs, channels of a group, ...].
  const int64_t count = olstm_tensor_desc_count(&w->desc);
  const int64_t first = w->desc.dims[0];
  const int64_t second = w->desc.dims[1];
  const int64_t taps = count / (first * second);
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = i / (taps * second);
    const int64_t channel =
        !match->is_transposed
            ? row
            : row / (first / match->groups) * second + i / taps % second;
    set_real(scaled, i, get_real(w, i) * match->factors[channel]);
  }
  return olstm__graph_add_constant(
      graph, graph->values[graph->nodes[match->node].inputs[1]].info.name, scaled);
}

static int32_t make_bias(olstm__graph* graph, const conv_match* match) {
  olstm_tensor_desc desc = {.dtype = match->w->desc.dtype, .rank = 1};
  desc.dims[0] = match->channels;
  olstm_tensor* bias = olstm__graph_allocate_tensor(graph, &desc);
  if (!bias) return OLSTM__NO_VALUE;
  for (int64_t m = 0; m < match->channels; m++) {
    const double b = match->b ? get_real(match->b, m) : 0;
    set_real(bias, m, b * match->factors[m] + match->summands[m]);
  }
  return olstm__graph_add_constant(
      graph, olstm__graph_format(graph, "%s/bias", graph->nodes[match->node].name), bias);
}

/// "Conv with its BatchNormalization, Add and Relu".
static const char* describe(olstm__graph* graph, const conv_match* match) {
  const bool adds = match->has_sum || match->residual != OLSTM__NO_VALUE;
  const char* parts[] = {match->has_norm ? "BatchNormalization" : NULL,
                         match->has_product ? "Mul" : NULL, adds ? "Add" : NULL,
                         match->function.op_type};
  const char* text = "";
  size_t left = 0;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) left += parts[i] != NULL;
  for (size_t i = 0, written = 0; i < sizeof parts / sizeof parts[0] && text; i++) {
    if (!parts[i]) continue;
    left--;
    text = olstm__graph_format(graph, "%s%s%s", text,
                               written == 0 ? ""
                               : left == 0  ? " and "
                                            : ", ",
                               parts[i]);
    written++;
  }
  if (!text) return NULL;
  return olstm__graph_format(graph, "%s with its %s", graph->nodes[match->node].op_type,
                             text);
}

/// Adds the new node, and gives its output to all that used the old one.
static void replace(olstm__graph* graph, const conv_match* match) {
  const olstm__graph_node conv = graph->nodes[match->node];
  const bool is_fused =
      match->residual != OLSTM__NO_VALUE || match->function.node != OLSTM__NO_VALUE;
  int32_t inputs[kMaxInputs] = {conv.inputs[0], conv.inputs[1],
                                olstm__graph_node_input(&conv, 2), match->residual};
  olstm_attribute* attributes = olstm__graph_allocate(
      graph, conv.attribute_count + OLSTM__FUSE_FUNCTION_ATTRIBUTES, sizeof *attributes);
  const char* from = describe(graph, match);
  int32_t y = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                     graph->values[match->output].info.name);
  if (match->factors) {
    if (match->has_norm || match->has_product) inputs[1] = scale_weights(graph, match);
    inputs[2] = make_bias(graph, match);
    if (inputs[1] == OLSTM__NO_VALUE || inputs[2] == OLSTM__NO_VALUE) return;
  }
  if (y == OLSTM__NO_VALUE || !attributes || !from) return;
  if (conv.attribute_count > 0) {
    memcpy(attributes, conv.attributes, conv.attribute_count * sizeof *attributes);
  }
  const size_t added = olstm__fuse_add_function(graph, &match->function,
                                                attributes + conv.attribute_count);
  const olstm__graph_node made = {
      .kind = OLSTM__NODE_OPERATOR,
      .name = conv.name,
      .op_type = conv.op_type,
      .domain = is_fused ? OLSTM__FUSED_DOMAIN : conv.domain,
      .opset_version = is_fused ? OLSTM__FUSED_OPSET : conv.opset_version,
      .attribute_count = conv.attribute_count + added,
      .attributes = attributes,
      .input_count = match->residual != OLSTM__NO_VALUE ? kMaxInputs : 3,
      .inputs = inputs,
      .output_count = 1,
      .outputs = &y,
      .fused_from = from};
  if (olstm__graph_add_node(graph, &made) == OLSTM__NO_VALUE) return;
  olstm__graph_replace_uses(graph, match->output, y);
}

olstm_status olstm__fuse_conv(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    conv_match match;
    // Nodes that an earlier match has replaced are still in the order: nothing uses them.
    if (!match_conv(graph, graph->order[i], &match)) continue;
    match_channels(graph, &match);
    match_residual(graph, &match);
    match.function = olstm__fuse_match_function(graph, match.output, match.w->desc.dtype);
    if (match.function.node != OLSTM__NO_VALUE) {
      match.output = graph->nodes[match.function.node].outputs[0];
    } else if (!match.factors && match.residual == OLSTM__NO_VALUE) {
      continue;
    }
    replace(graph, &match);
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}
