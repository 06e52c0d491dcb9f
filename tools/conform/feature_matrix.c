// See feature_matrix.h.
#include "tools/conform/feature_matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// How bad a verdict is: what a feature is judged by.
enum { kUnknown = -2, kOpen = -1, kPassed = 0 };
enum { kDirections = 3, kMaxFeatures = 64, kOperators = 3 };

/// How one operator's cases of no feature, and of one feature alone, came out.
typedef struct alone_ranks {
  int base[kDirections];
  int feature[kDirections][kMaxFeatures];
  /// Of each feature's pairs with features that are right alone, as it is: how many there
  /// are, and how many are not right.
  size_t pairs[kMaxFeatures], failed_pairs[kMaxFeatures];
} alone_ranks;

typedef struct olstm__matrix_column {
  alone_ranks ranks[kOperators];
  /// Of the runtime's cases.
  bool* is_titled;
  olstm__case_title* titles;
} matrix_column;

static int rank_of(olstm__verdict verdict) {
  static const int kRanks[OLSTM__VERDICT_COUNT] = {
      [OLSTM__VERDICT_PASS] = kPassed,
      [OLSTM__VERDICT_OPEN] = kOpen,
      [OLSTM__VERDICT_REFUSED] = OLSTM__CELL_REFUSED,
      [OLSTM__VERDICT_ERROR] = OLSTM__CELL_ERROR,
      [OLSTM__VERDICT_WRONG] = OLSTM__CELL_WRONG,
      [OLSTM__VERDICT_CRASH] = OLSTM__CELL_CRASH,
      [OLSTM__VERDICT_TIMEOUT] = OLSTM__CELL_CRASH,
  };
  return kRanks[verdict];
}

static size_t operator_index(const char* op_type) {
  return op_type[0] == 'L' ? 0 : op_type[0] == 'G' ? 1 : 2;
}

// ---------------------------------------------------------------- columns

static void note_rank(matrix_column* column, const olstm__case_title* title, int rank) {
  alone_ranks* ranks = &column->ranks[operator_index(title->op_type)];
  if (title->is_random || title->feature_count > 1) return;
  if (title->feature_count == 0) {
    ranks->base[title->direction] = rank;
  } else {
    ranks->feature[title->direction][title->features[0]] = rank;
  }
}

/// How a feature does alone: in that direction, or, where it is right there, at worst in
/// another one that is right without it.
static int alone_rank(const alone_ranks* ranks, size_t direction, size_t feature) {
  int worst = ranks->feature[direction][feature];
  for (size_t d = 0; d < kDirections; d++) {
    const int rank = ranks->feature[d][feature];
    if (ranks->base[d] == kPassed && rank > worst) worst = rank;
  }
  return worst;
}

/// What two features that are right alone do together counts for each of them.
static void count_pair(matrix_column* column, const olstm__case_title* title, int rank) {
  alone_ranks* ranks = &column->ranks[operator_index(title->op_type)];
  if (title->is_random || title->feature_count < 2 || rank == kOpen) return;
  for (size_t f = 0; f < 2; f++) {
    if (alone_rank(ranks, title->direction, title->features[f]) > kPassed) return;
  }
  for (size_t f = 0; f < 2; f++) {
    ranks->pairs[title->features[f]]++;
    ranks->failed_pairs[title->features[f]] += rank > kPassed;
  }
}

