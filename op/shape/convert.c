// Conversions are chains of at most four steps (convert_blocks.h), through blocks that
// stay in the first cache: widened to int32, int64, float or double, converted, narrowed.
#include "op/shape/convert.h"

#include <string.h>

#include "op/math/cpu.h"
#include "op/shape/convert_blocks.h"

enum { kBlock = 256, kMaxSteps = 4, kGroup = OLSTM__CONVERT_GROUP };

/// What elements are between two steps.
typedef enum compute_type { kI32, kI64, kU64, kF32, kF64 } compute_type;

typedef struct chain {
  olstm__convert_step steps[kMaxSteps];
  int32_t count;
} chain;

static bool is_half(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

static bool is_integer(olstm_dtype dtype) {
  return (dtype >= OLSTM_DTYPE_UINT8 && dtype <= OLSTM_DTYPE_INT64) ||
         dtype == OLSTM_DTYPE_BOOL || dtype == OLSTM_DTYPE_UINT32 ||
         dtype == OLSTM_DTYPE_UINT64;
}

static bool is_convertible(olstm_dtype dtype) {
  return is_half(dtype) || is_integer(dtype) || dtype == OLSTM_DTYPE_FLOAT ||
         dtype == OLSTM_DTYPE_DOUBLE;
}

bool olstm__can_convert(olstm_dtype from, olstm_dtype to) {
  return is_convertible(from) && is_convertible(to);
}

bool olstm__convert_keeps_bytes(olstm_dtype from, olstm_dtype to) {
  if (from == to) return true;
  return is_integer(from) && is_integer(to) && to != OLSTM_DTYPE_BOOL &&
         olstm_dtype_size(from) == olstm_dtype_size(to);
}

static void add(chain* to, olstm__convert_step step) {
  to->steps[to->count++] = step;
}

/// Widens, and says to what.
static compute_type widen(chain* to, olstm_dtype from) {
  switch (from) {
    case OLSTM_DTYPE_INT8:
      add(to, OLSTM__CONVERT_I8_TO_I32);
      return kI32;
    case OLSTM_DTYPE_UINT8:
      add(to, OLSTM__CONVERT_U8_TO_I32);
      return kI32;
    case OLSTM_DTYPE_INT16:
      add(to, OLSTM__CONVERT_I16_TO_I32);
      return kI32;
    case OLSTM_DTYPE_UINT16:
      add(to, OLSTM__CONVERT_U16_TO_I32);
      return kI32;
    case OLSTM_DTYPE_BOOL:
      add(to, OLSTM__CONVERT_BOOL_TO_I32);
      return kI32;
    case OLSTM_DTYPE_UINT32:
      add(to, OLSTM__CONVERT_U32_TO_I64);
      return kI64;
    case OLSTM_DTYPE_FLOAT16:
      add(to, OLSTM__CONVERT_F16_TO_F32);
      return kF32;
    case OLSTM_DTYPE_BFLOAT16:
      add(to, OLSTM__CONVERT_BF16_TO_F32);
      return kF32;
    case OLSTM_DTYPE_INT64:
      return kI64;
    case OLSTM_DTYPE_UINT64:
      return kU64;
    case OLSTM_DTYPE_FLOAT:
      return kF32;
    case OLSTM_DTYPE_DOUBLE:
      return kF64;
    default:
      return kI32;
  }
}

static void add_to_bool(chain* to, compute_type at) {
  static const olstm__convert_step kSteps[] = {
      OLSTM__CONVERT_I32_TO_BOOL, OLSTM__CONVERT_I64_TO_BOOL, OLSTM__CONVERT_I64_TO_BOOL,
      OLSTM__CONVERT_F32_TO_BOOL, OLSTM__CONVERT_F64_TO_BOOL};
  add(to, kSteps[at]);
}

static void add_to_double(chain* to, compute_type at) {
  static const olstm__convert_step kSteps[] = {
      OLSTM__CONVERT_I32_TO_F64, OLSTM__CONVERT_I64_TO_F64, OLSTM__CONVERT_U64_TO_F64,
      OLSTM__CONVERT_F32_TO_F64};
  if (at != kF64) add(to, kSteps[at]);
}

static void add_to_float(chain* to, compute_type at) {
  static const olstm__convert_step kSteps[] = {[kI32] = OLSTM__CONVERT_I32_TO_F32,
                                               [kI64] = OLSTM__CONVERT_I64_TO_F32,
                                               [kU64] = OLSTM__CONVERT_U64_TO_F32,
                                               [kF64] = OLSTM__CONVERT_F64_TO_F32};
  if (at != kF32) add(to, kSteps[at]);
}

/// A number of 32 bits or more goes by way of an odd float: it is rounded once.
static void add_to_half(chain* to, compute_type at, bool is_exact, olstm_dtype dtype) {
  if (is_exact) {
    add_to_float(to, at);
  } else if (at == kI32) {
    add(to, OLSTM__CONVERT_I32_TO_ODD);
  } else {
    add_to_double(to, at);
    add(to, OLSTM__CONVERT_F64_TO_ODD);
  }
  add(to, dtype == OLSTM_DTYPE_FLOAT16 ? OLSTM__CONVERT_F32_TO_F16
                                       : OLSTM__CONVERT_F32_TO_BF16);
}

/// Keeps the low bits.
static void add_to_integer(chain* to, compute_type at, size_t bytes) {
  if (at != kI32 && bytes < 8) add(to, OLSTM__CONVERT_I64_TO_I32);
  if (at == kI32 && bytes == 8) add(to, OLSTM__CONVERT_I32_TO_I64);
  if (bytes == 1) add(to, OLSTM__CONVERT_I32_TO_8);
  if (bytes == 2) add(to, OLSTM__CONVERT_I32_TO_16);
}

/// Saturates.
static void add_real_to_integer(chain* to, compute_type at, olstm_dtype dtype) {
  const bool is_double = at == kF64;
  if (dtype == OLSTM_DTYPE_INT64) {
    add(to, is_double ? OLSTM__CONVERT_F64_TO_I64 : OLSTM__CONVERT_F32_TO_I64);
    return;
  }
  if (dtype == OLSTM_DTYPE_UINT32) {
    add(to, is_double ? OLSTM__CONVERT_F64_TO_U32 : OLSTM__CONVERT_F32_TO_U32);
    return;
  }
  if (dtype == OLSTM_DTYPE_UINT64) {
    add_to_double(to, at);
    add(to, OLSTM__CONVERT_F64_TO_U64);
    return;
  }
  add(to, is_double ? OLSTM__CONVERT_F64_TO_I32 : OLSTM__CONVERT_F32_TO_I32);
  if (dtype == OLSTM_DTYPE_INT8) add(to, OLSTM__CONVERT_I32_TO_SAT8);
  if (dtype == OLSTM_DTYPE_UINT8) add(to, OLSTM__CONVERT_I32_TO_SATU8);
  if (dtype == OLSTM_DTYPE_INT16) add(to, OLSTM__CONVERT_I32_TO_SAT16);
  if (dtype == OLSTM_DTYPE_UINT16) add(to, OLSTM__CONVERT_I32_TO_SATU16);
}

/// Integers of one and two bytes take one step.
static bool add_direct(chain* to, olstm_dtype from, olstm_dtype dtype) {
  const size_t bytes = olstm_dtype_size(from);
  if (!is_integer(from) || !is_integer(dtype) || bytes > 2) return false;
  if (dtype == OLSTM_DTYPE_BOOL) {
    add(to, bytes == 1 ? OLSTM__CONVERT_I8_TO_BOOL : OLSTM__CONVERT_I16_TO_BOOL);
  } else if (bytes == 2 && olstm_dtype_size(dtype) == 1) {
    add(to, OLSTM__CONVERT_I16_TO_8);
  } else if (bytes == 1 && olstm_dtype_size(dtype) == 2 && from != OLSTM_DTYPE_BOOL) {
    add(to, from == OLSTM_DTYPE_INT8 ? OLSTM__CONVERT_I8_TO_16 : OLSTM__CONVERT_U8_TO_16);
  } else {
    return false;
  }
  return true;
}

static void find_chain(olstm_dtype from, olstm_dtype to, chain* out) {
  // The rest of it is left as it is: small conversions are many.
  out->count = 0;
  if (add_direct(out, from, to)) return;
  // The low bits are the same with a sign, and so is what is 0.
  const bool is_small =
      to == OLSTM_DTYPE_BOOL || (is_integer(to) && olstm_dtype_size(to) < 8);
  if (from == OLSTM_DTYPE_UINT32 && is_small) from = OLSTM_DTYPE_INT32;
  if (from == OLSTM_DTYPE_UINT32 && (to == OLSTM_DTYPE_FLOAT || is_half(to))) {
    add(out, is_half(to) ? OLSTM__CONVERT_U32_TO_ODD : OLSTM__CONVERT_U32_TO_F32);
    if (is_half(to)) add_to_half(out, kF32, true, to);
    return;
  }
  const compute_type at = widen(out, from);
  if (to == OLSTM_DTYPE_BOOL) {
    add_to_bool(out, at);
  } else if (to == OLSTM_DTYPE_FLOAT) {
    add_to_float(out, at);
  } else if (to == OLSTM_DTYPE_DOUBLE) {
    add_to_double(out, at);
  } else if (is_half(to)) {
    const bool is_exact = at == kF32 || olstm_dtype_size(from) < 4;
    add_to_half(out, at, is_exact, to);
  } else if (at == kF32 || at == kF64) {
    add_real_to_integer(out, at, to);
  } else {
    add_to_integer(out, at, olstm_dtype_size(to));
  }
}

static const olstm__convert_blocks* find_steps(void) {
#if defined(__x86_64__)
  if (olstm__cpu_get()->avx2_fma) return olstm__convert_blocks_f32_avx2;
#endif
  return olstm__convert_blocks_f32_plain;
}

/// At most a block of whole groups.
static void run_chain(const olstm__convert_blocks* steps, const chain* given,
                      size_t groups, const void* source, void* target) {
  double blocks[2][kBlock];
  const void* at = source;
  for (int32_t i = 0; i < given->count; i++) {
    void* to = i + 1 == given->count ? target : blocks[i % 2];
    steps[given->steps[i]](groups, at, to);
    at = to;
  }
}

/// A few floats to doubles or back, which operators ask for most often.
static bool convert_few(olstm_dtype from, olstm_dtype to, const void* source,
                        void* target, size_t count) {
  if (count >= kGroup) return false;
  if (from == OLSTM_DTYPE_FLOAT && to == OLSTM_DTYPE_DOUBLE) {
    for (size_t i = 0; i < count; i++) ((double*)target)[i] = ((const float*)source)[i];
    return true;
  }
  if (from == OLSTM_DTYPE_DOUBLE && to == OLSTM_DTYPE_FLOAT) {
    for (size_t i = 0; i < count; i++) {
      ((float*)target)[i] = (float)((const double*)source)[i];
    }
    return true;
  }
  return false;
}

void olstm__convert(olstm_dtype from, olstm_dtype to, const void* source, void* target,
                    size_t count) {
  const size_t from_bytes = olstm_dtype_size(from);
  const size_t to_bytes = olstm_dtype_size(to);
  const char* x = source;
  char* y = target;
  if (count == 0) return;
  if (olstm__convert_keeps_bytes(from, to)) {
    memcpy(target, source, count * from_bytes);
    return;
  }
  if (convert_few(from, to, source, target, count)) return;
  const olstm__convert_blocks* steps = find_steps();
  chain found;
  find_chain(from, to, &found);
  // A single step needs no block between.
  const size_t most = found.count == 1 ? count : kBlock;
  while (count >= kGroup) {
    const size_t groups = (count < most ? count : most) / kGroup;
    run_chain(steps, &found, groups, x, y);
    x += groups * kGroup * from_bytes;
    y += groups * kGroup * to_bytes;
    count -= groups * kGroup;
  }
  if (count > 0) {
    double last[2][kGroup] = {{0}};
    memcpy(last[0], x, count * from_bytes);
    run_chain(steps, &found, 1, last[0], last[1]);
    memcpy(y, last[1], count * to_bytes);
  }
}
