// runtime/plan/plan_infer.c: what is known before a run is computed then; an If whose
// condition is known is planned as the branch that it runs.
#include <stdio.h>
#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

static void a_known_condition_costs_nothing(void** state) {
  olstm_fake_session fake;
  olstm_plan_info info;
  float x[] = {1, 2};
  const olstm_tensor input = olstm_fake_vector(x, 2);
  (void)state;
  for (int condition = 0; condition < 2; condition++) {
    char text[1024];
    olstm_tensor output = {.data = NULL};
    (void)snprintf(text, sizeof text,
                   "input x float[n]\nconst c bool[] %d\nnode test:Inc x -> a\n"
                   "graph it\nnode test:Inc b -> i1\noutput i1\nend\n"
                   "graph ie\noutput b\nend\n"
                   "graph t\nnode test:Inc a -> b\n"
                   "node If c -> t1 then_branch=@it else_branch=@ie\noutput t1\nend\n"
                   "graph e\noutput a\nend\n"
                   "node If c -> d then_branch=@t else_branch=@e\n"
                   "node test:Inc d -> y\noutput y\n",
                   condition);
    olstm_context* context =
        olstm_fake_context(olstm_fake_session_must(text, NULL, &fake));
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                     OLSTM_STATUS_OK);
    assert_true(((float*)output.data)[1] == (condition ? 6 : 4));
    assert_int_equal(olstm_context_get_plan_info(context, &info, NULL), OLSTM_STATUS_OK);
    assert_int_equal(info.step_count, condition ? 4 : 2);
    assert_false(info.has_dynamic_part);
    olstm_context_destroy(context);
    olstm_fake_session_destroy(&fake);
  }
}

static void an_unknown_condition_runs_the_branch_of_the_day(void** state) {
  olstm_fake_session fake;
  float x[] = {1, 2, 3};
  unsigned char condition = 1;
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_BOOL, 1, {1}}, &condition},
                                 olstm_fake_vector(x, 3)};
  (void)state;
  // The branches differ in rank, as torch writes a squeeze.
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input c bool[1]\ninput x float[n]\nnode test:Inc x -> a\n"
      "graph t\nnode test:Inc a -> t1\noutput t1\nend\n"
      "graph e\nnode test:ShapeOf a -> e1\nnode test:Fill e1 -> e2\noutput e2\nend\n"
      "node If c -> d then_branch=@t else_branch=@e\n"
      "node test:Inc d -> y\noutput y\n",
      NULL, &fake));
  for (int r = 0; r < 6; r++) {
    olstm_tensor output = {.data = NULL};
    condition = (unsigned char)(r % 2);
    assert_int_equal(olstm_context_run(context, inputs, 2, &output, 1, NULL),
                     OLSTM_STATUS_OK);
    assert_int_equal(output.desc.dims[0], 3);
    assert_true(((float*)output.data)[2] == (condition ? 6 : 1));
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void constants_known_outside_are_known_in_a_branch(void** state) {
  olstm_fake_session fake;
  float x[] = {1, 2, 3};
  unsigned char condition = 1;
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_BOOL, 0, {0}}, &condition},
                                 olstm_fake_vector(x, 3)};
  olstm_tensor output = {.data = NULL};
  (void)state;
  // s is known at plan time only: the Fill in the branch is folded nevertheless.
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input c bool[]\ninput x float[n]\nnode test:ShapeOf x -> s\n"
      "graph t\nnode test:Fill s -> t1\nnode test:Inc t1 -> t2\noutput t2\nend\n"
      "graph e\noutput x\nend\n"
      "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
      NULL, &fake));
  assert_int_equal(olstm_context_run(context, inputs, 2, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  olstm_fake.run = 0;
  output.data = NULL;
  assert_int_equal(olstm_context_run(context, inputs, 2, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_true(((float*)output.data)[0] == 1);
  assert_int_equal(olstm_fake.run, 0);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

/// A step that is computed while planning has outputs that all are known, too.
static void every_output_of_a_folded_step_is_known(void** state) {
  olstm_fake_session fake;
  olstm_plan_info info;
  olstm_tensor output = {.data = NULL};
  float x[] = {1, 2, 3, 4, 5, 6};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 2, {2, 3}}, x};
  (void)state;
  olstm_context* context = olstm_fake_context(
      olstm_fake_session_must("opset 13\ninput x float[n,m]\nnode Shape x -> s\n"
                              "node Split s -> rows,columns\n"
                              "node Concat columns,rows -> turned axis=0\n"
                              "node Reshape x,turned -> y\noutput y\n",
                              NULL, &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&output.desc).text, "[3,2]");
  assert_memory_equal(output.data, x, sizeof x);
  assert_int_equal(olstm_context_get_plan_info(context, &info, NULL), OLSTM_STATUS_OK);
  assert_false(info.has_dynamic_part);
  assert_int_equal(info.folded_count, 3);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void a_condition_that_is_none_is_refused(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  float x[] = {1};
  const olstm_tensor input = olstm_fake_vector(x, 1);
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\ngraph t\noutput x\nend\n"
      "node If x -> y then_branch=@t else_branch=@t name=odd\noutput y\n",
      NULL, &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_DTYPE_MISMATCH);
  assert_string_equal(error.message,
                      "If 'odd': the condition has dtype float, expected bool");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_known_condition_costs_nothing),
      cmocka_unit_test(an_unknown_condition_runs_the_branch_of_the_day),
      cmocka_unit_test(constants_known_outside_are_known_in_a_branch),
      cmocka_unit_test(every_output_of_a_folded_step_is_known),
      cmocka_unit_test(a_condition_that_is_none_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
