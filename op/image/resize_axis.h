// One axis of a Resize: for every output position, the input positions it is computed
// from and their weights.
#ifndef OLSTM_OP_IMAGE_RESIZE_AXIS_H_
#define OLSTM_OP_IMAGE_RESIZE_AXIS_H_

#include "olstm/tensor.h"

typedef enum olstm__resize_mode {
  OLSTM__RESIZE_NEAREST,
  OLSTM__RESIZE_LINEAR,
  OLSTM__RESIZE_CUBIC
} olstm__resize_mode;

/// How a position of the output becomes a coordinate of the input, as ONNX names them.
typedef enum olstm__resize_coordinates {
  OLSTM__RESIZE_HALF_PIXEL,
  OLSTM__RESIZE_PYTORCH_HALF_PIXEL,
  OLSTM__RESIZE_ALIGN_CORNERS,
  OLSTM__RESIZE_ASYMMETRIC,
  OLSTM__RESIZE_TF_HALF_PIXEL_FOR_NN,
  OLSTM__RESIZE_TF_CROP_AND_RESIZE,
  OLSTM__RESIZE_HALF_PIXEL_SYMMETRIC
} olstm__resize_coordinates;

typedef enum olstm__resize_rounding {
  OLSTM__RESIZE_ROUND_PREFER_FLOOR,
  OLSTM__RESIZE_ROUND_PREFER_CEIL,
  OLSTM__RESIZE_FLOOR,
  OLSTM__RESIZE_CEIL
} olstm__resize_rounding;

typedef struct olstm__resize_rule {
  olstm__resize_mode mode;
  olstm__resize_coordinates coordinates;
  /// NEAREST only.
  olstm__resize_rounding rounding;
  /// CUBIC only: the kernel's coefficient a.
  double cubic_a;
  /// Positions outside the input have weight 0, instead of repeating its edge.
  bool exclude_outside;
  /// LINEAR and CUBIC, when shrinking, cover the whole interval of an output position.
  bool antialias;
} olstm__resize_rule;

typedef struct olstm__resize_axis {
  int64_t input_length;
  int64_t output_length;
  double scale;
  /// The region of TF_CROP_AND_RESIZE, as fractions of the input.
  double start;
  double end;
} olstm__resize_axis;

/// The number of input positions for each output position; 0 when there are unreasonably
/// many.
int32_t olstm__resize_tap_count(const olstm__resize_rule* rule,
                                const olstm__resize_axis* axis);

/// Position `position` of the output: `tap_count` indices into the input, all inside it,
/// and weights. False when it lies outside the region, and takes the extrapolation value.
/// input_length must be 1 or more.
bool olstm__resize_find_taps(const olstm__resize_rule* rule,
                             const olstm__resize_axis* axis, int64_t position,
                             int32_t tap_count, int64_t* out_indices,
                             double* out_weights);

#endif  // OLSTM_OP_IMAGE_RESIZE_AXIS_H_
