// runtime/execute/wavefront_run.c: what layers are told to do, in rounds and alone, and
// when a machine that is no faster in rounds is left in peace.
#include "runtime/execute/wavefront_run.h"

#include "tests/support/test_main.h"

enum { kLayers = 2, kSteps = 5, kPiece = 2, kMaxCalls = 64 };

/// What fake layers were asked for: steps [first, end) of a layer; begin and finish are
/// [-1,-1) and [-2,-2).
typedef struct layer_call {
  int64_t layer, first, end;
} layer_call;

static layer_call calls[kMaxCalls];
static size_t call_count;
static int64_t failing_layer;

static void note(const void* handle, int64_t first, int64_t end) {
  assert_true(call_count < kMaxCalls);
  calls[call_count++] = (layer_call){*(const int64_t*)handle, first, end};
}

static olstm_status begin(const void* instance, const void* handle,
                          const olstm_run_args* args, olstm_error* error) {
  (void)instance;
  (void)args;
  note(handle, -1, -1);
  if (*(const int64_t*)handle != failing_layer) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "lens");
}

static void advance(const void* instance, const void* handle, const olstm_run_args* args,
                    int64_t first, int64_t end) {
  (void)instance;
  (void)args;
  note(handle, first, end);
}

static void finish(const void* instance, const void* handle, const olstm_run_args* args) {
  (void)instance;
  (void)args;
  note(handle, -2, -2);
}

static void run_tasks(void* pool, int32_t task_count,
                      void (*task)(void* argument, int32_t index), void* argument) {
  (void)pool;
  for (int32_t t = 0; t < task_count; t++) task(argument, t);
}

/// One run on one thread: rounds cannot be faster there than the layers alone.
static olstm_status run(olstm__wavefront_pace* pace, int32_t* out_failed) {
  static const int64_t kNumbers[kLayers] = {0, 1};
  const olstm_sequence sequence = {.struct_size = sizeof sequence,
                                   .step_count = kSteps,
                                   .alone_ns = 1000,
                                   .begin = begin,
                                   .advance = advance,
                                   .finish = finish};
  const olstm_parallel parallel = {
      .struct_size = sizeof parallel, .thread_count = 1, .run = run_tasks};
  olstm__wavefront_layer layers[kLayers];
  for (int l = 0; l < kLayers; l++) {
    layers[l] = (olstm__wavefront_layer){&sequence, NULL, &kNumbers[l], NULL};
  }
  call_count = 0;
  return olstm__wavefront_run(layers, kLayers, kPiece, &parallel, pace, out_failed, NULL);
}

/// Whether the layers ran one after the other, each as a whole.
static bool was_alone(void) {
  for (size_t i = 0; i < call_count; i++) {
    if (calls[i].first == 0 && calls[i].end == kSteps) return true;
  }
  return false;
}

static void every_step_is_run_once_after_the_layer_below(void** state) {
  (void)state;
  for (int r = 0; r < 4; r++) {
    static olstm__wavefront_pace pace;
    int64_t done[kLayers] = {0};
    int32_t failed = -1;
    failing_layer = -1;
    assert_int_equal(run(&pace, &failed), OLSTM_STATUS_OK);
    for (size_t i = 0; i < call_count; i++) {
      const layer_call* call = &calls[i];
      if (i < kLayers || i >= call_count - kLayers) {
        assert_int_equal(call->first, i < kLayers ? -1 : -2);
        assert_int_equal(call->layer, i < kLayers ? i : i + kLayers - call_count);
        continue;
      }
      assert_int_equal(call->first, done[call->layer]);
      assert_true(call->end > call->first);
      done[call->layer] = call->end;
      assert_true(done[1] <= done[0]);
    }
    assert_int_equal(done[0], kSteps);
    assert_int_equal(done[1], kSteps);
    assert_int_equal(call_count, was_alone() ? 3 * kLayers : (2 + 3) * kLayers);
  }
}

static void rounds_that_gain_nothing_become_rare(void** state) {
  olstm__wavefront_pace pace = {0};
  int32_t failed = -1;
  (void)state;
  failing_layer = -1;
  for (int expected = 1; expected <= 256; expected *= 2) {
    const int alone = expected < 64 ? expected : 64;
    assert_int_equal(run(&pace, &failed), OLSTM_STATUS_OK);
    assert_false(was_alone());
    assert_true(pace.alone_ns > 0);
    for (int i = 0; i < alone; i++) {
      assert_int_equal(run(&pace, &failed), OLSTM_STATUS_OK);
      assert_true(was_alone());
    }
  }
}

static void a_layer_that_cannot_begin_is_told(void** state) {
  olstm__wavefront_pace pace = {0};
  int32_t failed = -1;
  (void)state;
  for (failing_layer = 0; failing_layer < kLayers; failing_layer++) {
    assert_int_equal(run(&pace, &failed), OLSTM_STATUS_INVALID_ARGUMENT);
    assert_int_equal(failed, failing_layer);
    assert_int_equal(call_count, failing_layer + 1);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_step_is_run_once_after_the_layer_below),
      cmocka_unit_test(rounds_that_gain_nothing_become_rare),
      cmocka_unit_test(a_layer_that_cannot_begin_is_told),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
