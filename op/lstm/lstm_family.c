// The operators of this folder, as the built-in table has them.
#include "op/op_family.h"

const olstm__op_family olstm__lstm_family = {NULL, 0};
