// runtime/control_loop and control_scan: bodies that do not run. The shape of what they
// would stack is that of their plan, and what keeps them from being planned is an error
// whether they run or not.
#include "runtime/execute/control.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { kMaxInputs = 3, kMaxOutputs = 2 };

typedef struct no_steps_case {
  const char* text;
  size_t input_count;
  olstm_tensor inputs[kMaxInputs];
} no_steps_case;

/// Runs once. out_shape: the shape of the last output, "" on failure.
static olstm_status run(const no_steps_case* one, olstm_text* out_shape,
                        olstm_error* error) {
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_tensor outputs[kMaxOutputs] = {0};
  olstm_model* model = olstm_test_model(one->text);
  *out_shape = (olstm_text){""};
  if (olstm_session_create(model, NULL, NULL, &session, error) != OLSTM_STATUS_OK ||
      olstm_context_create(session, &context, error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error->message);
  }
  const size_t count = olstm_session_output_count(session);
  const olstm_status status =
      olstm_context_run(context, one->inputs, one->input_count, outputs, count, error);
  if (status == OLSTM_STATUS_OK) *out_shape = olstm_shape_text(&outputs[count - 1].desc);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return status;
}

static float floats[64];
static int64_t trips;

#define LOOP(row)                                                   \
  "input m int64[]\ninput x float[N,4]\ninput u float[K,4]\n"       \
  "graph b\ninput i int64[]\ninput go bool[]\n" row                 \
  "node Identity go -> on\noutput on bool[]\noutput r float\nend\n" \
  "node Loop m,_ -> rows name=loop body=@b\noutput rows\n"
#define SCAN(row)                            \
  "input x float[T,4]\ninput u float[K,4]\n" \
  "graph b\ninput s float[4]\n" row          \
  "output r float\nend\n"                    \
  "node Scan x -> rows name=scan body=@b num_scan_inputs=1\noutput rows\n"

static void loops_that_cannot_run_are_refused(void** state) {
  const char* texts[] = {LOOP("node Add x,u -> r\n"),
                         LOOP("const w float[3,2] 1\nnode MatMul x,w -> r\n"),
                         LOOP("node Softmax x -> r axis=5\n")};
  (void)state;
  for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
    olstm_error errors[2];
    olstm_status statuses[2];
    for (trips = 0; trips < 2; trips++) {
      olstm_text shape;
      const no_steps_case one = {texts[t],
                                 3,
                                 {{{OLSTM_DTYPE_INT64, 0, {0}}, &trips},
                                  {{OLSTM_DTYPE_FLOAT, 2, {3, 4}}, floats},
                                  {{OLSTM_DTYPE_FLOAT, 2, {2, 4}}, floats}}};
      errors[trips] = (olstm_error){""};
      statuses[trips] = run(&one, &shape, &errors[trips]);
      assert_int_not_equal(statuses[trips], OLSTM_STATUS_OK);
    }
    assert_int_equal(statuses[0], statuses[1]);
    assert_string_equal(errors[0].message, errors[1].message);
  }
}

static void scans_that_cannot_run_are_refused(void** state) {
  const char* texts[] = {SCAN("const w float[3,2] 1\nnode MatMul s,w -> r\n"),
                         SCAN("const w float[3] 1\nnode Add s,w -> r\n")};
  (void)state;
  for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
    olstm_error errors[2];
    for (int64_t length = 0; length < 2; length++) {
      olstm_text shape;
      const no_steps_case one = {texts[t],
                                 2,
                                 {{{OLSTM_DTYPE_FLOAT, 2, {length, 4}}, floats},
                                  {{OLSTM_DTYPE_FLOAT, 2, {2, 4}}, floats}}};
      errors[length] = (olstm_error){""};
      assert_int_equal(run(&one, &shape, &errors[length]), OLSTM_STATUS_SHAPE_MISMATCH);
    }
    assert_string_equal(errors[0].message, errors[1].message);
  }
}

