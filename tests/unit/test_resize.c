// op/image/resize and its parts. ONNX's own test data has many more.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void upsample_repeats_or_interpolates(void** state) {
  (void)state;
  op_text_expect("Upsample-7 scales=[1.0,2.0]", "f32[1,2] 1 2", "f32[1,4] 1 1 2 2");
  op_text_expect("Upsample-9 mode='linear'", "f32[2] 1 3; f32[1] 2.0", "f32[4] 1 2 3 3");
  op_text_expect("Resize-10", "u8[3] 5 6 7; f32[1] 0.5", "u8[1] 5");
  op_text_expect_failure("Upsample-9 mode='cubic'", "f32[2] 1 3; f32[1] 2",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Upsample 'node': mode='cubic' is unknown (opset 9)");
  op_text_expect_failure("Upsample-7", "f32[2] 1 3", OLSTM_STATUS_INVALID_MODEL,
                         "Upsample 'node': attribute scales is missing");
}

static void nearest_picks_any_dtype(void** state) {
  (void)state;
  op_text_expect("Resize-13", "i64[1,2] 3 4; _; f32[2] 2 2", "i64[2,4] 3 3 4 4 3 3 4 4");
  op_text_expect(
      "Resize-11 nearest_mode='ceil' coordinate_transformation_mode='asymmetric'",
      "f16[3] 1 2 3; f32[0]; f32[0]; i64[1] 6", "f16[6] 1 2 2 3 3 3");
  op_text_expect("Resize-13 nearest_mode='round_prefer_ceil'",
                 "f32[2] 1 2; _; f32[1] 0.5", "f32[1] 2");
  op_text_expect("Resize-13", "bool[2] 0 1; _; f32[1] 0.5", "bool[1] 0");
}

static void linear_and_cubic_interpolate(void** state) {
  (void)state;
  op_text_expect("Resize-13 mode='linear'", "f64[2] 1 3; _; f32[1] 2",
                 "f64[4] 1 1.5 2.5 3");
  op_text_expect("Resize-13 mode='linear' coordinate_transformation_mode='align_corners'",
                 "f32[2] 1 2; _; _; i64[1] 5", "f32[5] 1 1.25 1.5 1.75 2");
  op_text_expect(
      "Resize-13 mode='linear' "
      "coordinate_transformation_mode='pytorch_half_pixel'",
      "bf16[2] 1 3; _; _; i64[1] 1", "bf16[1] 1");
  op_text_expect("Resize-13 mode='cubic' coordinate_transformation_mode='asymmetric'",
                 "f32[4] 1 2 3 4; _; f32[1] 2",
                 "f32[8] 1 1.40625 2 2.5 3 3.59375 4 4.09375");
}

static void the_region_of_crop_and_resize_is_cut_out(void** state) {
  (void)state;
  op_text_expect(
      "Resize-13 mode='linear' extrapolation_value=9.0 "
      "coordinate_transformation_mode='tf_crop_and_resize'",
      "f32[5] 0..; f32[2] 0.5 1.25; _; i64[1] 4", "f32[4] 2 3 4 9");
  op_text_expect(
      "Resize-13 extrapolation_value=9.0 "
      "coordinate_transformation_mode='tf_crop_and_resize'",
      "u8[1,2] 4 5; f32[4] 0 -1 1 1; _; i64[2] 1 3", "u8[1,3] 9 4 5");
  op_text_expect_failure("Resize-13 coordinate_transformation_mode='tf_crop_and_resize'",
                         "f32[1] 0; _; f32[1] 1", OLSTM_STATUS_SHAPE_MISMATCH,
                         "Resize 'node': roi has 0 values, expected 2");
}

static void half_pixel_symmetric_centres(void** state) {
  (void)state;
  op_text_expect(
      "Resize-19 mode='linear' "
      "coordinate_transformation_mode='half_pixel_symmetric'",
      "f32[4] 1..; _; f32[1] 0.6", "f32[2] 1.6666667 3.3333333");
  op_text_expect_failure(
      "Resize-18 coordinate_transformation_mode='half_pixel_symmetric'",
      "f32[1] 0; _; f32[1] 1", OLSTM_STATUS_UNSUPPORTED,
      "Resize 'node': coordinate_transformation_mode='half_pixel_symmetric' is unknown "
      "(opset 18)");
}

