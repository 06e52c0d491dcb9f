// runtime/control_loop: trip counts, conditions, carried values, captures, stacks. Models
// are those of tests/data/make_control_models.py.
#include "runtime/execute/control.h"
#include "tests/support/model_fixture.h"
#include "tests/support/test_allocator.h"

#define MODEL(name) OLSTM_TEST_DATA "/control/" name ".onnx"

static void counts_up_to_m_and_stacks_rows(void** state) {
  const float x[] = {1, 2};
  const float step[] = {10, 100};
  const float rows[] = {11, 102, 21, 202, 31, 302, 41, 402};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_count"), NULL);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, step, MODEL_SHAPE(2));
  for (int64_t m = 4; m >= 1; m--) {
    model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
    model_must_run(&fixture);
    model_expect(&fixture, 0, "[2]", rows + 2 * (m - 1));
    const int64_t dims[] = {m, 2};
    model_expect(&fixture, 1, olstm_dims_text(dims, 2).text, rows);
  }
  model_end(&fixture);
}

static void gives_what_it_was_given_when_it_never_runs(void** state) {
  const float x[] = {1, 2, 3};
  const float step[] = {10, 100, 1000};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_count"), NULL);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(3));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, step, MODEL_SHAPE(3));
  for (int64_t m = 0; m >= -1; m--) {
    model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
    model_must_run(&fixture);
    model_expect(&fixture, 0, "[3]", x);
    model_expect_shape(&fixture, 1, "[0,3]");
  }
  model_end(&fixture);
}

static void stops_when_its_condition_says_so(void** state) {
  const float x = 3;
  const float limit = 40;
  const float y = 48;
  const int64_t count = 4;
  const int64_t none = 0;
  uint8_t go = 1;
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_while"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_BOOL, &go, MODEL_SCALAR);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, &x, MODEL_SCALAR);
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, &limit, MODEL_SCALAR);
  model_must_run(&fixture);
  model_expect(&fixture, 0, "[]", &y);
  model_expect_int64(&fixture, 1, "[]", &count);
  go = 0;
  model_must_run(&fixture);
  model_expect(&fixture, 0, "[]", &x);
  model_expect_int64(&fixture, 1, "[]", &none);
  model_end(&fixture);
}

static void carries_values_that_grow(void** state) {
  const float x[] = {1, 2};
  const float y[] = {1, 2, 1, 2, 1, 2};
  const int64_t counts[] = {0, 1, 2};
  const int64_t m = 3;
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_grow"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SHAPE(1));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, NULL, MODEL_SHAPE(0));
  for (int run = 0; run < 3; run++) {
    model_must_run(&fixture);
    model_expect(&fixture, 0, "[6]", y);
    model_expect_int64(&fixture, 1, "[3]", counts);
  }
  model_end(&fixture);
}

static void runs_loops_in_loops(void** state) {
  // v += i x, in a loop of its own, and the row is 2 v.
  const float x[] = {1, -2};
  const int64_t m = 4;
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_nested"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2));
  model_must_run(&fixture);
  model_expect_shape(&fixture, 1, "[4,2]");
  const float* got = fixture.outputs[1].data;
  float v[2] = {0, 0};
  for (int i = 0; i < 4; i++) {
    for (int n = 0; n < 2; n++) {
      v[n] += (float)i * x[n];
      assert_true(got[2 * i + n] == 2 * v[n]);
    }
  }
  model_expect(&fixture, 0, "[2]", v);
  model_end(&fixture);
}

static void passes_on_captures_constants_and_its_own_inputs(void** state) {
  const float x[] = {1, 2};
  const float y[] = {3, 4};
  const float xs[] = {1, 2, 1, 2, 1, 2};
  const float cs[] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_passing"), NULL);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, y, MODEL_SHAPE(2));
  for (int64_t m = 0; m <= 3; m++) {
    const int64_t xs_dims[] = {m, 2};
    const int64_t cs_dims[] = {m, 3};
    model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
    model_must_run(&fixture);
    model_expect(&fixture, 0, "[2]", m % 2 ? y : x);
    model_expect(&fixture, 1, "[2]", m % 2 ? x : y);
    model_expect(&fixture, 2, olstm_dims_text(xs_dims, 2).text, xs);
    model_expect(&fixture, 3, olstm_dims_text(cs_dims, 2).text, cs);
  }
  model_end(&fixture);
}

static void refuses_to_stack_rows_of_other_shapes(void** state) {
  const float x[] = {1, 2, 3};
  int64_t m = 1;
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_ragged"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(3));
  model_must_run(&fixture);
  model_expect_shape(&fixture, 1, "[1,1]");
  m = 2;
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(
      fixture.error.message,
      "Loop 'loop_y': iteration 1 gives 'rows' shape [2], expected [1] as before");
  model_end(&fixture);
}

static void stops_a_stack_that_grows_for_ever(void** state) {
  const float x[64] = {0};
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  olstm_session_options_init(&options);
  options.max_memory = 1 << 20;
  model_start(&fixture, MODEL("loop_forever"), &options);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(64));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_non_null(strstr(fixture.error.message, "Loop 'loop_rows': needs "));
  assert_non_null(strstr(fixture.error.message, " max_memory, which is 1048576"));
  model_end(&fixture);
}

/// M may be larger than a size; where sizes have 32 bits, this one is 2 then.
static void a_stack_of_more_trips_than_addresses_grows(void** state) {
  const int64_t m = (INT64_C(1) << 32) + 2;
  const float x[64] = {0};
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  olstm_session_options_init(&options);
  options.max_memory = 1 << 20;
  model_start(&fixture, MODEL("loop_count"), &options);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(64));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(64));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_non_null(strstr(fixture.error.message, " max_memory, which is 1048576"));
  model_end(&fixture);
}

