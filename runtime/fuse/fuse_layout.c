// Transposes around recurrent nodes: exporters transpose Keras' and PyTorch's batch-major
// sequences to ONNX's time-major ones and back. The kernels support both layouts, so the
// Transposes are removed.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_match.h"

enum { kReshapeOpset = 13 };

static const int64_t kSwapSequence[] = {1, 0, 2};  // [N,T,x] and [T,N,x]

/// The input of the Transpose that makes X of a batch-major sequence; NO_VALUE when there
/// is none.
static int32_t find_batch_major_x(const olstm__graph* graph,
                                  const olstm__graph_node* node) {
  const olstm__graph_node* transpose = olstm__graph_producer_of_type(
      graph, olstm__graph_node_input(node, OLSTM_RECURRENT_X), "Transpose");
  return olstm__match_swaps_sequence(transpose) ? olstm__graph_node_input(transpose, 0)
                                                : OLSTM__NO_VALUE;
}

/// How the users of Y change its layout: the layout, and the value that has it.
typedef struct y_use {
  int64_t layout;
  // Output of the Transpose or of the Concat.
  int32_t value;
  // Y is squeezed (axis D) first.
  bool is_squeezed;
  // The directions are split and concatenated to [T,N,D*H].
  bool is_concatenated;
} y_use;

/// The Concat of the directions, when `slice` and a Squeeze behind it take one direction
/// and the Concat has it in its position; else NULL.
static const olstm__graph_node* find_concat(const olstm__graph* graph, int32_t y,
                                            const olstm__graph_node* slice) {
  int64_t axis = 0, direction = 0;
  if (!olstm__match_is(slice, "Slice") || olstm__graph_node_input(slice, 0) != y ||
      !olstm__match_slice_of_one(graph, slice, &axis, &direction) || axis != 1) {
    return NULL;
  }
  const olstm__graph_node* squeeze = olstm__graph_only_consumer(graph, slice->outputs[0]);
  if (!olstm__match_is(squeeze, "Squeeze") ||
      olstm__graph_node_input(squeeze, 0) != slice->outputs[0] ||
      !olstm__match_one_axis(graph, squeeze, &axis) || axis != 1) {
    return NULL;
  }
  const olstm__graph_node* concat =
      olstm__graph_only_consumer(graph, squeeze->outputs[0]);
  if (!olstm__match_is(concat, "Concat") || concat->input_count != 2 ||
      (direction != 0 && direction != 1) ||
      concat->inputs[direction] != squeeze->outputs[0]) {
    return NULL;
  }
  const olstm_attribute* attribute = olstm__graph_find_attribute(concat, "axis");
  return attribute && (attribute->i == 2 || attribute->i == -1) ? concat : NULL;
}

static bool find_concatenated_y(const olstm__graph* graph, int32_t y, y_use* out_use) {
  if (y == OLSTM__NO_VALUE || graph->values[y].use_count != 2 ||
      graph->values[y].output_use_count != 0) {
    return false;
  }
  const olstm__graph_use* use = &graph->uses[graph->values[y].first_use];
  const olstm__graph_node* concat = find_concat(graph, y, &graph->nodes[use->node]);
  if (!concat ||
      find_concat(graph, y, &graph->nodes[graph->uses[use->next].node]) != concat) {
    return false;
  }
  *out_use =
      (y_use){OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED, concat->outputs[0], false, true};
  const olstm__graph_node* transpose =
      olstm__graph_only_consumer(graph, concat->outputs[0]);
  if (olstm__match_swaps_sequence(transpose)) {
    out_use->layout = OLSTM__LAYOUT_BATCH_MAJOR;
    out_use->value = transpose->outputs[0];
  }
  return true;
}

static bool find_y_use(const olstm__graph* graph, const olstm__graph_node* node,
                       y_use* out_use) {
  static const int64_t kBatchMajor[] = {2, 0, 1, 3}, kConcatenated[] = {0, 2, 1, 3};
  const olstm__graph_node* user = olstm__graph_only_consumer(
      graph, olstm__graph_node_output(node, OLSTM_RECURRENT_Y));
  int64_t axis = 0;
  if (olstm__match_is(user, "Transpose") && olstm__match_has_perm(user, kBatchMajor, 4)) {
    *out_use = (y_use){OLSTM__LAYOUT_BATCH_MAJOR, olstm__graph_node_output(user, 0),
                       false, false};
    return out_use->value != OLSTM__NO_VALUE;
  }
  if (olstm__match_is(user, "Transpose") &&
      olstm__match_has_perm(user, kConcatenated, 4)) {
    *out_use = (y_use){OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED,
                       olstm__graph_node_output(user, 0), false, false};
    return out_use->value != OLSTM__NO_VALUE;
  }
  if (!olstm__match_is(user, "Squeeze") || !olstm__match_one_axis(graph, user, &axis) ||
      axis != 1) {
    return false;
  }
  const olstm__graph_node* transpose =
      olstm__graph_only_consumer(graph, olstm__graph_node_output(user, 0));
  if (!olstm__match_swaps_sequence(transpose)) {
    return false;
  }
  *out_use = (y_use){OLSTM__LAYOUT_BATCH_MAJOR, olstm__graph_node_output(transpose, 0),
                     true, false};
  return out_use->value != OLSTM__NO_VALUE;
}

