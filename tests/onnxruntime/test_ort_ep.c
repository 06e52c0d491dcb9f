// The execution provider inside a real ONNX Runtime: same results as ONNX Runtime's own
// kernels, and results where it has none.
#include <pthread.h>
#include <string.h>

#include "tests/onnxruntime/ort_host.h"
#include "tests/support/test_main.h"

#define FLOAT_TYPE ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
#define DOUBLE_TYPE ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE

static const ort_host_options kPlain = {.thread_count = 1};
static const ort_host_options kProvider = {.with_provider = true, .thread_count = 1};

static size_t run_once(const char* name, const ort_host_options* options,
                       const ort_host_tensor* inputs, size_t input_count,
                       ort_host_tensor* outputs) {
  char message[512] = "";
  OrtSession* session = ort_host_open(name, options, message);
  if (!session) fail_msg("%s: %s", name, message);
  const size_t count = ort_host_run(session, inputs, input_count, outputs, message);
  if (!count) fail_msg("%s: %s", name, message);
  ort_host_api()->ReleaseSession(session);
  return count;
}

static void agrees_with_onnx_runtime(void** state) {
  static const char* const kModels[] = {"cpu_lstm", "cpu_lstm_bidirectional", "cpu_gru",
                                        "cpu_rnn"};
  static ort_host_tensor input, expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  (void)state;
  ort_host_api();
  ort_host_register_provider();
  for (size_t m = 0; m < sizeof kModels / sizeof kModels[0]; m++) {
    ort_host_fill(&input, FLOAT_TYPE, 6, 2, 3);
    const size_t count = run_once(kModels[m], &kPlain, &input, 1, expected);
    assert_int_equal(run_once(kModels[m], &kProvider, &input, 1, actual), count);
    for (size_t i = 0; i < count; i++) ort_host_assert_close(&expected[i], &actual[i]);
  }
  ort_host_unregister_provider();
}

static void takes_initial_states(void** state) {
  static ort_host_tensor inputs[3], expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  (void)state;
  ort_host_api();
  ort_host_register_provider();
  ort_host_fill(&inputs[0], FLOAT_TYPE, 4, 2, 3);
  ort_host_fill(&inputs[1], FLOAT_TYPE, 1, 2, 5);
  ort_host_fill(&inputs[2], FLOAT_TYPE, 1, 2, 5);
  inputs[2].values[3] = -0.9;
  const size_t count = run_once("cpu_lstm_states", &kPlain, inputs, 3, expected);
  assert_int_equal(run_once("cpu_lstm_states", &kProvider, inputs, 3, actual), count);
  for (size_t i = 0; i < count; i++) ort_host_assert_close(&expected[i], &actual[i]);
  ort_host_unregister_provider();
}

static void runs_layout_1_which_onnx_runtime_refuses(void** state) {
  static ort_host_tensor input, batchwise, expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  char message[512] = "";
  (void)state;
  ort_host_api();
  assert_null(ort_host_open("layout1_lstm", &kPlain, message));
  ort_host_register_provider();
  ort_host_fill(&input, FLOAT_TYPE, 4, 2, 3);
  (void)run_once("cpu_lstm", &kPlain, &input, 1, expected);
  batchwise = input;
  batchwise.dims[0] = 2;
  batchwise.dims[1] = 4;
  for (size_t t = 0; t < 4; t++) {
    for (size_t n = 0; n < 2; n++) {
      memcpy(&batchwise.values[(n * 4 + t) * 3], &input.values[(t * 2 + n) * 3],
             3 * sizeof(double));
    }
  }
  (void)run_once("layout1_lstm", &kProvider, &batchwise, 1, actual);
  // Y_h: [D,N,H] and [N,D,H] hold the same values in the same order for D = 1.
  for (size_t i = 1; i < 3; i++) {
    memcpy(actual[i].dims, expected[i].dims, sizeof actual[i].dims);
    ort_host_assert_close(&expected[i], &actual[i]);
  }
  ort_host_unregister_provider();
}

static void runs_double_which_onnx_runtime_refuses(void** state) {
  static ort_host_tensor input, expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  char message[512] = "";
  (void)state;
  ort_host_api();
  ort_host_fill(&input, FLOAT_TYPE, 5, 2, 3);
  (void)run_once("cpu_lstm", &kPlain, &input, 1, expected);
  ort_host_fill(&input, DOUBLE_TYPE, 5, 2, 3);
  // ONNX Runtime opens the model and refuses to run it.
  OrtSession* alone = ort_host_open("double_lstm", &kPlain, message);
  if (alone) {
    assert_int_equal(ort_host_run(alone, &input, 1, actual, message), 0);
    ort_host_api()->ReleaseSession(alone);
  }
  ort_host_register_provider();
  (void)run_once("double_lstm", &kProvider, &input, 1, actual);
  assert_int_equal(actual[0].dtype, DOUBLE_TYPE);
  for (size_t i = 0; i < 3; i++) ort_host_assert_close(&expected[i], &actual[i]);
  ort_host_unregister_provider();
}

