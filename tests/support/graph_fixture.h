// Nets built by hand, for the tests of passes over them.
#ifndef OLSTM_TESTS_SUPPORT_GRAPH_FIXTURE_H_
#define OLSTM_TESTS_SUPPORT_GRAPH_FIXTURE_H_

#include <string.h>

#include "runtime/graph/graph.h"
#include "tests/support/test_main.h"

/// A value with dtype FLOAT and a shape (rank -1: not declared).
static inline int32_t graph_value(olstm__graph* graph, olstm__value_kind kind,
                                  const char* name, int32_t rank, int64_t a, int64_t b,
                                  int64_t c) {
  const int32_t value = olstm__graph_add_value(graph, kind, name);
  olstm_value_info* info = &graph->values[value].info;
  info->dtype = OLSTM_DTYPE_FLOAT;
  info->rank = rank;
  info->dims[0] = a;
  info->dims[1] = b;
  info->dims[2] = c;
  if (kind == OLSTM__VALUE_INPUT) {
    assert_true(olstm__graph_add_input(graph, value));
    graph->own_input_count = graph->input_count;
  }
  return value;
}

/// A float constant of rank 3 whose elements count up from `first`; 0 makes it all zeros.
static inline int32_t graph_constant(olstm__graph* graph, const char* name, int64_t a,
                                     int64_t b, int64_t c, float first) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 3, {a, b, c}};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(graph, &desc);
  for (int64_t i = 0; i < a * b * c && first != 0; i++) {
    ((float*)tensor->data)[i] = first + (float)i;
  }
  return olstm__graph_add_constant(graph, name, tensor);
}

/// A node of ONNX's own domain, opset 14. Inputs and outputs end with -2; -1 is absent.
static inline int32_t graph_node(olstm__graph* graph, const char* op_type,
                                 const char* name, const olstm_attribute* attributes,
                                 size_t attribute_count, const int32_t* inputs,
                                 const int32_t* outputs) {
  olstm__graph_node node = {.kind = OLSTM__NODE_OPERATOR,
                            .name = name,
                            .op_type = op_type,
                            .domain = "",
                            .opset_version = 14,
                            .attribute_count = attribute_count,
                            .attributes = attributes,
                            // Copied, and not written, by olstm__graph_add_node.
                            .inputs = (int32_t*)inputs,
                            .outputs = (int32_t*)outputs};
  while (inputs[node.input_count] != -2) node.input_count++;
  while (outputs[node.output_count] != -2) node.output_count++;
  const int32_t index = olstm__graph_add_node(graph, &node);
  assert_true(index != OLSTM__NO_VALUE);
  return index;
}

/// The node of that name; fails the test when there is none.
static inline const olstm__graph_node* graph_find(const olstm__graph* graph,
                                                  const char* name) {
  const int32_t index = olstm__graph_find_node(graph, name);
  assert_true(index != OLSTM__NO_VALUE);
  return &graph->nodes[index];
}

#endif  // OLSTM_TESTS_SUPPORT_GRAPH_FIXTURE_H_
