// runtime/context.c and context_plan.c: state that runs carry, and what a plan is like.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

/// y = x + s, and y is s on the next run: a running sum.
static const char kSum[] =
    "input x float[n]\ninput s float[n]\nnode test:Check x -> c\n"
    "node test:Add c,s -> y\noutput y float[n]\n";

typedef struct sum_session {
  olstm_fake_session fake;
  olstm_context* context;
} sum_session;

static void start_sum(sum_session* sum) {
  static const olstm_binding kBinding = {"y", "s"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.binding_count = 1;
  options.bindings = &kBinding;
  sum->context = olstm_fake_context(olstm_fake_session_must(kSum, &options, &sum->fake));
}

static olstm_status add(olstm_context* context, float value, int64_t count, float* out) {
  float x[4] = {value, value, value, value};
  const olstm_tensor input = olstm_fake_vector(x, count);
  olstm_tensor output = {.data = NULL};
  const olstm_status status = olstm_context_run(context, &input, 1, &output, 1, NULL);
  *out = status ? -1 : ((float*)output.data)[count - 1];
  return status;
}

static void bound_outputs_feed_the_next_run(void** state) {
  sum_session sum;
  float y = 0;
  (void)state;
  start_sum(&sum);
  assert_int_equal(olstm_session_input_count(sum.fake.session), 1);
  assert_int_equal(add(sum.context, 2, 3, &y), OLSTM_STATUS_OK);
  assert_true(y == 2);
  assert_int_equal(add(sum.context, 3, 3, &y), OLSTM_STATUS_OK);
  assert_true(y == 5);
  // A run that fails leaves the state as it was.
  assert_int_equal(add(sum.context, -1, 3, &y), OLSTM_STATUS_INVALID_VALUE);
  assert_int_equal(add(sum.context, 1, 3, &y), OLSTM_STATUS_OK);
  assert_true(y == 6);
  assert_int_equal(olstm_context_reset(sum.context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(add(sum.context, 1, 2, &y), OLSTM_STATUS_OK);
  assert_true(y == 1);
  olstm_context_destroy(sum.context);
  olstm_fake_session_destroy(&sum.fake);
}

static void clones_go_their_own_way(void** state) {
  sum_session sum;
  olstm_context* clone = NULL;
  float y = 0;
  (void)state;
  start_sum(&sum);
  assert_int_equal(add(sum.context, 2, 3, &y), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_clone(sum.context, &clone, NULL), OLSTM_STATUS_OK);
  assert_int_equal(add(clone, 10, 3, &y), OLSTM_STATUS_OK);
  assert_true(y == 12);
  assert_int_equal(add(sum.context, 1, 3, &y), OLSTM_STATUS_OK);
  assert_true(y == 3);
  olstm_context_destroy(clone);
  olstm_context_destroy(sum.context);
  olstm_fake_session_destroy(&sum.fake);
}

static void steady_runs_with_state_allocate_nothing(void** state) {
  sum_session sum;
  float y = 0;
  (void)state;
  start_sum(&sum);
  assert_int_equal(add(sum.context, 1, 3, &y), OLSTM_STATUS_OK);
  const int64_t malloced = olstm_test_malloc_count();
  for (int r = 0; r < 50; r++) {
    assert_int_equal(add(sum.context, 1, 3, &y), OLSTM_STATUS_OK);
  }
  assert_int_equal(olstm_test_malloc_count(), malloced);
  assert_true(y == 51);
  olstm_context_destroy(sum.context);
  olstm_fake_session_destroy(&sum.fake);
}

static void plans_are_told_of_after_the_first_prepare_only(void** state) {
  sum_session sum;
  olstm_plan_info info;
  olstm_step_info step;
  olstm_error error = {""};
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {4}};
  (void)state;
  start_sum(&sum);
  assert_int_equal(olstm_context_get_plan_info(sum.context, &info, &error),
                   OLSTM_STATUS_WRONG_STATE);
  assert_int_equal(olstm_context_prepare(sum.context, &desc, 1, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_get_plan_info(sum.context, &info, NULL),
                   OLSTM_STATUS_OK);
  // Check, Add, and the copy that makes state of the output.
  assert_int_equal(info.step_count, 3);
  assert_int_equal(olstm_context_get_step_info(sum.context, 2, &step, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(step.op_type, "Copy");
  assert_string_equal(step.node, "y");
  assert_int_equal(olstm_context_get_step_info(sum.context, 3, &step, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "step 3: the plan has 3");
  olstm_context_destroy(sum.context);
  olstm_fake_session_destroy(&sum.fake);
}

static void a_child_of_fork_goes_on(void** state) {
  sum_session sum;
  float y = 0;
  int status = 0;
  (void)state;
  start_sum(&sum);
  assert_int_equal(add(sum.context, 1, 3, &y), OLSTM_STATUS_OK);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const bool good = add(sum.context, 1, 3, &y) == OLSTM_STATUS_OK && y == 2 &&
                      olstm_context_reset(sum.context, NULL) == OLSTM_STATUS_OK &&
                      add(sum.context, 1, 4, &y) == OLSTM_STATUS_OK && y == 1;
    _exit(good ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  olstm_context_destroy(sum.context);
  olstm_fake_session_destroy(&sum.fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bound_outputs_feed_the_next_run),
      cmocka_unit_test(clones_go_their_own_way),
      cmocka_unit_test(steady_runs_with_state_allocate_nothing),
      cmocka_unit_test(plans_are_told_of_after_the_first_prepare_only),
      cmocka_unit_test(a_child_of_fork_goes_on),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
