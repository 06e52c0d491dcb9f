// op/pieces: how work is divided, and that operators whose work is large divide theirs.
#include "op/pieces.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

/// What tasks did.
typedef struct seen_items {
  int times[5000];
  int64_t shortest;
  int64_t longest;
  int task_count;
} seen_items;

static void see(void* argument, int64_t begin, int64_t end) {
  seen_items* seen = argument;
  assert_true(begin < end);
  for (int64_t i = begin; i < end; i++) seen->times[i]++;
  if (seen->shortest == 0 || end - begin < seen->shortest) seen->shortest = end - begin;
  if (end - begin > seen->longest) seen->longest = end - begin;
  seen->task_count++;
}

static void run_in_turn(void* pool, int32_t task_count,
                        void (*task)(void* argument, int32_t index), void* argument) {
  (void)pool;
  for (int32_t i = 0; i < task_count; i++) task(argument, i);
}

static void every_item_is_done_once(void** state) {
  (void)state;
  for (int64_t count = 1; count <= 5000; count = count * 5 / 4 + 1) {
    for (int32_t threads = 1; threads <= 5; threads++) {
      for (int64_t elements = 1; elements <= 20000; elements *= 10) {
        const olstm_parallel parallel = {sizeof parallel, NULL, threads, run_in_turn};
        seen_items* seen = calloc(1, sizeof *seen);
        olstm__pieces_run(&parallel, count, elements, see, seen);
        for (int64_t i = 0; i < count; i++) assert_int_equal(seen->times[i], 1);
        if (seen->task_count > 1) {
          assert_true((seen->longest + 64) * elements >= OLSTM__PIECE_ELEMENTS);
          assert_true(seen->longest - seen->shortest <= (count > 1000 ? 64 : 1));
          if (seen->task_count > threads) {
            assert_int_equal(seen->task_count % threads, 0);
          }
        }
        if (threads > 1 && count * elements >= 4 * OLSTM__PIECE_ELEMENTS && count > 1) {
          assert_true(seen->task_count > 1);
        }
        free(seen);
      }
    }
  }
}

static void nothing_to_do_runs_no_task(void** state) {
  seen_items seen = {.task_count = 0};
  (void)state;
  olstm__pieces_run(NULL, 0, 1, see, &seen);
  assert_int_equal(seen.task_count, 0);
}

typedef struct shared_case {
  const char* node;
  const char* inputs;
} shared_case;

