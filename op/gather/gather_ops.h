// The callbacks and forms of this folder's operators, for its table.
#ifndef OLSTM_OP_GATHER_GATHER_OPS_H_
#define OLSTM_OP_GATHER_GATHER_OPS_H_

#include "op/op_row.h"

OLSTM__OP_DECLARE(gather);
extern const olstm__op_form olstm__gather_form;

#endif  // OLSTM_OP_GATHER_GATHER_OPS_H_
