// Splits rows among threads and blocks. A row's result does not depend on the split.
#include "op/dense/product.h"

#include "op/elementwise/compute_type.h"
#include "op/elementwise/element_groups.h"
#include "op/op_work.h"

enum {
  /// Rows of half floats that are converted at a time.
  kHalfRows = 32,
  /// Rows of floats that take B as it is. With short vectors, of which packed columns
  /// make
  /// more calls, any number of rows take one of so few rows and so many columns.
  kUnpackedRows = 6,
  kUnpackedDepth = 8,
  kUnpackedColumns = 64,
  kShortLanes = 8,
  /// Multiplications below which one thread is enough, and rows that threads do not share
  /// where there are columns to share.
  kParallelWork = 1 << 18,
  kFewRows = 12,
  kLeastRows = 5
};

static bool is_half(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

static bool is_real(olstm_dtype dtype) {
  return is_half(dtype) || dtype == OLSTM_DTYPE_FLOAT || dtype == OLSTM_DTYPE_DOUBLE;
}

uint64_t olstm__product_units(const olstm__product* product, int64_t count, bool packs) {
  enum {
    kLineBytes = 64,
    kNearLines = 1 << 14,
    kUnitsPerLine = 4,
    kUnitsPerPackedByte = 2,
    kUnitsPerInteger = 8,
    kUnits = 896,
    kUnitsPerRow = 32,
    kUnitsPerHalf = 4
  };
  const olstm__product* p = product;
  // Rows of B are padded to whole vectors, which halves are widened for.
  const int64_t bytes = is_half(p->dtype) ? 4 : (int64_t)olstm_dtype_size(p->dtype);
  const int64_t lines = (p->n * bytes + kLineBytes - 1) / kLineBytes;
  // Large weights are read from memory: as one row more.
  const bool is_far = olstm__op_work(p->k, lines, 1, 1) > kNearLines;
  uint64_t work = olstm__op_work(p->m + is_far, p->k, lines, kUnitsPerLine);
  if (!is_real(p->dtype)) work = olstm__op_work(p->m, p->k, p->n, kUnitsPerInteger);
  if (packs) {
    const uint64_t packing = olstm__op_work(p->k, lines, kLineBytes, kUnitsPerPackedByte);
    const uint64_t widening = olstm__op_data_work(p->dtype, p->k * p->n);
    work = olstm__op_work_sum(work, olstm__op_work_sum(packing, widening));
  }
  work = olstm__op_work_sum(work, olstm__op_work(p->m, kUnitsPerRow, 1, 1));
  work = olstm__op_work_sum(work, olstm__op_data_work(p->dtype, p->m * p->k));
  // C may be too large for caches.
  work = olstm__op_work_sum(work, 2 * olstm__op_data_work(p->dtype, p->m * p->n));
  if (is_half(p->dtype)) {
    work = olstm__op_work_sum(work, olstm__op_work(p->m, p->k + p->n, kUnitsPerHalf, 1));
  }
  work = olstm__op_work_sum(work, kUnits);
  return work > INT64_MAX ? UINT64_MAX : olstm__op_work((int64_t)work, count, 1, 1);
}

/// The dtype that the gemm computes in.
static olstm_dtype gemm_dtype(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_DOUBLE ? OLSTM_DTYPE_DOUBLE : OLSTM_DTYPE_FLOAT;
}

bool olstm__product_packed_bytes(const olstm__product* product, size_t* out_bytes) {
  if (is_real(product->dtype)) {
    return olstm__gemm_packed_bytes(gemm_dtype(product->dtype), product->k, product->n,
                                    out_bytes);
  }
  return olstm_size_multiply((size_t)product->k, (size_t)product->n, out_bytes) &&
         olstm_size_multiply(*out_bytes, olstm_dtype_size(product->dtype), out_bytes);
}

/// rows * columns floats, for half floats alone.
static bool float_bytes(const olstm__product* product, int64_t rows, int64_t columns,
                        size_t* out_bytes) {
  *out_bytes = 0;
  if (!is_half(product->dtype)) return true;
  return olstm_size_multiply((size_t)rows, (size_t)columns, out_bytes) &&
         olstm_size_multiply(*out_bytes, sizeof(float), out_bytes) &&
         olstm_size_align(*out_bytes, out_bytes);
}

bool olstm__product_pack_scratch_bytes(const olstm__product* product, size_t* out_bytes) {
  return float_bytes(product, product->k, product->n, out_bytes);
}

bool olstm__product_run_scratch_bytes(const olstm__product* product, size_t* out_bytes) {
  size_t a_bytes = 0;
  size_t c_bytes = 0;
  size_t bias_bytes = 0;
  return float_bytes(product, kHalfRows, product->k, &a_bytes) &&
         float_bytes(product, kHalfRows, product->n, &c_bytes) &&
         float_bytes(product, 1, product->n, &bias_bytes) &&
         olstm_size_add(a_bytes, c_bytes, out_bytes) &&
         olstm_size_add(*out_bytes, bias_bytes, out_bytes);
}

bool olstm__product_is_shallow(const olstm__product* product) {
  return product->dtype == OLSTM_DTYPE_FLOAT && product->k <= kUnpackedDepth &&
         product->n >= kUnpackedColumns && olstm__gemm_takes_unpacked(product->dtype) &&
         olstm__gemm_lanes(product->dtype) <= kShortLanes;
}

/// Whether one row takes B's columns, which lie one after the other, as they are.
static bool takes_columns(const olstm__product* product, const olstm__gemm_matrix* b) {
  return product->m == 1 && b->row_stride == 1 && b->column_stride == product->k &&
         b->column_stride > 1 && olstm__gemm_takes_transposed(product->dtype);
}

bool olstm__product_takes_unpacked(const olstm__product* product,
                                   const olstm__gemm_matrix* b) {
  if (takes_columns(product, b)) return true;
  return product->dtype == OLSTM_DTYPE_FLOAT &&
         (product->m <= kUnpackedRows || olstm__product_is_shallow(product)) &&
         olstm__gemm_takes_unpacked(product->dtype) && b->column_stride == 1 &&
         b->row_stride == product->n;
}

#define COPY(type)                                                                    \
  static void copy_##type(const olstm__product* product, const olstm__gemm_matrix* b, \
                          type* packed) {                                             \
    const type* from = b->data;                                                       \
    for (int64_t p = 0; p < product->k; p++) {                                        \
      for (int64_t j = 0; j < product->n; j++) {                                      \
        packed[p * product->n + j] = from[p * b->row_stride + j * b->column_stride];  \
      }                                                                               \
    }                                                                                 \
  }
