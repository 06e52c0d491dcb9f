// op/math/gemm.h against plain loops in long double.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/math/gemm.h"
#include "tests/support/test_main.h"

typedef struct product {
  olstm_dtype dtype;
  int64_t m, n, k;
  bool has_bias, accumulate, is_transposed;
} product;

/// A number in -1..1 that depends on its index alone.
static double value_at(int64_t stream, int64_t index) {
  uint64_t bits = (uint64_t)(index + 1) * UINT64_C(0x9e3779b97f4a7c15) +
                  (uint64_t)stream * UINT64_C(0xbf58476d1ce4e5b9);
  bits ^= bits >> 31;
  bits *= UINT64_C(0x94d049bb133111eb);
  bits ^= bits >> 29;
  return (double)(bits >> 11) * 0x1p-52 - 1;
}

static void set(olstm_dtype dtype, void* data, int64_t index, double value) {
  if (dtype == OLSTM_DTYPE_DOUBLE) {
    ((double*)data)[index] = value;
  } else {
    ((float*)data)[index] = (float)value;
  }
}

static double get(olstm_dtype dtype, const void* data, int64_t index) {
  return dtype == OLSTM_DTYPE_DOUBLE ? ((const double*)data)[index]
                                     : (double)((const float*)data)[index];
}

static void* make(olstm_dtype dtype, int64_t stream, int64_t count) {
  void* data = calloc((size_t)count + 1, olstm_dtype_size(dtype));
  assert_non_null(data);
  for (int64_t i = 0; i < count; i++) set(dtype, data, i, value_at(stream, i));
  return data;
}

static void* pack(const product* p, const void* b) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  const olstm__gemm_matrix matrix = {b, p->is_transposed ? 1 : p->n,
                                     p->is_transposed ? p->k : 1};
  size_t bytes = 0;
  assert_true(olstm__gemm_packed_bytes(p->dtype, p->k, p->n, &bytes));
  void* packed = olstm_allocate(&allocator, bytes, 1);
  assert_non_null(packed);
  olstm__gemm_pack(p->dtype, p->k, p->n, &matrix, packed);
  return packed;
}

static void check(const product* p) {
  const int64_t a_stride = p->k + 3;
  const int64_t c_stride = p->n + 5;
  void* a = make(p->dtype, 1, p->m * a_stride);
  void* b = make(p->dtype, 2, p->k * p->n);
  void* bias = make(p->dtype, 3, p->n);
  void* c = make(p->dtype, 4, p->m * c_stride);
  void* packed = pack(p, b);
  const olstm__gemm_args args = {.m = p->m,
                                 .n = p->n,
                                 .k = p->k,
                                 .a = a,
                                 .a_stride = a_stride,
                                 .packed = packed,
                                 .bias = p->has_bias ? bias : NULL,
                                 .c = c,
                                 .c_stride = c_stride,
                                 .accumulate = p->accumulate};
  olstm__gemm_run(p->dtype, &args);
  const double epsilon = p->dtype == OLSTM_DTYPE_DOUBLE ? 0x1p-52 : 0x1p-23;
  for (int64_t i = 0; i < p->m; i++) {
    for (int64_t j = 0; j < c_stride; j++) {
      const double before =
          (double)(p->dtype == OLSTM_DTYPE_DOUBLE ? value_at(4, i * c_stride + j)
                                                  : (float)value_at(4, i * c_stride + j));
      const double got = get(p->dtype, c, i * c_stride + j);
      if (j >= p->n) {
        assert_true(got == before);
        continue;
      }
      long double sum = p->has_bias ? get(p->dtype, bias, j) : 0;
      if (p->accumulate) sum += before;
      for (int64_t q = 0; q < p->k; q++) {
        sum += (long double)get(p->dtype, a, i * a_stride + q) *
               get(p->dtype, b, p->is_transposed ? j * p->k + q : q * p->n + j);
      }
      assert_true(fabsl(sum - got) <= epsilon * (4 + (double)p->k));
    }
  }
  free(a);
  free(b);
  free(bias);
  free(c);
  free(packed);
}

static void check_all(olstm_dtype dtype) {
  static const int64_t kRows[] = {0, 1, 2, 5, 6, 7, 19};
  static const int64_t kColumns[] = {1, 7, 8, 16, 31, 64, 70, 130};
  static const int64_t kDepths[] = {0, 1, 5, 64, 150};
  for (size_t m = 0; m < sizeof kRows / sizeof kRows[0]; m++) {
    for (size_t n = 0; n < sizeof kColumns / sizeof kColumns[0]; n++) {
      for (size_t k = 0; k < sizeof kDepths / sizeof kDepths[0]; k++) {
        const size_t variant = m + n + k;
        const product p = {dtype,
                           kRows[m],
                           kColumns[n],
                           kDepths[k],
                           variant % 2 == 0,
                           variant / 2 % 2 == 0,
                           variant / 4 % 2 == 0};
        check(&p);
      }
    }
  }
}

static void float_products_agree_with_plain_loops(void** state) {
  (void)state;
  check_all(OLSTM_DTYPE_FLOAT);
}

static void double_products_agree_with_plain_loops(void** state) {
  (void)state;
  check_all(OLSTM_DTYPE_DOUBLE);
}

