#include "runtime/streams/row_rules.h"

#include <string.h>

#include "op/builtin.h"

/// What operators do to the batch dimension of their inputs, beyond what the shapes tell:
/// those that are not listed compute every element of their outputs from elements at the
/// same index of the batch, or show by their shapes that they do not.
typedef enum row_rule {
  RULE_SHAPES_TELL,
  /// Elements keep their row-major order; dimensions change.
  RULE_RESHAPE,
  /// The output depends on the shape of the input alone.
  RULE_SHAPE,
  /// Rows are dimension 0 of every input that has them.
  RULE_FIRST,
  /// Computes along one axis.
  RULE_ALONG,
  /// Computes over that axis and all behind it.
  RULE_FROM,
  /// Computes over several axes.
  RULE_OVER,
  /// Steps along time_axis, a length for each batch_axis.
  RULE_REVERSE,
  /// Takes elements along one axis, at indices that other inputs give.
  RULE_INDEX,
  /// Takes elements at positions that other inputs give.
  RULE_PLACES,
  /// Shape or content depends on data of all rows.
  RULE_DATA,
  RULE_RANDOM
} row_rule;

typedef struct rule_row {
  const char* op_type;
  row_rule rule;
  /// The default of the attribute axis.
  int axis;
} rule_row;

static const rule_row kRules[] = {
    {"Reshape", RULE_RESHAPE, 0},
    {"Flatten", RULE_RESHAPE, 0},
    {"Squeeze", RULE_RESHAPE, 0},
    {"Unsqueeze", RULE_RESHAPE, 0},
    {"Shape", RULE_SHAPE, 0},
    {"Size", RULE_SHAPE, 0},
    {"Conv", RULE_FIRST, 0},
    {"ConvTranspose", RULE_FIRST, 0},
    {"ConvInteger", RULE_FIRST, 0},
    {"QLinearConv", RULE_FIRST, 0},
    {"AveragePool", RULE_FIRST, 0},
    {"MaxPool", RULE_FIRST, 0},
    {"LpPool", RULE_FIRST, 0},
    {"GlobalAveragePool", RULE_FIRST, 0},
    {"GlobalMaxPool", RULE_FIRST, 0},
    {"GlobalLpPool", RULE_FIRST, 0},
    {"BatchNormalization", RULE_FIRST, 0},
    {"InstanceNormalization", RULE_FIRST, 0},
    {"GroupNormalization", RULE_FIRST, 0},
    {"DepthToSpace", RULE_FIRST, 0},
    {"SpaceToDepth", RULE_FIRST, 0},
    {"STFT", RULE_FIRST, 0},
    {"Softmax", RULE_ALONG, -1},
    {"LogSoftmax", RULE_ALONG, -1},
    {"Hardmax", RULE_ALONG, -1},
    {"LpNormalization", RULE_ALONG, -1},
    {"CumSum", RULE_ALONG, 0},
    {"CumProd", RULE_ALONG, 0},
    {"TopK", RULE_ALONG, -1},
    {"ArgMax", RULE_ALONG, 0},
    {"ArgMin", RULE_ALONG, 0},
    {"LayerNormalization", RULE_FROM, -1},
    {"RMSNormalization", RULE_FROM, -1},
    {"MeanVarianceNormalization", RULE_OVER, 0},
    {"ReverseSequence", RULE_REVERSE, 0},
    {"Gather", RULE_INDEX, 0},
    {"GatherElements", RULE_INDEX, 0},
    {"Scatter", RULE_INDEX, 0},
    {"ScatterElements", RULE_INDEX, 0},
    {"GatherND", RULE_PLACES, 0},
    {"ScatterND", RULE_PLACES, 0},
    {"Compress", RULE_DATA, 0},
    {"NonZero", RULE_DATA, 0},
    {"Bernoulli", RULE_RANDOM, 0},
    {"Multinomial", RULE_RANDOM, 0},
    {"RandomNormal", RULE_RANDOM, 0},
    {"RandomNormalLike", RULE_RANDOM, 0},
    {"RandomUniform", RULE_RANDOM, 0},
    {"RandomUniformLike", RULE_RANDOM, 0},
};

static const rule_row kNoRule = {"", RULE_SHAPES_TELL, 0};

static const rule_row* find_rule(const olstm__program_node* node) {
  for (size_t r = 0; r < sizeof kRules / sizeof *kRules; r++) {
    if (strcmp(kRules[r].op_type, node->node.op_type) == 0) return &kRules[r];
  }
  return &kNoRule;
}

