// runtime/state/state_adopt.c: the operators that olstm's library adds to ONNX Runtime.
// Every expectation comes from ONNX's LSTM, with its states handed on by the test.
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { T = 2, N = 3, I = 2, H = 2, kRuns = 5, kMost = T * N * 2 * H, kOutputs = 3 };

#define WEIGHTS(d)                                                \
  "opset 14\nopset olstm 1\ninput x float\ninput reset bool[1]\n" \
  "const w float[" d                                              \
  ",8,2] 0.5 -0.25 0.125 0.75 -0.5 0.25 0.3\n"                    \
  "const r float[" d ",8,2] 0.25 0.5 -0.75\nconst b float[" d ",16] 0.1 -0.2\n"
#define STATES "input h0 float\ninput c0 float\n"
#define OUTPUTS "output y\noutput h\noutput c\n"

/// What one run gives: Y, Y_h, Y_c.
typedef struct results {
  olstm_tensor_desc descs[kOutputs];
  float values[kOutputs][kMost];
} results;

static olstm_session* open_session(const char* text, const char* stateful) {
  olstm_session* session = NULL;
  olstm_error error = {""};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = stateful ? 1 : 0;
  options.stateful = &stateful;
  olstm_model* model = olstm_test_model(text);
  if (olstm_session_create(model, NULL, &options, &session, &error)) {
    fail_msg("%s", error.message);
  }
  olstm_model_destroy(model);
  return session;
}

static void run(olstm_context* context, const olstm_tensor* inputs, size_t count,
                results* out) {
  olstm_error error = {""};
  olstm_tensor outputs[kOutputs];
  memset(outputs, 0, sizeof outputs);
  if (olstm_context_run(context, inputs, count, outputs, kOutputs, &error)) {
    fail_msg("%s", error.message);
  }
  for (size_t o = 0; o < kOutputs; o++) {
    const size_t bytes =
        (size_t)olstm_tensor_desc_count(&outputs[o].desc) * sizeof(float);
    assert_in_range(bytes, 1, sizeof out->values[o]);
    out->descs[o] = outputs[o].desc;
    memcpy(out->values[o], outputs[o].data, bytes);
  }
}

/// A model with a StatefulLSTM, and the same layer as ONNX has it, whose start value
/// (NULL: zeros) is h0 and c0.
typedef struct layer {
  const char *own, *onnx;
  int64_t x_dims[3], state_dims[3];
  float start;
} layer;

