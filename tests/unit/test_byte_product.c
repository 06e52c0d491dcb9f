// op/math/byte_product.h: against plain loops, for all signs, zero points and odd sizes.
#include "op/math/byte_product.h"

#include <stdlib.h>

#include "tests/support/test_main.h"

enum { kNone, kOne, kEach };

typedef struct product {
  int64_t m, k, n;
  bool a_is_signed, b_is_signed, is_transposed;
  /// kNone, kOne or kEach.
  int zeros;
} product;

/// Of any byte, extremes more often.
static void fill(uint8_t* data, int64_t count, uint32_t seed) {
  for (int64_t i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    const uint32_t kind = seed >> 29;
    data[i] = (uint8_t)(kind == 0   ? 0x80
                        : kind == 1 ? 0x7f
                        : kind == 2 ? 0xff
                                    : seed >> 16);
  }
}

static int32_t value_of(const uint8_t* data, int64_t index, bool is_signed) {
  return is_signed ? (int8_t)data[index] : data[index];
}

static int32_t zero_of(const product* p, const uint8_t* zeros, int64_t index,
                       bool is_signed) {
  if (p->zeros == kNone) return 0;
  return value_of(zeros, p->zeros == kEach ? index : 0, is_signed);
}

static void* make(size_t bytes) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  void* memory = olstm_allocate(&allocator, bytes ? bytes : 1, 1);
  assert_non_null(memory);
  return memory;
}

static void drop(void* memory, size_t bytes) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm_release(&allocator, memory, bytes ? bytes : 1, 1);
}

/// is_apart: rows of C are as far apart as panels reach, and sums start from something.
static void check(const product* p, bool is_apart) {
  const olstm__byte_product shape = {p->k, p->n, p->a_is_signed, p->b_is_signed};
  const int64_t stride = is_apart ? olstm__byte_product_row(&shape) : p->n;
  int32_t bias[256];
  for (int i = 0; i < 256; i++) bias[i] = i * 7919 - 99;
  const size_t a_bytes = (size_t)(p->m * p->k), b_bytes = (size_t)(p->k * p->n);
  const size_t c_bytes = (size_t)(p->m * stride) * sizeof(int32_t);
  size_t packed_bytes = 0, scratch_bytes = 0;
  assert_true(olstm__byte_product_packed_bytes(&shape, &packed_bytes));
  assert_true(olstm__byte_product_scratch_bytes(&shape, p->m, &scratch_bytes));
  uint8_t *a = make(a_bytes), *b = make(b_bytes), a_zeros[256], b_zeros[256];
  void *packed = make(packed_bytes), *scratch = make(scratch_bytes);
  int32_t* c = make(c_bytes);
  fill(a, (int64_t)a_bytes, 1);
  fill(b, (int64_t)b_bytes, 2);
  fill(a_zeros, 256, 3);
  fill(b_zeros, 256, 4);
  olstm__byte_product_pack(&shape, b, p->is_transposed ? 1 : p->n,
                           p->is_transposed ? p->k : 1, packed);
  const olstm__byte_product_args args = {
      .m = p->m,
      .a = a,
      .packed = packed,
      .a_zero = {p->zeros ? a_zeros : NULL, p->zeros == kEach},
      .b_zero = {p->zeros ? b_zeros : NULL, p->zeros == kEach},
      .bias = is_apart ? bias : NULL,
      .c = c,
      .c_stride = stride,
      .scratch = scratch};
  olstm__byte_product_run(&shape, &args);
  for (int64_t i = 0; i < p->m; i++) {
    for (int64_t j = 0; j < p->n; j++) {
      int32_t sum = is_apart ? bias[j] : 0;
      for (int64_t q = 0; q < p->k; q++) {
        const int64_t at = p->is_transposed ? j * p->k + q : q * p->n + j;
        sum += (value_of(a, i * p->k + q, p->a_is_signed) -
                zero_of(p, a_zeros, i, p->a_is_signed)) *
               (value_of(b, at, p->b_is_signed) - zero_of(p, b_zeros, j, p->b_is_signed));
      }
      assert_int_equal(c[i * stride + j], sum);
    }
  }
  drop(a, a_bytes);
  drop(b, b_bytes);
  drop(packed, packed_bytes);
  drop(scratch, scratch_bytes);
  drop(c, c_bytes);
}

static void products_agree_with_plain_loops(void** state) {
  static const int64_t kSizes[][3] = {
      {1, 1, 1},    {1, 64, 64}, {2, 3, 5},    {3, 4, 65},    {5, 7, 130},
      {6, 129, 17}, {7, 33, 64}, {13, 8, 31},  {20, 260, 80}, {4, 0, 3},
      {0, 5, 3},    {20, 9, 32}, {12, 70, 96}, {5, 12, 32}};
  (void)state;
  for (size_t s = 0; s < sizeof kSizes / sizeof kSizes[0]; s++) {
    for (int kind = 0; kind < 24; kind++) {
      const product p = {kSizes[s][0], kSizes[s][1], kSizes[s][2], kind & 1,
                         kind & 2,     kind & 4,     kind / 8};
      check(&p, false);
      check(&p, true);
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_agree_with_plain_loops),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