/// The node's attributes without ONNX's layout, followed by x_layout and y_layout, with
/// room for one more.
static olstm_attribute* make_attributes(olstm__graph* graph,
                                        const olstm__graph_node* node, int64_t x_layout,
                                        int64_t y_layout, size_t* out_count) {
  olstm_attribute* made =
      olstm__graph_allocate(graph, node->attribute_count + 3, sizeof *made);
  size_t count = 0;
  if (!made) return NULL;
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (strcmp(node->attributes[a].name, "layout") != 0) {
      made[count++] = node->attributes[a];
    }
  }
  made[count++] =
      (olstm_attribute){.name = "x_layout", .kind = OLSTM_ATTRIBUTE_INT, .i = x_layout};
  made[count++] =
      (olstm_attribute){.name = "y_layout", .kind = OLSTM_ATTRIBUTE_INT, .i = y_layout};
  *out_count = count;
  return made;
}

/// Lets the node read X before its Transpose. State slots whose batch size comes from X
/// are updated.
static void bypass_transpose(olstm__graph* graph, int32_t index, int32_t x) {
  const int32_t old = graph->nodes[index].inputs[OLSTM_RECURRENT_X];
  for (size_t s = 0; s < graph->state_count; s++) {
    olstm__graph_state* state = &graph->states[s];
    if (state->source != old || state->source_axis < 0 || state->source_axis > 2) {
      continue;
    }
    state->source = x;
    graph->values[x].is_state_source = true;
    graph->values[old].is_state_source = false;
    state->source_axis = (int32_t)kSwapSequence[state->source_axis];
  }
  olstm__graph_set_input(graph, index, OLSTM_RECURRENT_X, x);
}

/// H from the attribute or from R; 0 when unknown.
static int64_t hidden_size(const olstm__graph* graph, const olstm__graph_node* node) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, "hidden_size");
  const olstm_tensor* r =
      olstm__graph_constant(graph, olstm__graph_node_input(node, OLSTM_RECURRENT_R));
  if (attribute) return attribute->i;
  return r && r->desc.rank == 3 ? r->desc.dims[2] : 0;
}

/// Adds a Reshape of [.,.,D,H] to [.,.,D*H].
static int32_t add_concatenation(olstm__graph* graph, int32_t y, int64_t units) {
  const int64_t dims[] = {0, 0, units};
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 1, {3}};
  olstm_tensor* shape = olstm__graph_allocate_tensor(graph, &desc);
  const char* name = olstm__graph_format(graph, "%s/Reshape", graph->values[y].info.name);
  if (!shape || !name) return OLSTM__NO_VALUE;
  memcpy(shape->data, dims, sizeof dims);
  int32_t inputs[] = {y, olstm__graph_add_constant(graph, name, shape)};
  return olstm__graph_add_operator(graph, name, "Reshape", kReshapeOpset, NULL, 2,
                                   inputs);
}

/// Gives the node a new Y in the new layout, and replaces the uses of use->value by it.
/// The old Y keeps its uses, which are dead then. False when there is no memory.
static bool lay_out_y(olstm__graph* graph, int32_t index, const y_use* use,
                      int64_t units) {
  const int32_t old = olstm__graph_node_output(&graph->nodes[index], OLSTM_RECURRENT_Y);
  int32_t y =
      olstm__graph_add_value(graph, OLSTM__VALUE_NODE, graph->values[old].info.name);
  if (y == OLSTM__NO_VALUE) return false;
  olstm__graph_set_output(graph, index, OLSTM_RECURRENT_Y, y);
  if (use->is_squeezed) y = olstm__fuse_add_axis_node(graph, "Squeeze", y, 2);
  if (use->is_concatenated) y = add_concatenation(graph, y, 2 * units);
  if (y == OLSTM__NO_VALUE) return false;
  olstm__graph_replace_uses(graph, use->value, y);
  return true;
}

