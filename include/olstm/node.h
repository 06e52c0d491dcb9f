// A node as an operator sees it when it is created: attributes, constants, names.
// Independent of any file format.
#ifndef OLSTM_NODE_H_
#define OLSTM_NODE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "olstm/status.h"
#include "olstm/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Kinds of attribute, numbered as ONNX AttributeProto.AttributeType numbers them.
enum {
  OLSTM_ATTRIBUTE_UNDEFINED = 0,
  OLSTM_ATTRIBUTE_FLOAT = 1,
  OLSTM_ATTRIBUTE_INT = 2,
  OLSTM_ATTRIBUTE_STRING = 3,
  OLSTM_ATTRIBUTE_TENSOR = 4,
  OLSTM_ATTRIBUTE_GRAPH = 5,
  OLSTM_ATTRIBUTE_FLOATS = 6,
  OLSTM_ATTRIBUTE_INTS = 7,
  OLSTM_ATTRIBUTE_STRINGS = 8
};

/// The kind's name as ONNX writes it ("FLOAT"); "of another kind" for an unknown one.
OLSTM_INLINE_ const char* olstm_attribute_kind_name(int32_t kind) {
  static const char kNames[][10] = {"UNDEFINED", "FLOAT",  "INT",  "STRING", "TENSOR",
                                    "GRAPH",     "FLOATS", "INTS", "STRINGS"};
  const bool known = kind >= 0 && kind < (int32_t)(sizeof kNames / sizeof kNames[0]);
  return known ? kNames[kind] : "of another kind";
}

/// Inputs of ONNX's LSTM, GRU and RNN nodes by position; GRU and RNN end at INITIAL_H.
enum {
  OLSTM_RECURRENT_X = 0,
  OLSTM_RECURRENT_W = 1,
  OLSTM_RECURRENT_R = 2,
  OLSTM_RECURRENT_B = 3,
  OLSTM_RECURRENT_SEQUENCE_LENS = 4,
  OLSTM_RECURRENT_INITIAL_H = 5,
  OLSTM_RECURRENT_INITIAL_C = 6,
  OLSTM_RECURRENT_P = 7,
  OLSTM_RECURRENT_INPUT_COUNT = 8
};

/// Their outputs by position; GRU and RNN have no Y_C.
enum {
  OLSTM_RECURRENT_Y = 0,
  OLSTM_RECURRENT_Y_H = 1,
  OLSTM_RECURRENT_Y_C = 2,
  OLSTM_RECURRENT_OUTPUT_COUNT = 3
};

/// Whether nodes of that type, in ONNX's own domain, are recurrent: LSTM, GRU or RNN.
OLSTM_INLINE_ bool olstm_recurrent_is_op_type(const char* op_type) {
  return strcmp(op_type, "LSTM") == 0 || strcmp(op_type, "GRU") == 0 ||
         strcmp(op_type, "RNN") == 0;
}

/// ONNX's name of input `index` (OLSTM_RECURRENT_X, ...) or output `index`
/// (OLSTM_RECURRENT_Y, ...) of a recurrent node; "" where there is none.
OLSTM_INLINE_ const char* olstm_recurrent_input_name(size_t index) {
  static const char kNames[][14] = {"X",         "W",         "R", "B", "sequence_lens",
                                    "initial_h", "initial_c", "P"};
  return index < sizeof kNames / sizeof kNames[0] ? kNames[index] : "";
}
OLSTM_INLINE_ const char* olstm_recurrent_output_name(size_t index) {
  static const char kNames[][4] = {"Y", "Y_h", "Y_c"};
  return index < sizeof kNames / sizeof kNames[0] ? kNames[index] : "";
}

/// One attribute. `kind` says which of the fields below holds it.
typedef struct olstm_attribute {
  const char* name;
  int32_t kind;
  /// FLOAT, and INT.
  float f;
  int64_t i;
  /// FLOATS, INTS and STRINGS: how many.
  size_t count;
  const float* floats;
  const int64_t* ints;
  /// STRING (one, terminated by a zero that is not counted) and STRINGS.
  const olstm_string* strings;
  const olstm_tensor* tensor;
  /// GRAPH: opaque; only the host that made the node knows what is inside.
  const void* graph;
} olstm_attribute;