/// Of all columns around a vector's, and around as many as are taken together.
static void unpacked_matrices_give_the_same_bits(void** state) {
  static const int64_t kColumns[] = {1, 7, 8, 17, 64, 70, 130, 257};
  (void)state;
  if (!olstm__gemm_takes_unpacked(OLSTM_DTYPE_FLOAT)) skip();
  for (size_t i = 0; i < sizeof kColumns / sizeof kColumns[0]; i++) {
    for (int64_t m = 1; m < 8; m++) {
      const product p = {OLSTM_DTYPE_FLOAT, m, 37, kColumns[i], i % 2 == 0, false, false};
      float* a = make(p.dtype, 1, p.m * p.k);
      float* b = make(p.dtype, 2, p.k * p.n);
      float* bias = make(p.dtype, 3, p.n);
      float* from_packed = make(p.dtype, 4, p.m * p.n);
      float* from_b = make(p.dtype, 5, p.m * p.n);
      void* packed = pack(&p, b);
      olstm__gemm_args args = {.m = p.m,
                               .n = p.n,
                               .k = p.k,
                               .a = a,
                               .a_stride = p.k,
                               .packed = packed,
                               .bias = p.has_bias ? bias : NULL,
                               .c = from_packed,
                               .c_stride = p.n};
      olstm__gemm_run(p.dtype, &args);
      args.packed = NULL;
      args.b = b;
      args.c = from_b;
      olstm__gemm_run(p.dtype, &args);
      assert_memory_equal(from_packed, from_b, (size_t)(p.m * p.n) * sizeof(float));
      free(a);
      free(b);
      free(bias);
      free(from_packed);
      free(from_b);
      free(packed);
    }
  }
}

/// One row, for columns and depths around those that are taken together.
static void transposed_matrices_give_the_same_bits(void** state) {
  static const int64_t kColumns[] = {1, 7, 8, 17, 63, 64, 65, 130, 200};
  static const int64_t kDepths[] = {2, 3, 31, 32, 37, 100};
  (void)state;
  if (!olstm__gemm_takes_transposed(OLSTM_DTYPE_FLOAT)) skip();
  for (size_t i = 0; i < sizeof kColumns / sizeof kColumns[0]; i++) {
    for (size_t d = 0; d < sizeof kDepths / sizeof kDepths[0]; d++) {
      const int64_t n = kColumns[i], k = kDepths[d], stride = k + (int64_t)(d % 2);
      float* a = make(OLSTM_DTYPE_FLOAT, 1, k);
      float* b = make(OLSTM_DTYPE_FLOAT, 2, n * stride);
      float* bias = make(OLSTM_DTYPE_FLOAT, 3, n);
      float* from_packed = make(OLSTM_DTYPE_FLOAT, 4, n);
      float* from_b = make(OLSTM_DTYPE_FLOAT, 5, n);
      const olstm__gemm_matrix matrix = {b, 1, stride};
      size_t bytes = 0;
      assert_true(olstm__gemm_packed_bytes(OLSTM_DTYPE_FLOAT, k, n, &bytes));
      void* packed = malloc(bytes);
      olstm__gemm_pack(OLSTM_DTYPE_FLOAT, k, n, &matrix, packed);
      olstm__gemm_args args = {.m = 1,
                               .n = n,
                               .k = k,
                               .a = a,
                               .a_stride = k,
                               .packed = packed,
                               .bias = i % 2 ? bias : NULL,
                               .c = from_packed,
                               .c_stride = n};
      olstm__gemm_run(OLSTM_DTYPE_FLOAT, &args);
      args.packed = NULL;
      args.b = b;
      args.b_stride = stride;
      args.c = from_b;
      olstm__gemm_run(OLSTM_DTYPE_FLOAT, &args);
      assert_memory_equal(from_packed, from_b, (size_t)n * sizeof(float));
      free(a);
      free(b);
      free(bias);
      free(from_packed);
      free(from_b);
      free(packed);
    }
  }
}

static void rows_do_not_depend_on_their_number(void** state) {
  const product p = {OLSTM_DTYPE_FLOAT, 23, 77, 333, true, false, true};
  (void)state;
  float* a = make(p.dtype, 1, p.m * p.k);
  float* b = make(p.dtype, 2, p.k * p.n);
  float* bias = make(p.dtype, 3, p.n);
  float* together = make(p.dtype, 4, p.m * p.n);
  float* alone = make(p.dtype, 5, p.m * p.n);
  void* packed = pack(&p, b);
  olstm__gemm_args args = {.m = p.m,
                           .n = p.n,
                           .k = p.k,
                           .a = a,
                           .a_stride = p.k,
                           .packed = packed,
                           .bias = bias,
                           .c = together,
                           .c_stride = p.n};
  olstm__gemm_run(p.dtype, &args);
  for (int64_t i = 0; i < p.m; i++) {
    args.m = 1;
    args.a = a + i * p.k;
    args.c = alone + i * p.n;
    olstm__gemm_run(p.dtype, &args);
  }
  assert_memory_equal(together, alone, (size_t)(p.m * p.n) * sizeof(float));
  free(a);
  free(b);
  free(bias);
  free(together);
  free(alone);
  free(packed);
}

static void packed_bytes_refuses_what_does_not_fit(void** state) {
  size_t bytes = 1;
  (void)state;
  assert_false(olstm__gemm_packed_bytes(OLSTM_DTYPE_FLOAT, INT64_MAX / 8, 64, &bytes));
  assert_true(olstm__gemm_packed_bytes(OLSTM_DTYPE_FLOAT, 3, 0, &bytes));
  assert_int_equal(bytes, 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(float_products_agree_with_plain_loops),
      cmocka_unit_test(double_products_agree_with_plain_loops),
      cmocka_unit_test(unpacked_matrices_give_the_same_bits),
      cmocka_unit_test(transposed_matrices_give_the_same_bits),
      cmocka_unit_test(rows_do_not_depend_on_their_number),
      cmocka_unit_test(packed_bytes_refuses_what_does_not_fit),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
