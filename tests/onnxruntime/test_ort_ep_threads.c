// The execution provider on several of ONNX Runtime's threads: the same bits as on one.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/onnxruntime/ort_host.h"
#include "tests/support/test_main.h"
#include "tools/lstm_model.h"

/// Large enough for olstm to split units (one row) and rows (several).
enum { kSteps = 12, kMaxRows = 8, kInput = 128, kUnits = 256, kCallers = 3, kRuns = 8 };
enum { kXCount = kSteps * kMaxRows * kInput, kYCount = kSteps * kMaxRows * kUnits };

static const int64_t kRows[] = {1, 3, kMaxRows};
enum { kRowCases = sizeof kRows / sizeof kRows[0] };

static float x[kXCount];
static float expected[kRowCases][kYCount];

static OrtSession* open_layer(size_t index, int thread_count) {
  const olstm__lstm_shape shape = {kSteps, kRows[index], kInput, kUnits, 1, 1};
  const ort_host_options options = {.with_provider = true, .thread_count = thread_count};
  unsigned char* bytes = NULL;
  size_t byte_count = 0;
  char message[512] = "";
  assert_int_equal(olstm__lstm_model_write(&shape, &bytes, &byte_count, NULL),
                   OLSTM_STATUS_OK);
  OrtSession* session = ort_host_open_memory(bytes, byte_count, &options, message);
  free(bytes);
  if (!session) fail_msg("%s", message);
  return session;
}

static bool run_layer(OrtSession* session, size_t index, float* y) {
  char message[512] = "";
  const int64_t dims[] = {kSteps, kRows[index], kInput};
  return ort_host_run_layer(session, dims, x, y, (size_t)(kSteps * kRows[index] * kUnits),
                            message);
}

typedef struct caller {
  OrtSession* session;
  size_t index;
  bool ok;
} caller;

/// cmocka's assertions belong to the main thread: this one only reports.
static void* call_often(void* argument) {
  caller* c = argument;
  const size_t count = (size_t)(kSteps * kRows[c->index] * kUnits);
  float* y = malloc(kYCount * sizeof *y);
  c->ok = y != NULL;
  for (size_t i = 0; c->ok && i < kRuns; i++) {
    c->ok = run_layer(c->session, c->index, y) &&
            memcmp(y, expected[c->index], count * sizeof *y) == 0;
  }
  free(y);
  return NULL;
}

static void call_at_once(OrtSession* session, size_t index) {
  pthread_t threads[kCallers];
  caller callers[kCallers];
  for (size_t i = 0; i < kCallers; i++) {
    callers[i] = (caller){session, index, false};
    assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
  }
  for (size_t i = 0; i < kCallers; i++) (void)pthread_join(threads[i], NULL);
  for (size_t i = 0; i < kCallers; i++) assert_true(callers[i].ok);
}

static void gives_the_same_bits_on_any_number_of_threads(void** state) {
  (void)state;
  ort_host_api();
  ort_host_register_provider();
  for (size_t i = 0; i < kXCount; i++) x[i] = (float)(i * 37 % 101) / 101.0F - 0.5F;
  for (size_t i = 0; i < kRowCases; i++) {
    OrtSession* one = open_layer(i, 1);
    assert_true(run_layer(one, i, expected[i]));
    ort_host_api()->ReleaseSession(one);
    for (int thread_count = 2; thread_count <= 4; thread_count++) {
      OrtSession* session = open_layer(i, thread_count);
      // More callers than ONNX Runtime has threads: some runs find the pool taken.
      call_at_once(session, i);
      ort_host_api()->ReleaseSession(session);
    }
  }
  ort_host_unregister_provider();
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_the_same_bits_on_any_number_of_threads),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