/// Runs `own` with these resets, and the other with the states that follow from them.
static void expect_same(const layer* what, const char* stateful) {
  static const uint8_t kResets[kRuns] = {0, 0, 1, 0, 1};
  olstm_session* own = open_session(what->own, stateful);
  olstm_session* onnx = open_session(what->onnx, NULL);
  olstm_context *own_context = NULL, *onnx_context = NULL;
  static results got, expected;
  float x[T * N * I], start[2][kMost];
  assert_int_equal(olstm_context_create(own, &own_context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_create(onnx, &onnx_context, NULL), OLSTM_STATUS_OK);
  for (int n = 0; n < kRuns; n++) {
    olstm_tensor inputs[4] = {{{OLSTM_DTYPE_FLOAT, 3, {0}}, x},
                              {{OLSTM_DTYPE_BOOL, 1, {1}}, (void*)&kResets[n]},
                              {{OLSTM_DTYPE_FLOAT, 3, {0}}, start[0]},
                              {{OLSTM_DTYPE_FLOAT, 3, {0}}, start[1]}};
    for (int i = 0; i < T * N * I; i++) {
      x[i] = (float)((n * T * N * I + i) * 37 % 17) / 8.0F - 1.0F;
    }
    memcpy(inputs[0].desc.dims, what->x_dims, sizeof what->x_dims);
    for (int s = 0; s < 2; s++) {
      memcpy(inputs[2 + s].desc.dims, what->state_dims, sizeof what->state_dims);
      for (int i = 0; i < kMost; i++) {
        // Not -0.
        const float first = s == 0 ? what->start : 0.0F - what->start;
        start[s][i] = n == 0 || kResets[n] ? first : expected.values[1 + s][i];
      }
    }
    // The input of a start value holds it in every run.
    float given[2][kMost];
    for (int i = 0; i < kMost; i++) {
      given[0][i] = what->start;
      given[1][i] = 0.0F - what->start;
    }
    run(onnx_context, inputs, 4, &expected);
    inputs[2].data = given[0];
    inputs[3].data = given[1];
    run(own_context, inputs, olstm_session_input_count(own), &got);
    for (size_t o = 0; o < kOutputs; o++) {
      assert_true(olstm_tensor_desc_equal(&got.descs[o], &expected.descs[o]));
      assert_memory_equal(got.values[o], expected.values[o],
                          (size_t)olstm_tensor_desc_count(&got.descs[o]) * sizeof(float));
    }
  }
  olstm_context_destroy(own_context);
  olstm_context_destroy(onnx_context);
  olstm_session_destroy(own);
  olstm_session_destroy(onnx);
}

#define ONNX(attributes) \
  STATES "node LSTM x,w,r,b,_,h0,c0 -> y,h,c hidden_size=2 " attributes "\n" OUTPUTS
#define OWN(inputs, attributes)               \
  "node olstm:StatefulLSTM x,w,r,b,_," inputs \
  ",_,reset -> y,h,c name=l "                 \
  "hidden_size=2 " attributes "\n"

static void a_stateful_lstm_keeps_its_state(void** state) {
  const layer kLayer = {WEIGHTS("1") OWN("_,_", "") OUTPUTS,
                        WEIGHTS("1") ONNX(""),
                        {T, N, I},
                        {1, N, H},
                        0};
  (void)state;
  expect_same(&kLayer, NULL);
  // It has its state already.
  expect_same(&kLayer, "all");
  expect_same(&kLayer, "l");
}

static void a_stateful_lstm_starts_anew(void** state) {
  const layer kConstant = {
      WEIGHTS("1") "const h1 float[1,3,2] 0.5\nconst c1 float[1,3,2] -0.5\n" OWN(
          "h1,c1", "") OUTPUTS,
      WEIGHTS("1") ONNX(""),
      {T, N, I},
      {1, N, H},
      0.5F};
  const layer kGiven = {WEIGHTS("1") STATES OWN("h0,c0", "") OUTPUTS,
                        WEIGHTS("1") ONNX(""),
                        {T, N, I},
                        {1, N, H},
                        0.25F};
  (void)state;
  expect_same(&kConstant, NULL);
  expect_same(&kGiven, NULL);
}

static void attributes_are_those_of_onnx(void** state) {
#define BOTH "direction=\"bidirectional\" clip=0.75 input_forget=1"
  const layer kBoth = {
      WEIGHTS("2") OWN("_,_", BOTH " activations=\"Tanh,Sigmoid,Tanh,Relu,Tanh,Sigmoid\"")
          OUTPUTS,
      WEIGHTS("2") ONNX(
          BOTH
          " activations=[\"Tanh\",\"Sigmoid\",\"Tanh\",\"Relu\",\"Tanh\",\"Sigmoid\"]"),
      {T, N, I},
      {2, N, H},
      0};
  const layer kRowsFirst = {WEIGHTS("1") STATES OWN("h0,c0", "layout=1") OUTPUTS,
                            WEIGHTS("1") ONNX("layout=1"),
                            {N, T, I},
                            {N, 1, H},
                            0.125F};
  (void)state;
  expect_same(&kBoth, NULL);
  expect_same(&kRowsFirst, NULL);
}

static void the_slots_are_those_of_a_context(void** state) {
  olstm_session* session = open_session(
      WEIGHTS("1") "node olstm:StatefulLSTM x,w,r -> y,h,c name=l\n" OUTPUTS, NULL);
  olstm_context* context = NULL;
  static results first, second, again;
  float x[T * N * I] = {1, -1, 0.5F};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {T, N, I}}, x};
  olstm_tensor slot = {.data = NULL};
  (void)state;
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  const uint8_t no = 0;
  const olstm_tensor inputs[] = {input, {{OLSTM_DTYPE_BOOL, 1, {1}}, (void*)&no}};
  run(context, inputs, olstm_session_input_count(session), &first);
  assert_int_equal(olstm_context_get_state(context, "l/c", &slot, NULL), OLSTM_STATUS_OK);
  assert_memory_equal(slot.data, first.values[2], N * H * sizeof(float));
  run(context, inputs, olstm_session_input_count(session), &second);
  assert_memory_not_equal(second.values[0], first.values[0], sizeof first.values[0]);
  (void)olstm_context_reset(context, NULL);
  run(context, inputs, olstm_session_input_count(session), &again);
  assert_memory_equal(again.values[0], first.values[0], sizeof first.values[0]);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
}

