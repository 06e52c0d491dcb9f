// The operators of this folder, as the built-in table has them.
#include "op/gather/gather_ops.h"
#include "op/op_family.h"

#define ALL OLSTM__DTYPES_ALL
// bfloat16 came to most operators with opset 13.
#define OLD (OLSTM__DTYPES_ALL & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))
#define ROW OLSTM__OP_ROW

static const olstm_operator kOperators[] = {
    ROW("Gather", 1, 12, OLD, gather, gather_form),
    ROW("Gather", 13, 0, ALL, gather, gather_form),
};

const olstm__op_family olstm__gather_family = {kOperators,
                                               sizeof kOperators / sizeof kOperators[0]};