static bool init_column(const olstm__runtime_report* runtime, matrix_column* column) {
  for (size_t o = 0; o < kOperators; o++) {
    for (size_t d = 0; d < kDirections; d++) {
      column->ranks[o].base[d] = kUnknown;
      for (size_t f = 0; f < kMaxFeatures; f++) {
        column->ranks[o].feature[d][f] = kUnknown;
      }
    }
    memset(column->ranks[o].pairs, 0, sizeof column->ranks[o].pairs);
    memset(column->ranks[o].failed_pairs, 0, sizeof column->ranks[o].failed_pairs);
  }
  column->is_titled = calloc(runtime->count + 1, sizeof *column->is_titled);
  column->titles = calloc(runtime->count + 1, sizeof *column->titles);
  if (!column->is_titled || !column->titles) return false;
  for (size_t i = 0; i < runtime->count; i++) {
    const olstm__reported_case* c = &runtime->cases[i];
    column->is_titled[i] = olstm__case_catalog_parse(c->name, &column->titles[i]);
    if (column->is_titled[i]) {
      note_rank(column, &column->titles[i], rank_of(c->result.verdict));
    }
  }
  for (size_t i = 0; i < runtime->count; i++) {
    if (!column->is_titled[i]) continue;
    count_pair(column, &column->titles[i], rank_of(runtime->cases[i].result.verdict));
  }
  return true;
}

// ---------------------------------------------------------------- rows

enum { kRandomOrder = 900, kOperatorOrder = 1000, kOtherOrder = 10000 };

/// The rows of a case: one, or of a pair of features two.
typedef struct case_rows {
  size_t count;
  olstm__matrix_row rows[2];
} case_rows;

static case_rows rows_of(const matrix_column* column,
                         const olstm__runtime_report* runtime, size_t index) {
  const olstm__case_title* title = &column->titles[index];
  case_rows result = {1, {{runtime->cases[index].op_type, "", kOtherOrder, NULL}}};
  if (!column->is_titled[index]) return result;
  const int32_t first = (int32_t)operator_index(title->op_type) * kOperatorOrder;
  if (title->is_random) {
    result.rows[0] = (olstm__matrix_row){title->op_type, "random mixtures",
                                         first + kRandomOrder, NULL};
  } else if (title->feature_count == 0) {
    result.rows[0] = (olstm__matrix_row){title->op_type,
                                         olstm__case_catalog_direction(title->direction),
                                         first + (int32_t)title->direction, NULL};
  } else {
    result.count = title->feature_count;
    for (size_t f = 0; f < result.count; f++) {
      result.rows[f] = (olstm__matrix_row){
          title->op_type, olstm__case_catalog_feature(title->features[f]),
          first + kDirections + (int32_t)title->features[f], NULL};
    }
  }
  return result;
}

static bool is_same_row(const olstm__matrix_row* a, const olstm__matrix_row* b) {
  return a->order == b->order && strcmp(a->op_type, b->op_type) == 0;
}

static bool add_row(olstm__feature_matrix* matrix, const olstm__matrix_row* row) {
  for (size_t i = 0; i < matrix->row_count; i++) {
    if (is_same_row(&matrix->rows[i], row)) return true;
  }
  if (matrix->row_count == matrix->row_capacity) {
    const size_t capacity = matrix->row_capacity ? 2 * matrix->row_capacity : 64;
    olstm__matrix_row* rows = realloc(matrix->rows, capacity * sizeof *rows);
    if (!rows) return false;
    matrix->rows = rows;
    matrix->row_capacity = capacity;
  }
  olstm__matrix_row* added = &matrix->rows[matrix->row_count];
  *added = *row;
  added->cells = calloc(matrix->report->count, sizeof *added->cells);
  if (!added->cells) return false;
  matrix->row_count++;
  return true;
}

static int compare_rows(const void* a, const void* b) {
  const olstm__matrix_row* first = a;
  const olstm__matrix_row* second = b;
  if (first->order != second->order) return first->order < second->order ? -1 : 1;
  return strcmp(first->op_type, second->op_type);
}

// ---------------------------------------------------------------- parts

/// What is known of the case without the feature at `position` of its title.
static int rank_without(const alone_ranks* ranks, const olstm__case_title* title,
                        size_t position) {
  if (title->feature_count == 0) return kUnknown;
  const int base = ranks->base[title->direction];
  if (title->feature_count == 1) return base;
  const int other = alone_rank(ranks, title->direction, title->features[1 - position]);
  return other == kUnknown ? base : other;
}

