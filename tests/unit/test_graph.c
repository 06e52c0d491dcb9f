// runtime/graph/graph.h: adding and editing, and the use lists that must stay right
// meanwhile.
#include "runtime/graph/graph.h"

#include <string.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

/// x -> A -> a -> B -> b, both of type "Relu"; b is the output.
typedef struct chain {
  olstm__graph* graph;
  int32_t x, a, b, node_a, node_b;
} chain;

static int32_t add_unary(olstm__graph* graph, const char* name, int32_t input,
                         int32_t output) {
  const olstm__graph_node node = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = name,
                                  .op_type = "Relu",
                                  .domain = "",
                                  .opset_version = 13,
                                  .input_count = 1,
                                  .inputs = &input,
                                  .output_count = 1,
                                  .outputs = &output};
  return olstm__graph_add_node(graph, &node);
}

static chain make_chain(const olstm_allocator* allocator) {
  chain c = {.graph = olstm__graph_create_empty("chain", allocator)};
  if (!c.graph) return c;
  c.x = olstm__graph_add_value(c.graph, OLSTM__VALUE_INPUT, "x");
  c.a = olstm__graph_add_value(c.graph, OLSTM__VALUE_NODE, "a");
  c.b = olstm__graph_add_value(c.graph, OLSTM__VALUE_NODE, "b");
  if (olstm__graph_check(c.graph, NULL)) return c;
  (void)olstm__graph_add_input(c.graph, c.x);
  c.node_a = add_unary(c.graph, "A", c.x, c.a);
  c.node_b = add_unary(c.graph, "B", c.a, c.b);
  (void)olstm__graph_add_output(c.graph, c.b);
  return c;
}

static void knows_producers_and_consumers(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  assert_null(olstm__graph_producer(c.graph, c.x));
  assert_ptr_equal(olstm__graph_producer(c.graph, c.b), &c.graph->nodes[c.node_b]);
  assert_ptr_equal(olstm__graph_producer_of_type(c.graph, c.a, "Relu"),
                   &c.graph->nodes[c.node_a]);
  assert_null(olstm__graph_producer_of_type(c.graph, c.a, "Tanh"));
  assert_ptr_equal(olstm__graph_only_consumer(c.graph, c.a), &c.graph->nodes[c.node_b]);
  assert_null(olstm__graph_only_consumer(c.graph, c.b));
  assert_int_equal(olstm__graph_find_node(c.graph, "B"), c.node_b);
  assert_int_equal(olstm__graph_find_node(c.graph, "C"), OLSTM__NO_VALUE);
  olstm__graph_destroy(c.graph);
}

static void keeps_use_lists_through_many_edits(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  int32_t users[20];
  for (int i = 0; i < 20; i++) {
    const int32_t out = olstm__graph_add_value(c.graph, OLSTM__VALUE_NODE, "o");
    users[i] = add_unary(c.graph, "U", c.a, out);
  }
  assert_int_equal(c.graph->values[c.a].use_count, 21);
  for (int i = 0; i < 20; i += 2) olstm__graph_set_input(c.graph, users[i], 0, c.x);
  assert_int_equal(c.graph->values[c.a].use_count, 11);
  assert_int_equal(c.graph->values[c.x].use_count, 11);
  int listed = 0;
  for (int32_t u = c.graph->values[c.a].first_use; u != OLSTM__NO_VALUE;
       u = c.graph->uses[u].next) {
    assert_int_equal(c.graph->nodes[c.graph->uses[u].node].inputs[c.graph->uses[u].slot],
                     c.a);
    listed++;
  }
  assert_int_equal(listed, 11);
  olstm__graph_replace_uses(c.graph, c.a, c.x);
  assert_int_equal(c.graph->values[c.a].use_count, 0);
  assert_int_equal(c.graph->values[c.x].use_count, 22);
  olstm__graph_destroy(c.graph);
}

static void replaces_outputs_and_states_too(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  const int32_t slot = olstm__graph_add_value(c.graph, OLSTM__VALUE_STATE, "s");
  const olstm__graph_state binding = {.name = "s", .input = slot, .output = c.b};
  assert_true(olstm__graph_add_state(c.graph, &binding));
  assert_int_equal(c.graph->values[c.b].output_use_count, 2);
  olstm__graph_replace_uses(c.graph, c.b, c.a);
  assert_int_equal(c.graph->outputs[0], c.a);
  // What messages call the output is what users know it by.
  assert_string_equal(c.graph->values[c.a].info.name, "b");
  assert_int_equal(c.graph->states[0].output, c.a);
  assert_int_equal(c.graph->values[c.a].output_use_count, 2);
  assert_int_equal(c.graph->values[c.b].output_use_count, 0);
  olstm__graph_destroy(c.graph);
}

static void makes_constants_of_node_outputs(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {3}};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(c.graph, &desc);
  assert_non_null(tensor);
  olstm__graph_make_constant(c.graph, c.a, tensor);
  assert_ptr_equal(olstm__graph_constant(c.graph, c.a), tensor);
  assert_null(olstm__graph_producer(c.graph, c.a));
  assert_int_equal(c.graph->nodes[c.node_a].outputs[0], OLSTM__NO_VALUE);
  olstm__graph_destroy(c.graph);
}

static void gives_out_large_and_small_memory(void** state) {
  (void)state;
  olstm_test_allocator counting;
  olstm_test_allocator_init(&counting);
  olstm__graph* graph = olstm__graph_create_empty("n", &counting.allocator);
  char* small = olstm__graph_allocate(graph, 10, 1);
  char* large = olstm__graph_allocate(graph, 1, 100000);
  assert_int_equal((uintptr_t)large % OLSTM_ALIGNMENT, 0);
  memset(large, 1, 100000);
  assert_int_equal(small[0], 0);
  assert_null(olstm__graph_allocate(graph, SIZE_MAX, 2));
  assert_int_equal(olstm__graph_check(graph, NULL), OLSTM_STATUS_OUT_OF_MEMORY);
  assert_string_equal(olstm__graph_format(graph, "%s/%d", "a", 7), "a/7");
  olstm__graph_destroy(graph);
  olstm_test_allocator_assert_clean(&counting);
}

static void survives_every_failing_allocation(void** state) {
  (void)state;
  for (int64_t nth = 1;; nth++) {
    olstm_test_allocator failing;
    olstm_test_allocator_init(&failing);
    olstm_test_allocator_fail_at(&failing, nth);
    chain c = make_chain(&failing.allocator);
    const olstm_status status = olstm__graph_check(c.graph, NULL);
    olstm__graph_destroy(c.graph);
    olstm_test_allocator_assert_clean(&failing);
    if (status == OLSTM_STATUS_OK) break;
    assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
    assert_true(nth < 100);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(knows_producers_and_consumers),
      cmocka_unit_test(keeps_use_lists_through_many_edits),
      cmocka_unit_test(replaces_outputs_and_states_too),
      cmocka_unit_test(makes_constants_of_node_outputs),
      cmocka_unit_test(gives_out_large_and_small_memory),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
