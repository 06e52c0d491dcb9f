// runtime/plan/fold.c: what is computed ahead, what is not, and what that costs.
#include "runtime/plan/fold.h"

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

/// Prepares for x of 3 elements and runs once.
static void run_vector(olstm_context* context, float first, float* out_first) {
  float x[3] = {first, 2, 3};
  const olstm_tensor input = olstm_fake_vector(x, 3);
  olstm_tensor output = {.data = NULL};
  olstm_error error = {""};
  if (olstm_context_run(context, &input, 1, &output, 1, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  *out_first = ((float*)output.data)[0];
}

static void shapes_cost_nothing_at_run_time(void** state) {
  olstm_fake_session fake;
  olstm_plan_info info;
  float first = 0;
  (void)state;
  // The zeros of x's own shape: ShapeOf and Fill are known once the shape is, and so is
  // the Inc after them.
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\nnode test:ShapeOf x -> s\nnode test:Fill s -> z\n"
      "node test:Inc z -> one\nnode test:Add x,one -> y\noutput y\n",
      NULL, &fake));
  run_vector(context, 1, &first);
  assert_true(first == 2);
  const int runs = olstm_fake.run;
  run_vector(context, 4, &first);
  assert_true(first == 5);
  assert_int_equal(olstm_fake.run, runs + 1);
  assert_int_equal(olstm_context_get_plan_info(context, &info, NULL), OLSTM_STATUS_OK);
  assert_int_equal(info.step_count, 1);
  assert_int_equal(info.folded_count, 3);
  assert_int_equal(info.constant_bytes, 8 + 12 + 12);
  assert_false(info.has_dynamic_part);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void drops_what_only_folded_nodes_needed(void** state) {
  olstm_fake_session fake;
  float first = 0;
  (void)state;
  // The Inc before ShapeOf is there for its shape alone.
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\nnode test:Inc x -> a\nnode test:ShapeOf a -> s\n"
      "node test:Fill s -> z\nnode test:Add x,z -> y\noutput y\n",
      NULL, &fake));
  run_vector(context, 1, &first);
  olstm_fake.run = 0;
  run_vector(context, 7, &first);
  assert_true(first == 7);
  assert_int_equal(olstm_fake.run, 1);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void leaves_large_results_to_the_run(void** state) {
  olstm_fake_session fake;
  olstm_plan_info info;
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[300000]\nconst s int64[1] 300000\nnode test:Fill s -> z\n"
      "node test:Add x,z -> y\noutput y\n",
      NULL, &fake));
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {300000}};
  assert_int_equal(olstm_context_prepare(context, &desc, 1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_get_plan_info(context, &info, NULL), OLSTM_STATUS_OK);
  assert_int_equal(info.folded_count, 0);
  assert_int_equal(info.step_count, 2);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void refuses_results_that_fit_nowhere(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  (void)state;
  assert_int_equal(olstm_fake_session_create(
                       "input x float[3]\nconst s int64[2] 4611686018427387904 16\n"
                       "node test:Fill s -> z\nnode test:Add x,z -> y\noutput y\n",
                       NULL, &fake, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message,
                      "Fill 'z': output 'z' has shape [4611686018427387904,16], which is "
                      "too large");
  olstm_fake_session_destroy(&fake);
}

static void keeps_within_the_budget(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  olstm_plan_info info;
  (void)state;
  olstm_session_options_init(&options);
  options.max_memory = 2300;
  // Two results of 1200 bytes each: the second one does not fit any more.
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[300]\nconst s int64[1] 300\nnode test:Fill s -> z\n"
      "node test:Inc z -> a\nnode test:Add x,a -> y\noutput y\n",
      &options, &fake));
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {300}};
  assert_int_equal(olstm_context_prepare(context, &desc, 1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_get_plan_info(context, &info, NULL), OLSTM_STATUS_OK);
  assert_true(info.constant_bytes <= 2 * 2300);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void what_fails_in_a_branch_fails_only_when_it_runs(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  float x[1] = {1};
  unsigned char condition = 1;
  olstm_tensor inputs[2] = {{{OLSTM_DTYPE_BOOL, 0, {0}}, &condition},
                            olstm_fake_vector(x, 1)};
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input c bool[]\ninput x float[1]\n"
      "graph t\nnode test:Inc x -> t1\noutput t1\nend\n"
      "graph e\nconst w float[1] -3\nnode test:Check w -> e1 name=bad\noutput e1\nend\n"
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
      NULL, &fake));
  assert_int_equal(olstm_context_run(context, inputs, 2, &output, 1, &error),
                   OLSTM_STATUS_OK);
  assert_true(((float*)output.data)[0] == 2);
  condition = 0;
  output.data = NULL;
  assert_int_equal(olstm_context_run(context, inputs, 2, &output, 1, &error),
                   OLSTM_STATUS_INVALID_VALUE);
  assert_string_equal(error.message, "Check 'bad': -3 is negative");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_cost_nothing_at_run_time),
      cmocka_unit_test(drops_what_only_folded_nodes_needed),
      cmocka_unit_test(leaves_large_results_to_the_run),
      cmocka_unit_test(refuses_results_that_fit_nowhere),
      cmocka_unit_test(keeps_within_the_budget),
      cmocka_unit_test(what_fails_in_a_branch_fails_only_when_it_runs),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
