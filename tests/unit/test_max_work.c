// What a run is counted as, and what becomes of one that is too much.
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

typedef struct fixture {
  olstm_session* session;
  olstm_context* context;
  olstm_error error;
} fixture;

static void start(fixture* f, const char* text, const olstm_session_options* options) {
  olstm_model* model = olstm_test_model(text);
  *f = (fixture){0};
  olstm_status status =
      olstm_session_create(model, NULL, options, &f->session, &f->error);
  olstm_model_destroy(model);
  if (!status) status = olstm_context_create(f->session, &f->context, &f->error);
  if (status) fail_msg("%s", f->error.message);
}

static void end(fixture* f) {
  olstm_context_destroy(f->context);
  olstm_session_destroy(f->session);
}

/// Prepares for the inputs' shapes as the model declares them.
static olstm_status prepare(fixture* f) {
  olstm_tensor_desc descs[8];
  const size_t count = olstm_session_input_count(f->session);
  for (size_t i = 0; i < count; i++) {
    const olstm_value_info* info = olstm_session_get_input(f->session, i);
    descs[i] = (olstm_tensor_desc){.dtype = info->dtype, .rank = info->rank};
    memcpy(descs[i].dims, info->dims, (size_t)info->rank * sizeof *info->dims);
  }
  return olstm_context_prepare(f->context, descs, count, &f->error);
}

/// Of the one step that the model has.
static void expect_work(uint64_t expected, const char* text) {
  enum { kRun = 1024, kStep = 128 };
  olstm_session_options options;
  olstm_plan_info info;
  fixture f;
  olstm_session_options_init(&options);
  options.fuse = false;
  start(&f, text, &options);
  if (prepare(&f)) fail_msg("%s: %s", text, f.error.message);
  assert_int_equal(olstm_context_get_plan_info(f.context, &info, NULL), OLSTM_STATUS_OK);
  assert_int_equal(info.step_count, 1);
  if (info.work != expected + kRun + kStep) {
    fail_msg("%s: work is %d, expected %d", text, (int)(info.work - kRun - kStep),
             (int)expected);
  }
  end(&f);
}

static void counts_the_multiply_adds_of_products(void** state) {
  (void)state;
  expect_work(2 * 3 * 5 * 7,
              "input a float[2,3,5]\ninput b float[5,7]\nnode MatMul a,b -> y\noutput y");
  expect_work(3 * 5 * 7,
              "input a float[5,3]\ninput b float[5,7]\n"
              "node Gemm a,b -> y transA=1\noutput y");
  expect_work(3 * 5 * 7,
              "input a uint8[3,5]\ninput b uint8[5,7]\nnode MatMulInteger a,b -> y\n"
              "output y");
  expect_work(2 * 4 * 3 * 5 * 7,
              "input a float[3,5]\ninput b float[5,7]\n"
              "node Einsum a,b -> y equation=\"ij,jk->\"\noutput y");
  // 2 images, 6 channels from 4, 5 x 3 places, 3 x 1 taps.
  expect_work(2 * 6 * 4 * 5 * 3 * 3,
              "input x float[2,4,5,3]\ninput w float[6,4,3,1]\n"
              "node Conv x,w -> y pads=[1,0,1,0]\noutput y");
  expect_work(2 * 6 * 2 * 5 * 3 * 3,
              "input x float[2,4,5,3]\ninput w float[6,2,3,1]\n"
              "node Conv x,w -> y pads=[1,0,1,0] group=2\noutput y");
  expect_work(2 * 4 * 5 * 6 * 3,
              "input x float[2,4,5]\ninput w float[4,6,3]\n"
              "node ConvTranspose x,w -> y\noutput y");
}

static void counts_layers_by_steps_rows_and_weights(void** state) {
  (void)state;
  // T=7 N=2 I=3 H=5, 16 for the functions of each gate and 512 for each step.
  expect_work(7 * (2 * 4 * 5 * (3 + 5 + 16) + 512),
              "input x float[7,2,3]\nconst w float[1,20,3] 1\nconst r float[1,20,5] 1\n"
              "node LSTM x,w,r -> y hidden_size=5\noutput y");
  expect_work(2 * 7 * (2 * 3 * 5 * (3 + 5 + 16) + 512),
              "input x float[7,2,3]\nconst w float[2,15,3] 1\nconst r float[2,15,5] 1\n"
              "node GRU x,w,r -> y hidden_size=5 direction=\"bidirectional\"\noutput y");
}

static void counts_what_is_read_more_than_once(void** state) {
  (void)state;
  expect_work(2 * 1 * 2 * 8 * 3,
              "input x float[1,2,10]\n"
              "node MaxPool x -> y kernel_shape=[3]\noutput y");
  // 4 places from 2, 2 taps, for 3 columns; then 6 from 3 for 4 rows.
  expect_work(4 * 2 * 3 + 6 * 2 * 4,
              "input x float[2,3]\nconst s float[2] 2\n"
              "node Resize x,_,s -> y mode=\"linear\"\noutput y");
}

static void counts_other_operators_by_their_bytes(void** state) {
  (void)state;
  expect_work(3 * 40,
              "input a float[10]\ninput b float[10]\nnode Add a,b -> y\noutput y");
  expect_work(80 + 8, "input a double[10]\nnode ReduceSum a -> y keepdims=0\noutput y");
  // A slice reads what it gives, no more.
  expect_work(2 * 4 * 3,
              "input a float[1000]\nconst b int64[1] 5\nconst e int64[1] 8\n"
              "node Slice a,b,e -> y\noutput y");
}