/// How many times as many of its pairs one feature must fail in as the other for a pair
/// of both to be its fault alone.
enum { kMoreOften = 4 };

/// The part of a pair that is not right although its other feature is right alone.
static olstm__case_part part_of_pair(const alone_ranks* ranks,
                                     const olstm__case_title* title, size_t position) {
  const size_t own = title->features[position];
  const size_t other = title->features[1 - position];
  if (ranks->feature[title->direction][own] != kPassed ||
      alone_rank(ranks, title->direction, own) > kPassed) {
    return OLSTM__PART_BLAMED;
  }
  const size_t own_share = ranks->failed_pairs[own] * ranks->pairs[other];
  const size_t other_share = ranks->failed_pairs[other] * ranks->pairs[own];
  return other_share >= kMoreOften * own_share ? OLSTM__PART_EXPLAINED
                                               : OLSTM__PART_BLAMED_TOGETHER;
}

olstm__case_part olstm__feature_matrix_part(const olstm__feature_matrix* matrix,
                                            size_t row, size_t runtime,
                                            size_t case_index) {
  const matrix_column* column = &matrix->columns[runtime];
  const olstm__runtime_report* report = &matrix->report->runtimes[runtime];
  const case_rows rows = rows_of(column, report, case_index);
  const int rank = rank_of(report->cases[case_index].result.verdict);
  size_t position = 0;
  while (position < rows.count &&
         !is_same_row(&rows.rows[position], &matrix->rows[row])) {
    position++;
  }
  if (position == rows.count) return OLSTM__PART_NONE;
  if (rank == kOpen) return OLSTM__PART_OPEN;
  if (rank == kPassed) return OLSTM__PART_PASSED;
  if (!column->is_titled[case_index] || column->titles[case_index].is_random) {
    return OLSTM__PART_BLAMED;
  }
  const olstm__case_title* title = &column->titles[case_index];
  const alone_ranks* ranks = &column->ranks[operator_index(title->op_type)];
  if (rank_without(ranks, title, position) >= rank) return OLSTM__PART_EXPLAINED;
  return title->feature_count == 2 ? part_of_pair(ranks, title, position)
                                   : OLSTM__PART_BLAMED;
}

// ---------------------------------------------------------------- cells

static bool is_systematic(const matrix_column* column, size_t case_index) {
  return column->is_titled[case_index] && !column->titles[case_index].is_random;
}

/// Of rows whose cases are as many tests of their own, some may be right.
static void decide(olstm__matrix_cell* cell, int worst_alone, int worst_together,
                   bool is_systematic_row) {
  const int worst = worst_alone > 0 ? worst_alone : worst_together;
  cell->worst = worst > 0 ? (olstm__cell_state)worst : OLSTM__CELL_PASS;
  if (worst_alone > 0 && (is_systematic_row || cell->passed == 0)) {
    cell->state = cell->worst;
  } else if (worst > 0) {
    cell->state = OLSTM__CELL_PARTLY;
  } else if (cell->passed > 0) {
    cell->state = OLSTM__CELL_PASS;
  } else {
    cell->state = cell->judged > 0 ? OLSTM__CELL_MASKED : OLSTM__CELL_OPEN;
  }
}

