// onnx_proto/decode.h: graphs, names, captures, attributes, and what is refused.
#include <string.h>

#include "onnx_proto/model.h"
#include "tests/support/graph_text.h"
#include "tests/support/model_verify.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

static void put_node(pb_bytes* graph, const char* op_type, const char* name,
                     const char* inputs, const char* outputs) {
  pb_bytes node = onnx_node(op_type, name, inputs, outputs);
  pb_message(graph, GRAPH_NODE, &node);
}

static void put_input(pb_bytes* graph, const char* name) {
  pb_bytes value = onnx_value(name, OLSTM_DTYPE_FLOAT, "N,2");
  pb_message(graph, GRAPH_INPUT, &value);
}

static void put_output(pb_bytes* graph, const char* name) {
  pb_bytes value = onnx_value(name, OLSTM_DTYPE_FLOAT, NULL);
  pb_message(graph, GRAPH_OUTPUT, &value);
}

static void put_initializer(pb_bytes* graph, const char* name) {
  const float value = 1.0f;
  pb_bytes tensor = onnx_tensor(name, OLSTM_DTYPE_FLOAT, "1");
  pb_data(&tensor, TENSOR_RAW_DATA, &value, sizeof value);
  pb_message(graph, GRAPH_INITIALIZER, &tensor);
}

static void expect_model_text(pb_bytes* bytes, const char* expected) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (onnx_load(bytes, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  assert_null(olstm_model_verify(model));
  assert_string_equal(graph_text(olstm__model_graph(model)), expected);
  olstm_model_destroy(model);
}

static void expect_text(pb_bytes* graph, const char* expected) {
  pb_bytes bytes = onnx_model(graph);
  expect_model_text(&bytes, expected);
}

static void expect_refusal(pb_bytes* graph, olstm_status expected, const char* message) {
  pb_bytes bytes = onnx_model(graph);
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(onnx_load(&bytes, &model, &error), expected);
  assert_string_equal(error.message, message);
  assert_null(model);
}

static void numbers_inputs_nodes_and_absent_values(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_input(&graph, "x");
  put_initializer(&graph, "W");
  put_node(&graph, "LSTM", "l", "x,W,W,,,h,,", "Y,,Yc,");
  put_input(&graph, "h");
  put_output(&graph, "Y");
  put_output(&graph, "Yc");
  expect_text(&graph, "in(x,h) Y,,Yc,=LSTM'l'(x,W#,W#,,,h) out(Y,Yc)");
}

static void drops_inputs_that_repeat_initializers(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_input(&graph, "W");
  put_input(&graph, "x");
  put_initializer(&graph, "W");
  put_node(&graph, "Add", "a", "x,W", "y");
  put_output(&graph, "y");
  expect_text(&graph, "in(x) y=Add'a'(x,W#) out(y)");
}

static void takes_outputs_that_are_inputs_or_constants_or_used(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_input(&graph, "x");
  put_initializer(&graph, "W");
  put_node(&graph, "Neg", "n", "x", "y");
  put_node(&graph, "Abs", "m", "y", "z");
  put_output(&graph, "x");
  put_output(&graph, "W");
  put_output(&graph, "y");
  put_output(&graph, "y");
  put_output(&graph, "z");
  expect_text(&graph, "in(x) y=Neg'n'(x) z=Abs'm'(y) out(x,W#,y,y,z)");
}

static pb_bytes if_node(const char* name, pb_bytes* then_graph, pb_bytes* else_graph) {
  pb_bytes node = onnx_node("If", name, "c", "y");
  onnx_attribute_graph(&node, "then_branch", then_graph);
  onnx_attribute_graph(&node, "else_branch", else_graph);
  return node;
}

static void captures_what_subgraphs_use_through_every_level(void** state) {
  pb_bytes inner = {0};
  pb_bytes inner_else = {0};
  pb_bytes middle = {0};
  pb_bytes other = {0};
  pb_bytes graph = {0};
  (void)state;
  put_node(&inner, "Add", "add", "x,W", "u");
  put_output(&inner, "u");
  put_output(&inner_else, "x");
  pb_bytes node = onnx_node("If", "in", "c", "v");
  onnx_attribute_graph(&node, "then_branch", &inner);
  onnx_attribute_graph(&node, "else_branch", &inner_else);
  pb_message(&middle, GRAPH_NODE, &node);
  put_output(&middle, "v");
  put_node(&other, "Neg", "neg", "x", "v");
  put_output(&other, "v");
  node = if_node("if", &middle, &other);
  pb_message(&graph, GRAPH_NODE, &node);
  put_initializer(&graph, "W");
  put_input(&graph, "x");
  put_input(&graph, "c");
  put_output(&graph, "y");
  expect_text(&graph,
              "in(x,c) y=If'if'(c) {then_branch: in() cap(c<c) cap(x<x) cap(W<W) "
              "v=If'in'(c) {then_branch: in() cap(x<x) cap(W<W) u=Add'add'(x,W) out(u)} "
              "{else_branch: in() cap(x<x) out(x)} out(v)} "
              "{else_branch: in() cap(x<x) v=Neg'neg'(x) out(v)} out(y)");
}

static void an_inner_name_hides_an_outer_one(void** state) {
  pb_bytes then_graph = {0};
  pb_bytes else_graph = {0};
  pb_bytes graph = {0};
  (void)state;
  put_node(&then_graph, "Neg", "n", "c", "x");
  put_output(&then_graph, "x");
  put_initializer(&else_graph, "x");
  put_output(&else_graph, "x");
  pb_bytes node = if_node("if", &then_graph, &else_graph);
  pb_message(&graph, GRAPH_NODE, &node);
  put_input(&graph, "x");
  put_input(&graph, "c");
  put_output(&graph, "y");
  expect_text(&graph,
              "in(x,c) y=If'if'(c) {then_branch: in() cap(c<c) x=Neg'n'(c) out(x)} "
              "{else_branch: in() out(x#)} out(y)");
}

static void refuses_a_name_that_is_made_twice(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_input(&graph, "x");
  put_node(&graph, "Neg", "a", "x", "y");
  put_node(&graph, "Abs", "b", "x", "y");
  put_output(&graph, "y");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "Abs 'b': output 0: 'y' is already an input, an initializer or the "
                 "output of another node");
  put_input(&graph, "x");
  put_node(&graph, "Neg", "", "x", "x");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "Neg (unnamed, makes 'x'): output 0: 'x' is already an input, an "
                 "initializer or the output of another node");
  put_input(&graph, "x");
  put_input(&graph, "x");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "graph '': input 'x' is given twice");
  put_initializer(&graph, "W");
  put_initializer(&graph, "W");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "graph '': initializer 'W' is given twice");
}

