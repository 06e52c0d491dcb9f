// Sets whose elements are neighbours are folded row by row, others column by column, in
// strips of columns. Long rows are folded in chunks, whose totals are added up in order.
#include "op/reduce/reduce_float.h"

#include <math.h>

#include "op/math/float_fold.h"
#include "op/math/vector_math.h"
#include "op/pieces.h"

enum {
  // Elements of a row that are folded at a time, by one thread.
  kChunk = 16384,
  // Results that are made at a time; most columns of a strip.
  kBlock = 512,
  // Floats of a cache line.
  kLine = 16,
  // Elements that go through exp at a time.
  kExpBlock = 256
};

/// One run.
typedef struct float_run {
  const olstm__reduce_walk* walk;
  const olstm__float_fold* fold;
  olstm__fold_kind kind;
  const float* x;
  float* y;
  /// Totals of chunks; NULL where no row is shared.
  double* chunks;
} float_run;

static bool takes_most(olstm__reduce_code code) {
  return code == OLSTM__REDUCE_MAX || code == OLSTM__REDUCE_MIN;
}

/// Which of the extremes' functions.
static int least_index(olstm__reduce_code code) {
  return code == OLSTM__REDUCE_MIN;
}

static olstm__fold_kind kind_of(olstm__reduce_code code) {
  switch (code) {
    case OLSTM__REDUCE_PROD:
      return OLSTM__FOLD_PRODUCT;
    case OLSTM__REDUCE_L1:
      return OLSTM__FOLD_ABS;
    case OLSTM__REDUCE_L2:
    case OLSTM__REDUCE_SUM_SQUARE:
      return OLSTM__FOLD_SQUARE;
    default:
      return OLSTM__FOLD_SUM;
  }
}

static double neutral_of(const float_run* run) {
  return run->kind == OLSTM__FOLD_PRODUCT ? 1.0 : 0.0;
}

static void join(const float_run* run, double part, double* total) {
  *total = run->kind == OLSTM__FOLD_PRODUCT ? *total * part : *total + part;
}

static float finish(const olstm__reduce_walk* walk, double total) {
  switch (walk->code) {
    case OLSTM__REDUCE_MEAN:
      return (float)(total / (double)walk->set_count);
    case OLSTM__REDUCE_L2:
      return (float)sqrt(total);
    case OLSTM__REDUCE_LOG_SUM:
      return (float)log(total);
    default:
      return (float)total;
  }
}

static void finish_all(const olstm__reduce_walk* walk, int64_t count,
                       const double* totals, float* y) {
  if (walk->code == OLSTM__REDUCE_MEAN) {
    const double divisor = (double)walk->set_count;
#pragma omp simd
    for (int64_t j = 0; j < count; j++) y[j] = (float)(totals[j] / divisor);
    return;
  }
  for (int64_t j = 0; j < count; j++) y[j] = finish(walk, totals[j]);
}

// ---------------------------------------------------------------- rows

/// Chunks of a row.
static int64_t chunk_count(const olstm__reduce_walk* walk) {
  return (walk->inner + kChunk - 1) / kChunk;
}

/// Whether a few long rows are all there is: threads share each.
static bool shares_rows(const olstm__reduce_walk* walk) {
  return walk->inner_is_reduced && walk->reduced_count == 1 && walk->kept_count < 4 &&
         chunk_count(walk) > 1 && !takes_most(walk->code) &&
         walk->code != OLSTM__REDUCE_LOG_SUM_EXP;
}

static double fold_chunk(const float_run* run, const float* row, int64_t chunk) {
  const int64_t begin = chunk * kChunk;
  const int64_t left = run->walk->inner - begin;
  double part = 0;
  run->fold->rows[run->kind](1, 0, left < kChunk ? left : kChunk, row + begin, 0, &part);
  return part;
}

/// The largest (or least) of a set.
static float most_of_set(const float_run* run, const float* x) {
  const olstm__reduce_walk* walk = run->walk;
  const int least = least_index(walk->code);
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0;
  float most = least ? INFINITY : -INFINITY;
  for (int64_t r = 0; r < walk->reduced_count; r++) {
    float part = 0;
    run->fold->most_of_rows[least](1, 0, walk->inner, x + offset, &part);
    run->fold->most_of_columns[least](1, 0, 1, &part, &most);
    offset = olstm__reduce_axes_advance(&walk->reduced, index, offset);
  }
  return most;
}

static double sum_of_exps(const float_run* run, int64_t count, const float* x,
                          float shift) {
  float exps[kExpBlock];
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += kExpBlock) {
    const int64_t left = count - begin;
    const int64_t size = left < kExpBlock ? left : kExpBlock;
    double part = 0;
    olstm__vector_exp_shifted_f32((size_t)size, x + begin, shift, exps);
    run->fold->rows[OLSTM__FOLD_SUM](1, 0, size, exps, 0, &part);
    total += part;
  }
  return total;
}

/// All but the innermost one.
static olstm__reduce_axes outer_axes(const olstm__reduce_axes* axes) {
  olstm__reduce_axes outer = {.rank = axes->rank > 0 ? axes->rank - 1 : 0};
  for (int32_t d = 0; d < outer.rank; d++) {
    outer.dims[d] = axes->dims[d + 1];
    outer.strides[d] = axes->strides[d + 1];
  }
  return outer;
}

