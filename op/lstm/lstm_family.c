// The operators of this folder for the built-in table: an entry for each version in ONNX.
#include "op/fused.h"
#include "op/lstm/lstm_masked_op.h"
#include "op/lstm/lstm_op.h"
#include "op/lstm/lstm_quantized_op.h"
#include "op/op_family.h"
#include "op/op_support.h"

static const olstm__lstm_variant kLstm = {OLSTM__CELL_LSTM};
static const olstm__lstm_variant kGru = {OLSTM__CELL_GRU};
static const olstm__lstm_variant kRnn = {OLSTM__CELL_RNN};

#define DTYPES_BEFORE_22 (OLSTM__DTYPES_REAL & ~OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))

static const olstm__op_callbacks kRecurrent = {
    .create = olstm__lstm_op_create,
    .infer = olstm__lstm_op_infer,
    .prepare = olstm__lstm_op_prepare,
    .run = olstm__lstm_op_run,
    .release = olstm__lstm_op_release,
    .destroy = olstm__lstm_op_destroy,
};
static const olstm__op_callbacks kMasked = {
    .create = olstm__lstm_masked_op_create,
    .infer = olstm__lstm_masked_op_infer,
    .prepare = olstm__lstm_masked_op_prepare,
    .run = olstm__lstm_masked_op_run,
    .release = olstm__lstm_masked_op_release,
    .destroy = olstm__lstm_masked_op_destroy,
};
static const olstm__op_callbacks kQuantized = {
    .create = olstm__lstm_quantized_op_create,
    .infer = olstm__lstm_quantized_op_infer,
    .prepare = olstm__lstm_quantized_op_prepare,
    .run = olstm__lstm_quantized_op_run,
    .release = olstm__op_release_handle,
    .destroy = olstm__op_destroy,
};

// What fusion makes of a node and the Transposes around it; versions are ONNX's opsets.
#define LAID_OUT(NAME, CELL)                                                      \
  {                                                                               \
    .op_type = NAME, .callbacks = &kRecurrent, .variant = &(CELL),                \
    .dtypes = OLSTM__DTYPES_REAL, .first_opset = 7, .domain = OLSTM__DOMAIN_FUSED \
  }

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("LSTM", 1, 6, DTYPES_BEFORE_22, kRecurrent, kLstm),
    OLSTM__OP_ROW("LSTM", 7, 13, DTYPES_BEFORE_22, kRecurrent, kLstm),
    OLSTM__OP_ROW("LSTM", 14, 21, DTYPES_BEFORE_22, kRecurrent, kLstm),
    OLSTM__OP_ROW("LSTM", 22, 0, OLSTM__DTYPES_REAL, kRecurrent, kLstm),
    OLSTM__OP_ROW("GRU", 1, 2, DTYPES_BEFORE_22, kRecurrent, kGru),
    OLSTM__OP_ROW("GRU", 3, 6, DTYPES_BEFORE_22, kRecurrent, kGru),
    OLSTM__OP_ROW("GRU", 7, 13, DTYPES_BEFORE_22, kRecurrent, kGru),
    OLSTM__OP_ROW("GRU", 14, 21, DTYPES_BEFORE_22, kRecurrent, kGru),
    OLSTM__OP_ROW("GRU", 22, 0, OLSTM__DTYPES_REAL, kRecurrent, kGru),
    OLSTM__OP_ROW("RNN", 1, 6, DTYPES_BEFORE_22, kRecurrent, kRnn),
    OLSTM__OP_ROW("RNN", 7, 13, DTYPES_BEFORE_22, kRecurrent, kRnn),
    OLSTM__OP_ROW("RNN", 14, 21, DTYPES_BEFORE_22, kRecurrent, kRnn),
    OLSTM__OP_ROW("RNN", 22, 0, OLSTM__DTYPES_REAL, kRecurrent, kRnn),
    LAID_OUT("LSTM", kLstm),
    LAID_OUT("GRU", kGru),
    LAID_OUT("RNN", kRnn),
    // What fusion makes of loops with masks.
    OLSTM__OP_ROW_FUSED("MaskedLSTM", DTYPES_BEFORE_22, kMasked, kLstm),
    OLSTM__OP_ROW_FUSED("MaskedGRU", DTYPES_BEFORE_22, kMasked, kGru),
    OLSTM__OP_ROW_FUSED("MaskedRNN", DTYPES_BEFORE_22, kMasked, kRnn),
    {
        .op_type = "DynamicQuantizeLSTM",
        .callbacks = &kQuantized,
        .dtypes = OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT),
        .first_opset = 1,
        .domain = OLSTM__DOMAIN_MICROSOFT,
    },
};

static const olstm__type_traits kTraits[] = {
    {"LSTM", OLSTM__TRAIT_RECURRENT | OLSTM__TRAIT_HAS_C},
    {"GRU", OLSTM__TRAIT_RECURRENT},
    {"RNN", OLSTM__TRAIT_RECURRENT},
    {"MaskedLSTM", OLSTM__TRAIT_RECURRENT | OLSTM__TRAIT_HAS_C | OLSTM__TRAIT_MASKED},
    {"MaskedGRU", OLSTM__TRAIT_RECURRENT | OLSTM__TRAIT_MASKED},
    {"MaskedRNN", OLSTM__TRAIT_RECURRENT | OLSTM__TRAIT_MASKED},
    {"DynamicQuantizeLSTM",
     OLSTM__TRAIT_RECURRENT | OLSTM__TRAIT_HAS_C | OLSTM__TRAIT_QUANTIZED},
    {NULL, 0},
};

const olstm__op_family olstm__lstm_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_OPTIONAL_OUTPUTS, .type_traits = kTraits};