static void copies_a_stack_a_few_times_on_its_way_to_the_limit(void** state) {
  const float x[64] = {0};
  olstm_test_allocator allocator;
  olstm_session_options options;
  model_fixture fixture;
  (void)state;
  olstm_test_allocator_init(&allocator);
  olstm_session_options_init(&options);
  options.allocator = &allocator.allocator;
  options.max_memory = 1 << 20;
  model_start(&fixture, MODEL("loop_forever"), &options);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(64));
  const int64_t before = allocator.allocation_count;
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_LIMIT_EXCEEDED);
  // The stack has 4096 rows.
  assert_true(allocator.allocation_count - before < 100);
  model_end(&fixture);
  olstm_test_allocator_assert_clean(&allocator);
}

static void ends_when_it_has_run_too_often(void** state) {
  const float x[1] = {0};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_forever"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(1));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_non_null(strstr(fixture.error.message, "with it this run comes to "));
  assert_non_null(strstr(fixture.error.message,
                         " units of work, more than max_work, which is 8589934592"));
  model_end(&fixture);
}

/// The least max_work with which `run` goes well.
static uint64_t find_least_work(olstm_status (*run)(int64_t size, uint64_t max_work),
                                int64_t size) {
  uint64_t too_little = 1, enough = 1 << 30;
  assert_int_equal(run(size, enough), OLSTM_STATUS_OK);
  while (enough - too_little > 1) {
    const uint64_t middle = too_little + (enough - too_little) / 2;
    const olstm_status status = run(size, middle);
    if (status == OLSTM_STATUS_OK) {
      enough = middle;
    } else {
      assert_int_equal(status, OLSTM_STATUS_LIMIT_EXCEEDED);
      too_little = middle;
    }
  }
  return enough;
}

/// An outer loop of m trips whose inner one has 0, 1, ... m - 1. The second run is made
/// with the same limit, and needs no plans.
static olstm_status run_nested(int64_t m, uint64_t max_work) {
  const float x[2] = {0};
  olstm_session_options options;
  model_fixture fixture;
  olstm_session_options_init(&options);
  options.max_work = max_work;
  model_start(&fixture, MODEL("loop_nested"), &options);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SCALAR);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2));
  const olstm_status status = model_run(&fixture);
  if (status == OLSTM_STATUS_OK) assert_int_equal(model_run(&fixture), status);
  model_end(&fixture);
  return status;
}

static void counts_all_loops_of_a_run_together(void** state) {
  (void)state;
  const uint64_t least[] = {
      find_least_work(run_nested, 4), find_least_work(run_nested, 5),
      find_least_work(run_nested, 6), find_least_work(run_nested, 7)};
  const uint64_t inner_trip = least[2] - least[1] - (least[1] - least[0]);
  // A trip counts 512, and each of its steps 128 at least.
  assert_in_range(inner_trip, 512 + 128, 2048);
  assert_int_equal(least[3] - least[2] - (least[2] - least[1]), inner_trip);
}

/// Ten trips that append `count` elements each.
static olstm_status grow_ten_times(int64_t count, uint64_t max_work) {
  static const float kX[1 << 14] = {0};
  const int64_t m = 10;
  olstm_session_options options;
  model_fixture fixture;
  olstm_session_options_init(&options);
  options.max_work = max_work;
  model_start(&fixture, MODEL("loop_grow"), &options);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &m, MODEL_SHAPE(1));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, kX, MODEL_SHAPE(count));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, kX, MODEL_SHAPE(count));
  const olstm_status status = model_run(&fixture);
  model_end(&fixture);
  return status;
}

static void counts_plans_for_other_shapes_and_bytes(void** state) {
  (void)state;
  const uint64_t small = find_least_work(grow_ten_times, 1);
  const uint64_t large = find_least_work(grow_ten_times, 1 << 14);
  // A step is planned anew in each trip.
  assert_in_range(small, 10 * 16384, 50 * 16384);
  // In all ten, Concat writes 65 times so many elements, for 3 each.
  assert_int_equal(large - small, 3 * 65 * ((1 << 14) - 1));
}

static void refuses_a_condition_of_many_elements(void** state) {
  const float x = 3;
  const uint8_t go[] = {1, 1};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("loop_while"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_BOOL, go, MODEL_SHAPE(2));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, &x, MODEL_SCALAR);
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, &x, MODEL_SCALAR);
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  model_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_up_to_m_and_stacks_rows),
      cmocka_unit_test(gives_what_it_was_given_when_it_never_runs),
      cmocka_unit_test(stops_when_its_condition_says_so),
      cmocka_unit_test(carries_values_that_grow),
      cmocka_unit_test(runs_loops_in_loops),
      cmocka_unit_test(passes_on_captures_constants_and_its_own_inputs),
      cmocka_unit_test(refuses_to_stack_rows_of_other_shapes),
      cmocka_unit_test(stops_a_stack_that_grows_for_ever),
      cmocka_unit_test(a_stack_of_more_trips_than_addresses_grows),
      cmocka_unit_test(copies_a_stack_a_few_times_on_its_way_to_the_limit),
      cmocka_unit_test(ends_when_it_has_run_too_often),
      cmocka_unit_test(counts_all_loops_of_a_run_together),
      cmocka_unit_test(counts_plans_for_other_shapes_and_bytes),
      cmocka_unit_test(refuses_a_condition_of_many_elements),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
