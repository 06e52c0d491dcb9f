#include <sys/auxv.h>

#include "system/cpu_features.h"

/// Bits of the auxiliary vector's words that older headers do not name.
enum { kDot = 1 << 20, kBf16 = 1 << 14 };

olstm__cpu_features olstm__cpu_features_detect(void) {
  return (olstm__cpu_features){.arm_dot = (getauxval(AT_HWCAP) & kDot) != 0,
                               .arm_bf16 = (getauxval(AT_HWCAP2) & kBf16) != 0};
}
