// The operators of this folder, for its family's table.
#ifndef OLSTM_OP_SIGNAL_SIGNAL_OPS_H_
#define OLSTM_OP_SIGNAL_SIGNAL_OPS_H_

#include "op/op_row.h"
#include "op/signal/signal_support.h"

OLSTM__OP_DECLARE(dft);
OLSTM__OP_DECLARE(stft);
OLSTM__OP_DECLARE(window);
OLSTM__OP_DECLARE(mel_weight_matrix);
extern const olstm__op_schema olstm__dft_schema_17, olstm__dft_schema_20,
    olstm__stft_schema, olstm__hann_schema, olstm__hamming_schema, olstm__blackman_schema,
    olstm__mel_weight_matrix_schema;

#endif  // OLSTM_OP_SIGNAL_SIGNAL_OPS_H_
