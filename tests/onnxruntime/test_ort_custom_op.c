// The custom operators inside a real ONNX Runtime.
#include <string.h>

#include "olstm/olstm.h"
#include "tests/onnxruntime/ort_host.h"
#include "tests/support/test_main.h"

#define FLOAT_TYPE ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT

static const ort_host_options kPlain = {.thread_count = 1};
static const ort_host_options kCustom = {.with_custom_ops = true, .thread_count = 1};

static OrtSession* open_or_fail(const char* name, const ort_host_options* options) {
  char message[512] = "";
  OrtSession* session = ort_host_open(name, options, message);
  if (!session) fail_msg("%s: %s", name, message);
  return session;
}

static void run_or_fail(OrtSession* session, const ort_host_tensor* inputs,
                        size_t input_count, ort_host_tensor* outputs) {
  char message[512] = "";
  if (!ort_host_run(session, inputs, input_count, outputs, message)) {
    fail_msg("%s", message);
  }
}

static void run_reference(const ort_host_tensor* input, ort_host_tensor* outputs) {
  OrtSession* session = open_or_fail("cpu_lstm", &kPlain);
  run_or_fail(session, input, 1, outputs);
  ort_host_api()->ReleaseSession(session);
}

static void lstm_agrees_with_onnx_runtime(void** state) {
  static const char* const kModels[] = {"custom_lstm", "custom_lstm_activations"};
  static ort_host_tensor input, expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  (void)state;
  ort_host_api();
  ort_host_fill(&input, FLOAT_TYPE, 6, 2, 3);
  run_reference(&input, expected);
  for (size_t m = 0; m < 2; m++) {
    OrtSession* session = open_or_fail(kModels[m], &kCustom);
    run_or_fail(session, &input, 1, actual);
    for (size_t i = 0; i < 3; i++) ort_host_assert_close(&expected[i], &actual[i]);
    ort_host_api()->ReleaseSession(session);
  }
}

static void lstm_refuses_a_list_of_activations_by_name(void** state) {
  char message[512] = "";
  (void)state;
  ort_host_api();
  assert_null(ort_host_open("custom_lstm_list", &kCustom, message));
  assert_non_null(strstr(message, "activations must be one string"));
}

/// X [T,2,3] of steps first..first+count-1 of `whole`, and reset.
static void slice_steps(const ort_host_tensor* whole, int64_t first, int64_t count,
                        bool reset, ort_host_tensor inputs[2]) {
  inputs[0] = *whole;
  inputs[0].dims[0] = count;
  memcpy(inputs[0].values, &whole->values[first * 6], (size_t)count * 6 * sizeof(double));
  inputs[1] = (ort_host_tensor){
      .dtype = ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, .rank = 1, .dims = {1}};
  inputs[1].values[0] = reset;
}

static void stateful_lstm_keeps_its_state_between_runs(void** state) {
  static ort_host_tensor whole, inputs[2], expected[ORT_HOST_MAX_VALUES],
      actual[ORT_HOST_MAX_VALUES];
  (void)state;
  ort_host_api();
  ort_host_fill(&whole, FLOAT_TYPE, 6, 2, 3);
  run_reference(&whole, expected);
  OrtSession* session = open_or_fail("custom_stateful", &kCustom);
  slice_steps(&whole, 0, 2, false, inputs);
  run_or_fail(session, inputs, 2, actual);
  slice_steps(&whole, 2, 4, false, inputs);
  run_or_fail(session, inputs, 2, actual);
  ort_host_assert_close(&expected[1], &actual[1]);
  ort_host_assert_close(&expected[2], &actual[2]);
  slice_steps(&whole, 0, 6, true, inputs);
  run_or_fail(session, inputs, 2, actual);
  for (size_t i = 0; i < 3; i++) ort_host_assert_close(&expected[i], &actual[i]);
  ort_host_api()->ReleaseSession(session);
}

