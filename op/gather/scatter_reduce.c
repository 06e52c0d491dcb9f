#include "op/gather/scatter_reduce.h"

#include <string.h>

#include "op/math/half.h"

#define INTEGER_ADD(T, a, b) ((T)((uint64_t)(a) + (uint64_t)(b)))
#define INTEGER_MUL(T, a, b) ((T)((uint64_t)(a) * (uint64_t)(b)))
#define INTEGER_MAX(T, a, b) ((a) >= (b) ? (a) : (b))
#define INTEGER_MIN(T, a, b) ((a) <= (b) ? (a) : (b))
#define PLAIN_ADD(T, a, b) ((T)((a) + (b)))
#define PLAIN_MUL(T, a, b) ((T)((a) * (b)))
#define TAKE_MAX(T, a, b) ((a) >= (b) || (a) != (a) ? (a) : (b))
#define TAKE_MIN(T, a, b) ((a) <= (b) || (a) != (a) ? (a) : (b))

#define DEFINE_REDUCE(NAME, T, COMPUTE)                               \
  static void NAME(void* target, const void* updates, size_t count) { \
    T* t = target;                                                    \
    const T* u = updates;                                             \
    for (size_t i = 0; i < count; i++) t[i] = COMPUTE(T, t[i], u[i]); \
  }

#define DEFINE_HALF_REDUCE(NAME, LOAD, STORE, COMPUTE)                \
  static void NAME(void* target, const void* updates, size_t count) { \
    uint16_t* t = target;                                             \
    const uint16_t* u = updates;                                      \
    for (size_t i = 0; i < count; i++) {                              \
      const float a = LOAD(t[i]);                                     \
      const float b = LOAD(u[i]);                                     \
      t[i] = STORE(COMPUTE(float, a, b));                             \
    }                                                                 \
  }

// Sums and products that wrap have the same bits with a sign as without.
#define DEFINE_WRAPPING(NAME, T)            \
  DEFINE_REDUCE(NAME##_add, T, INTEGER_ADD) \
  DEFINE_REDUCE(NAME##_mul, T, INTEGER_MUL)
#define DEFINE_INTEGER(NAME, T)             \
  DEFINE_REDUCE(NAME##_max, T, INTEGER_MAX) \
  DEFINE_REDUCE(NAME##_min, T, INTEGER_MIN)
#define DEFINE_REAL(NAME, T)              \
  DEFINE_REDUCE(NAME##_add, T, PLAIN_ADD) \
  DEFINE_REDUCE(NAME##_mul, T, PLAIN_MUL) \
  DEFINE_REDUCE(NAME##_max, T, TAKE_MAX)  \
  DEFINE_REDUCE(NAME##_min, T, TAKE_MIN)
#define DEFINE_HALF(NAME, LOAD, STORE)                   \
  DEFINE_HALF_REDUCE(NAME##_add, LOAD, STORE, PLAIN_ADD) \
  DEFINE_HALF_REDUCE(NAME##_mul, LOAD, STORE, PLAIN_MUL) \
  DEFINE_HALF_REDUCE(NAME##_max, LOAD, STORE, TAKE_MAX)  \
  DEFINE_HALF_REDUCE(NAME##_min, LOAD, STORE, TAKE_MIN)

DEFINE_WRAPPING(uint8, uint8_t)
DEFINE_WRAPPING(uint16, uint16_t)
DEFINE_WRAPPING(uint32, uint32_t)
DEFINE_WRAPPING(uint64, uint64_t)
DEFINE_INTEGER(int8, int8_t)
DEFINE_INTEGER(int16, int16_t)
DEFINE_INTEGER(int32, int32_t)
DEFINE_INTEGER(int64, int64_t)
DEFINE_INTEGER(uint8, uint8_t)
DEFINE_INTEGER(uint16, uint16_t)
DEFINE_INTEGER(uint32, uint32_t)
DEFINE_INTEGER(uint64, uint64_t)
DEFINE_REAL(float, float)
DEFINE_REAL(double, double)
DEFINE_HALF(float16, olstm__float16_to_float, olstm__float_to_float16)
DEFINE_HALF(bfloat16, olstm__bfloat16_to_float, olstm__float_to_bfloat16)

#define ROW_OF(SUMS, NAME)                                                \
  {                                                                       \
    [OLSTM__SCATTER_ADD] = SUMS##_add, [OLSTM__SCATTER_MUL] = SUMS##_mul, \
    [OLSTM__SCATTER_MAX] = NAME##_max, [OLSTM__SCATTER_MIN] = NAME##_min  \
  }
#define ROW(NAME) ROW_OF(NAME, NAME)
#define ROW_SIGNED(NAME) ROW_OF(u##NAME, NAME)

enum { kReductionCount = OLSTM__SCATTER_MIN + 1 };

static const olstm__scatter_function kReduce[][kReductionCount] = {
    [OLSTM_DTYPE_INT8] = ROW_SIGNED(int8),
    [OLSTM_DTYPE_INT16] = ROW_SIGNED(int16),
    [OLSTM_DTYPE_INT32] = ROW_SIGNED(int32),
    [OLSTM_DTYPE_INT64] = ROW_SIGNED(int64),
    [OLSTM_DTYPE_UINT8] = ROW(uint8),
    [OLSTM_DTYPE_UINT16] = ROW(uint16),
    [OLSTM_DTYPE_UINT32] = ROW(uint32),
    [OLSTM_DTYPE_UINT64] = ROW(uint64),
    [OLSTM_DTYPE_FLOAT] = ROW(float),
    [OLSTM_DTYPE_DOUBLE] = ROW(double),
    [OLSTM_DTYPE_FLOAT16] = ROW(float16),
    [OLSTM_DTYPE_BFLOAT16] = ROW(bfloat16),
    [OLSTM_DTYPE_BOOL] = {[OLSTM__SCATTER_ADD] = uint8_max,
                          [OLSTM__SCATTER_MUL] = uint8_min,
                          [OLSTM__SCATTER_MAX] = uint8_max,
                          [OLSTM__SCATTER_MIN] = uint8_min},
};

olstm_status olstm__scatter_parse(const olstm__op_base* base, size_t known_count,
                                  olstm__scatter_reduction* out_reduction,
                                  olstm_error* error) {
  static const char* const kNames[] = {"none", "add", "mul", "max", "min"};
  const char* name = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(base->node, "reduction", "none", &name, error));
  for (size_t i = 0; i < known_count; i++) {
    if (strcmp(name, kNames[i]) == 0) {
      *out_reduction = (olstm__scatter_reduction)i;
      return OLSTM_STATUS_OK;
    }
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                        "reduction='%s' is unknown (opset %d)", name,
                        (int)base->node->opset_version);
}

olstm__scatter_function olstm__scatter_find(olstm__scatter_reduction reduction,
                                            olstm_dtype dtype) {
  return kReduce[dtype][reduction];
}
