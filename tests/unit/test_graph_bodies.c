// runtime/graph/graph_bodies.c: captures and outputs that passes add to control nodes.
#include "runtime/graph/graph.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static const char kText[] =
    "input c bool[]\ninput a float[2]\ninput b float[2]\n"
    "graph t\nnode Neg a -> ta\nnode Abs b -> tb\noutput ta\noutput tb\nend\n"
    "graph e\nnode Abs b -> eb\noutput eb\nend\n"
    "node If c -> y then_branch=@t else_branch=@e\noutput y\n";

static olstm__graph* make_graph(const olstm_allocator* allocator) {
  olstm_error error = {""};
  olstm__graph* graph = NULL;
  static olstm_model* model;
  if (!model) model = olstm_test_model(kText);
  (void)olstm__graph_create(olstm__model_graph(model), 0, NULL, allocator, &graph,
                            &error);
  return graph;
}

/// The node's inputs behind its own by name: "b a | b" for the captures of two bodies.
static void expect_captures(const olstm__graph* graph, const char* expected) {
  const olstm__graph_node* node = &graph->nodes[0];
  char text[64] = "";
  for (size_t b = 0; b < node->body_count; b++) {
    const olstm__graph_body* body = &node->bodies[b];
    for (size_t c = 0; c < body->capture_count; c++) {
      const int32_t outer = node->inputs[body->first_capture + c];
      const int32_t inner = body->graph->inputs[body->graph->own_input_count + c];
      const size_t used = strlen(text);
      (void)snprintf(text + used, sizeof text - used, "%s%s", c ? " " : (b ? " | " : ""),
                     graph->values[outer].info.name);
      assert_string_equal(body->graph->values[inner].info.name,
                          graph->values[outer].info.name);
    }
  }
  assert_string_equal(text, expected);
}

static int32_t find_value(const olstm__graph* graph, const char* name) {
  for (int32_t v = 0; v < graph->value_count; v++) {
    if (strcmp(graph->values[v].info.name, name) == 0) return v;
  }
  return OLSTM__NO_VALUE;
}

static void captures_what_is_captured_once(void** state) {
  olstm__graph* graph = make_graph(NULL);
  const int32_t a = find_value(graph, "a"), b = find_value(graph, "b");
  const int32_t uses = graph->values[a].use_count;
  (void)state;
  expect_captures(graph, "a b | b");
  const int32_t inner = olstm__graph_capture(graph, 0, 1, b);
  assert_string_equal(graph->nodes[0].bodies[1].graph->values[inner].info.name, "b");
  expect_captures(graph, "a b | b");
  assert_int_not_equal(olstm__graph_capture(graph, 0, 1, a), OLSTM__NO_VALUE);
  expect_captures(graph, "a b | b a");
  assert_int_equal(graph->values[a].use_count, uses + 1);
  olstm__graph_destroy(graph);
}

static void later_bodies_move_up(void** state) {
  olstm__graph* graph = make_graph(NULL);
  (void)state;
  (void)olstm__graph_capture(graph, 0, 0, find_value(graph, "c"));
  expect_captures(graph, "a b c | b");
  for (size_t i = 0; i < graph->nodes[0].input_count; i++) {
    const olstm__graph_use* use = &graph->uses[graph->nodes[0].first_use + (int32_t)i];
    assert_int_equal(use->node, 0);
    assert_int_equal(use->slot, i);
  }
  olstm__graph_destroy(graph);
}

/// Memory for captures and outputs that are added one by one grows as their number does.
static void many_captures_take_room_for_twice_as_many(void** state) {
  enum { kCount = 1000 };
  olstm__graph* graph = make_graph(NULL);
  (void)state;
  for (int i = 0; i < kCount; i++) {
    const int32_t added = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, "v");
    assert_int_not_equal(olstm__graph_capture(graph, 0, i % 2, added), OLSTM__NO_VALUE);
    assert_true(olstm__graph_reserve_outputs(graph, 0, (size_t)i + 2));
  }
  const olstm__graph_node* node = &graph->nodes[0];
  assert_int_equal(node->input_count, kCount + 4);
  assert_in_range(node->input_capacity, kCount, 2 * kCount + 8);
  assert_in_range(node->output_capacity, kCount, 2 * kCount + 2);
  // Those that were given up, in all: as many again.
  assert_in_range(graph->use_count, kCount, 4 * kCount + 16);
  olstm__graph_destroy(graph);
}

