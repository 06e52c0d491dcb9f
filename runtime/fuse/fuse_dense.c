// Dense layers: MatMul, Add and an activation, or Gemm and an activation, become one
// Dense node (op/dense/dense_op.c). tf2onnx puts a Reshape between MatMul and Add when a
// Dense layer works on sequences: it is moved behind the node.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_function.h"
#include "runtime/fuse/fuse_match.h"

enum { kFirstOpset = 7, kMaxAttributes = 2 + OLSTM__FUSE_FUNCTION_ATTRIBUTES };

/// A Dense layer. Nodes are indices, NO_VALUE for absent ones.
typedef struct dense_match {
  int32_t product;
  bool is_gemm;
  bool flips_weight;
  int64_t n;
  int32_t bias;
  int32_t reshape;
  int32_t add;
  olstm__fuse_function function;
  // The result of the layer.
  int32_t output;
} dense_match;

/// Whether a node is an operator of ONNX's own domain, of an opset in which Add
/// broadcasts.
static bool is_onnx(const olstm__graph_node* node, const char* op_type) {
  return node && node->kind == OLSTM__NODE_OPERATOR && !node->domain[0] &&
         node->opset_version >= kFirstOpset && strcmp(node->op_type, op_type) == 0;
}

static bool attribute_is(const olstm__graph_node* node, const char* name,
                         float expected) {
  const olstm_attribute* attribute = olstm__graph_find_attribute(node, name);
  if (!attribute) return true;
  return attribute->kind == OLSTM_ATTRIBUTE_INT ? (float)attribute->i == expected
                                                : attribute->f == expected;
}

// ---------------------------------------------------------------- matching

/// Whether a constant adds one number to each of n columns.
static bool is_bias(const olstm__graph* graph, int32_t value, int64_t n,
                    olstm_dtype dtype) {
  const olstm_tensor* tensor = olstm__graph_constant(graph, value);
  return tensor && tensor->desc.rank == 1 && tensor->desc.dims[0] == n &&
         tensor->desc.dtype == dtype;
}

static bool match_product(const olstm__graph* graph, int32_t index, dense_match* match) {
  const olstm__graph_node* node = &graph->nodes[index];
  const olstm_tensor* weight =
      olstm__graph_constant(graph, olstm__graph_node_input(node, 1));
  const int32_t c = olstm__graph_node_input(node, 2);
  *match = (dense_match){.product = index,
                         .bias = OLSTM__NO_VALUE,
                         .reshape = OLSTM__NO_VALUE,
                         .add = OLSTM__NO_VALUE,
                         .function = {.node = OLSTM__NO_VALUE},
                         .output = OLSTM__NO_VALUE};
  match->is_gemm = is_onnx(node, "Gemm");
  if ((!match->is_gemm && !is_onnx(node, "MatMul")) || !weight ||
      weight->desc.rank != 2 || olstm_tensor_desc_count(&weight->desc) == 0 ||
      (weight->desc.dtype != OLSTM_DTYPE_FLOAT &&
       weight->desc.dtype != OLSTM_DTYPE_DOUBLE)) {
    return false;
  }
  match->flips_weight = match->is_gemm && !attribute_is(node, "transB", 0.0F);
  match->n = weight->desc.dims[match->flips_weight ? 0 : 1];
  match->bias = c;
  match->output = node->outputs[0];
  return !match->is_gemm ||
         (attribute_is(node, "transA", 0.0F) && attribute_is(node, "alpha", 1.0F) &&
          attribute_is(node, "beta", 1.0F) &&
          (c == OLSTM__NO_VALUE || is_bias(graph, c, match->n, weight->desc.dtype)));
}

/// Whether a Reshape keeps the last dimension n, so that the bias can be added before it.
static bool keeps_columns(const olstm__graph* graph, const olstm__graph_node* reshape,
                          int64_t n) {
  int32_t shape = olstm__match_skip_casts(graph, olstm__graph_node_input(reshape, 1));
  const olstm__graph_node* concat = olstm__graph_producer_of_type(graph, shape, "Concat");
  if (concat && concat->input_count > 0) {
    shape = olstm__match_skip_casts(graph, concat->inputs[concat->input_count - 1]);
  }
  const olstm_tensor* tensor = olstm__graph_constant(graph, shape);
  const int64_t count = tensor ? olstm_tensor_desc_count(&tensor->desc) : 0;
  if (count == 0) return false;
  if (tensor->desc.dtype == OLSTM_DTYPE_INT64) {
    return ((const int64_t*)tensor->data)[count - 1] == n;
  }
  return tensor->desc.dtype == OLSTM_DTYPE_INT32 &&
         ((const int32_t*)tensor->data)[count - 1] == n;
}

