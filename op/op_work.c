// What operators take for each element, besides reading and writing it: a row for those
// that take more than a few instructions. Operators whose work depends on more than the
// number of their elements (products, windows, sorting) count it themselves.
#include "op/op_work.h"

#include <stdlib.h>
#include <string.h>

enum {
  /// A row shorter than this, at which operands are broadcast, ...
  kThinRow = 16,
  /// ... takes this much for each of its elements.
  kThinUnits = 96
};

/// Units for each element of the largest input or output, by the dtype in which it is
/// computed: float, double, integers. Besides, for each element of output 0.
typedef struct element_work {
  const char* op_type;
  uint16_t single, twice, whole;
  uint16_t output;
} element_work;

// Sorted by name. The worst that values can do counts: huge angles, far quotients, large
// exponents.
static const element_work kTable[] = {
    {"Acos", 32, 64, 0, 0},
    {"Acosh", 32, 64, 0, 0},
    {"ArgMax", 8, 8, 8, 64},
    {"ArgMin", 8, 8, 8, 64},
    {"Asin", 32, 64, 0, 0},
    {"Asinh", 64, 64, 0, 0},
    {"Atan", 32, 64, 0, 0},
    {"Atanh", 64, 64, 0, 0},
    {"BatchNormalization", 8, 8, 0, 0},
    {"Cast", 4, 4, 4, 0},
    {"CastLike", 4, 4, 4, 0},
    {"Ceil", 0, 16, 0, 0},
    {"Celu", 2, 64, 0, 0},
    {"Clip", 0, 0, 4, 0},
    {"Compress", 16, 16, 16, 0},
    {"Concat", 8, 8, 8, 0},
    {"Cos", 32, 256, 0, 0},
    {"Cosh", 32, 64, 0, 0},
    {"CumProd", 64, 64, 64, 0},
    {"CumSum", 64, 64, 64, 0},
    {"DepthToSpace", 8, 8, 8, 0},
    {"DequantizeLinear", 8, 16, 16, 0},
    {"Div", 2, 4, 16, 0},
    {"DynamicQuantizeLinear", 16, 16, 0, 0},
    {"Elu", 2, 64, 0, 0},
    {"Erf", 4, 64, 64, 0},
    {"Exp", 4, 32, 0, 0},
    {"Expand", 8, 8, 8, 0},
    {"Floor", 0, 16, 0, 0},
    {"Gelu", 4, 64, 0, 0},
    {"GlobalAveragePool", 0, 8, 0, 16},
    {"GlobalLpPool", 4, 8, 0, 64},
    {"GlobalMaxPool", 8, 32, 0, 16},
    {"GroupNormalization", 8, 32, 0, 0},
    {"Hardmax", 8, 8, 8, 0},
    {"InstanceNormalization", 8, 32, 0, 0},
    {"IsInf", 8, 8, 0, 0},
    {"LayerNormalization", 8, 32, 0, 0},
    {"Log", 4, 32, 0, 0},
    {"LogSoftmax", 8, 32, 0, 0},
    {"LpNormalization", 8, 32, 0, 0},
    {"Max", 8, 8, 8, 0},
    {"Mean", 8, 8, 8, 0},
    {"MeanVarianceNormalization", 8, 32, 0, 0},
    {"Min", 8, 8, 8, 0},
    {"Mish", 4, 128, 0, 0},
    {"Mod", 128, 4096, 16, 0},
    {"NonZero", 32, 32, 32, 0},
    {"OneHot", 32, 32, 32, 0},
    {"Pad", 24, 24, 24, 0},
    {"Pow", 64, 64, 256, 0},
    {"QuantizeLinear", 16, 16, 16, 0},
    {"RMSNormalization", 8, 32, 0, 0},
    {"ReduceL1", 2, 8, 8, 16},
    {"ReduceL2", 2, 8, 8, 16},
    {"ReduceLogSum", 2, 8, 8, 64},
    {"ReduceLogSumExp", 8, 64, 64, 256},
    {"ReduceMax", 2, 32, 16, 16},
    {"ReduceMean", 2, 8, 8, 16},
    {"ReduceMin", 2, 32, 16, 16},
    {"ReduceProd", 2, 32, 16, 16},
    {"ReduceSum", 2, 8, 8, 16},
    {"ReduceSumSquare", 2, 8, 8, 16},
    {"ReverseSequence", 16, 16, 16, 0},
    {"Round", 0, 16, 0, 0},
    {"Scatter", 32, 32, 32, 0},
    {"ScatterElements", 32, 32, 32, 0},
    {"ScatterND", 32, 32, 32, 0},
    {"Selu", 2, 64, 0, 0},
    {"Shrink", 0, 8, 16, 0},
    {"Sigmoid", 4, 32, 0, 0},
    {"Sin", 32, 256, 0, 0},
    {"Sinh", 64, 64, 0, 0},
    {"Softmax", 8, 32, 0, 0},
    {"Softplus", 4, 64, 0, 0},
    {"SpaceToDepth", 8, 8, 8, 0},
    {"Split", 8, 8, 8, 0},
    {"Sum", 8, 8, 8, 0},
    {"Swish", 4, 32, 0, 0},
    {"Tan", 64, 256, 0, 0},
    {"Tanh", 4, 64, 0, 0},
    {"Tile", 8, 8, 8, 0},
    {"Transpose", 4, 4, 4, 0},
};

