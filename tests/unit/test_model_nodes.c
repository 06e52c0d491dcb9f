// onnx_proto/model_nodes.c: the nodes of tests/data/broken/small_lstm.onnx, which
// tests/data/make_models.py makes.
#include <stdio.h>

#include "olstm/model.h"
#include "tests/support/test_main.h"

static olstm_model* load(void) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (olstm_model_load_file(OLSTM_TEST_DATA "/broken/small_lstm.onnx", NULL, &model,
                            &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  return model;
}

static void shows_names_attributes_and_constants(void** state) {
  olstm_model* model = load();
  olstm_model_nodes* nodes = NULL;
  int64_t hidden_size = 0;
  (void)state;
  assert_int_equal(olstm_model_nodes_create(model, NULL, &nodes, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_model_nodes_count(nodes), 1);
  const olstm_node* node = olstm_model_nodes_get(nodes, 0);
  assert_string_equal(node->name, "encoder");
  assert_string_equal(node->op_type, "LSTM");
  assert_string_equal(node->domain, "");
  assert_int_equal(node->opset_version, 14);
  assert_int_equal(olstm_node_get_int(node, "hidden_size", 0, &hidden_size, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(hidden_size, 4);
  assert_int_equal(node->input_count, 3);
  assert_string_equal(node->input_names[0], "X");
  assert_null(node->constants[0]);
  assert_string_equal(node->input_names[1], "W");
  assert_string_equal(olstm_shape_text(&node->constants[1]->desc).text, "[1,16,3]");
  assert_int_equal(node->output_count, 1);
  assert_string_equal(node->output_names[0], "Y");
  olstm_model_nodes_destroy(nodes);
  olstm_model_destroy(model);
}

static void destroy_takes_null(void** state) {
  (void)state;
  olstm_model_nodes_destroy(NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shows_names_attributes_and_constants),
      cmocka_unit_test(destroy_takes_null),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
