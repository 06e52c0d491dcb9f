// The native kernel against the reference kernel, and the laws that need no expected
// values.
#include <math.h>
#include <string.h>

#include "op/lstm/lstm_spec.h"
#include "op/lstm/native/native_plan.h"
#include "op/math/cpu.h"
#include "op/math/real.h"
#include "runtime/host/threads.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

/// Runs the line on both kernels; they agree.
static void check_line(const char* text, double rtol, double atol) {
  olstm_lstm_case native;
  olstm_lstm_case reference;
  olstm_lstm_case_init(&native, text);
  olstm_lstm_case_init(&reference, text);
  olstm_lstm_case_must_run(&native, "native");
  olstm_lstm_case_must_run(&reference, "reference");
  assert_string_equal(native.kernel, "native");
  olstm_lstm_case_must_agree(&native, &reference, rtol, atol);
  olstm_lstm_case_deinit(&native);
  olstm_lstm_case_deinit(&reference);
}

static void check_drawn(const char* cell, const char* extra, int count, double rtol,
                        double atol) {
  char text[512];
  for (int seed = 0; seed < count; seed++) {
    olstm_lstm_case_draw((uint64_t)seed, cell, extra, text);
    check_line(text, rtol, atol);
  }
}

static void float_lstms_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("LSTM", "", 200, 1e-5, 2e-6);
}

static void float_grus_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("GRU", "", 120, 1e-5, 2e-6);
}

static void float_rnns_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("RNN", "", 80, 1e-5, 2e-6);
}

static void double_cells_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("LSTM", "dtype=double", 80, 1e-13, 1e-14);
  check_drawn("GRU", "dtype=double", 50, 1e-13, 1e-14);
  check_drawn("RNN", "dtype=double", 30, 1e-13, 1e-14);
}

/// Without an initial h there is no product with R in the first step: not so where R is
/// not finite, since zero times infinity is no number.
static void infinite_weights_count_in_the_first_step_too(void** state) {
  static const char* const kLines[] = {
      "LSTM T1 N1 I4 H8",  "LSTM T1 N2 I4 H40",       "LSTM T2 N14 I4 H300 dtype=double",
      "GRU T1 N3 I4 H20",  "GRU T1 N3 I4 H20 lbr=1",  "RNN T1 N9 I4 H20 dtype=float16",
      "LSTM T1 N1 I4 H80", "LSTM T1 N2 I4 H8 dynamic"};
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    olstm_lstm_case layer;
    olstm_lstm_case_init(&layer, kLines[i]);
    // The last unit's last gate.
    const int64_t at =
        olstm_tensor_desc_count(&layer.tensors[OLSTM_RECURRENT_R].desc) - 1;
    olstm__real_store(layer.dtype, layer.tensors[OLSTM_RECURRENT_R].data, at,
                      i % 2 ? (double)INFINITY : -(double)INFINITY);
    olstm_lstm_case_must_run(&layer, "native");
    const int64_t last = layer.hidden - 1;
    assert_true(isnan(olstm_lstm_case_y(&layer, 0, 0, layer.rows - 1, last)));
    assert_false(isnan(olstm_lstm_case_y(&layer, 0, 0, layer.rows - 1, 0)));
    olstm_lstm_case_deinit(&layer);
  }
}

/// Sizes at which panels are cut, and projections come in several chunks.
static void large_sizes_agree_with_the_reference(void** state) {
  (void)state;
  check_line("LSTM T40 N7 I300 H70 B lens", 1e-4, 1e-5);
  check_line("LSTM T3 N14 I20 H310 B", 1e-4, 1e-5);
  check_line("LSTM T70 N1 I33 H130 B reverse", 1e-4, 1e-5);
  check_line("GRU T12 N9 I40 H290 B lens lbr=1", 1e-4, 1e-5);
  check_line("GRU T12 N9 I40 H290 B reverse", 1e-4, 1e-5);
  check_line("RNN T12 N9 I40 H290 B lens bidirectional", 1e-4, 1e-5);
  // More rows of x than the cache holds: two panels at a time, one of them left over.
  check_line("LSTM T40 N3 I450 H70 B lens", 1e-4, 1e-5);
  check_line("GRU T40 N3 I450 H50 B reverse", 1e-4, 1e-5);
  check_line("RNN T40 N3 I450 H110 B", 1e-4, 1e-5);
}

