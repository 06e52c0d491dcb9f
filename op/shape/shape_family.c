// The operators of this folder, as the built-in table has them: a row for each opset
// range whose attributes, inputs or dtypes differ.
#include "op/op_family.h"
#include "op/shape/shape_ops.h"
#include "op/shape/view.h"

#define ALL OLSTM__DTYPES_ALL
// bfloat16 came to most operators with opset 13.
#define OLD (OLSTM__DTYPES_ALL & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))
#define REAL OLSTM__DTYPES_REAL
#define OLD_REAL (OLSTM__DTYPES_REAL & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))
#define OLD_NUMERIC (OLD & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL))
#define RANGE                                                                 \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT16) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) |  \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64))
#define INT64 OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64)

#define CALLBACKS(NAME) \
  static const olstm__op_callbacks NAME##_callbacks = OLSTM__OP_CALLBACKS(olstm__##NAME)
// The output is the input's bytes.
#define VIEW(NAME)                                      \
  static const olstm__op_callbacks NAME##_callbacks = { \
      .create = olstm__op_create_schema,                \
      .infer = olstm__##NAME##_infer,                   \
      .prepare = olstm__view_prepare,                   \
      .run = olstm__view_run,                           \
      .release = olstm__op_release_handle,              \
      .destroy = olstm__op_destroy}

CALLBACKS(cast);
CALLBACKS(concat);
CALLBACKS(constant_of_shape);
CALLBACKS(dropout);
CALLBACKS(eye_like);
CALLBACKS(expand);
CALLBACKS(pad);
CALLBACKS(range);
CALLBACKS(reverse_sequence);
CALLBACKS(tensor_shape);
CALLBACKS(tensor_size);
CALLBACKS(slice);
CALLBACKS(split);
CALLBACKS(tile);
CALLBACKS(transpose);
CALLBACKS(trilu);
VIEW(flatten);
VIEW(identity);
VIEW(reshape);
VIEW(squeeze);
VIEW(unsqueeze);

#define ROW(TYPE, FIRST, LAST, DTYPES, NAME, SCHEMA) \
  OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, NAME##_callbacks, olstm__##SCHEMA)
// Only the input's shape matters.
#define SHAPE_ONLY(TYPE, FIRST, LAST, DTYPES, NAME, SCHEMA)                              \
  OLSTM__OP_ROW_WITH_FLAGS(TYPE, FIRST, LAST, DTYPES, NAME##_callbacks, olstm__##SCHEMA, \
                           OLSTM_OPERATOR_SHAPE_ONLY)

