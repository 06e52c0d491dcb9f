// What operators take for each element, besides reading and writing it: a row for those
// that take more than a few instructions. Operators whose work depends on more than the
// number of their elements (products, windows, sorting) count it themselves.
#include "op/op_work.h"

#include <stdlib.h>
#include <string.h>

/// How an operator computes elements of a dtype: floats, doubles, and whole numbers of 32
/// and 64 bits as they are; halves, and small whole numbers and bools, converted, block
/// by block.
typedef enum element_class {
  kFloat,
  kDouble,
  kHalf,
  kWhole,
  kSmall,
  kClassCount
} element_class;

/// Units for each element of the largest input or output, by the class of input 0.
/// Besides, for each element of output 0, of kFloat and kDouble, and of others.
typedef struct element_work {
  char op_type[26];
  uint16_t units[kClassCount];
  uint16_t per_output[2];
} element_work;

/// Units for each half of operators that have no row.
enum { kUnitsPerHalf = 5 };

// Sorted by name. Units are for what honest models hold at least a third of, and the
// worst that values can do at most three times: Sin, Cos, Tan of huge angles, Mod of far
// quotients (30 times what near ones take), Pow, whose squares take a hundredth of
// others.
static const element_work kTable[] = {
    {"Abs", {0, 0, 5, 0, 2}, {0, 0}},
    {"Acos", {8, 96, 12, 0, 0}, {0, 0}},
    {"Acosh", {96, 104, 96, 0, 0}, {0, 0}},
    {"Add", {0, 0, 7, 0, 8}, {0, 0}},
    {"ArgMax", {7, 16, 14, 16, 16}, {96, 800}},
    {"ArgMin", {7, 16, 14, 16, 16}, {96, 800}},
    {"Asin", {7, 96, 12, 0, 0}, {0, 0}},
    {"Asinh", {112, 120, 112, 0, 0}, {0, 0}},
    {"Atan", {6, 96, 10, 0, 0}, {0, 0}},
    {"Atanh", {144, 136, 144, 0, 0}, {0, 0}},
    {"BatchNormalization", {2, 2, 8, 0, 0}, {0, 0}},
    {"BitShift", {0, 0, 0, 0, 8}, {0, 0}},
    {"Cast", {1, 0, 1, 1, 1}, {0, 0}},
    {"Celu", {3, 112, 8, 0, 0}, {0, 0}},
    {"Clip", {0, 2, 5, 2, 1}, {0, 0}},
    {"Compress", {12, 12, 12, 12, 12}, {0, 0}},
    {"Conv", {0, 0, 0, 0, 0}, {0, 0}},
    {"Cos", {48, 256, 56, 0, 0}, {0, 0}},
    {"Cosh", {10, 96, 13, 0, 0}, {0, 0}},
    {"CumProd", {2, 2, 14, 2, 14}, {0, 0}},
    {"CumSum", {2, 2, 14, 2, 14}, {0, 0}},
    {"DepthToSpace", {8, 8, 16, 8, 14}, {0, 0}},
    {"DequantizeLinear", {0, 0, 0, 4, 3}, {0, 0}},
    {"Div", {0, 0, 7, 12, 15}, {0, 0}},
    {"Dropout", {12, 12, 12, 0, 0}, {0, 0}},
    {"DynamicQuantizeLinear", {3, 0, 0, 0, 0}, {0, 0}},
    {"Elu", {3, 112, 8, 0, 0}, {0, 0}},
    {"Erf", {6, 168, 12, 168, 168}, {0, 0}},
    {"Exp", {3, 76, 9, 0, 0}, {0, 0}},
    {"Expand", {2, 5, 5, 4, 3}, {0, 0}},
    {"EyeLike", {4, 6, 4, 6, 2}, {0, 0}},
    {"Gelu", {11, 168, 15, 0, 0}, {0, 0}},
    {"GlobalAveragePool", {0, 14, 8, 0, 0}, {64, 128}},
    {"GlobalLpPool", {1, 20, 16, 0, 0}, {48, 128}},
    {"GlobalMaxPool", {0, 30, 25, 0, 0}, {80, 128}},
    {"Greater", {0, 0, 5, 0, 6}, {0, 0}},
    {"GreaterOrEqual", {0, 0, 5, 0, 6}, {0, 0}},
    {"GroupNormalization", {4, 92, 72, 0, 0}, {0, 0}},
    {"HardSigmoid", {0, 8, 5, 0, 0}, {0, 0}},
    {"HardSwish", {0, 13, 5, 0, 0}, {0, 0}},
    {"Hardmax", {8, 20, 14, 0, 0}, {0, 0}},
    {"InstanceNormalization", {5, 92, 72, 0, 0}, {0, 0}},
    {"IsInf", {3, 22, 5, 0, 0}, {0, 0}},
    {"IsNaN", {0, 4, 2, 0, 0}, {0, 0}},
    {"LayerNormalization", {10, 124, 104, 0, 0}, {0, 0}},
    {"LeakyRelu", {0, 7, 5, 0, 0}, {0, 0}},
    {"Less", {0, 0, 5, 0, 6}, {0, 0}},
    {"LessOrEqual", {0, 0, 5, 0, 6}, {0, 0}},
    {"Log", {8, 76, 13, 0, 0}, {0, 0}},
    {"LogSoftmax", {8, 92, 20, 0, 0}, {0, 0}},
    {"LpNormalization", {5, 33, 52, 0, 0}, {0, 0}},
    {"Max", {0, 0, 12, 0, 0}, {0, 0}},
    {"MaxPool", {0, 0, 5, 0, 4}, {0, 0}},
    {"Mean", {0, 0, 16, 0, 0}, {0, 0}},
    {"MeanVarianceNormalization", {6, 42, 64, 0, 0}, {0, 0}},
    {"Min", {0, 0, 12, 0, 0}, {0, 0}},
    {"Mish", {8, 288, 12, 0, 0}, {0, 0}},
    {"Mod", {144, 1800, 176, 12, 16}, {0, 0}},
    {"Mul", {0, 0, 7, 0, 8}, {0, 0}},
    {"NonZero", {32, 32, 32, 32, 32}, {0, 0}},
    {"PRelu", {0, 0, 7, 7, 8}, {0, 0}},
    {"Pow", {104, 192, 112, 480, 112}, {0, 0}},
    {"QuantizeLinear", {3, 36, 44, 36, 0}, {0, 0}},
    {"RMSNormalization", {8, 84, 72, 0, 0}, {0, 0}},
    {"Range", {16, 16, 16, 16, 16}, {0, 0}},
    {"ReduceL1", {1, 28, 32, 30, 32}, {16, 8}},
    {"ReduceL2", {1, 28, 36, 30, 32}, {16, 8}},
    {"ReduceLogSum", {1, 20, 25, 22, 25}, {88, 80}},
    {"ReduceLogSumExp", {16, 136, 132, 120, 132}, {224, 16}},
    {"ReduceMax", {1, 32, 36, 24, 2}, {16, 112}},
    {"ReduceMean", {1, 20, 24, 20, 24}, {24, 16}},
    {"ReduceMin", {1, 32, 36, 24, 2}, {16, 112}},
    {"ReduceProd", {1, 24, 28, 24, 28}, {20, 8}},
    {"ReduceSum", {1, 20, 18, 20, 22}, {20, 8}},
    {"ReduceSumSquare", {1, 28, 32, 28, 32}, {16, 8}},
    {"ReverseSequence", {32, 34, 42, 34, 36}, {0, 0}},
    {"Scatter", {40, 44, 50, 48, 44}, {0, 0}},
    {"ScatterElements", {40, 44, 50, 48, 44}, {0, 0}},
    {"Selu", {3, 116, 8, 0, 0}, {0, 0}},
    {"Shrink", {0, 16, 5, 22, 24}, {0, 0}},
    {"Sigmoid", {5, 80, 10, 0, 0}, {0, 0}},
    {"Sign", {0, 18, 6, 0, 0}, {0, 0}},
    {"Sin", {48, 256, 56, 0, 0}, {0, 0}},
    {"Sinh", {12, 176, 16, 0, 0}, {0, 0}},
    {"Softmax", {10, 92, 22, 0, 0}, {0, 0}},
    {"Softplus", {10, 164, 14, 0, 0}, {0, 0}},
    {"SpaceToDepth", {8, 8, 16, 8, 14}, {0, 0}},
    {"Sub", {0, 0, 7, 0, 8}, {0, 0}},
    {"Sum", {0, 0, 12, 0, 0}, {0, 0}},
    {"Swish", {5, 84, 10, 0, 0}, {0, 0}},
    {"Tan", {72, 256, 72, 0, 0}, {0, 0}},
    {"Tanh", {3, 160, 9, 0, 0}, {0, 0}},
    {"Tile", {2, 5, 5, 4, 3}, {0, 0}},
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
  enum { kUnitsPerPiece = 48 };
  const int64_t count = olstm_tensor_desc_count(output);
  // Read and written, and what is written may be new to the caches.
  return olstm__op_work_sum(3 * olstm__op_data_work(output->dtype, count),
                            olstm__op_work(pieces, kUnitsPerPiece, 1, 1));
}

