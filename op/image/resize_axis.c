#include "op/image/resize_axis.h"

#include <math.h>

enum { kMaxTaps = 4096 };

/// A kernel's radius in input positions, when not shrinking.
static int32_t kernel_reach(olstm__resize_mode mode) {
  return mode == OLSTM__RESIZE_CUBIC ? 2 : 1;
}

/// The factor that the kernel is stretched by, when shrinking with antialias.
static double kernel_scale(const olstm__resize_rule* rule,
                           const olstm__resize_axis* axis) {
  return rule->antialias && axis->scale < 1 ? axis->scale : 1;
}

/// The first tap's distance from the position at or left of the coordinate.
static double first_tap(const olstm__resize_rule* rule, const olstm__resize_axis* axis) {
  return floor(-kernel_reach(rule->mode) / kernel_scale(rule, axis)) + 1;
}

int32_t olstm__resize_tap_count(const olstm__resize_rule* rule,
                                const olstm__resize_axis* axis) {
  if (rule->mode == OLSTM__RESIZE_NEAREST) return 1;
  const double count = 2 - 2 * first_tap(rule, axis);
  return count <= kMaxTaps ? (int32_t)count : 0;
}

/// The length that the scale stands for, which need not be a whole number.
static double find_coordinate(const olstm__resize_rule* rule,
                              const olstm__resize_axis* axis, double position) {
  const double last = (double)axis->input_length - 1;
  const double length = axis->scale * (double)axis->input_length;
  const double half_pixel = (position + 0.5) / axis->scale - 0.5;
  switch (rule->coordinates) {
    case OLSTM__RESIZE_PYTORCH_HALF_PIXEL:
      return length > 1 ? half_pixel : 0;
    case OLSTM__RESIZE_ALIGN_CORNERS:
      return length == 1 ? 0 : position * last / (length - 1);
    case OLSTM__RESIZE_ASYMMETRIC:
      return position / axis->scale;
    case OLSTM__RESIZE_TF_HALF_PIXEL_FOR_NN:
      return (position + 0.5) / axis->scale;
    case OLSTM__RESIZE_TF_CROP_AND_RESIZE: {
      const double span = (axis->end - axis->start) * last;
      if (axis->output_length <= 1) return 0.5 * (axis->start + axis->end) * last;
      return axis->start * last + position * span / (double)(axis->output_length - 1);
    }
    case OLSTM__RESIZE_HALF_PIXEL_SYMMETRIC: {
      const double adjustment = (double)axis->output_length / length;
      return half_pixel + (double)axis->input_length / 2 * (1 - adjustment);
    }
    default:
      return half_pixel;
  }
}

static double round_coordinate(olstm__resize_rounding rounding, double x) {
  switch (rounding) {
    case OLSTM__RESIZE_ROUND_PREFER_CEIL:
      return floor(x + 0.5);
    case OLSTM__RESIZE_FLOOR:
      return floor(x);
    case OLSTM__RESIZE_CEIL:
      return ceil(x);
    default:
      return ceil(x - 0.5);
  }
}

/// Keys' cubic convolution, and the triangle.
static double kernel_weight(const olstm__resize_rule* rule, double distance) {
  const double x = fabs(distance);
  const double a = rule->cubic_a;
  if (rule->mode == OLSTM__RESIZE_LINEAR) return x < 1 ? 1 - x : 0;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

bool olstm__resize_find_taps(const olstm__resize_rule* rule,
                             const olstm__resize_axis* axis, int64_t position,
                             int32_t tap_count, int64_t* out_indices,
                             double* out_weights) {
  const double last = (double)axis->input_length - 1;
  const double far = last + kMaxTaps;
  const double found = find_coordinate(rule, axis, (double)position);
  const bool crops = rule->coordinates == OLSTM__RESIZE_TF_CROP_AND_RESIZE;
  const bool is_inside = !crops || (found >= 0 && found <= last);
  // Bounds keep the arithmetic below exact; further outside nothing changes any more.
  const double x = found == found ? clamp(found, -(double)kMaxTaps, far) : 0;
  if (rule->mode == OLSTM__RESIZE_NEAREST) {
    out_indices[0] = (int64_t)clamp(round_coordinate(rule->rounding, x), 0, last);
    out_weights[0] = 1;
    return is_inside;
  }
  // An integral coordinate belongs to the interval on its left.
  const double base = ceil(x) - 1;
  const double stretch = kernel_scale(rule, axis);
  double sum = 0;
  for (int32_t k = 0; k < tap_count; k++) {
    const double tap = base + first_tap(rule, axis) + k;
    const bool is_outside = tap < 0 || tap > last;
    out_indices[k] = (int64_t)clamp(tap, 0, last);
    out_weights[k] = kernel_weight(rule, (tap - x) * stretch);
    if (rule->exclude_outside && is_outside) out_weights[k] = 0;
    sum += out_weights[k];
  }
  for (int32_t k = 0; k < tap_count && sum != 0; k++) out_weights[k] /= sum;
  return is_inside;
}
