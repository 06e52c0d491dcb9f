// runtime/execute/dynamic.c: steps whose shapes only data can tell.
#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

/// y = the first k of x + 1, plus 1, flat.
static const char kKeep[] =
    "input x float[n]\ninput k int64[]\nnode test:Inc x -> a\n"
    "node test:Keep a,k -> b\nnode test:Inc b -> d\nnode test:Flat d -> y\noutput y\n";

static olstm_status run_keep(olstm_context* context, float* x, int64_t count, int64_t k,
                             olstm_tensor* output, olstm_error* error) {
  const olstm_tensor inputs[] = {olstm_fake_vector(x, count),
                                 {{OLSTM_DTYPE_INT64, 0, {0}}, &k}};
  return olstm_context_run(context, inputs, 2, output, 1, error);
}

static void shapes_follow_the_data(void** state) {
  olstm_fake_session fake;
  olstm_plan_info info;
  olstm_step_info step;
  float x[] = {1, 2, 3, 4};
  (void)state;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kKeep, NULL, &fake));
  for (int64_t k = 4; k >= 0; k--) {
    olstm_tensor output = {.data = NULL};
    assert_int_equal(run_keep(context, x, 4, k, &output, NULL), OLSTM_STATUS_OK);
    assert_int_equal(output.desc.rank, 1);
    assert_int_equal(output.desc.dims[0], k);
    assert_non_null(output.data);
    for (int64_t i = 0; i < k; i++) assert_true(((float*)output.data)[i] == x[i] + 2);
  }
  assert_int_equal(olstm_context_get_plan_info(context, &info, NULL), OLSTM_STATUS_OK);
  assert_true(info.has_dynamic_part);
  assert_int_equal(info.step_count, 4);
  assert_int_equal(olstm_context_get_step_info(context, 0, &step, NULL), 0);
  assert_false(step.is_dynamic);
  assert_int_equal(olstm_context_get_step_info(context, 2, &step, NULL), 0);
  assert_true(step.is_dynamic);
  assert_string_equal(step.kernel, "fake");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
  assert_int_equal(olstm_fake.release, olstm_fake.prepare);
}

static void the_same_shapes_are_not_prepared_again(void** state) {
  olstm_test_allocator counting;
  olstm_session_options options;
  olstm_fake_session fake;
  float x[] = {1, 2, 3, 4};
  (void)state;
  olstm_test_allocator_init(&counting);
  olstm_session_options_init(&options);
  options.allocator = &counting.allocator;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kKeep, &options, &fake));
  olstm_tensor output = {.data = NULL};
  assert_int_equal(run_keep(context, x, 4, 3, &output, NULL), OLSTM_STATUS_OK);
  output.data = NULL;
  assert_int_equal(run_keep(context, x, 4, 3, &output, NULL), OLSTM_STATUS_OK);
  const int prepared = olstm_fake.prepare, inferred = olstm_fake.infer;
  const int64_t allocated = counting.allocation_count;
  for (int r = 0; r < 5; r++) {
    output.data = NULL;
    x[0] = (float)r;
    assert_int_equal(run_keep(context, x, 4, 3, &output, NULL), OLSTM_STATUS_OK);
    assert_true(((float*)output.data)[0] == (float)r + 2);
  }
  assert_int_equal(olstm_fake.prepare, prepared);
  assert_int_equal(olstm_fake.infer, inferred);
  assert_int_equal(counting.allocation_count, allocated);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
  olstm_test_allocator_assert_clean(&counting);
}

