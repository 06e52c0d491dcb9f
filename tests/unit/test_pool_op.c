// op/conv/pool_op.c and global_pool_op.c.
#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void windows_are_pooled(void** state) {
  (void)state;
  op_text_expect("MaxPool-1 kernel_shape=[2]", "f32[1,1,4] 1 3 2 0", "f32[1,1,3] 3 3 2");
  op_text_expect("MaxPool-10 kernel_shape=[2] dilations=[2]", "f64[1,1,4] 1 3 2 0",
                 "f64[1,1,2] 2 3");
  op_text_expect("MaxPool-12 kernel_shape=[2,2] strides=[2,2]",
                 "i8[1,1,2,4] -1 -2 3 4 -5 -6 7 8", "i8[1,1,1,2] -1 8");
  op_text_expect("AveragePool-7 kernel_shape=[2]", "f32[1,2,3] 1 3 5 2 4 6",
                 "f32[1,2,2] 2 4 3 5");
  op_text_expect("LpPool-2 kernel_shape=[2]", "f32[1,1,2] 3 4", "f32[1,1,1] 5");
  op_text_expect("LpPool-18 kernel_shape=[2] p=1", "f16[1,1,2] 3 -4", "f16[1,1,1] 7");
}

static void pads_count_only_where_asked(void** state) {
  (void)state;
  op_text_expect("AveragePool-7 kernel_shape=[3] pads=[1,1]", "f32[1,1,3] 3 6 9",
                 "f32[1,1,3] 4.5 6 7.5");
  op_text_expect("AveragePool-7 kernel_shape=[3] pads=[1,1] count_include_pad=1",
                 "f32[1,1,3] 3 6 9", "f32[1,1,3] 3 6 5");
  op_text_expect("MaxPool-8 kernel_shape=[3] pads=[1,1]", "f32[1,1,3] -3 -6 -9",
                 "f32[1,1,3] -3 -3 -6");
}

static void ceil_mode_adds_a_last_window_that_begins_inside(void** state) {
  (void)state;
  op_text_expect("MaxPool-10 kernel_shape=[2] strides=[2] ceil_mode=1",
                 "f32[1,1,5] 1 2 3 4 5", "f32[1,1,3] 2 4 5");
  op_text_expect("AveragePool-10 kernel_shape=[2] strides=[2] ceil_mode=1",
                 "f32[1,1,5] 1 2 3 4 5", "f32[1,1,3] 1.5 3.5 5");
  op_text_expect("MaxPool-10 kernel_shape=[1] strides=[2] ceil_mode=1", "f32[1,1,2] 1 2",
                 "f32[1,1,1] 1");
  op_text_expect(
      "AveragePool-19 kernel_shape=[2] strides=[2] ceil_mode=1 pads=[0,0] "
      "count_include_pad=1 dilations=[1]",
      "f32[1,1,3] 1 2 3", "f32[1,1,2] 1.5 3");
  // The only window, too, may reach beyond the input.
  op_text_expect("MaxPool-10 kernel_shape=[2,2] strides=[2,2] ceil_mode=1",
                 "f32[1,1,1,4] 1 2 3 4", "f32[1,1,1,2] 2 4");
  op_text_expect(
      "AveragePool-19 kernel_shape=[3,2] strides=[3,2] ceil_mode=1 count_include_pad=1 "
      "pads=[1,0,0,0]",
      "f32[1,1,1,4] 1 2 3 4", "f32[1,1,1,2] 0.75 1.75");
  op_text_expect_failure(
      "MaxPool-10 kernel_shape=[4] strides=[2] ceil_mode=1", "f32[1,1,2] 1 2",
      OLSTM_STATUS_SHAPE_MISMATCH,
      "MaxPool 'node': input 'x0' has shape [1,1,2]: a window of 4 does not fit "
      "dimension 2 with its pads");
}

static void indices_count_through_the_tensor(void** state) {
  (void)state;
  op_text_expect("MaxPool-8 kernel_shape=[2,2] outputs=2",
                 "f32[1,2,2,3] 1 2 3 4 9 6 7 1 1 1 1 1",
                 "f32[1,2,1,2] 9 9 7 1; i64[1,2,1,2] 4 4 6 7");
  op_text_expect("MaxPool-12 kernel_shape=[2,2] storage_order=1 outputs=2",
                 "f32[1,1,2,3] 1 2 3 4 9 6", "f32[1,1,1,2] 9 9; i64[1,1,1,2] 3 3");
}