// ---------------------------------------------------------------- reduced precision

static void run_at(olstm_lstm_case* layer, int32_t precision) {
  const olstm_lstm_case_options options = {.kernel = "native", .precision = precision};
  olstm_error error;
  if (olstm_lstm_case_run(layer, &options, &error) != OLSTM_STATUS_OK) {
    fail_msg("'%s': %s", layer->text, error.message);
  }
}

/// The largest difference between the outputs of two cases.
static double difference(const olstm_lstm_case* a, const olstm_lstm_case* b) {
  double largest = 0;
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++) {
    if (!a->outputs[i].data) continue;
    const int64_t count = olstm_tensor_desc_count(&a->outputs[i].desc);
    for (int64_t k = 0; k < count; k++) {
      const double distance = fabs(olstm__real_load(a->dtype, a->outputs[i].data, k) -
                                   olstm__real_load(a->dtype, b->outputs[i].data, k));
      // NaN is as far as it gets.
      if (!(distance <= largest)) largest = isnan(distance) ? HUGE_VAL : distance;
    }
  }
  return largest;
}

static void must_equal(const olstm_lstm_case* a, const olstm_lstm_case* b) {
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++) {
    size_t bytes = 0;
    if (!a->outputs[i].data) continue;
    assert_true(olstm_tensor_desc_bytes(&a->outputs[i].desc, &bytes));
    if (memcmp(a->outputs[i].data, b->outputs[i].data, bytes) != 0) {
      fail_msg("'%s': output %zu differs", a->text, i);
    }
  }
}

static const char* const kReducedLines[] = {
    "LSTM T12 N1 I20 H64 B h0 c0",
    "LSTM T1 N1 I64 H64 B h0 c0",
    "LSTM T9 N7 I33 H50 B lens bidirectional P",
    "LSTM T5 N3 I7 H100 layout=1 B clip=0.9 dtype=float16",
    "LSTM T20 N9 I40 H300 B reverse",
    "GRU T9 N5 I33 H50 B lens bidirectional lbr=1",
    "GRU T9 N5 I33 H50 B",
    "GRU T9 N1 I1 H33 B reverse",
    "RNN T9 N5 I33 H50 B lens",
};
enum { kReducedCount = sizeof kReducedLines / sizeof kReducedLines[0] };

/// Gives `layer` values that bfloat16 does not hold; those drawn are short enough for it.
static void lengthen(olstm_lstm_case* layer, size_t tensor) {
  const int64_t count = olstm_tensor_desc_count(&layer->tensors[tensor].desc);
  void* data = layer->tensors[tensor].data;
  for (int64_t k = 0; k < count; k++) {
    olstm__real_store(layer->dtype, data, k,
                      olstm__real_load(layer->dtype, data, k) * 1.37);
  }
}

/// `count` values of dtype, rounded to bfloat16 on the way.
static void copy_rounded(olstm_dtype dtype, const void* from, int64_t count, void* to) {
  for (int64_t k = 0; k < count; k++) {
    olstm__real_store(
        dtype, to, k,
        olstm__real_round(OLSTM_DTYPE_BFLOAT16, olstm__real_load(dtype, from, k)));
  }
}

/// Gives `reduced` long weights, and `rounded` what bfloat16 makes of them.
static void draw_weights(olstm_lstm_case* reduced, olstm_lstm_case* rounded) {
  for (size_t t = OLSTM_RECURRENT_W; t <= OLSTM_RECURRENT_R; t++) {
    lengthen(reduced, t);
    copy_rounded(reduced->dtype, reduced->tensors[t].data,
                 olstm_tensor_desc_count(&reduced->tensors[t].desc),
                 rounded->tensors[t].data);
  }
}