static void stateful_lstm_refuses_another_batch_until_reset(void** state) {
  static ort_host_tensor whole, inputs[2], outputs[ORT_HOST_MAX_VALUES];
  char message[512] = "";
  (void)state;
  ort_host_api();
  ort_host_fill(&whole, FLOAT_TYPE, 3, 2, 3);
  OrtSession* session = open_or_fail("custom_stateful", &kCustom);
  slice_steps(&whole, 0, 3, false, inputs);
  run_or_fail(session, inputs, 2, outputs);
  inputs[0].dims[0] = 2;
  inputs[0].dims[1] = 3;
  assert_int_equal(ort_host_run(session, inputs, 2, outputs, message), 0);
  assert_non_null(strstr(message, "the state has shape [1,2,5], this run needs [1,3,5]"));
  inputs[1].values[0] = 1.0;
  run_or_fail(session, inputs, 2, outputs);
  ort_host_api()->ReleaseSession(session);
}

/// Runs a context on X and reset, and compares Y, Y_h and Y_c with ONNX Runtime's.
static void expect_olstm_gives(olstm_context* context, const ort_host_tensor inputs[2],
                               const ort_host_tensor* expected) {
  static float x[ORT_HOST_MAX_ELEMENTS];
  const bool reset = inputs[1].values[0] != 0.0;
  olstm_tensor given[2] = {{{OLSTM_DTYPE_FLOAT, 3, {0}}, x},
                           {{OLSTM_DTYPE_BOOL, 1, {1}}, (void*)&reset}};
  olstm_tensor outputs[3];
  olstm_error error = {""};
  memset(outputs, 0, sizeof outputs);
  memcpy(given[0].desc.dims, inputs[0].dims, 3 * sizeof *inputs[0].dims);
  for (size_t i = 0; i < ort_host_count(&inputs[0]); i++) {
    x[i] = (float)inputs[0].values[i];
  }
  if (olstm_context_run(context, given, 2, outputs, 3, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  for (size_t o = 0; o < 3; o++) {
    ort_host_tensor actual = expected[o];
    assert_int_equal(outputs[o].desc.rank, expected[o].rank);
    assert_memory_equal(outputs[o].desc.dims, expected[o].dims,
                        expected[o].rank * sizeof *expected[o].dims);
    for (size_t i = 0; i < ort_host_count(&actual); i++) {
      actual.values[i] = (double)((const float*)outputs[o].data)[i];
    }
    ort_host_assert_close(&expected[o], &actual);
  }
}

/// The same model, in ONNX Runtime with the library and in olstm without it.
static void olstm_itself_runs_a_stateful_lstm(void** state) {
  static const bool kResets[] = {false, false, true, false, true, true};
  static ort_host_tensor whole, inputs[2], expected[ORT_HOST_MAX_VALUES];
  olstm_model* model = NULL;
  olstm_session* own = NULL;
  olstm_context* context = NULL;
  (void)state;
  ort_host_api();
  ort_host_fill(&whole, FLOAT_TYPE, 6, 2, 3);
  OrtSession* session = open_or_fail("custom_stateful", &kCustom);
  assert_int_equal(
      olstm_model_load_file(OLSTM_ORT_MODELS "/custom_stateful.onnx", NULL, &model, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(olstm_session_create(model, NULL, NULL, &own, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_create(own, &context, NULL), OLSTM_STATUS_OK);
  for (int64_t n = 0; n < 6; n++) {
    slice_steps(&whole, n % 3, 1 + n % 4, kResets[n], inputs);
    run_or_fail(session, inputs, 2, expected);
    expect_olstm_gives(context, inputs, expected);
  }
  olstm_context_destroy(context);
  olstm_session_destroy(own);
  olstm_model_destroy(model);
  ort_host_api()->ReleaseSession(session);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lstm_agrees_with_onnx_runtime),
      cmocka_unit_test(lstm_refuses_a_list_of_activations_by_name),
      cmocka_unit_test(stateful_lstm_keeps_its_state_between_runs),
      cmocka_unit_test(stateful_lstm_refuses_another_batch_until_reset),
      cmocka_unit_test(olstm_itself_runs_a_stateful_lstm),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
