// What runtimes do, feature by feature: rows are what cases test, as their names say, or
// the operators of other cases; columns are the runtimes of a report.
#ifndef OLSTM_TOOLS_CONFORM_FEATURE_MATRIX_H_
#define OLSTM_TOOLS_CONFORM_FEATURE_MATRIX_H_

#include "tools/case_catalog.h"
#include "tools/conform/conform_report.h"

/// What a cell says. A case that fails without the feature, too, says nothing of it:
/// where all are such, the cell is masked.
typedef enum olstm__cell_state {
  /// No case, or cases whose answer is open.
  OLSTM__CELL_OPEN,
  OLSTM__CELL_MASKED,
  OLSTM__CELL_PASS,
  /// Right by itself, and not together with something else; or some of the random, or
  /// other, cases.
  OLSTM__CELL_PARTLY,
  OLSTM__CELL_REFUSED,
  OLSTM__CELL_ERROR,
  OLSTM__CELL_WRONG,
  /// Or no result in time.
  OLSTM__CELL_CRASH
} olstm__cell_state;

typedef struct olstm__matrix_cell {
  olstm__cell_state state;
  /// What those that are not right are at worst: REFUSED to CRASH; PASS for none.
  olstm__cell_state worst;
  /// Bit d: not right in that direction (olstm__case_catalog_direction).
  unsigned directions;
  /// Cases of the row that have a verdict, and those of them that passed.
  size_t judged, passed;
} olstm__matrix_cell;

/// A case's part in a row.
typedef enum olstm__case_part {
  OLSTM__PART_NONE,
  OLSTM__PART_OPEN,
  OLSTM__PART_PASSED,
  /// It is not right, and the feature makes the difference.
  OLSTM__PART_BLAMED,
  /// The same, but the feature is right by itself.
  OLSTM__PART_BLAMED_TOGETHER,
  /// It is not right without the feature either.
  OLSTM__PART_EXPLAINED
} olstm__case_part;

typedef struct olstm__matrix_row {
  /// "" when it is not known.
  const char* op_type;
  /// A feature, a direction, "random mixtures"; "" for an operator's other cases.
  const char* feature;
  /// Where it stands among the rows.
  int32_t order;
  /// As many as the report has runtimes.
  olstm__matrix_cell* cells;
} olstm__matrix_row;

typedef struct olstm__feature_matrix {
  /// Borrowed.
  const olstm__conform_report* report;
  size_t row_count, row_capacity;
  olstm__matrix_row* rows;
  /// For parts: what each runtime made of each feature alone.
  struct olstm__matrix_column* columns;
} olstm__feature_matrix;

/// Errors: OUT_OF_MEMORY. deinit frees what there is.
olstm_status olstm__feature_matrix_init(const olstm__conform_report* report,
                                        olstm__feature_matrix* out_matrix,
                                        olstm_error* error);
void olstm__feature_matrix_deinit(olstm__feature_matrix* matrix);

/// The part of a runtime's case in a row.
olstm__case_part olstm__feature_matrix_part(const olstm__feature_matrix* matrix,
                                            size_t row, size_t runtime,
                                            size_t case_index);

/// "pass", "partly", "refused", "error", "wrong", "crash", "masked", "open".
const char* olstm__cell_state_name(olstm__cell_state state);

/// What a cell says in words: "wrong (reverse) 3/105".
typedef struct olstm__cell_text {
  char text[96];
} olstm__cell_text;
olstm__cell_text olstm__matrix_cell_text(const olstm__matrix_cell* cell);

#endif  // OLSTM_TOOLS_CONFORM_FEATURE_MATRIX_H_
