// What simd_plain.h's vector has of its own in WebAssembly. Included by simd_plain.h
// alone.
#ifndef OLSTM_OP_MATH_SIMD_WASM_H_
#define OLSTM_OP_MATH_SIMD_WASM_H_

#include <wasm_simd128.h>

#define SIMD_HAS_FMA 0

/// Of the machines that most pages run on.
#define SIMD_REGISTERS 16

/// Rows of a register-blocked product.
#define SIMD_ROWS 2

#if OLSTM_SIMD_DOUBLE
#define SIMD_OP(name) wasm_f64x2_##name
#else
#define SIMD_OP(name) wasm_f32x4_##name
#endif

SIMD_INLINE simd_vec simd_sqrt(simd_vec a) {
  return (simd_vec)SIMD_OP(sqrt)((v128_t)a);
}

/// a * b + c, and c - a * b, rounded twice.
SIMD_INLINE simd_vec simd_fma(simd_vec a, simd_vec b, simd_vec c) {
  return a * b + c;
}
SIMD_INLINE simd_vec simd_fnma(simd_vec a, simd_vec b, simd_vec c) {
  return c - a * b;
}

/// The smaller and the larger; b where either is NaN.
SIMD_INLINE simd_vec simd_min(simd_vec a, simd_vec b) {
  return (simd_vec)SIMD_OP(pmin)((v128_t)b, (v128_t)a);
}
SIMD_INLINE simd_vec simd_max(simd_vec a, simd_vec b) {
  return (simd_vec)SIMD_OP(pmax)((v128_t)b, (v128_t)a);
}

#if !OLSTM_SIMD_DOUBLE
/// The nearest whole number, the even one of two.
SIMD_INLINE simd_vec simd_round(simd_vec a) {
  return (simd_vec)SIMD_OP(nearest)((v128_t)a);
}

/// Whether a lane of a mask is set.
SIMD_INLINE bool simd_any(simd_vec mask) {
  return wasm_v128_any_true((v128_t)mask);
}
#endif

#endif  // OLSTM_OP_MATH_SIMD_WASM_H_
