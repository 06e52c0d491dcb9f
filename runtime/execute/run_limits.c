#include "runtime/execute/run_limits.h"

#include <inttypes.h>

#include "base/tensor_size.h"

/// Default limits. A layer with one feature and hundreds of units takes some thousand
/// bytes for each input byte. Work: as much as takes one core 1 to 3 seconds for inputs
/// of up to 64 KB, and for larger ones as much for each byte.
enum {
  kLeastMemory = 256 << 20,
  kMemoryPerInputByte = 8192,
  kMemoryPerConstantByte = 16,
  kLeastInputBytes = 64 << 10,
  kWorkPerInputByte = 1 << 17
};

/// a * b, or SIZE_MAX.
static size_t multiply(size_t a, size_t b) {
  size_t product = 0;
  return olstm_size_multiply(a, b, &product) ? product : SIZE_MAX;
}

static size_t largest(size_t a, size_t b) {
  return a > b ? a : b;
}

void olstm__run_limits_start(olstm__run_limits* limits,
                             const olstm__environment* environment, size_t constant_bytes,
                             const olstm_tensor* inputs, size_t input_count) {
  size_t bytes = 0;
  // Can overflow only for inputs that do not fit into memory.
  for (size_t i = 0; i < input_count; i++) bytes += olstm__desc_bytes(&inputs[i].desc);
  *limits = (olstm__run_limits){environment->max_memory, environment->max_work, 0, 0};
  if (limits->max_work == 0) {
    limits->max_work = (uint64_t)largest(kLeastInputBytes, bytes) * kWorkPerInputByte;
  }
  if (environment->has_max_memory) return;
  const size_t wanted =
      largest(kLeastMemory, largest(multiply(bytes, kMemoryPerInputByte),
                                    multiply(constant_bytes, kMemoryPerConstantByte)));
  if (wanted < limits->max_memory) limits->max_memory = wanted;
}

olstm_status olstm__run_limits_fail(const olstm__run_limits* limits, uint64_t work,
                                    const char* what, const char* name,
                                    olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "%s '%s': with it this run comes to %" PRIu64
                    " units of work, more than max_work, which is %" PRIu64,
                    what, name, olstm__work_add(limits->work, work), limits->max_work);
}
