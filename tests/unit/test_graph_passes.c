// runtime/graph/graph_passes.c: sorting, dead nodes, constants that bodies see.
#include "runtime/graph/graph.h"
#include "tests/support/test_main.h"

static int32_t value(olstm__graph* graph, olstm__value_kind kind, const char* name) {
  return olstm__graph_add_value(graph, kind, name);
}

static int32_t node(olstm__graph* graph, const char* op_type, int32_t input,
                    int32_t output, int32_t output_1) {
  int32_t outputs[] = {output, output_1};
  const olstm__graph_node made = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = op_type,
                                  .op_type = op_type,
                                  .domain = "",
                                  .input_count = 1,
                                  .inputs = &input,
                                  .output_count = 2,
                                  .outputs = outputs};
  return olstm__graph_add_node(graph, &made);
}

static void sorts_nodes_that_were_added_out_of_order(void** state) {
  olstm__graph* graph = olstm__graph_create_empty("n", NULL);
  (void)state;
  const int32_t x = value(graph, OLSTM__VALUE_INPUT, "x");
  const int32_t a = value(graph, OLSTM__VALUE_NODE, "a");
  const int32_t b = value(graph, OLSTM__VALUE_NODE, "b");
  const int32_t c = value(graph, OLSTM__VALUE_NODE, "c");
  const int32_t last = node(graph, "Last", b, c, OLSTM__NO_VALUE);
  const int32_t middle = node(graph, "Middle", a, b, OLSTM__NO_VALUE);
  const int32_t first = node(graph, "First", x, a, OLSTM__NO_VALUE);
  assert_int_equal(olstm__graph_sort(graph, NULL), OLSTM_STATUS_OK);
  assert_int_equal(graph->order_count, 3);
  assert_int_equal(graph->order[0], first);
  assert_int_equal(graph->order[1], middle);
  assert_int_equal(graph->order[2], last);
  olstm__graph_set_input(graph, first, 0, c);
  assert_int_equal(olstm__graph_sort(graph, NULL), OLSTM_STATUS_INVALID_MODEL);
  olstm__graph_destroy(graph);
}

static void sorting_keeps_an_order_that_is_right(void** state) {
  olstm__graph* graph = olstm__graph_create_empty("n", NULL);
  (void)state;
  const int32_t x = value(graph, OLSTM__VALUE_INPUT, "x");
  int32_t nodes[40];
  for (int i = 0; i < 40; i++) {
    nodes[i] =
        node(graph, "Relu", x, value(graph, OLSTM__VALUE_NODE, "v"), OLSTM__NO_VALUE);
  }
  assert_int_equal(olstm__graph_sort(graph, NULL), OLSTM_STATUS_OK);
  for (int i = 0; i < 40; i++) assert_int_equal(graph->order[i], nodes[i]);
  olstm__graph_destroy(graph);
}

static void removes_chains_of_dead_nodes(void** state) {
  olstm__graph* graph = olstm__graph_create_empty("n", NULL);
  (void)state;
  const int32_t x = value(graph, OLSTM__VALUE_INPUT, "x");
  const int32_t a = value(graph, OLSTM__VALUE_NODE, "a");
  const int32_t b = value(graph, OLSTM__VALUE_NODE, "b");
  const int32_t c = value(graph, OLSTM__VALUE_NODE, "c");
  (void)node(graph, "Relu", x, a, OLSTM__NO_VALUE);
  (void)node(graph, "Relu", a, b, OLSTM__NO_VALUE);
  const int32_t wanted = node(graph, "Tanh", x, c, OLSTM__NO_VALUE);
  (void)olstm__graph_add_output(graph, c);
  olstm__graph_remove_dead(graph);
  assert_int_equal(graph->order_count, 1);
  assert_int_equal(graph->order[0], wanted);
  assert_int_equal(graph->values[x].use_count, 1);
  olstm__graph_destroy(graph);
}