/// A run that nothing but the model's file asks for.
static void expect_refusal(const char* text, const char* node) {
  olstm_tensor outputs[2] = {{.data = NULL}};
  fixture f;
  start(&f, text, NULL);
  assert_int_equal(olstm_context_run(f.context, NULL, 0, outputs,
                                     olstm_session_output_count(f.session), &f.error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  if (!strstr(f.error.message, node)) fail_msg("%s", f.error.message);
  assert_non_null(strstr(f.error.message, "more than max_work, which is 1073741824"));
  end(&f);
}

static void refuses_much_work_from_a_small_file(void** state) {
  (void)state;
  expect_refusal(
      "const n int64[2] 4000\nnode ConstantOfShape n -> a\n"
      "node MatMul a,a -> y\noutput y",
      "MatMul 'y': with it this run comes to 64");
  expect_refusal(
      "const n int64[3] 1 1 70000\nnode ConstantOfShape n -> x\n"
      "node MaxPool x -> y kernel_shape=[33000]\noutput y",
      "MaxPool 'y': ");
  expect_refusal(
      "const n int64[3] 100000 1 1\nconst m int64[3] 1 512 1\n"
      "const k int64[3] 1 512 128\nnode ConstantOfShape n -> x\n"
      "node ConstantOfShape m -> w\nnode ConstantOfShape k -> r\n"
      "node LSTM x,w,r -> _,y name=lstm hidden_size=128\noutput y",
      "LSTM 'lstm': ");
  expect_refusal(
      "const n int64[1] 1024\nnode ConstantOfShape n -> x\n"
      "node Einsum x,x,x -> y equation=\"a,b,c->\"\noutput y",
      "Einsum 'y': ");
}

/// Of inputs without elements nothing is left but the constants: a session computes what
/// follows from them once, up to a limit, and leaves the rest to its runs.
static void computes_no_more_ahead_than_its_share(void** state) {
  olstm_plan_info info;
  fixture f;
  (void)state;
  start(&f,
        "const a float[300,300] 1\nnode Einsum a,a,a -> y equation=\"ij,jk,kl->\"\n"
        "input x float[1]\nnode Add x,y -> z\noutput z",
        NULL);
  assert_int_equal(prepare(&f), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_get_plan_info(f.context, &info, NULL), OLSTM_STATUS_OK);
  assert_int_equal(info.folded_count, 0);
  assert_int_equal(info.step_count, 2);
  assert_true(info.work > (uint64_t)300 * 300 * 300 * 300);
  end(&f);
}

/// What was given up takes the memory of its results all the same.
static void limits_the_memory_of_what_it_does_not_compute(void** state) {
  enum { kNodes = 16, kMb = 1 << 20 };
  char text[4096] = "const a float[512,512] 1\ninput y0 float[512,512]\n";
  olstm_test_allocator allocator;
  olstm_session_options options;
  fixture f;
  (void)state;
  for (int n = 0; n < kNodes; n++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used,
                   "node Einsum a,a,a -> e%d equation=\"ij,jk,kl->il\"\n"
                   "node Add y%d,e%d -> y%d\n",
                   n, n, n, n + 1);
  }
  (void)snprintf(text + strlen(text), sizeof text - strlen(text), "output y%d", kNodes);
  olstm_test_allocator_init(&allocator);
  olstm_session_options_init(&options);
  options.allocator = &allocator.allocator;
  options.max_memory = 4 * kMb;
  start(&f, text, &options);
  assert_int_equal(prepare(&f), OLSTM_STATUS_OK);
  // The model's constant, 4 MB of the session's, of the plan's and of workspace each.
  assert_in_range(allocator.live_bytes, 1, 14 * kMb);
  end(&f);
  olstm_test_allocator_assert_clean(&allocator);
}

static void more_inputs_and_constants_may_take_more(void** state) {
  static const char* kModel =
      "input n int64[2]\ninput z float[68]\nconst w float[256,256] 1\n"
      "node ConstantOfShape n -> a\n"
      "node MatMul a,w -> y\noutput y";
  int64_t shape[] = {17000, 256};
  float z[68] = {0};
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_INT64, 1, {2}}, shape},
                                 {{OLSTM_DTYPE_FLOAT, 1, {68}}, z}};
  olstm_session_options options;
  (void)state;
  olstm_session_options_init(&options);
  for (uint64_t limit = 0; limit <= 1 << 30; limit += 1 << 30) {
    olstm_tensor output = {.data = NULL};
    fixture f;
    options.max_work = limit;
    start(&f, kModel, &options);
    // 1.11e9 multiply-adds; 70 elements and 256 KB of constants allow 1.17e9.
    assert_int_equal(olstm_context_run(f.context, inputs, 2, &output, 1, &f.error),
                     limit == 0 ? OLSTM_STATUS_OK : OLSTM_STATUS_LIMIT_EXCEEDED);
    end(&f);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_the_multiply_adds_of_products),
      cmocka_unit_test(counts_layers_by_steps_rows_and_weights),
      cmocka_unit_test(counts_what_is_read_more_than_once),
      cmocka_unit_test(counts_other_operators_by_their_bytes),
      cmocka_unit_test(refuses_much_work_from_a_small_file),
      cmocka_unit_test(computes_no_more_ahead_than_its_share),
      cmocka_unit_test(limits_the_memory_of_what_it_does_not_compute),
      cmocka_unit_test(more_inputs_and_constants_may_take_more),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