static const shared_case kCases[] = {
    {"Gelu-20", "f32[25,1031] ~"},
    {"Sigmoid-13", "f16[25,1031] ~"},
    {"Clip-13", "f32[70,1031] ~; f32[] -0.5; f32[] 0.5"},
    {"Clip-13", "f16[70,1031] ~; f16[] -0.5; f16[] 0.5"},
    {"Clip-13", "i64[70,1031] ~; i64[] 2; i64[] 5"},
    {"Clip-13", "u8[300,1031] ~; u8[] 2; u8[] 5"},
    {"Cast-13 to=7", "f32[70,1031] ~"},
    {"Cast-13 to=1", "f16[70,1031] ~"},
    {"Cast-13 to=10", "f64[70,1031] ~"},
    // Operands of one run, of rows, of columns, of many short runs; converted ones.
    {"Add-14", "f32[70,1031] ~; f32[70,1031] ~"},
    {"Add-14", "f32[3,90,257] ~; f32[90,1] ~"},
    {"Add-14", "f32[2,5,9000] ~; f32[5,1] ~"},
    {"Add-14", "f32[900,5,13] ~; f32[900,1,13] ~"},
    {"Mul-14", "f16[70,1031] ~; f16[] 3"},
    {"Pow-15", "f32[9,2100] ~; f32[9,1] ~"},
    {"Div-14", "i64[70,1031] ~; i64[] 3"},
    {"Less-13", "f64[70,1031] ~; f64[1031] ~"},
    {"And-7", "bool[170,1031] 0..; bool[1031] 1.."},
    {"Sum-13", "f32[70,1031] ~; f32[70,1031] ~; f32[1031] ~"},
    {"Where-16", "bool[2,1,300] 0..; f32[2,150,300] ~; f32[] -1"},
    {"Where-16", "bool[90,1] 0..; i64[90,1000] ~; i64[1000] ~"},
    {"MeanVarianceNormalization-13", "f32[4,8,50,60] ~"},
    {"LpNormalization-1", "f32[90,1031] ~"},
    {"LayerNormalization-17 axis=1", "f32[90,1031] ~; f32[90,1] ~"},
    {"Einsum-12 equation='ij,jk->ijk'", "f32[20,30] ~; f32[30,90] ~"},
    // Columns that become rows, slabs side by side, halves, doubles.
    {"Softmax-13 axis=1", "f32[12,700,5] ~"},
    {"Softmax-13 axis=1", "f32[200,40,5] ~"},
    {"LogSoftmax-13 axis=2", "f16[9,50,61] ~"},
    {"Softmax-13 axis=1", "f16[9,50,61] ~"},
    {"Softmax-13 axis=1", "f64[9,50,61] ~"},
    {"TopK-11 outputs=2", "f32[13,500] ~; i64[1] 20"},
    {"TopK-11 outputs=2 axis=1", "f32[3,40,150] ~; i64[1] 5"},
    {"TopK-11 outputs=2 axis=0 largest=0", "f16[40,150] ~; i64[1] 5"},
    {"TopK-11 outputs=_1", "i32[13,500] ~; i64[1] 20"},
    {"Resize-13 mode='linear'", "f32[1,3,60,70] ~; _; f32[4] 1 1 2.5 1.5"},
    {"Resize-13 mode='linear'", "f64[1,1,190,70] ~; _; f32[4] 1 1 2.5 1"},
    {"Resize-13 mode='cubic'", "f16[2,3,40,50] ~; _; f32[4] 1 1 2.5 1.5"},
    {"Resize-13 mode='linear' coordinate_transformation_mode='tf_crop_and_resize' "
     "extrapolation_value=7.0",
     "f32[1,3,60,70] ~; f32[8] 0 0 -0.5 0.25 1 1 1.5 1.5; f32[4] 1 1 2.5 1.5"},
    {"GatherElements-13 axis=1", "f32[64,50] ~; i64[64,200] ~"},
    {"GatherElements-13", "f32[11,20,300] ~; i32[40,20,300] ~"},
    {"Gather-13", "f32[20,300] ~; i64[300] ~"},
    {"Gather-13 axis=1", "u8[40,10,300] ~; i32[30] ~"},
    {"LayerNormalization-17", "f32[50,257] ~; f32[257] ~; f32[257] ~"},
    {"RMSNormalization-23", "f32[50,257] ~; f32[257] ~"},
    // Copies of runs, of units, of tiles: many planes, few of them, one.
    {"Transpose-13 perm=[0,2,1]", "f32[40,70,61] ~"},
    {"Transpose-13 perm=[1,0]", "f32[301,257] ~"},
    {"Transpose-13 perm=[1,0]", "f32[3,30001] ~"},
    {"Transpose-13 perm=[1,0]", "u8[701,657] 0.."},
    {"Transpose-13 perm=[1,0,2]", "f32[61,33,70] ~"},
    {"Transpose-13 perm=[2,1,0]", "i64[61,33,30] ~"},
    {"Concat-13 axis=1", "f32[1,30001] ~; f32[1,50003] ~"},
    {"Concat-13 axis=-1", "f32[300,101] ~; f32[300,203] ~"},
    {"Split-13 axis=1 outputs=2", "f32[2,90002] ~"},
    {"Slice-13", "f32[100,900] ~; i64[1] 899; i64[1] 0; i64[1] 1; i64[1] -2"},
    {"Expand-13", "f32[1,1,700] ~; i64[3] 5 30 700"},
    {"Tile-13", "f32[2,3,700] ~; i64[3] 3 5 2"},
    {"DepthToSpace-13 blocksize=2", "f32[1,64,40,30] ~"},
    // Rows, columns, rows of few elements; other dtypes than float.
    {"ArgMax-13 axis=1", "f32[900,37] ~"},
    {"ArgMin-13 axis=1 select_last_index=1", "f32[3,21,2000] ~"},
    {"ArgMax-13 axis=1", "i64[90,300] ~"},
    {"ReduceSum-13", "f64[90,301] ~; i64[1] 1"},
    {"ReduceMean-13 axes=[1]", "f16[3,90,1301] ~"},
    {"ReduceMean-13 axes=[0,2]", "f64[3,90,301] ~"},
    {"ReduceL2-13 axes=[1]", "f64[9000,5] ~"},
    {"ReduceLogSumExp-13 axes=[1]", "f16[90,301] ~"},
    {"GatherND-13", "f32[20,30,60] ~; i64[500,2] ~"},
    {"QuantizeLinear-13", "f32[90,901] ~; f32[] 0.02; u8[] 100"},
    {"QuantizeLinear-13 axis=1", "f32[3,40,901] ~; f32[40] ~; i8[40] ~"},
    {"QuantizeLinear-13 axis=1", "f32[400,301] ~; f32[301] ~; u8[301] ~"},
    {"QuantizeLinear-21 axis=1 block_size=7", "f32[400,300] ~; f32[400,43] ~"},
    {"QuantizeLinear-21 axis=0 block_size=7", "f32[300,400] ~; f32[43,400] ~"},
    {"DequantizeLinear-13", "u8[90,901] 0..; f32[] 0.02; u8[] 100"},
    {"DequantizeLinear-13 axis=0", "i32[90,901] ~; f32[90] ~"},
    {"DynamicQuantizeLinear-11 outputs=3", "f32[90,901] ~"},
    {"MatMul-13", "f32[1,300] ~; #f32[300,200] ~"},
    {"MatMulInteger-10", "u8[1,1024] 0..; i8[1024,600] ~"},
    {"MatMulInteger-10", "u8[9,300] 0..; i8[300,301] ~; u8[9] ~; i8[301] ~"},
    {"MatMulInteger-10", "u8[9,64,64] 0..; i8[9,64,64] ~"},
    {"QLinearMatMul-21",
     "u8[9,40,64] 0..; f32[] 0.02; u8[] 9; i8[9,64,70] ~; f32[] 0.1; "
     "i8[] 1; f32[] 0.7; u8[] 100"},
    {"MatMulInteger-10", "i8[300,64] ~; u8[64,100] 0..; i8[300] ~"},
    {"MaxPool-12 kernel_shape=[2,2] strides=[2,2] outputs=2", "f32[2,8,31,40] ~"},
    {"MaxPool-12 kernel_shape=[3,3]", "f16[2,8,31,40] ~"},
    {"AveragePool-19 kernel_shape=[3,3]", "f64[2,8,31,40] ~"},
    {"MaxPool-12 kernel_shape=[3,3] strides=[2,2]", "f32[1,16,60,60] ~"},
};

