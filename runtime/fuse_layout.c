// Recurrent nodes and the Transposes around them: exporters turn Keras' and PyTorch's
// batch-major sequences into ONNX's time-major ones and back. The kernels take any
// layout, so the node takes the Transposes' place.
#include <string.h>

#include "runtime/fuse.h"
#include "runtime/fuse_match.h"

// Values of the attributes x_layout and y_layout (op/lstm/lstm_spec.h).
enum { LAYOUT_TIME_MAJOR, LAYOUT_BATCH_MAJOR, LAYOUT_TIME_MAJOR_CONCATENATED };
enum { INPUT_X = 0, INPUT_R = 2, INPUT_MASK = 4, OUTPUT_Y = 0, RESHAPE_OPSET = 13 };

static bool is_masked(const olstm__net_node* node) {
  return node->kind == OLSTM__NODE_OPERATOR &&
         strcmp(node->domain, OLSTM__FUSED_DOMAIN) == 0 &&
         strncmp(node->op_type, "Masked", strlen("Masked")) == 0;
}

static bool has_perm(const olstm__net_node* node, const int64_t* perm, size_t count) {
  const olstm_attribute* attribute = olstm__net_find_attribute(node, "perm");
  return attribute && attribute->kind == OLSTM_ATTRIBUTE_INTS &&
         attribute->count == count &&
         memcmp(attribute->ints, perm, count * sizeof *perm) == 0;
}

static const int64_t kSwapSequence[] = {1, 0, 2};  // [N,T,x] and [T,N,x]

// What stands before X, when that is a Transpose of a batch-major sequence; else
// NO_VALUE.
static int32_t find_batch_major_x(const olstm__net* net, const olstm__net_node* node) {
  const olstm__net_node* transpose =
      olstm__net_producer_of_type(net, olstm__net_node_input(node, INPUT_X), "Transpose");
  return transpose && has_perm(transpose, kSwapSequence, 3)
             ? olstm__net_node_input(transpose, 0)
             : OLSTM__NO_VALUE;
}

// How Y's consumers lay it out again: the layout, and the value that has it.
typedef struct y_use {
  int64_t layout;
  // The Transpose's output, or the Concat's.
  int32_t value;
  // Y goes through a Squeeze of its direction first.
  bool is_squeezed;
  // The directions are taken apart and put together again as [T,N,D*H].
  bool is_joined;
} y_use;

// The Concat that puts one direction, taken by a Slice and a Squeeze, at its place among
// the units; NULL when it is anything else.
static const olstm__net_node* find_join(const olstm__net* net, int32_t y,
                                        const olstm__net_node* slice) {
  int64_t axis = 0, direction = 0;
  if (!olstm__match_is(slice, "Slice") || olstm__net_node_input(slice, 0) != y ||
      !olstm__match_slice_of_one(net, slice, &axis, &direction) || axis != 1) {
    return NULL;
  }
  const olstm__net_node* squeeze = olstm__net_only_consumer(net, slice->outputs[0]);
  if (!olstm__match_is(squeeze, "Squeeze") ||
      olstm__net_node_input(squeeze, 0) != slice->outputs[0] ||
      !olstm__match_one_axis(net, squeeze, &axis) || axis != 1) {
    return NULL;
  }
  const olstm__net_node* join = olstm__net_only_consumer(net, squeeze->outputs[0]);
  if (!olstm__match_is(join, "Concat") || join->input_count != 2 ||
      (direction != 0 && direction != 1) ||
      join->inputs[direction] != squeeze->outputs[0]) {
    return NULL;
  }
  const olstm_attribute* attribute = olstm__net_find_attribute(join, "axis");
  return attribute && (attribute->i == 2 || attribute->i == -1) ? join : NULL;
}

static bool find_joined_y(const olstm__net* net, int32_t y, y_use* out_use) {
  if (y == OLSTM__NO_VALUE || net->values[y].use_count != 2 ||
      net->values[y].output_use_count != 0) {
    return false;
  }
  const olstm__net_use* use = &net->uses[net->values[y].first_use];
  const olstm__net_node* join = find_join(net, y, &net->nodes[use->node]);
  if (!join || find_join(net, y, &net->nodes[net->uses[use->next].node]) != join) {
    return false;
  }
  *out_use = (y_use){LAYOUT_TIME_MAJOR_CONCATENATED, join->outputs[0], false, true};
  const olstm__net_node* transpose = olstm__net_only_consumer(net, join->outputs[0]);
  if (olstm__match_is(transpose, "Transpose") && has_perm(transpose, kSwapSequence, 3)) {
    out_use->layout = LAYOUT_BATCH_MAJOR;
    out_use->value = transpose->outputs[0];
  }
  return true;
}

