// Philox 4x32-10 (Salmon and others, 2011): random bits as a function of a key and a
// counter, so that element i of run r is the same whichever thread computes it.
#ifndef OLSTM_OP_RANDOM_PHILOX_H_
#define OLSTM_OP_RANDOM_PHILOX_H_

#include <stdint.h>

typedef struct olstm__philox_block {
  uint32_t words[4];
} olstm__philox_block;

static inline olstm__philox_block olstm__philox(uint64_t key, uint64_t run,
                                                uint64_t index) {
  uint32_t k0 = (uint32_t)key;
  uint32_t k1 = (uint32_t)(key >> 32);
  uint32_t a = (uint32_t)index, b = (uint32_t)(index >> 32);
  uint32_t c = (uint32_t)run, d = (uint32_t)(run >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t first = (uint64_t)0xD2511F53u * a;
    const uint64_t second = (uint64_t)0xCD9E8D57u * c;
    a = (uint32_t)(second >> 32) ^ b ^ k0;
    b = (uint32_t)second;
    c = (uint32_t)(first >> 32) ^ d ^ k1;
    d = (uint32_t)first;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return (olstm__philox_block){{a, b, c, d}};
}

/// Word pair `half` (0, 1) of a block as a number in [0, 1), in steps of 2^-53.
static inline double olstm__philox_uniform(const olstm__philox_block* block, int half) {
  const uint64_t bits =
      (uint64_t)block->words[2 * half + 1] << 32 | block->words[2 * half];
  return (double)(bits >> 11) * 0x1p-53;
}

/// Bits of a number spread over all bits (SplitMix64's last step).
static inline uint64_t olstm__spread_bits(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

#endif  // OLSTM_OP_RANDOM_PHILOX_H_
