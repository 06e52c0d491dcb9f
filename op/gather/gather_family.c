// The operators of this folder, as the built-in table has them.
#include "op/gather/gather_ops.h"
#include "op/op_family.h"

#define ALL OLSTM__DTYPES_ALL
// bfloat16 came to most operators with opset 13.
#define OLD (OLSTM__DTYPES_ALL & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))
#define INDEX (OLD & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL))
#define ROW(TYPE, FIRST, LAST, DTYPES, NAME, SCHEMA) \
  OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, NAME##_callbacks, olstm__##SCHEMA)

#define CALLBACKS(NAME) \
  static const olstm__op_callbacks NAME##_callbacks = OLSTM__OP_CALLBACKS(olstm__##NAME)
CALLBACKS(compress);
CALLBACKS(gather);
CALLBACKS(gather_elements);
CALLBACKS(gather_nd);
CALLBACKS(non_zero);
CALLBACKS(one_hot);
CALLBACKS(scatter_elements);
CALLBACKS(scatter_nd);

static const olstm__op_row kTable[] = {
    ROW("Compress", 9, 0, OLD, compress, compress_schema),
    ROW("Gather", 1, 12, OLD, gather, gather_schema),
    ROW("Gather", 13, 0, ALL, gather, gather_schema),
    ROW("GatherElements", 11, 12, OLD, gather_elements, gather_elements_schema),
    ROW("GatherElements", 13, 0, ALL, gather_elements, gather_elements_schema),
    ROW("GatherND", 11, 11, OLD, gather_nd, gather_nd_schema_11),
    ROW("GatherND", 12, 12, OLD, gather_nd, gather_nd_schema_12),
    ROW("GatherND", 13, 0, ALL, gather_nd, gather_nd_schema_12),
    ROW("NonZero", 9, 12, OLD, non_zero, non_zero_schema),
    ROW("NonZero", 13, 0, ALL, non_zero, non_zero_schema),
    ROW("OneHot", 9, 0, INDEX, one_hot, one_hot_schema),
    ROW("Scatter", 9, 10, OLD, scatter_elements, scatter_elements_schema_9),
    ROW("ScatterElements", 11, 12, OLD, scatter_elements, scatter_elements_schema_9),
    ROW("ScatterElements", 13, 15, ALL, scatter_elements, scatter_elements_schema_9),
    ROW("ScatterElements", 16, 17, ALL, scatter_elements, scatter_elements_schema_16),
    ROW("ScatterElements", 18, 0, ALL, scatter_elements, scatter_elements_schema_18),
    ROW("ScatterND", 11, 12, OLD, scatter_nd, scatter_nd_schema_11),
    ROW("ScatterND", 13, 15, ALL, scatter_nd, scatter_nd_schema_11),
    ROW("ScatterND", 16, 17, ALL, scatter_nd, scatter_nd_schema_16),
    ROW("ScatterND", 18, 0, ALL, scatter_nd, scatter_nd_schema_18),
};

static const olstm__type_traits kTraits[] = {
    {"Compress", OLSTM__TRAIT_ROWS_DATA},
    {"Gather",
     OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_INDEX | OLSTM__TRAIT_PICKS},
    {"GatherElements",
     OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_INDEX},
    {"GatherND", OLSTM__TRAIT_MOVES_ELEMENTS | OLSTM__TRAIT_ROWS_GATHER},
    {"NonZero", OLSTM__TRAIT_ROWS_DATA},
    {"Scatter", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_INDEX},
    {"ScatterElements", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_INDEX},
    {"ScatterND", OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_SCATTER},
    {NULL, 0},
};

const olstm__op_family olstm__gather_family = {OLSTM__ROWS(kTable),
                                               .type_traits = kTraits};
