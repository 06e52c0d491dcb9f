#include <cpuid.h>

#include "system/cpu_features.h"

/// Bits of the register that says what the system saves when it switches threads.
enum {
  kSavesAvx = 0x6,      // XMM and YMM
  kSavesAvx512 = 0xe6,  // and masks, the high halves of ZMM, and ZMM16 to 31
};

/// Bits of leaf 7's second page that older headers do not name.
enum { kAvx512Bf16 = 1 << 5 };

static unsigned saved_registers(void) {
  unsigned low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static bool has_all(unsigned word, unsigned bits) {
  return (word & bits) == bits;
}

olstm__cpu_features olstm__cpu_features_detect(void) {
  olstm__cpu_features features = {0};
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) ||
      !has_all(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C)) {
    return features;
  }
  const unsigned saved = saved_registers();
  if (!has_all(saved, kSavesAvx) || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    return features;
  }
  const unsigned pages = a;
  features.avx2_fma = has_all(b, bit_AVX2);
  features.avx512 = has_all(saved, kSavesAvx512) &&
                    has_all(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL);
  features.avx512_vnni = features.avx512 && has_all(c, bit_AVX512VNNI);
  features.avx512_bf16 = features.avx512 && pages >= 1 &&
                         __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
                         has_all(a, kAvx512Bf16);
  return features;
}
