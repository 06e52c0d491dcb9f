// runtime/state/state_loops.c and what `stateful` says of loops: those that follow a
// sequence and were not recognised are refused by name, those that count, collect or
// generate are none of its business.
#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

#define LSTM                                              \
  "const w float[1,8,2] 0.5\nconst r float[1,8,2] 0.25\n" \
  "node LSTM x,w,r -> y name=layer hidden_size=2\noutput y\n"
#define LOOP(body)                                                                    \
  "input x float[T,N,2]\ninput s float[N,2]\nconst yes bool[] 1\nconst zero int64[] " \
  "0\nconst one int64[] 1\nconst m int64[] 3\ngraph b\ninput i int64[]\ninput c "     \
  "bool[]\n" body LSTM

static olstm_status create(const char* text, const char* name, olstm_error* error) {
  olstm_fake_session fake;
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = &name;
  const olstm_status status = olstm_fake_session_create(text, &options, &fake, error);
  olstm_fake_session_destroy(&fake);
  return status;
}

static void expect_refusal(const char* text, const char* message) {
  olstm_error error = {""};
  assert_int_equal(create(text, "all", &error), OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message, message);
  // The layer can be had all the same.
  error = (olstm_error){""};
  assert_int_equal(create(text, "layer", &error), OLSTM_STATUS_OK);
}