static bool find_y_use(const olstm__net* net, const olstm__net_node* node,
                       y_use* out_use) {
  static const int64_t kBatchMajor[] = {2, 0, 1, 3}, kConcatenated[] = {0, 2, 1, 3};
  const olstm__net_node* user =
      olstm__net_only_consumer(net, olstm__net_node_output(node, OUTPUT_Y));
  int64_t axis = 0;
  if (olstm__match_is(user, "Transpose") && has_perm(user, kBatchMajor, 4)) {
    *out_use = (y_use){LAYOUT_BATCH_MAJOR, olstm__net_node_output(user, 0), false, false};
    return out_use->value != OLSTM__NO_VALUE;
  }
  if (olstm__match_is(user, "Transpose") && has_perm(user, kConcatenated, 4)) {
    *out_use = (y_use){LAYOUT_TIME_MAJOR_CONCATENATED, olstm__net_node_output(user, 0),
                       false, false};
    return out_use->value != OLSTM__NO_VALUE;
  }
  if (!olstm__match_is(user, "Squeeze") || !olstm__match_one_axis(net, user, &axis) ||
      axis != 1) {
    return false;
  }
  const olstm__net_node* transpose =
      olstm__net_only_consumer(net, olstm__net_node_output(user, 0));
  if (!olstm__match_is(transpose, "Transpose") ||
      !has_perm(transpose, kSwapSequence, 3)) {
    return false;
  }
  *out_use =
      (y_use){LAYOUT_BATCH_MAJOR, olstm__net_node_output(transpose, 0), true, false};
  return out_use->value != OLSTM__NO_VALUE;
}

// The node's attributes without ONNX's layout, and the two of olstm.fused; room for one
// more.
static olstm_attribute* make_attributes(olstm__net* net, const olstm__net_node* node,
                                        int64_t x_layout, int64_t y_layout,
                                        size_t* out_count) {
  olstm_attribute* made =
      olstm__net_allocate(net, node->attribute_count + 3, sizeof *made);
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

// X is read before its Transpose: state slots that take their batch from it read it there
// as well.
static void bypass_transpose(olstm__net* net, int32_t index, int32_t x) {
  const int32_t old = net->nodes[index].inputs[INPUT_X];
  for (size_t s = 0; s < net->state_count; s++) {
    olstm__net_state* state = &net->states[s];
    if (state->source != old || state->source_axis < 0 || state->source_axis > 2) {
      continue;
    }
    state->source = x;
    net->values[x].is_state_source = true;
    net->values[old].is_state_source = false;
    state->source_axis = (int32_t)kSwapSequence[state->source_axis];
  }
  olstm__net_set_input(net, index, INPUT_X, x);
}

// H as the node says it; 0 when it does not.
static int64_t hidden_size(const olstm__net* net, const olstm__net_node* node) {
  const olstm_attribute* attribute = olstm__net_find_attribute(node, "hidden_size");
  const olstm_tensor* r = olstm__net_constant(net, olstm__net_node_input(node, INPUT_R));
  if (attribute) return attribute->i;
  return r && r->desc.rank == 3 ? r->desc.dims[2] : 0;
}

// [.,.,D,H] as [.,.,D*H].
static int32_t add_join(olstm__net* net, int32_t y, int64_t units) {
  const int64_t dims[] = {0, 0, units};
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 1, {3}};
  olstm_tensor* shape = olstm__net_allocate_tensor(net, &desc);
  const char* name = olstm__net_format(net, "%s/Reshape", net->values[y].info.name);
  if (!shape || !name) return OLSTM__NO_VALUE;
  memcpy(shape->data, dims, sizeof dims);
  int32_t inputs[] = {y, olstm__net_add_constant(net, name, shape)};
  return olstm__net_add_operator(net, name, "Reshape", RESHAPE_OPSET, NULL, 2, inputs);
}

// The old Y keeps its users until they are gone; the node makes a new one. False when
// there is no memory.
static bool lay_out_y(olstm__net* net, int32_t index, const y_use* use, int64_t units) {
  const int32_t old = olstm__net_node_output(&net->nodes[index], OUTPUT_Y);
  int32_t y = olstm__net_add_value(net, OLSTM__VALUE_NODE, net->values[old].info.name);
  if (y == OLSTM__NO_VALUE) return false;
  olstm__net_set_output(net, index, OUTPUT_Y, y);
  if (use->is_squeezed) y = olstm__fuse_add_axis_node(net, "Squeeze", y, 2);
  if (use->is_joined) y = add_join(net, y, 2 * units);
  if (y == OLSTM__NO_VALUE) return false;
  olstm__net_replace_uses(net, use->value, y);
  return true;
}

