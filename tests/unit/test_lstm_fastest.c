// op/lstm/lstm_fastest.h: kernels are timed, the faster one is taken and said; what was
// measured is remembered for all plans and nodes of a session.
#include "op/lstm/lstm_fastest.h"

#include <string.h>

#include "olstm/olstm.h"
#include "op/lstm/lstm_problem.h"
#include "op/lstm/lstm_spec.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

/// Whether oneDNN's kernel can do a plain problem here.
static bool has_onednn;

static olstm__lstm_problem make_problem(int64_t steps) {
  const olstm__lstm_layouts layouts = {
      OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_TIME_MAJOR};
  olstm__lstm_spec spec;
  olstm__lstm_problem problem;
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &spec);
  olstm__lstm_problem_init(&spec, OLSTM_DTYPE_FLOAT, steps, 2, 3, 5, &layouts, &problem);
  problem.wants_y = problem.wants_y_h = true;
  problem.has_initial_c = true;
  return problem;
}

static void times_every_kernel_but_the_reference(void** state) {
  const olstm__lstm_problem problem = make_problem(7);
  olstm_test_allocator memory;
  olstm__lstm_timing timing;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__lstm_time_kernels(&problem, &memory.allocator, &timing);
  assert_int_equal(timing.steps, 7);
  for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
    const bool is_timed =
        has_onednn && olstm__lstm_kernel_at(k) != &olstm__lstm_kernel_ref;
    assert_int_equal(timing.ns[k] > 0, is_timed);
  }
}

static void times_fewer_steps_of_long_runs(void** state) {
  const olstm__lstm_problem problem = make_problem(1 << 20);
  olstm_test_allocator memory;
  olstm__lstm_timing timing;
  (void)state;
  olstm_test_allocator_init(&memory);
  olstm__lstm_time_kernels(&problem, &memory.allocator, &timing);
  assert_in_range(timing.steps, 8, 1 << 16);
}

static void takes_the_faster_kernel_and_says_the_times(void** state) {
  const olstm__lstm_problem problem = make_problem(7);
  olstm__lstm_timing timing = {.steps = 7, .ns = {61200, 50000}};
  olstm__lstm_choice choice;
  (void)state;
  assert_int_equal(olstm__lstm_choose_fastest(&problem, &timing, &choice, NULL),
                   OLSTM_STATUS_OK);
  assert_ptr_equal(choice.kernel, olstm__lstm_kernel_at(1));
  assert_int_equal(choice.precision, problem.precision);
  char expected[128];
  (void)snprintf(expected, sizeof expected, "fastest: native 61.2 us, %s 50 us",
                 olstm__lstm_kernel_at(1)->name);
  assert_string_equal(choice.reason, expected);
  // Plain figures, however long it takes.
  timing.ns[0] = 1412345;
  timing.ns[1] = 999600;
  assert_int_equal(olstm__lstm_choose_fastest(&problem, &timing, &choice, NULL),
                   OLSTM_STATUS_OK);
  (void)snprintf(expected, sizeof expected, "fastest: native 1412 us, %s 1000 us",
                 olstm__lstm_kernel_at(1)->name);
  assert_string_equal(choice.reason, expected);
}

