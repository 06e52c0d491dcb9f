#include "op/shape/index_copy.h"

#include "op/shape/move_bytes.h"

/// kRunFill: from nowhere. kRunCopy: neighbours in the source, too. kRunTwice: pairs of
/// the same, which are neighbours in the source. kRunTable: any.
enum { kRunFill, kRunCopy, kRunTwice, kRunTable };

/// From so many neighbours on a run of their own pays.
enum { kLongRun = 8 };

bool olstm__index_copy_measure(const olstm_tensor_desc* target, size_t* out_bytes) {
  const int32_t rank = target->rank;
  size_t words = 2;
  // Runs are of the last axis that is not part of a unit: any of them.
  size_t most_runs = 1;
  for (int32_t d = 0; d < rank; d++) {
    const size_t dim = (size_t)target->dims[d];
    if (!olstm_size_add(words, dim, &words)) return false;
    if (dim > most_runs) most_runs = dim;
  }
  size_t run_bytes = 0;
  return olstm_size_multiply(words, sizeof(int64_t), out_bytes) &&
         olstm_size_multiply(most_runs, sizeof(olstm__index_run), &run_bytes) &&
         olstm_size_add(*out_bytes, run_bytes, out_bytes);
}

void olstm__index_copy_init(olstm__index_copy* copy, const olstm_tensor_desc* source,
                            const olstm_tensor_desc* target, void* memory) {
  int64_t* words = memory;
  const int32_t rank = target->rank;
  int64_t stride = (int64_t)olstm_dtype_size(target->dtype);
  memset(copy, 0, sizeof *copy);
  copy->unit_bytes = copy->element_bytes = (size_t)stride;
  // An axis of 1 comes first, and for a scalar another one.
  copy->rank = rank > 0 ? rank + 1 : 2;
  copy->dims[0] = copy->dims[copy->rank - 1] = 1;
  for (int32_t d = 0; d < rank; d++) copy->dims[d + 1] = target->dims[d];
  for (int32_t d = copy->rank - 1; d >= 0; d--) {
    copy->strides[d] = stride;
    stride *= d > 0 && d <= rank ? source->dims[d - 1] : 1;
    copy->tables[d] = words;
    words += copy->dims[d];
  }
  copy->tables[0][0] = copy->tables[copy->rank - 1][0] = 0;
  copy->runs = (olstm__index_run*)(void*)words;
}

static bool counts_up(const int64_t* table, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (table[i] != table[0] + i) return false;
  }
  return true;
}

static bool counts_twice(const int64_t* table, int64_t count) {
  if (table[0] == OLSTM__INDEX_OUTSIDE || count % 2 != 0) return false;
  for (int64_t i = 0; i < count; i++) {
    if (table[i] != table[0] + i / 2) return false;
  }
  return true;
}

static void add_run(olstm__index_copy* copy, int32_t kind, int64_t first, int64_t count) {
  if (count > 0) copy->runs[copy->run_count++] = (olstm__index_run){kind, first, count};
}

static void find_runs(olstm__index_copy* copy) {
  const int64_t* table = copy->tables[copy->rank - 1];
  const int64_t count = copy->dims[copy->rank - 1];
  // Entries before `begin` have their runs; those up to i go one by one.
  int64_t begin = 0;
  int64_t length = 0;
  if (counts_twice(table, count)) {
    add_run(copy, kRunTwice, 0, count);
    return;
  }
  for (int64_t i = 0; i < count; i += length) {
    const bool is_outside = table[i] == OLSTM__INDEX_OUTSIDE;
    for (length = 1; i + length < count; length++) {
      if (table[i + length] != (is_outside ? table[i] : table[i] + length)) break;
    }
    if (!is_outside && length < kLongRun) continue;
    add_run(copy, kRunTable, begin, i - begin);
    add_run(copy, is_outside ? kRunFill : kRunCopy, i, length);
    begin = i + length;
  }
  add_run(copy, kRunTable, begin, count - begin);
}

void olstm__index_copy_finish(olstm__index_copy* copy) {
  // Axes at the end that stay as they are go into the unit.
  while (copy->rank > 2) {
    const int32_t last = copy->rank - 1;
    const int64_t dim = copy->dims[last];
    if (copy->tables[last][0] != 0 || !counts_up(copy->tables[last], dim) ||
        copy->strides[last - 1] != dim * copy->strides[last]) {
      break;
    }
    copy->unit_bytes *= (size_t)dim;
    copy->rank--;
  }
  find_runs(copy);
}

// Elements of a size that compilers know.
#define COPY_UNITS(TYPE)                                                                \
  do {                                                                                  \
    const TYPE* from = (const TYPE*)(const void*)source;                                \
    TYPE* to = (TYPE*)(void*)target;                                                    \
    if (run->kind == kRunTwice) {                                                       \
      from += table[0];                                                                 \
      OMP_SIMD                                                                          \
      for (int64_t i = 0; i < run->count / 2; i++) to[2 * i] = to[2 * i + 1] = from[i]; \
    } else {                                                                            \
      for (int64_t i = 0; i < run->count; i++) to[i] = from[table[i]];                  \
    }                                                                                   \
  } while (0)