COPY(uint32_t)
COPY(uint64_t)
COPY(uint16_t)

void olstm__product_pack(const olstm__product* product, const olstm__gemm_matrix* b,
                         void* scratch, void* packed) {
  const int64_t count = product->k * product->n;
  if (is_half(product->dtype)) {
    // The packed layout has room for B in half floats, which is made contiguous there
    // first.
    const olstm__gemm_matrix floats = {scratch, product->n, 1};
    copy_uint16_t(product, b, packed);
    olstm__compute_load(OLSTM__COMPUTE_F32, product->dtype, count, packed, scratch);
    olstm__gemm_pack(OLSTM_DTYPE_FLOAT, product->k, product->n, &floats, packed);
  } else if (is_real(product->dtype)) {
    olstm__gemm_pack(product->dtype, product->k, product->n, b, packed);
  } else if (olstm_dtype_size(product->dtype) == sizeof(uint32_t)) {
    copy_uint32_t(product, b, packed);
  } else {
    copy_uint64_t(product, b, packed);
  }
}

// Signed products wrap: computed as unsigned.
#define MULTIPLY(type)                                                      \
  static void multiply_##type(const olstm__product* product, const type* a, \
                              const type* b, type* c) {                     \
    const int64_t n = product->n;                                           \
    for (int64_t i = 0; i < product->m; i++, a += product->k, c += n) {     \
      for (int64_t j = 0; j < n; j++) c[j] = 0;                             \
      for (int64_t p = 0; p < product->k; p++) {                            \
        const type factor = a[p];                                           \
        for (int64_t j = 0; j < n; j++) c[j] += factor * b[p * n + j];      \
      }                                                                     \
    }                                                                       \
  }