static void global_pools_take_all_of_space(void** state) {
  (void)state;
  op_text_expect("GlobalAveragePool-1", "f32[1,2,2,2] 1 2 3 6 4 4 4 4",
                 "f32[1,2,1,1] 3 4");
  op_text_expect("GlobalMaxPool-1", "f64[1,2,2] 1 -2 -3 -4", "f64[1,2,1] 1 -3");
  op_text_expect("GlobalLpPool-2", "f32[1,1,2] 3 4", "f32[1,1,1] 5");
  op_text_expect("GlobalLpPool-2 p=1", "f32[1,1,2] 3 -4", "f32[1,1,1] 7");
  op_text_expect_failure("GlobalLpPool-2 p=3", "f32[1,1,2] 3 -4",
                         OLSTM_STATUS_UNSUPPORTED,
                         "GlobalLpPool 'node': attribute p is not 1 or 2, which are what "
                         "olstm knows");
}

/// What floats are pooled over.
static const struct {
  const char* attributes;
  const char* dims;
} kCases[] = {
    {"kernel_shape=[2]", "1,2,3"},
    {"kernel_shape=[2] strides=[2]", "2,3,40"},
    {"kernel_shape=[3] pads=[1,1]", "1,2,17"},
    {"kernel_shape=[8] strides=[4]", "1,3,1500"},
    {"kernel_shape=[5] strides=[5]", "1,2,1003"},
    {"kernel_shape=[7] strides=[3] pads=[3,2]", "1,1,5001"},
    {"kernel_shape=[40] pads=[20,20]", "1,1,33"},
    {"kernel_shape=[100] strides=[10]", "1,1,1000"},
    {"kernel_shape=[3] strides=[40]", "1,1,300"},
    {"kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", "1,3,23,21"},
    {"kernel_shape=[3,3] pads=[1,1,1,1]", "1,2,9,40"},
    {"kernel_shape=[2,2] strides=[2,2]", "2,3,8,18"},
    {"kernel_shape=[2,1] strides=[2,1]", "1,20,8,26"},
    {"kernel_shape=[1,3] strides=[1,2] pads=[0,1,0,1]", "1,2,5,33"},
    {"kernel_shape=[5,4] strides=[3,4] pads=[2,1,2,2]", "1,2,19,37"},
    {"kernel_shape=[3,2] dilations=[2,3] pads=[2,1,2,1]", "1,2,11,30"},
    {"kernel_shape=[3,3] strides=[2,2] ceil_mode=1", "1,2,12,14"},
    {"kernel_shape=[7,7]", "1,5,7,7"},
    {"kernel_shape=[3,3] pads=[1,1,1,1]", "1,8,64,61"},
    {"kernel_shape=[2,3,2] strides=[1,2,2] pads=[1,0,1,0,1,1]", "1,2,5,8,9"},
    {"kernel_shape=[4,1,3] strides=[2,1,1]", "1,2,9,3,20"},
    {"kernel_shape=[300] strides=[10]", "1,2,1000"},
    {"kernel_shape=[1,75] strides=[1,15]", "1,19,1,257"},
    {"kernel_shape=[3,3] pads=[1,1,1,1]", "1,16,9,40"},
    {"kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", "1,16,9,60"},
    {"kernel_shape=[1,2] strides=[1,2]", "1,3,9,64"},
    {"kernel_shape=[1,2] strides=[1,2] pads=[0,1,0,1]", "1,2,5,37"},
    {"kernel_shape=[2] strides=[2] pads=[1,0]", "1,3,8"},
    // Planes that fill lanes, and some that do not.
    {"kernel_shape=[3,3] pads=[1,1,1,1]", "1,16,7,7"},
    {"kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", "2,20,13,15"},
    {"kernel_shape=[2,2] strides=[2,2] ceil_mode=1", "1,43,9,7"},
    {"kernel_shape=[5,5] pads=[2,2,2,2]", "3,5,8,11"},
    {"kernel_shape=[3,2] dilations=[2,3] pads=[2,1,2,1]", "1,24,11,12"},
    {"kernel_shape=[3,3] dilations=[2,2] pads=[1,1,1,1]", "1,17,11,12"},
    {"kernel_shape=[1,4] strides=[3,4]", "1,33,40,41"},
    {"kernel_shape=[7,7]", "1,17,7,7"},
    {"kernel_shape=[4,3] strides=[1,5]", "1,32,90,70"},
    // Short rows.
    {"kernel_shape=[2] strides=[2]", "3,16,12"},
    {"kernel_shape=[3] strides=[2] pads=[1,1]", "2,21,17"},
    {"kernel_shape=[5] pads=[2,3] ceil_mode=1", "1,40,30"},
    // The same of volumes, in pieces of some depths and of some rows.
    {"kernel_shape=[3,3,3] pads=[1,1,1,1,1,1]", "1,16,5,6,7"},
    {"kernel_shape=[3,3,3] strides=[2,2,2] pads=[1,0,1,1,1,1]", "2,11,9,8,7"},
    {"kernel_shape=[2,3,2] dilations=[2,1,3] pads=[1,1,0,0,1,1]", "1,31,6,7,9"},
    {"kernel_shape=[4,1,1] strides=[2,1,3]", "1,17,9,5,8"},
    {"kernel_shape=[2,2,2] strides=[2,2,2] ceil_mode=1", "1,16,33,31,13"},
    {"kernel_shape=[1,3,3] pads=[0,1,1,0,1,1]", "1,16,2,75,90"},
    // Dimensions that windows do not spread over, joined with others.
    {"kernel_shape=[2,1,1] strides=[2,1,1] pads=[1,0,0,1,0,0]", "1,19,7,5,4"},
    {"kernel_shape=[3,1] pads=[1,0,1,0]", "1,9,30,4"},
    {"kernel_shape=[4,1] strides=[4,1]", "1,3,50,1"},
};