static void fill_cell(const olstm__feature_matrix* matrix, size_t row, size_t runtime,
                      olstm__matrix_cell* cell) {
  const matrix_column* column = &matrix->columns[runtime];
  const olstm__runtime_report* report = &matrix->report->runtimes[runtime];
  int worst_alone = 0, worst_together = 0;
  bool is_systematic_row = false;
  for (size_t i = 0; i < report->count; i++) {
    const olstm__case_part part = olstm__feature_matrix_part(matrix, row, runtime, i);
    const int rank = rank_of(report->cases[i].result.verdict);
    if (part == OLSTM__PART_NONE || part == OLSTM__PART_OPEN) continue;
    is_systematic_row = is_systematic(column, i);
    cell->judged++;
    cell->passed += part == OLSTM__PART_PASSED;
    if (part == OLSTM__PART_BLAMED_TOGETHER && rank > worst_together) {
      worst_together = rank;
    }
    if (part != OLSTM__PART_BLAMED) continue;
    if (rank > worst_alone) worst_alone = rank;
    // The row of a direction has no other.
    if (is_systematic_row && column->titles[i].feature_count > 0) {
      cell->directions |= 1U << column->titles[i].direction;
    }
  }
  decide(cell, worst_alone, worst_together, is_systematic_row);
}

static bool fill(olstm__feature_matrix* matrix) {
  const olstm__conform_report* report = matrix->report;
  for (size_t r = 0; r < report->count; r++) {
    if (!init_column(&report->runtimes[r], &matrix->columns[r])) return false;
    for (size_t i = 0; i < report->runtimes[r].count; i++) {
      const case_rows rows = rows_of(&matrix->columns[r], &report->runtimes[r], i);
      for (size_t k = 0; k < rows.count; k++) {
        if (!add_row(matrix, &rows.rows[k])) return false;
      }
    }
  }
  if (matrix->row_count > 0) {
    qsort(matrix->rows, matrix->row_count, sizeof *matrix->rows, compare_rows);
  }
  for (size_t row = 0; row < matrix->row_count; row++) {
    for (size_t r = 0; r < report->count; r++) {
      fill_cell(matrix, row, r, &matrix->rows[row].cells[r]);
    }
  }
  return true;
}

olstm_status olstm__feature_matrix_init(const olstm__conform_report* report,
                                        olstm__feature_matrix* out_matrix,
                                        olstm_error* error) {
  *out_matrix = (olstm__feature_matrix){.report = report};
  out_matrix->columns = calloc(report->count + 1, sizeof *out_matrix->columns);
  if (out_matrix->columns && fill(out_matrix)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a matrix");
}

void olstm__feature_matrix_deinit(olstm__feature_matrix* matrix) {
  for (size_t r = 0; matrix->columns && r < matrix->report->count; r++) {
    free(matrix->columns[r].is_titled);
    free(matrix->columns[r].titles);
  }
  for (size_t i = 0; i < matrix->row_count; i++) free(matrix->rows[i].cells);
  free(matrix->columns);
  free(matrix->rows);
  *matrix = (olstm__feature_matrix){.report = NULL};
}

// ---------------------------------------------------------------- words

const char* olstm__cell_state_name(olstm__cell_state state) {
  static const char* const kNames[] = {"open",    "masked", "pass",  "partly",
                                       "refused", "error",  "wrong", "crash"};
  return kNames[state];
}

olstm__cell_text olstm__matrix_cell_text(const olstm__matrix_cell* cell) {
  static const unsigned kAllDirections = (1U << kDirections) - 1;
  olstm__cell_text result;
  char* end = result.text + sizeof result.text;
  char* at = result.text;
  at += snprintf(at, (size_t)(end - at), "%s", olstm__cell_state_name(cell->state));
  if (cell->directions != 0 && cell->directions != kAllDirections) {
    const char* mark = " (";
    for (size_t d = 0; d < kDirections; d++) {
      if (!(cell->directions >> d & 1)) continue;
      at += snprintf(at, (size_t)(end - at), "%s%s", mark,
                     olstm__case_catalog_direction(d));
      mark = ", ";
    }
    at += snprintf(at, (size_t)(end - at), ")");
  }
  if (cell->passed < cell->judged) {
    at += snprintf(at, (size_t)(end - at), " %zu/%zu", cell->passed, cell->judged);
  }
  if (cell->state == OLSTM__CELL_PARTLY) {
    (void)snprintf(at, (size_t)(end - at), " %s", olstm__cell_state_name(cell->worst));
  }
  return result;
}
