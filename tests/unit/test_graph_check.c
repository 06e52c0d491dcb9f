// onnx_proto/graph_check.h and node_names.h: the order of nodes, and their names.
#include <string.h>

#include "onnx_proto/model.h"
#include "tests/support/graph_text.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

static void put_node(pb_bytes* graph, const char* op_type, const char* name,
                     const char* inputs, const char* outputs) {
  pb_bytes node = onnx_node(op_type, name, inputs, outputs);
  pb_message(graph, GRAPH_NODE, &node);
}

static void put_value(pb_bytes* graph, uint32_t field, const char* name) {
  pb_bytes value = onnx_value(name, OLSTM_DTYPE_FLOAT, NULL);
  pb_message(graph, field, &value);
}

static void expect_text(pb_bytes* graph, const char* expected) {
  pb_bytes bytes = onnx_model(graph);
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (onnx_load(&bytes, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  assert_string_equal(graph_text(olstm__model_graph(model)), expected);
  olstm_model_destroy(model);
}

static void sorts_nodes_and_leaves_sorted_ones_alone(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_value(&graph, GRAPH_INPUT, "x");
  put_node(&graph, "Add", "last", "b,a", "y");
  put_node(&graph, "Neg", "free", "x", "z");
  put_node(&graph, "Abs", "second", "a", "b");
  put_node(&graph, "Exp", "first", "x", "a");
  put_value(&graph, GRAPH_OUTPUT, "y");
  expect_text(&graph,
              "in(x) a=Exp'first'(x) b=Abs'second'(a) y=Add'last'(b,a) "
              "z=Neg'free'(x) out(y)");
}

static void sorts_by_what_subgraphs_capture(void** state) {
  pb_bytes graph = {0};
  pb_bytes branches[2] = {{0}, {0}};
  pb_bytes node = onnx_node("If", "if", "c", "y");
  (void)state;
  for (size_t i = 0; i < 2; i++) put_value(&branches[i], GRAPH_OUTPUT, "a");
  onnx_attribute_graph(&node, "then_branch", &branches[0]);
  onnx_attribute_graph(&node, "else_branch", &branches[1]);
  put_value(&graph, GRAPH_INPUT, "c");
  pb_message(&graph, GRAPH_NODE, &node);
  put_node(&graph, "Neg", "n", "c", "a");
  put_value(&graph, GRAPH_OUTPUT, "y");
  expect_text(&graph,
              "in(c) a=Neg'n'(c) y=If'if'(c) {then_branch: in() cap(a<a) out(a)} "
              "{else_branch: in() cap(a<a) out(a)} out(y)");
}

static void refuses_cycles_and_names_one_on_them(void** state) {
  static const char* const kNames[] = {"one", ""};
  static const char* const kMessages[] = {
      "Neg 'one': needs tensor 'b', which needs what this node makes: a cycle",
      "Neg 'a' (its output): needs tensor 'b', which needs what this node makes: a "
      "cycle"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    pb_bytes graph = {0};
    olstm_model* model = NULL;
    olstm_error error = {""};
    put_node(&graph, "Abs", kNames[i][0] ? "two" : "", "a", "b");
    put_node(&graph, "Neg", kNames[i], "b", "a");
    pb_bytes bytes = onnx_model(&graph);
    assert_int_equal(onnx_load(&bytes, &model, &error), OLSTM_STATUS_INVALID_MODEL);
    assert_string_equal(error.message, kMessages[i]);
  }
}

static void refuses_a_node_that_needs_itself(void** state) {
  pb_bytes graph = {0};
  olstm_model* model = NULL;
  olstm_error error = {""};
  (void)state;
  put_node(&graph, "Neg", "n", "y", "y");
  pb_bytes bytes = onnx_model(&graph);
  assert_int_equal(onnx_load(&bytes, &model, &error), OLSTM_STATUS_INVALID_MODEL);
  assert_non_null(strstr(error.message, "a cycle"));
}

static void sorts_a_long_chain_without_recursion(void** state) {
  enum { kLength = 20000 };
  pb_bytes graph = {0};
  olstm_model* model = NULL;
  (void)state;
  put_value(&graph, GRAPH_INPUT, "v0");
  for (int i = kLength; i > 0; i--) {
    char input[16];
    char output[16];
    (void)snprintf(input, sizeof input, "v%d", i - 1);
    (void)snprintf(output, sizeof output, "v%d", i);
    put_node(&graph, "Neg", NULL, input, output);
  }
  pb_bytes bytes = onnx_model(&graph);
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_OK);
  const olstm__decoded_graph* loaded = olstm__model_graph(model);
  assert_int_equal(loaded->node_count, kLength);
  assert_string_equal(loaded->values[loaded->nodes[0].inputs[0]].info.name, "v0");
  olstm_model_destroy(model);
}

static void names_nodes_uniquely_and_keeps_given_names(void** state) {
  pb_bytes graph = {0};
  (void)state;
  put_value(&graph, GRAPH_INPUT, "x");
  put_node(&graph, "Neg", "", "x", "a");
  put_node(&graph, "Neg", "twin", "x", "b");
  put_node(&graph, "Abs", "twin", "x", "c");
  put_node(&graph, "Neg", "Neg_0", "x", "d");
  put_node(&graph, "Abs", NULL, "x", "e");
  put_node(&graph, "Abs", "two\nlines", "x", "f");
  put_value(&graph, GRAPH_OUTPUT, "f");
  expect_text(&graph,
              "in(x) a=Neg'Neg_0_2'(x) b=Neg'twin'(x) c=Abs'twin_1'(x) d=Neg'Neg_0'(x) "
              "e=Abs'Abs_4'(x) f=Abs'two?lines'(x) out(f)");
}

static void names_of_the_main_graph_come_before_those_of_subgraphs(void** state) {
  pb_bytes graph = {0};
  pb_bytes body = {0};
  (void)state;
  put_node(&body, "Neg", "n", "x", "u");
  put_value(&body, GRAPH_OUTPUT, "u");
  pb_bytes node = onnx_node("If", "if", "x", "y");
  onnx_attribute_graph(&node, "then_branch", &body);
  pb_message(&graph, GRAPH_NODE, &node);
  put_value(&graph, GRAPH_INPUT, "x");
  put_node(&graph, "Neg", "n", "x", "z");
  put_value(&graph, GRAPH_OUTPUT, "y");
  expect_text(&graph,
              "in(x) y=If'if'(x) {then_branch: in() cap(x<x) u=Neg'n_1'(x) "
              "out(u)} z=Neg'n'(x) out(y)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorts_nodes_and_leaves_sorted_ones_alone),
      cmocka_unit_test(sorts_by_what_subgraphs_capture),
      cmocka_unit_test(refuses_cycles_and_names_one_on_them),
      cmocka_unit_test(refuses_a_node_that_needs_itself),
      cmocka_unit_test(sorts_a_long_chain_without_recursion),
      cmocka_unit_test(names_nodes_uniquely_and_keeps_given_names),
      cmocka_unit_test(names_of_the_main_graph_come_before_those_of_subgraphs),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