/// One node of a graph. Everything in it is borrowed from the host for as long as the
/// operator instance made from it lives.
typedef struct olstm_node {
  size_t struct_size;
  /// Never NULL. The host makes a name up for a node that has none: unique in its graph.
  const char* name;
  const char* op_type;
  /// "" is ONNX's own domain.
  const char* domain;
  /// The opset version that the model imports for `domain`.
  int32_t opset_version;
  size_t attribute_count;
  const olstm_attribute* attributes;
  /// Inputs: names ("" where an optional one is absent), and the tensor of each one that
  /// is a constant, else NULL.
  size_t input_count;
  const char* const* input_names;
  const olstm_tensor* const* constants;
  /// Outputs: names ("" where unused).
  size_t output_count;
  const char* const* output_names;
} olstm_node;

/// The attribute of that name, or NULL.
OLSTM_INLINE_ const olstm_attribute* olstm_node_find_attribute(const olstm_node* node,
                                                               const char* name) {
  for (size_t i = 0; i < node->attribute_count; i++) {
    if (strcmp(node->attributes[i].name, name) == 0) return &node->attributes[i];
  }
  return NULL;
}

/// Whether input `index` is given.
OLSTM_INLINE_ bool olstm_node_has_input(const olstm_node* node, size_t index) {
  return index < node->input_count && node->input_names[index][0] != '\0';
}

/// Whether output `index` is used.
OLSTM_INLINE_ bool olstm_node_has_output(const olstm_node* node, size_t index) {
  return index < node->output_count && node->output_names[index][0] != '\0';
}

/// Fails with "OP 'node': ..." for an attribute of another kind than asked for.
OLSTM_INLINE_ olstm_status olstm_node_check_attribute(const olstm_node* node,
                                                      const olstm_attribute* attribute,
                                                      int32_t kind, olstm_error* error) {
  if (attribute->kind == kind) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                    "%s '%s': attribute %s is %s, expected %s", node->op_type, node->name,
                    attribute->name, olstm_attribute_kind_name(attribute->kind),
                    olstm_attribute_kind_name(kind));
}

/// The integer attribute `name`, or `fallback` where it is absent.
OLSTM_INLINE_ olstm_status olstm_node_get_int(const olstm_node* node, const char* name,
                                              int64_t fallback, int64_t* out_value,
                                              olstm_error* error) {
  const olstm_attribute* attribute = olstm_node_find_attribute(node, name);
  *out_value = fallback;
  if (!attribute) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, attribute, OLSTM_ATTRIBUTE_INT, error));
  *out_value = attribute->i;
  return OLSTM_STATUS_OK;
}

/// The float attribute `name`, or `fallback` where it is absent.
OLSTM_INLINE_ olstm_status olstm_node_get_float(const olstm_node* node, const char* name,
                                                float fallback, float* out_value,
                                                olstm_error* error) {
  const olstm_attribute* attribute = olstm_node_find_attribute(node, name);
  *out_value = fallback;
  if (!attribute) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, attribute, OLSTM_ATTRIBUTE_FLOAT, error));
  *out_value = attribute->f;
  return OLSTM_STATUS_OK;
}

/// The string attribute `name`, or `fallback` where it is absent.
OLSTM_INLINE_ olstm_status olstm_node_get_string(const olstm_node* node, const char* name,
                                                 const char* fallback,
                                                 const char** out_value,
                                                 olstm_error* error) {
  const olstm_attribute* attribute = olstm_node_find_attribute(node, name);
  *out_value = fallback;
  if (!attribute) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, attribute, OLSTM_ATTRIBUTE_STRING, error));
  *out_value = attribute->strings[0].bytes;
  return OLSTM_STATUS_OK;
}

/// The integer list `name`; NULL and a count of 0 where it is absent.
OLSTM_INLINE_ olstm_status olstm_node_get_ints(const olstm_node* node, const char* name,
                                               const int64_t** out_values,
                                               size_t* out_count, olstm_error* error) {
  const olstm_attribute* attribute = olstm_node_find_attribute(node, name);
  *out_values = NULL;
  *out_count = 0;
  if (!attribute) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(node, attribute, OLSTM_ATTRIBUTE_INTS, error));
  *out_values = attribute->ints;
  *out_count = attribute->count;
  return OLSTM_STATUS_OK;
}

/// Refuses by name every attribute that is not among the `name_count` given ones: nothing
/// is accepted and ignored.
OLSTM_INLINE_ olstm_status olstm_node_allow_attributes(const olstm_node* node,
                                                       const char* const* names,
                                                       size_t name_count,
                                                       olstm_error* error) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    bool known = false;
    for (size_t n = 0; n < name_count && !known; n++) {
      known = strcmp(node->attributes[a].name, names[n]) == 0;
    }
    if (!known) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "%s '%s': unknown attribute '%s' (opset %d)", node->op_type,
                        node->name, node->attributes[a].name, (int)node->opset_version);
    }
  }
  return OLSTM_STATUS_OK;
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_NODE_H_
