// onnx_proto/constant_node.h: every form of Constant.
#include "onnx_proto/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

/// Loads a graph whose output is made by the node, which it frees.
static olstm_status load_node(pb_bytes* node, olstm_model** out_model,
                              olstm_error* error) {
  pb_bytes graph = {0};
  pb_bytes output = onnx_value("y", OLSTM_DTYPE_FLOAT, NULL);
  pb_message(&graph, GRAPH_NODE, node);
  pb_message(&graph, GRAPH_OUTPUT, &output);
  pb_bytes model = onnx_model(&graph);
  return onnx_load(&model, out_model, error);
}

static void expect_constant(pb_bytes* node, olstm_dtype dtype, int32_t rank, int64_t dim,
                            const void* elements, size_t bytes) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (load_node(node, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  const olstm__decoded_graph* graph = olstm__model_graph(model);
  assert_int_equal(graph->node_count, 0);
  const olstm__value* value = &graph->values[graph->outputs[0]];
  assert_non_null(value->constant);
  assert_int_equal(value->constant->desc.dtype, dtype);
  assert_int_equal(value->constant->desc.rank, rank);
  assert_int_equal(value->info.dtype, dtype);
  assert_int_equal(value->info.rank, rank);
  if (rank == 1) assert_int_equal(value->constant->desc.dims[0], dim);
  if (elements) assert_memory_equal(value->constant->data, elements, bytes);
  olstm_model_destroy(model);
}

static void expect_refusal(pb_bytes* node, olstm_status expected, const char* message) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(load_node(node, &model, &error), expected);
  assert_string_equal(error.message, message);
}

/// A list attribute whose elements are `field`'s.
static pb_bytes list_attribute(const char* name, int32_t type) {
  pb_bytes attribute = {0};
  pb_text(&attribute, ATTRIBUTE_NAME, name);
  pb_int(&attribute, ATTRIBUTE_TYPE, type);
  return attribute;
}

static void takes_scalars(void** state) {
  const float real = 1.5f;
  const int64_t whole = -3;
  (void)state;
  pb_bytes node = onnx_node("Constant", "c", "", "y");
  onnx_attribute_float(&node, "value_float", real);
  expect_constant(&node, OLSTM_DTYPE_FLOAT, 0, 0, &real, sizeof real);
  node = onnx_node("Constant", "c", "", "y");
  onnx_attribute_int(&node, "value_int", whole);
  expect_constant(&node, OLSTM_DTYPE_INT64, 0, 0, &whole, sizeof whole);
  node = onnx_node("Constant", "c", "", "y");
  onnx_attribute_text(&node, "value_string", "text");
  expect_constant(&node, OLSTM_DTYPE_STRING, 0, 0, NULL, 0);
}

static void takes_lists_also_empty_ones(void** state) {
  const float reals[] = {1.0f, 2.0f};
  const int64_t wholes[] = {7, -8, 9};
  (void)state;
  pb_bytes node = onnx_node("Constant", "c", "", "y");
  pb_bytes attribute = list_attribute("value_floats", OLSTM_ATTRIBUTE_FLOATS);
  pb_float(&attribute, ATTRIBUTE_FLOATS, reals[0]);
  pb_float(&attribute, ATTRIBUTE_FLOATS, reals[1]);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_constant(&node, OLSTM_DTYPE_FLOAT, 1, 2, reals, sizeof reals);

  node = onnx_node("Constant", "c", "", "y");
  attribute = list_attribute("value_ints", OLSTM_ATTRIBUTE_INTS);
  pb_packed(&attribute, ATTRIBUTE_INTS, wholes, 3);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_constant(&node, OLSTM_DTYPE_INT64, 1, 3, wholes, sizeof wholes);

  node = onnx_node("Constant", "c", "", "y");
  attribute = list_attribute("value_ints", OLSTM_ATTRIBUTE_INTS);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_constant(&node, OLSTM_DTYPE_INT64, 1, 0, NULL, 0);

  node = onnx_node("Constant", "c", "", "y");
  attribute = list_attribute("value_strings", OLSTM_ATTRIBUTE_STRINGS);
  pb_text(&attribute, ATTRIBUTE_STRINGS, "a");
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_constant(&node, OLSTM_DTYPE_STRING, 1, 1, NULL, 0);
}

static void takes_a_tensor_and_names_the_node_of_a_bad_one(void** state) {
  const float real = 2.0f;
  (void)state;
  pb_bytes node = onnx_node("Constant", "c", "", "y");
  pb_bytes tensor = onnx_tensor("", OLSTM_DTYPE_FLOAT, "1");
  pb_data(&tensor, TENSOR_RAW_DATA, &real, sizeof real);
  onnx_attribute_tensor(&node, "value", &tensor);
  expect_constant(&node, OLSTM_DTYPE_FLOAT, 1, 1, &real, sizeof real);

  node = onnx_node("Constant", "c", "", "y");
  tensor = onnx_tensor("", OLSTM_DTYPE_FLOAT, "2");
  pb_data(&tensor, TENSOR_RAW_DATA, &real, sizeof real);
  onnx_attribute_tensor(&node, "value", &tensor);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL,
                 "Constant 'c': attribute 'value': raw_data has 4 bytes, expected 8 for "
                 "float [2]");
}

static void reads_the_kind_from_the_field_when_there_is_no_type(void** state) {
  const int64_t whole = 5;
  pb_bytes node = onnx_node("Constant", "c", "", "y");
  pb_bytes attribute = {0};
  (void)state;
  pb_text(&attribute, ATTRIBUTE_NAME, "value_int");
  pb_int(&attribute, ATTRIBUTE_I, whole);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_constant(&node, OLSTM_DTYPE_INT64, 0, 0, &whole, sizeof whole);
}

static void refuses_unknown_attributes(void** state) {
  (void)state;
  pb_bytes node = onnx_node("Constant", "c", "", "y");
  onnx_attribute_int(&node, "values", 1);
  expect_refusal(&node, OLSTM_STATUS_UNSUPPORTED,
                 "Constant 'c': attribute 'values' is not supported");
}

static void refuses_no_value_two_values_and_the_wrong_kind(void** state) {
  (void)state;
  pb_bytes node = onnx_node("Constant", "c", "", "y");
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL, "Constant 'c': has no value");
  node = onnx_node("Constant", "c", "", "y");
  onnx_attribute_int(&node, "value_int", 1);
  onnx_attribute_float(&node, "value_float", 1.0f);
  expect_refusal(
      &node, OLSTM_STATUS_INVALID_MODEL,
      "Constant 'c': has both 'value_int' and 'value_float', expected one value");
  node = onnx_node("Constant", "c", "", "y");
  onnx_attribute_int(&node, "value_float", 1);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL,
                 "Constant 'c': attribute value_float is INT, expected FLOAT");
  node = onnx_node("Constant", "c", "", "y,z");
  onnx_attribute_int(&node, "value_int", 1);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL,
                 "Constant 'c': has 0 inputs and 2 outputs, expected 0 and 1");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_scalars),
      cmocka_unit_test(takes_lists_also_empty_ones),
      cmocka_unit_test(takes_a_tensor_and_names_the_node_of_a_bad_one),
      cmocka_unit_test(reads_the_kind_from_the_field_when_there_is_no_type),
      cmocka_unit_test(refuses_unknown_attributes),
      cmocka_unit_test(refuses_no_value_two_values_and_the_wrong_kind),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
