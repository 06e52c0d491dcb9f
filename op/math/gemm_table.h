// gemm.h's run as compiled for each kind of CPU.
//
// Packed B, the same for all: panels of 4 vectors of columns, one after the other, as
// op/math/panel.h defines them. The last panel may have fewer vectors; the last vector is
// padded with zeros.
#ifndef OLSTM_OP_MATH_GEMM_TABLE_H_
#define OLSTM_OP_MATH_GEMM_TABLE_H_

#include <stdint.h>

struct olstm__gemm_args;

typedef struct olstm__gemm_table {
  int32_t lanes, tile_vectors;
  /// Whether it takes `b` where `packed` is NULL.
  bool takes_unpacked;
  void (*run)(const struct olstm__gemm_args* args);
} olstm__gemm_table;

/// One row times B transposed, where `b_stride` says so. [no-alloc]
void olstm__gemm_transposed_f32_avx2(const struct olstm__gemm_args* args);

extern const olstm__gemm_table olstm__gemm_f32_plain;
extern const olstm__gemm_table olstm__gemm_f64_plain;
extern const olstm__gemm_table olstm__gemm_f32_avx2;
extern const olstm__gemm_table olstm__gemm_f64_avx2;
extern const olstm__gemm_table olstm__gemm_f32_avx512;

#endif  // OLSTM_OP_MATH_GEMM_TABLE_H_
