// onnx_proto/value_type.h and opset.h, through models: what a graph says of its values.
#include "olstm/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

/// Loads a model with the one graph input, which it frees.
static olstm_status load_input(pb_bytes* value, olstm_model** out_model,
                               olstm_error* error) {
  pb_bytes graph = {0};
  pb_message(&graph, GRAPH_INPUT, value);
  pb_bytes model = onnx_model(&graph);
  return onnx_load(&model, out_model, error);
}

static void expect_refusal(pb_bytes* value, olstm_status expected, const char* message) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(load_input(value, &model, &error), expected);
  assert_string_equal(error.message, message);
}

/// A value whose TypeProto has an empty message in `field`.
static pb_bytes value_of_type(uint32_t field) {
  pb_bytes value = {0};
  pb_bytes type = {0};
  pb_text(&value, 1, "x");
  pb_data(&type, field, "", 0);
  pb_message(&value, 2, &type);
  return value;
}

static void tells_unknown_rank_from_a_scalar(void** state) {
  static const struct {
    const char* dims;
    int32_t rank;
  } kCases[] = {{NULL, -1}, {"", 0}, {"3", 1}, {"1,2,3,4,5,6,7,8", 8}};
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    pb_bytes value = onnx_value("x", OLSTM_DTYPE_FLOAT, kCases[c].dims);
    olstm_model* model = NULL;
    assert_int_equal(load_input(&value, &model, NULL), OLSTM_STATUS_OK);
    assert_int_equal(olstm_model_get_input(model, 0)->rank, kCases[c].rank);
    olstm_model_destroy(model);
  }
}

static void takes_minus_one_for_unknown_and_keeps_zero(void** state) {
  pb_bytes value = onnx_value("x", OLSTM_DTYPE_FLOAT, "-1,0,?,batch,");
  olstm_model* model = NULL;
  (void)state;
  assert_int_equal(load_input(&value, &model, NULL), OLSTM_STATUS_OK);
  const olstm_value_info* info = olstm_model_get_input(model, 0);
  assert_int_equal(info->dims[0], -1);
  assert_int_equal(info->dims[1], 0);
  assert_int_equal(info->dims[2], -1);
  assert_null(info->dim_params[2]);
  assert_string_equal(info->dim_params[3], "batch");
  // A dim_param of no characters names nothing.
  assert_int_equal(info->rank, 5);
  assert_int_equal(info->dims[4], -1);
  assert_null(info->dim_params[4]);
  olstm_model_destroy(model);
}

static void refuses_what_is_no_tensor_of_a_known_dtype(void** state) {
  (void)state;
  pb_bytes value = value_of_type(4);
  expect_refusal(&value, OLSTM_STATUS_UNSUPPORTED,
                 "value 'x' is a sequence: only tensors are supported");
  value = value_of_type(5);
  expect_refusal(&value, OLSTM_STATUS_UNSUPPORTED,
                 "value 'x' is a map: only tensors are supported");
  value = value_of_type(9);
  expect_refusal(&value, OLSTM_STATUS_UNSUPPORTED,
                 "value 'x' is an optional: only tensors are supported");
  value = value_of_type(8);
  expect_refusal(&value, OLSTM_STATUS_UNSUPPORTED,
                 "value 'x' is a sparse tensor: only tensors are supported");
  value = value_of_type(77);
  expect_refusal(
      &value, OLSTM_STATUS_UNSUPPORTED,
      "value 'x' is a type that olstm does not know: only tensors are supported");
  value = value_of_type(1);
  expect_refusal(&value, OLSTM_STATUS_INVALID_MODEL,
                 "graph input 'x' has no element type");
  value = onnx_value("x", 22, "1");
  expect_refusal(&value, OLSTM_STATUS_UNSUPPORTED,
                 "value 'x': element type 22 (int4) is not supported");
  value = onnx_value("x", OLSTM_DTYPE_FLOAT, "1,1,1,1,1,1,1,1,1");
  expect_refusal(&value, OLSTM_STATUS_UNSUPPORTED,
                 "value 'x' has rank 9, at most 8 is supported");
  value = onnx_value("x", OLSTM_DTYPE_FLOAT, "1,-2");
  expect_refusal(&value, OLSTM_STATUS_INVALID_MODEL, "value 'x': dimension 1 is -2");
}

static void uses_value_info_for_what_nodes_make(void** state) {
  pb_bytes graph = {0};
  pb_bytes value = onnx_value("y", OLSTM_DTYPE_FLOAT, NULL);
  pb_bytes node = onnx_node("RandomNormal", "n", "", "y");
  olstm_model* model = NULL;
  (void)state;
  pb_message(&graph, GRAPH_NODE, &node);
  pb_message(&graph, GRAPH_OUTPUT, &value);
  value = onnx_value("y", OLSTM_DTYPE_DOUBLE, "3");
  pb_message(&graph, GRAPH_VALUE_INFO, &value);
  pb_bytes bytes = onnx_model(&graph);
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_OK);
  // The graph's output speaks first.
  assert_int_equal(olstm_model_get_output(model, 0)->dtype, OLSTM_DTYPE_FLOAT);
  olstm_model_destroy(model);
}

static void refuses_opsets_without_version_or_given_twice(void** state) {
  static const struct {
    const char* domain;
    int64_t version;
    const char* message;
  } kCases[] = {
      {"own", 0, "the model imports version 0 of the operator set 'own'"},
      {"own", -1, "the model imports version -1 of the operator set 'own'"},
      {"own", INT64_C(1) << 32,
       "the model imports version 4294967296 of the operator set 'own'"},
      {"ai.onnx", 17, "the model imports the operator set '' twice"},
  };
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    pb_bytes graph = {0};
    pb_bytes bytes = onnx_model(&graph);
    pb_bytes opset = onnx_opset(kCases[c].domain, kCases[c].version);
    olstm_model* model = NULL;
    olstm_error error = {""};
    pb_message(&bytes, MODEL_OPSET, &opset);
    assert_int_equal(onnx_load(&bytes, &model, &error), OLSTM_STATUS_INVALID_MODEL);
    assert_string_equal(error.message, kCases[c].message);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_unknown_rank_from_a_scalar),
      cmocka_unit_test(takes_minus_one_for_unknown_and_keeps_zero),
      cmocka_unit_test(refuses_what_is_no_tensor_of_a_known_dtype),
      cmocka_unit_test(uses_value_info_for_what_nodes_make),
      cmocka_unit_test(refuses_opsets_without_version_or_given_twice),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
