// runtime/state_nodes: recurrent nodes get state slots, and what fed their initial state
// is what the slots start from.
#include "runtime/state/state_bind.h"
#include "tests/support/graph_fixture.h"

static const olstm_attribute kHidden = {
    .name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = 4};
static const olstm_string kBidirectional = {"bidirectional", 13};
static const olstm_attribute kBatchFirst[] = {
    {.name = "hidden_size", .kind = OLSTM_ATTRIBUTE_INT, .i = 4},
    {.name = "layout", .kind = OLSTM_ATTRIBUTE_INT, .i = 1},
    {.name = "direction",
     .kind = OLSTM_ATTRIBUTE_STRING,
     .count = 1,
     .strings = &kBidirectional}};

/// X -> LSTM 'l' -> Y, with these for initial_h and initial_c.
static olstm__graph* make_graph(int32_t* out_x) {
  olstm__graph* graph = olstm__graph_create_empty("test", NULL);
  *out_x = graph_value(graph, OLSTM__VALUE_INPUT, "x", 3, -1, -1, 3);
  return graph;
}

static void add_lstm(olstm__graph* graph, int32_t x, int32_t h, int32_t c) {
  int32_t y = graph_value(graph, OLSTM__VALUE_NODE, "y", -1, 0, 0, 0);
  int32_t inputs[] = {x,
                      graph_constant(graph, "w", 1, 16, 3, 1),
                      graph_constant(graph, "r", 1, 16, 4, 1),
                      OLSTM__NO_VALUE,
                      OLSTM__NO_VALUE,
                      h,
                      c,
                      -2};
  int32_t outputs[] = {y, -2};
  if (h == OLSTM__NO_VALUE && c == OLSTM__NO_VALUE) inputs[3] = -2;
  (void)graph_node(graph, "LSTM", "l", &kHidden, 1, inputs, outputs);
  assert_true(olstm__graph_add_output(graph, y));
}

static void make_stateful(olstm__graph* graph, const char* name) {
  olstm_error error = {""};
  const olstm_status status = olstm__state_make_stateful(graph, 0, 1, &name, &error);
  if (status != OLSTM_STATUS_OK) fail_msg("%s", error.message);
}

static void gives_h_and_c_slots_that_start_from_zeros(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  add_lstm(graph, x, OLSTM__NO_VALUE, OLSTM__NO_VALUE);
  make_stateful(graph, "all");
  const olstm__graph_node* lstm = graph_find(graph, "l");
  assert_int_equal(graph->state_count, 2);
  assert_string_equal(graph->states[0].name, "l/h");
  assert_string_equal(graph->states[1].name, "l/c");
  for (size_t s = 0; s < 2; s++) {
    const olstm__graph_state* slot = &graph->states[s];
    assert_int_equal(slot->dtype, OLSTM_DTYPE_FLOAT);
    assert_int_equal(slot->rank, 3);
    assert_int_equal(slot->dims[0], 1);
    assert_int_equal(slot->dims[1], -1);
    assert_int_equal(slot->dims[2], 4);
    assert_int_equal(slot->source, x);
    assert_int_equal(slot->source_axis, 1);
    assert_null(slot->initial);
    assert_false(slot->has_start);
    assert_int_equal(lstm->inputs[5 + s], slot->input);
    assert_int_equal(lstm->outputs[1 + s], slot->output);
  }
  olstm__graph_destroy(graph);
}

static void starts_from_constants(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  const int32_t shared = graph_constant(graph, "start", 1, 2, 4, 3);
  add_lstm(graph, x, shared, shared);
  make_stateful(graph, "l");
  assert_ptr_equal(graph->states[0].initial, graph->values[shared].constant);
  assert_ptr_equal(graph->states[1].initial, graph->values[shared].constant);
  assert_int_not_equal(graph->states[0].input, graph->states[1].input);
  olstm__graph_destroy(graph);
}