static void antialias_covers_what_shrinks(void** state) {
  (void)state;
  op_text_expect("Resize-18 mode='linear' antialias=1",
                 "f32[1,1,4,4] 1..; _; f32[4] 1 1 0.6 0.6",
                 "f32[1,1,2,2] 2.875 4.5 9.375 11");
  op_text_expect("Resize-18 mode='cubic' antialias=1",
                 "f32[1,1,4,4] 1..; _; f32[4] 1 1 0.6 0.6",
                 "f32[1,1,2,2] 2.5180721 4.2858863 9.589329 11.357142");
  op_text_expect_failure("Resize-18 mode='linear' antialias=1",
                         "f32[1] 1; _; f32[1] 0.0001", OLSTM_STATUS_UNSUPPORTED,
                         "Resize 'node': antialias with a scale of 0.0001 at axis 0 is "
                         "too wide");
}

static void axes_and_aspect_ratio_choose_sizes(void** state) {
  (void)state;
  op_text_expect("Resize-18 axes=[1]", "f32[2,2] 1..; _; f32[1] 2",
                 "f32[2,4] 1 1 2 2 3 3 4 4");
  op_text_expect("Resize-18 axes=[-1,0] keep_aspect_ratio_policy='not_larger'",
                 "f32[2,2] 1..; _; _; i64[2] 2 9", "f32[2,2] 1 2 3 4");
  op_text_expect("Resize-18 keep_aspect_ratio_policy='not_smaller'",
                 "f32[1,2] 1 2; _; _; i64[2] 1 4", "f32[2,4] 1 1 2 2 1 1 2 2");
  op_text_expect_failure("Resize-18 axes=[0,-2]", "f32[1,2] 1 2; _; f32[2] 1 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Resize 'node': axes names axis 0 twice");
}

static void the_same_size_is_a_view(void** state) {
  (void)state;
  op_text_expect_view("Resize-13 mode='linear'", "f16[2] 1 2; _; f32[1] 1", "f16[2] 1 2");
}

static void scales_are_applied_in_float(void** state) {
  (void)state;
  op_text_expect("Resize-13", "u8[10] 0..; _; f32[1] 0.7", "u8[7] 0 2 3 5 6 7 9");
}

static void empty_stays_empty(void** state) {
  (void)state;
  op_text_expect("Resize-13", "f32[0,2]; _; f32[2] 1 2", "f32[0,4]");
  op_text_expect("Resize-13", "f32[2]  0..; _; f32[1] 0.1", "f32[0]");
}

static void refuses_what_means_nothing(void** state) {
  (void)state;
  op_text_expect_failure("Resize-13 mode='linear'", "i32[1] 0; _; f32[1] 2",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Resize 'node': input 'x0' has dtype int32, which is only "
                         "resized with mode='nearest'");
  op_text_expect_failure("Resize-13", "f32[1] 0; _; f32[1] 0", OLSTM_STATUS_INVALID_VALUE,
                         "Resize 'node': scales has 0 at position 0, expected a positive "
                         "number");
  op_text_expect_failure("Resize-13", "f32[1] 0; _; f32[1] nan",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Resize 'node': scales has nan at position 0, expected a "
                         "positive number");
  op_text_expect_failure("Resize-13", "f32[1] 0; _; f32[1] 1e30",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Resize 'node': axis 0 of the output is too large");
  op_text_expect_failure("Resize-13", "f32[1] 0; _; f32[2] 1 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Resize 'node': scales has 2 values, expected 1");
  op_text_expect_failure("Resize-13", "f32[1] 0; _; f32[1] 1; i64[1] 1",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Resize 'node': has both scales and sizes");
  op_text_expect_failure("Resize-13", "f32[0]; _; _; i64[1] 3",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Resize 'node': sizes has 3 at position 0 for an axis of 0");
  op_text_expect_failure("Resize-13", "f32[1] 0; _; ?f32[1] 2", OLSTM_STATUS_NEEDS_DATA,
                         "Resize 'node': the values of input 'x2' are not known yet");
  op_text_expect_failure("Resize-13 mode='area'", "f32[1] 0; _; f32[1] 2",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Resize 'node': mode='area' is unknown (opset 13)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(upsample_repeats_or_interpolates),
      cmocka_unit_test(nearest_picks_any_dtype),
      cmocka_unit_test(linear_and_cubic_interpolate),
      cmocka_unit_test(the_region_of_crop_and_resize_is_cut_out),
      cmocka_unit_test(half_pixel_symmetric_centres),
      cmocka_unit_test(antialias_covers_what_shrinks),
      cmocka_unit_test(axes_and_aspect_ratio_choose_sizes),
      cmocka_unit_test(the_same_size_is_a_view),
      cmocka_unit_test(scales_are_applied_in_float),
      cmocka_unit_test(empty_stays_empty),
      cmocka_unit_test(refuses_what_means_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