/// Of rows shorter and longer than vectors and tiles, with every part of a window's way:
/// the definition's loops are those of doubles.
static void floats_are_pooled_as_doubles_are(void** state) {
  static const char* const kOperators[] = {
      "MaxPool-12",    "AveragePool-19", "AveragePool-19 count_include_pad=1",
      "LpPool-18 p=1", "LpPool-18 p=2",  "LpPool-18 p=3"};
  char node[160], x[64];
  (void)state;
  for (size_t o = 0; o < sizeof kOperators / sizeof kOperators[0]; o++) {
    for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
      (void)snprintf(node, sizeof node, "%s %s", kOperators[o], kCases[c].attributes);
      (void)snprintf(x, sizeof x, "f32[%s] ~", kCases[c].dims);
      op_text_expect_as_double(node, x, 2e-6);
    }
  }
}

/// A window, with strides, over planes, or volumes where it is three deep, that `x` has
/// one after the other.
static void run_planes(op_fixture* fixture, const float* x, int64_t planes,
                       const int64_t* kernel, const int64_t* strides) {
  // Of planes, and of volumes.
  const int64_t pads[2][6] = {{1, kernel[2] > 1, 0, 1}, {1, 1, kernel[2] > 1, 1, 0, 1}};
  const olstm_tensor inputs[] = {OP_TENSOR(FLOAT, x, 4, 1, planes, 12, 13),
                                 OP_TENSOR(FLOAT, x, 5, 1, planes, 3, 4, 13)};
  const size_t rank = kernel[0] > 1 ? 3 : 2;
  const olstm_attribute attributes[] = {{.name = "kernel_shape",
                                         .kind = OLSTM_ATTRIBUTE_INTS,
                                         .count = rank,
                                         .ints = kernel + 3 - rank},
                                        {.name = "strides",
                                         .kind = OLSTM_ATTRIBUTE_INTS,
                                         .count = rank,
                                         .ints = strides + 3 - rank},
                                        {.name = "pads",
                                         .kind = OLSTM_ATTRIBUTE_INTS,
                                         .count = 2 * rank,
                                         .ints = pads[rank - 2]}};
  fixture->attribute_count = 3;
  fixture->attributes = attributes;
  fixture->input_count = 1;
  fixture->inputs[0] = &inputs[rank - 2];
  assert_int_equal(op_fixture_run(fixture), OLSTM_STATUS_OK);
}