MULTIPLY(uint64_t)

static void run_floats(const olstm__product* product, int64_t rows, const void* a,
                       const olstm__product_run_args* args, const void* bias, void* c) {
  const olstm__gemm_args gemm = {.m = rows,
                                 .n = product->n,
                                 .k = product->k,
                                 .a = a,
                                 .a_stride = product->k,
                                 .packed = args->packed,
                                 .b = args->b.data,
                                 .bias = bias,
                                 .c = c,
                                 .c_stride = product->n};
  olstm__gemm_run(OLSTM_DTYPE_FLOAT, &gemm);
}

static void run_half(const olstm__product* product, const olstm__product_run_args* args) {
  size_t a_bytes = 0;
  size_t c_bytes = 0;
  (void)float_bytes(product, kHalfRows, product->k, &a_bytes);
  (void)float_bytes(product, kHalfRows, product->n, &c_bytes);
  char* a = args->scratch;
  char* c = a + a_bytes;
  char* bias = args->bias ? c + c_bytes : NULL;
  if (bias) {
    olstm__compute_load(OLSTM__COMPUTE_F32, product->dtype, product->n, args->bias, bias);
  }
  for (int64_t i = 0; i < product->m; i += kHalfRows) {
    const int64_t left = product->m - i;
    const int64_t rows = left < kHalfRows ? left : kHalfRows;
    olstm__compute_load(OLSTM__COMPUTE_F32, product->dtype, rows * product->k,
                        (const uint16_t*)args->a + i * product->k, a);
    run_floats(product, rows, a, args, bias, c);
    olstm__compute_store(OLSTM__COMPUTE_F32, product->dtype, rows * product->n, c,
                         (uint16_t*)args->c + i * product->n);
  }
}

/// Rows that one task computes, or columns: whole tiles, or, where each task packs what
/// it multiplies, whole vectors.
typedef struct product_split {
  const olstm__product* product;
  const olstm__product_run_args* args;
  int64_t rows, columns;
  bool packs;
} product_split;

static void run_part(void* argument, int32_t index) {
  const product_split* split = argument;
  const olstm__product* p = split->product;
  const olstm__product_run_args* args = split->args;
  const size_t element_bytes = olstm_dtype_size(p->dtype);
  const int64_t row = split->rows < p->m ? index * split->rows : 0;
  const int64_t column = split->columns < p->n ? index * split->columns : 0;
  const int64_t rows = p->m - row < split->rows ? p->m - row : split->rows;
  const int64_t columns = p->n - column < split->columns ? p->n - column : split->columns;
  const size_t first = (size_t)column * element_bytes;
  const void* packed = args->packed;
  size_t packed_before = 0;
  if (rows <= 0 || columns <= 0) return;
  if (column > 0) {
    (void)olstm__gemm_packed_bytes(p->dtype, p->k, column, &packed_before);
  }
  if (packed) packed = (const char*)packed + packed_before;
  const bool is_transposed = !packed && !split->packs && takes_columns(p, &args->b);
  if (split->packs) {
    char* to = (char*)args->pack_to + packed_before;
    const olstm__gemm_matrix b = {
        (const char*)args->b.data +
            (size_t)(column * args->b.column_stride) * element_bytes,
        args->b.row_stride, args->b.column_stride};
    olstm__gemm_pack(p->dtype, p->k, columns, &b, to);
    packed = to;
  }
  const olstm__gemm_args gemm = {
      .m = rows,
      .n = columns,
      .k = p->k,
      .a = (const char*)args->a + (size_t)(row * p->k) * element_bytes,
      .a_stride = p->k,
      .packed = packed,
      .b = (const char*)args->b.data + (is_transposed ? first * (size_t)p->k : 0),
      .b_stride = is_transposed ? p->k : 0,
      .bias = args->bias ? (const char*)args->bias + first : NULL,
      .c = (char*)args->c + (size_t)(row * p->n) * element_bytes + first,
      .c_stride = p->n};
  olstm__gemm_run(p->dtype, &gemm);
}

