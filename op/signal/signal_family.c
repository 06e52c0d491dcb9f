// ONNX's operators of signal processing.
#include "op/op_family.h"
#include "op/signal/signal_ops.h"

#define ROW(TYPE, FIRST, LAST, DTYPES, NAME, SCHEMA) \
  OLSTM__OP_ROW(TYPE, FIRST, LAST, DTYPES, NAME##_callbacks, olstm__##SCHEMA)
#define SIZES (OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64))

#define CALLBACKS(NAME) \
  static const olstm__op_callbacks NAME##_callbacks = OLSTM__OP_CALLBACKS(olstm__##NAME)
CALLBACKS(dft);
CALLBACKS(stft);
CALLBACKS(window);
CALLBACKS(mel_weight_matrix);

static const olstm__op_row kTable[] = {
    ROW("DFT", 17, 19, OLSTM__DTYPES_REAL, dft, dft_schema_17),
    ROW("DFT", 20, 0, OLSTM__DTYPES_REAL, dft, dft_schema_20),
    ROW("STFT", 17, 0, OLSTM__DTYPES_REAL, stft, stft_schema),
    ROW("HannWindow", 17, 0, SIZES, window, hann_schema),
    ROW("HammingWindow", 17, 0, SIZES, window, hamming_schema),
    ROW("BlackmanWindow", 17, 0, SIZES, window, blackman_schema),
    ROW("MelWeightMatrix", 17, 0, SIZES, mel_weight_matrix, mel_weight_matrix_schema),
};

static const olstm__type_traits kTraits[] = {
    {"DFT", OLSTM__TRAIT_ROWS_DFT},
    {"STFT", OLSTM__TRAIT_ROWS_FIRST},
    {NULL, 0},
};

const olstm__op_family olstm__signal_family = {OLSTM__ROWS(kTable),
                                               .type_traits = kTraits};