/// Takes in short rows that are evenly apart, in order.
static void take_even_rows(const float_run* run, int64_t rows, int64_t stride,
                           const float* x, double* total) {
  double parts[kBlock];
  for (int64_t r = 0; r < rows; r += kBlock) {
    const int64_t count = rows - r < kBlock ? rows - r : kBlock;
    run->fold->rows[run->kind](count, stride, run->walk->inner, x + r * stride, 0, parts);
    for (int64_t j = 0; j < count; j++) join(run, parts[j], total);
  }
}

/// The result of one set of rows.
static float reduce_set(const float_run* run, const float* x) {
  const olstm__reduce_walk* walk = run->walk;
  const bool is_exp = walk->code == OLSTM__REDUCE_LOG_SUM_EXP;
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0;
  double total = neutral_of(run);
  float most = 0;
  if (takes_most(walk->code)) return most_of_set(run, x);
  if (is_exp) {
    // The largest goes out first, so that no exp overflows; infinities stay in.
    most = most_of_set(run, x);
    if (!isfinite(most)) most = 0;
  }
  if (!is_exp && walk->reduced.rank > 0 && walk->inner <= kChunk) {
    const olstm__reduce_axes outer = outer_axes(&walk->reduced);
    const int64_t rows = walk->reduced.dims[0];
    for (int64_t r = 0; r < walk->reduced_count; r += rows) {
      take_even_rows(run, rows, walk->reduced.strides[0], x + offset, &total);
      offset = olstm__reduce_axes_advance(&outer, index, offset);
    }
    return finish(walk, total);
  }
  for (int64_t r = 0; r < walk->reduced_count; r++) {
    if (is_exp) {
      total += sum_of_exps(run, walk->inner, x + offset, most);
    } else {
      for (int64_t c = 0; c < chunk_count(walk); c++) {
        join(run, fold_chunk(run, x + offset, c), &total);
      }
    }
    offset = olstm__reduce_axes_advance(&walk->reduced, index, offset);
  }
  return is_exp ? (float)(log(total) + (double)most) : finish(walk, total);
}

/// Sets begin..end-1 of one short row each, all at the same distance.
static void reduce_even_rows(const float_run* run, int64_t begin, int64_t end) {
  const olstm__reduce_walk* walk = run->walk;
  const int64_t stride = walk->kept.strides[0];
  double totals[kBlock];
  for (; begin < end; begin += kBlock) {
    const int64_t count = end - begin < kBlock ? end - begin : kBlock;
    const float* x = run->x + begin * stride;
    float* y = run->y + begin;
    if (takes_most(walk->code)) {
      run->fold->most_of_rows[least_index(walk->code)](count, stride, walk->inner, x, y);
      continue;
    }
    run->fold->rows[run->kind](count, stride, walk->inner, x, 0, totals);
    finish_all(walk, count, totals, y);
  }
}

static void reduce_rows(void* argument, int64_t begin, int64_t end) {
  const float_run* run = argument;
  const olstm__reduce_walk* walk = run->walk;
  int64_t index[OLSTM_MAX_RANK];
  if (walk->reduced_count == 1 && walk->kept.rank == 1 && walk->inner <= kChunk &&
      walk->code != OLSTM__REDUCE_LOG_SUM_EXP) {
    reduce_even_rows(run, begin, end);
    return;
  }
  int64_t offset = olstm__reduce_axes_seek(&walk->kept, begin, index);
  for (int64_t k = begin; k < end; k++) {
    run->y[k] = reduce_set(run, run->x + offset);
    offset = olstm__reduce_axes_advance(&walk->kept, index, offset);
  }
}

static void reduce_chunks(void* argument, int64_t begin, int64_t end) {
  const float_run* run = argument;
  const int64_t count = chunk_count(run->walk);
  for (int64_t c = begin; c < end; c++) {
    int64_t index[OLSTM_MAX_RANK];
    const int64_t offset = olstm__reduce_axes_seek(&run->walk->kept, c / count, index);
    run->chunks[c] = fold_chunk(run, run->x + offset, c % count);
  }
}

static void run_shared_rows(float_run* run, const olstm_parallel* parallel) {
  const int64_t count = chunk_count(run->walk);
  olstm__pieces_run(parallel, run->walk->kept_count * count, kChunk, reduce_chunks, run);
  for (int64_t k = 0; k < run->walk->kept_count; k++) {
    double total = neutral_of(run);
    for (int64_t c = 0; c < count; c++) join(run, run->chunks[k * count + c], &total);
    run->y[k] = finish(run->walk, total);
  }
}

// ---------------------------------------------------------------- columns

/// Calls that fold rows of the reduced dimensions into `count` columns at x: the largest,
/// a sum, or a sum of exps.
typedef void (*take_rows)(const float_run* run, int64_t rows, int64_t stride,
                          int64_t count, const float* x, const float* shifts,
                          void* totals);

