// The extreme of a row is found first, by vectors where there are such, and its position
// after it. The least values are those whose keys (~x, or -x) are the largest.
#include "op/reduce/arg_fold.h"

#include <string.h>

#include "op/math/float_fold.h"
#include "op/reduce/reduce_most.h"

enum {
  // Elements of which one asks together whether one of them equals the extreme.
  kGroup = 16,
  // From here on vectors find the extreme of floats sooner.
  kLong = 32,
  // Rows that positions of columns are counted in 32 bits for.
  kRows = 4096
};

#define FLOAT_KEY(x, sign) ((x) * (sign))
#define INTEGER_KEY(x, sign) ((x) ^ (sign))

// most: the value whose key is the largest, in partial results, so that one need not wait
// for the other. find: its position. take: stores `row` of columns where a key is larger
// than all before it.
#define DEFINE_ARG(NAME, type, mask, KEY)                                               \
  static type most_##NAME(type sign, type first, int64_t count, const type* x) {        \
    type a = KEY(first, sign), b = a, c = a, d = a;                                     \
    int64_t i = 0;                                                                      \
    for (; i + 4 <= count; i += 4) {                                                    \
      a = KEY(x[i], sign) > a ? KEY(x[i], sign) : a;                                    \
      b = KEY(x[i + 1], sign) > b ? KEY(x[i + 1], sign) : b;                            \
      c = KEY(x[i + 2], sign) > c ? KEY(x[i + 2], sign) : c;                            \
      d = KEY(x[i + 3], sign) > d ? KEY(x[i + 3], sign) : d;                            \
    }                                                                                   \
    for (; i < count; i++) a = KEY(x[i], sign) > a ? KEY(x[i], sign) : a;               \
    a = b > a ? b : a;                                                                  \
    c = d > c ? d : c;                                                                  \
    return KEY(c > a ? c : a, sign);                                                    \
  }                                                                                     \
  static int64_t find_##NAME(bool selects_last, type most, int64_t count,               \
                             const type* x) {                                           \
    for (int64_t left = count; left > 0; left -= kGroup) {                              \
      const int64_t size = left < kGroup ? left : kGroup;                               \
      const type* group = selects_last ? x + left - size : x + count - left;            \
      mask found = 0;                                                                   \
      SIMD_OR                                                                           \
      for (int64_t i = 0; i < size; i++) found |= (mask)(group[i] == most);             \
      for (int64_t i = 0; found && i < size; i++) {                                     \
        const int64_t position = selects_last ? size - 1 - i : i;                       \
        if (group[position] == most) return group - x + position;                       \
      }                                                                                 \
    }                                                                                   \
    return selects_last ? count - 1 : 0;                                                \
  }                                                                                     \
  static void take_##NAME(uint64_t flips, int32_t row, int64_t count, const void* data, \
                          void* best_keys, int32_t* positions) {                        \
    const type sign = SIGN_##KEY(type, flips);                                          \
    const type* x = data;                                                               \
    type* best = best_keys;                                                             \
    SIMD for (int64_t j = 0; j < count; j++) {                                          \
      const type key = KEY(x[j], sign);                                                 \
      const int32_t beats = -(int32_t)(key > best[j]);                                  \
      positions[j] = (row & beats) | (positions[j] & ~beats);                           \
      best[j] = key > best[j] ? key : best[j];                                          \
    }                                                                                   \
  }                                                                                     \
  static void begin_##NAME(uint64_t flips, int64_t count, const void* data,             \
                           void* best_keys) {                                           \
    const type sign = SIGN_##KEY(type, flips);                                          \
    const type* x = data;                                                               \
    type* best = best_keys;                                                             \
    for (int64_t j = 0; j < count; j++) best[j] = KEY(x[j], sign);                      \
  }                                                                                     \
  static void rows_##NAME(uint64_t flips, bool selects_last, int64_t rows,              \
                          int64_t count, const void* data, int64_t* positions) {        \
    const type sign = SIGN_##KEY(type, flips);                                          \
    const type* x = data;                                                               \
    for (int64_t r = 0; r < rows; r++, x += count) {                                    \
      const type first = x[selects_last ? count - 1 : 0];                               \
      type most = 0;                                                                    \
      if (!MOST_##NAME(flips == 0, count, x, &most)) {                                  \
        most = most_##NAME(sign, first, count, x);                                      \
      }                                                                                 \
      positions[r] = find_##NAME(selects_last, most, count, x);                         \
    }                                                                                   \
  }
#define SIMD _Pragma("omp simd")
#define SIMD_OR _Pragma("omp simd reduction(| : found)")
#define SIGN_FLOAT_KEY(type, flips) ((type)((flips) ? -1 : 1))
#define SIGN_INTEGER_KEY(type, flips) ((type)(flips))

/// False where there is a NaN, or so few that a call does not pay.
static bool most_of_floats(bool wants_max, int64_t count, const float* x, float* most) {
  if (count < kLong) return false;
  olstm__float_fold_get()->most_of_rows[!wants_max](1, 0, count, x, most);
  return *most == *most;
}
#define MOST_F32 most_of_floats
#define MOST_F64(...) false
#define MOST_I32(...) false
#define MOST_I64(...) false
DEFINE_ARG(F32, float, int32_t, FLOAT_KEY)
DEFINE_ARG(F64, double, int64_t, FLOAT_KEY)
DEFINE_ARG(I32, int32_t, int32_t, INTEGER_KEY)
DEFINE_ARG(I64, int64_t, int64_t, INTEGER_KEY)