/// The same as rounding W and R and computing as ever.
static void bfloat16_weights_change_nothing_else(void** state) {
  (void)state;
  // CPUs that multiply bfloat16 round what meets the weights as well: see below.
  if (olstm__cpu_multiplies_bf16()) skip();
  for (size_t i = 0; i < kReducedCount; i++) {
    olstm_lstm_case reduced;
    olstm_lstm_case rounded;
    olstm_lstm_case_init(&reduced, kReducedLines[i]);
    olstm_lstm_case_init(&rounded, kReducedLines[i]);
    draw_weights(&reduced, &rounded);
    run_at(&reduced, OLSTM_PRECISION_BF16);
    run_at(&rounded, OLSTM_PRECISION_F32);
    must_equal(&reduced, &rounded);
    olstm_lstm_case_deinit(&reduced);
    olstm_lstm_case_deinit(&rounded);
  }
}

/// Steps of `text` with bfloat16 against single ones (T1) in float, with W, R, x, and h
/// on its way into the product rounded.
static void check_rounded_rows(const char* text, const char* text_of_step) {
  olstm_lstm_case reduced;
  olstm_lstm_case step;
  olstm_lstm_case_init(&reduced, text);
  olstm_lstm_case_init(&step, text_of_step);
  draw_weights(&reduced, &step);
  lengthen(&reduced, OLSTM_RECURRENT_X);
  const int64_t x_count = reduced.rows * reduced.inputs;
  const int64_t h_count = reduced.rows * reduced.hidden;
  float* h = step.tensors[OLSTM_RECURRENT_INITIAL_H].data;
  float* first_h = reduced.tensors[OLSTM_RECURRENT_INITIAL_H].data;
  copy_rounded(reduced.dtype, first_h, h_count, h);
  memcpy(first_h, h, (size_t)h_count * sizeof *h);
  run_at(&reduced, OLSTM_PRECISION_BF16);
  for (int64_t t = 0; t < reduced.steps; t++) {
    const float* y = (const float*)reduced.outputs[0].data + t * h_count;
    copy_rounded(reduced.dtype,
                 (const float*)reduced.tensors[OLSTM_RECURRENT_X].data + t * x_count,
                 x_count, step.tensors[OLSTM_RECURRENT_X].data);
    run_at(&step, OLSTM_PRECISION_F32);
    // What the order of sums can make of it.
    for (int64_t k = 0; k < h_count; k++) {
      assert_true(fabsf(y[k] - ((const float*)step.outputs[0].data)[k]) < 4e-6F);
    }
    copy_rounded(reduced.dtype, step.outputs[1].data, h_count, h);
    if (step.outputs[2].data) {
      memcpy(step.tensors[OLSTM_RECURRENT_INITIAL_C].data, step.outputs[2].data,
             (size_t)h_count * sizeof(float));
    }
  }
  olstm_lstm_case_deinit(&reduced);
  olstm_lstm_case_deinit(&step);
}

static void bfloat16_products_round_what_meets_the_weights(void** state) {
  (void)state;
  if (!olstm__cpu_multiplies_bf16()) skip();
  check_rounded_rows("LSTM T3 N1 I5 H100 B h0 c0", "LSTM T1 N1 I5 H100 B h0 c0");
  check_rounded_rows("LSTM T3 N7 I1 H49 B h0 c0", "LSTM T1 N7 I1 H49 B h0 c0");
  check_rounded_rows("LSTM T2 N7 I4 H530 B h0 c0", "LSTM T1 N7 I4 H530 B h0 c0");
  check_rounded_rows("RNN T3 N9 I5 H77 B h0", "RNN T1 N9 I5 H77 B h0");
  // Beyond the product GRU's h is not rounded, so that one step is all.
  check_rounded_rows("GRU T1 N5 I5 H50 B h0 lbr=1", "GRU T1 N5 I5 H50 B h0 lbr=1");
}

