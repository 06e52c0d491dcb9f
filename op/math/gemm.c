#include "op/math/gemm.h"

#include <string.h>

#include "op/math/cpu.h"
#include "op/math/gemm_table.h"
#include "op/shape/transpose_tiles.h"

static const olstm__gemm_table* table(olstm_dtype dtype) {
  const bool is_double = dtype == OLSTM_DTYPE_DOUBLE;
#if defined(__x86_64__)
  const olstm__cpu_features* cpu = olstm__cpu_get();
  if (cpu->avx512 && !is_double) return &olstm__gemm_f32_avx512;
  if (cpu->avx2_fma) return is_double ? &olstm__gemm_f64_avx2 : &olstm__gemm_f32_avx2;
#endif
  return is_double ? &olstm__gemm_f64_plain : &olstm__gemm_f32_plain;
}

bool olstm__gemm_packed_bytes(olstm_dtype dtype, int64_t k, int64_t n,
                              size_t* out_bytes) {
  const size_t lanes = (size_t)table(dtype)->lanes;
  size_t columns = 0;
  *out_bytes = 0;
  if (!olstm_size_add((size_t)n, lanes - 1, &columns)) return false;
  columns -= columns % lanes;
  return olstm_size_multiply(columns, (size_t)k, out_bytes) &&
         olstm_size_multiply(*out_bytes, olstm_dtype_size(dtype), out_bytes);
}

int64_t olstm__gemm_lanes(olstm_dtype dtype) {
  return table(dtype)->lanes;
}

int64_t olstm__gemm_tile_columns(olstm_dtype dtype) {
  return (int64_t)table(dtype)->tile_vectors * table(dtype)->lanes;
}

enum { kChunk = 16 };

/// Copies `bytes` of a row, and pads with zeros to `width`, which is whole chunks.
static void copy_row(const char* from, int64_t bytes, int64_t width, char* to) {
  int64_t i = 0;
  // Chunks are what compilers copy without a call.
  for (; i + kChunk <= bytes; i += kChunk) memcpy(to + i, from + i, kChunk);
  if (i == width) return;
  char last[kChunk] = {0};
  for (int64_t b = i; b < bytes; b += 4) memcpy(last + (b - i), from + b, 4);
  memcpy(to + i, last, kChunk);
  for (i += kChunk; i < width; i += kChunk) memset(to + i, 0, kChunk);
}

/// Copies `count` elements that are `stride` bytes apart, and pads with zeros to `lanes`.
static void gather(int64_t size, const char* from, int64_t stride, int64_t count,
                   int64_t lanes, char* to) {
  for (int64_t i = count * size / kChunk * kChunk; i < lanes * size; i += kChunk) {
    memset(to + i, 0, kChunk);
  }
  if (size == sizeof(float)) {
    for (int64_t i = 0; i < count; i++)
      memcpy(to + i * 4, from + i * stride, sizeof(float));
  } else {
    for (int64_t i = 0; i < count; i++)
      memcpy(to + i * 8, from + i * stride, sizeof(double));
  }
}

void olstm__gemm_pack(olstm_dtype dtype, int64_t k, int64_t n,
                      const olstm__gemm_matrix* b, void* packed) {
  const int64_t lanes = table(dtype)->lanes;
  const int64_t size = (int64_t)olstm_dtype_size(dtype);
  const bool is_transposed = b->row_stride == 1 && b->column_stride != 1;
  // Panels are whole tiles, but for the last one.
  const int64_t tile_columns = olstm__gemm_tile_columns(dtype);
  char* to = packed;
  for (int64_t tile = 0; tile < n; tile += tile_columns) {
    const int64_t end = n - tile < tile_columns ? n : tile + tile_columns;
    const int64_t width = (end - tile + lanes - 1) / lanes * lanes;
    if (is_transposed) {
      if (width > end - tile) memset(to, 0, (size_t)(k * width * size));
      const char* from = (const char*)b->data + tile * b->column_stride * size;
      olstm__transpose_tiles_f32_plain[size == sizeof(float) ? 2 : 3](
          k, end - tile, from, b->column_stride * size, to, width * size);
      to += k * width * size;
      continue;
    }
    for (int64_t p = 0; p < k; p++) {
      const char* row = (const char*)b->data + p * b->row_stride * size;
      if (b->column_stride == 1) {
        copy_row(row + tile * size, (end - tile) * size, width * size, to);
        to += width * size;
        continue;
      }
      for (int64_t j = tile; j < end; j += lanes) {
        gather(size, row + j * b->column_stride * size, b->column_stride * size,
               end - j < lanes ? end - j : lanes, lanes, to);
        to += lanes * size;
      }
    }
  }
}

bool olstm__gemm_takes_unpacked(olstm_dtype dtype) {
  return table(dtype)->takes_unpacked;
}

bool olstm__gemm_takes_transposed(olstm_dtype dtype) {
#if defined(__x86_64__)
  return dtype == OLSTM_DTYPE_FLOAT && olstm__cpu_get()->avx2_fma;
#else
  (void)dtype;
  return false;
#endif
}

void olstm__gemm_run(olstm_dtype dtype, const olstm__gemm_args* args) {
#if defined(__x86_64__)
  if (!args->packed && args->b_stride) {
    olstm__gemm_transposed_f32_avx2(args);
    return;
  }
#endif
  table(dtype)->run(args);
}
