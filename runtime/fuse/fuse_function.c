#include "runtime/fuse/fuse_function.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

/// Opsets in which a function's attributes are those of today; and in which Clip's bounds
/// became inputs.
enum { kFirstOpset = 7, kClipInputsOpset = 11 };

/// A float attribute; false when there is one of another kind.
static bool read_attribute(const olstm__graph_node* node, const char* name,
                           bool* out_given, float* out_value) {
  const olstm_attribute* attribute =
      name ? olstm__graph_find_attribute(node, name) : NULL;
  *out_given = attribute != NULL;
  if (attribute) *out_value = attribute->f;
  return !attribute || attribute->kind == OLSTM_ATTRIBUTE_FLOAT;
}

/// A bound of Clip. False when it is none that a float holds.
static bool read_bound(const olstm__graph* graph, const olstm__graph_node* node,
                       size_t slot, olstm_dtype dtype, bool* out_given,
                       float* out_value) {
  const int32_t input = olstm__graph_node_input(node, slot);
  const olstm_tensor* tensor = olstm__graph_constant(graph, input);
  double number = 0;
  *out_given = input != OLSTM__NO_VALUE;
  if (!*out_given) return true;
  if (!tensor || tensor->desc.dtype != dtype ||
      !olstm__match_scalar(graph, input, &number)) {
    return false;
  }
  *out_value = (float)number;
  return (double)*out_value == number;
}

static bool match_clip(const olstm__graph* graph, const olstm__graph_node* node,
                       olstm_dtype dtype, olstm__fuse_function* function) {
  if (!olstm__match_is(node, "Clip")) return false;
  if (node->opset_version < kClipInputsOpset) {
    return node->input_count == 1 &&
           read_attribute(node, "min", &function->has_alpha, &function->alpha) &&
           read_attribute(node, "max", &function->has_beta, &function->beta);
  }
  return node->input_count <= 3 &&
         read_bound(graph, node, 1, dtype, &function->has_alpha, &function->alpha) &&
         read_bound(graph, node, 2, dtype, &function->has_beta, &function->beta);
}

static bool match_real_function(const olstm__graph_node* node,
                                olstm__fuse_function* function) {
  olstm__function_parameters of = {0};
  if (!olstm__graph_node_has(node, OLSTM__TRAIT_REAL_FUNCTION) ||
      node->input_count != 1) {
    return false;
  }
  (void)olstm__builtin_function(node->op_type, &of);
  return read_attribute(node, of.alpha_name, &function->has_alpha, &function->alpha) &&
         read_attribute(node, of.beta_name, &function->has_beta, &function->beta);
}

/// Attributes that come from inputs are none of the node's.
static size_t count_attributes(const olstm__graph_node* node,
                               const olstm__fuse_function* function) {
  if (olstm__match_is(node, "Clip") && node->opset_version >= kClipInputsOpset) return 0;
  return (size_t)function->has_alpha + (size_t)function->has_beta;
}

olstm__fuse_function olstm__fuse_match_function(const olstm__graph* graph, int32_t value,
                                                olstm_dtype dtype) {
  const olstm__graph_node* node = olstm__graph_only_consumer(graph, value);
  const olstm__fuse_function none = {.node = OLSTM__NO_VALUE};
  olstm__fuse_function function = none;
  if (!node || node->opset_version < kFirstOpset ||
      olstm__graph_node_input(node, 0) != value || node->output_count != 1 ||
      node->outputs[0] == OLSTM__NO_VALUE) {
    return none;
  }
  if (!match_real_function(node, &function) &&
      !match_clip(graph, node, dtype, &function)) {
    return none;
  }
  if (node->attribute_count != count_attributes(node, &function)) return none;
  function.node = olstm__graph_node_index(graph, node);
  function.op_type = node->op_type;
  return function;
}

size_t olstm__fuse_add_function(olstm__graph* graph, const olstm__fuse_function* function,
                                olstm_attribute* attributes) {
  size_t count = 0;
  if (function->node == OLSTM__NO_VALUE) return 0;
  olstm_string* name = olstm__graph_allocate(graph, 1, sizeof *name);
  if (!name) return 0;
  *name = (olstm_string){function->op_type, strlen(function->op_type)};
  attributes[count++] = (olstm_attribute){
      .name = "activation", .kind = OLSTM_ATTRIBUTE_STRING, .count = 1, .strings = name};
  if (function->has_alpha) {
    attributes[count++] = (olstm_attribute){
        .name = "activation_alpha", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = function->alpha};
  }
  if (function->has_beta) {
    attributes[count++] = (olstm_attribute){
        .name = "activation_beta", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = function->beta};
  }
  return count;
}
