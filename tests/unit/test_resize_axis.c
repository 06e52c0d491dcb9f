// op/image/resize_axis: taps lie inside the input and weigh one in all, whatever the
// scale.
#include "op/image/resize_axis.h"

#include <math.h>

#include "tests/support/test_main.h"

enum { kMaxTaps = 4096 };

static void check_axis(const olstm__resize_rule* rule, const olstm__resize_axis* axis) {
  static int64_t indices[kMaxTaps];
  static double weights[kMaxTaps];
  const int32_t taps = olstm__resize_tap_count(rule, axis);
  assert_in_range(taps, 1, kMaxTaps);
  for (int64_t j = 0; j < axis->output_length; j++) {
    double sum = 0;
    (void)olstm__resize_find_taps(rule, axis, j, taps, indices, weights);
    for (int32_t k = 0; k < taps; k++) {
      assert_in_range(indices[k], 0, axis->input_length - 1);
      sum += weights[k];
    }
    assert_true(fabs(sum - 1) < 1e-9);
  }
}

static void taps_lie_inside_and_weigh_one(void** state) {
  static const int64_t kLengths[] = {1, 2, 3, 7, 64};
  (void)state;
  for (int mode = 0; mode < 3; mode++) {
    for (int coordinates = 0; coordinates < 7; coordinates++) {
      for (int flags = 0; flags < 4; flags++) {
        for (int in = 0; in < 5; in++) {
          for (int out = 0; out < 5; out++) {
            const olstm__resize_rule rule = {
                .mode = (olstm__resize_mode)mode,
                .coordinates = (olstm__resize_coordinates)coordinates,
                .rounding = (olstm__resize_rounding)flags,
                .cubic_a = -0.75,
                .exclude_outside = false,
                .antialias = (flags & 1) != 0};
            const olstm__resize_axis axis = {kLengths[in], kLengths[out],
                                             (double)kLengths[out] / (double)kLengths[in],
                                             -1.5, 2.5};
            check_axis(&rule, &axis);
          }
        }
      }
    }
  }
}

static void extreme_regions_and_scales_stay_inside(void** state) {
  const olstm__resize_rule rule = {.mode = OLSTM__RESIZE_CUBIC,
                                   .coordinates = OLSTM__RESIZE_TF_CROP_AND_RESIZE,
                                   .cubic_a = -0.75};
  static const double kBounds[] = {0.0, 1e300, -1e300, 1e18};
  (void)state;
  for (int a = 0; a < 4; a++) {
    for (int b = 0; b < 4; b++) {
      const olstm__resize_axis axis = {3, 4, 4.0 / 3, kBounds[a], kBounds[b]};
      check_axis(&rule, &axis);
    }
  }
}

static void a_nan_in_the_region_reads_nothing_outside(void** state) {
  const olstm__resize_rule rule = {.mode = OLSTM__RESIZE_LINEAR,
                                   .coordinates = OLSTM__RESIZE_TF_CROP_AND_RESIZE};
  const olstm__resize_axis axis = {3, 4, 4.0 / 3, NAN, 1};
  int64_t indices[2];
  double weights[2];
  (void)state;
  assert_false(olstm__resize_find_taps(&rule, &axis, 1, 2, indices, weights));
  assert_in_range(indices[0], 0, 2);
  assert_in_range(indices[1], 0, 2);
}

static void too_wide_a_kernel_is_not_meant(void** state) {
  const olstm__resize_rule rule = {.mode = OLSTM__RESIZE_LINEAR, .antialias = true};
  const olstm__resize_axis axis = {1000000, 1, 1e-6, 0, 1};
  (void)state;
  assert_int_equal(olstm__resize_tap_count(&rule, &axis), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(taps_lie_inside_and_weigh_one),
      cmocka_unit_test(extreme_regions_and_scales_stay_inside),
      cmocka_unit_test(a_nan_in_the_region_reads_nothing_outside),
      cmocka_unit_test(too_wide_a_kernel_is_not_meant),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