static void a_kernel_that_declines_does_so_without_steps(void** state) {
  const char* text =
      "input x double[T,1,2]\ngraph b\ninput s double[1,2]\n"
      "const w double[1,16,2] 0.5\nconst r double[1,16,4] 0.5\nconst axis int64[1] 0\n"
      "node Unsqueeze s,axis -> xs\nnode LSTM xs,w,r -> y name=cell hidden_size=4\n"
      "output y double\nend\n"
      "node Scan x -> rows name=scan body=@b num_scan_inputs=1\noutput rows\n";
  olstm_session_options options;
  olstm_error error = {""};
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_tensor x = {{OLSTM_DTYPE_DOUBLE, 3, {0, 1, 2}}, NULL}, y = {0};
  (void)state;
  olstm_session_options_init(&options);
  options.kernel = "onednn";
  olstm_model* model = olstm_test_model(text);
  if (olstm_session_create(model, NULL, &options, &session, &error) == OLSTM_STATUS_OK) {
    assert_int_equal(olstm_context_create(session, &context, &error), OLSTM_STATUS_OK);
    assert_int_equal(olstm_context_run(context, &x, 1, &y, 1, &error),
                     OLSTM_STATUS_UNSUPPORTED);
  }
  // Without oneDNN there is no such kernel.
  assert_non_null(strstr(error.message, "onednn"));
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

static void shapes_are_those_of_the_plan(void** state) {
  olstm_error error = {""};
  olstm_text shape;
  (void)state;
  trips = 0;
  const no_steps_case loop = {LOOP("node Concat x,u -> r axis=0\n"),
                              3,
                              {{{OLSTM_DTYPE_INT64, 0, {0}}, &trips},
                               {{OLSTM_DTYPE_FLOAT, 2, {3, 4}}, floats},
                               {{OLSTM_DTYPE_FLOAT, 2, {2, 4}}, floats}}};
  assert_int_equal(run(&loop, &shape, &error), OLSTM_STATUS_OK);
  assert_string_equal(shape.text, "[0,5,4]");
  // Opset 8: a batch, here without rows.
  const char* batched =
      "opset 8\ninput x float[N,T,4]\ninput h float[N,2]\n"
      "graph b\ninput s float[2]\ninput v float[4]\nnode Concat s,v -> r axis=0\n"
      "node Identity s -> s2\noutput s2 float\noutput r float\nend\n"
      "node Scan _,h,x -> hT,rows name=scan body=@b num_scan_inputs=1\n"
      "output rows\n";
  const no_steps_case scan = {batched,
                              2,
                              {{{OLSTM_DTYPE_FLOAT, 3, {0, 3, 4}}, NULL},
                               {{OLSTM_DTYPE_FLOAT, 2, {0, 2}}, NULL}}};
  if (run(&scan, &shape, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  assert_string_equal(shape.text, "[0,3,6]");
}

static void what_nothing_tells_is_refused(void** state) {
  const char* text =
      "input m int64[]\ninput x float[N,4]\n"
      "graph c\ninput j int64[]\ninput jgo bool[]\ninput h float\n"
      "node Identity jgo -> jon\nnode Concat h,x -> h2 axis=0\noutput jon bool[]\n"
      "output h2 float\nend\n"
      "graph b\ninput i int64[]\ninput go bool[]\nnode Loop i,_,x -> r body=@c\n"
      "node Identity go -> on\noutput on bool[]\noutput r float\nend\n"
      "node Loop m,_ -> rows name=loop body=@b\noutput rows\n";
  olstm_error error = {""};
  olstm_text shape;
  (void)state;
  const no_steps_case one = {
      text,
      2,
      {{{OLSTM_DTYPE_INT64, 0, {0}}, &trips}, {{OLSTM_DTYPE_FLOAT, 2, {3, 4}}, floats}}};
  trips = 1;
  if (run(&one, &shape, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  assert_string_equal(shape.text, "[1,3,4]");
  trips = 0;
  assert_int_equal(run(&one, &shape, &error), OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(
      error.message,
      "Loop 'loop': its body does not run, and nothing says what 'r' would be");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loops_that_cannot_run_are_refused),
      cmocka_unit_test(scans_that_cannot_run_are_refused),
      cmocka_unit_test(a_kernel_that_declines_does_so_without_steps),
      cmocka_unit_test(shapes_are_those_of_the_plan),
      cmocka_unit_test(what_nothing_tells_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
