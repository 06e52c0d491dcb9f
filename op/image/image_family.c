// The operators of this folder, as the built-in table has them.
#include "op/image/image_ops.h"
#include "op/op_family.h"

#define ALL OLSTM__DTYPES_ALL
// bfloat16 came to most operators with opset 13.
#define OLD (OLSTM__DTYPES_ALL & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))
#define ROW(TYPE, FIRST, LAST, DTYPES, NAME, SCHEMA) \
  OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, NAME##_callbacks, olstm__##SCHEMA)

#define CALLBACKS(NAME) \
  static const olstm__op_callbacks NAME##_callbacks = OLSTM__OP_CALLBACKS(olstm__##NAME)
CALLBACKS(depth_to_space);
CALLBACKS(resize);
CALLBACKS(space_to_depth);

static const olstm__op_row kTable[] = {
    ROW("DepthToSpace", 1, 10, OLD, depth_to_space, depth_to_space_schema_1),
    ROW("DepthToSpace", 11, 12, OLD, depth_to_space, depth_to_space_schema_11),
    ROW("DepthToSpace", 13, 0, ALL, depth_to_space, depth_to_space_schema_11),
    ROW("Resize", 10, 10, OLD, resize, resize_schema_9),
    ROW("Resize", 11, 12, OLD, resize, resize_schema_11),
    ROW("Resize", 13, 17, ALL, resize, resize_schema_13),
    ROW("Resize", 18, 18, ALL, resize, resize_schema_18),
    ROW("Resize", 19, 0, ALL, resize, resize_schema_19),
    ROW("SpaceToDepth", 1, 12, OLD, space_to_depth, space_to_depth_schema),
    ROW("SpaceToDepth", 13, 0, ALL, space_to_depth, space_to_depth_schema),
    ROW("Upsample", 7, 8, OLD, resize, resize_schema_7),
    ROW("Upsample", 9, 9, OLD, resize, resize_schema_9),
};

static const olstm__type_traits kTraits[] = {
    {"DepthToSpace", OLSTM__TRAIT_ROWS_FIRST},
    {"Resize", OLSTM__TRAIT_SHAPE_INPUTS},
    {"SpaceToDepth", OLSTM__TRAIT_ROWS_FIRST},
    {"Upsample", OLSTM__TRAIT_SHAPE_INPUTS},
    {NULL, 0},
};

const olstm__op_family olstm__image_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_RANK, .type_traits = kTraits};