static void expect_none(const char* text) {
  olstm_error error = {""};
  if (create(text, "all", &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
}

static const char kFollows[] =
    "stateful: Loop 'loop' carries state along a sequence and is not recognised as a "
    "recurrent layer: it cannot keep it from run to run; name the nodes that shall keep "
    "theirs instead of 'all'";

static void refuses_a_cell_that_nobody_knows(void** state) {
  (void)state;
  expect_refusal(LOOP("input h float[N,2]\nnode Gather x,i -> xi\nnode Mul h,xi -> p\n"
                      "node Sin p -> n\nnode Identity c -> d\noutput d\noutput n\nend\n"
                      "node Loop m,yes,s -> z name=loop body=@b\noutput z\n"),
                 kFollows);
}

static void refuses_what_remembers_the_step_before(void** state) {
  (void)state;
  // The carried value does not depend on what it was, and yet it is read.
  expect_refusal(LOOP("input h float[N,2]\nnode Gather x,i -> xi\nnode Sub xi,h -> step\n"
                      "node Identity c -> d\noutput d\noutput xi\noutput step\nend\n"
                      "node Loop m,yes,s -> z,steps name=loop body=@b\noutput steps\n"),
                 kFollows);
}

static void refuses_by_a_counter_that_is_carried(void** state) {
  (void)state;
  expect_refusal(LOOP("input k int64[]\ninput h float[N,2]\nnode Add k,one -> k1\n"
                      "node Gather x,k -> xi\nnode Max h,xi -> n\nnode Identity c -> d\n"
                      "output d\noutput k1\noutput n\nend\n"
                      "node Loop m,yes,zero,s -> k2,z name=loop body=@b\noutput z\n"),
                 kFollows);
}

static void refuses_a_loop_in_a_branch(void** state) {
  (void)state;
  expect_refusal(
      "input x float[T,N,2]\ninput s float[N,2]\ninput c bool[]\nconst yes bool[] 1\n"
      "const m int64[] 3\n"
      "graph t\ngraph b\ninput i int64[]\ninput g bool[]\ninput h float[N,2]\n"
      "node Gather x,i -> xi\nnode Max h,xi -> n\nnode Identity g -> d\noutput d\n"
      "output n\nend\nnode Loop m,yes,s -> zt name=loop body=@b\noutput zt\nend\n"
      "graph e\noutput s\nend\nnode If c -> z then_branch=@t else_branch=@e\noutput "
      "z\n" LSTM,
      kFollows);
}

static void refuses_a_scan_that_sums_up(void** state) {
  (void)state;
  expect_refusal(
      "input x float[T,N,2]\ninput s float[N,2]\ngraph b\ninput h float[N,2]\n"
      "input xi float[N,2]\nnode Add h,xi -> n\noutput n\nend\n"
      "node Scan s,x -> z name=scan body=@b num_scan_inputs=1\noutput z\n" LSTM,
      "stateful: Scan 'scan' carries state along a sequence and is not recognised as a "
      "recurrent layer: it cannot keep it from run to run; name the nodes that shall "
      "keep theirs instead of 'all'");
}

static void leaves_counters_alone(void** state) {
  (void)state;
  expect_none(
      LOOP("input k int64[]\nnode Add k,one -> k1\nnode Identity c -> d\n"
           "output d\noutput k1\noutput k1\nend\n"
           "node Loop m,yes,zero -> k2,ks name=loop body=@b\noutput ks\n"));
}

static void leaves_generators_alone(void** state) {
  (void)state;
  // What it goes on from is its own last result; x is read as a whole.
  expect_none(
      LOOP("input h float[N,2]\nnode ReduceSum x,zeros -> total keepdims=0\n"
           "node Mul h,total -> p\nnode Sin p -> n\nnode Identity c -> d\n"
           "output d\noutput n\noutput n\nend\nconst zeros int64[1] 0\n"
           "node Loop m,yes,s -> z,zs name=loop body=@b\noutput zs\n"));
}

static void leaves_collecting_and_mapping_alone(void** state) {
  (void)state;
  expect_none(
      LOOP("input a float[n,2]\nnode Gather x,i -> xi\nnode Concat a,xi -> n "
           "axis=0\nnode Identity c -> d\noutput d\noutput n\nend\n"
           "node Loop m,yes,s -> z name=loop body=@b\noutput z\n"));
  expect_none(
      "input x float[T,N,2]\ngraph b\ninput xi float[N,2]\nnode Sin xi -> n\n"
      "output n\nend\n"
      "node Scan x -> z name=scan body=@b num_scan_inputs=1\noutput z\n" LSTM);
}

static void leaves_sequences_that_are_constants_alone(void** state) {
  (void)state;
  expect_none(
      LOOP("input h float[N,2]\nnode Gather table,i -> xi\nnode Add h,xi -> n\n"
           "node Identity c -> d\noutput d\noutput n\nend\n"
           "const table float[3,2] 1 2 3\n"
           "node Loop m,yes,s -> z name=loop body=@b\noutput z\n"));
}

static void leaves_what_a_binding_keeps_alone(void** state) {
  static const char* const kAll[] = {"all"};
  static const olstm_binding kBinding = {"z", "s"};
  olstm_fake_session fake;
  olstm_session_options options;
  olstm_error error = {""};
  (void)state;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = kAll;
  options.binding_count = 1;
  options.bindings = &kBinding;
  const olstm_status status = olstm_fake_session_create(
      LOOP("input h float[N,2]\nnode Gather x,i -> xi\nnode Max h,xi -> n\n"
           "node Identity c -> d\noutput d\noutput n\nend\n"
           "node Loop m,yes,s -> z name=loop body=@b\noutput z\n"),
      &options, &fake, &error);
  if (status != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  olstm_fake_session_destroy(&fake);
}

static void refuses_layers_in_bodies(void** state) {
  static const char* const kLoop = LOOP(
      "input h float[1,N,2]\nnode Gather x,i -> xi\nnode Unsqueeze xi,axis -> xu\n"
      "node LSTM xu,w,r,_,_,h -> q,n name=cell hidden_size=2\n"
      "node Identity c -> d\noutput d\noutput n\nend\nconst axis int64[1] 0\n"
      "input t float[1,N,2]\n"
      "node Loop m,yes,t -> z name=loop body=@b\noutput z\n");
  olstm_error error = {""};
  (void)state;
  assert_int_equal(create(kLoop, "cell", &error), OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message,
                      "stateful: LSTM 'cell' is in the body of Loop 'loop', where state "
                      "goes from trip to trip and cannot go from run to run as well");
  assert_int_equal(create(kLoop, "loop", &error), OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "stateful: node 'loop' is a Loop that is not recognised as a "
                      "recurrent layer, expected LSTM, GRU or RNN");
  assert_int_equal(create(kLoop, "none", &error), OLSTM_STATUS_NOT_FOUND);
  assert_string_equal(error.message,
                      "stateful: no node 'none'; recurrent nodes are: 'cell', 'layer'");
  assert_int_equal(create(kLoop, "all", &error), OLSTM_STATUS_UNSUPPORTED);
  assert_int_equal(create(kLoop, "layer", &error), OLSTM_STATUS_OK);
}

static void refuses_layers_in_branches_in_bodies(void** state) {
  olstm_error error = {""};
  (void)state;
  assert_int_equal(
      create(
          "input x float[T,N,2]\ninput v bool[]\nconst yes bool[] 1\nconst m int64[] 3\n"
          "graph b\ninput i int64[]\ninput c bool[]\n"
          "graph t\nnode LSTM x,w,r -> q name=cell hidden_size=2\noutput q\nend\n"
          "graph e\nnode LSTM x,w,r -> p name=other hidden_size=2\noutput p\nend\n"
          "node If v -> u then_branch=@t else_branch=@e\nnode Identity c -> d\n"
          "output d\noutput u\nend\n"
          "node Loop m,yes -> z name=loop body=@b\noutput z\n" LSTM,
          "all", &error),
      OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(
      error.message,
      "stateful: LSTM 'cell' is in the body of Loop 'loop', where state "
      "goes from trip to trip and cannot go from run to run as well; name "
      "the nodes that shall keep theirs instead of 'all'");
}

static void keeping_no_state_is_an_error(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  void* blob = NULL;
  size_t bytes = 0;
  (void)state;
  olstm_context* context = olstm_fake_context(
      olstm_fake_session_must("input x float[T,N,2]\n" LSTM, NULL, &fake));
  static const char* const kWhats[] = {"save", "load"};
  for (size_t i = 0; i < 2; i++) {
    char expected[OLSTM_ERROR_CAPACITY];
    const olstm_status status =
        i == 0 ? olstm_context_save_state(context, &blob, &bytes, &error)
               : olstm_context_load_state(context, "", 0, &error);
    (void)snprintf(expected, sizeof expected,
                   "there is no state to %s: the session has no state slots (its options "
                   "stateful and bindings, --stateful and --bind, make them)",
                   kWhats[i]);
    assert_int_equal(status, OLSTM_STATUS_WRONG_STATE);
    assert_string_equal(error.message, expected);
  }
  // Hosts that know no model's state reset before every sequence.
  assert_int_equal(olstm_context_reset(context, &error), OLSTM_STATUS_OK);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_a_cell_that_nobody_knows),
      cmocka_unit_test(refuses_what_remembers_the_step_before),
      cmocka_unit_test(refuses_by_a_counter_that_is_carried),
      cmocka_unit_test(refuses_a_loop_in_a_branch),
      cmocka_unit_test(refuses_a_scan_that_sums_up),
      cmocka_unit_test(leaves_counters_alone),
      cmocka_unit_test(leaves_generators_alone),
      cmocka_unit_test(leaves_collecting_and_mapping_alone),
      cmocka_unit_test(leaves_sequences_that_are_constants_alone),
      cmocka_unit_test(leaves_what_a_binding_keeps_alone),
      cmocka_unit_test(refuses_layers_in_bodies),
      cmocka_unit_test(refuses_layers_in_branches_in_bodies),
      cmocka_unit_test(keeping_no_state_is_an_error),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
