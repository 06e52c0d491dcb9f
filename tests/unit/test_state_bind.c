// runtime/state_bind: a bound input is no input any more, but a state slot of its name.
#include "runtime/state/state_bind.h"

#include "tests/support/graph_fixture.h"

/// x and h [1,N,4] -> y and h_next.
static olstm__graph* make_graph(void) {
  olstm__graph* graph = olstm__graph_create_empty("test", NULL);
  const int32_t x = graph_value(graph, OLSTM__VALUE_INPUT, "x", 3, -1, -1, 3);
  const int32_t h = graph_value(graph, OLSTM__VALUE_INPUT, "h", 3, 1, -1, 4);
  const int32_t y = graph_value(graph, OLSTM__VALUE_NODE, "y", 3, -1, -1, 5);
  const int32_t next = graph_value(graph, OLSTM__VALUE_NODE, "h_next", 3, 1, -1, 4);
  (void)graph_node(graph, "Foo", "f", NULL, 0, (int32_t[]){x, h, -2},
                   (int32_t[]){y, next, -2});
  assert_true(olstm__graph_add_output(graph, y) && olstm__graph_add_output(graph, next));
  return graph;
}

static void turns_an_input_into_a_slot(void** state) {
  olstm__graph* graph = make_graph();
  const olstm_binding binding = {"h_next", "h"};
  (void)state;
  const int32_t h = graph->inputs[1];
  assert_int_equal(olstm__state_bind(graph, 1, &binding, NULL), OLSTM_STATUS_OK);
  assert_int_equal(graph->input_count, 1);
  assert_int_equal(graph->own_input_count, 1);
  assert_int_equal(graph->output_count, 2);
  assert_int_equal(graph->state_count, 1);
  assert_string_equal(graph->states[0].name, "h");
  assert_int_equal(graph->states[0].input, h);
  assert_int_equal(graph->values[h].kind, OLSTM__VALUE_STATE);
  assert_int_equal(graph->states[0].output, graph->outputs[1]);
  assert_int_equal(graph->states[0].batch_axis, -1);
  assert_int_equal(graph->states[0].row_axis, 1);
  assert_int_equal(graph->states[0].dims[2], 4);
  olstm__graph_destroy(graph);
}

static void expect_error(size_t count, const olstm_binding* bindings, olstm_status code,
                         const char* message) {
  olstm__graph* graph = make_graph();
  olstm_error error;
  assert_int_equal(olstm__state_bind(graph, count, bindings, &error), code);
  assert_string_equal(error.message, message);
  olstm__graph_destroy(graph);
}

static void refuses_by_name(void** state) {
  (void)state;
  expect_error(1, (olstm_binding[]){{"q", "h"}}, OLSTM_STATUS_NOT_FOUND,
               "binding: no output 'q'");
  expect_error(1, (olstm_binding[]){{"h_next", "q"}}, OLSTM_STATUS_NOT_FOUND,
               "binding: no input 'q'");
  expect_error(1, (olstm_binding[]){{NULL, "h"}}, OLSTM_STATUS_INVALID_ARGUMENT,
               "binding: the name of its output is NULL");
  expect_error(2, (olstm_binding[]){{"h_next", "h"}, {"h_next", "h"}},
               OLSTM_STATUS_INVALID_ARGUMENT, "binding: input 'h' is bound twice");
  expect_error(1, (olstm_binding[]){{"y", "h"}}, OLSTM_STATUS_SHAPE_MISMATCH,
               "binding: output 'y' has shape [-1,-1,5], input 'h' [1,-1,4]");
}

static void refuses_another_dtype(void** state) {
  olstm__graph* graph = make_graph();
  const olstm_binding binding = {"h_next", "h"};
  olstm_error error;
  (void)state;
  graph->values[graph->inputs[1]].info.dtype = OLSTM_DTYPE_DOUBLE;
  assert_int_equal(olstm__state_bind(graph, 1, &binding, &error),
                   OLSTM_STATUS_DTYPE_MISMATCH);
  assert_string_equal(error.message,
                      "binding: output 'h_next' has dtype float, input 'h' double");
  olstm__graph_destroy(graph);
}

static void refuses_another_size_of_any_dimension(void** state) {
  static const char* const kMessages[] = {
      "binding: output 'h_next' has shape [7,-1,4], input 'h' [1,-1,4]",
      "binding: output 'h_next' has shape [1,-1,7], input 'h' [1,-1,4]"};
  (void)state;
  for (int i = 0; i < 2; i++) {
    olstm__graph* graph = make_graph();
    const olstm_binding binding = {"h_next", "h"};
    olstm_error error;
    graph->values[graph->outputs[1]].info.dims[2 * i] = 7;
    assert_int_equal(olstm__state_bind(graph, 1, &binding, &error),
                     OLSTM_STATUS_SHAPE_MISMATCH);
    assert_string_equal(error.message, kMessages[i]);
    olstm__graph_destroy(graph);
  }
}

static void leaves_the_other_inputs_as_they_are(void** state) {
  olstm__graph* graph = make_graph();
  const olstm_binding binding = {"h_next", "h"};
  (void)state;
  const int32_t z = graph_value(graph, OLSTM__VALUE_INPUT, "z", 1, 2, 0, 0);
  const int32_t x = graph->inputs[0];
  assert_int_equal(olstm__state_bind(graph, 1, &binding, NULL), OLSTM_STATUS_OK);
  assert_int_equal(graph->input_count, 2);
  assert_int_equal(graph->own_input_count, 2);
  assert_int_equal(graph->inputs[0], x);
  assert_int_equal(graph->inputs[1], z);
  olstm__graph_destroy(graph);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(turns_an_input_into_a_slot),
      cmocka_unit_test(refuses_by_name),
      cmocka_unit_test(refuses_another_dtype),
      cmocka_unit_test(refuses_another_size_of_any_dimension),
      cmocka_unit_test(leaves_the_other_inputs_as_they_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