static void match_reshape(const olstm__graph* graph, dense_match* match) {
  const olstm__graph_node* node = olstm__graph_only_consumer(graph, match->output);
  if (!is_onnx(node, "Reshape") || node->input_count != 2 ||
      node->inputs[0] != match->output || !keeps_columns(graph, node, match->n)) {
    return;
  }
  match->reshape = olstm__graph_node_index(graph, node);
  match->output = node->outputs[0];
}

static void match_add(const olstm__graph* graph, dense_match* match) {
  const olstm__graph_node* node = olstm__graph_only_consumer(graph, match->output);
  const olstm_tensor* weight =
      olstm__graph_constant(graph, graph->nodes[match->product].inputs[1]);
  if (match->is_gemm || !is_onnx(node, "Add") || node->input_count != 2) return;
  const int32_t bias = node->inputs[node->inputs[0] == match->output ? 1 : 0];
  if (!is_bias(graph, bias, match->n, weight->desc.dtype)) return;
  match->add = olstm__graph_node_index(graph, node);
  match->bias = bias;
  match->output = node->outputs[0];
}

static bool match_dense(const olstm__graph* graph, int32_t index, dense_match* match) {
  if (!match_product(graph, index, match)) return false;
  const int32_t product = match->output;
  match_reshape(graph, match);
  match_add(graph, match);
  match->function = olstm__fuse_match_function(
      graph, match->output,
      olstm__graph_constant(graph, graph->nodes[index].inputs[1])->desc.dtype);
  if (match->function.node != OLSTM__NO_VALUE) {
    match->output = graph->nodes[match->function.node].outputs[0];
  }
  if (match->add != OLSTM__NO_VALUE || match->function.node != OLSTM__NO_VALUE)
    return true;
  match->output = product;
  return false;
}

// ---------------------------------------------------------------- rewriting

static olstm_attribute int_attribute(const char* name, int64_t value) {
  return (olstm_attribute){.name = name, .kind = OLSTM_ATTRIBUTE_INT, .i = value};
}

static olstm_attribute* make_attributes(olstm__graph* graph, const dense_match* match,
                                        size_t* out_count) {
  olstm_attribute* made = olstm__graph_allocate(graph, kMaxAttributes, sizeof *made);
  size_t count = 0;
  if (!made) return NULL;
  if (match->is_gemm) made[count++] = int_attribute("gemm", 1);
  if (match->flips_weight) made[count++] = int_attribute("transB", 1);
  count += olstm__fuse_add_function(graph, &match->function, made + count);
  *out_count = count;
  return made;
}

static const char* describe(olstm__graph* graph, const dense_match* match) {
  const char* activation = match->function.op_type;
  return olstm__graph_format(graph, "%s with its %s%s%s",
                             graph->nodes[match->product].op_type,
                             match->add == OLSTM__NO_VALUE ? "" : "Add",
                             match->add != OLSTM__NO_VALUE && activation ? " and " : "",
                             activation ? activation : "");
}

/// Adds the node and, behind it, a copy of the Reshape; replaces the uses of the layer's
/// result.
static void replace(olstm__graph* graph, const dense_match* match) {
  const olstm__graph_node* product = &graph->nodes[match->product];
  size_t attribute_count = 0;
  // A model may lack required inputs or outputs: the original node is refused when its
  // operator is created.
  if (product->inputs[0] == OLSTM__NO_VALUE || match->output == OLSTM__NO_VALUE) return;
  int32_t inputs[] = {product->inputs[0], product->inputs[1], match->bias};
  int32_t y = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                     graph->values[match->output].info.name);
  const olstm_attribute* attributes = make_attributes(graph, match, &attribute_count);
  const char* from = describe(graph, match);
  if (y == OLSTM__NO_VALUE || !attributes || !from) return;
  const olstm__graph_node made = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = product->name,
                                  .op_type = "Dense",
                                  .domain = OLSTM__FUSED_DOMAIN,
                                  .opset_version = OLSTM__FUSED_OPSET,
                                  .attribute_count = attribute_count,
                                  .attributes = attributes,
                                  .input_count = 3,
                                  .inputs = inputs,
                                  .output_count = 1,
                                  .outputs = &y,
                                  .fused_from = from};
  if (olstm__graph_add_node(graph, &made) == OLSTM__NO_VALUE) return;
  if (match->reshape != OLSTM__NO_VALUE) {
    olstm__graph_node reshape = graph->nodes[match->reshape];
    int32_t reshape_inputs[] = {y, reshape.inputs[1]};
    y = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                               graph->values[match->output].info.name);
    reshape.inputs = reshape_inputs;
    reshape.outputs = &y;
    if (y == OLSTM__NO_VALUE ||
        olstm__graph_add_node(graph, &reshape) == OLSTM__NO_VALUE) {
      return;
    }
  }
  olstm__graph_replace_uses(graph, match->output, y);
}

olstm_status olstm__fuse_dense(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    dense_match match;
    if (match_dense(graph, graph->order[i], &match)) replace(graph, &match);
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}