/// Whether the operator is built in: the rules hold for those alone.
static bool is_builtin(const olstm_operator* callbacks) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  for (size_t i = 0; i < plugin->operator_count(); i++) {
    if (plugin->get_operator(i) == callbacks) return true;
  }
  return false;
}

static int64_t get_int(const olstm__program_node* node, const char* name,
                       int64_t fallback) {
  int64_t value = fallback;
  (void)olstm_node_get_int(&node->node, name, fallback, &value, NULL);
  return value;
}

bool olstm__row_is_random(const olstm__program_node* node) {
  if (strcmp(node->node.op_type, "Dropout") == 0) {
    // Training mode alone is random.
    if (node->input_count <= 2 || node->inputs[2] == OLSTM__NO_VALUE) return false;
    const olstm_tensor* training = node->node.constants[2];
    return !training || *(const uint8_t*)training->data != 0;
  }
  return find_rule(node)->rule == RULE_RANDOM;
}

// ---------------------------------------------------------------- shapes

int32_t olstm__row_axis(const olstm__row_value* value) {
  const olstm_tensor_desc *a = &value->at[0], *b = &value->at[1];
  int32_t axis = -1;
  if (a->rank != b->rank) return -2;
  for (int32_t d = 0; d < a->rank; d++) {
    if (a->dims[d] == b->dims[d]) continue;
    if (axis >= 0 || a->dims[d] % OLSTM__TRACE_ROWS_A != 0 ||
        b->dims[d] % OLSTM__TRACE_ROWS_B != 0 ||
        a->dims[d] / OLSTM__TRACE_ROWS_A != b->dims[d] / OLSTM__TRACE_ROWS_B) {
      return -2;
    }
    axis = d;
  }
  return axis;
}

/// How many elements of a value lie before its dimension `axis`, in row-major order.
static int64_t count_outer(const olstm__row_value* value, int32_t axis) {
  int64_t count = 1;
  for (int32_t d = 0; d < axis; d++) count *= value->at[0].dims[d];
  return count;
}

static olstm__row_verdict say(olstm__row_verdict verdict, olstm_text* out_reason,
                              const char* text) {
  (void)snprintf(out_reason->text, sizeof out_reason->text, "%s", text);
  return verdict;
}

/// A negative axis counts from the end.
static int64_t wrap(int64_t axis, int32_t rank) {
  return axis < 0 ? axis + rank : axis;
}

// ---------------------------------------------------------------- rules

/// Sets `before` of all outputs: that of the inputs, whose batch dimension has the same
/// size.
static olstm__row_verdict pass_on(const olstm__program_node* node,
                                  const olstm__row_value* inputs,
                                  olstm__row_value* outputs, olstm_text* out_reason) {
  int64_t before = 0, size = 0;
  for (size_t i = 0; i < node->input_count; i++) {
    if (inputs[i].before == 0) continue;
    const int64_t own_size = inputs[i].at[0].dims[olstm__row_axis(&inputs[i])];
    if (before > 0 && (before != inputs[i].before || size != own_size)) {
      return say(OLSTM__ROWS_MIXED, out_reason,
                 "its inputs differ in which rows are at one index");
    }
    before = inputs[i].before;
    size = own_size;
  }
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    const int32_t axis = olstm__row_axis(&outputs[o]);
    if (axis < 0 || outputs[o].at[0].dims[axis] != size) {
      return say(OLSTM__ROWS_MIXED, out_reason,
                 axis == -1 ? "its result has no batch axis"
                            : "its result has other rows than its inputs");
    }
    outputs[o].before = before;
  }
  return OLSTM__ROWS_APART;
}

static olstm__row_verdict reshape(const olstm__row_value* input, olstm__row_value* output,
                                  olstm_text* out_reason) {
  const int32_t axis = olstm__row_axis(output);
  const int64_t outer = count_outer(input, olstm__row_axis(input)) * input->before;
  const int64_t own = axis < 0 ? 0 : count_outer(output, axis);
  if (own > 0 && outer % own == 0 &&
      output->at[0].dims[axis] % (outer / own * OLSTM__TRACE_ROWS_A) == 0) {
    output->before = outer / own;
    return OLSTM__ROWS_APART;
  }
  return say(OLSTM__ROWS_MIXED, out_reason, "it takes the batch axis apart");
}

