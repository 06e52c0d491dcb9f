// Recurrent nodes of whose Y only the last step is used, as exporters write Keras'
// return_sequences=False and PyTorch's output[:, -1]: Y_h is used instead, and a node
// with unused Y does not write it. For a sequence without steps the result is the initial
// state.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_match.h"

enum { kMaxChain = 8, kGatherOpset = 11 };

/// The dimensions of ONNX's Y [T,D,N,H].
typedef enum y_dim { kDimT, kDimD, kDimN, kDimH, kDimCount } y_dim;

/// A part of a recurrent node's Y: the remaining dimensions in order, and the elements
/// picked from T and D (whether the dimension of size 1 remains or not).
typedef struct y_part {
  int32_t node;
  int32_t rank;
  y_dim dims[kDimCount];
  bool is_picked[kDimCount];
  int64_t index[kDimCount];
} y_part;

// ---------------------------------------------------------------- following Y

static bool normalize_axis(const y_part* part, int64_t* axis) {
  if (*axis < 0) *axis += part->rank;
  return *axis >= 0 && *axis < part->rank;
}

static void drop_dim(y_part* part, int64_t axis) {
  part->rank--;
  for (int32_t d = (int32_t)axis; d < part->rank; d++) part->dims[d] = part->dims[d + 1];
}

/// Picks one element of T or D.
static bool pick(y_part* part, int64_t axis, int64_t index) {
  const y_dim dim = part->dims[axis];
  if ((dim != kDimT && dim != kDimD) || part->is_picked[dim]) return false;
  part->is_picked[dim] = true;
  part->index[dim] = index;
  return true;
}

static bool follow_squeeze(const olstm__graph* graph, const olstm__graph_node* node,
                           y_part* part) {
  int64_t axis = 0;
  if (!olstm__match_one_axis(graph, node, &axis) || !normalize_axis(part, &axis) ||
      !part->is_picked[part->dims[axis]]) {
    return false;
  }
  drop_dim(part, axis);
  return true;
}

static bool follow_transpose(const olstm__graph_node* node, y_part* part) {
  const olstm_attribute* perm = olstm__graph_find_attribute(node, "perm");
  const y_part before = *part;
  if (!perm || perm->kind != OLSTM_ATTRIBUTE_INTS || perm->count != (size_t)part->rank) {
    return false;
  }
  for (int32_t d = 0; d < part->rank; d++) {
    if (perm->ints[d] < 0 || perm->ints[d] >= part->rank) return false;
    part->dims[d] = before.dims[perm->ints[d]];
  }
  return true;
}

static bool follow_slice(const olstm__graph* graph, const olstm__graph_node* node,
                         y_part* part) {
  int64_t axis = 0, index = 0;
  return olstm__match_slice_of_one(graph, node, &axis, &index) &&
         normalize_axis(part, &axis) && pick(part, axis, index);
}

static bool follow_gather(const olstm__graph* graph, const olstm__graph_node* node,
                          y_part* part) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, "axis");
  const int32_t indices = olstm__graph_node_input(node, 1);
  const olstm_tensor* constant = olstm__graph_constant(graph, indices);
  int64_t axis = attribute ? attribute->i : 0, index = 0;
  if (!constant || constant->desc.rank != 0 ||
      !olstm__match_scalar_int(graph, indices, &index) || !normalize_axis(part, &axis) ||
      !pick(part, axis, index)) {
    return false;
  }
  drop_dim(part, axis);
  return true;
}

static bool follow(const olstm__graph* graph, const olstm__graph_node* node,
                   y_part* part) {
  if (strcmp(node->op_type, "Squeeze") == 0) return follow_squeeze(graph, node, part);
  if (strcmp(node->op_type, "Transpose") == 0) return follow_transpose(node, part);
  if (strcmp(node->op_type, "Slice") == 0) return follow_slice(graph, node, part);
  if (strcmp(node->op_type, "Gather") == 0) return follow_gather(graph, node, part);
  return strcmp(node->op_type, "Identity") == 0;
}

static const char* direction_of(const olstm__graph_node* node) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, "direction");
  return attribute && attribute->kind == OLSTM_ATTRIBUTE_STRING
             ? attribute->strings[0].bytes
             : "forward";
}

static int64_t direction_count(const olstm__graph_node* node) {
  return strcmp(direction_of(node), "bidirectional") == 0 ? 2 : 1;
}

/// Describes output 0 of a node as a part of the Y of a recurrent node before it.
static bool find_part(const olstm__graph* graph, const olstm__graph_node* node,
                      y_part* part) {
  const olstm__graph_node* chain[kMaxChain];
  int length = 0;
  while (node && !olstm__match_is_recurrent(node)) {
    if (length == kMaxChain || node->kind != OLSTM__NODE_OPERATOR || node->domain[0]) {
      return false;
    }
    chain[length++] = node;
    const int32_t input = olstm__graph_node_input(node, 0);
    node = olstm__graph_producer(graph, input);
    if (node && olstm__match_is_recurrent(node) &&
        node->outputs[OLSTM_RECURRENT_Y] != input) {
      return false;
    }
  }
  if (!node) return false;
  *part = (y_part){.node = olstm__graph_node_index(graph, node),
                   .rank = kDimCount,
                   .dims = {kDimT, kDimD, kDimN, kDimH}};
  part->is_picked[kDimD] = direction_count(node) == 1;
  while (length > 0) {
    if (!follow(graph, chain[--length], part)) return false;
  }
  return true;
}

