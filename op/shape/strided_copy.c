#include "op/shape/strided_copy.h"

#include <string.h>

#include "op/pieces.h"
#include "op/shape/move_bytes.h"
#include "op/shape/transpose_tiles.h"

/// kKindRuns: the innermost dimension is contiguous on both sides. kKindUnits: it is
/// strided on one side or both. kKindTranspose: it is contiguous in the target and
/// strided in the source, where the next dimension is contiguous.
enum { kKindNothing, kKindRuns, kKindUnits, kKindTranspose };

/// What threads share of few planes: so many parts, for transposes one for each thread,
/// of so many rows at least, or of multiples of so many columns.
enum { kPartsPerThread = 4, kLeastPart = 4, kPartStep = 64 };

void olstm__strided_view_init_dense(olstm__strided_view* view, int32_t rank,
                                    const int64_t* dims) {
  int64_t stride = 1;
  view->offset = 0;
  for (int32_t d = rank - 1; d >= 0; d--) {
    view->strides[d] = stride;
    stride *= dims[d];
  }
}

static void set_dim(olstm__strided_copy* copy, int32_t d, int64_t dim, int64_t source,
                    int64_t target) {
  copy->dims[d] = dim;
  copy->source_strides[d] = source;
  copy->target_strides[d] = target;
}

/// Drops dimensions of 1 and joins neighbours that continue each other on both sides.
/// Returns the rank that is left, or -1 when there is nothing to copy.
static int32_t collapse(olstm__strided_copy* copy, int64_t element_bytes, int32_t rank,
                        const int64_t* dims, const olstm__strided_view* source,
                        const olstm__strided_view* target) {
  int32_t used = 0;
  for (int32_t d = 0; d < rank; d++) {
    const int64_t source_stride = source->strides[d] * element_bytes;
    const int64_t target_stride = target->strides[d] * element_bytes;
    if (dims[d] == 0) return -1;
    if (dims[d] == 1) continue;
    if (used > 0 && copy->source_strides[used - 1] == source_stride * dims[d] &&
        copy->target_strides[used - 1] == target_stride * dims[d]) {
      set_dim(copy, used - 1, copy->dims[used - 1] * dims[d], source_stride,
              target_stride);
    } else {
      set_dim(copy, used++, dims[d], source_stride, target_stride);
    }
  }
  return used;
}

