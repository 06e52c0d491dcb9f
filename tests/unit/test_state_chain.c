// State of unrolled layers (runtime/fuse/fuse_chain.c, state_stateful.c) that begin from
// constants: a second run goes on from the first. The references are the same layers with
// their states as inputs, run without fusion.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/test_main.h"

enum { N = 3, T = 6, I = 3, H = 4, kMaxOutputs = 8, kMaxStates = 2 };

typedef struct run_state {
  olstm_model* model;
  olstm_session* session;
  olstm_context* context;
} run_state;

static void open_model(run_state* at, const char* name, bool is_stateful) {
  static const char* const kAll[] = {"all"};
  olstm_error error = {""};
  olstm_session_options options;
  char path[512];
  olstm_session_options_init(&options);
  options.fuse = is_stateful;
  options.stateful = kAll;
  options.stateful_count = is_stateful ? 1 : 0;
  (void)snprintf(path, sizeof path, OLSTM_TEST_DATA "/loops/%s.onnx", name);
  if (olstm_model_load_file(path, NULL, &at->model, &error) != OLSTM_STATUS_OK ||
      olstm_session_create(at->model, NULL, &options, &at->session, &error) !=
          OLSTM_STATUS_OK ||
      olstm_context_create(at->session, &at->context, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s: %s", name, error.message);
  }
}

static void close_model(run_state* at) {
  olstm_context_destroy(at->context);
  olstm_session_destroy(at->session);
  olstm_model_destroy(at->model);
}

static olstm_tensor state_tensor(int32_t rank, void* data) {
  olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, rank, {N, H}}, data};
  if (rank == 3) tensor.desc = (olstm_tensor_desc){OLSTM_DTYPE_FLOAT, 3, {1, N, H}};
  return tensor;
}

/// Runs x, and states where they are inputs; the first outputs are the last h and c.
static void run(run_state* at, float* x, float states[kMaxStates][N * H],
                float results[kMaxStates][N * H]) {
  olstm_error error = {""};
  const size_t inputs = olstm_session_input_count(at->session);
  const size_t outputs = olstm_session_output_count(at->session);
  assert_true(inputs <= 1 + kMaxStates && outputs <= kMaxOutputs);
  olstm_tensor in[1 + kMaxStates] = {{{OLSTM_DTYPE_FLOAT, 3, {N, T, I}}, x}};
  olstm_tensor out[kMaxOutputs] = {{.data = NULL}};
  for (int s = 0; s < kMaxStates; s++) in[1 + s] = state_tensor(2, states[s]);
  if (olstm_context_run(at->context, in, inputs, out, outputs, &error) !=
      OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  for (size_t s = 0; s < kMaxStates && s < outputs; s++) {
    if (out[s].desc.rank == 2) memcpy(results[s], out[s].data, sizeof results[s]);
  }
}

static void expect_close(const char* name, const float* got, const float* want) {
  for (int e = 0; e < N * H; e++) {
    if (!(fabsf(got[e] - want[e]) <= 1e-6F)) {
      fail_msg("%s: element %d is %.9g, expected %.9g", name, e, (double)got[e],
               (double)want[e]);
    }
  }
}

static void goes_on_from_the_run_before(void** state) {
  static const struct {
    const char *name, *reference;
    int states;
  } kCases[] = {{"chain_lstm_of_constants", "chain_lstm_keras", 2},
                {"chain_lstm_torch_of_constants", "chain_lstm_last_of_torch", 2},
                {"chain_gru_of_constants", "chain_gru_last", 1},
                {"chain_rnn_of_constants", "chain_rnn_keras", 1}};
  static float x[2][N * T * I], kept[kMaxStates][N * H], want[kMaxStates][N * H],
      unused[kMaxStates][N * H];
  (void)state;
  for (int e = 0; e < N * T * I; e++) {
    x[0][e] = sinf(1.3F * (float)e);
    x[1][e] = cosf(0.7F * (float)e);
  }
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    run_state stream = {NULL, NULL, NULL}, reference = {NULL, NULL, NULL};
    open_model(&stream, kCases[i].name, true);
    open_model(&reference, kCases[i].reference, false);
    assert_int_equal(olstm_context_state_count(stream.context), kCases[i].states);
    run(&stream, x[0], unused, kept);
    run(&reference, x[1], kept, want);
    run(&stream, x[1], unused, kept);
    for (int s = 0; s < kCases[i].states; s++) {
      expect_close(kCases[i].name, kept[s], want[s]);
    }
    close_model(&stream);
    close_model(&reference);
  }
}

static void refuses_a_layer_whose_first_step_is_lost(void** state) {
  static const char* const kNames[] = {"all", "Mul_81"};
  (void)state;
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    olstm_error error = {""};
    olstm_model* model = NULL;
    olstm_session* session = NULL;
    olstm_session_options options;
    olstm_session_options_init(&options);
    options.stateful = &kNames[i];
    options.stateful_count = 1;
    assert_int_equal(
        olstm_model_load_file(OLSTM_TEST_DATA "/loops/chain_lstm_behind_a_step.onnx",
                              NULL, &model, &error),
        OLSTM_STATUS_OK);
    assert_int_equal(olstm_session_create(model, NULL, &options, &session, &error),
                     OLSTM_STATUS_UNSUPPORTED);
    if (!strstr(error.message,
                "(5 unrolled steps recognised as LSTM) goes on from steps "
                "before it that are not recognised")) {
      fail_msg("%s", error.message);
    }
    olstm_model_destroy(model);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(goes_on_from_the_run_before),
      cmocka_unit_test(refuses_a_layer_whose_first_step_is_lost),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