/// ONNX's list of activations and its string; without state.
static void an_lstm_is_that_of_onnx(void** state) {
  static const char* const kNodes[] = {
      "node olstm:LSTM x,w,r,b -> y,h,c activations=\"Relu,Tanh,,Tanh\"\n",
      "node olstm:LSTM x,w,r,b -> y,h,c activations=[\"Relu\",\"Tanh\",\"Tanh\"]\n",
      "node LSTM x,w,r,b -> y,h,c activations=[\"Relu\",\"Tanh\",\"Tanh\"]\n"};
  static results all[3];
  float x[T * N * I] = {1, -1, 0.5F};
  const uint8_t no = 0;
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_FLOAT, 3, {T, N, I}}, x},
                                 {{OLSTM_DTYPE_BOOL, 1, {1}}, (void*)&no}};
  (void)state;
  for (size_t m = 0; m < 3; m++) {
    char text[1024];
    olstm_context* context = NULL;
    (void)snprintf(text, sizeof text, WEIGHTS("1") "%s" OUTPUTS, kNodes[m]);
    olstm_session* session = open_session(text, NULL);
    assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
    for (int n = 0; n < 2; n++) run(context, inputs, 2, &all[m]);
    olstm_context_destroy(context);
    olstm_session_destroy(session);
    assert_memory_equal(all[m].values, all[0].values, sizeof all[0].values);
  }
}

/// A branch that does not run leaves it alone.
static void a_branch_keeps_its_state(void** state) {
  olstm_session* session = open_session(
      WEIGHTS("1") "input on bool[]\n"
      "graph t\nnode olstm:StatefulLSTM x,w,r,b,_,_,_,_,reset -> yt,ht,ct name=l\n"
      "output yt\noutput ht\noutput ct\nend\n"
      "graph e\nnode LSTM x,w,r -> ye,he,ce\noutput ye\noutput he\noutput ce\nend\n"
      "node If on -> y,h,c then_branch=@t else_branch=@e\n" OUTPUTS,
      NULL);
  olstm_session* plain =
      open_session(WEIGHTS("1") "node LSTM x,w,r,b -> y,h,c name=l\n" OUTPUTS, "all");
  olstm_context *context = NULL, *reference = NULL;
  static const uint8_t kOn[] = {1, 0, 1, 1}, kReset[] = {0, 0, 0, 1};
  static results got, expected;
  float x[T * N * I] = {1, -1, 0.5F};
  (void)state;
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_create(plain, &reference, NULL), OLSTM_STATUS_OK);
  for (int n = 0; n < 4; n++) {
    const olstm_tensor inputs[] = {{{OLSTM_DTYPE_FLOAT, 3, {T, N, I}}, x},
                                   {{OLSTM_DTYPE_BOOL, 1, {1}}, (void*)&kReset[n]},
                                   {{OLSTM_DTYPE_BOOL, 0, {0}}, (void*)&kOn[n]}};
    run(context, inputs, 3, &got);
    if (!kOn[n]) continue;
    if (kReset[n]) (void)olstm_context_reset(reference, NULL);
    run(reference, inputs, 2, &expected);
    assert_memory_equal(got.values[0], expected.values[0], T * N * H * sizeof(float));
  }
  olstm_context_destroy(context);
  olstm_context_destroy(reference);
  olstm_session_destroy(session);
  olstm_session_destroy(plain);
}

static void expect_refusal(const char* text, olstm_status status, const char* message) {
  olstm_session* session = NULL;
  olstm_error error = {""};
  olstm_model* model = olstm_test_model(text);
  assert_int_equal(olstm_session_create(model, NULL, NULL, &session, &error), status);
  assert_string_equal(error.message, message);
  olstm_model_destroy(model);
}

