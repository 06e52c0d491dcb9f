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

#define RECURRENT(name, first, last, dtype_set, cell)                                  \
  {                                                                                    \
    .struct_size = sizeof(olstm_operator), .domain = "", .op_type = (name),            \
    .first_opset = (first), .last_opset = (last), .dtypes = (dtype_set),               \
    .variant = (cell), .create = olstm__lstm_op_create, .infer = olstm__lstm_op_infer, \
    .prepare = olstm__lstm_op_prepare, .run = olstm__lstm_op_run,                      \
    .release = olstm__lstm_op_release, .destroy = olstm__lstm_op_destroy,              \
  }

// What fusion makes of a node and the Transposes around it; versions are ONNX's opsets.
#define LAID_OUT(name, cell)                                                            \
  {                                                                                     \
    .struct_size = sizeof(olstm_operator), .domain = OLSTM__FUSED_DOMAIN,               \
    .op_type = (name), .first_opset = 7, .last_opset = 0, .dtypes = OLSTM__DTYPES_REAL, \
    .variant = (cell), .create = olstm__lstm_op_create, .infer = olstm__lstm_op_infer,  \
    .prepare = olstm__lstm_op_prepare, .run = olstm__lstm_op_run,                       \
    .release = olstm__lstm_op_release, .destroy = olstm__lstm_op_destroy,               \
  }

// What fusion makes of loops with masks.
#define MASKED(name, cell)                                                            \
  {                                                                                   \
    .struct_size = sizeof(olstm_operator), .domain = OLSTM__FUSED_DOMAIN,             \
    .op_type = (name), .first_opset = 1, .last_opset = 1, .dtypes = DTYPES_BEFORE_22, \
    .variant = (cell), .create = olstm__lstm_masked_op_create,                        \
    .infer = olstm__lstm_masked_op_infer, .prepare = olstm__lstm_masked_op_prepare,   \
    .run = olstm__lstm_masked_op_run, .release = olstm__lstm_masked_op_release,       \
    .destroy = olstm__lstm_masked_op_destroy,                                         \
  }

static const olstm_operator kOperators[] = {
    RECURRENT("LSTM", 1, 6, DTYPES_BEFORE_22, &kLstm),
    RECURRENT("LSTM", 7, 13, DTYPES_BEFORE_22, &kLstm),
    RECURRENT("LSTM", 14, 21, DTYPES_BEFORE_22, &kLstm),
    RECURRENT("LSTM", 22, 0, OLSTM__DTYPES_REAL, &kLstm),
    RECURRENT("GRU", 1, 2, DTYPES_BEFORE_22, &kGru),
    RECURRENT("GRU", 3, 6, DTYPES_BEFORE_22, &kGru),
    RECURRENT("GRU", 7, 13, DTYPES_BEFORE_22, &kGru),
    RECURRENT("GRU", 14, 21, DTYPES_BEFORE_22, &kGru),
    RECURRENT("GRU", 22, 0, OLSTM__DTYPES_REAL, &kGru),
    RECURRENT("RNN", 1, 6, DTYPES_BEFORE_22, &kRnn),
    RECURRENT("RNN", 7, 13, DTYPES_BEFORE_22, &kRnn),
    RECURRENT("RNN", 14, 21, DTYPES_BEFORE_22, &kRnn),
    RECURRENT("RNN", 22, 0, OLSTM__DTYPES_REAL, &kRnn),
    LAID_OUT("LSTM", &kLstm),
    LAID_OUT("GRU", &kGru),
    LAID_OUT("RNN", &kRnn),
    MASKED("MaskedLSTM", &kLstm),
    MASKED("MaskedGRU", &kGru),
    MASKED("MaskedRNN", &kRnn),
    {
        .struct_size = sizeof(olstm_operator),
        .domain = "com.microsoft",
        .op_type = "DynamicQuantizeLSTM",
        .first_opset = 1,
        .dtypes = OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT),
        .create = olstm__lstm_quantized_op_create,
        .infer = olstm__lstm_quantized_op_infer,
        .prepare = olstm__lstm_quantized_op_prepare,
        .run = olstm__lstm_quantized_op_run,
        .release = olstm__op_release_handle,
        .destroy = olstm__op_destroy,
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

const olstm__op_family olstm__lstm_family = {OLSTM__OPERATORS(kOperators),
                                             .traits = OLSTM__TRAIT_OPTIONAL_OUTPUTS,
                                             .type_traits = kTraits};