static void take_sums(const float_run* run, int64_t rows, int64_t stride, int64_t count,
                      const float* x, const float* shifts, void* totals) {
  (void)shifts;
  run->fold->columns[run->kind](rows, stride, count, x, totals);
}

static void take_most(const float_run* run, int64_t rows, int64_t stride, int64_t count,
                      const float* x, const float* shifts, void* most) {
  (void)shifts;
  run->fold->most_of_columns[least_index(run->walk->code)](rows, stride, count, x, most);
}

static void take_exps(const float_run* run, int64_t rows, int64_t stride, int64_t count,
                      const float* x, const float* shifts, void* totals) {
  float exps[kBlock];
  for (int64_t r = 0; r < rows; r++, x += stride) {
#pragma omp simd
    for (int64_t j = 0; j < count; j++) exps[j] = x[j] - shifts[j];
    olstm__vector_exp_shifted_f32((size_t)count, exps, 0, exps);
    run->fold->columns[OLSTM__FOLD_SUM](1, 0, count, exps, totals);
  }
}

static void take_all_rows(const float_run* run, int64_t count, const float* x,
                          take_rows take, const float* shifts, void* totals) {
  const olstm__reduce_axes* reduced = &run->walk->reduced;
  // The innermost of the reduced dimensions goes to the loops as it is.
  const olstm__reduce_axes outer = outer_axes(reduced);
  const int64_t rows = reduced->rank > 0 ? reduced->dims[0] : 1;
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0;
  if (rows == 0) return;
  for (int64_t r = 0; r < run->walk->reduced_count; r += rows) {
    take(run, rows, reduced->strides[0], count, x + offset, shifts, totals);
    offset = olstm__reduce_axes_advance(&outer, index, offset);
  }
}

/// `count` neighbouring results.
static void reduce_strip(const float_run* run, int64_t count, const float* x, float* y) {
  const olstm__reduce_walk* walk = run->walk;
  double totals[kBlock];
  float shifts[kBlock];
  if (takes_most(walk->code) || walk->code == OLSTM__REDUCE_LOG_SUM_EXP) {
    float* most = takes_most(walk->code) ? y : shifts;
    const float first = least_index(walk->code) ? INFINITY : -INFINITY;
    for (int64_t j = 0; j < count; j++) most[j] = first;
    take_all_rows(run, count, x, take_most, NULL, most);
  }
  if (takes_most(walk->code)) return;
  for (int64_t j = 0; j < count; j++) totals[j] = neutral_of(run);
  if (walk->code == OLSTM__REDUCE_LOG_SUM_EXP) {
    for (int64_t j = 0; j < count; j++) shifts[j] = isfinite(shifts[j]) ? shifts[j] : 0;
    take_all_rows(run, count, x, take_exps, shifts, totals);
    for (int64_t j = 0; j < count; j++)
      y[j] = (float)(log(totals[j]) + (double)shifts[j]);
    return;
  }
  take_all_rows(run, count, x, take_sums, NULL, totals);
  finish_all(walk, count, totals, y);
}

static int64_t strip_count(const olstm__reduce_walk* walk) {
  return (walk->inner + kBlock - 1) / kBlock;
}

/// Columns of a strip: all of about the same width.
static int64_t strip_width(const olstm__reduce_walk* walk) {
  const int64_t even = (walk->inner + strip_count(walk) - 1) / strip_count(walk);
  return (even + kLine - 1) / kLine * kLine;
}

static void reduce_strips(void* argument, int64_t begin, int64_t end) {
  const float_run* run = argument;
  const olstm__reduce_walk* walk = run->walk;
  const int64_t strips = strip_count(walk);
  const int64_t width = strip_width(walk);
  int64_t index[OLSTM_MAX_RANK];
  int64_t offset = olstm__reduce_axes_seek(&walk->kept, begin / strips, index);
  int64_t strip = begin % strips;
  for (int64_t item = begin; item < end; item++) {
    const int64_t column = strip * width;
    const int64_t left = walk->inner - column;
    reduce_strip(run, left < width ? left : width, run->x + offset + column,
                 run->y + item / strips * walk->inner + column);
    if (++strip < strips) continue;
    strip = 0;
    offset = olstm__reduce_axes_advance(&walk->kept, index, offset);
  }
}

// ----------------------------------------------------------------

size_t olstm__reduce_float_workspace(const olstm__reduce_walk* walk) {
  if (!shares_rows(walk)) return 0;
  return (size_t)(walk->kept_count * chunk_count(walk)) * sizeof(double);
}

void olstm__reduce_float_run(const olstm__reduce_walk* walk,
                             const olstm_parallel* parallel, const float* x, float* y,
                             double* workspace) {
  float_run run = {walk, olstm__float_fold_get(), kind_of(walk->code), x, y, workspace};
  if (parallel && shares_rows(walk)) {
    run_shared_rows(&run, parallel);
  } else if (walk->inner_is_reduced) {
    olstm__pieces_run(parallel, walk->kept_count, walk->set_count, reduce_rows, &run);
  } else {
    olstm__pieces_run(parallel, walk->kept_count * strip_count(walk),
                      walk->set_count * strip_width(walk), reduce_strips, &run);
  }
}
