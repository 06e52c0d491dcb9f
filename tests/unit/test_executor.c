// runtime/execute/executor.c: binding a plan, pointers of each run, buffers lent and
// given.
#include "runtime/execute/executor.h"

#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static const char kModel[] =
    "input x float[n]\nnode test:Inc x -> a scratch=256\nnode test:Add a,x -> y\n"
    "output y\n";

static void writes_to_lent_and_given_buffers_in_turn(void** state) {
  olstm_fake_session fake;
  float x[] = {1, 2}, given[2] = {0};
  const olstm_tensor input = olstm_fake_vector(x, 2);
  (void)state;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, NULL, &fake));
  for (int r = 0; r < 4; r++) {
    olstm_tensor output = olstm_fake_vector(r % 2 ? given : NULL, 2);
    x[0] = (float)r;
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                     OLSTM_STATUS_OK);
    assert_true(((float*)output.data)[0] == 2 * (float)r + 1);
    if (r % 2) assert_ptr_equal(output.data, given);
    if (r % 2 == 0) assert_ptr_not_equal(output.data, given);
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void a_steady_run_allocates_nothing(void** state) {
  olstm_test_allocator counting;
  olstm_session_options options;
  olstm_fake_session fake;
  float x[] = {1, 2, 3};
  const olstm_tensor input = olstm_fake_vector(x, 3);
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_test_allocator_init(&counting);
  olstm_session_options_init(&options);
  options.allocator = &counting.allocator;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, &options, &fake));
  assert_int_equal(olstm_context_prepare(context, &input.desc, 1, NULL), OLSTM_STATUS_OK);
  const int64_t allocated = counting.allocation_count;
  const int64_t malloced = olstm_test_malloc_count();
  for (int r = 0; r < 100; r++) {
    output.data = NULL;
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                     OLSTM_STATUS_OK);
  }
  assert_int_equal(olstm_test_malloc_count(), malloced);
  assert_int_equal(counting.allocation_count, allocated);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
  olstm_test_allocator_assert_clean(&counting);
}

static void prepare_runs_once_on_zeros(void** state) {
  olstm_fake_session fake;
  float x[] = {1, 2};
  const olstm_tensor input = olstm_fake_vector(x, 2);
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, NULL, &fake));
  assert_int_equal(olstm_context_prepare(context, &input.desc, 1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_fake.run, 2);
  assert_int_equal(olstm_context_prepare(context, &input.desc, 1, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_fake.run, 2);
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_true(((float*)output.data)[1] == 5);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void refuses_buffers_that_do_not_fit(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  float x[] = {1, 2}, y[3];
  const olstm_tensor input = olstm_fake_vector(x, 2);
  olstm_tensor output = olstm_fake_vector(y, 3);
  (void)state;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, NULL, &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "output 'y': the buffer has shape [3], expected [2]");
  output.desc = (olstm_tensor_desc){OLSTM_DTYPE_DOUBLE, 1, {2}};
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_DTYPE_MISMATCH);
  assert_string_equal(error.message,
                      "output 'y': the buffer has dtype double, expected float");
  assert_int_equal(olstm_fake.run, 0);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void refuses_inputs_without_data_or_in_its_own_memory(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  float x[] = {1, 2};
  olstm_tensor input = olstm_fake_vector(x, 2), output = {.data = NULL};
  (void)state;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, NULL, &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  input.data = output.data;
  output.data = NULL;
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "input 'x' is a buffer that the context has lent: copy it first");
  input.data = NULL;
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "input 'x' has no data");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void a_failed_run_can_be_followed_by_a_good_one(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  float x[] = {1, -2};
  const olstm_tensor input = olstm_fake_vector(x, 2);
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\nnode test:Check x -> a name=chk\nnode test:Inc a -> y\noutput "
      "y\n",
      NULL, &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_INVALID_VALUE);
  assert_string_equal(error.message, "Check 'chk': -2 is negative");
  x[1] = 2;
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_true(((float*)output.data)[1] == 3);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void names_the_limit_that_a_workspace_exceeds(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  olstm_error error = {""};
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {1000}};
  (void)state;
  olstm_session_options_init(&options);
  options.max_memory = 100;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, &options, &fake));
  assert_int_equal(olstm_context_prepare(context, &desc, 1, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message,
                      "graph 'main' needs 256 bytes of workspace for these shapes, more "
                      "than the limit of 100");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void outputs_count_and_small_inputs_have_a_small_limit(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {1}};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[1]\nconst s int64[1] 67108865\nnode test:Fill s -> z\n"
      "output z\n",
      NULL, &fake));
  assert_int_equal(olstm_context_prepare(context, &desc, 1, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_non_null(strstr(error.message, "graph 'main' needs 268"));
  assert_non_null(strstr(error.message, "more than max_memory, which is 268435456"));
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void survives_every_failing_allocation(void** state) {
  float x[] = {1, 2, 3};
  (void)state;
  for (int64_t nth = 1;; nth++) {
    olstm_test_allocator failing;
    olstm_session_options options;
    olstm_fake_session fake;
    olstm_context* context = NULL;
    const olstm_tensor input = olstm_fake_vector(x, 3);
    olstm_tensor output = {.data = NULL};
    olstm_test_allocator_init(&failing);
    olstm_session_options_init(&options);
    options.allocator = &failing.allocator;
    olstm_test_allocator_fail_at(&failing, nth);
    olstm_status status = olstm_fake_session_create(
        "input x float[n]\nconst w float[3] 1\nnode test:Inc w -> v\n"
        "node test:ShapeOf x -> s\nnode test:Fill s -> z\n"
        "node test:Add x,v -> a\nnode test:Add a,z -> y\noutput y\n",
        &options, &fake, NULL);
    if (!status) status = olstm_context_create(fake.session, &context, NULL);
    if (!status) status = olstm_context_run(context, &input, 1, &output, 1, NULL);
    olstm_context_destroy(context);
    olstm_fake_session_destroy(&fake);
    olstm_test_allocator_assert_clean(&failing);
    assert_int_equal(olstm_fake.release, olstm_fake.prepare);
    if (!status) break;
    assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
    assert_true(nth < 500);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_to_lent_and_given_buffers_in_turn),
      cmocka_unit_test(a_steady_run_allocates_nothing),
      cmocka_unit_test(prepare_runs_once_on_zeros),
      cmocka_unit_test(refuses_buffers_that_do_not_fit),
      cmocka_unit_test(refuses_inputs_without_data_or_in_its_own_memory),
      cmocka_unit_test(a_failed_run_can_be_followed_by_a_good_one),
      cmocka_unit_test(names_the_limit_that_a_workspace_exceeds),
      cmocka_unit_test(outputs_count_and_small_inputs_have_a_small_limit),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