static void operators_that_need_all_data_see_it_each_time(void** state) {
  olstm_fake_session fake;
  float x[300];
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\nnode test:Positive x -> y\noutput y\n", NULL, &fake));
  for (int64_t wanted = 300; wanted > 290; wanted--) {
    const olstm_tensor input = olstm_fake_vector(x, 300);
    olstm_tensor output = {.data = NULL};
    for (int i = 0; i < 300; i++) x[i] = i < wanted ? (float)(i + 1) : -1;
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                     OLSTM_STATUS_OK);
    assert_int_equal(output.desc.dims[0], wanted);
    assert_true(((float*)output.data)[wanted - 1] == (float)wanted);
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void writes_to_the_callers_buffer_when_it_fits(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  float x[] = {1, 2, 3, 4}, y[4] = {0};
  olstm_tensor output = olstm_fake_vector(y, 2);
  (void)state;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kKeep, NULL, &fake));
  assert_int_equal(run_keep(context, x, 4, 2, &output, NULL), OLSTM_STATUS_OK);
  assert_true(y[0] == 3 && y[1] == 4 && y[2] == 0);
  assert_int_equal(run_keep(context, x, 4, 3, &output, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "output 'y': the buffer has shape [2], expected [3]");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void lent_outputs_share_nothing(void** state) {
  olstm_fake_session fake;
  float x[] = {1, 2, 3, 4};
  int64_t k = 2;
  const olstm_tensor inputs[] = {olstm_fake_vector(x, 4),
                                 {{OLSTM_DTYPE_INT64, 0, {0}}, &k}};
  olstm_tensor outputs[4];
  (void)state;
  memset(outputs, 0, sizeof outputs);
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float[n]\ninput k int64[]\nnode test:Keep x,k -> a\n"
      "node test:Flat a -> b\nnode test:Inc b -> d\n"
      "output a\noutput b\noutput a\noutput d\n",
      NULL, &fake));
  assert_int_equal(olstm_context_run(context, inputs, 2, outputs, 4, NULL),
                   OLSTM_STATUS_OK);
  for (int o = 0; o < 4; o++) {
    assert_true(((float*)outputs[o].data)[1] == (o == 3 ? 3 : 2));
    for (int p = 0; p < o; p++) assert_ptr_not_equal(outputs[o].data, outputs[p].data);
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

/// A view keeps the memory of what it is a view of, which nothing else uses any more.
static void views_keep_their_memory(void** state) {
  olstm_fake_session fake;
  const float x[] = {1, 0, 2, 3, 0};
  const olstm_tensor input = olstm_fake_vector((void*)x, 5);
  (void)state;
  olstm_context* context = olstm_fake_context(
      olstm_fake_session_must("opset 13\ninput x float[n]\nconst zero int64[1] 0\n"
                              "node NonZero x -> found\nnode Squeeze found,zero -> view\n"
                              "node Neg view -> minus\nnode Neg minus -> again\n"
                              "node Add view,again -> y\noutput y\n",
                              NULL, &fake));
  for (int r = 0; r < 2; r++) {
    static const int64_t kExpected[] = {0, 4, 6};
    olstm_tensor output = {.data = NULL};
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                     OLSTM_STATUS_OK);
    assert_int_equal(output.desc.dims[0], 3);
    assert_memory_equal(output.data, kExpected, sizeof kExpected);
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

/// A known step's result that is an output lies in the caller's buffer, where dynamic
/// steps read it.
static void outputs_of_known_steps_are_read(void** state) {
  static const int64_t kExpected[] = {0, 2, 3};
  olstm_fake_session fake;
  const float x[] = {1, 0, 2, 3, 0};
  const olstm_tensor input = olstm_fake_vector((void*)x, 5);
  float minus[5];
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "opset 13\ninput x float[n]\nnode Neg x -> minus\nnode NonZero minus -> found\n"
      "output minus\noutput found\n",
      NULL, &fake));
  for (int r = 0; r < 2; r++) {
    olstm_tensor outputs[2] = {olstm_fake_vector(r == 0 ? NULL : minus, 5),
                               {.data = NULL}};
    assert_int_equal(olstm_context_run(context, &input, 1, outputs, 2, NULL),
                     OLSTM_STATUS_OK);
    assert_true(((const float*)outputs[0].data)[3] == -3.0F);
    assert_int_equal(outputs[1].desc.dims[1], 3);
    assert_memory_equal(outputs[1].data, kExpected, sizeof kExpected);
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void names_the_node_whose_result_is_too_large(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  olstm_error error = {""};
  int64_t size = (int64_t)1 << 40;
  const olstm_tensor input = {{OLSTM_DTYPE_INT64, 1, {1}}, &size};
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_session_options_init(&options);
  options.max_memory = 1 << 20;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input s int64[1]\nnode test:Fill s -> y\noutput y\n", &options, &fake));
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  size = -5;
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_BACKEND_ERROR);
  assert_string_equal(error.message,
                      "Fill 'y': output 'y' is said to have dtype float and shape [-5]");
  size = 3;
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_OK);
  assert_int_equal(output.desc.dims[0], 3);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void survives_every_failing_allocation(void** state) {
  float x[] = {1, 2, 3, 4};
  (void)state;
  for (int64_t nth = 1;; nth++) {
    olstm_test_allocator failing;
    olstm_session_options options;
    olstm_fake_session fake;
    olstm_context* context = NULL;
    olstm_tensor output = {.data = NULL};
    olstm_test_allocator_init(&failing);
    olstm_session_options_init(&options);
    options.allocator = &failing.allocator;
    olstm_test_allocator_fail_at(&failing, nth);
    olstm_status status = olstm_fake_session_create(kKeep, &options, &fake, NULL);
    if (!status) status = olstm_context_create(fake.session, &context, NULL);
    if (!status) status = run_keep(context, x, 4, 3, &output, NULL);
    if (context && status) {
      // Once there is memory again, the same context works.
      assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
      olstm_test_allocator_fail_at(&failing, 0);
      output.data = NULL;
      assert_int_equal(run_keep(context, x, 4, 3, &output, NULL), OLSTM_STATUS_OK);
      assert_true(((float*)output.data)[2] == 5);
    }
    olstm_context_destroy(context);
    olstm_fake_session_destroy(&fake);
    olstm_test_allocator_assert_clean(&failing);
    if (!status) break;
    assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
    assert_true(nth < 500);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_follow_the_data),
      cmocka_unit_test(the_same_shapes_are_not_prepared_again),
      cmocka_unit_test(operators_that_need_all_data_see_it_each_time),
      cmocka_unit_test(writes_to_the_callers_buffer_when_it_fits),
      cmocka_unit_test(lent_outputs_share_nothing),
      cmocka_unit_test(views_keep_their_memory),
      cmocka_unit_test(outputs_of_known_steps_are_read),
      cmocka_unit_test(names_the_node_whose_result_is_too_large),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
