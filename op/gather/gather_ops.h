// The callbacks and schemas of this folder's operators, for its table.
#ifndef OLSTM_OP_GATHER_GATHER_OPS_H_
#define OLSTM_OP_GATHER_GATHER_OPS_H_

#include "op/op_row.h"

OLSTM__OP_DECLARE(gather);
extern const olstm__op_schema olstm__gather_schema;

OLSTM__OP_DECLARE(gather_elements);
extern const olstm__op_schema olstm__gather_elements_schema;

OLSTM__OP_DECLARE(gather_nd);
/// Without and with batch_dims.
extern const olstm__op_schema olstm__gather_nd_schema_11;
extern const olstm__op_schema olstm__gather_nd_schema_12;

OLSTM__OP_DECLARE(scatter_elements);
/// Without a reduction; with add and mul; with max and min too.
extern const olstm__op_schema olstm__scatter_elements_schema_9;
extern const olstm__op_schema olstm__scatter_elements_schema_16;
extern const olstm__op_schema olstm__scatter_elements_schema_18;

OLSTM__OP_DECLARE(scatter_nd);
extern const olstm__op_schema olstm__scatter_nd_schema_11;
extern const olstm__op_schema olstm__scatter_nd_schema_16;
extern const olstm__op_schema olstm__scatter_nd_schema_18;

OLSTM__OP_DECLARE(one_hot);
extern const olstm__op_schema olstm__one_hot_schema;

OLSTM__OP_DECLARE(non_zero);
extern const olstm__op_schema olstm__non_zero_schema;

OLSTM__OP_DECLARE(compress);
extern const olstm__op_schema olstm__compress_schema;

#endif  // OLSTM_OP_GATHER_GATHER_OPS_H_
