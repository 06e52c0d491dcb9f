// runtime/plan/plan_cache.h and plan_create.c: what a plan is made for, and what it knows
// of inputs that stay.
#include "runtime/plan/plan_cache.h"

#include "runtime/session.h"
#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

static void values_that_stay_are_part_of_what_a_plan_is_for(void** state) {
  olstm_fake_session fake;
  olstm__plan* plans[3] = {NULL, NULL, NULL};
  int64_t sizes[2] = {2, 3};
  olstm_tensor key = {{OLSTM_DTYPE_INT64, 1, {2}}, sizes};
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input s int64[2]\nnode test:Fill s -> z\nnode test:Inc z -> y\noutput y\n", NULL,
      &fake);
  assert_int_equal(olstm__plan_acquire(session->program, &key, &plans[0], NULL), 0);
  // Known, so the shape is, and the whole result.
  assert_int_equal(plans[0]->dynamic_step_count, 0);
  assert_true(plans[0]->outputs[0].is_known);
  assert_int_equal(plans[0]->outputs[0].desc.dims[1], 3);
  assert_int_equal(plans[0]->folded_count, 2);
  sizes[1] = 4;
  assert_int_equal(olstm__plan_acquire(session->program, &key, &plans[1], NULL), 0);
  assert_ptr_not_equal(plans[0], plans[1]);
  assert_int_equal(plans[1]->outputs[0].desc.dims[1], 4);
  assert_int_equal(plans[0]->outputs[0].desc.dims[1], 3);
  sizes[1] = 3;
  assert_int_equal(olstm__plan_acquire(session->program, &key, &plans[2], NULL), 0);
  assert_ptr_equal(plans[0], plans[2]);
  for (int p = 0; p < 3; p++) olstm__plan_release(plans[p]);
  olstm_fake_session_destroy(&fake);
}

static void large_values_are_not(void** state) {
  olstm_fake_session fake;
  olstm__plan *a = NULL, *b = NULL;
  float x[100] = {1};
  olstm_tensor key = olstm_fake_vector(x, 100);
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input x float[n]\nnode test:Inc x -> y\noutput y\n", NULL, &fake);
  assert_int_equal(olstm__plan_acquire(session->program, &key, &a, NULL), 0);
  assert_int_equal(a->folded_count, 0);
  x[0] = 2;
  assert_int_equal(olstm__plan_acquire(session->program, &key, &b, NULL), 0);
  assert_ptr_equal(a, b);
  olstm__plan_release(a);
  olstm__plan_release(b);
  olstm_fake_session_destroy(&fake);
}

static void dynamic_tensors_die_after_their_last_use(void** state) {
  olstm_fake_session fake;
  olstm__plan* plan = NULL;
  const olstm_tensor key[] = {{{OLSTM_DTYPE_FLOAT, 1, {5}}, NULL},
                              {{OLSTM_DTYPE_INT64, 0, {0}}, NULL}};
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input x float[n]\ninput k int64[]\nnode test:Keep x,k -> a\n"
      "node test:Add a,a -> b\nnode test:Both b -> d,unused\noutput d\n",
      NULL, &fake);
  assert_int_equal(olstm__plan_acquire(session->program, key, &plan, NULL), 0);
  assert_int_equal(plan->dynamic_step_count, 3);
  assert_int_equal(plan->dynamic_tensor_count, 4);
  assert_int_equal(plan->dynamic_steps[0].dead_count, 0);
  assert_int_equal(plan->dynamic_steps[1].dead_count, 1);
  assert_int_equal(plan->dynamic_steps[1].dead[0], 0);
  // b, and the output that nobody wants.
  assert_int_equal(plan->dynamic_steps[2].dead_count, 2);
  assert_false(plan->outputs[0].is_known);
  olstm__plan_release(plan);
  olstm_fake_session_destroy(&fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_that_stay_are_part_of_what_a_plan_is_for),
      cmocka_unit_test(large_values_are_not),
      cmocka_unit_test(dynamic_tensors_die_after_their_last_use),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
