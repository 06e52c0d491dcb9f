// runtime/host/shape_hint.c, and hints elsewhere: what users are told when a batch does
// not fit.
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { kMaxElements = 64 };

/// What a run says of a model that does not take a float input of `shape`; `outputs`:
/// NULL, or is given to it.
static void expect_message(const char* text, const olstm_session_options* options,
                           const olstm_tensor_desc* desc, const char* expected) {
  static float data[kMaxElements];
  olstm_model* model = olstm_test_model(text);
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  const olstm_tensor input = {*desc, data};
  olstm_tensor outputs[4] = {{.data = NULL}};
  olstm_error error = {""};
  if (olstm_session_create(model, NULL, options, &session, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_run(context, &input, 1, outputs,
                                     olstm_session_output_count(session), &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message, expected);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

static const olstm_tensor_desc kThreeRows = {OLSTM_DTYPE_FLOAT, 3, {2, 3, 1}};
static const olstm_tensor_desc kThreeRowsFirst = {OLSTM_DTYPE_FLOAT, 3, {3, 2, 1}};

#define WEIGHTS "const w float[1,4,1] 0.5\nconst r float[1,4,1] 0.5\n"

static void a_state_for_one_row_names_broadcast_state(void** state) {
  (void)state;
  expect_message(
      "input x float[t,n,1]\n" WEIGHTS
      "const h float[1,1,1] 1\n"
      "node LSTM x,w,r,_,_,h,h -> y name=l hidden_size=1\noutput y\n",
      NULL, &kThreeRows,
      "LSTM 'l': initial_h has shape [1,1,1], expected [1,3,1] from X [2,3,1] "
      "(the option broadcast_state, --broadcast-state, lets a batch of 1 serve "
      "all)");
  expect_message("input x float[n,t,1]\n" WEIGHTS
                 "const h float[1,1,1] 1\n"
                 "node LSTM x,w,r,_,_,_,h -> y name=l hidden_size=1 layout=1\noutput y\n"
                 "opset 14\n",
                 NULL, &kThreeRowsFirst,
                 "LSTM 'l': initial_c has shape [1,1,1], expected [3,1,1] from X [3,2,1] "
                 "(batch first) (the option broadcast_state, --broadcast-state, lets a "
                 "batch of 1 serve all)");
  expect_message(
      "input x float[t,n,1]\nconst w float[1,3,1] 1\nconst r float[1,3,1] 1\n"
      "const h float[1,1,1] 1\n"
      "node GRU x,w,r,_,_,h -> y name=g hidden_size=1\noutput y\n",
      NULL, &kThreeRows,
      "GRU 'g': initial_h has shape [1,1,1], expected [1,3,1] from X [2,3,1] "
      "(the option broadcast_state, --broadcast-state, lets a batch of 1 serve "
      "all)");
}

static void so_does_a_stateful_node(void** state) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  (void)state;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = kAll;
  expect_message(
      "input x float[t,n,1]\n" WEIGHTS
      "const h float[1,1,1] 1\n"
      "node LSTM x,w,r,_,_,h,h -> y name=l hidden_size=1\noutput y\n",
      &options, &kThreeRows,
      "state 'l/h' starts from a constant of shape [1,1,1], this run needs "
      "[1,3,1] (the option broadcast_state, --broadcast-state, lets a batch of 1 "
      "serve all)");
}

static void a_state_for_other_rows_is_said_to_be_the_models(void** state) {
  (void)state;
  expect_message("input x float[t,n,1]\n" WEIGHTS
                 "const h float[1,2,1] 1\n"
                 "node LSTM x,w,r,_,_,h -> y name=l hidden_size=1\noutput y\n",
                 NULL, &kThreeRows,
                 "LSTM 'l': initial_h has shape [1,2,1], expected [1,3,1] from X [2,3,1] "
                 "(the model's own initial state is one for a batch of 2)");
}

static void other_misfits_have_no_hint(void** state) {
  static const olstm_tensor_desc kWide = {OLSTM_DTYPE_FLOAT, 3, {2, 3, 2}};
  (void)state;
  expect_message("input x float[t,n,i]\n" WEIGHTS
                 "const h float[1,3,1] 1\n"
                 "node LSTM x,w,r,_,_,h -> y name=l hidden_size=1\noutput y\n",
                 NULL, &kWide,
                 "LSTM 'l': X has shape [2,3,2], expected [2,3,1] from W [1,4,1]");
}

static void a_constant_reshape_is_said_to_be_one(void** state) {
  (void)state;
  expect_message(
      "input x float[t,n,1]\nconst s int64[2] 2 2\n"
      "node Reshape x,s -> y name=r\noutput y\n",
      NULL, &kThreeRows,
      "Reshape 'r': input 'x' has shape [2,3,1], which does not fit shape [2,2] "
      "(the shape is a constant of the model: was it exported for one batch "
      "size?)");
}

/// Runs x -> y = x for batches of 2 and 3, with the output struct that is left.
static void an_output_given_again_is_said_to_be_lent(void** state) {
  static float data[3];
  static const int64_t kBatches[] = {2, 2, 3};
  olstm_model* model = olstm_test_model("input x float[n]\nnode Neg x -> y\noutput y\n");
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_tensor output = {.data = NULL};
  olstm_error error = {""};
  (void)state;
  assert_int_equal(olstm_session_create(model, NULL, NULL, &session, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  for (size_t i = 0; i < 3; i++) {
    const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 1, {kBatches[i]}}, data};
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                     i < 2 ? OLSTM_STATUS_OK : OLSTM_STATUS_SHAPE_MISMATCH);
  }
  assert_string_equal(
      error.message,
      "output 'y': the buffer has shape [2], expected [3] (it is the one "
      "that the context lent an earlier run: set data to NULL for each run)");
  // A buffer of the caller's is not.
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 1, {3}}, data};
  float own[2];
  output = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 1, {2}}, own};
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "output 'y': the buffer has shape [2], expected [3]");
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_state_for_one_row_names_broadcast_state),
      cmocka_unit_test(so_does_a_stateful_node),
      cmocka_unit_test(a_state_for_other_rows_is_said_to_be_the_models),
      cmocka_unit_test(other_misfits_have_no_hint),
      cmocka_unit_test(a_constant_reshape_is_said_to_be_one),
      cmocka_unit_test(an_output_given_again_is_said_to_be_lent),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