#define OMP_SIMD _Pragma("omp simd")

/// A run of single units, by the table.
static void copy_by_table(const olstm__index_run* run, size_t unit, const int64_t* table,
                          const char* source, char* target) {
  switch (unit) {
    case 1:
      COPY_UNITS(uint8_t);
      break;
    case 2:
      COPY_UNITS(uint16_t);
      break;
    case 4:
      COPY_UNITS(uint32_t);
      break;
    case 8:
      COPY_UNITS(uint64_t);
      break;
    default:
      for (int64_t i = 0; i < run->count; i++, target += unit) {
        olstm__move_bytes(target, source + (size_t)table[i] * unit, unit);
      }
      break;
  }
}

/// Whether rows are of pairs of the same, all of them floats or as wide.
static bool is_of_pairs(const olstm__index_copy* copy) {
  return copy->run_count == 1 && copy->runs[0].kind == kRunTwice &&
         copy->unit_bytes == sizeof(uint32_t);
}

/// Such a row, and another one of the same.
static void copy_pairs_twice(int64_t count, const uint32_t* from, uint32_t* to,
                             uint32_t* next) {
  OMP_SIMD
  for (int64_t i = 0; i < count / 2; i++) {
    to[2 * i] = to[2 * i + 1] = next[2 * i] = next[2 * i + 1] = from[i];
  }
}

static void copy_row(const olstm__index_copy* copy, const void* fill, const char* source,
                     char* target) {
  const size_t unit = copy->unit_bytes;
  const int64_t* table = copy->tables[copy->rank - 1];
  for (int64_t r = 0; r < copy->run_count; r++) {
    const olstm__index_run* run = &copy->runs[r];
    const size_t bytes = (size_t)run->count * unit;
    if (run->kind == kRunFill) {
      olstm__fill_elements(target, bytes / copy->element_bytes, copy->element_bytes,
                           fill);
    } else if (run->kind == kRunCopy) {
      olstm__move_bytes(target, source + (size_t)table[run->first] * unit, bytes);
    } else {
      copy_by_table(run, unit, table + run->first, source, target);
    }
    target += bytes;
  }
}

/// Rows along the axis before the last: those that come from where the one before came
/// from are copies of it. They wait for some others, since what was just stored in pieces
/// is slow to load.
static void copy_rows(const olstm__index_copy* copy, const void* fill, bool is_outside,
                      const char* source, char* target) {
  enum { kTogether = 16 };
  const int32_t axis = copy->rank - 2;
  const int64_t count = copy->dims[axis];
  const size_t bytes = (size_t)copy->dims[axis + 1] * copy->unit_bytes;
  const int64_t* table = copy->tables[axis];
  const bool has_pairs = is_of_pairs(copy);
  for (int64_t first = 0; first < count; first += kTogether) {
    const int64_t end = count - first < kTogether ? count : first + kTogether;
    bool has_copies = false;
    for (int64_t i = first; i < end; i++) {
      char* to = target + (size_t)i * bytes;
      if (i > 0 && (is_outside || table[i] == table[i - 1])) {
        has_copies = true;
      } else if (is_outside || table[i] == OLSTM__INDEX_OUTSIDE) {
        olstm__fill_elements(to, bytes / copy->element_bytes, copy->element_bytes, fill);
      } else {
        const char* from = source + table[i] * copy->strides[axis];
        if (has_pairs && i + 1 < end && table[i + 1] == table[i]) {
          from += copy->tables[axis + 1][0] * (int64_t)sizeof(uint32_t);
          copy_pairs_twice(copy->runs[0].count, (const uint32_t*)(const void*)from,
                           (uint32_t*)(void*)to, (uint32_t*)(void*)(to + bytes));
          i++;
        } else {
          copy_row(copy, fill, from, to);
        }
      }
    }
    for (int64_t i = first; i < end && has_copies; i++) {
      char* to = target + (size_t)i * bytes;
      if (i > 0 && (is_outside || table[i] == table[i - 1])) {
        memcpy(to, to - bytes, bytes);
      }
    }
  }
}

void olstm__index_copy_run(const olstm__index_copy* copy, const void* fill,
                           const void* source, void* target) {
  const int32_t outer = copy->rank - 2;
  const size_t bytes =
      (size_t)(copy->dims[outer] * copy->dims[outer + 1]) * copy->unit_bytes;
  int64_t index[OLSTM_MAX_RANK + 1] = {0};
  char* to = target;
  int32_t d = 0;
  do {
    const char* from = source;
    bool is_outside = false;
    for (int32_t a = 0; a < outer; a++) {
      const int64_t position = copy->tables[a][index[a]];
      is_outside = is_outside || position == OLSTM__INDEX_OUTSIDE;
      from += is_outside ? 0 : position * copy->strides[a];
    }
    copy_rows(copy, fill, is_outside, from, to);
    to += bytes;
    for (d = outer - 1; d >= 0 && ++index[d] == copy->dims[d]; d--) index[d] = 0;
  } while (d >= 0);
}
