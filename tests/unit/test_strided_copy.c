// op/shape/strided_copy: against an element by element copy over many random views.
#include "op/shape/strided_copy.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"

enum { kCases = 3000, kMemory = 4096 };

static uint32_t next_random(uint32_t* seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 16;
}

static void copy_by_element(size_t bytes, int32_t rank, const int64_t* dims,
                            const olstm__strided_view* source,
                            const olstm__strided_view* target, const char* from,
                            char* to) {
  int64_t count = 1;
  for (int32_t d = 0; d < rank; d++) count *= dims[d];
  for (int64_t i = 0; i < count; i++) {
    int64_t s = source->offset;
    int64_t t = target->offset;
    for (int64_t d = rank - 1, rest = i; d >= 0; rest /= dims[d], d--) {
      s += rest % dims[d] * source->strides[d];
      t += rest % dims[d] * target->strides[d];
    }
    memcpy(to + t * (int64_t)bytes, from + s * (int64_t)bytes, bytes);
  }
}

/// A dense target; a source whose dimensions are permuted, reversed or repeated.
static void random_views_agree_with_the_definition(void** state) {
  uint32_t seed = 1;
  char from[kMemory];
  (void)state;
  for (size_t i = 0; i < kMemory; i++) from[i] = (char)next_random(&seed);
  for (int c = 0; c < kCases; c++) {
    static const int64_t kDims[] = {1, 1, 2, 3, 4, 5, 17};
    const size_t bytes = (size_t)1 << next_random(&seed) % 4;
    const int32_t rank = (int32_t)(next_random(&seed) % 5);
    int64_t dims[5];
    int32_t order[5];
    int64_t count = 1;
    for (int32_t d = 0; d < rank; d++) {
      dims[d] = kDims[next_random(&seed) % 7];
      if (count * dims[d] * 8 > kMemory) dims[d] = 1;
      count *= dims[d];
      order[d] = d;
    }
    for (int32_t d = rank - 1; d > 0; d--) {
      const int32_t other = (int32_t)(next_random(&seed) % (uint32_t)(d + 1));
      const int32_t swap = order[d];
      order[d] = order[other];
      order[other] = swap;
    }
    olstm__strided_view source = {0};
    olstm__strided_view target;
    int64_t stride = 1;
    for (int32_t d = 0; d < rank; d++) {
      const uint32_t kind = next_random(&seed) % 6;
      int64_t* own = &source.strides[order[d]];
      *own = kind == 0 ? 0 : kind == 1 ? -stride : stride;
      if (kind == 1) source.offset += stride * (dims[order[d]] - 1);
      stride *= dims[order[d]];
    }
    olstm__strided_view_init_dense(&target, rank, dims);
    char expected[kMemory];
    char got[kMemory];
    olstm__strided_copy copy;
    memset(expected, 0x5a, kMemory);
    memset(got, 0x5a, kMemory);
    copy_by_element(bytes, rank, dims, &source, &target, from, expected);
    olstm__strided_copy_init(&copy, bytes, rank, dims, &source, &target);
    olstm__strided_copy_run(&copy, NULL, from, got);
    assert_memory_equal(got, expected, kMemory);
    if (olstm__strided_copy_is_plain(&copy)) {
      assert_memory_equal(got, from, (size_t)count * bytes);
    }
  }
}

static void nothing_is_copied_when_a_dimension_is_zero(void** state) {
  const int64_t dims[] = {3, 0};
  olstm__strided_view view;
  olstm__strided_copy copy;
  (void)state;
  olstm__strided_view_init_dense(&view, 2, dims);
  olstm__strided_copy_init(&copy, 4, 2, dims, &view, &view);
  assert_true(olstm__strided_copy_is_plain(&copy));
  olstm__strided_copy_run(&copy, NULL, NULL, NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_views_agree_with_the_definition),
      cmocka_unit_test(nothing_is_copied_when_a_dimension_is_zero),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