/// Two planes go row by row; many are lanes.
static void a_plane_does_not_depend_on_others(void** state) {
  enum { kPlanes = 42, kSize = 12 * 13 };
  static const int64_t kKernels[][3] = {{1, 3, 3}, {1, 2, 2}, {1, 5, 4},
                                        {1, 2, 1}, {3, 3, 3}, {2, 4, 1}};
  // As small as quotients are rounded another way, and without a sign.
  static const float kStrange[] = {-0.0f, 0x1p-140f, -0x1p-149f, 0x3p-149f};
  static const int64_t kStrides[][3] = {{1, 1, 1}, {2, 2, 2}, {1, 3, 1}};
  static float x[kPlanes * kSize];
  (void)state;
  for (int i = 0; i < kPlanes * kSize; i++) {
    const bool is_strange = i / kSize % 5 == 0;
    x[i] = is_strange ? kStrange[i / 40 % 4] : (float)(i * 7919 % 1009 - 500) / 127;
  }
  for (int i = 0; i < 6 * 3 * 2; i++) {
    const op_fixture fixture = {.op_type = i % 2 ? "MaxPool" : "AveragePool",
                                .opset_version = 11};
    op_fixture all = fixture;
    run_planes(&all, x, kPlanes, kKernels[i / 6], kStrides[i / 2 % 3]);
    const size_t bytes = (size_t)olstm_tensor_desc_count(&all.outputs[0].desc) / kPlanes *
                         2 * sizeof(float);
    for (int p = 0; p < kPlanes; p += 2) {
      op_fixture two = fixture;
      run_planes(&two, x + p * kSize, 2, kKernels[i / 6], kStrides[i / 2 % 3]);
      assert_memory_equal(two.outputs[0].data,
                          (const char*)all.outputs[0].data + bytes * (size_t)p / 2,
                          bytes);
      op_fixture_deinit(&two);
    }
    op_fixture_deinit(&all);
  }
}

static void nan_and_infinity_go_through(void** state) {
  (void)state;
  op_text_expect("MaxPool-12 kernel_shape=[2]",
                 "f32[1,1,11] 1 nan 2 3 4 5 6 7 8 -inf -inf",
                 "f32[1,1,10] nan nan 3 4 5 6 7 8 8 -inf");
  op_text_expect("MaxPool-12 kernel_shape=[3,1]", "f32[1,1,4,2] 1 1 2 nan 3 3 4 4",
                 "f32[1,1,2,2] 3 nan 4 nan");
  op_text_expect("AveragePool-11 kernel_shape=[3]", "f32[1,1,5] 1 inf 1 nan 2",
                 "f32[1,1,3] inf nan nan");
  // In the second of four planes, which are lanes.
  op_text_expect(
      "MaxPool-12 kernel_shape=[2,2]",
      "f32[1,4,2,3] 1 2 3 4 5 6 1 2 3 nan 5 6 -inf -inf -1 -inf -inf -2 9 8 7 6 "
      "5 4",
      "f32[1,4,1,2] 5 6 nan 6 -inf -1 9 8");
  // In the first plane of four, of the second depth.
  op_text_expect(
      "MaxPool-12 kernel_shape=[2,1,2]",
      "f32[1,4,2,1,3] 1 2 3 4 nan 6 1 2 3 4 5 6 -inf -inf -1 -inf -inf -2 9 8 7 6 5 4",
      "f32[1,4,1,1,2] nan nan 5 6 -inf -1 9 8");
  // A window in the pads alone.
  op_text_expect("MaxPool-12 kernel_shape=[2] pads=[1,1] dilations=[3]", "f32[1,1,2] 1 2",
                 "f32[1,1,1] -inf");
}

static void what_is_missing_or_too_large_is_refused(void** state) {
  (void)state;
  op_text_expect_failure("MaxPool-8", "f32[1,1,2] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "MaxPool 'node': attribute kernel_shape is missing");
  op_text_expect_failure(
      "MaxPool-8 kernel_shape=[3]", "f32[1,1,2] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "MaxPool 'node': input 'x0' has shape [1,1,2]: a window of 3 does "
      "not fit dimension 2 with its pads");
  op_text_expect_failure("MaxPool-8 kernel_shape=[1]", "f32[2,2] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "MaxPool 'node': input 'x0' has shape [2,2], expected [N,C,...] "
                         "with 1 to 3 dimensions of space");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows_are_pooled),
      cmocka_unit_test(pads_count_only_where_asked),
      cmocka_unit_test(ceil_mode_adds_a_last_window_that_begins_inside),
      cmocka_unit_test(indices_count_through_the_tensor),
      cmocka_unit_test(global_pools_take_all_of_space),
      cmocka_unit_test(floats_are_pooled_as_doubles_are),
      cmocka_unit_test(a_plane_does_not_depend_on_others),
      cmocka_unit_test(nan_and_infinity_go_through),
      cmocka_unit_test(what_is_missing_or_too_large_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