typedef struct thread_job {
  OrtSession* session;
  int64_t steps;
  bool ok;
} thread_job;

/// cmocka's assertions belong to the main thread: this one only reports.
static void* run_many(void* argument) {
  thread_job* job = argument;
  ort_host_tensor* tensors = calloc(2 + ORT_HOST_MAX_VALUES, sizeof *tensors);
  char message[512] = "";
  job->ok = tensors != NULL;
  for (int i = 0; job->ok && i < 50; i++) {
    ort_host_fill(&tensors[0], FLOAT_TYPE, job->steps + i % 3, 2, 3);
    job->ok = ort_host_run(job->session, tensors, 1, &tensors[1], message) == 3;
  }
  free(tensors);
  return NULL;
}

static void serves_several_sessions_on_several_threads(void** state) {
  enum { kSessions = 2, kThreads = 4 };
  OrtSession* sessions[kSessions];
  pthread_t threads[kThreads];
  thread_job jobs[kThreads];
  char message[512] = "";
  (void)state;
  ort_host_api();
  ort_host_register_provider();
  for (size_t i = 0; i < kSessions; i++) {
    sessions[i] = ort_host_open("cpu_lstm", &kProvider, message);
    assert_non_null(sessions[i]);
  }
  for (size_t i = 0; i < kThreads; i++) {
    jobs[i] = (thread_job){sessions[i % kSessions], (int64_t)i + 1, false};
    assert_int_equal(pthread_create(&threads[i], NULL, run_many, &jobs[i]), 0);
  }
  for (size_t i = 0; i < kThreads; i++) {
    (void)pthread_join(threads[i], NULL);
    assert_true(jobs[i].ok);
  }
  for (size_t i = 0; i < kSessions; i++) ort_host_api()->ReleaseSession(sessions[i]);
  ort_host_unregister_provider();
}

static void refuses_an_input_of_another_size_by_name(void** state) {
  static ort_host_tensor inputs[3], outputs[ORT_HOST_MAX_VALUES];
  char message[512] = "";
  (void)state;
  ort_host_api();
  ort_host_register_provider();
  OrtSession* session = ort_host_open("cpu_lstm_states", &kProvider, message);
  assert_non_null(session);
  ort_host_fill(&inputs[0], FLOAT_TYPE, 4, 2, 3);
  ort_host_fill(&inputs[1], FLOAT_TYPE, 1, 2, 4);
  ort_host_fill(&inputs[2], FLOAT_TYPE, 1, 2, 5);
  assert_int_equal(ort_host_run(session, inputs, 3, outputs, message), 0);
  assert_non_null(strstr(message, "initial_h has shape [1,2,4]"));
  ort_host_api()->ReleaseSession(session);
  ort_host_unregister_provider();
}

static void outlives_its_registration_in_a_session(void** state) {
  static ort_host_tensor input, expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  char message[512] = "";
  (void)state;
  ort_host_api();
  ort_host_register_provider();
  OrtSession* session = ort_host_open("cpu_lstm", &kProvider, message);
  assert_non_null(session);
  ort_host_unregister_provider();
  ort_host_fill(&input, FLOAT_TYPE, 4, 2, 3);
  (void)run_once("cpu_lstm", &kPlain, &input, 1, expected);
  assert_int_equal(ort_host_run(session, &input, 1, actual, message), 3);
  for (size_t i = 0; i < 3; i++) ort_host_assert_close(&expected[i], &actual[i]);
  ort_host_api()->ReleaseSession(session);
}

static void assert_refused(const char* key, const char* because) {
  const ort_host_options options = {.with_provider = true, .config_key = key};
  char message[512] = "";
  ort_host_api();
  ort_host_register_provider();
  assert_null(ort_host_open("cpu_lstm", &options, message));
  assert_non_null(strstr(message, because));
  ort_host_unregister_provider();
}

static void refuses_to_make_context_models_by_name(void** state) {
  (void)state;
  assert_refused("ep.context_enable", "makes no EPContext models");
}

static void refuses_options_by_name(void** state) {
  (void)state;
  assert_refused("ep.olstmexecutionprovider.turbo", "none called 'turbo'");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_onnx_runtime),
      cmocka_unit_test(takes_initial_states),
      cmocka_unit_test(runs_layout_1_which_onnx_runtime_refuses),
      cmocka_unit_test(runs_double_which_onnx_runtime_refuses),
      cmocka_unit_test(serves_several_sessions_on_several_threads),
      cmocka_unit_test(refuses_an_input_of_another_size_by_name),
      cmocka_unit_test(outlives_its_registration_in_a_session),
      cmocka_unit_test(refuses_to_make_context_models_by_name),
      cmocka_unit_test(refuses_options_by_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