const char* olstm__op_work_name(size_t index) {
  return index < sizeof kTable / sizeof kTable[0] ? kTable[index].op_type : NULL;
}

uint64_t olstm__op_work(int64_t a, int64_t b, int64_t c, int64_t d) {
  const int64_t factors[] = {a, b, c, d};
  uint64_t work = 1;
  if (a == 0 || b == 0 || c == 0 || d == 0) return 0;
  for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
    if ((uint64_t)factors[i] > UINT64_MAX / work) return UINT64_MAX;
    work *= (uint64_t)factors[i];
  }
  return work;
}

uint64_t olstm__op_copy_work(const olstm_tensor_desc* output, int64_t pieces) {
  enum { kUnitsPerPiece = 32 };
  const int64_t count = olstm_tensor_desc_count(output);
  return olstm__op_work_sum(2 * olstm__op_data_work(output->dtype, count),
                            olstm__op_work(pieces, kUnitsPerPiece, 1, 1));
}

static int compare_names(const void* name, const void* row) {
  return strcmp(name, ((const element_work*)row)->op_type);
}

uint64_t olstm__op_data_work(olstm_dtype dtype, int64_t count) {
  int64_t units = 4;  // Small integers are widened, and narrowed.
  switch (dtype) {
    case OLSTM_DTYPE_BOOL:
    case OLSTM_DTYPE_FLOAT:
    case OLSTM_DTYPE_INT32:
      units = 1;
      break;
    case OLSTM_DTYPE_DOUBLE:
    case OLSTM_DTYPE_INT64:
    case OLSTM_DTYPE_UINT64:
      units = 2;
      break;
    case OLSTM_DTYPE_FLOAT16:
    case OLSTM_DTYPE_BFLOAT16:
      units = 8;
      break;
    default:
      break;
  }
  return olstm__op_work(count, units, 1, 1);
}

static int64_t units_of(const element_work* row, olstm_dtype dtype) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return row->single;
    case OLSTM_DTYPE_DOUBLE:
      return row->twice;
    case OLSTM_DTYPE_FLOAT16:
    case OLSTM_DTYPE_BFLOAT16:
      // Halves may go element by element, too.
      return row->twice > row->single ? row->twice : row->single;
    default:
      return row->whole;
  }
}

uint64_t olstm__op_broadcast_work(const olstm_prepare_args* args) {
  const olstm_tensor_desc* y = &args->outputs[0];
  const int64_t count = olstm_tensor_desc_count(y);
  if (y->rank == 0 || y->dims[y->rank - 1] >= kThinRow) return 0;
  for (size_t i = 0; i < args->input_count; i++) {
    if (!args->inputs[i]) continue;
    const int64_t operand = olstm_tensor_desc_count(&args->inputs[i]->desc);
    if (operand > 1 && operand < count) return olstm__op_work(count, kThinUnits, 1, 1);
  }
  return 0;
}

uint64_t olstm__op_element_work(const char* op_type, const olstm_prepare_args* args,
                                int64_t rows, int64_t row_units) {
  const element_work* row = bsearch(op_type, kTable, sizeof kTable / sizeof kTable[0],
                                    sizeof kTable[0], compare_names);
  const olstm_tensor_desc* y = &args->outputs[0];
  olstm_dtype dtype = y->dtype;
  uint64_t work = olstm__op_work(rows, row_units, 1, 1);
  int64_t most = 0;
  for (size_t i = 0; i < args->input_count + args->output_count; i++) {
    const bool is_input = i < args->input_count;
    if (is_input && !args->inputs[i]) continue;
    const olstm_tensor_desc* desc =
        is_input ? &args->inputs[i]->desc : &args->outputs[i - args->input_count];
    if (!is_input && desc->dtype == OLSTM_DTYPE_UNDEFINED) continue;
    const int64_t count = olstm_tensor_desc_count(desc);
    work = olstm__op_work_sum(work, olstm__op_data_work(desc->dtype, count));
    if (count > most) most = count;
    if (i == 0 && is_input) dtype = desc->dtype;
  }
  if (!row) return work;
  const uint64_t outputs = olstm__op_work(olstm_tensor_desc_count(y), row->output, 1, 1);
  const uint64_t elements = olstm__op_work(most, units_of(row, dtype), 1, 1);
  return olstm__op_work_sum(work, olstm__op_work_sum(elements, outputs));
}