static void reduced_precision_is_close_to_float(void** state) {
  (void)state;
  for (size_t i = 0; i < kReducedCount; i++) {
    olstm_lstm_case exact;
    olstm_lstm_case reduced;
    olstm_lstm_case_init(&exact, kReducedLines[i]);
    olstm_lstm_case_init(&reduced, kReducedLines[i]);
    run_at(&exact, OLSTM_PRECISION_F32);
    run_at(&reduced, OLSTM_PRECISION_BF16);
    const double bf16 = difference(&reduced, &exact);
    run_at(&reduced, OLSTM_PRECISION_INT8);
    const double int8 = difference(&reduced, &exact);
    print_message("%s: bf16 %.2g, int8 %.2g\n", kReducedLines[i], bf16, int8);
    assert_true(bf16 > 0 && bf16 < 1e-2);
    assert_true(int8 > 0 && int8 < 5e-2);
    olstm_lstm_case_deinit(&exact);
    olstm_lstm_case_deinit(&reduced);
  }
}

/// A row is the same alone and among others.
static void check_neighbours(const char* text, const char* text_of_row,
                             int32_t precision) {
  olstm_lstm_case all;
  olstm_lstm_case one;
  olstm_lstm_case_init(&all, text);
  olstm_lstm_case_init(&one, text_of_row);
  run_at(&all, precision);
  const int64_t x_count = all.steps * all.inputs;
  const int64_t y_count = all.steps * all.hidden;
  for (int64_t row = 0; row < all.rows; row++) {
    memcpy(one.tensors[OLSTM_RECURRENT_X].data,
           (const float*)all.tensors[OLSTM_RECURRENT_X].data + row * x_count,
           (size_t)x_count * sizeof(float));
    run_at(&one, precision);
    assert_memory_equal((const float*)all.outputs[0].data + row * y_count,
                        one.outputs[0].data, (size_t)y_count * sizeof(float));
  }
  olstm_lstm_case_deinit(&all);
  olstm_lstm_case_deinit(&one);
}

static void reduced_rows_do_not_depend_on_their_neighbours(void** state) {
  (void)state;
  for (int32_t precision = OLSTM_PRECISION_BF16; precision <= OLSTM_PRECISION_INT8;
       precision++) {
    check_neighbours("LSTM T6 N7 I5 H50 B layout=1", "LSTM T6 N1 I5 H50 B layout=1",
                     precision);
    check_neighbours("LSTM T2 N8 I3 H530 B layout=1", "LSTM T2 N1 I3 H530 B layout=1",
                     precision);
    check_neighbours("GRU T6 N7 I5 H50 B layout=1", "GRU T6 N1 I5 H50 B layout=1",
                     precision);
  }
}

static void reduced_precision_keeps_what_is_no_number(void** state) {
  (void)state;
  for (int32_t precision = OLSTM_PRECISION_BF16; precision <= OLSTM_PRECISION_INT8;
       precision++) {
    olstm_lstm_case layer;
    olstm_lstm_case_init(&layer, "LSTM T2 N2 I5 H40 B");
    ((float*)layer.tensors[OLSTM_RECURRENT_X].data)[3] = NAN;
    run_at(&layer, precision);
    const float* y = layer.outputs[0].data;
    for (size_t u = 0; u < 40; u++) {
      assert_true(isnan(y[u]) && isnan(y[80 + u]));
      assert_true(isfinite(y[40 + u]) && isfinite(y[120 + u]));
    }
    olstm_lstm_case_deinit(&layer);
  }
}

static void declines_reduced_precision_that_gains_nothing(void** state) {
  olstm__lstm_problem problem = {
      .dtype = OLSTM_DTYPE_FLOAT, .hidden_size = 16, .precision = OLSTM_PRECISION_INT8};
  (void)state;
  assert_string_equal(olstm__lstm_kernel_native.decline(&problem),
                      "reduced precision of so few units");
  problem.hidden_size = 64;
  assert_null(olstm__lstm_kernel_native.decline(&problem));
  problem.dtype = OLSTM_DTYPE_DOUBLE;
  assert_string_equal(olstm__lstm_kernel_native.decline(&problem),
                      "double at reduced precision");
}

// ---------------------------------------------------------------- threads