static void sees_through_how_exporters_write_zeros(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  int32_t shape = graph_value(graph, OLSTM__VALUE_NODE, "shape", -1, 0, 0, 0);
  int32_t expanded = graph_value(graph, OLSTM__VALUE_NODE, "expanded", -1, 0, 0, 0);
  int32_t zeros = graph_value(graph, OLSTM__VALUE_NODE, "zeros", -1, 0, 0, 0);
  (void)graph_node(graph, "Shape", "s", NULL, 0, (int32_t[]){x, -2},
                   (int32_t[]){shape, -2});
  int32_t zero = graph_constant(graph, "zero", 1, 1, 1, 0);
  (void)graph_node(graph, "Expand", "e", NULL, 0, (int32_t[]){zero, shape, -2},
                   (int32_t[]){expanded, -2});
  (void)graph_node(graph, "Unsqueeze", "u", NULL, 0, (int32_t[]){expanded, -2},
                   (int32_t[]){zeros, -2});
  add_lstm(graph, x, zeros, zeros);
  make_stateful(graph, "l");
  assert_int_equal(graph->state_count, 2);
  assert_false(graph->states[0].has_start);
  assert_null(graph->states[0].initial);
  assert_int_equal(graph_find(graph, "l")->inputs[5], graph->states[0].input);
  olstm__graph_destroy(graph);
}

static void chooses_row_by_row_when_the_graph_computes_the_start(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  const int32_t h = graph_value(graph, OLSTM__VALUE_INPUT, "h", 3, 1, -1, 4);
  add_lstm(graph, x, h, OLSTM__NO_VALUE);
  make_stateful(graph, "l");
  assert_int_equal(graph->state_count, 3);
  assert_true(graph->states[0].has_start);
  assert_true(graph->states[1].is_internal);
  assert_int_equal(graph->states[1].dtype, OLSTM_DTYPE_BOOL);
  assert_int_equal(graph->states[1].dims[2], 1);
  assert_string_equal(graph->states[2].name, "l/c");
  const olstm__graph_node* where =
      olstm__graph_producer_of_type(graph, graph_find(graph, "l")->inputs[5], "Where");
  assert_non_null(where);
  assert_int_equal(where->inputs[0], graph->states[1].input);
  assert_int_equal(where->inputs[1], graph->states[0].input);
  assert_int_equal(where->inputs[2], h);
  olstm__graph_destroy(graph);
}

static void shows_batch_first_nodes_as_all_others(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  int32_t y = graph_value(graph, OLSTM__VALUE_NODE, "y", -1, 0, 0, 0);
  // [N,D,H] = [3,2,4] counting up from 1.
  int32_t inputs[] = {x,
                      graph_constant(graph, "w", 2, 12, 3, 1),
                      graph_constant(graph, "r", 2, 12, 4, 1),
                      OLSTM__NO_VALUE,
                      OLSTM__NO_VALUE,
                      graph_constant(graph, "start", 3, 2, 4, 1),
                      -2};
  int32_t outputs[] = {y, -2};
  (void)graph_node(graph, "GRU", "g", kBatchFirst, 3, inputs, outputs);
  assert_true(olstm__graph_add_output(graph, y));
  make_stateful(graph, "g");
  assert_int_equal(graph->state_count, 1);
  const olstm__graph_state* slot = &graph->states[0];
  assert_int_equal(slot->dims[0], 2);
  assert_int_equal(slot->source_axis, 0);
  assert_int_equal(slot->initial->desc.dims[0], 2);
  assert_int_equal(slot->initial->desc.dims[1], 3);
  const float* start = slot->initial->data;
  assert_true(start[0] == 1 && start[4] == 9 && start[8] == 17 && start[12] == 5);
  const olstm__graph_node* in = olstm__graph_producer_of_type(
      graph, graph_find(graph, "g")->inputs[5], "Transpose");
  const olstm__graph_node* out =
      olstm__graph_producer_of_type(graph, slot->output, "Transpose");
  assert_non_null(in);
  assert_non_null(out);
  assert_int_equal(in->inputs[0], slot->input);
  assert_int_equal(out->inputs[0], graph_find(graph, "g")->outputs[1]);
  olstm__graph_destroy(graph);
}

