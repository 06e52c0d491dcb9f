// What a run is counted as, and what becomes of one that is too much.
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "op/builtin.h"
#include "op/op_work.h"
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

enum { kRun = 512, kStep = 128 };

/// Of the one step that the model has.
static void expect_work(uint64_t expected, const char* text) {
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

/// A product of m x k and k x n: a vector of 64 bytes of B is 4 units for each row of A;
/// packing takes 2 for each byte of the vectors, and one or two for each element; A is
/// read, C written and read; 32 for each row of A,
/// and each product starts. Up to 6 rows may go without
/// packing.
static void counts_products_by_their_multiply_adds(void** state) {
  (void)state;
  expect_work(8 * 5 * 4 + (5 * 64 * 2 + 5 * 7) + 8 * 5 + 2 * 8 * 7 + 8 * 32 + 896,
              "input a float[2,4,5]\ninput b float[5,7]\nnode MatMul a,b -> y\noutput y");
  expect_work(6 * 5 * 4 + 6 * 5 + 2 * 6 * 7 + 6 * 32 + 896,
              "input a float[2,3,5]\nconst b float[5,7] 1\nnode MatMul a,b -> y\n"
              "output y");
  expect_work(3 * 5 * 2 * 4 + 2 * (3 * 5 + 2 * 3 * 9) + 3 * 32 + 896,
              "input a double[3,5]\nconst b double[5,9] 1\nnode MatMul a,b -> y\n"
              "output y");
  expect_work(100 * 256 * 64 + 100 * 256 * 3 + 100 * 32 + 896,
              "input a float[100,256]\nconst b float[256,256] 1\n"
              "node MatMul a,b -> y\noutput y");
  // Halves are two bytes, and converted; integers go one by one.
  expect_work(6 * 5 * 4 + (6 * 5 + 2 * 6 * 7) / 2 + 6 * (5 + 7) * 4 + 6 * 32 + 896,
              "input a float16[2,3,5]\nconst b float16[5,7] 1\nnode MatMul a,b -> y\n"
              "output y");
  expect_work(8 * 5 * 7 * 8 + (5 * 64 * 2 + 5 * 7) + 8 * 5 + 2 * 8 * 7 + 8 * 32 + 896,
              "input a int32[8,5]\ninput b int32[5,7]\nnode MatMul a,b -> y\noutput y");
  // A pair of each of the 3 products.
  expect_work(3 * (8 * 2 * 4 + (2 * 64 * 2 + 2 * 2) + 8 * 2 + 2 * 8 * 2 + 8 * 32 + 896),
              "input a float[3,8,2]\ninput b float[3,2,2]\nnode MatMul a,b -> y\n"
              "output y");
  // And what Gemm may add.
  expect_work(
      3 * 5 * 4 + (5 * 64 * 2 + 5 * 7) + 15 + 2 * 21 + 3 * 32 + 896 + (15 + 35 + 21),
      "input a float[5,3]\ninput b float[5,7]\n"
      "node Gemm a,b -> y transA=1\noutput y");
  // 24 for each operand of an element and the sum.
  expect_work(5 * 24 * 2,
              "input a float[5,5]\nnode Einsum a -> y equation=\"ii->\"\noutput y");
  // Sums of 3 and of 7 to 5 elements each, and their product: 4 for a summand, 1 for what
  // is read and written.
  expect_work((3 * 5 * 4 + 3 * 5 + 5) + (5 * 7 * 4 + 5 * 7 + 5) +
                  (5 * 4 + 5 * 64 * 2 + 5 + 5 + 2 + 32 + 896 + 5 + 5 + 1),
              "input a float[3,5]\ninput b float[5,7]\n"
              "node Einsum a,b -> y equation=\"ij,jk->\"\noutput y");
}

static void counts_convolutions_by_their_multiply_adds(void** state) {
  (void)state;
  // 2 images of 3072 each (and each group), 6 channels from 4, 5 x 3 places, 3 x 1 taps;
  // 2 for each input, 8 for each output.
  const uint64_t x = 2 * 4 * 5 * 3, y = 2 * 6 * 5 * 3;
  expect_work(2 * 3072 + y * 4 * 3 / 2 + 3 * x + 6 * 4 * 3 + y + 8 * y,
              "input x float[2,4,5,3]\ninput w float[6,4,3,1]\n"
              "node Conv x,w -> y pads=[1,0,1,0]\noutput y");
  expect_work(2 * 2 * 3072 + y * 2 * 3 / 2 + 3 * x + 6 * 2 * 3 + y + 8 * y,
              "input x float[2,4,5,3]\ninput w float[6,2,3,1]\n"
              "node Conv x,w -> y pads=[1,0,1,0] group=2\noutput y");
  expect_work(2 * 3072 + 2 * (y * 4 * 3 / 2 + 3 * x + 6 * 4 * 3 + y + 8 * y),
              "input x double[2,4,5,3]\ninput w double[6,4,3,1]\n"
              "node Conv x,w -> y pads=[1,0,1,0]\noutput y");
}

static void counts_transposed_convolutions_by_their_taps(void** state) {
  (void)state;
  // 2 images of 5 in 3 groups of 1 to 1, 4 taps; 8 outputs each. Floats: 512 for each
  // tap, 16 for each weight.
  const uint64_t x = 2 * 3 * 5, y = 2 * 3 * 8;
  expect_work(2 * 3 * (3072 + 4 * 512) + 2 * 12 * 16 + x * 4 + 3 * x + 3 * 4 + y + 8 * y,
              "input x float[2,3,5]\ninput w float[3,1,4]\n"
              "node ConvTranspose x,w -> y group=3\noutput y");
  // Doubles: every tap for each output, of which strides exclude some.
  expect_work(2 * 3 * 3072 + 2 * 12 * 16 + 2 * (y * 4) + 2 * (3 * x + 3 * 4 + y + 8 * y),
              "input x double[2,3,5]\ninput w double[3,1,4]\n"
              "node ConvTranspose x,w -> y group=3\noutput y");
  expect_work(
      2 * 3 * 3072 + 2 * 12 * 16 + 2 * (72 * 2) + 2 * (3 * x + 3 * 4 + 72 + 8 * 72),
      "input x double[2,3,5]\ninput w double[3,1,4]\n"
      "node ConvTranspose x,w -> y group=3 strides=[2]\noutput y");
}

static void counts_layers_by_steps_rows_and_weights(void** state) {
  (void)state;
  // T=7 N=2 I=3 H=5: 8 for the functions of each gate, 1024 for each step, and one row
  // more for reading the weights; each tensor once.
  expect_work(7 * (3 * 4 * 5 * (3 + 5) / 4 + 2 * 4 * 5 * 8 + 1024) +
                  (7 * 2 * 3 + 20 * 3 + 20 * 5 + 7 * 2 * 5),
              "input x float[7,2,3]\nconst w float[1,20,3] 1\nconst r float[1,20,5] 1\n"
              "node LSTM x,w,r -> y hidden_size=5\noutput y");
  expect_work(2 * 7 * (3 * 3 * 5 * (3 + 5) / 4 + 2 * 3 * 5 * 8 + 1024) +
                  (7 * 2 * 3 + 2 * 15 * 3 + 2 * 15 * 5 + 2 * 7 * 2 * 5),
              "input x float[7,2,3]\nconst w float[2,15,3] 1\nconst r float[2,15,5] 1\n"
              "node GRU x,w,r -> y hidden_size=5 direction=\"bidirectional\"\noutput y");
}

static void counts_what_is_read_more_than_once(void** state) {
  (void)state;
  // 2 planes, 16 outputs of 3 taps: a quarter where vectors take rows, else 32, and 224
  // of powers.
  expect_work(2 * (512 + 64) + 16 * 4 + 16 * 3 / 4 + 20 + 16,
              "input x float[1,2,10]\nnode MaxPool x -> y kernel_shape=[3]\noutput y");
  expect_work(2 * 512 + 16 * (3 * 32 + 96) + 2 * (20 + 16),
              "input x double[1,2,10]\nnode MaxPool x -> y kernel_shape=[3]\noutput y");
  expect_work(2 * (512 + 64) + 16 * 4 + 16 * 3 / 4 + 20 + 16,
              "input x float[1,2,10]\nnode LpPool x -> y kernel_shape=[3]\noutput y");
  expect_work(2 * 512 + 16 * (3 * 224 + 96) + 20 + 16,
              "input x float[1,2,10]\nnode LpPool x -> y kernel_shape=[3] p=3\noutput y");
  // 6 rows, each of 2 rows of the kernel, of 7 results of 2 x 3 taps.
  expect_work(2 * 512 + 6 * 2 * 64 + 42 * 4 + 42 * 6 / 4 + 72 + 42,
              "input x float[1,2,4,9]\nnode MaxPool x -> y kernel_shape=[2,3]\noutput y");
  // Of a window as long as this no vectors are made.
  expect_work(512 + 1001 * (1000 * 32 + 96) + 2000 + 1001,
              "input x float[1,1,2000]\nnode AveragePool x -> y kernel_shape=[1000]\n"
              "output y");
  // 4 places from 2, 2 taps, for 3 columns; then 6 from 3 for 4 rows; 56 a place.
  expect_work((4 + 6) * 56 + 4 * (32 + 2 * 3 * 6) + 4 * 6 * (32 + 2 * 6) + (6 + 2 + 24),
              "input x float[2,3]\nconst s float[2] 2\n"
              "node Resize x,_,s -> y mode=\"linear\"\noutput y");
  // 7 bins of 12 numbers: a power of two of at least twice as many is transformed twice.
  expect_work(
      3 * (2 * 32 * 6 * 20 + 32 * 48 + 128 + 12 * 48),
      "opset 17\ninput x float[3,12,1]\nnode DFT x -> y axis=1 onesided=1\noutput y");
}

/// Of operators that go through their elements once: what the dtypes take, and what the
/// table says.
static void counts_other_operators_by_their_elements(void** state) {
  (void)state;
  // 320 for each run of neighbours of operators of two operands.
  expect_work(3 * 10 + 320,
              "input a float[10]\ninput b float[10]\nnode Add a,b -> y\noutput y");
  expect_work(3 * 5 + 10 * 7 + 1700,
              "input a float16[10]\ninput b float16[10]\nnode Add a,b -> y\noutput y");
  expect_work(10 * (1 + 1 + 3), "input x float[10]\nnode Exp x -> y\noutput y");
  expect_work(10 * (2 + 2 + 76), "input x double[10]\nnode Exp x -> y\noutput y");
  expect_work(10 * (1 + 9), "input x float16[10]\nnode Exp x -> y\noutput y");
  expect_work(10 * (1 + 5), "input x bfloat16[10]\nnode Neg x -> y\noutput y");
  expect_work(10 * (2 + 2 + 256), "input x double[10]\nnode Sin x -> y\noutput y");
  expect_work(10 * (3 * 1 + 144) + 320,
              "input a float[10]\ninput b float[10]\nnode Mod a,b -> y fmod=1\noutput y");
  expect_work(10 * (3 * 2 + 1800) + 320,
              "input a double[10]\ninput b double[10]\nnode Mod a,b -> y fmod=1\n"
              "output y");
  expect_work(10 * (3 * 2 + 480) + 320,
              "input a int64[10]\ninput b int64[10]\nnode Pow a,b -> y\noutput y");
  // Constant squares and cubes are products.
  expect_work(10 * (1 + 104 + 1) + 1 + 320,
              "input a float[10]\nconst b float[1] 2.5\nnode Pow a,b -> y\noutput y");
  expect_work(10 * (1 + 1) + 1 + 320,
              "input a float[10]\nconst b float[1] 2\nnode Pow a,b -> y\noutput y");
  // 20 for each element and for each sum.
  expect_work(10 * (2 + 20) + 2 + 20,
              "input a double[10]\nnode ReduceSum a -> y keepdims=0\noutput y");
  // Sums of rows of 3 that stay: 5 rows.
  expect_work(15 * (2 + 20) + 3 * (2 + 20) + 2 + 5 * 224,
              "input a double[5,3]\nconst i int64[1] 0\nnode ReduceSum a,i -> y\n"
              "output y");
  // Operands that are broadcast at short rows: 320 for each.
  expect_work(5 + 10 + 10 + 5 * 320,
              "input a float[5,1]\ninput b float[5,2]\nnode Add a,b -> y\noutput y");
  expect_work(5 + 10 + 5 + 10 + 10 * 320,
              "input a float[5,1]\ninput b float[5,2]\ninput c float[5,1]\n"
              "node Sum a,b,c -> y\noutput y");
  // Rows of 2, of which each takes 64; of doubles, and of halves.
  expect_work(10 * (1 + 1 + 10) + 5 * 64,
              "input x float[5,2]\nnode Softmax x -> y axis=1\noutput y");
  expect_work(10 * (2 + 2 + 92) + 5 * 192,
              "input x double[5,2]\nnode Softmax x -> y axis=1\noutput y");
  expect_work(10 * (1 + 22) + 5 * 1024,
              "input x float16[5,2]\nnode Softmax x -> y axis=1\noutput y");
  // A heap of 8 has 3 levels; one row.
  expect_work(100 * (16 + 3 * 32) + 384 + 100 + 2 * 1 + 8 + 2 * 8,
              "input x float[100]\nconst k int64[1] 8\nnode TopK x,k -> y,i\noutput y\n"
              "output i");
  // Along the last axis, number by number; along others, row by row.
  expect_work(12 * (1 + 1 + 2 + 20) + 3 * 640 + 2,
              "input x float[3,4]\nconst a int64[1] 1\nnode CumSum x,a -> y\noutput y");
  expect_work(12 * (1 + 1 + 2) + 3 * 320 + 2,
              "input x float[3,4]\nconst a int64[1] 0\nnode CumSum x,a -> y\noutput y");
}

/// What an operator does for each row, channel or number, besides for each element.
static void counts_rows_and_channels(void** state) {
  (void)state;
  expect_work(
      2 * 8 + 4 * 4 + 8 * 2 + 2 * 320 + 4 * 16,
      "input x float[2,4]\nconst s float[4] 1\nnode BatchNormalization x,s,s,s,s -> y\n"
      "output y");
  expect_work(10 * (1 + 1 + 10) + 2 + 5 * 512,
              "opset 17\ninput x float[5,2]\nconst s float[2] 1\n"
              "node LayerNormalization x,s -> y\noutput y");
  expect_work(10 * (1 + 7) + 5 * (2 + 96),
              "input x float[5,2]\nnode ArgMax x -> y axis=1\noutput y");
  // Along the first axis: two rows of five.
  expect_work(10 * (1 + 7) + 5 * (2 + 96) + 2 * 32,
              "input x float[2,5]\nnode ArgMax x -> y axis=0\noutput y");
  // 5 sets, and 5 runs that are subtracted from and divided; 2 sets of 1 run; of halves.
  expect_work(10 * (1 + 1 + 5) + 5 * 256 + 5 * 2 * 320,
              "input x float[5,2]\nnode LpNormalization x -> y axis=1\noutput y");
  expect_work(10 * (1 + 1 + 5) + 2 * 256 + 5 * 2 * 320,
              "input x float[5,2]\nnode LpNormalization x -> y axis=0\noutput y");
  expect_work(10 * (1 + 52) + 2 * 768 + 5 * 2 * 1700,
              "input x float16[5,2]\nnode LpNormalization x -> y axis=0\noutput y");
  expect_work(10 * 16 + 5 + 5 * (2 + 800),
              "input x int16[5,2]\nnode ArgMax x -> y axis=1\noutput y");
  expect_work(10 * (1 + 1 + 160),
              "input x float[10]\nnode RandomNormalLike x -> y\noutput y");
}

/// Of operators that move elements: what they move, and the pieces.
static void counts_what_is_moved_by_its_pieces(void** state) {
  (void)state;
  // A slice reads what it gives, no more.
  expect_work(16 * 3 + 256 + 48,
              "input a float[1000]\nconst b int64[1] 5\nconst e int64[1] 21\n"
              "node Slice a,b,e -> y\noutput y");
  // Every second one.
  expect_work(8 * 3 + 256 + 8 * 4,
              "input a float[1000]\nconst b int64[1] 5\nconst e int64[1] 21\n"
              "const x int64[1] 0\nconst s int64[1] 2\n"
              "node Slice a,b,e,x,s -> y\noutput y");
  // Tiles of a matrix; planes of 2 x 3.
  expect_work(35 * 3 + 256 + 35 * 2,
              "input a float[5,7]\nnode Transpose a -> y perm=[1,0]\noutput y");
  expect_work(30 * 3 + 5 * (256 + 6 * 2),
              "input a float[2,5,3]\nnode Transpose a -> y perm=[2,1,0]\noutput y");
  // Two pieces a row, at half of 48; as many in a split.
  expect_work(3 * 25 + 5 * 48,
              "input a float[5,2]\ninput b float[5,3]\nnode Concat a,b -> y axis=1\n"
              "output y");
  expect_work(3 * 20 + 5 * 2 * 48,
              "input x float[5,4]\nnode Split x -> a,b axis=1\noutput a\noutput b");
  // 3 rows; 4 more for each element that is a copy of another.
  expect_work(12 + 15 + 3 * 128 + 8,
              "input x float[3,4]\nconst p int64[4] 0 1 0 0\nnode Pad x,p -> y\n"
              "output y");
  expect_work(12 + 15 + 3 * 128 + 15 * 4 + 8,
              "input x float[3,4]\nconst p int64[4] 0 1 0 0\n"
              "node Pad x,p -> y mode=\"edge\"\noutput y");
  expect_work(2 * 24 + 2 * 3 * 96,
              "opset 17\ninput x float[2,3,4]\nnode Trilu x -> y\noutput y");
  // 4 tuples of 2 indices each.
  expect_work(12 + 16 + 4 + 12 + 4 * (40 + 2 * 24),
              "input x float[3,4]\nconst i int64[4,2] 0 1 1 2 2 3 0 3\n"
              "input u float[4]\nnode ScatterND x,i,u -> y\noutput y");
  expect_work(2 * 5 + 2 + 2 + 15 + 5 * 192,
              "input x int64[5]\nconst d int64[1] 3\nconst v float[2] 0 1\n"
              "node OneHot x,d,v -> y\noutput y");
}

/// Conversions that no vectors do take more.
static void counts_conversions_by_both_dtypes(void** state) {
  (void)state;
  expect_work(8 * (1 + 1) + 8 / 2, "input x float[8]\nnode Cast x -> y to=10\noutput y");
  expect_work(8 * (1 + 2 + 1 + 16), "input x float[8]\nnode Cast x -> y to=13\noutput y");
  expect_work(8 * (2 + 6) + 8 / 2, "input x double[8]\nnode Cast x -> y to=10\noutput y");
  // Runs of one scale: one for a tensor, one for each row.
  expect_work(24 * 4 + 24 / 4 + 1 + 1200,
              "input x float[4,6]\nconst s float 0.5\nnode QuantizeLinear x,s -> y\n"
              "output y");
  expect_work(24 * 4 + 24 / 4 + 6 + 1 + 4 * 1200,
              "input x float[4,6]\nconst s float[6] 0.5\nconst z uint8[6] 3\n"
              "node QuantizeLinear x,s,z -> y axis=1\noutput y");
}

static void knows_every_operator_of_its_table(void** state) {
  const olstm_plugin* plugin = olstm__builtin_plugin();
  (void)state;
  for (size_t i = 0; olstm__op_work_name(i); i++) {
    const char* name = olstm__op_work_name(i);
    bool is_known = false;
    for (size_t o = 0; o < plugin->operator_count(); o++) {
      is_known |= strcmp(plugin->get_operator(o)->op_type, name) == 0;
    }
    if (!is_known) fail_msg("there is no operator '%s'", name);
    // Searched by bisection.
    if (i > 0) assert_true(strcmp(olstm__op_work_name(i - 1), name) < 0);
  }
}

/// Runs `text`, whose inputs have fixed shapes and are 0, within `limit`.
static olstm_status run_within(const char* text, uint64_t limit) {
  static float zeros[1 << 20];
  olstm_tensor inputs[2] = {{.data = NULL}}, output = {.data = NULL};
  olstm_session_options options;
  fixture f;
  olstm_session_options_init(&options);
  options.max_work = limit;
  start(&f, text, &options);
  for (size_t i = 0; i < olstm_session_input_count(f.session); i++) {
    const olstm_value_info* info = olstm_session_get_input(f.session, i);
    inputs[i].desc = (olstm_tensor_desc){.dtype = info->dtype, .rank = info->rank};
    memcpy(inputs[i].desc.dims, info->dims, (size_t)info->rank * sizeof *info->dims);
    assert_true(olstm_tensor_desc_count(&inputs[i].desc) <= 1 << 20);
    inputs[i].data = zeros;
  }
  const olstm_status status = olstm_context_run(
      f.context, inputs, olstm_session_input_count(f.session), &output, 1, &f.error);
  end(&f);
  return status;
}

static void runs_up_to_the_limit_and_not_beyond(void** state) {
  static const char kModel[] = "input x float[1000]\nnode Exp x -> y\noutput y";
  // Planning the one step counts in the run that plans it.
  const uint64_t work = 1000 * (1 + 1 + 3) + kRun + kStep + 16384;
  (void)state;
  assert_int_equal(run_within(kModel, work), OLSTM_STATUS_OK);
  assert_int_equal(run_within(kModel, work - 1), OLSTM_STATUS_LIMIT_EXCEEDED);
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
  assert_non_null(strstr(f.error.message, "more than max_work, which is 8589934592"));
  end(&f);
}

static void refuses_much_work_from_a_small_file(void** state) {
  (void)state;
  expect_refusal(
      "const n int64[2] 4000\nnode ConstantOfShape n -> a\n"
      "node MatMul a,a -> y\noutput y",
      "MatMul 'y': with it this run comes to 16");
  expect_refusal(
      "const n int64[3] 1 1 70000\nnode ConstantOfShape n -> x\n"
      "node MaxPool x -> y kernel_shape=[33000]\noutput y",
      "MaxPool 'y': ");
  expect_refusal(
      "const n int64[3] 300000 1 1\nconst m int64[3] 1 512 1\n"
      "const k int64[3] 1 512 128\nnode ConstantOfShape n -> x\n"
      "node ConstantOfShape m -> w\nnode ConstantOfShape k -> r\n"
      "node LSTM x,w,r -> _,y name=lstm hidden_size=128\noutput y",
      "LSTM 'lstm': ");
  expect_refusal(
      "const n int64[2] 3000 3000\nnode ConstantOfShape n -> x\n"
      "node Einsum x,x,x -> y equation=\"ab,bc,cd->ad\"\noutput y",
      "Einsum 'y': ");
}

/// Of inputs without elements nothing is left but the constants: a session computes what
/// follows from them once, up to a limit, and leaves the rest to its runs.
static void computes_no_more_ahead_than_its_share(void** state) {
  olstm_plan_info info;
  fixture f;
  (void)state;
  start(&f,
        "const a float[1024,1024] 1\nnode Einsum a,a,a,a,a,a,a,a -> y "
        "equation=\"ij,jk,kl,lm,mn,no,op,pi->\"\n"
        "input x float[1]\nnode Add x,y -> z\noutput z",
        NULL);
  assert_int_equal(prepare(&f), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_get_plan_info(f.context, &info, NULL), OLSTM_STATUS_OK);
  assert_int_equal(info.folded_count, 0);
  assert_int_equal(info.step_count, 2);
  assert_true(info.work > (uint64_t)1 << 28);
  end(&f);
}

/// What was given up takes the memory of its results all the same.
static void limits_the_memory_of_what_it_does_not_compute(void** state) {
  enum { kNodes = 16, kMb = 1 << 20 };
  char text[4096] = "const a double[512,256] 1\ninput y0 double[512,256]\n";
  olstm_test_allocator allocator;
  olstm_session_options options;
  fixture f;
  (void)state;
  for (int n = 0; n < kNodes; n++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used,
                   "node Mod a,a -> e%d fmod=1\n"
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

/// By default 2^33 for inputs of up to 64 KB, and 2^17 for each byte of larger ones,
/// whatever constants there are.
static void inputs_of_more_bytes_may_take_more(void** state) {
  // 8.62e9 units: 1811 for each double.
  static const char kModel[] =
      "input z float[%d]\nconst w float[512,512] 1\nconst n int64[1] 4760000\n"
      "node ConstantOfShape n -> a\nnode Cast a -> b to=11\n"
      "node Mod b,b -> y fmod=1\noutput y";
  char text[512];
  (void)state;
  (void)snprintf(text, sizeof text, kModel, 16 << 10);
  assert_int_equal(run_within(text, 0), OLSTM_STATUS_LIMIT_EXCEEDED);
  (void)snprintf(text, sizeof text, kModel, 17 << 10);
  assert_int_equal(run_within(text, 0), OLSTM_STATUS_OK);
}

/// Long sequences and large batches of layers as people have them fit into the default:
/// plans tell, nothing is run.
static void honest_sequences_and_batches_are_within_the_default(void** state) {
  static const struct {
    int steps, batch, inputs, hidden;
  } kLayers[] = {{10000, 1, 80, 512}, {100, 100, 128, 512}, {10000, 1, 1, 32},
                 {9600, 10, 2, 8},    {20000, 32, 1, 16},   {100, 100, 40, 64}};
  (void)state;
  for (size_t i = 0; i < sizeof kLayers / sizeof kLayers[0]; i++) {
    const int inputs = kLayers[i].inputs, hidden = kLayers[i].hidden;
    const uint64_t bytes = (uint64_t)kLayers[i].steps * (uint64_t)kLayers[i].batch *
                           (uint64_t)inputs * sizeof(float);
    const uint64_t limit = bytes > 1 << 16 ? bytes << 17 : UINT64_C(1) << 33;
    char text[512];
    olstm_plan_info info;
    fixture f;
    (void)snprintf(text, sizeof text,
                   "input x float[%d,%d,%d]\nconst w float[1,%d,%d] 0.1\n"
                   "const r float[1,%d,%d] 0.1\nnode LSTM x,w,r -> _,y hidden_size=%d\n"
                   "output y",
                   kLayers[i].steps, kLayers[i].batch, inputs, 4 * hidden, inputs,
                   4 * hidden, hidden, hidden);
    start(&f, text, NULL);
    if (prepare(&f)) fail_msg("%s: %s", text, f.error.message);
    assert_int_equal(olstm_context_get_plan_info(f.context, &info, NULL),
                     OLSTM_STATUS_OK);
    if (info.work > limit / 4) fail_msg("%s: work is more than a quarter", text);
    end(&f);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_products_by_their_multiply_adds),
      cmocka_unit_test(counts_convolutions_by_their_multiply_adds),
      cmocka_unit_test(counts_transposed_convolutions_by_their_taps),
      cmocka_unit_test(counts_layers_by_steps_rows_and_weights),
      cmocka_unit_test(counts_what_is_read_more_than_once),
      cmocka_unit_test(counts_other_operators_by_their_elements),
      cmocka_unit_test(counts_rows_and_channels),
      cmocka_unit_test(counts_what_is_moved_by_its_pieces),
      cmocka_unit_test(counts_conversions_by_both_dtypes),
      cmocka_unit_test(knows_every_operator_of_its_table),
      cmocka_unit_test(runs_up_to_the_limit_and_not_beyond),
      cmocka_unit_test(refuses_much_work_from_a_small_file),
      cmocka_unit_test(computes_no_more_ahead_than_its_share),
      cmocka_unit_test(limits_the_memory_of_what_it_does_not_compute),
      cmocka_unit_test(inputs_of_more_bytes_may_take_more),
      cmocka_unit_test(honest_sequences_and_batches_are_within_the_default),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