static const olstm__op_row kTable[] = {
    ROW("Cast", 1, 5, OLD, cast, cast_schema_1),
    ROW("Cast", 6, 12, OLD, cast, cast_schema_6),
    ROW("Cast", 13, 18, ALL, cast, cast_schema_6),
    ROW("Cast", 19, 23, ALL, cast, cast_schema_19),
    ROW("Cast", 24, 0, ALL, cast, cast_schema_24),
    ROW("CastLike", 15, 18, ALL, cast, cast_like_schema_15),
    ROW("CastLike", 19, 23, ALL, cast, cast_like_schema_19),
    ROW("CastLike", 24, 0, ALL, cast, cast_like_schema_24),
    ROW("Concat", 1, 3, OLD_REAL, concat, concat_schema_1),
    ROW("Concat", 4, 12, OLD, concat, concat_schema_4),
    ROW("Concat", 13, 0, ALL, concat, concat_schema_4),
    ROW("ConstantOfShape", 9, 0, INT64, constant_of_shape, constant_of_shape_schema),
    ROW("Dropout", 1, 5, OLD_REAL, dropout, dropout_schema_1),
    ROW("Dropout", 6, 6, OLD_REAL, dropout, dropout_schema_6),
    ROW("Dropout", 7, 9, OLD_REAL, dropout, dropout_schema_7),
    ROW("Dropout", 10, 11, OLD_REAL, dropout, dropout_schema_10),
    ROW("Dropout", 12, 12, OLD_REAL, dropout, dropout_schema_12),
    ROW("Dropout", 13, 0, REAL, dropout, dropout_schema_12),
    ROW("EyeLike", 9, 21, OLD, eye_like, eye_like_schema),
    ROW("EyeLike", 22, 0, ALL, eye_like, eye_like_schema),
    ROW("Expand", 8, 12, OLD, expand, expand_schema),
    ROW("Expand", 13, 0, ALL, expand, expand_schema),
    ROW("Flatten", 1, 8, OLD_REAL, flatten, flatten_schema),
    ROW("Flatten", 9, 12, OLD, flatten, flatten_schema),
    ROW("Flatten", 13, 0, ALL, flatten, flatten_schema),
    ROW("Identity", 1, 12, OLD, identity, identity_schema),
    ROW("Identity", 13, 0, ALL, identity, identity_schema),
    ROW("Pad", 1, 1, OLD_REAL, pad, pad_schema_1),
    ROW("Pad", 2, 10, OLD_REAL, pad, pad_schema_2),
    ROW("Pad", 11, 12, OLD_NUMERIC, pad, pad_schema_11),
    ROW("Pad", 13, 17, ALL, pad, pad_schema_11),
    ROW("Pad", 18, 18, ALL, pad, pad_schema_18),
    ROW("Pad", 19, 0, ALL, pad, pad_schema_19),
    ROW("Range", 11, 0, RANGE, range, range_schema),
    ROW("Reshape", 1, 4, OLD_REAL, reshape, reshape_schema_1),
    ROW("Reshape", 5, 12, OLD, reshape, reshape_schema_5),
    ROW("Reshape", 13, 13, ALL, reshape, reshape_schema_5),
    ROW("Reshape", 14, 0, ALL, reshape, reshape_schema_14),
    ROW("ReverseSequence", 10, 0, OLD, reverse_sequence, reverse_sequence_schema),
    SHAPE_ONLY("Shape", 1, 12, OLD, tensor_shape, tensor_shape_schema_1),
    SHAPE_ONLY("Shape", 13, 14, ALL, tensor_shape, tensor_shape_schema_1),
    SHAPE_ONLY("Shape", 15, 0, ALL, tensor_shape, tensor_shape_schema_15),
    SHAPE_ONLY("Size", 1, 12, OLD, tensor_size, tensor_size_schema),
    SHAPE_ONLY("Size", 13, 0, ALL, tensor_size, tensor_size_schema),
    ROW("Slice", 1, 9, OLD, slice, slice_schema_1),
    ROW("Slice", 10, 12, OLD, slice, slice_schema_10),
    ROW("Slice", 13, 0, ALL, slice, slice_schema_10),
    ROW("Split", 1, 1, OLD_REAL, split, split_schema_1),
    ROW("Split", 2, 12, OLD, split, split_schema_1),
    ROW("Split", 13, 17, ALL, split, split_schema_13),
    ROW("Split", 18, 0, ALL, split, split_schema_18),
    ROW("Squeeze", 1, 12, OLD, squeeze, squeeze_schema_1),
    ROW("Squeeze", 13, 0, ALL, squeeze, squeeze_schema_13),
    ROW("Tile", 6, 12, OLD, tile, tile_schema),
    ROW("Tile", 13, 0, ALL, tile, tile_schema),
    ROW("Transpose", 1, 12, OLD, transpose, transpose_schema),
    ROW("Transpose", 13, 0, ALL, transpose, transpose_schema),
    ROW("Trilu", 14, 0, ALL, trilu, trilu_schema),
    ROW("Unsqueeze", 1, 12, OLD, unsqueeze, unsqueeze_schema_1),
    ROW("Unsqueeze", 13, 0, ALL, unsqueeze, unsqueeze_schema_13),
};

static const olstm__type_traits kTraits[] = {
    {"Cast", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_MOVES_ELEMENTS},
    {"CastLike", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_MOVES_ELEMENTS},
    {"Concat", OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_MOVES_ELEMENTS},
    {"ConstantOfShape", OLSTM__TRAIT_ROWS_FILL},
    {"Dropout", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS |
                    OLSTM__TRAIT_RANDOM_IN_TRAINING},
    {"EyeLike", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_SHAPE},
    {"Expand", OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_SHAPE_INPUTS},
    {"Flatten", OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_RESHAPE},
    {"Identity", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_MOVES_ELEMENTS},
    {"Pad", OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_SHAPE_INPUTS | OLSTM__TRAIT_ROWS_PAD},
    {"Reshape",
     OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_RESHAPE | OLSTM__TRAIT_SHAPE_INPUTS},
    {"ReverseSequence",
     OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_REVERSE},
    {"Shape", OLSTM__TRAIT_ROWS_SHAPE | OLSTM__TRAIT_PICKS},
    {"Size", OLSTM__TRAIT_ROWS_SHAPE},
    {"Slice", OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_MOVES_ELEMENTS |
                  OLSTM__TRAIT_SHAPE_INPUTS | OLSTM__TRAIT_PICKS |
                  OLSTM__TRAIT_ROWS_SLICE},
    {"Split", OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_MOVES_ELEMENTS |
                  OLSTM__TRAIT_SHAPE_INPUTS | OLSTM__TRAIT_PICKS},
    {"Squeeze",
     OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_RESHAPE | OLSTM__TRAIT_SHAPE_INPUTS},
    {"Tile", OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_MOVES_ELEMENTS |
                 OLSTM__TRAIT_SHAPE_INPUTS | OLSTM__TRAIT_ROWS_TILE},
    {"Transpose", OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_MOVES_ELEMENTS},
    {"Trilu", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_MATRIX},
    {"Unsqueeze",
     OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_RESHAPE | OLSTM__TRAIT_SHAPE_INPUTS},
    {NULL, 0},
};

const olstm__op_family olstm__shape_family = {OLSTM__ROWS(kTable),
                                              .type_traits = kTraits};
