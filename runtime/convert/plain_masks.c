// Masked layers (op/lstm/lstm_masked_op.h) as layers with sequence_lens (plain_nodes.h).
//
// A masked step leaves the state as it is. So the steps that are not masked are sorted to
// the front of their row, the layer steps over them alone, and step t of Y is step
// count(t) - 1 of its output, where count(t) is how many of the steps 0..t are not
// masked; before the first one, Y is initial_y.
#include <string.h>

#include "op/builtin.h"
#include "runtime/convert/plain_build.h"
#include "runtime/convert/plain_nodes.h"
#include "runtime/fuse/fuse_add.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

enum { kNone = OLSTM__NO_VALUE, kRecurrentOpset = 11 };

/// Values of one masked layer.
typedef struct mask_parts {
  olstm__plain_builder at;
  /// int64: [T,N], 1 where a step is not masked; how many of them there are up to each
  /// step; [N], how many in all. bool [N,1]: whether there is any.
  int32_t mask, counts, lens, has_any;
} mask_parts;

static int32_t unary(const mask_parts* p, const char* op_type, int32_t a) {
  return olstm__plain_node(&p->at, op_type, a, kNone, kNone);
}

static int32_t binary(const mask_parts* p, const char* op_type, int32_t a, int32_t b) {
  return a == kNone || b == kNone ? kNone
                                  : olstm__plain_node(&p->at, op_type, a, b, kNone);
}

static int32_t cast(const mask_parts* p, int32_t a, olstm_dtype dtype) {
  return olstm__plain_int_node(&p->at, "Cast", "to", dtype, a, kNone);
}

static int32_t number(const mask_parts* p, int64_t value) {
  return olstm__fuse_add_number(p->at.graph, value);
}

static int32_t choose(const mask_parts* p, int32_t condition, int32_t yes, int32_t no) {
  return condition == kNone || yes == kNone || no == kNone
             ? kNone
             : olstm__plain_node(&p->at, "Where", condition, yes, no);
}

static void count_steps(mask_parts* p, int32_t mask) {
  olstm__graph* graph = p->at.graph;
  if (olstm__dim_rank_of(graph, mask) == 3) {
    mask = olstm__plain_axis_node(&p->at, "Squeeze", mask, 2);
  }
  p->mask = cast(p, mask, OLSTM_DTYPE_INT64);
  p->counts = binary(p, "CumSum", p->mask, number(p, 0));
  p->lens = olstm__plain_axis_node(&p->at, "ReduceSum", p->mask, 0);
  p->has_any = olstm__plain_axis_node(&p->at, "Unsqueeze",
                                      binary(p, "Greater", p->lens, number(p, 0)), 1);
}

/// Gathers rows of `from` [T,N,F] by an index [T,N] of steps.
static int32_t gather_steps(const mask_parts* p, int32_t from, int32_t index) {
  const int32_t wide =
      binary(p, "Expand", olstm__plain_axis_node(&p->at, "Unsqueeze", index, 2),
             unary(p, "Shape", from));
  return from == kNone || wide == kNone
             ? kNone
             : olstm__plain_int_node(&p->at, "GatherElements", "axis", 0, from, wide);
}

/// TopK in ascending order along the first axis; returns the indices.
static int32_t sort_ascending(const mask_parts* p, int32_t keys, int32_t count) {
  static const olstm_attribute kAttributes[] = {
      {.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = 0},
      {.name = "largest", .kind = OLSTM_ATTRIBUTE_INT, .i = 0},
      {.name = "sorted", .kind = OLSTM_ATTRIBUTE_INT, .i = 1}};
  olstm__graph* graph = p->at.graph;
  const char* name = olstm__graph_format(graph, "%s/TopK", p->at.name);
  int32_t inputs[] = {keys, count};
  int32_t outputs[] = {olstm__graph_add_value(graph, OLSTM__VALUE_NODE, name),
                       olstm__graph_add_value(graph, OLSTM__VALUE_NODE, name)};
  const olstm__graph_node node = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = name,
                                  .op_type = "TopK",
                                  .domain = "",
                                  .opset_version = kRecurrentOpset,
                                  .attribute_count = 3,
                                  .attributes = kAttributes,
                                  .input_count = 2,
                                  .inputs = inputs,
                                  .output_count = 2,
                                  .outputs = outputs};
  const bool is_made = name && keys != kNone && count != kNone && outputs[0] != kNone &&
                       outputs[1] != kNone &&
                       olstm__graph_add_node(graph, &node) != kNone;
  return is_made ? outputs[1] : kNone;
}

/// X with the steps that are not masked in front.
static int32_t pack_steps(const mask_parts* p, int32_t x) {
  const int32_t steps = olstm__plain_dim(&p->at, p->mask, 0);
  const int32_t scalar = olstm__plain_axis_node(&p->at, "Squeeze", steps, 0);
  const int32_t zero = number(p, 0), one = number(p, 1);
  if (scalar == kNone || zero == kNone || one == kNone) return kNone;
  const int32_t range = olstm__plain_axis_node(
      &p->at, "Unsqueeze", olstm__plain_node(&p->at, "Range", zero, scalar, one), 1);
  // Masked steps behind all others, each kind in its own order.
  const int32_t behind = binary(p, "Mul", binary(p, "Sub", one, p->mask), steps);
  const int32_t order = sort_ascending(p, binary(p, "Add", behind, range), steps);
  return gather_steps(p, x, order);
}