static void operators_share_their_work(void** state) {
  (void)state;
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    op_text_expect_shared(kCases[i].node, kCases[i].inputs);
  }
}

static void a_divisor_of_0_is_found_in_any_piece(void** state) {
  (void)state;
  for (int64_t at = 0; at < 3; at++) {
    const olstm_parallel parallel = {sizeof parallel, NULL, 3, run_in_turn};
    enum { kCount = 100000 };
    int32_t* a = calloc(kCount, sizeof *a);
    int32_t* b = calloc(kCount, sizeof *b);
    for (int i = 0; i < kCount; i++) b[i] = 1 + i % 7;
    b[at * (kCount / 2) - (at == 2)] = 0;
    const olstm_tensor ta = OP_TENSOR(INT32, a, 1, kCount);
    const olstm_tensor tb = OP_TENSOR(INT32, b, 1, kCount);
    op_fixture fixture = {.op_type = "Div",
                          .opset_version = 14,
                          .input_count = 2,
                          .inputs = {&ta, &tb},
                          .parallel = &parallel};
    assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_INVALID_VALUE);
    assert_string_equal(
        fixture.error.message,
        "Div 'node': input 'x1' has a 0, which integers cannot be divided by");
    op_fixture_deinit(&fixture);
    free(a);
    free(b);
  }
}

static void an_index_out_of_range_is_found_in_any_piece(void** state) {
  static const char* const kOperators[] = {"Gather", "GatherElements"};
  enum { kCount = 40000 };
  const float x[8] = {0};
  const olstm_parallel parallel = {sizeof parallel, NULL, 3, run_in_turn};
  int64_t* indices = calloc(kCount, sizeof *indices);
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    const olstm_tensor tx = OP_TENSOR(FLOAT, x, 2, 1, 8);
    const olstm_tensor of_rows = OP_TENSOR(INT64, indices, 2, kCount / 8, 8);
    const olstm_tensor all = OP_TENSOR(INT64, indices, 1, kCount);
    op_fixture fixture = {.op_type = kOperators[i],
                          .opset_version = 13,
                          .input_count = 2,
                          .inputs = {&tx, i == 0 ? &all : &of_rows},
                          .parallel = &parallel};
    // The first one is named, whichever piece is done first.
    indices[30001] = 5;
    indices[12345] = -7;
    assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_INVALID_VALUE);
    char expected[120];
    (void)snprintf(expected, sizeof expected,
                   "%s 'node': input 'x1' has -7 at position 12345, expected -1..0",
                   kOperators[i]);
    assert_string_equal(fixture.error.message, expected);
    op_fixture_deinit(&fixture);
  }
  free(indices);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_item_is_done_once),
      cmocka_unit_test(nothing_to_do_runs_no_task),
      cmocka_unit_test(operators_share_their_work),
      cmocka_unit_test(a_divisor_of_0_is_found_in_any_piece),
      cmocka_unit_test(an_index_out_of_range_is_found_in_any_piece),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