static void the_first_choice_stays_where_times_are_about_equal(void** state) {
  const olstm__lstm_problem problem = make_problem(100);
  olstm__lstm_timing timing = {.steps = 25, .ns = {61200, 60000}};
  olstm__lstm_choice choice;
  (void)state;
  assert_int_equal(olstm__lstm_choose_fastest(&problem, &timing, &choice, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(choice.kernel->name, "native");
  assert_non_null(strstr(choice.reason, " 60 us for 25 steps"));
}

static void without_times_it_is_the_first_choice(void** state) {
  olstm__lstm_problem problem = make_problem(7);
  olstm_test_allocator memory;
  olstm__lstm_timing timing;
  olstm__lstm_choice choice;
  (void)state;
  olstm_test_allocator_init(&memory);
  // oneDNN does not take it.
  problem.spec.has_clip = true;
  problem.spec.clip = 1;
  olstm__lstm_time_kernels(&problem, &memory.allocator, &timing);
  assert_int_equal(olstm__lstm_choose_fastest(&problem, &timing, &choice, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(choice.kernel->name, "native");
  assert_string_equal(choice.reason, "first choice");
}

static void without_memory_it_is_the_first_choice(void** state) {
  const olstm__lstm_problem problem = make_problem(7);
  (void)state;
  for (int64_t nth = 0; nth < 20; nth++) {
    olstm_test_allocator memory;
    olstm__lstm_timing timing;
    olstm__lstm_choice choice;
    olstm_test_allocator_init(&memory);
    olstm_test_allocator_fail_at(&memory, nth);
    olstm__lstm_time_kernels(&problem, &memory.allocator, &timing);
    assert_int_equal(olstm__lstm_choose_fastest(&problem, &timing, &choice, NULL),
                     OLSTM_STATUS_OK);
    olstm_test_allocator_assert_clean(&memory);
  }
}

static void keys_are_equal_for_about_as_many_steps(void** state) {
  const olstm__lstm_problem problems[] = {make_problem(65), make_problem(128),
                                          make_problem(129)};
  olstm__lstm_timing_key keys[3];
  (void)state;
  for (size_t i = 0; i < 3; i++) keys[i] = olstm__lstm_timing_key_of(&problems[i]);
  assert_memory_equal(&keys[0], &keys[1], sizeof keys[0]);
  assert_memory_not_equal(&keys[0], &keys[2], sizeof keys[0]);
}

static void results_agree_with_the_reference(void** state) {
  static const char* const kLines[] = {
      "LSTM T7 N2 I3 H5 B h0 c0", "LSTM T7 N3 I3 H5 bidirectional B lens layout=1",
      "LSTM T1 N1 I1 H40 P clip=0.5", "GRU T5 N2 I3 H20 B", "RNN T5 N2 I3 H20 B h0"};
  const olstm_lstm_case_options options = {.kernel = "fastest"};
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    olstm_lstm_case expected;
    olstm_lstm_case got;
    olstm_error error;
    olstm_lstm_case_init(&expected, kLines[i]);
    olstm_lstm_case_init(&got, kLines[i]);
    olstm_lstm_case_must_run(&expected, "reference");
    if (olstm_lstm_case_run(&got, &options, &error) != 0) fail_msg("%s", error.message);
    olstm_lstm_case_must_agree(&got, &expected, 1e-5, 1e-6);
    olstm_lstm_case_deinit(&expected);
    olstm_lstm_case_deinit(&got);
  }
}

// ---------------------------------------------------------------- sessions

static const char kModel[] =
    "opset 14\ninput x float[t,1,8]\nconst w float[1,32,8] 0.1 -0.2 0.05\n"
    "const r float[1,32,8] 0.03 -0.1 0.2\nconst v float[1,32,8] 0.2 -0.1 0.07\n"
    "node LSTM x,w,r -> y name=a hidden_size=8\n"
    "node LSTM x,v,r -> z name=b hidden_size=8\noutput y\noutput z\n";

/// The reason of LSTM `index` of the plan for `steps` steps.
static void plan(olstm_context* context, int64_t steps, size_t index, char* out_reason) {
  const olstm_tensor_desc x = {OLSTM_DTYPE_FLOAT, 3, {steps, 1, 8}};
  olstm_step_info step;
  olstm_error error;
  if (olstm_context_prepare(context, &x, 1, &error) != 0) fail_msg("%s", error.message);
  assert_int_equal(olstm_context_get_step_info(context, index, &step, NULL), 0);
  assert_string_equal(step.op_type, "LSTM");
  (void)snprintf(out_reason, 256, "%s", step.reason);
}

static void a_session_measures_once(void** state) {
  olstm_model* model = olstm_test_model(kModel);
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_session_options options;
  olstm_error error;
  char first[256], other_node[256], other_steps[256], again[256];
  (void)state;
  olstm_session_options_init(&options);
  options.kernel = "fastest";
  // So that the plan for 40 steps is made anew.
  options.plan_cache_capacity = 1;
  if (olstm_session_create(model, NULL, &options, &session, &error) != 0 ||
      olstm_context_create(session, &context, &error) != 0) {
    fail_msg("%s", error.message);
  }
  plan(context, 40, 0, first);
  plan(context, 40, 1, other_node);
  plan(context, 5, 0, other_steps);
  plan(context, 40, 0, again);
  assert_string_equal(first, other_node);
  assert_string_equal(first, again);
  if (has_onednn) {
    assert_non_null(strstr(first, "fastest: native "));
    assert_non_null(strstr(other_steps, "fastest: native "));
    assert_string_not_equal(first, other_steps);
  } else {
    assert_string_equal(first, "first choice");
  }
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

/// More kinds of runs than a node remembers.
static void forgets_the_oldest_measurement(void** state) {
  olstm_model* model = olstm_test_model(kModel);
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_session_options options;
  char reason[256];
  (void)state;
  olstm_session_options_init(&options);
  options.kernel = "fastest";
  assert_int_equal(olstm_session_create(model, NULL, &options, &session, NULL), 0);
  assert_int_equal(olstm_context_create(session, &context, NULL), 0);
  for (int64_t steps = 1; steps <= 1024; steps *= 2) plan(context, steps, 0, reason);
  plan(context, 1, 0, reason);
  assert_true(strlen(reason) > 0);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

int main(int argc, char** argv) {
  const olstm__lstm_problem problem = make_problem(7);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_every_kernel_but_the_reference),
      cmocka_unit_test(times_fewer_steps_of_long_runs),
      cmocka_unit_test(takes_the_faster_kernel_and_says_the_times),
      cmocka_unit_test(the_first_choice_stays_where_times_are_about_equal),
      cmocka_unit_test(without_times_it_is_the_first_choice),
      cmocka_unit_test(without_memory_it_is_the_first_choice),
      cmocka_unit_test(keys_are_equal_for_about_as_many_steps),
      cmocka_unit_test(results_agree_with_the_reference),
      cmocka_unit_test(a_session_measures_once),
      cmocka_unit_test(forgets_the_oldest_measurement),
  };
  for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
    const olstm__lstm_kernel* kernel = olstm__lstm_kernel_at(k);
    if (strcmp(kernel->name, "onednn") == 0) has_onednn = !kernel->decline(&problem);
  }
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
