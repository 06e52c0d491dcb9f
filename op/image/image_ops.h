// The callbacks and schemas of this folder's operators, for its table.
#ifndef OLSTM_OP_IMAGE_IMAGE_OPS_H_
#define OLSTM_OP_IMAGE_IMAGE_OPS_H_

#include "op/op_row.h"

OLSTM__OP_DECLARE(depth_to_space);
/// Without and with mode.
extern const olstm__op_schema olstm__depth_to_space_schema_1;
extern const olstm__op_schema olstm__depth_to_space_schema_11;

OLSTM__OP_DECLARE(space_to_depth);
extern const olstm__op_schema olstm__space_to_depth_schema;

OLSTM__OP_DECLARE(resize);
/// Upsample with scales as an attribute; Upsample and Resize with an input scales; Resize
/// with roi and sizes; with antialias, axes and keep_aspect_ratio_policy; with
/// half_pixel_symmetric.
extern const olstm__op_schema olstm__resize_schema_7;
extern const olstm__op_schema olstm__resize_schema_9;
extern const olstm__op_schema olstm__resize_schema_11;
extern const olstm__op_schema olstm__resize_schema_13;
extern const olstm__op_schema olstm__resize_schema_18;
extern const olstm__op_schema olstm__resize_schema_19;

#endif  // OLSTM_OP_IMAGE_IMAGE_OPS_H_