/// The axis that a RULE_ALONG or RULE_FROM computes along; *out_is_from: over all behind
/// it as well. False when only data can tell.
static bool find_axis(const olstm__program_node* node, const rule_row* rule, int32_t rank,
                      int64_t* out_axis, bool* out_is_from) {
  *out_is_from = rule->rule == RULE_FROM;
  *out_axis = wrap(get_int(node, "axis", rule->axis), rank);
  if (strncmp(node->node.op_type, "Cum", 3) == 0) {
    const olstm_tensor* axis = node->node.constants[1];
    if (!axis) return false;
    *out_axis = wrap(axis->desc.dtype == OLSTM_DTYPE_INT64 ? *(const int64_t*)axis->data
                                                           : *(const int32_t*)axis->data,
                     rank);
  }
  // Until opset 12 these make a matrix of their input first.
  const bool is_softmax = strstr(node->node.op_type, "max") && rule->axis == -1;
  if (is_softmax && node->node.opset_version < 13) {
    *out_is_from = true;
    *out_axis = wrap(get_int(node, "axis", 1), rank);
  }
  return true;
}

/// Whether the attribute axes, or its default, has `axis`.
static bool is_among(const olstm__program_node* node, int32_t axis, int32_t rank) {
  const olstm_attribute* axes = olstm_node_find_attribute(&node->node, "axes");
  if (!axes) return axis != 1;
  for (size_t i = 0; i < axes->count; i++) {
    if (wrap(axes->ints[i], rank) == axis) return true;
  }
  return false;
}

/// RULE_INDEX and RULE_PLACES: rows stay apart where input 0 is the same for all rows
/// (but for ScatterND, which adds them all to it), or the axis is not that of the batch.
static bool keeps_places(const olstm__program_node* node, const rule_row* rule,
                         const olstm__row_value* inputs) {
  const bool has_rows = inputs[0].before > 0;
  if (!has_rows)
    return rule->rule == RULE_INDEX || strcmp(rule->op_type, "GatherND") == 0;
  if (rule->rule == RULE_PLACES) return false;
  const int32_t rank = inputs[0].at[0].rank;
  return wrap(get_int(node, "axis", rule->axis), rank) != olstm__row_axis(&inputs[0]);
}

static const char kAlong[] = "it computes along the batch axis";

/// Whether what the rule computes along is the batch axis of input 0.
static olstm__row_verdict check_axes(const olstm__program_node* node,
                                     const rule_row* rule, const olstm__row_value* inputs,
                                     olstm_text* out_reason) {
  const int32_t rank = inputs[0].at[0].rank;
  const int32_t own = inputs[0].before > 0 ? olstm__row_axis(&inputs[0]) : -1;
  int64_t axis = 0;
  bool is_from = false, is_mixed = false;
  switch (rule->rule) {
    case RULE_FIRST:
      is_mixed = own > 0;
      break;
    case RULE_ALONG:
    case RULE_FROM:
      if (!find_axis(node, rule, rank, &axis, &is_from)) {
        return say(OLSTM__ROWS_UNKNOWN, out_reason, "only data tells its axis");
      }
      is_mixed = is_from ? own >= axis : own == axis;
      break;
    case RULE_OVER:
      is_mixed = is_among(node, own, rank);
      break;
    case RULE_REVERSE:
      is_mixed = own == get_int(node, "time_axis", 0);
      break;
    case RULE_INDEX:
    case RULE_PLACES:
      if (keeps_places(node, rule, inputs)) break;
      return say(OLSTM__ROWS_UNKNOWN, out_reason, "data tells which rows it takes");
    default:
      break;
  }
  return is_mixed ? say(OLSTM__ROWS_MIXED, out_reason, kAlong) : OLSTM__ROWS_APART;
}

olstm__row_verdict olstm__row_judge(const olstm__program_node* node,
                                    const olstm__row_value* inputs,
                                    olstm__row_value* outputs, olstm_text* out_reason) {
  const rule_row* rule = find_rule(node);
  if (!is_builtin(node->callbacks)) {
    return say(OLSTM__ROWS_UNKNOWN, out_reason, "it is no operator of olstm's");
  }
  for (size_t o = 0; o < node->output_count && rule->rule != RULE_SHAPE; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    if (rule->rule != RULE_DATA && outputs[o].at[0].dtype != OLSTM_DTYPE_UNDEFINED &&
        outputs[o].at[1].dtype != OLSTM_DTYPE_UNDEFINED) {
      continue;
    }
    return say(OLSTM__ROWS_UNKNOWN, out_reason, "its result depends on the data of all");
  }
  if (rule->rule == RULE_SHAPE) return OLSTM__ROWS_APART;
  if (rule->rule == RULE_RESHAPE && inputs[0].before > 0) {
    return reshape(&inputs[0], &outputs[0], out_reason);
  }
  const olstm__row_verdict verdict = check_axes(node, rule, inputs, out_reason);
  if (verdict != OLSTM__ROWS_APART) return verdict;
  return pass_on(node, inputs, outputs, out_reason);
}