static void what_it_cannot_do_is_refused(void** state) {
  (void)state;
  expect_refusal(
      WEIGHTS("1") "const go bool[] 1\nconst n int64[] 2\ngraph g\ninput i int64[]\n"
      "input k bool[]\ninput a float[1,3,2]\nnode olstm:StatefulLSTM x,w,r -> _,h1 "
      "name=l\noutput k\noutput h1\nend\ninput h0 float[1,3,2]\n"
      "node Loop n,go,h0 -> y name=loop body=@g\noutput y\n",
      OLSTM_STATUS_UNSUPPORTED,
      "StatefulLSTM 'l' is in the body of Loop 'loop', where state goes from trip to "
      "trip and cannot go from run to run as well");
  expect_refusal(
      "opset olstm 2\ninput x float\ninput w float[1,8,2]\n"
      "input r float[1,8,2]\nnode olstm:LSTM x,w,r -> y\noutput y\n",
      OLSTM_STATUS_UNSUPPORTED, "LSTM 'y': opset 2 is not supported, expected 1");
  expect_refusal(WEIGHTS("1") "node olstm:LSTM x,w,r,b,_,_,_,_,reset -> y\noutput y\n",
                 OLSTM_STATUS_INVALID_MODEL,
                 "LSTM 'y': has 9 inputs, expected at most 8");
  expect_refusal(WEIGHTS("1") "node olstm:LSTM x,w,r -> y activations=\"Tanh,Tanh,Tanh,"
                              "Tanh,Tanh,Tanh,Tanh\"\noutput y\n",
                 OLSTM_STATUS_INVALID_MODEL, "LSTM 'y': more than 6 activations");
  expect_refusal(WEIGHTS("1") "node olstm:StatefulLSTM x,w,r -> y keep=1\noutput y\n",
                 OLSTM_STATUS_UNSUPPORTED,
                 "LSTM 'y': unknown attribute 'keep' (opset 22)");
  expect_refusal(WEIGHTS("1") "node olstm:GRU x,w,r -> y\noutput y\n",
                 OLSTM_STATUS_UNSUPPORTED,
                 "GRU 'y': no operator 'GRU' in domain 'olstm'");
}

static void a_reset_of_several_elements_is_refused(void** state) {
  olstm_session* session = open_session(
      "opset 14\nopset olstm 1\ninput x float\ninput reset bool\n"
      "const w float[1,8,2] 0.5\nconst r float[1,8,2] 0.25\n"
      "node olstm:StatefulLSTM x,w,r,_,_,_,_,_,reset -> y,h,c name=l\n" OUTPUTS,
      NULL);
  olstm_context* context = NULL;
  olstm_error error = {""};
  olstm_tensor outputs[kOutputs];
  float x[T * N * I] = {0};
  const uint8_t resets[2] = {0, 0};
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_FLOAT, 3, {T, N, I}}, x},
                                 {{OLSTM_DTYPE_BOOL, 1, {2}}, (void*)resets}};
  (void)state;
  memset(outputs, 0, sizeof outputs);
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_run(context, inputs, 2, outputs, kOutputs, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_non_null(strstr(error.message, "Reshape 'l/reset': "));
  olstm_context_destroy(context);
  olstm_session_destroy(session);
}

static void survives_every_failing_allocation(void** state) {
  (void)state;
  olstm_test_session_out_of_memory(
      WEIGHTS("1") STATES OWN("h0,c0", "layout=1 activations=\"Tanh,Tanh,Tanh\"") OUTPUTS,
      NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stateful_lstm_keeps_its_state),
      cmocka_unit_test(a_stateful_lstm_starts_anew),
      cmocka_unit_test(attributes_are_those_of_onnx),
      cmocka_unit_test(the_slots_are_those_of_a_context),
      cmocka_unit_test(an_lstm_is_that_of_onnx),
      cmocka_unit_test(a_branch_keeps_its_state),
      cmocka_unit_test(what_it_cannot_do_is_refused),
      cmocka_unit_test(a_reset_of_several_elements_is_refused),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