// A masked layer's mask [N,T], where exporters have given it an axis and turned it to
// [T,N,1]; else NO_VALUE.
static int32_t find_batch_major_mask(const olstm__net* net, const olstm__net_node* node) {
  static const int64_t kSwapMask[] = {1, 0};
  const olstm__net_node* transpose =
      olstm__net_producer_of_type(net, node->inputs[INPUT_MASK], "Transpose");
  int64_t axis = 0;
  if (transpose && has_perm(transpose, kSwapMask, 2))
    return olstm__net_node_input(transpose, 0);
  if (!transpose || !has_perm(transpose, kSwapSequence, 3)) return OLSTM__NO_VALUE;
  const olstm__net_node* unsqueeze =
      olstm__net_producer_of_type(net, olstm__net_node_input(transpose, 0), "Unsqueeze");
  const bool is_last = unsqueeze && olstm__match_one_axis(net, unsqueeze, &axis) &&
                       (axis == -1 || axis == 2);
  return is_last ? olstm__net_node_input(unsqueeze, 0)
                 : olstm__net_node_input(transpose, 0);
}

// The steps that a mask leaves out are not read: X may be what it was before StepMask
// made them 0.
static int32_t before_step_mask(const olstm__net* net, int32_t x, int32_t mask) {
  const olstm__net_node* node = olstm__net_producer(net, x);
  return node && strcmp(node->op_type, "StepMask") == 0 && node->outputs[0] == x &&
                 node->outputs[1] == mask
             ? olstm__net_node_input(node, 0)
             : x;
}

static void fuse_masked_node(olstm__net* net, int32_t index) {
  const olstm__net_node* node = &net->nodes[index];
  y_use use = {LAYOUT_TIME_MAJOR, OLSTM__NO_VALUE, false, false};
  size_t count = 0;
  int32_t x = find_batch_major_x(net, node);
  const int32_t mask = find_batch_major_mask(net, node);
  const bool has_use = olstm__net_node_output(node, OUTPUT_Y) != OLSTM__NO_VALUE &&
                       find_y_use(net, node, &use) && use.layout == LAYOUT_BATCH_MAJOR;
  olstm_attribute* attributes = make_attributes(
      net, node, x == OLSTM__NO_VALUE ? LAYOUT_TIME_MAJOR : LAYOUT_BATCH_MAJOR,
      has_use ? use.layout : LAYOUT_TIME_MAJOR, &count);
  if (!attributes) return;
  attributes[count++] = (olstm_attribute){
      .name = "mask_layout", .kind = OLSTM_ATTRIBUTE_INT, .i = mask != OLSTM__NO_VALUE};
  if (has_use && !lay_out_y(net, index, &use, 0)) return;
  if (mask != OLSTM__NO_VALUE) olstm__net_set_input(net, index, INPUT_MASK, mask);
  if (x != OLSTM__NO_VALUE) {
    bypass_transpose(net, index, before_step_mask(net, x, mask));
  }
  net->nodes[index].attributes = attributes;
  net->nodes[index].attribute_count = count;
}

static void fuse_node(olstm__net* net, int32_t index) {
  const olstm__net_node* node = &net->nodes[index];
  y_use use = {LAYOUT_TIME_MAJOR, OLSTM__NO_VALUE, false, false};
  size_t count = 0;
  const int64_t units = hidden_size(net, node);
  const int32_t x = find_batch_major_x(net, node);
  const bool has_use = find_y_use(net, node, &use) ||
                       (units > 0 && units <= INT32_MAX &&
                        find_joined_y(net, olstm__net_node_output(node, OUTPUT_Y), &use));
  if (x == OLSTM__NO_VALUE && !has_use) return;
  if (has_use && use.value == OLSTM__NO_VALUE) return;
  const int64_t x_layout = x == OLSTM__NO_VALUE ? LAYOUT_TIME_MAJOR : LAYOUT_BATCH_MAJOR;
  const olstm_attribute* attributes =
      make_attributes(net, node, x_layout, use.layout, &count);
  if (!attributes) return;
  const char* from =
      node->fused_from[0]
          ? olstm__net_format(net, "%s, with its Transposes", node->fused_from)
          : olstm__net_format(net, "%s with its Transposes", node->op_type);
  if (has_use && !lay_out_y(net, index, &use, units)) return;
  if (x != OLSTM__NO_VALUE) bypass_transpose(net, index, x);
  olstm__net_node* edited = &net->nodes[index];
  edited->domain = OLSTM__FUSED_DOMAIN;
  edited->attributes = attributes;
  edited->attribute_count = count;
  edited->fused_from = from ? from : "";
}

olstm_status olstm__fuse_layouts(olstm__net* net, olstm_error* error) {
  const int32_t count = net->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = net->order[i];
    if (olstm__match_is_recurrent(&net->nodes[index])) fuse_node(net, index);
    if (is_masked(&net->nodes[index])) fuse_masked_node(net, index);
  }
  OLSTM_RETURN_IF_ERROR(olstm__net_check(net, error));
  olstm__net_remove_dead(net);
  return olstm__net_sort(net, error);
}
