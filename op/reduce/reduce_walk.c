// Where the innermost dimension is reduced, each run is folded into one total; where it
// is kept, rows are folded into a row of totals. Short runs (a mask over features) are
// folded several at a time, each in the same order.
#include "op/reduce/reduce_walk.h"

#include <math.h>

#include "op/pieces.h"
#include "op/reduce/reduce_float.h"
#include "op/reduce/reduce_most.h"

/// A run that take_run takes in order, whatever it computes (reduce_fold.c).
enum { kNarrow = 8 };

void olstm__reduce_walk_init(olstm__reduce_walk* walk, olstm__reduce_code code,
                             const olstm_tensor_desc* x, uint32_t axes) {
  int64_t dims[OLSTM_MAX_RANK] = {1};
  bool is_reduced[OLSTM_MAX_RANK] = {false};
  int32_t rank = 0;
  *walk = (olstm__reduce_walk){.fold = olstm__reduce_fold_find(code, x->dtype),
                               .code = code,
                               .dtype = x->dtype,
                               .inner = 1,
                               .kept_count = 1,
                               .reduced_count = 1,
                               .set_count = 1};
  for (int32_t d = 0; d < x->rank; d++) {
    const bool reduced = axes >> d & 1u;
    if (x->dims[d] == 1) continue;
    if (rank > 0 && is_reduced[rank - 1] == reduced) {
      dims[rank - 1] *= x->dims[d];
    } else {
      is_reduced[rank] = reduced;
      dims[rank++] = x->dims[d];
    }
  }
  // Magnitudes of unsigned integers are themselves.
  if (code == OLSTM__REDUCE_L1 && walk->fold->compute_type == OLSTM__COMPUTE_U64) {
    walk->code = OLSTM__REDUCE_SUM;
  }
  int64_t stride = 1;
  if (rank > 0) {
    rank--;
    walk->inner = dims[rank];
    walk->inner_is_reduced = is_reduced[rank];
    stride = dims[rank];
  }
  for (int32_t d = rank - 1; d >= 0; d--) {
    olstm__reduce_axes* part = is_reduced[d] ? &walk->reduced : &walk->kept;
    *(is_reduced[d] ? &walk->reduced_count : &walk->kept_count) *= dims[d];
    part->dims[part->rank] = dims[d];
    part->strides[part->rank++] = stride;
    stride *= dims[d];
  }
  walk->set_count = walk->reduced_count * (walk->inner_is_reduced ? walk->inner : 1);
  walk->is_narrow = walk->inner_is_reduced && walk->inner > 0 && walk->inner <= kNarrow &&
                    walk->reduced.rank == 0 && walk->kept.rank == 1;
}

/// Folds the set at `x` into one total.
static void fold_runs(const olstm__reduce_walk* walk, olstm__reduce_code code,
                      const char* x, const void* shift, void* total) {
  const size_t element_bytes = olstm_dtype_size(walk->dtype);
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0;
  olstm__compute_block values;
  walk->fold->begin(code, walk->dtype, 1, total);
  for (int64_t r = 0; r < walk->reduced_count; r++) {
    for (int64_t begin = 0; begin < walk->inner; begin += OLSTM__COMPUTE_BLOCK) {
      const int64_t count = olstm__compute_block_size(walk->inner - begin);
      olstm__compute_load(walk->fold->compute_type, walk->dtype, count,
                          x + (size_t)(offset + begin) * element_bytes, &values);
      walk->fold->take_run(code, count, &values, shift, total);
    }
    offset = olstm__reduce_axes_advance(&walk->reduced, index, offset);
  }
}

/// Folds `count` neighbouring sets at `x` into a total each.
static void fold_columns(const olstm__reduce_walk* walk, olstm__reduce_code code,
                         int64_t count, const char* x, const void* shifts, void* totals) {
  const size_t element_bytes = olstm_dtype_size(walk->dtype);
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0;
  olstm__compute_block values;
  walk->fold->begin(code, walk->dtype, count, totals);
  for (int64_t r = 0; r < walk->reduced_count; r++) {
    olstm__compute_load(walk->fold->compute_type, walk->dtype, count,
                        x + (size_t)offset * element_bytes, &values);
    walk->fold->take_columns(code, count, &values, shifts, totals);
    offset = olstm__reduce_axes_advance(&walk->reduced, index, offset);
  }
}

/// Folds `count` short runs at `x`, one after the other, into a total each.
static void fold_narrow(const olstm__reduce_walk* walk, olstm__reduce_code code,
                        int64_t count, const char* x, const void* shifts, void* totals) {
  const int64_t inner = walk->inner;
  olstm__compute_block runs;
  olstm__compute_block values;
  olstm__compute_load(walk->fold->compute_type, walk->dtype, count * inner, x, &runs);
  walk->fold->begin(code, walk->dtype, count, totals);
  for (int64_t i = 0; i < inner; i++) {
    // The compute types of all folds are as wide.
    for (int64_t j = 0; j < count; j++) values.i64[j] = runs.i64[j * inner + i];
    walk->fold->take_columns(code, count, &values, shifts, totals);
  }
}