static void keeps_what_tells_a_state_slot_its_batch(void** state) {
  olstm__graph* graph = olstm__graph_create_empty("n", NULL);
  (void)state;
  const int32_t x = value(graph, OLSTM__VALUE_INPUT, "x");
  const int32_t a = value(graph, OLSTM__VALUE_NODE, "a");
  const int32_t s = value(graph, OLSTM__VALUE_STATE, "s");
  const int32_t y = value(graph, OLSTM__VALUE_NODE, "y");
  (void)node(graph, "Transpose", x, a, OLSTM__NO_VALUE);
  (void)node(graph, "Relu", s, y, OLSTM__NO_VALUE);
  const olstm__graph_state slot = {
      .name = "s", .input = s, .output = y, .batch_axis = 0, .source = a};
  assert_true(olstm__graph_add_state(graph, &slot));
  olstm__graph_remove_dead(graph);
  assert_int_equal(graph->order_count, 2);
  olstm__graph_destroy(graph);
}

static void drops_unwanted_outputs_where_onnx_calls_them_optional(void** state) {
  olstm__graph* graph = olstm__graph_create_empty("n", NULL);
  (void)state;
  const int32_t x = value(graph, OLSTM__VALUE_INPUT, "x");
  const int32_t y = value(graph, OLSTM__VALUE_NODE, "y");
  const int32_t h = value(graph, OLSTM__VALUE_NODE, "h");
  const int32_t s = value(graph, OLSTM__VALUE_NODE, "s");
  const int32_t t = value(graph, OLSTM__VALUE_NODE, "t");
  const int32_t lstm = node(graph, "LSTM", x, y, h);
  const int32_t whole = value(graph, OLSTM__VALUE_NODE, "whole");
  const int32_t unused = value(graph, OLSTM__VALUE_NODE, "unused");
  const int32_t other_lstm = node(graph, "LSTM", x, whole, unused);
  const int32_t split = node(graph, "Split", x, s, t);
  (void)olstm__graph_add_output(graph, h);
  (void)olstm__graph_add_output(graph, s);
  (void)olstm__graph_add_output(graph, whole);
  olstm__graph_remove_dead(graph);
  assert_int_equal(graph->nodes[lstm].outputs[0], OLSTM__NO_VALUE);
  assert_int_equal(graph->nodes[lstm].outputs[1], h);
  assert_int_equal(graph->nodes[other_lstm].outputs[0], whole);
  assert_int_equal(graph->nodes[other_lstm].outputs[1], OLSTM__NO_VALUE);
  assert_int_equal(graph->nodes[split].outputs[1], t);
  olstm__graph_destroy(graph);
}

static void constants_reach_bodies_at_every_depth(void** state) {
  static float data = 1;
  static const olstm_tensor kOne = {{OLSTM_DTYPE_FLOAT, 0, {0}}, &data};
  olstm__graph* graphs[3];
  int32_t inner[3];
  (void)state;
  for (int d = 0; d < 3; d++) {
    graphs[d] = olstm__graph_create_empty("n", NULL);
    inner[d] = value(graphs[d], OLSTM__VALUE_INPUT, "w");
    (void)olstm__graph_add_input(graphs[d], inner[d]);
  }
  for (int d = 1; d >= 0; d--) {
    olstm__graph_body body = {"body", graphs[d + 1], 0, 1};
    const olstm__graph_node loop = {.kind = OLSTM__NODE_CONTROL,
                                    .name = "loop",
                                    .op_type = "Loop",
                                    .domain = "",
                                    .input_count = 1,
                                    .inputs = &inner[d],
                                    .body_count = 1,
                                    .bodies = &body};
    (void)olstm__graph_add_node(graphs[d], &loop);
  }
  olstm__graph_make_constant(graphs[0], inner[0], &kOne);
  olstm__graph_propagate_captured_constants(graphs[0]);
  assert_ptr_equal(olstm__graph_constant(graphs[2], inner[2]), &kOne);
  assert_int_equal(graphs[2]->input_count, 0);
  assert_int_equal(graphs[1]->nodes[0].input_count, 0);
  assert_int_equal(graphs[1]->values[inner[1]].use_count, 0);
  olstm__graph_destroy(graphs[0]);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorts_nodes_that_were_added_out_of_order),
      cmocka_unit_test(sorting_keeps_an_order_that_is_right),
      cmocka_unit_test(removes_chains_of_dead_nodes),
      cmocka_unit_test(keeps_what_tells_a_state_slot_its_batch),
      cmocka_unit_test(drops_unwanted_outputs_where_onnx_calls_them_optional),
      cmocka_unit_test(constants_reach_bodies_at_every_depth),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
