// op/quantize/byte_conv.c: the same sums with any number of threads. What they are is
// tested with the operators (test_quantized_conv_op.c).
#include "op/quantize/byte_conv.h"

#include <string.h>

#include "runtime/host/threads.h"
#include "system/aligned_memory.h"
#include "tests/support/test_main.h"

enum { kChannels = 24, kOutputs = 20, kSize = 40, kGroups = 2 };

static void run(int32_t threads, const olstm_parallel* parallel, const uint8_t* x,
                const int8_t* w, int32_t* y) {
  olstm__byte_conv conv = {.window = {.rank = 2,
                                      .input = {1, kSize, kSize},
                                      .output = {1, kSize, kSize},
                                      .kernel = {1, 3, 3},
                                      .stride = {1, 1, 1},
                                      .dilation = {1, 1, 1},
                                      .pad_begin = {0, 1, 1},
                                      .pad_end = {0, 1, 1}},
                           .groups = kGroups,
                           .channels = kChannels,
                           .outputs = kOutputs,
                           .w_is_signed = true,
                           .threads = threads};
  const uint8_t zero = 7;
  size_t packed_bytes = 0, workspace_bytes = 0;
  assert_true(olstm__byte_conv_packed_bytes(&conv, &packed_bytes));
  assert_true(olstm__byte_conv_workspace_bytes(&conv, &workspace_bytes));
  (void)olstm_size_align(packed_bytes, &packed_bytes);
  (void)olstm_size_align(workspace_bytes, &workspace_bytes);
  char* packed = olstm__aligned_allocate(OLSTM_ALIGNMENT, packed_bytes);
  char* workspace = olstm__aligned_allocate(OLSTM_ALIGNMENT, workspace_bytes);
  assert_non_null(packed);
  assert_non_null(workspace);
  olstm__byte_conv_pack(&conv, w, packed);
  const olstm__byte_conv_args args = {.x = x,
                                      .packed = packed,
                                      .x_zero = {&zero, 0},
                                      .y = y,
                                      .workspace = workspace,
                                      .parallel = parallel};
  olstm__byte_conv_run(&conv, &args);
  olstm__aligned_release(packed);
  olstm__aligned_release(workspace);
}

static void threads_share_chunks(void** state) {
  enum {
    kX = kGroups * kChannels * kSize * kSize,
    kW = kGroups * kOutputs * kChannels * 9,
    kY = kGroups * kOutputs * kSize * kSize
  };
  static uint8_t x[kX];
  static int8_t w[kW];
  static int32_t expected[kY], y[kY];
  (void)state;
  for (int i = 0; i < kX; i++) x[i] = (uint8_t)(i * 31 % 251);
  for (int i = 0; i < kW; i++) w[i] = (int8_t)(i * 17 % 201 - 100);
  run(1, NULL, x, w, expected);
  for (int32_t threads = 2; threads <= 3; threads++) {
    const olstm_allocator allocator = olstm_allocator_or_default(NULL);
    olstm__threads* pool = NULL;
    assert_int_equal(olstm__threads_create(threads, &allocator, &pool, NULL),
                     OLSTM_STATUS_OK);
    const olstm_parallel* parallel = olstm__threads_try_acquire(pool);
    assert_non_null(parallel);
    memset(y, 0, sizeof y);
    run(threads, parallel, x, w, y);
    assert_memory_equal(y, expected, sizeof y);
    // With room for fewer.
    memset(y, 0, sizeof y);
    run(threads - 1, parallel, x, w, y);
    assert_memory_equal(y, expected, sizeof y);
    olstm__threads_release(parallel);
    olstm__threads_destroy(pool);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_share_chunks),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
