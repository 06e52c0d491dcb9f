// onnx_proto/attribute.h: every kind of attribute, and what is refused.
#include "onnx_proto/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

/// Loads a graph of one node, which it frees.
static olstm_status load_node(pb_bytes* node, olstm_model** out_model,
                              olstm_error* error) {
  pb_bytes graph = {0};
  pb_message(&graph, GRAPH_NODE, node);
  pb_bytes model = onnx_model(&graph);
  return onnx_load(&model, out_model, error);
}

static void expect_refusal(pb_bytes* node, olstm_status expected, const char* message) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(load_node(node, &model, &error), expected);
  assert_string_equal(error.message, message);
}

static pb_bytes attribute_of(const char* name, int32_t type) {
  pb_bytes attribute = {0};
  pb_text(&attribute, ATTRIBUTE_NAME, name);
  if (type != 0) pb_int(&attribute, ATTRIBUTE_TYPE, type);
  return attribute;
}

static void copies_every_kind(void** state) {
  const int64_t ints[] = {1, -2};
  pb_bytes node = onnx_node("Op", "n", "", "y");
  pb_bytes tensor = onnx_tensor("t", OLSTM_DTYPE_FLOAT, "0");
  pb_bytes graph = {0};
  olstm_model* model = NULL;
  (void)state;
  onnx_attribute_float(&node, "float", 1.5f);
  onnx_attribute_int(&node, "int", -7);
  onnx_attribute_text(&node, "text", "abc");
  onnx_attribute_tensor(&node, "tensor", &tensor);
  onnx_attribute_graph(&node, "graph", &graph);
  pb_bytes list = attribute_of("floats", OLSTM_ATTRIBUTE_FLOATS);
  pb_float(&list, ATTRIBUTE_FLOATS, 2.5f);
  pb_message(&node, NODE_ATTRIBUTE, &list);
  list = attribute_of("ints", OLSTM_ATTRIBUTE_INTS);
  pb_packed(&list, ATTRIBUTE_INTS, ints, 2);
  pb_message(&node, NODE_ATTRIBUTE, &list);
  list = attribute_of("texts", OLSTM_ATTRIBUTE_STRINGS);
  pb_text(&list, ATTRIBUTE_STRINGS, "a");
  pb_text(&list, ATTRIBUTE_STRINGS, "");
  pb_message(&node, NODE_ATTRIBUTE, &list);
  assert_int_equal(load_node(&node, &model, NULL), OLSTM_STATUS_OK);

  const olstm__decoded_node* loaded = &olstm__model_graph(model)->nodes[0];
  const olstm_attribute* a = loaded->attributes;
  assert_int_equal(loaded->attribute_count, 8);
  assert_true(a[0].kind == OLSTM_ATTRIBUTE_FLOAT && a[0].f == 1.5f);
  assert_true(a[1].kind == OLSTM_ATTRIBUTE_INT && a[1].i == -7);
  assert_int_equal(a[2].kind, OLSTM_ATTRIBUTE_STRING);
  assert_string_equal(a[2].strings[0].bytes, "abc");
  assert_true(a[3].kind == OLSTM_ATTRIBUTE_TENSOR && a[3].tensor->desc.rank == 1);
  assert_true(a[4].kind == OLSTM_ATTRIBUTE_GRAPH && a[4].graph);
  assert_true(a[5].kind == OLSTM_ATTRIBUTE_FLOATS && a[5].floats[0] == 2.5f);
  assert_int_equal(a[6].count, 2);
  assert_int_equal(a[6].ints[1], -2);
  assert_int_equal(a[7].count, 2);
  assert_int_equal(a[7].strings[1].byte_count, 0);
  olstm_model_destroy(model);
}

static void takes_default_values_for_scalars_that_are_not_written(void** state) {
  pb_bytes node = onnx_node("Op", "n", "", "y");
  olstm_model* model = NULL;
  (void)state;
  for (int32_t type = OLSTM_ATTRIBUTE_FLOAT; type <= OLSTM_ATTRIBUTE_STRING; type++) {
    const char name[2] = {(char)('a' + type), '\0'};
    pb_bytes attribute = attribute_of(name, type);
    pb_message(&node, NODE_ATTRIBUTE, &attribute);
  }
  assert_int_equal(load_node(&node, &model, NULL), OLSTM_STATUS_OK);
  const olstm_attribute* a = olstm__model_graph(model)->nodes[0].attributes;
  assert_true(a[0].f == 0.0f && a[1].i == 0);
  assert_string_equal(a[2].strings[0].bytes, "");
  olstm_model_destroy(model);
}

static void refuses_values_of_two_kinds_or_of_none(void** state) {
  pb_bytes node = onnx_node("Op", "n", "", "y");
  pb_bytes attribute = attribute_of("a", OLSTM_ATTRIBUTE_INT);
  (void)state;
  pb_float(&attribute, ATTRIBUTE_F, 1.0f);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL,
                 "Op 'n': attribute 'a' holds FLOAT, expected INT alone");
  node = onnx_node("Op", "n", "", "y");
  attribute = attribute_of("a", 0);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL, "Op 'n': attribute 'a' has no value");
  node = onnx_node("Op", "n", "", "y");
  attribute = attribute_of("a", OLSTM_ATTRIBUTE_TENSOR);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL,
                 "Op 'n': attribute 'a' has type TENSOR, but no value");
}

static void refuses_kinds_that_it_lacks(void** state) {
  pb_bytes node = onnx_node("Op", "n", "", "y");
  pb_bytes attribute = attribute_of("a", 9);
  (void)state;
  pb_data(&attribute, ATTRIBUTE_TENSORS, "", 0);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_refusal(&node, OLSTM_STATUS_UNSUPPORTED,
                 "Op 'n': attribute 'a' has type 9 (TENSORS), which is not supported");
  node = onnx_node("Op", "n", "", "y");
  attribute = attribute_of("a", 99);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  expect_refusal(&node, OLSTM_STATUS_UNSUPPORTED,
                 "Op 'n': attribute 'a' has type 99 (unknown), which is not supported");
}

static void refuses_names_given_twice_missing_or_too_many(void** state) {
  pb_bytes node = onnx_node("Op", "n", "", "y");
  (void)state;
  onnx_attribute_int(&node, "a", 1);
  onnx_attribute_int(&node, "a", 2);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL,
                 "Op 'n': attribute 'a' is given twice");
  node = onnx_node("Op", "n", "", "y");
  onnx_attribute_int(&node, "", 1);
  expect_refusal(&node, OLSTM_STATUS_INVALID_MODEL, "Op 'n': attribute 0 has no name");
  node = onnx_node("Op", "n", "", "y");
  for (int i = 0; i < 65; i++) onnx_attribute_int(&node, "a", 1);
  expect_refusal(&node, OLSTM_STATUS_LIMIT_EXCEEDED,
                 "Op 'n': has 65 attributes, at most 64 are supported");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(copies_every_kind),
      cmocka_unit_test(takes_default_values_for_scalars_that_are_not_written),
      cmocka_unit_test(refuses_values_of_two_kinds_or_of_none),
      cmocka_unit_test(refuses_kinds_that_it_lacks),
      cmocka_unit_test(refuses_names_given_twice_missing_or_too_many),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
