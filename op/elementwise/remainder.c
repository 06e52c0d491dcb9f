// Both numbers as integers times a power of two: the rest of the dividend's integer is
// moved up by as many bits as 64 have room for, divided again, and so on.
#include "op/elementwise/remainder.h"

#include <math.h>
#include <stdint.h>

/// Up to this quotient libm is as fast.
static const double kNear = 4096;

/// (rest * 2^shift) mod divisor, of a divisor of at most `digits` bits.
static uint64_t shift_modulo(uint64_t rest, uint64_t divisor, int shift, int digits) {
  const int room = 64 - digits;
  for (rest %= divisor; shift > 0 && rest != 0; shift -= room) {
    rest = (rest << (shift < room ? shift : room)) % divisor;
  }
  return rest;
}

#define REMAINDER(name, type, digits, fmod_of, frexp_of, ldexp_of, fabs_of, copysign_of) \
  type olstm__remainder_##name(type p, type q) {                                         \
    int p_exponent = 0, q_exponent = 0;                                                  \
    const type size = fabs_of(p), divisor = fabs_of(q);                                  \
    if (!(divisor > 0) || !isfinite(p) || !(size / divisor > (type)kNear)) {             \
      return fmod_of(p, q);                                                              \
    }                                                                                    \
    const uint64_t a = (uint64_t)ldexp_of(frexp_of(size, &p_exponent), digits);          \
    const uint64_t b = (uint64_t)ldexp_of(frexp_of(divisor, &q_exponent), digits);       \
    const uint64_t rest = shift_modulo(a, b, p_exponent - q_exponent, digits);           \
    return copysign_of(ldexp_of((type)rest, q_exponent - (digits)), p);                  \
  }
REMAINDER(f32, float, 24, fmodf, frexpf, ldexpf, fabsf, copysignf)
REMAINDER(f64, double, 53, fmod, frexp, ldexp, fabs, copysign)
