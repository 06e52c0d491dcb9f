#include <sys/auxv.h>

#include "system/cpu_features.h"

/// Bits of the auxiliary vector's words that older headers do not name.
enum { kDot = 1 << 20, kI8mm = 1 << 13, kBf16 = 1 << 14 };

olstm__cpu_features olstm__cpu_features_detect(void) {
  const bool has_dot = (getauxval(AT_HWCAP) & kDot) != 0;
  const unsigned long more = getauxval(AT_HWCAP2);
  return (olstm__cpu_features){.arm_dot = has_dot,
                               .arm_i8mm = has_dot && (more & kI8mm) != 0,
                               .arm_bf16 = (more & kBf16) != 0};
}
