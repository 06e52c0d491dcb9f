// A Resize node's attributes, and the sizes that its inputs give for one set of shapes.
#ifndef OLSTM_OP_IMAGE_RESIZE_H_
#define OLSTM_OP_IMAGE_RESIZE_H_

#include "op/image/resize_axis.h"
#include "op/op_support.h"

typedef enum olstm__resize_policy {
  OLSTM__RESIZE_STRETCH,
  OLSTM__RESIZE_NOT_LARGER,
  OLSTM__RESIZE_NOT_SMALLER
} olstm__resize_policy;

typedef struct olstm__resize_op {
  olstm__op_base base;
  olstm__resize_rule rule;
  olstm__resize_policy policy;
  float extrapolation_value;
  /// Which inputs scales and sizes are; -1 for none. roi is always input 1.
  int32_t scales_input;
  int32_t sizes_input;
  /// The attribute of Upsample before opset 9.
  size_t scale_count;
  float scales[OLSTM_MAX_RANK];
  /// The axes that roi, scales and sizes list; all when absent.
  bool has_axes;
  size_t axis_count;
  int64_t axes[OLSTM_MAX_RANK];
} olstm__resize_op;

/// Reads roi, scales and sizes into one olstm__resize_axis for each dimension of input 0.
/// NEEDS_DATA when their values are not known yet.
olstm_status olstm__resize_read(const olstm__resize_op* op, const olstm_infer_args* args,
                                olstm__resize_axis* out_axes, olstm_error* error);

#endif  // OLSTM_OP_IMAGE_RESIZE_H_