static void expect_error(olstm__graph* graph, size_t count, const char* const* names,
                         olstm_status code, const char* message) {
  olstm_error error;
  assert_int_equal(olstm__state_make_stateful(graph, 0, count, names, &error), code);
  assert_string_equal(error.message, message);
}

static void refuses_by_name(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  expect_error(graph, 1, (const char*[]){"all"}, OLSTM_STATUS_NOT_FOUND,
               "stateful: the model has no LSTM, GRU or RNN node");
  expect_error(graph, 1, (const char*[]){"q"}, OLSTM_STATUS_NOT_FOUND,
               "stateful: no node 'q', nor any recurrent node");
  int32_t shape = graph_value(graph, OLSTM__VALUE_NODE, "shape", -1, 0, 0, 0);
  (void)graph_node(graph, "Shape", "s", NULL, 0, (int32_t[]){x, -2},
                   (int32_t[]){shape, -2});
  add_lstm(graph, x, OLSTM__NO_VALUE, OLSTM__NO_VALUE);
  expect_error(graph, 1, (const char*[]){"q"}, OLSTM_STATUS_NOT_FOUND,
               "stateful: no node 'q'; recurrent nodes are: 'l'");
  expect_error(graph, 1, (const char*[]){"s"}, OLSTM_STATUS_INVALID_ARGUMENT,
               "stateful: node 's' is a Shape, expected LSTM, GRU or RNN");
  expect_error(graph, 2, (const char*[]){"l", "l"}, OLSTM_STATUS_INVALID_ARGUMENT,
               "stateful: there are two slots 'l/h'");
  olstm__graph_destroy(graph);
}

static void refuses_a_constant_start_of_another_shape(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  add_lstm(graph, x, graph_constant(graph, "start", 1, 2, 5, 1), OLSTM__NO_VALUE);
  expect_error(graph, 1, (const char*[]){"l"}, OLSTM_STATUS_SHAPE_MISMATCH,
               "LSTM 'l': initial_h has shape [1,2,5], expected [1,2,4]");
  olstm__graph_destroy(graph);
}

static void broadcasts_initial_states_of_stateless_nodes(void** state) {
  int32_t x = 0;
  olstm__graph* graph = make_graph(&x);
  (void)state;
  const int32_t start = graph_constant(graph, "start", 1, 1, 4, 3);
  add_lstm(graph, x, start, OLSTM__NO_VALUE);
  assert_int_equal(olstm__state_broadcast_initial(graph, NULL), OLSTM_STATUS_OK);
  const olstm__graph_node* lstm = graph_find(graph, "l");
  const olstm__graph_node* expand =
      olstm__graph_producer_of_type(graph, lstm->inputs[5], "Expand");
  assert_non_null(expand);
  assert_int_equal(expand->inputs[0], start);
  assert_int_equal(lstm->inputs[6], OLSTM__NO_VALUE);
  const olstm__graph_node* concat =
      olstm__graph_producer_of_type(graph, expand->inputs[1], "Concat");
  assert_non_null(concat);
  const olstm__graph_node* gather =
      olstm__graph_producer_of_type(graph, concat->inputs[1], "Gather");
  assert_non_null(gather);
  assert_int_equal(*(int64_t*)olstm__graph_constant(graph, gather->inputs[1])->data, 1);
  assert_int_equal(*(int64_t*)olstm__graph_constant(graph, concat->inputs[2])->data, 4);
  assert_int_equal(graph->nodes[graph->order[graph->order_count - 1]].op_type[0], 'L');
  olstm__graph_destroy(graph);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_h_and_c_slots_that_start_from_zeros),
      cmocka_unit_test(starts_from_constants),
      cmocka_unit_test(sees_through_how_exporters_write_zeros),
      cmocka_unit_test(chooses_row_by_row_when_the_graph_computes_the_start),
      cmocka_unit_test(shows_batch_first_nodes_as_all_others),
      cmocka_unit_test(refuses_by_name),
      cmocka_unit_test(refuses_a_constant_start_of_another_shape),
      cmocka_unit_test(broadcasts_initial_states_of_stateless_nodes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
