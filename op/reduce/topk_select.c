#include "op/reduce/topk_select.h"

#include <string.h>

enum {
  // Entries that are sorted by insertion.
  kFew = 16,
  // Keys of which one asks together whether one of them is large enough.
  kGroup = 16
};

/// Entries that are kept at a time.
static int64_t capacity_of(int64_t count, int64_t k) {
  if (k <= kFew) return k;
  return k > count / 3 ? count : 3 * k;
}

/// An index as the low half of a word whose high half is the key: the lower of two
/// indices makes the larger word.
#define NAME(x) x##_32
#define KEY int32_t
#define ENTRY int64_t
#define MAKE(key, index) \
  ((int64_t)((uint64_t)(key) << 32 | (uint32_t) ~(uint32_t)(index)))
#define COMES(a, b) ((a) > (b))
#define KEY_OF(e) ((int32_t)((e) >> 32))
#define INDEX_OF(e) ((int64_t) ~(uint32_t)(e))
#include "op/reduce/topk_select.inc"
#undef NAME
#undef KEY
#undef ENTRY
#undef MAKE
#undef COMES
#undef KEY_OF
#undef INDEX_OF

typedef struct wide_entry {
  int64_t key;
  int64_t index;
} wide_entry;

#define NAME(x) x##_64
#define KEY int64_t
#define ENTRY wide_entry
#define MAKE(key, index) ((wide_entry){(key), (index)})
#define COMES(a, b) ((a).key > (b).key || ((a).key == (b).key && (a).index < (b).index))
#define KEY_OF(e) ((e).key)
#define INDEX_OF(e) ((e).index)
#include "op/reduce/topk_select.inc"

/// A real's bits are ordered as its magnitude is; negative ones the other way round.
static inline int32_t key_of_f32(float value) {
  int32_t bits;
  value += 0.0F;
  memcpy(&bits, &value, sizeof bits);
  bits ^= bits >> 31 & INT32_MAX;
  return value != value ? INT32_MAX : bits;
}

static inline int64_t key_of_f64(double value) {
  int64_t bits;
  value += 0.0;
  memcpy(&bits, &value, sizeof bits);
  bits ^= bits >> 63 & INT64_MAX;
  return value != value ? INT64_MAX : bits;
}

#define ITSELF(value) (value)

#define KEYS(NAME, type, KEY, KEY_OF)                                            \
  static void keys_##NAME(KEY flip, int64_t count, const void* data, void* to) { \
    const type* values = data;                                                   \
    KEY* keys = to;                                                              \
    OMP_SIMD                                                                     \
    for (int64_t i = 0; i < count; i++) keys[i] = KEY_OF(values[i]) ^ flip;      \
  }
#define OMP_SIMD _Pragma("omp simd")
KEYS(f32, float, int32_t, key_of_f32)
KEYS(f64, double, int64_t, key_of_f64)
KEYS(i32, int32_t, int32_t, ITSELF)
KEYS(i64, int64_t, int64_t, ITSELF)

static bool is_wide(olstm__compute_type compute_type) {
  return olstm__compute_type_size(compute_type) == sizeof(int64_t);
}

size_t olstm__topk_workspace(olstm__compute_type compute_type, int64_t count, int64_t k) {
  return (size_t)capacity_of(count, k) *
         (is_wide(compute_type) ? sizeof(wide_entry) : sizeof(int64_t));
}

void olstm__topk_make_keys(olstm__compute_type compute_type, bool wants_smallest,
                           int64_t count, const void* values, void* keys) {
  const int64_t flip = wants_smallest ? -1 : 0;
  switch (compute_type) {
    case OLSTM__COMPUTE_F32:
      keys_f32((int32_t)flip, count, values, keys);
      return;
    case OLSTM__COMPUTE_F64:
      keys_f64(flip, count, values, keys);
      return;
    case OLSTM__COMPUTE_I32:
      keys_i32((int32_t)flip, count, values, keys);
      return;
    case OLSTM__COMPUTE_U64:
      keys_i64(flip ^ INT64_MIN, count, values, keys);
      return;
    default:
      keys_i64(flip, count, values, keys);
      return;
  }
}

void olstm__topk_select(olstm__compute_type compute_type, int64_t count, const void* keys,
                        int64_t k, void* workspace, int64_t* indices, int64_t step) {
  (is_wide(compute_type) ? select_64 : select_32)(count, keys, k, workspace, indices,
                                                  step);
}