static void check_threads(const char* text, int32_t precision, int32_t thread_count) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__threads* threads = NULL;
  olstm_lstm_case alone;
  olstm_lstm_case together;
  olstm_lstm_case_init(&alone, text);
  olstm_lstm_case_init(&together, text);
  run_at(&alone, precision);
  assert_int_equal(olstm__threads_create(thread_count, &allocator, &threads, NULL),
                   OLSTM_STATUS_OK);
  const olstm_lstm_case_options options = {
      .kernel = "native",
      .precision = precision,
      .thread_count = thread_count,
      .parallel = olstm__threads_try_acquire(threads)};
  assert_non_null(options.parallel);
  assert_int_equal(olstm_lstm_case_run(&together, &options, NULL), OLSTM_STATUS_OK);
  must_equal(&together, &alone);
  olstm__threads_release(options.parallel);
  olstm__threads_destroy(threads);
  olstm_lstm_case_deinit(&alone);
  olstm_lstm_case_deinit(&together);
}

/// Large enough that the work is split: over directions, rows, units.
static void results_do_not_depend_on_threads(void** state) {
  static const char* const kLines[] = {
      "LSTM T90 N1 I9 H150 B h0 c0",
      "LSTM T40 N1 I9 H150 B bidirectional P clip=0.7",
      "LSTM T50 N37 I5 H40 B lens",
      "LSTM T50 N23 I5 H41 B lens bidirectional layout=1",
      "LSTM T60 N3 I5 H100 B reverse dtype=double",
      "LSTM T40 N11 I20 H60 B dtype=float16 bidirectional",
      "GRU T90 N1 I9 H190 B lbr=1",
      "GRU T90 N1 I9 H190 B reverse",
      "GRU T40 N30 I9 H60 B lens",
      "RNN T200 N1 I9 H300 B",
      "RNN T60 N33 I9 H90 B lens bidirectional",
  };
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    for (int32_t thread_count = 2; thread_count <= 4; thread_count++) {
      check_threads(kLines[i], OLSTM_PRECISION_F32, thread_count);
    }
  }
}

static void reduced_results_do_not_depend_on_threads(void** state) {
  (void)state;
  for (int32_t precision = OLSTM_PRECISION_BF16; precision <= OLSTM_PRECISION_INT8;
       precision++) {
    check_threads("LSTM T90 N1 I9 H150 B h0 c0", precision, 2);
    check_threads("LSTM T50 N37 I5 H40 B lens", precision, 3);
    check_threads("GRU T90 N1 I9 H190 B reverse", precision, 2);
    check_threads("LSTM T50 N23 I5 H41 B lens bidirectional", precision, 4);
  }
}

static void count_and_run(void* pool, int32_t task_count,
                          void (*task)(void* argument, int32_t index), void* argument) {
  (*(int*)pool)++;
  for (int32_t i = task_count - 1; i >= 0; i--) task(argument, i);
}

/// Split for four, run by two: over rows, and over units.
static void fewer_threads_than_planned_are_used(void** state) {
  static const char* const kLines[] = {"LSTM T50 N37 I5 H40 B lens",
                                       "LSTM T90 N1 I9 H150 B h0 c0"};
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    int runs = 0;
    const olstm_parallel parallel = {sizeof parallel, &runs, 2, count_and_run};
    const olstm_lstm_case_options options = {
        .kernel = "native", .thread_count = 4, .parallel = &parallel};
    olstm_lstm_case alone, together;
    olstm_lstm_case_init(&alone, kLines[i]);
    olstm_lstm_case_init(&together, kLines[i]);
    run_at(&alone, OLSTM_PRECISION_F32);
    assert_int_equal(olstm_lstm_case_run(&together, &options, NULL), OLSTM_STATUS_OK);
    assert_true(runs > 0);
    must_equal(&together, &alone);
    olstm_lstm_case_deinit(&alone);
    olstm_lstm_case_deinit(&together);
  }
}

static olstm__native_split split_of(int64_t steps, int64_t rows, int64_t inputs,
                                    int64_t hidden, int32_t directions,
                                    int32_t thread_count) {
  olstm__lstm_problem problem = {.dtype = OLSTM_DTYPE_FLOAT,
                                 .steps = steps,
                                 .batch = rows,
                                 .input_size = inputs,
                                 .hidden_size = hidden,
                                 .thread_count = thread_count};
  const olstm__native_target target = {.lanes = 16, .real_bytes = sizeof(float)};
  olstm__native_plan plan;
  size_t bytes = 0;
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &problem.spec);
  problem.spec.direction_count = directions;
  assert_true(olstm__native_plan_make(&problem, &target, &plan, &bytes));
  return plan.split;
}