/// The mask [N,T] of a masked layer, when exporters have added an axis to it and
/// transposed it to [T,N,1]; else NO_VALUE.
static int32_t find_batch_major_mask(const olstm__graph* graph,
                                     const olstm__graph_node* node) {
  static const int64_t kSwapMask[] = {1, 0};
  const olstm__graph_node* transpose =
      olstm__graph_producer_of_type(graph, node->inputs[OLSTM__MASKED_MASK], "Transpose");
  int64_t axis = 0;
  if (transpose && olstm__match_has_perm(transpose, kSwapMask, 2))
    return olstm__graph_node_input(transpose, 0);
  if (!olstm__match_swaps_sequence(transpose)) return OLSTM__NO_VALUE;
  const olstm__graph_node* unsqueeze = olstm__graph_producer_of_type(
      graph, olstm__graph_node_input(transpose, 0), "Unsqueeze");
  const bool is_last = unsqueeze && olstm__match_one_axis(graph, unsqueeze, &axis) &&
                       (axis == -1 || axis == 2);
  return is_last ? olstm__graph_node_input(unsqueeze, 0)
                 : olstm__graph_node_input(transpose, 0);
}

/// Steps that the mask leaves out are not read, so X may be the input of the StepMask
/// that sets them to 0.
static int32_t before_step_mask(const olstm__graph* graph, int32_t x, int32_t mask) {
  const olstm__graph_node* node = olstm__graph_producer(graph, x);
  return olstm__match_is_fused(node, "StepMask") &&
                 node->outputs[OLSTM__STEP_MASK_X] == x &&
                 node->outputs[OLSTM__STEP_MASK_MASK] == mask
             ? olstm__graph_node_input(node, 0)
             : x;
}

static void fuse_masked_node(olstm__graph* graph, int32_t index) {
  const olstm__graph_node* node = &graph->nodes[index];
  y_use use = {OLSTM__LAYOUT_TIME_MAJOR, OLSTM__NO_VALUE, false, false};
  size_t count = 0;
  int32_t x = find_batch_major_x(graph, node);
  const int32_t mask = find_batch_major_mask(graph, node);
  const bool has_use =
      olstm__graph_node_output(node, OLSTM_RECURRENT_Y) != OLSTM__NO_VALUE &&
      find_y_use(graph, node, &use) && use.layout == OLSTM__LAYOUT_BATCH_MAJOR;
  olstm_attribute* attributes = make_attributes(
      graph, node,
      x == OLSTM__NO_VALUE ? OLSTM__LAYOUT_TIME_MAJOR : OLSTM__LAYOUT_BATCH_MAJOR,
      has_use ? use.layout : OLSTM__LAYOUT_TIME_MAJOR, &count);
  if (!attributes) return;
  attributes[count++] = (olstm_attribute){
      .name = "mask_layout", .kind = OLSTM_ATTRIBUTE_INT, .i = mask != OLSTM__NO_VALUE};
  if (has_use && !lay_out_y(graph, index, &use, 0)) return;
  if (mask != OLSTM__NO_VALUE)
    olstm__graph_set_input(graph, index, OLSTM__MASKED_MASK, mask);
  if (x != OLSTM__NO_VALUE) {
    bypass_transpose(graph, index, before_step_mask(graph, x, mask));
  }
  graph->nodes[index].attributes = attributes;
  graph->nodes[index].attribute_count = count;
}

static void fuse_node(olstm__graph* graph, int32_t index) {
  const olstm__graph_node* node = &graph->nodes[index];
  y_use use = {OLSTM__LAYOUT_TIME_MAJOR, OLSTM__NO_VALUE, false, false};
  size_t count = 0;
  const int64_t units = hidden_size(graph, node);
  const int32_t x = find_batch_major_x(graph, node);
  const bool has_use =
      find_y_use(graph, node, &use) ||
      (units > 0 && units <= INT32_MAX &&
       find_concatenated_y(graph, olstm__graph_node_output(node, OLSTM_RECURRENT_Y),
                           &use));
  if (x == OLSTM__NO_VALUE && !has_use) return;
  if (has_use && use.value == OLSTM__NO_VALUE) return;
  const int64_t x_layout =
      x == OLSTM__NO_VALUE ? OLSTM__LAYOUT_TIME_MAJOR : OLSTM__LAYOUT_BATCH_MAJOR;
  const olstm_attribute* attributes =
      make_attributes(graph, node, x_layout, use.layout, &count);
  if (!attributes) return;
  const char* from =
      node->fused_from[0]
          ? olstm__graph_format(graph, "%s, with its Transposes", node->fused_from)
          : olstm__graph_format(graph, "%s with its Transposes", node->op_type);
  if (has_use && !lay_out_y(graph, index, &use, units)) return;
  if (x != OLSTM__NO_VALUE) bypass_transpose(graph, index, x);
  olstm__graph_set_domain(graph, index, OLSTM__FUSED_DOMAIN);
  olstm__graph_node* edited = &graph->nodes[index];
  edited->attributes = attributes;
  edited->attribute_count = count;
  edited->fused_from = from ? from : "";
}

olstm_status olstm__fuse_layouts(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    if (olstm__match_is_recurrent(&graph->nodes[index])) fuse_node(graph, index);
    if (olstm__graph_node_has(&graph->nodes[index], OLSTM__TRAIT_MASKED))
      fuse_masked_node(graph, index);
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}
