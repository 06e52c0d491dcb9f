// See wrong_case.h.
#include "tools/conform/wrong_case.h"

#include <stdint.h>
#include <string.h>

#include "tools/file_bytes.h"

typedef struct wrong_case {
  const char* name;
  /// Of test_data_set_0/output_0.pb: its bytes, and their sum.
  size_t byte_count;
  uint64_t sum;
  const char* reason;
} wrong_case;

static const char kWrapped[] =
    "ONNX 1.17 wraps what int8 cannot hold, the specification saturates it";

static const wrong_case kCases[] = {
    {"test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True", 2934,
     UINT64_C(0x29dfe5e5295b9315),
     "ONNX 1.17 divides by elements beyond the padded input, 1.20 does not"},
    {"test_dft_inverse", 816, UINT64_C(0xdece62748f8d538b),
     "ONNX 1.17 has rounding errors of 2e-7 where the result is 0"},
    {"test_dft_inverse_opset19", 816, UINT64_C(0xdece62748f8d538b),
     "ONNX 1.17 has rounding errors of 2e-7 where the result is 0"},
    {"test_qlinearmatmul_2D_int8_float16", 17, UINT64_C(0x9f7315a3c445571d), kWrapped},
    {"test_qlinearmatmul_2D_int8_float32", 17, UINT64_C(0x9f7315a3c445571d), kWrapped},
    {"test_qlinearmatmul_3D_int8_float16", 25, UINT64_C(0x5b187789361cd4b9), kWrapped},
    {"test_qlinearmatmul_3D_int8_float32", 25, UINT64_C(0xa2044766f73b5add), kWrapped},
};

/// FNV-1a.
static uint64_t sum_bytes(const olstm__file_bytes* bytes) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < bytes->count; i++) {
    sum = (sum ^ bytes->data[i]) * UINT64_C(0x100000001b3);
  }
  return sum;
}

const char* olstm__wrong_case_find(const char* folder, const char* name) {
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    char path[OLSTM__PATH_CAPACITY];
    olstm__file_bytes bytes;
    if (strcmp(kCases[i].name, name) != 0 ||
        olstm__path_join(folder, "test_data_set_0/output_0.pb", path, NULL) !=
            OLSTM_STATUS_OK ||
        olstm__file_bytes_read(path, &bytes, NULL) != OLSTM_STATUS_OK) {
      continue;
    }
    const bool is_known =
        bytes.count == kCases[i].byte_count && sum_bytes(&bytes) == kCases[i].sum;
    olstm__file_bytes_deinit(&bytes);
    if (is_known) return kCases[i].reason;
  }
  return NULL;
}