/// Columns of each of `threads` tasks, in whole units.
static int64_t columns_of_task(int64_t n, int64_t unit, int32_t threads) {
  const int64_t units = (n + unit - 1) / unit;
  return (units + threads - 1) / threads * unit;
}

/// Whether tasks that pack and multiply columns are done before tasks that multiply rows
/// by what one thread has packed. Packing costs as much as some rows, and what another
/// core has packed is read as slowly as many are multiplied.
static bool had_better_share_columns(const olstm__product* product, int64_t columns,
                                     int32_t threads) {
  enum { kRowsToPack = 4, kRowsToFetch = 18 };
  return (product->m + kRowsToPack) * columns <
         (product->m / threads + kRowsToPack + kRowsToFetch) * product->n;
}

static product_split share(const olstm__product* product,
                           const olstm__product_run_args* args, int32_t threads) {
  // Reading B takes as long as multiplying it by some rows.
  const double rows = product->m > kLeastRows ? (double)product->m : (double)kLeastRows;
  const double work = rows * (double)product->k * (double)product->n;
  product_split split = {product, args, product->m, product->n, args->pack_to != NULL};
  if (threads <= 1 || work < kParallelWork) return split;
  const int64_t tile = olstm__gemm_tile_columns(product->dtype);
  if (split.packs) {
    const int64_t columns =
        columns_of_task(product->n, olstm__gemm_lanes(product->dtype), threads);
    split.packs = had_better_share_columns(product, columns, threads);
    if (split.packs) split.columns = columns;
  } else if (product->m <= kFewRows && product->n > tile &&
             (args->packed || takes_columns(product, &args->b))) {
    // B is what takes the time: each of them reads its own part.
    split.columns = columns_of_task(product->n, tile, threads);
  }
  if (split.columns == product->n) split.rows = (product->m + threads - 1) / threads;
  return split;
}

static void run_real(const olstm__product* product, const olstm__product_run_args* args) {
  const olstm_parallel* parallel = args->parallel;
  const int32_t threads = parallel ? parallel->thread_count : 1;
  olstm__product_run_args packed = *args;
  product_split split = share(product, args, threads);
  if (args->pack_to && !split.packs) {
    olstm__product_pack(product, &args->b, args->scratch, args->pack_to);
    packed.packed = args->pack_to;
    split.args = &packed;
  }
  if (split.rows == product->m && split.columns >= product->n) {
    run_part(&split, 0);
  } else {
    parallel->run(parallel->pool, threads, run_part, &split);
  }
}

void olstm__product_run(const olstm__product* product,
                        const olstm__product_run_args* args) {
  olstm__product_run_args packed = *args;
  if (product->m == 0 || product->n == 0) return;
  if (is_real(product->dtype) && !is_half(product->dtype)) {
    run_real(product, args);
    return;
  }
  if (args->pack_to) {
    olstm__product_pack(product, &args->b, args->scratch, args->pack_to);
    packed.packed = args->pack_to;
  }
  if (is_half(product->dtype)) {
    run_half(product, &packed);
  } else if (olstm_dtype_size(product->dtype) == sizeof(uint32_t)) {
    olstm__product_i32_run(product->m, product->k, product->n, args->a, packed.packed,
                           args->c);
  } else {
    multiply_uint64_t(product, args->a, packed.packed, args->c);
  }
}