static void assert_split(olstm__native_split split, int32_t directions, int32_t rows,
                         int32_t units) {
  assert_int_equal(split.directions, directions);
  assert_int_equal(split.rows, rows);
  assert_int_equal(split.units, units);
}

static void small_problems_stay_on_one_thread(void** state) {
  (void)state;
  assert_split(split_of(10, 1, 1, 8, 1, 2), 1, 1, 1);
  assert_split(split_of(1, 1, 64, 64, 1, 8), 1, 1, 1);
  assert_split(split_of(1, 1, 128, 128, 2, 8), 1, 1, 1);
  assert_split(split_of(100, 1, 1, 16, 1, 64), 1, 1, 1);
  assert_split(split_of(25, 64, 512, 512, 1, 1), 1, 1, 1);
}

static void large_problems_use_the_threads(void** state) {
  (void)state;
  assert_split(split_of(25, 64, 512, 512, 1, 2), 1, 2, 1);
  assert_split(split_of(25, 16, 512, 512, 1, 2), 1, 1, 2);
  assert_split(split_of(100, 1, 128, 512, 1, 2), 1, 1, 2);
  assert_split(split_of(128, 8, 300, 256, 2, 2), 2, 1, 1);
}

// ---------------------------------------------------------------- laws

static void rows_do_not_depend_on_their_neighbours(void** state) {
  static const char* const kCells[] = {"LSTM", "GRU", "RNN"};
  static const int kHidden[] = {3, 8, 16, 30, 50};
  (void)state;
  for (size_t cell = 0; cell < 3; cell++) {
    for (size_t h = 0; h < sizeof kHidden / sizeof kHidden[0]; h++) {
      char text[256];
      olstm_lstm_case all;
      olstm_lstm_case one;
      (void)snprintf(text, sizeof text, "%s T6 N7 I5 H%d B h0 layout=1", kCells[cell],
                     kHidden[h]);
      olstm_lstm_case_init(&all, text);
      olstm_lstm_case_must_run(&all, "native");
      (void)snprintf(text, sizeof text, "%s T6 N1 I5 H%d B h0 layout=1", kCells[cell],
                     kHidden[h]);
      olstm_lstm_case_init(&one, text);
      const size_t row_bytes = (size_t)(6 * kHidden[h]) * sizeof(float);
      for (size_t row = 0; row < 7; row++) {
        memcpy(one.tensors[OLSTM_RECURRENT_X].data,
               (const float*)all.tensors[OLSTM_RECURRENT_X].data + row * 30,
               30 * sizeof(float));
        memcpy(one.tensors[OLSTM_RECURRENT_INITIAL_H].data,
               (const float*)all.tensors[OLSTM_RECURRENT_INITIAL_H].data +
                   row * (size_t)kHidden[h],
               (size_t)kHidden[h] * sizeof(float));
        olstm_lstm_case_must_run(&one, "native");
        assert_memory_equal((const char*)all.outputs[0].data + row * row_bytes,
                            one.outputs[0].data, row_bytes);
      }
      olstm_lstm_case_deinit(&all);
      olstm_lstm_case_deinit(&one);
    }
  }
}