static bool is_unit_size(int64_t bytes) {
  return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

/// Moves a dimension that is contiguous in the source next to the innermost one. The
/// order of the outer loops does not matter.
static bool find_transpose(olstm__strided_copy* copy, int32_t rank) {
  if (rank < 2 || copy->target_strides[rank - 1] != copy->unit_bytes) return false;
  for (int32_t d = rank - 2; d >= 0; d--) {
    if (copy->source_strides[d] != copy->unit_bytes) continue;
    const int64_t dim = copy->dims[d];
    const int64_t source = copy->source_strides[d];
    const int64_t target = copy->target_strides[d];
    for (int32_t o = d; o < rank - 2; o++) {
      set_dim(copy, o, copy->dims[o + 1], copy->source_strides[o + 1],
              copy->target_strides[o + 1]);
    }
    set_dim(copy, rank - 2, dim, source, target);
    return true;
  }
  return false;
}

void olstm__strided_copy_init(olstm__strided_copy* copy, size_t element_bytes,
                              int32_t rank, const int64_t* dims,
                              const olstm__strided_view* source,
                              const olstm__strided_view* target) {
  memset(copy, 0, sizeof *copy);
  const int64_t bytes = (int64_t)element_bytes;
  copy->unit_bytes = (int32_t)element_bytes;
  int32_t used = collapse(copy, bytes, rank, dims, source, target);
  if (used < 0) return;
  copy->source_offset = source->offset * bytes;
  copy->target_offset = target->offset * bytes;
  int64_t run_bytes = bytes;
  if (used > 0 && copy->source_strides[used - 1] == bytes &&
      copy->target_strides[used - 1] == bytes) {
    run_bytes = copy->dims[--used] * bytes;
  }
  if (is_unit_size(run_bytes) && used > 0) {
    copy->unit_bytes = (int32_t)run_bytes;
    copy->kind = find_transpose(copy, used) ? kKindTranspose : kKindUnits;
  } else {
    copy->kind = kKindRuns;
    set_dim(copy, used++, run_bytes, 1, 1);
  }
  if (used == 1) {
    set_dim(copy, 1, copy->dims[0], copy->source_strides[0], copy->target_strides[0]);
    set_dim(copy, 0, 1, 0, 0);
    used = 2;
  }
  copy->outer_rank = used - 2;
}

bool olstm__strided_copy_is_plain(const olstm__strided_copy* copy) {
  if (copy->kind == kKindNothing) return true;
  return copy->kind == kKindRuns && copy->outer_rank == 0 && copy->dims[0] == 1 &&
         copy->source_offset == 0 && copy->target_offset == 0;
}

bool olstm__strided_copy_is_run(const olstm__strided_copy* copy, size_t* out_offset) {
  *out_offset = (size_t)copy->source_offset;
  return copy->kind == kKindRuns && copy->outer_rank == 0 && copy->dims[0] == 1 &&
         copy->target_offset == 0;
}

static int64_t plane_count(const olstm__strided_copy* copy) {
  int64_t count = 1;
  for (int32_t d = 0; d < copy->outer_rank; d++) count *= copy->dims[d];
  return count;
}

uint64_t olstm__strided_copy_work(const olstm__strided_copy* copy) {
  enum {
    kUnitsPerPlane = 256,
    kUnitsPerRun = 48,
    kUnitsPerUnit = 4,
    kUnitsPerTransposed = 2
  };
  if (copy->kind == kKindNothing) return 0;
  const uint64_t planes = (uint64_t)plane_count(copy);
  const int64_t* inner = copy->dims + copy->outer_rank;
  return copy->kind == kKindRuns
             ? planes * (uint64_t)(kUnitsPerPlane + inner[0] * kUnitsPerRun)
             : planes * (uint64_t)(kUnitsPerPlane + inner[0] * inner[1] *
                                                        (copy->kind == kKindUnits
                                                             ? kUnitsPerUnit
                                                             : kUnitsPerTransposed));
}

/// The two inner dimensions of a copy.
typedef struct plane {
  int64_t rows;
  int64_t columns;
  int64_t source_row;
  int64_t source_column;
  int64_t target_row;
  int64_t target_column;
} plane;

typedef void (*plane_function)(const plane* p, const char* source, char* target);

static void copy_runs(const plane* p, const char* source, char* target) {
  for (int64_t r = 0; r < p->rows; r++) {
    olstm__move_bytes(target + r * p->target_row, source + r * p->source_row,
                      (size_t)p->columns);
  }
}

// Units may be unaligned (two floats moved as eight bytes), hence memcpy of a constant
// size, which compilers turn into one load and one store.
#define MOVE_NEXT(BYTES) (memcpy(t, s, (BYTES)), s += from_step, t += to_step)
#define DEFINE_UNITS(BYTES)                                                          \
  static void copy_units_##BYTES(const plane* p, const char* source, char* target) { \
    const int64_t from_step = p->source_column, to_step = p->target_column;          \
    const int64_t columns = p->columns;                                              \
    for (int64_t r = 0; r < p->rows; r++) {                                          \
      const char* s = source + r * p->source_row;                                    \
      char* t = target + r * p->target_row;                                          \
      if (from_step == 0 && to_step == (BYTES)) {                                    \
        olstm__fill_elements(t, (size_t)columns, (BYTES), s);                        \
      } else {                                                                       \
        int64_t c = 0;                                                               \
        for (; c + 4 <= columns; c += 4) {                                           \
          MOVE_NEXT(BYTES);                                                          \
          MOVE_NEXT(BYTES);                                                          \
          MOVE_NEXT(BYTES);                                                          \
          MOVE_NEXT(BYTES);                                                          \
        }                                                                            \
        for (; c < columns; c++) MOVE_NEXT(BYTES);                                   \
      }                                                                              \
    }                                                                                \
  }

DEFINE_UNITS(1)
DEFINE_UNITS(2)
DEFINE_UNITS(4)
DEFINE_UNITS(8)

static void transpose(const plane* p, const char* source, char* target) {
  const int kind = p->target_column == 1   ? 0
                   : p->target_column == 2 ? 1
                   : p->target_column == 4 ? 2
                                           : 3;
  olstm__transpose_tiles_f32_plain[kind](p->rows, p->columns, source, p->source_column,
                                         target, p->target_row);
}

static plane_function choose_function(const olstm__strided_copy* copy) {
  if (copy->kind == kKindRuns) return copy_runs;
  if (copy->kind == kKindTranspose) return transpose;
  switch (copy->unit_bytes) {
    case 1:
      return copy_units_1;
    case 2:
      return copy_units_2;
    case 4:
      return copy_units_4;
    default:
      return copy_units_8;
  }
}

/// The order of loops over units does not matter: the longer one is the inner one.
static void put_longer_inside(plane* p) {
  if (p->columns >= p->rows) return;
  *p = (plane){p->columns,    p->rows,          p->source_column,
               p->source_row, p->target_column, p->target_row};
}

