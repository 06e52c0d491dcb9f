// runtime/net.h: adding and editing, and the use lists that must stay right meanwhile.
#include "runtime/net.h"

#include <string.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

/// x -> A -> a -> B -> b, both of type "Relu"; b is the output.
typedef struct chain {
  olstm__net* net;
  int32_t x, a, b, node_a, node_b;
} chain;

static int32_t add_unary(olstm__net* net, const char* name, int32_t input,
                         int32_t output) {
  const olstm__net_node node = {.kind = OLSTM__NODE_OPERATOR,
                                .name = name,
                                .op_type = "Relu",
                                .domain = "",
                                .opset_version = 13,
                                .input_count = 1,
                                .inputs = &input,
                                .output_count = 1,
                                .outputs = &output};
  return olstm__net_add_node(net, &node);
}

static chain make_chain(const olstm_allocator* allocator) {
  chain c = {.net = olstm__net_create_empty("chain", allocator)};
  if (!c.net) return c;
  c.x = olstm__net_add_value(c.net, OLSTM__VALUE_INPUT, "x");
  c.a = olstm__net_add_value(c.net, OLSTM__VALUE_NODE, "a");
  c.b = olstm__net_add_value(c.net, OLSTM__VALUE_NODE, "b");
  if (olstm__net_check(c.net, NULL)) return c;
  (void)olstm__net_add_input(c.net, c.x);
  c.node_a = add_unary(c.net, "A", c.x, c.a);
  c.node_b = add_unary(c.net, "B", c.a, c.b);
  (void)olstm__net_add_output(c.net, c.b);
  return c;
}

static void knows_producers_and_consumers(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  assert_null(olstm__net_producer(c.net, c.x));
  assert_ptr_equal(olstm__net_producer(c.net, c.b), &c.net->nodes[c.node_b]);
  assert_ptr_equal(olstm__net_producer_of_type(c.net, c.a, "Relu"),
                   &c.net->nodes[c.node_a]);
  assert_null(olstm__net_producer_of_type(c.net, c.a, "Tanh"));
  assert_ptr_equal(olstm__net_only_consumer(c.net, c.a), &c.net->nodes[c.node_b]);
  assert_null(olstm__net_only_consumer(c.net, c.b));
  assert_int_equal(olstm__net_find_node(c.net, "B"), c.node_b);
  assert_int_equal(olstm__net_find_node(c.net, "C"), OLSTM__NO_VALUE);
  olstm__net_destroy(c.net);
}

static void keeps_use_lists_through_many_edits(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  int32_t users[20];
  for (int i = 0; i < 20; i++) {
    const int32_t out = olstm__net_add_value(c.net, OLSTM__VALUE_NODE, "o");
    users[i] = add_unary(c.net, "U", c.a, out);
  }
  assert_int_equal(c.net->values[c.a].use_count, 21);
  for (int i = 0; i < 20; i += 2) olstm__net_set_input(c.net, users[i], 0, c.x);
  assert_int_equal(c.net->values[c.a].use_count, 11);
  assert_int_equal(c.net->values[c.x].use_count, 11);
  int listed = 0;
  for (int32_t u = c.net->values[c.a].first_use; u != OLSTM__NO_VALUE;
       u = c.net->uses[u].next) {
    assert_int_equal(c.net->nodes[c.net->uses[u].node].inputs[c.net->uses[u].slot], c.a);
    listed++;
  }
  assert_int_equal(listed, 11);
  olstm__net_replace_uses(c.net, c.a, c.x);
  assert_int_equal(c.net->values[c.a].use_count, 0);
  assert_int_equal(c.net->values[c.x].use_count, 22);
  olstm__net_destroy(c.net);
}

static void replaces_outputs_and_states_too(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  const int32_t slot = olstm__net_add_value(c.net, OLSTM__VALUE_STATE, "s");
  const olstm__net_state binding = {.name = "s", .input = slot, .output = c.b};
  assert_true(olstm__net_add_state(c.net, &binding));
  assert_int_equal(c.net->values[c.b].output_use_count, 2);
  olstm__net_replace_uses(c.net, c.b, c.a);
  assert_int_equal(c.net->outputs[0], c.a);
  // What messages call the output is what users know it by.
  assert_string_equal(c.net->values[c.a].info.name, "b");
  assert_int_equal(c.net->states[0].output, c.a);
  assert_int_equal(c.net->values[c.a].output_use_count, 2);
  assert_int_equal(c.net->values[c.b].output_use_count, 0);
  olstm__net_destroy(c.net);
}

static void makes_constants_of_node_outputs(void** state) {
  (void)state;
  chain c = make_chain(NULL);
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {3}};
  olstm_tensor* tensor = olstm__net_allocate_tensor(c.net, &desc);
  assert_non_null(tensor);
  olstm__net_make_constant(c.net, c.a, tensor);
  assert_ptr_equal(olstm__net_constant(c.net, c.a), tensor);
  assert_null(olstm__net_producer(c.net, c.a));
  assert_int_equal(c.net->nodes[c.node_a].outputs[0], OLSTM__NO_VALUE);
  olstm__net_destroy(c.net);
}

static void gives_out_large_and_small_memory(void** state) {
  (void)state;
  olstm_test_allocator counting;
  olstm_test_allocator_init(&counting);
  olstm__net* net = olstm__net_create_empty("n", &counting.allocator);
  char* small = olstm__net_allocate(net, 10, 1);
  char* large = olstm__net_allocate(net, 1, 100000);
  assert_int_equal((uintptr_t)large % OLSTM_ALIGNMENT, 0);
  memset(large, 1, 100000);
  assert_int_equal(small[0], 0);
  assert_null(olstm__net_allocate(net, SIZE_MAX, 2));
  assert_int_equal(olstm__net_check(net, NULL), OLSTM_STATUS_OUT_OF_MEMORY);
  assert_string_equal(olstm__net_format(net, "%s/%d", "a", 7), "a/7");
  olstm__net_destroy(net);
  olstm_test_allocator_assert_clean(&counting);
}

static void survives_every_failing_allocation(void** state) {
  (void)state;
  for (int64_t nth = 1;; nth++) {
    olstm_test_allocator failing;
    olstm_test_allocator_init(&failing);
    olstm_test_allocator_fail_at(&failing, nth);
    chain c = make_chain(&failing.allocator);
    const olstm_status status = olstm__net_check(c.net, NULL);
    olstm__net_destroy(c.net);
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