/// T steps at once, and one step at a time with the state carried over: the same bits.
static void check_steps(const char* cell, int inputs, int hidden, const char* extra,
                        int32_t precision) {
  enum { kSteps = 9, kRows = 3 };
  char text[256];
  olstm_lstm_case all;
  olstm_lstm_case step;
  (void)snprintf(text, sizeof text, "%s T%d N%d I%d H%d B h0 %s", cell, kSteps, kRows,
                 inputs, hidden, extra);
  olstm_lstm_case_init(&all, text);
  run_at(&all, precision);
  (void)snprintf(text, sizeof text, "%s T1 N%d I%d H%d B h0 %s", cell, kRows, inputs,
                 hidden, extra);
  olstm_lstm_case_init(&step, text);
  const size_t size = olstm_dtype_size(all.dtype);
  const size_t x_bytes = (size_t)(kRows * inputs) * size;
  const size_t state_bytes = (size_t)(kRows * hidden) * size;
  for (size_t t = 0; t < kSteps; t++) {
    memcpy(step.tensors[OLSTM_RECURRENT_X].data,
           (const char*)all.tensors[OLSTM_RECURRENT_X].data + t * x_bytes, x_bytes);
    run_at(&step, precision);
    assert_memory_equal((const char*)all.outputs[0].data + t * state_bytes,
                        step.outputs[0].data, state_bytes);
    memcpy(step.tensors[OLSTM_RECURRENT_INITIAL_H].data, step.outputs[1].data,
           state_bytes);
    if (step.outputs[2].data) {
      memcpy(step.tensors[OLSTM_RECURRENT_INITIAL_C].data, step.outputs[2].data,
             state_bytes);
    }
  }
  olstm_lstm_case_deinit(&all);
  olstm_lstm_case_deinit(&step);
}

static void chunks_of_time_change_nothing(void** state) {
  static const int kHidden[] = {3, 8, 16, 30, 50, 130};
  (void)state;
  for (size_t h = 0; h < sizeof kHidden / sizeof kHidden[0]; h++) {
    check_steps("LSTM", 1, kHidden[h], "c0", OLSTM_PRECISION_F32);
    check_steps("LSTM", 7, kHidden[h], "c0", OLSTM_PRECISION_F32);
    check_steps("LSTM", 7, kHidden[h], "c0 dtype=float16", OLSTM_PRECISION_F32);
    check_steps("GRU", 7, kHidden[h], "", OLSTM_PRECISION_F32);
    check_steps("GRU", 7, kHidden[h], "lbr=1", OLSTM_PRECISION_F32);
    check_steps("RNN", 7, kHidden[h], "dtype=double", OLSTM_PRECISION_F32);
  }
}

static void chunks_of_time_change_nothing_at_reduced_precision(void** state) {
  (void)state;
  for (int32_t precision = OLSTM_PRECISION_BF16; precision <= OLSTM_PRECISION_INT8;
       precision++) {
    check_steps("LSTM", 1, 50, "c0", precision);
    check_steps("LSTM", 7, 130, "c0", precision);
    check_steps("LSTM", 7, 50, "c0 dtype=float16", precision);
    check_steps("GRU", 7, 50, "", precision);
    check_steps("GRU", 7, 130, "lbr=1", precision);
    check_steps("RNN", 7, 50, "", precision);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(float_lstms_agree_with_the_reference),
      cmocka_unit_test(float_grus_agree_with_the_reference),
      cmocka_unit_test(float_rnns_agree_with_the_reference),
      cmocka_unit_test(double_cells_agree_with_the_reference),
      cmocka_unit_test(large_sizes_agree_with_the_reference),
      cmocka_unit_test(infinite_weights_count_in_the_first_step_too),
      cmocka_unit_test(bfloat16_weights_change_nothing_else),
      cmocka_unit_test(bfloat16_products_round_what_meets_the_weights),
      cmocka_unit_test(reduced_precision_is_close_to_float),
      cmocka_unit_test(reduced_rows_do_not_depend_on_their_neighbours),
      cmocka_unit_test(reduced_precision_keeps_what_is_no_number),
      cmocka_unit_test(declines_reduced_precision_that_gains_nothing),
      cmocka_unit_test(results_do_not_depend_on_threads),
      cmocka_unit_test(reduced_results_do_not_depend_on_threads),
      cmocka_unit_test(fewer_threads_than_planned_are_used),
      cmocka_unit_test(small_problems_stay_on_one_thread),
      cmocka_unit_test(large_problems_use_the_threads),
      cmocka_unit_test(rows_do_not_depend_on_their_neighbours),
      cmocka_unit_test(chunks_of_time_change_nothing),
      cmocka_unit_test(chunks_of_time_change_nothing_at_reduced_precision),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
