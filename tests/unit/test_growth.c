// What lives long does not grow: runs, shapes and sessions by the thousands leave live
// memory, and what the process has resident, where they were. Sanitizers keep freed
// memory for a while: with them, live memory alone counts, and there are fewer of
// everything.
#include <stdio.h>
#include <unistd.h>

#include "tests/support/model_fixture.h"
#include "tests/support/test_allocator.h"

enum {
  kMostSteps = 100,
  kMostRows = 100,
  kFeatures = 3,
  kManyRuns = 1000000,
  kWarmUp = 200,
  /// What allocators round up, and stacks touch late.
  kSlackBytes = 2 << 20
};

static float x[kMostSteps * kMostRows * kFeatures];

/// How many of `count` are done: all, or the tenth part with sanitizers.
static int scaled(int count) {
  return olstm_test_malloc_count() < 0 ? count / 10 : count;
}

static size_t resident_bytes(void) {
  char line[128] = "";
  FILE* file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  // All pages, then those that are resident.
  assert_non_null(fgets(line, sizeof line, file));
  (void)fclose(file);
  char* second = strchr(line, ' ');
  assert_non_null(second);
  return (size_t)strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/// What must not grow.
typedef struct memory_use {
  int64_t live;
  size_t resident;
} memory_use;

static memory_use measure(const olstm_test_allocator* memory) {
  return (memory_use){memory->live_bytes, resident_bytes()};
}

static void expect_no_more(const memory_use* before, const olstm_test_allocator* memory) {
  const memory_use after = measure(memory);
  assert_int_equal(after.live, before->live);
  if (olstm_test_malloc_count() < 0) return;
  if (after.resident > before->resident + kSlackBytes) {
    fail_msg("%zu bytes are resident, expected %zu", after.resident, before->resident);
  }
}

typedef struct subject {
  olstm_test_allocator memory;
  olstm_model* model;
  olstm_session* session;
  olstm_context* context;
} subject;

static void begin(subject* self) {
  static const char* const kAll[] = {"all"};
  olstm_model_options model_options;
  olstm_session_options options;
  olstm_model_options_init(&model_options);
  olstm_session_options_init(&options);
  model_options.allocator = options.allocator = &self->memory.allocator;
  options.stateful_count = 1;
  options.stateful = kAll;
  assert_int_equal(olstm_model_load_file(OLSTM_TEST_DATA "/onnxruntime/cpu_lstm.onnx",
                                         &model_options, &self->model, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(
      olstm_session_create(self->model, NULL, &options, &self->session, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_create(self->session, &self->context, NULL),
                   OLSTM_STATUS_OK);
}

static void end(subject* self) {
  olstm_context_destroy(self->context);
  olstm_session_destroy(self->session);
  olstm_model_destroy(self->model);
}

static void run(subject* self, int64_t steps, int64_t rows) {
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {steps, rows, kFeatures}}, x};
  olstm_tensor outputs[3] = {{{0}, NULL}};
  assert_int_equal(olstm_context_run(self->context, &input, 1, outputs, 3, NULL),
                   OLSTM_STATUS_OK);
}

static void run_many(int count) {
  subject self;
  olstm_test_allocator_init(&self.memory);
  begin(&self);
  for (int i = 0; i < kWarmUp; i++) run(&self, 1, 1);
  const memory_use before = measure(&self.memory);
  for (int i = 0; i < count; i++) run(&self, 1, 1);
  expect_no_more(&before, &self.memory);
  end(&self);
  olstm_test_allocator_assert_clean(&self.memory);
}

static void a_million_runs_leave_nothing(void** state) {
  (void)state;
  run_many(scaled(kManyRuns));
}

/// Ten thousand plans, of which 16 are kept.
static void ten_thousand_shapes_leave_nothing(void** state) {
  subject self;
  (void)state;
  const int rows = scaled(kMostRows);
  olstm_test_allocator_init(&self.memory);
  begin(&self);
  for (int round = 0; round < 2; round++) {
    // Every batch first: the largest workspace is kept, whichever that is. Then those
    // that end the walk below, so that the cache holds the same plans before and after.
    for (int n = 1; n <= rows; n++) {
      assert_int_equal(olstm_context_reset(self.context, NULL), OLSTM_STATUS_OK);
      run(&self, kMostSteps, n);
    }
    for (int t = kMostSteps - kMostSteps / 4; t <= kMostSteps; t++) {
      assert_int_equal(olstm_context_reset(self.context, NULL), OLSTM_STATUS_OK);
      run(&self, t, rows);
    }
  }
  const memory_use before = measure(&self.memory);
  for (int n = 1; n <= rows; n++) {
    assert_int_equal(olstm_context_reset(self.context, NULL), OLSTM_STATUS_OK);
    for (int t = 1; t <= kMostSteps; t++) run(&self, t, n);
  }
  expect_no_more(&before, &self.memory);
  end(&self);
  olstm_test_allocator_assert_clean(&self.memory);
}

static void come_and_go(int count) {
  subject self;
  olstm_test_allocator_init(&self.memory);
  memory_use before = {0, 0};
  for (int i = 0; i < kWarmUp + count; i++) {
    if (i == kWarmUp) before = measure(&self.memory);
    begin(&self);
    run(&self, 2, 2);
    end(&self);
  }
  expect_no_more(&before, &self.memory);
  olstm_test_allocator_assert_clean(&self.memory);
}

static void ten_thousand_sessions_leave_nothing(void** state) {
  (void)state;
  come_and_go(scaled(10000));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_million_runs_leave_nothing),
      cmocka_unit_test(ten_thousand_shapes_leave_nothing),
      cmocka_unit_test(ten_thousand_sessions_leave_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
