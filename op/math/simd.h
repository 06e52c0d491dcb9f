// One vector of reals, for code that is written once and compiled for every kind of CPU.
//
// Included by the SIMD templates (*.inc) alone. A file named <template>_<real>_<cpu>.c
// compiles a template for one kind of CPU and one kind of real: it defines OLSTM_SIMD_ISA
// (0 what every CPU of the machine has, 2 AVX2 + FMA, 512 AVX-512), OLSTM_SIMD_DOUBLE (0
// float, 1 double) and SIMD_NAME, which appends _<real>_<cpu> to a name, and includes the
// template. Gives simd_real, simd_vec, SIMD_LANES and arithmetic on them, division
// included; functions are in simd_math.h.
#ifndef OLSTM_OP_MATH_SIMD_H_
#define OLSTM_OP_MATH_SIMD_H_

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if !defined(OLSTM_SIMD_ISA) || !defined(OLSTM_SIMD_DOUBLE)
#error "define OLSTM_SIMD_ISA and OLSTM_SIMD_DOUBLE first"
#endif

#if OLSTM_SIMD_DOUBLE
typedef double simd_real;
#else
typedef float simd_real;
#endif

#define SIMD_INLINE static inline __attribute__((always_inline, unused))

// Full: where clang does not know the trip count yet it would unroll in part, and keep
// sums in memory.
#if defined(__clang__)
#define SIMD_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SIMD_UNROLL _Pragma("GCC unroll 32")
#endif

/// Hides the value of an integer from compilers, so that they do not unroll a loop of so
/// many rounds.
#define SIMD_UNKNOWN(a) __asm__("" : "+r"(a))

/// Keeps a vector in a register: compilers otherwise load it again for every use.
#if defined(__x86_64__)
#define SIMD_KEEP(a) __asm__("" : "+v"(a))
#elif defined(__aarch64__)
#define SIMD_KEEP(a) __asm__("" : "+w"(a))
#else
#define SIMD_KEEP(a) (void)(a)
#endif

#if OLSTM_SIMD_ISA == 512
#include "op/math/simd_avx512.h"
#elif OLSTM_SIMD_ISA == 2
#include "op/math/simd_avx2.h"
#else
#include "op/math/simd_plain.h"
#endif

#if !defined(SIMD_HAS_SELECT_NEGATIVE)
/// x < 0 ? a : b, lane by lane; of -0 and NaN either.
SIMD_INLINE simd_vec simd_select_negative(simd_vec x, simd_vec a, simd_vec b) {
  return simd_select_lt(x, simd_zero(), a, b);
}
#endif

#if !defined(SIMD_HAS_LIMITS)
/// `x` if it is less, or more, than `limit`, else that; NaN if x is. `limit` is none.
SIMD_INLINE simd_vec simd_at_most(simd_vec limit, simd_vec x) {
  return simd_min(limit, x);
}
SIMD_INLINE simd_vec simd_at_least(simd_vec limit, simd_vec x) {
  return simd_max(limit, x);
}
#endif

/// -a, with NaN kept.
SIMD_INLINE simd_vec simd_negate(simd_vec a) {
  return simd_xor_sign(a, simd_set((simd_real)-0.0));
}

/// Bytes of one vector.
#define SIMD_BYTES ((int)(SIMD_LANES * sizeof(simd_real)))

/// Bytes of a cache line.
#define SIMD_LINE 64

/// Fetches the cache line at `p` (any address, valid or not) into L1, or into L2; or to
/// be written. WebAssembly has no such instructions, but compilers would keep the loops.
#if defined(__wasm__)
#define SIMD_PREFETCH_L1(p) (void)(p)
#define SIMD_PREFETCH_L2(p) (void)(p)
#define SIMD_PREFETCH_WRITE(p) (void)(p)
#else
#define SIMD_PREFETCH_L1(p) __builtin_prefetch((p), 0, 3)
#define SIMD_PREFETCH_L2(p) __builtin_prefetch((p), 0, 2)
#define SIMD_PREFETCH_WRITE(p) __builtin_prefetch((p), 1)
#endif

#endif  // OLSTM_OP_MATH_SIMD_H_
