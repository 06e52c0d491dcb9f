// One vector of reals, for code that is written once and compiled for every kind of CPU.
//
// Included by the SIMD templates (*.inc) alone, whose includer has said which CPU
// (OLSTM_SIMD_ISA: 0 plain C, 2 AVX2 + FMA, 512 AVX-512) and which reals
// (OLSTM_SIMD_DOUBLE: 0 float, 1 double). Gives simd_real, simd_vec, SIMD_LANES and the
// operations on them; knows no mathematics beyond division.
#ifndef OLSTM_OP_MATH_SIMD_H_
#define OLSTM_OP_MATH_SIMD_H_

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if !defined(OLSTM_SIMD_ISA) || !defined(OLSTM_SIMD_DOUBLE)
#error "say OLSTM_SIMD_ISA and OLSTM_SIMD_DOUBLE first"
#endif

#if OLSTM_SIMD_DOUBLE
typedef double simd_real;
#else
typedef float simd_real;
#endif

#define SIMD_INLINE static inline __attribute__((always_inline, unused))

// Full: clang would otherwise write a loop out by halves where it does not know its
// rounds yet, and keep sums in memory ever after.
#if defined(__clang__)
#define SIMD_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SIMD_UNROLL _Pragma("GCC unroll 16")
#endif

/// Keeps compilers from knowing an integer, and with it from writing out a loop of so
/// many rounds.
#define SIMD_UNKNOWN(a) __asm__("" : "+r"(a))

/// Keeps a vector in a register: compilers otherwise load what is used several times as
/// often as it is used.
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

/// -a, with NaN kept.
SIMD_INLINE simd_vec simd_negate(simd_vec a) {
  return simd_xor_sign(a, simd_set((simd_real)-0.0));
}

/// Bytes of one vector.
#define SIMD_BYTES ((int)(SIMD_LANES * sizeof(simd_real)))

/// Bytes of a cache line.
#define SIMD_LINE 64

/// Fetches the cache line at `p` (any address, valid or not) into L1, or into L2.
#define SIMD_PREFETCH_L1(p) __builtin_prefetch((p), 0, 3)
#define SIMD_PREFETCH_L2(p) __builtin_prefetch((p), 0, 2)

#endif  // OLSTM_OP_MATH_SIMD_H_