/// Y [T,N,H] of the packed output.
static int32_t spread_steps(const mask_parts* p, int32_t packed, int32_t initial) {
  const int32_t started = binary(p, "Greater", p->counts, number(p, 0));
  const int32_t index = binary(p, "Sub", p->counts, cast(p, started, OLSTM_DTYPE_INT64));
  return choose(p, olstm__plain_axis_node(&p->at, "Unsqueeze", started, 2),
                gather_steps(p, packed, index), initial);
}

/// Adds the layer; its outputs are Y [T,1,N,H], Y_h and Y_c [1,N,H].
static bool add_layer(const mask_parts* p, const olstm__graph_node* masked, int32_t x,
                      int32_t out_outputs[OLSTM_RECURRENT_OUTPUT_COUNT]) {
  olstm__graph* graph = p->at.graph;
  const char* op_type = masked->op_type + strlen("Masked");
  const bool is_lstm = strcmp(op_type, "LSTM") == 0;
  int32_t inputs[OLSTM_RECURRENT_P];
  memcpy(inputs, masked->inputs, sizeof inputs);
  inputs[OLSTM_RECURRENT_X] = x;
  inputs[OLSTM_RECURRENT_SEQUENCE_LENS] = cast(p, p->lens, OLSTM_DTYPE_INT32);
  for (size_t o = 0; o < OLSTM_RECURRENT_OUTPUT_COUNT; o++) {
    out_outputs[o] = olstm__graph_add_value(
        graph, OLSTM__VALUE_NODE,
        olstm__graph_format(graph, "%s/%s", p->at.name, olstm_recurrent_output_name(o)));
  }
  const olstm__graph_node node = {
      .kind = OLSTM__NODE_OPERATOR,
      .name = p->at.name,
      .op_type = op_type,
      .domain = "",
      .opset_version = kRecurrentOpset,
      .attribute_count = masked->attribute_count,
      .attributes = masked->attributes,
      .input_count = is_lstm ? OLSTM_RECURRENT_P : OLSTM_RECURRENT_INITIAL_C,
      .inputs = inputs,
      .output_count = is_lstm ? OLSTM_RECURRENT_OUTPUT_COUNT : OLSTM_RECURRENT_Y_C,
      .outputs = out_outputs,
      .fused_from = olstm__graph_format(graph, "%s, with sequence_lens of its mask",
                                        masked->fused_from)};
  return x != kNone && inputs[OLSTM_RECURRENT_SEQUENCE_LENS] != kNone &&
         olstm__graph_check(graph, NULL) == OLSTM_STATUS_OK &&
         olstm__graph_add_node(graph, &node) != kNone;
}

static void replace(olstm__graph* graph, int32_t from, int32_t to) {
  if (from != kNone && to != kNone) olstm__graph_replace_uses(graph, from, to);
}

/// Replaces the outputs of a masked layer. A row without any step has its start values,
/// which runtimes do not agree on.
static void replace_outputs(const mask_parts* p, const olstm__graph_node* masked,
                            const int32_t outputs[OLSTM_RECURRENT_OUTPUT_COUNT]) {
  olstm__graph* graph = p->at.graph;
  const int32_t initial_y = masked->inputs[OLSTM__MASKED_INITIAL_Y];
  const int32_t y_h = outputs[OLSTM_RECURRENT_Y_H], y_c = outputs[OLSTM_RECURRENT_Y_C];
  const int32_t packed =
      olstm__plain_axis_node(&p->at, "Squeeze", outputs[OLSTM_RECURRENT_Y], 1);
  replace(
      graph, olstm__graph_node_output(masked, OLSTM_RECURRENT_Y),
      olstm__plain_axis_node(&p->at, "Unsqueeze", spread_steps(p, packed, initial_y), 1));
  replace(graph, olstm__graph_node_output(masked, OLSTM_RECURRENT_Y_H),
          choose(p, p->has_any, y_h, masked->inputs[OLSTM_RECURRENT_INITIAL_H]));
  if (masked->inputs[OLSTM_RECURRENT_INITIAL_C] != kNone) {
    replace(graph, olstm__graph_node_output(masked, OLSTM_RECURRENT_Y_C),
            choose(p, p->has_any, y_c, masked->inputs[OLSTM_RECURRENT_INITIAL_C]));
  }
  replace(graph, olstm__graph_node_output(masked, OLSTM__MASKED_LAST_Y),
          choose(p, p->has_any, olstm__plain_axis_node(&p->at, "Squeeze", y_h, 0),
                 initial_y));
}

static void replace_layer(olstm__graph* graph, int32_t index) {
  const olstm__graph_node masked = graph->nodes[index];
  mask_parts parts = {.at = {graph, masked.name}};
  int32_t outputs[OLSTM_RECURRENT_OUTPUT_COUNT];
  count_steps(&parts, masked.inputs[OLSTM__MASKED_MASK]);
  const int32_t x = pack_steps(&parts, masked.inputs[OLSTM_RECURRENT_X]);
  if (!add_layer(&parts, &masked, x, outputs)) return;
  replace_outputs(&parts, &masked, outputs);
  olstm__graph_remove_node(graph, index);
}

olstm_status olstm__plain_masks(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (olstm__graph_node_has(node, OLSTM__TRAIT_MASKED)) {
      replace_layer(graph, graph->order[i]);
    }
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}
