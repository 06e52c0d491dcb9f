// One loop for each width: of keys whose order is that of the elements, or the other way
// round for the least. A key is an element with some bits flipped: the sign of those
// whose loop has other signs, and all of them for the least.
#include "op/reduce/reduce_most.h"

#include "op/shape/move_bytes.h"

/// run: *most takes in all keys, in halves, so that one need not wait for the other.
/// columns: most[j] takes in key j. finish: elements of keys.
#define DEFINE_MOST(NAME, type)                                                       \
  static void run_##NAME(uint64_t flips, int64_t count, const void* data, void* to) { \
    const int64_t half = count / 2;                                                   \
    const type* x = data;                                                             \
    const type* y = x + half;                                                         \
    const type flip = (type)flips;                                                    \
    const type last = count > 0 ? x[count - 1] ^ flip : *(type*)to;                   \
    type most = *(type*)to > last ? *(type*)to : last;                                \
    type other = most;                                                                \
    OMP_SIMD_MAX                                                                      \
    for (int64_t i = 0; i < half; i++) {                                              \
      const type key = x[i] ^ flip;                                                   \
      const type next = y[i] ^ flip;                                                  \
      most = key > most ? key : most;                                                 \
      other = next > other ? next : other;                                            \
    }                                                                                 \
    *(type*)to = most > other ? most : other;                                         \
  }                                                                                   \
  static void columns_##NAME(uint64_t flips, int64_t count, const void* data,         \
                             void* to) {                                              \
    const type* x = data;                                                             \
    const type flip = (type)flips;                                                    \
    type* most = to;                                                                  \
    OMP_SIMD                                                                          \
    for (int64_t j = 0; j < count; j++) {                                             \
      const type key = x[j] ^ flip;                                                   \
      most[j] = key > most[j] ? key : most[j];                                        \
    }                                                                                 \
  }                                                                                   \
  static void finish_##NAME(uint64_t flips, int64_t count, void* to) {                \
    type* most = to;                                                                  \
    for (int64_t j = 0; j < count; j++) most[j] ^= (type)flips;                       \
  }
#define OMP_SIMD _Pragma("omp simd")
// GCC vectorises it without, and with it keeps what it has so far in memory.
#if defined(__clang__)
#define OMP_SIMD_MAX _Pragma("omp simd reduction(max : most, other)")
#else
#define OMP_SIMD_MAX
#endif
// Vectors of any x86 compare unsigned bytes and signed words of two and four bytes.
DEFINE_MOST(8, uint8_t)
DEFINE_MOST(16, int16_t)
DEFINE_MOST(32, int32_t)
DEFINE_MOST(64, int64_t)

typedef struct most_loops {
  void (*run)(uint64_t flips, int64_t count, const void* x, void* most);
  void (*columns)(uint64_t flips, int64_t count, const void* x, void* most);
  void (*finish)(uint64_t flips, int64_t count, void* most);
  /// The bits that the least key of the type has set.
  uint64_t least;
} most_loops;

static const most_loops* loops_of(size_t bytes) {
  static const most_loops kLoops[] = {{run_8, columns_8, finish_8, 0},
                                      {run_16, columns_16, finish_16, UINT64_C(1) << 15},
                                      {run_32, columns_32, finish_32, UINT64_C(1) << 31},
                                      {run_64, columns_64, finish_64, UINT64_C(1) << 63}};
  return &kLoops[bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3];
}

static bool is_signed(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_INT8 || dtype == OLSTM_DTYPE_INT16 ||
         dtype == OLSTM_DTYPE_INT32 || dtype == OLSTM_DTYPE_INT64;
}

bool olstm__reduce_most_serves(const olstm__reduce_walk* walk) {
  const bool is_extreme =
      walk->code == OLSTM__REDUCE_MAX || walk->code == OLSTM__REDUCE_MIN;
  return is_extreme && walk->fold->compute_type != OLSTM__COMPUTE_F64 &&
         walk->set_count > 0;
}

uint8_t olstm__reduce_most_byte(olstm_dtype dtype, bool wants_least, int64_t count,
                                const uint8_t* x) {
  const uint8_t flips =
      (uint8_t)((is_signed(dtype) ? 1u << 7 : 0) ^ (wants_least ? UINT8_MAX : 0));
  uint8_t most = 0;
  run_8(flips, count, x, &most);
  return most ^ flips;
}

void olstm__reduce_most_run(const olstm__reduce_walk* walk, const char* x, char* y) {
  const size_t bytes = olstm_dtype_size(walk->dtype);
  const most_loops* loops = loops_of(bytes);
  const uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
  const bool differs = is_signed(walk->dtype) != (loops->least != 0);
  const uint64_t flips =
      (differs ? sign : 0) ^ (walk->code == OLSTM__REDUCE_MIN ? UINT64_MAX : 0);
  const int64_t columns = walk->inner_is_reduced ? 1 : walk->inner;
  int64_t kept[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0;
  for (int64_t k = 0; k < walk->kept_count; k++, y += (size_t)columns * bytes) {
    int64_t index[OLSTM_MAX_RANK] = {0};
    int64_t at = offset;
    olstm__fill_elements(y, (size_t)columns, bytes, &loops->least);
    for (int64_t r = 0; r < walk->reduced_count; r++) {
      (walk->inner_is_reduced ? loops->run : loops->columns)(flips, walk->inner,
                                                             x + (size_t)at * bytes, y);
      at = olstm__reduce_axes_advance(&walk->reduced, index, at);
    }
    loops->finish(flips, columns, y);
    offset = olstm__reduce_axes_advance(&walk->kept, kept, offset);
  }
}