static int compare_names(const void* name, const void* row) {
  return strcmp(name, ((const element_work*)row)->op_type);
}

uint64_t olstm__op_data_work(olstm_dtype dtype, int64_t count) {
  enum { kBytesPerUnit = 4 };
  return olstm__op_work(count, (int64_t)olstm_dtype_size(dtype), 1, 1) / kBytesPerUnit;
}

static element_class class_of(olstm_dtype dtype) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return kFloat;
    case OLSTM_DTYPE_DOUBLE:
      return kDouble;
    case OLSTM_DTYPE_FLOAT16:
    case OLSTM_DTYPE_BFLOAT16:
      return kHalf;
    case OLSTM_DTYPE_UINT32:
      return kSmall;
    default:
      return olstm_dtype_size(dtype) < sizeof(int32_t) ? kSmall : kWhole;
  }
}

static bool is_converted(olstm_dtype dtype) {
  return dtype != OLSTM_DTYPE_BOOL &&
         (class_of(dtype) == kHalf || class_of(dtype) == kSmall);
}

int64_t olstm__op_run_units(const olstm_prepare_args* args) {
  enum { kUnitsPerRun = 320, kUnitsPerConvertedRun = 1700 };
  return is_converted(args->outputs[0].dtype) || is_converted(args->inputs[0]->desc.dtype)
             ? kUnitsPerConvertedRun
             : kUnitsPerRun;
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
  const element_class class = class_of(dtype);
  int64_t units = class == kHalf ? kUnitsPerHalf : 0;
  if (row) {
    const int64_t per_output = row->per_output[class == kHalf || class == kSmall];
    units = row->units[class];
    work = olstm__op_work_sum(
        work, olstm__op_work(olstm_tensor_desc_count(y), per_output, 1, 1));
  }
  return olstm__op_work_sum(work, olstm__op_work(most, units, 1, 1));
}