/// Whether the part is the state after the last step of one direction, with rows before
/// units.
static bool is_final_state(const olstm__graph* graph, y_part* part) {
  const olstm__graph_node* node = &graph->nodes[part->node];
  int64_t* direction = &part->index[kDimD];
  y_dim last = kDimT;
  if (!part->is_picked[kDimT] || !part->is_picked[kDimD] ||
      olstm__graph_node_input(node, OLSTM_RECURRENT_SEQUENCE_LENS) != OLSTM__NO_VALUE) {
    return false;
  }
  if (*direction < 0) *direction += direction_count(node);
  if (*direction < 0 || *direction >= direction_count(node)) return false;
  for (int32_t d = 0; d < part->rank; d++) {
    if (part->dims[d] == kDimN && last == kDimH) return false;
    if (part->dims[d] == kDimN || part->dims[d] == kDimH) last = part->dims[d];
  }
  const bool is_reverse = *direction == 1 || strcmp(direction_of(node), "reverse") == 0;
  return part->index[kDimT] == (is_reverse ? 0 : -1);
}

// ---------------------------------------------------------------- rewriting

static int32_t get_y_h(olstm__graph* graph, int32_t index) {
  if (!olstm__graph_reserve_outputs(graph, index, OLSTM_RECURRENT_Y_H + 1))
    return OLSTM__NO_VALUE;
  const olstm__graph_node* node = &graph->nodes[index];
  if (node->outputs[OLSTM_RECURRENT_Y_H] != OLSTM__NO_VALUE)
    return node->outputs[OLSTM_RECURRENT_Y_H];
  const int32_t value = olstm__graph_add_value(
      graph, OLSTM__VALUE_NODE, olstm__graph_format(graph, "%s/Y_h", node->name));
  if (value != OLSTM__NO_VALUE)
    olstm__graph_set_output(graph, index, OLSTM_RECURRENT_Y_H, value);
  return value;
}

/// Adds nodes that take one direction of Y_h as [N,H].
static int32_t add_direction(olstm__graph* graph, int32_t y_h, int64_t direction) {
  const olstm_tensor_desc scalar = {.dtype = OLSTM_DTYPE_INT64};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(graph, &scalar);
  if (!tensor) return OLSTM__NO_VALUE;
  *(int64_t*)tensor->data = direction;
  const char* name =
      olstm__graph_format(graph, "%s/%d", graph->values[y_h].info.name, (int)direction);
  int32_t inputs[2] = {y_h, olstm__graph_add_constant(graph, name, tensor)};
  return olstm__graph_add_operator(graph, name, "Gather", kGatherOpset, NULL, 2, inputs);
}

/// Adds nodes that give Y_h the dimensions of the part.
static int32_t add_equal(olstm__graph* graph, const y_part* part) {
  int32_t value = get_y_h(graph, part->node);
  if (value == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const bool is_only = direction_count(&graph->nodes[part->node]) == 1;
  const bool is_y_h = is_only && part->rank == 3 && part->dims[1] == kDimN;
  if (is_y_h && part->dims[2] == kDimH) return value;
  value = is_only ? olstm__fuse_add_axis_node(graph, "Squeeze", value, 0)
                  : add_direction(graph, value, part->index[kDimD]);
  for (int32_t d = 0; d < part->rank && value != OLSTM__NO_VALUE; d++) {
    if (part->dims[d] == kDimN || part->dims[d] == kDimH) continue;
    value = olstm__fuse_add_axis_node(graph, "Unsqueeze", value, d);
  }
  return value;
}

void olstm__fuse_last_steps(olstm__graph* graph) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    const olstm__graph_node* node = &graph->nodes[index];
    y_part part;
    const bool picks =
        node->kind == OLSTM__NODE_OPERATOR &&
        (strcmp(node->op_type, "Slice") == 0 || strcmp(node->op_type, "Gather") == 0);
    if (!picks || !find_part(graph, node, &part) || !is_final_state(graph, &part))
      continue;
    const int32_t from = node->outputs[0];
    if (from == OLSTM__NO_VALUE) continue;
    const int32_t to = add_equal(graph, &part);
    if (to == OLSTM__NO_VALUE) return;
    olstm__graph_replace_uses(graph, from, to);
    if (!graph->nodes[part.node].fused_from[0]) {
      graph->nodes[part.node].fused_from = olstm__graph_format(
          graph, "%s with the last step of Y", graph->nodes[part.node].op_type);
    }
  }
}