typedef struct arg_functions {
  void (*rows)(uint64_t flips, bool selects_last, int64_t rows, int64_t count,
               const void* x, int64_t* positions);
  void (*begin)(uint64_t flips, int64_t count, const void* x, void* best);
  void (*take)(uint64_t flips, int32_t row, int64_t count, const void* x, void* best,
               int32_t* positions);
} arg_functions;

#define FUNCTIONS(TYPE, NAME) \
  [OLSTM__COMPUTE_##TYPE] = {rows_##NAME, begin_##NAME, take_##NAME}
static const arg_functions kFunctions[OLSTM__COMPUTE_COUNT] = {
    FUNCTIONS(F32, F32), FUNCTIONS(F64, F64), FUNCTIONS(I32, I32), FUNCTIONS(I64, I64),
    FUNCTIONS(U64, I64)};

/// What makes keys of elements: all bits for the least, and the sign of unsigned ones.
static uint64_t flips_of(olstm__compute_type type, bool wants_max) {
  const uint64_t sign = type == OLSTM__COMPUTE_U64 ? UINT64_C(1) << 63 : 0;
  return wants_max ? sign : ~sign;
}

/// A row of elements that are converted first.
static int64_t find_converted(olstm_dtype dtype, olstm__arg_order order, int64_t count,
                              const char* x) {
  const olstm__compute_type type = olstm__compute_type_of(dtype);
  const size_t bytes = olstm_dtype_size(dtype);
  const size_t value_bytes = olstm__compute_type_size(type);
  // The extreme so far stands before what is looked at next, or after it.
  char values[(OLSTM__COMPUTE_BLOCK + 1) * OLSTM__COMPUTE_MAX_BYTES];
  char best_value[OLSTM__COMPUTE_MAX_BYTES];
  int64_t best = 0;
  for (int64_t done = 0; done < count; done += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - done);
    const int64_t from = order.selects_last ? count - done - size : done;
    const int64_t kept = done > 0;
    const int64_t at = order.selects_last ? 0 : kept;
    int64_t position = 0;
    olstm__compute_load(type, dtype, size, x + (size_t)from * bytes,
                        values + (size_t)at * value_bytes);
    if (kept) {
      memcpy(values + (size_t)(at ? 0 : size) * value_bytes, best_value, value_bytes);
    }
    kFunctions[type].rows(flips_of(type, order.wants_max), order.selects_last, 1,
                          size + kept, values, &position);
    memcpy(best_value, values + (size_t)position * value_bytes, value_bytes);
    position -= at;
    if (position >= 0 && position < size) best = from + position;
  }
  return best;
}

/// A row of bytes.
static int64_t find_byte(olstm_dtype dtype, olstm__arg_order order, int64_t count,
                         const uint8_t* x) {
  const uint8_t most = olstm__reduce_most_byte(dtype, !order.wants_max, count, x);
  if (!order.selects_last) return (const uint8_t*)memchr(x, most, (size_t)count) - x;
  while (x[--count] != most) continue;
  return count;
}

void olstm__arg_of_rows(olstm_dtype dtype, olstm__arg_order order, int64_t rows,
                        int64_t count, const void* x, int64_t* positions) {
  const olstm__compute_type type = olstm__compute_type_of(dtype);
  const size_t row_bytes = (size_t)count * olstm_dtype_size(dtype);
  if (olstm__compute_type_is_native(type, dtype)) {
    kFunctions[type].rows(flips_of(type, order.wants_max), order.selects_last, rows,
                          count, x, positions);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    const char* row = (const char*)x + (size_t)r * row_bytes;
    positions[r] = row_bytes == (size_t)count
                       ? find_byte(dtype, order, count, (const uint8_t*)row)
                       : find_converted(dtype, order, count, row);
  }
}

void olstm__arg_of_columns(olstm_dtype dtype, olstm__arg_order order, int64_t rows,
                           int64_t stride, int64_t columns, const void* x,
                           int64_t* positions) {
  const olstm__compute_type type = olstm__compute_type_of(dtype);
  const bool is_native = olstm__compute_type_is_native(type, dtype);
  const uint64_t flips = flips_of(type, order.wants_max);
  const size_t row_bytes = (size_t)stride * olstm_dtype_size(dtype);
  olstm__compute_block values;
  olstm__compute_block best;
  int32_t found[OLSTM__COMPUTE_BLOCK];
  for (int64_t j = 0; j < columns; j++) positions[j] = 0;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t from = order.selects_last ? rows - 1 - r : r;
    const void* row = (const char*)x + (size_t)from * row_bytes;
    if (!is_native) {
      olstm__compute_load(type, dtype, columns, row, &values);
      row = &values;
    }
    if (r == 0) kFunctions[type].begin(flips, columns, row, &best);
    if (r % kRows == 0) memset(found, -1, sizeof found);
    kFunctions[type].take(flips, (int32_t)(r % kRows), columns, row, &best, found);
    if (r + 1 < rows && (r + 1) % kRows != 0) continue;
    for (int64_t j = 0; j < columns; j++) {
      if (found[j] >= 0) positions[j] = r / kRows * kRows + found[j];
    }
  }
  for (int64_t j = 0; order.selects_last && j < columns; j++) {
    positions[j] = rows - 1 - positions[j];
  }
}
