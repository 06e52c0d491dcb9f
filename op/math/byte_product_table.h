// byte_product.h's loops as compiled for each kind of CPU.
//
// B is packed in panels of `columns` columns: [k / group][columns][group] bytes, signed,
// with zeros where there is none; after all panels the sum of each column, as int32. Rows
// of A are [k / group][group] elements of 4 / group bytes.
#ifndef OLSTM_OP_MATH_BYTE_PRODUCT_TABLE_H_
#define OLSTM_OP_MATH_BYTE_PRODUCT_TABLE_H_

#include <stdint.h>

enum { OLSTM__BYTE_MAX_COLUMNS = 64, OLSTM__BYTE_MAX_ROWS = 6 };

/// Some rows times one panel.
typedef struct olstm__byte_block {
  int64_t groups;
  /// Rows, 4 * groups bytes apart, and their sums.
  const char* a;
  const int32_t* sums;
  const char* panel;
  /// For the panel's columns: what their sums start from, less the row's sum times these
  /// zero points; NULL for none.
  const int32_t *starts, *zeros;
  /// Rows of `columns` int32, c_stride int32 apart.
  int32_t* c;
  int64_t c_stride;
  /// Columns that count: of others sums may be anything.
  int64_t width;
} olstm__byte_block;

typedef struct olstm__byte_table {
  /// Columns of a panel, and rows that had best go together.
  int32_t columns, rows;
  int32_t group;
  /// What makes signed elements of A, and unsigned ones of B, what the CPU multiplies.
  int32_t a_shift, b_shift;
  void (*multiply)(const olstm__byte_block* block, int64_t rows);
  /// Columns that are written where a block's width is no more and rows are a multiple of
  /// `rows`; in all other cases, a panel's.
  int32_t narrow_columns;
} olstm__byte_table;

extern const olstm__byte_table olstm__byte_product_f32_plain;
extern const olstm__byte_table olstm__byte_product_f32_avx2;
extern const olstm__byte_table olstm__byte_product_f32_avx512vnni;

#endif  // OLSTM_OP_MATH_BYTE_PRODUCT_TABLE_H_