/// One run of a copy, of which planes, or parts of one, are done at a time.
typedef struct copy_task {
  const olstm__strided_copy* copy;
  plane_function copy_plane;
  plane whole;
  const char* source;
  char* target;
  /// Parts of each plane, of so many rows or columns.
  int64_t parts, part;
  bool by_rows;
} copy_task;

static void copy_part(const copy_task* task, int64_t part, const char* s, char* t) {
  plane p = task->whole;
  const int64_t first = part * task->part;
  int64_t* length = task->by_rows ? &p.rows : &p.columns;
  s += first * (task->by_rows ? p.source_row : p.source_column);
  t += first * (task->by_rows ? p.target_row : p.target_column);
  *length = *length - first < task->part ? *length - first : task->part;
  task->copy_plane(&p, s, t);
}

static void run_parts(void* argument, int64_t begin, int64_t end) {
  const copy_task* task = argument;
  const olstm__strided_copy* copy = task->copy;
  const char* s = task->source;
  char* t = task->target;
  int64_t index[OLSTM__STRIDED_MAX_RANK] = {0};
  int64_t part = begin % task->parts, rest = begin / task->parts;
  for (int32_t d = copy->outer_rank - 1; d >= 0 && rest > 0; d--) {
    index[d] = rest % copy->dims[d];
    rest /= copy->dims[d];
    s += copy->source_strides[d] * index[d];
    t += copy->target_strides[d] * index[d];
  }
  for (; begin < end; begin++) {
    if (task->parts == 1) {
      task->copy_plane(&task->whole, s, t);
    } else {
      copy_part(task, part, s, t);
    }
    if (++part < task->parts) continue;
    part = 0;
    for (int32_t d = copy->outer_rank - 1; d >= 0; d--) {
      s += copy->source_strides[d];
      t += copy->target_strides[d];
      if (++index[d] < copy->dims[d]) break;
      s -= copy->source_strides[d] * copy->dims[d];
      t -= copy->target_strides[d] * copy->dims[d];
      index[d] = 0;
    }
  }
}

/// Divides planes where they are few. Gives the elements that a part stands for.
static int64_t divide(copy_task* task, int64_t planes, int64_t threads) {
  const olstm__strided_copy* copy = task->copy;
  const plane* p = &task->whole;
  const bool is_transpose = copy->kind == kKindTranspose;
  const int64_t unit_bytes = copy->kind == kKindRuns ? 1 : copy->unit_bytes;
  const uint64_t bytes = olstm__op_work(planes, p->rows, p->columns, unit_bytes);
  const int64_t wanted = threads * (is_transpose ? 1 : kPartsPerThread) / planes;
  if (wanted > 1) {
    // Parts lie one after the other where they are written, or they are long: threads
    // that write to the same cache lines wait for each other.
    task->by_rows = p->target_row > p->target_column ? p->rows >= wanted * kLeastPart
                                                     : p->columns < wanted * kLeastPart;
    const int64_t length = task->by_rows ? p->rows : p->columns;
    const int64_t step = task->by_rows ? 1 : kPartStep;
    task->part = ((length + wanted - 1) / wanted + step - 1) / step * step;
    task->parts = (length + task->part - 1) / task->part;
  }
  // Bytes are read and written, as olstm__op_copy_work has it. Tiles of bytes take a
  // quarter of what is counted.
  const int32_t shift = is_transpose && copy->unit_bytes == 1 ? 2 : 0;
  const uint64_t work = (olstm__strided_copy_work(copy) + bytes / 4 * 3) >> shift;
  return olstm__piece_elements(work, planes * task->parts);
}

void olstm__strided_copy_run(const olstm__strided_copy* copy,
                             const olstm_parallel* parallel, const void* source,
                             void* target) {
  if (copy->kind == kKindNothing) return;
  const int32_t outer = copy->outer_rank;
  const plane p = {copy->dims[outer],           copy->dims[outer + 1],
                   copy->source_strides[outer], copy->source_strides[outer + 1],
                   copy->target_strides[outer], copy->target_strides[outer + 1]};
  const int64_t planes = plane_count(copy);
  copy_task task = {.copy = copy,
                    .copy_plane = choose_function(copy),
                    .whole = p,
                    .source = (const char*)source + copy->source_offset,
                    .target = (char*)target + copy->target_offset,
                    .parts = 1,
                    .part = INT64_MAX};
  if (copy->kind == kKindUnits) put_longer_inside(&task.whole);
  const int64_t threads = parallel ? parallel->thread_count : 1;
  const int64_t elements = threads > 1 ? divide(&task, planes, threads) : 0;
  olstm__pieces_run(parallel, planes * task.parts, elements, run_parts, &task);
}