/// The bodies and uses behind it move down.
static void an_input_of_a_body_is_dropped(void** state) {
  olstm__graph* graph = make_graph(NULL);
  const int32_t a = find_value(graph, "a");
  const int32_t uses = graph->values[a].use_count;
  (void)state;
  (void)olstm__graph_capture(graph, 0, 1, find_value(graph, "c"));
  expect_captures(graph, "a b | b c");
  olstm__graph_drop_body_input(graph, 0, 0, 0);
  expect_captures(graph, "b | b c");
  assert_int_equal(graph->values[a].use_count, uses - 1);
  olstm__graph_drop_body_input(graph, 0, 1, 1);
  expect_captures(graph, "b | b");
  assert_int_equal(graph->nodes[0].input_count, 3);
  for (size_t i = 0; i < graph->nodes[0].input_count; i++) {
    const olstm__graph_use* use = &graph->uses[graph->nodes[0].first_use + (int32_t)i];
    assert_int_equal(use->slot, i);
  }
  olstm__graph_destroy(graph);
}

/// With the node's input that feeds it.
static void an_input_of_a_loop_is_dropped(void** state) {
  olstm_error error = {""};
  olstm__graph* graph = NULL;
  olstm_model* model = olstm_test_model(
      "input m int64[]\ninput go bool[]\ninput a float[2]\ninput b float[2]\n"
      "graph g\ninput i int64[]\ninput c bool[]\ninput u float[2]\ninput v float[2]\n"
      "node Add v,b -> w\noutput c\noutput u\noutput w\nend\n"
      "node Loop m,go,a,b -> p,q body=@g\noutput q\n");
  (void)state;
  assert_int_equal(
      olstm__graph_create(olstm__model_graph(model), 0, NULL, NULL, &graph, &error),
      OLSTM_STATUS_OK);
  const olstm__graph* body = graph->nodes[0].bodies[0].graph;
  olstm__graph_drop_body_input(graph, 0, 0, 2);
  assert_int_equal(graph->nodes[0].own_input_count, 3);
  assert_int_equal(body->own_input_count, 3);
  assert_int_equal(body->input_count, 4);
  assert_string_equal(graph->values[graph->nodes[0].inputs[2]].info.name, "b");
  assert_string_equal(body->values[body->inputs[2]].info.name, "v");
  expect_captures(graph, "b");
  olstm__graph_destroy(graph);
  olstm_model_destroy(model);
}

static void gives_an_output_by_either_branch(void** state) {
  olstm__graph* graph = make_graph(NULL);
  olstm__graph* then_branch = graph->nodes[0].bodies[0].graph;
  const olstm__graph* else_branch = graph->nodes[0].bodies[1].graph;
  (void)state;
  // The then_branch gives more than the node takes.
  assert_int_equal(then_branch->output_count, 2);
  const int32_t made = olstm__graph_add_branch_output(
      graph, 0, 0, find_value(then_branch, "tb"), find_value(graph, "a"));
  assert_int_equal(graph->nodes[0].output_count, 2);
  assert_int_equal(graph->nodes[0].outputs[1], made);
  assert_int_equal(then_branch->output_count, 2);
  assert_string_equal(then_branch->values[then_branch->outputs[1]].info.name, "tb");
  assert_string_equal(else_branch->values[else_branch->outputs[1]].info.name, "a");
  assert_int_equal(else_branch->values[else_branch->outputs[1]].output_use_count, 1);
  expect_captures(graph, "a b | b a");
  olstm__graph_destroy(graph);
}

static void survives_every_failing_allocation(void** state) {
  (void)state;
  for (int64_t nth = 1; nth < 200; nth++) {
    olstm_test_allocator failing;
    olstm_test_allocator_init(&failing);
    olstm__graph* graph = make_graph(&failing.allocator);
    olstm_test_allocator_fail_at(&failing, nth);
    bool is_done = true;
    for (int i = 0; i < 100 && is_done; i++) {
      const int32_t added = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, "v");
      is_done = olstm__graph_capture(graph, 0, 0, added) != OLSTM__NO_VALUE &&
                olstm__graph_add_branch_output(graph, 0, 1, 0, added) != OLSTM__NO_VALUE;
    }
    const bool has_run_out = olstm__graph_check(graph, NULL) != OLSTM_STATUS_OK ||
                             olstm__graph_check(graph->nodes[0].bodies[0].graph, NULL) ||
                             olstm__graph_check(graph->nodes[0].bodies[1].graph, NULL);
    assert_int_equal(has_run_out, !is_done);
    olstm__graph_destroy(graph);
    olstm_test_allocator_assert_clean(&failing);
    if (is_done) return;
  }
  fail();
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(captures_what_is_captured_once),
      cmocka_unit_test(later_bodies_move_up),
      cmocka_unit_test(many_captures_take_room_for_twice_as_many),
      cmocka_unit_test(an_input_of_a_body_is_dropped),
      cmocka_unit_test(an_input_of_a_loop_is_dropped),
      cmocka_unit_test(gives_an_output_by_either_branch),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