static void refuses_names_that_nobody_makes(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_node(&graph, "Neg", "n", "x", "y");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "Neg 'n': input 0: 'x' is made by no input, initializer or node");
  put_output(&graph, "y");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "graph '': output 0 'y' is made by no input, initializer or node");
}

static void refuses_domains_that_are_not_imported(void** state) {
  pb_bytes graph = {0};
  pb_bytes node = onnx_node("Fast", "f", "x", "y");
  (void)state;
  pb_text(&node, NODE_DOMAIN, "com.example");
  pb_message(&graph, GRAPH_NODE, &node);
  put_input(&graph, "x");
  put_output(&graph, "y");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL,
                 "Fast 'f': domain 'com.example' is not imported by the model");
}

static void takes_ai_onnx_for_the_empty_domain(void** state) {
  pb_bytes graph = {0};
  pb_bytes node = onnx_node("Neg", "n", "x", "y");
  olstm_model* model = NULL;
  (void)state;
  pb_text(&node, NODE_DOMAIN, "ai.onnx");
  pb_message(&graph, GRAPH_NODE, &node);
  put_input(&graph, "x");
  put_output(&graph, "y");
  pb_bytes bytes = onnx_model(&graph);
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_OK);
  assert_string_equal(olstm__model_graph(model)->nodes[0].domain, "");
  assert_int_equal(olstm__model_graph(model)->nodes[0].opset_version, 17);
  assert_int_equal(olstm_model_opset_version(model, "ai.onnx"), 17);
  assert_int_equal(olstm_model_opset_version(model, "ai.onnx.ml"), 0);
  olstm_model_destroy(model);
}

static void refuses_training_algorithms(void** state) {
  pb_bytes graph = {0};
  pb_bytes algorithm = {0};
  pb_bytes training = {0};
  olstm_model* model = NULL;
  olstm_error error = {""};
  (void)state;
  put_node(&algorithm, "Neg", "n", "x", "y");
  pb_message(&training, 2, &algorithm);
  pb_bytes bytes = onnx_model(&graph);
  pb_message(&bytes, MODEL_TRAINING, &training);
  assert_int_equal(onnx_load(&bytes, &model, &error), OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(
      error.message,
      "training_info 0: models with a training algorithm are not supported");
}

static void refuses_a_node_without_op_type(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_node(&graph, "", "n", "", "y");
  expect_refusal(&graph, OLSTM_STATUS_INVALID_MODEL, " 'n': node has no op_type");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_inputs_nodes_and_absent_values),
      cmocka_unit_test(drops_inputs_that_repeat_initializers),
      cmocka_unit_test(takes_outputs_that_are_inputs_or_constants_or_used),
      cmocka_unit_test(captures_what_subgraphs_use_through_every_level),
      cmocka_unit_test(an_inner_name_hides_an_outer_one),
      cmocka_unit_test(refuses_a_name_that_is_made_twice),
      cmocka_unit_test(refuses_names_that_nobody_makes),
      cmocka_unit_test(refuses_domains_that_are_not_imported),
      cmocka_unit_test(takes_ai_onnx_for_the_empty_domain),
      cmocka_unit_test(refuses_training_algorithms),
      cmocka_unit_test(refuses_a_node_without_op_type),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