static void fold(const olstm__reduce_walk* walk, olstm__reduce_code code, int64_t count,
                 const char* x, const void* shifts, void* totals) {
  if (walk->is_narrow) {
    fold_narrow(walk, code, count, x, shifts, totals);
  } else if (walk->inner_is_reduced) {
    fold_runs(walk, code, x, shifts, totals);
  } else {
    fold_columns(walk, code, count, x, shifts, totals);
  }
}

/// `count` neighbouring elements of y.
static void reduce_block(const olstm__reduce_walk* walk, int64_t count, const char* x,
                         char* y) {
  olstm__compute_block shifts;
  olstm__compute_block totals;
  if (walk->code == OLSTM__REDUCE_LOG_SUM_EXP) {
    // The largest is subtracted first, so that no exp overflows; infinities are not.
    fold(walk, OLSTM__REDUCE_MAX, count, x, NULL, &shifts);
    for (int64_t j = 0; j < count; j++) {
      if (!isfinite(shifts.f64[j])) shifts.f64[j] = 0;
    }
  }
  fold(walk, walk->code, count, x, &shifts, &totals);
  walk->fold->end(walk->code, walk->set_count, count, &shifts, &totals);
  olstm__compute_store(walk->fold->compute_type, walk->dtype, count, &totals, y);
}

/// One run, of which blocks of results are done at a time.
typedef struct walk_task {
  const olstm__reduce_walk* walk;
  const char* x;
  char* y;
} walk_task;

static void run_narrow(void* argument, int64_t begin, int64_t end) {
  const walk_task* run = argument;
  const olstm__reduce_walk* walk = run->walk;
  const size_t element_bytes = olstm_dtype_size(walk->dtype);
  const int64_t block = OLSTM__COMPUTE_BLOCK / walk->inner;
  for (; begin < end; begin += block) {
    const int64_t left = end - begin;
    reduce_block(walk, left < block ? left : block,
                 run->x + (size_t)(begin * walk->inner) * element_bytes,
                 run->y + (size_t)begin * element_bytes);
  }
}

/// Blocks of the columns of a set of results.
static int64_t block_count(const olstm__reduce_walk* walk) {
  return walk->inner_is_reduced
             ? 1
             : (walk->inner + OLSTM__COMPUTE_BLOCK - 1) / OLSTM__COMPUTE_BLOCK;
}

static void run_blocks(void* argument, int64_t begin, int64_t end) {
  const walk_task* run = argument;
  const olstm__reduce_walk* walk = run->walk;
  const size_t element_bytes = olstm_dtype_size(walk->dtype);
  const int64_t columns = walk->inner_is_reduced ? 1 : walk->inner;
  const int64_t blocks = block_count(walk);
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t block = begin % blocks;
  int64_t offset = olstm__reduce_axes_seek(&walk->kept, begin / blocks, index);
  for (; begin < end; begin++) {
    const int64_t first = block * OLSTM__COMPUTE_BLOCK;
    reduce_block(walk, olstm__compute_block_size(columns - first),
                 run->x + (size_t)(offset + first) * element_bytes,
                 run->y + (size_t)(begin / blocks * columns + first) * element_bytes);
    if (++block < blocks) continue;
    block = 0;
    offset = olstm__reduce_axes_advance(&walk->kept, index, offset);
  }
}

size_t olstm__reduce_walk_workspace(const olstm__reduce_walk* walk) {
  return walk->dtype == OLSTM_DTYPE_FLOAT ? olstm__reduce_float_workspace(walk) : 0;
}

void olstm__reduce_walk_run(const olstm__reduce_walk* walk,
                            const olstm_parallel* parallel, const void* x, void* y,
                            void* workspace) {
  // What an element costs, beside one of OLSTM__PIECE_ELEMENTS.
  enum { kElementsPerElement = 4 };
  walk_task run = {walk, x, y};
  if (walk->dtype == OLSTM_DTYPE_FLOAT) {
    olstm__reduce_float_run(walk, parallel, x, y, workspace);
  } else if (olstm__reduce_most_serves(walk)) {
    olstm__reduce_most_run(walk, x, y);
  } else if (walk->is_narrow) {
    olstm__pieces_run(parallel, walk->kept_count, kElementsPerElement * walk->inner,
                      run_narrow, &run);
  } else {
    const int64_t width = walk->inner_is_reduced ? 1 : OLSTM__COMPUTE_BLOCK;
    olstm__pieces_run(parallel, walk->kept_count * block_count(walk),
                      kElementsPerElement * walk->set_count * width, run_blocks, &run);
  }
}
