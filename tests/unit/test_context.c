// runtime/context.c and context_plan.c: state that runs carry, and what a plan is like.

#include "tests/support/fake_ops.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

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

/// Batch first, as Keras has it: the Transposes become part of the node.
static const char kKeras[] =
    "input x float[n,t,2]\nconst w float[1,12,2] 0.3 -0.2 0.5 0.1 -0.4\n"
    "const r float[1,12,3] 0.2 -0.1 0.4 -0.3\n"
    "node Transpose x -> xt perm=[1,0,2]\nnode LSTM xt,w,r -> y,h name=lstm "
    "hidden_size=3\n"
    "const one int64[1] 1\nnode Squeeze y,one -> ys\n"
    "node Transpose ys -> z perm=[1,0,2]\noutput z\n";

/// Runs `steps` steps of 2 rows from step `first` on; the last step's outputs go to
/// `out`.
static void run_chunk(olstm_context* context, int first, int steps, float out[6]) {
  float x[2 * 8 * 2];
  for (int n = 0; n < 2; n++) {
    for (int i = 0; i < 2 * steps; i++) {
      x[n * 2 * steps + i] = (float)((7 * n + 3 * (2 * first + i)) % 11) / 11 - 0.5F;
    }
  }
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {2, steps, 2}}, x};
  olstm_tensor output = {.data = NULL};
  olstm_error error = {""};
  if (olstm_context_run(context, &input, 1, &output, 1, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(output.desc.dims[1], steps);
  const float* z = output.data;
  for (int n = 0; n < 2; n++) {
    for (int h = 0; h < 3; h++) out[3 * n + h] = z[(n * steps + steps - 1) * 3 + h];
  }
}

static void chunks_of_a_sequence_give_what_the_whole_gives(void** state) {
  static const char* const kAll[] = {"all"};
  (void)state;
  for (int fuse = 0; fuse < 2; fuse++) {
    olstm_session_options options;
    olstm_fake_session fake;
    float whole[6], chunked[6];
    olstm_session_options_init(&options);
    options.stateful_count = 1;
    options.stateful = kAll;
    options.fuse = fuse != 0;
    olstm_context* context =
        olstm_fake_context(olstm_fake_session_must(kKeras, &options, &fake));
    assert_int_equal(olstm_context_state_count(context), 2);
    run_chunk(context, 0, 8, whole);
    assert_int_equal(olstm_context_reset(context, NULL), OLSTM_STATUS_OK);
    run_chunk(context, 0, 3, chunked);
    run_chunk(context, 3, 1, chunked);
    run_chunk(context, 4, 4, chunked);
    assert_memory_equal(whole, chunked, sizeof whole);
    olstm_context_destroy(context);
    olstm_fake_session_destroy(&fake);
  }
}

static bool goes_on(void* user) {
  sum_session* sum = user;
  float y = 0;
  return add(sum->context, 1, 3, &y) == OLSTM_STATUS_OK && y == 2 &&
         olstm_context_reset(sum->context, NULL) == OLSTM_STATUS_OK &&
         add(sum->context, 1, 4, &y) == OLSTM_STATUS_OK && y == 1;
}

static void a_child_of_fork_goes_on(void** state) {
  sum_session sum;
  float y = 0;
  (void)state;
  start_sum(&sum);
  assert_int_equal(add(sum.context, 1, 3, &y), OLSTM_STATUS_OK);
  assert_true(olstm_test_holds_in_fork(goes_on, &sum));
  olstm_context_destroy(sum.context);
  olstm_fake_session_destroy(&sum.fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bound_outputs_feed_the_next_run),
      cmocka_unit_test(clones_go_their_own_way),
      cmocka_unit_test(steady_runs_with_state_allocate_nothing),
      cmocka_unit_test(plans_are_told_of_after_the_first_prepare_only),
      cmocka_unit_test(chunks_of_a_sequence_give_what_the_whole_gives),
      cmocka_unit_test(a_child_of_fork_goes_on),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
