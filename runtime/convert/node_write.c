#include "runtime/convert/node_write.h"

#include <string.h>

/// kFirstIrOfInitializers: before, every initializer must be an input, too.
enum { kFirstIrOfInitializers = 4 };

/// An operator that passes make nodes of. Axes are attributes of the nodes that they
/// make.
typedef struct written_operator {
  const char* op_type;
  /// The first opset in which it is as passes make it.
  int32_t first_opset;
  /// The opset from which on axes are an input; 0: it has none.
  int32_t axes_input_opset;
} written_operator;

static const written_operator kOperators[] = {
    {"Add", 7, 0},       {"Cast", 6, 0},
    {"Concat", 4, 0},    {"CumSum", 11, 0},
    {"Expand", 8, 0},    {"GRU", 7, 0},
    {"Gather", 1, 0},    {"GatherElements", 11, 0},
    {"Greater", 9, 0},   {"LSTM", 7, 0},
    {"Mul", 7, 0},       {"RNN", 7, 0},
    {"Range", 11, 0},    {"ReduceSum", 1, 13},
    {"Reshape", 5, 0},   {"Shape", 1, 0},
    {"Slice", 10, 0},    {"Squeeze", 1, 13},
    {"Sub", 7, 0},       {"TopK", 11, 0},
    {"Transpose", 1, 0}, {"Unsqueeze", 1, 13},
    {"Where", 9, 0},
};

static const written_operator* find_operator(const olstm__graph_node* node) {
  if (node->kind != OLSTM__NODE_OPERATOR || node->domain[0]) return NULL;
  for (size_t i = 0; i < sizeof kOperators / sizeof kOperators[0]; i++) {
    if (strcmp(node->op_type, kOperators[i].op_type) == 0) return &kOperators[i];
  }
  return NULL;
}

const char* olstm__node_write_refusal(const olstm__node_writer* writer,
                                      olstm__graph* graph,
                                      const olstm__graph_node* node) {
  const written_operator* found = find_operator(node);
  if (!found) {
    return olstm__graph_format(graph, "ONNX has no operator for its %s", node->op_type);
  }
  if (found->first_opset > writer->opset) {
    return olstm__graph_format(graph, "it needs %s of opset %d, the model has opset %d",
                               node->op_type, (int)found->first_opset,
                               (int)writer->opset);
  }
  const olstm_tensor* weights =
      olstm_recurrent_is_op_type(node->op_type)
          ? olstm__graph_constant(graph, olstm__graph_node_input(node, OLSTM_RECURRENT_W))
          : NULL;
  if (weights && weights->desc.dtype == OLSTM_DTYPE_DOUBLE) {
    return olstm__graph_format(graph, "ONNX Runtime has no %s of double", node->op_type);
  }
  return NULL;
}

// ---------------------------------------------------------------- attributes

/// The activations that a recurrent node has anyway.
static bool are_default_activations(const char* op_type,
                                    const olstm_attribute* attribute) {
  const bool is_rnn = strcmp(op_type, "RNN") == 0;
  const size_t count = strcmp(op_type, "LSTM") == 0 ? 3 : is_rnn ? 1 : 2;
  if (strcmp(attribute->name, "activations") != 0 || attribute->count != count) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    const char* expected = i == 0 && !is_rnn ? "Sigmoid" : "Tanh";
    if (strcmp(attribute->strings[i].bytes, expected) != 0) return false;
  }
  return true;
}

/// Whether an attribute says nothing: an empty list, or a default.
static bool is_void(const olstm__graph_node* node, const olstm_attribute* attribute) {
  if (attribute->kind == OLSTM_ATTRIBUTE_FLOATS && attribute->count == 0) return true;
  return olstm_recurrent_is_op_type(node->op_type) &&
         attribute->kind == OLSTM_ATTRIBUTE_STRINGS &&
         are_default_activations(node->op_type, attribute);
}

/// Writes axes as an input; the name of it.
static char* write_axes(olstm__node_writer* writer, const char* node_name,
                        const olstm_attribute* axes) {
  char* name = olstm__proto_names_take(writer->names, "%s/axes", node_name);
  // Read only: the tensor is copied.
  const olstm_tensor tensor = {
      .desc = {OLSTM_DTYPE_INT64, 1, {(int64_t)axes->count}},
      .data = (void*)(uintptr_t)axes->ints,
  };
  return name && olstm__node_write_constant(writer, name, &tensor) ? name : NULL;
}

// ---------------------------------------------------------------- writing

bool olstm__node_write_constant(olstm__node_writer* writer, char* name,
                                const olstm_tensor* tensor) {
  olstm__encode_model* model = writer->model;
  if (model->proto->ir_version >= kFirstIrOfInitializers) {
    return olstm__build_append(model, &writer->initializers,
                               olstm__build_make_tensor(model, name, tensor));
  }
  olstm__tensor_proto* value = olstm__build_make_tensor(model, NULL, tensor);
  return olstm__build_append(model, &writer->nodes,
                             olstm__build_make_constant(model, name, value));
}

bool olstm__node_write_new(olstm__node_writer* writer, const char* op_type,
                           char* const* inputs, size_t count,
                           const olstm_attribute* attribute, char* output) {
  char* name = olstm__proto_names_take(writer->names, "%s/%s", output, op_type);
  olstm__node_proto* made =
      name ? olstm__build_make_node(writer->model, name, op_type, count, 1, 1) : NULL;
  if (!made) return false;
  for (size_t i = 0; i < count; i++) {
    if (!inputs[i]) return false;
    olstm__build_add_input(made, inputs[i]);
  }
  olstm__build_add_output(made, output);
  return (!attribute || olstm__build_add_attribute(writer->model, made, attribute)) &&
         olstm__build_append(writer->model, &writer->nodes, made);
}

bool olstm__node_write(olstm__node_writer* writer, const olstm__graph_node* node,
                       char* const* inputs, char* const* outputs) {
  const written_operator* found = find_operator(node);
  const bool has_axes_input =
      found->axes_input_opset > 0 && writer->opset >= found->axes_input_opset;
  // A layer has the name of what it replaces.
  char* name = olstm_recurrent_is_op_type(node->op_type)
                   ? olstm__build_text(writer->model, node->name)
                   : olstm__proto_names_take(writer->names, "%s", node->name);
  olstm__node_proto* made =
      name ? olstm__build_make_node(writer->model, name, node->op_type,
                                    node->input_count + 1, node->output_count,
                                    node->attribute_count)
           : NULL;
  if (!made) return false;
  for (size_t i = 0; i < node->input_count; i++) olstm__build_add_input(made, inputs[i]);
  for (size_t o = 0; o < node->output_count; o++) {
    olstm__build_add_output(made, outputs[o]);
  }
  for (size_t a = 0; a < node->attribute_count; a++) {
    const olstm_attribute* attribute = &node->attributes[a];
    if (has_axes_input && strcmp(attribute->name, "axes") == 0) {
      char* axes = write_axes(writer, name, attribute);
      if (!axes) return false;
      olstm__build_add_input(made, axes);
    } else if (!is_void(node, attribute) &&
               !olstm__build_add_attribute(writer->model, made, attribute)) {
      return false;
    }
  }
  return olstm__build_append(writer->model, &writer->nodes, made);
}
