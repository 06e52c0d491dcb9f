// Softmax, LogSoftmax and Hardmax along one axis; before opset 13, over the dimensions
// from axis on as one.
#include <math.h>
#include <string.h>

#include "op/elementwise/compute_type.h"
#include "op/math/vector_math.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/op_work.h"
#include "op/pieces.h"
#include "op/reduce/arg_fold.h"
#include "op/shape/move_bytes.h"
#include "op/shape/strided_copy.h"

enum { kCodeSoftmax, kCodeLogSoftmax, kCodeHardmax };
enum {
  kPartialCount = 8,
  /// Of work, of a row besides its elements: floats, doubles, halves.
  kUnitsPerRow = 64,
  kUnitsPerDoubleRow = 192,
  kUnitsPerHalfRow = 1024
};

/// Fewer columns of floats than these are transposed first: to rows, or, where slabs are
/// many and have no more rows than this, to one row for all slabs; so are rows of few
/// elements.
enum { kFewColumns = 8, kFewInARow = 16, kJoinedRows = 256, kFewSlabs = 16 };

typedef struct softmax_op {
  olstm__op_base base;
  int64_t axis;
  bool flattens;
} softmax_op;

/// The input as [slab_count, rows, columns], along the rows.
typedef struct softmax_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  olstm__compute_type compute_type;
  int64_t slab_count;
  int64_t rows;
  int64_t columns;
  /// Slabs of floats that lie side by side first, so that vectors take several; 0: none.
  int64_t joined;
  /// Whether columns of floats become rows, and how they do and come back.
  bool transposes;
  olstm__strided_copy transpose;
  olstm__strided_copy transpose_back;
  /// What threads share: slabs, or as many as are joined; the memory of a piece, and how
  /// many have some.
  int64_t item_count;
  size_t piece_bytes;
  int32_t piece_count;
} softmax_handle;

static double find_most_f64(int64_t count, const double* x) {
  double most[4] = {x[0], x[0], x[0], x[0]};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int p = 0; p < 4; p++) most[p] = x[i + p] > most[p] ? x[i + p] : most[p];
  }
  for (; i < count; i++) most[0] = x[i] > most[0] ? x[i] : most[0];
  for (int p = 1; p < 4; p++) most[0] = most[p] > most[0] ? most[p] : most[0];
  return most[0];
}

/// In partial sums side by side, so that one need not wait for the other.
static double add_up_f64(int64_t count, const double* x) {
  double sums[kPartialCount] = {0};
  int64_t i = 0;
  for (; i + kPartialCount <= count; i += kPartialCount) {
    for (int s = 0; s < kPartialCount; s++) sums[s] += x[i + s];
  }
  for (; i < count; i++) sums[0] += x[i];
  for (int s = 1; s < kPartialCount; s++) sums[0] += sums[s];
  return sums[0];
}

/// One column: x and y are contiguous.
static void softmax_row_f64(int64_t count, const double* x, double* y, bool log_wanted) {
  double block[OLSTM__COMPUTE_BLOCK];
  const double most = find_most_f64(count, x);
  double sum = 0;
  for (int64_t begin = 0; begin < count; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - begin);
    double* exps = log_wanted ? block : y + begin;
    for (int64_t i = 0; i < size; i++) exps[i] = exp(x[begin + i] - most);
    sum += add_up_f64(size, exps);
  }
  if (log_wanted) {
    const double log_sum = log(sum);
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] = x[i] - most - log_sum;
  } else {
    const double scale = 1 / sum;
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] *= scale;
  }
}

/// Up to a block of columns side by side; `stride` elements from row to row.
static void softmax_columns_f64(int64_t rows, int64_t columns, int64_t stride,
                                const double* x, double* y, bool log_wanted) {
  double most[OLSTM__COMPUTE_BLOCK];
  double exps[OLSTM__COMPUTE_BLOCK];
  double sums[OLSTM__COMPUTE_BLOCK] = {0};
  for (int64_t j = 0; j < columns; j++) most[j] = x[j];
  for (int64_t i = 1; i < rows; i++) {
    const double* row = x + i * stride;
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) most[j] = row[j] > most[j] ? row[j] : most[j];
  }
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) exps[j] = exp(x[i * stride + j] - most[j]);
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) sums[j] += exps[j];
    if (log_wanted) continue;
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) y[i * stride + j] = exps[j];
  }
  for (int64_t j = 0; j < columns; j++) {
    exps[j] = log_wanted ? log(sums[j]) : 1 / sums[j];
  }
  for (int64_t i = 0; i < rows; i++) {
    const double* from = x + i * stride;
    double* to = y + i * stride;
    if (log_wanted) {
#pragma omp simd
      for (int64_t j = 0; j < columns; j++) to[j] = from[j] - most[j] - exps[j];
      continue;
    }
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) to[j] *= exps[j];
  }
}

static olstm_status parse_before_13(void* instance, olstm_error* error) {
  softmax_op* self = instance;
  self->flattens = true;
  return olstm_node_get_int(self->base.node, "axis", 1, &self->axis, error);
}

static olstm_status parse_since_13(void* instance, olstm_error* error) {
  softmax_op* self = instance;
  return olstm_node_get_int(self->base.node, "axis", -1, &self->axis, error);
}

/// A scalar is a vector of one. Flattening allows an axis one past the last, too.
static olstm_status find_axis(const softmax_op* self, const olstm_tensor_desc* x,
                              int32_t* out_axis, olstm_error* error) {
  const int32_t rank = x->rank > 0 ? x->rank : 1;
  if (self->flattens && self->axis == rank) {
    *out_axis = rank;
    return OLSTM_STATUS_OK;
  }
  return olstm__op_normalize_axis(&self->base, "attribute axis", self->axis, rank,
                                  out_axis, error);
}

static olstm_status softmax_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const softmax_op* self = instance;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, OLSTM__DTYPES_REAL, error));
  OLSTM_RETURN_IF_ERROR(find_axis(self, &args->inputs[0]->desc, &axis, error));
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static bool can_join(const softmax_handle* handle) {
  const int64_t most = handle->columns == 1 ? kFewInARow : kJoinedRows;
  return handle->slab_count >= kFewSlabs && handle->columns < kFewColumns &&
         handle->rows <= most;
}

static void plan_transposes(softmax_handle* handle) {
  const int64_t dims[] = {handle->columns, handle->rows};
  const olstm__strided_view columns = {0, {1, handle->columns}};
  olstm__strided_view rows;
  handle->transposes = true;
  olstm__strided_view_init_dense(&rows, 2, dims);
  olstm__strided_copy_init(&handle->transpose, sizeof(float), 2, dims, &columns, &rows);
  const int64_t back[] = {handle->rows, handle->columns};
  const olstm__strided_view source = {0, {1, handle->rows}};
  olstm__strided_view_init_dense(&rows, 2, back);
  olstm__strided_copy_init(&handle->transpose_back, sizeof(float), 2, back, &source,
                           &rows);
}

/// How slabs are computed, and in which memory.
static void plan_pieces(const softmax_op* self, softmax_handle* handle,
                        olstm_prepared* out_prepared) {
  const int64_t count = handle->slab_count > 0 ? handle->rows * handle->columns : 0;
  if (handle->dtype == OLSTM_DTYPE_FLOAT && can_join(handle)) {
    handle->joined = OLSTM__COMPUTE_BLOCK / handle->columns;
    handle->piece_bytes = (size_t)handle->rows * OLSTM__COMPUTE_BLOCK * sizeof(float);
  } else if (handle->dtype == OLSTM_DTYPE_FLOAT && handle->columns > 1 &&
             handle->columns < kFewColumns) {
    handle->piece_bytes = (size_t)count * sizeof(float);
    plan_transposes(handle);
  } else if (handle->dtype != OLSTM_DTYPE_DOUBLE && handle->dtype != OLSTM_DTYPE_FLOAT) {
    handle->piece_bytes = (size_t)count * sizeof(float);
  }
  (void)olstm_size_align(handle->piece_bytes, &handle->piece_bytes);
  handle->item_count = handle->slab_count;
  if (handle->joined) {
    handle->item_count = (handle->slab_count + handle->joined - 1) / handle->joined;
  }
  handle->piece_count = olstm__pieces_with_memory(
      self->base.options.thread_count, handle->item_count,
      olstm__piece_elements(out_prepared->work, handle->item_count));
  out_prepared->workspace_bytes = handle->piece_bytes * (size_t)handle->piece_count;
}

static olstm_status softmax_prepare(void* instance, const olstm_prepare_args* args,
                                    olstm_prepared* out_prepared, olstm_error* error) {
  const softmax_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  int32_t axis = 0;
  softmax_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(find_axis(self, x, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->dtype = x->dtype;
  handle->compute_type = olstm__compute_type_of(x->dtype);
  handle->slab_count = 1;
  handle->rows = 1;
  handle->columns = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    int64_t* part = d < axis                      ? &handle->slab_count
                    : d == axis || self->flattens ? &handle->rows
                                                  : &handle->columns;
    *part *= x->dims[d];
  }
  if (handle->rows == 0 || handle->columns == 0) handle->slab_count = 0;
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      self->base.self->op_type, args, handle->slab_count * handle->columns,
      x->dtype == OLSTM_DTYPE_FLOAT    ? kUnitsPerRow
      : x->dtype == OLSTM_DTYPE_DOUBLE ? kUnitsPerDoubleRow
                                       : kUnitsPerHalfRow);
  out_prepared->inplace_inputs = 1u;
  plan_pieces(self, handle, out_prepared);
  return OLSTM_STATUS_OK;
}

/// 1 at the first of the largest, else 0. x may be y.
static void hardmax(const softmax_handle* handle, const char* x, char* y) {
  static const olstm__arg_order kFirstMost = {true, false};
  const double one = 1;
  const int64_t rows = handle->rows;
  const int64_t columns = handle->columns;
  const size_t bytes = olstm_dtype_size(handle->dtype);
  // Rows of one column each go several at a time.
  const int64_t sets = columns == 1 ? handle->slab_count : columns;
  const int64_t slabs = columns == 1 ? 1 : handle->slab_count;
  char value[sizeof one];
  olstm__compute_store(OLSTM__COMPUTE_F64, handle->dtype, 1, &one, value);
  for (int64_t s = 0; s < slabs; s++) {
    for (int64_t j = 0; j < sets; j += OLSTM__COMPUTE_BLOCK) {
      const int64_t count = olstm__compute_block_size(sets - j);
      const int64_t start = columns == 1 ? j * rows : s * rows * columns + j;
      const char* from = x + (size_t)start * bytes;
      char* to = y + (size_t)start * bytes;
      int64_t places[OLSTM__COMPUTE_BLOCK];
      if (columns == 1) {
        olstm__arg_of_rows(handle->dtype, kFirstMost, count, rows, from, places);
      } else {
        olstm__arg_of_columns(handle->dtype, kFirstMost, rows, columns, count, from,
                              places);
      }
      const bool is_whole = columns == 1 || count == columns;
      for (int64_t i = 0; i < (is_whole ? 1 : rows); i++) {
        memset(to + (size_t)(i * columns) * bytes, 0,
               (size_t)(is_whole ? rows * count : count) * bytes);
      }
      for (int64_t c = 0; c < count; c++) {
        const int64_t at = columns == 1 ? c * rows + places[c] : places[c] * columns + c;
        olstm__fill_elements(to + (size_t)at * bytes, 1, bytes, value);
      }
    }
  }
}

/// Slabs side by side, from s on: as many columns as a block has room for.
static void run_joined(const softmax_handle* handle, bool is_log, int64_t s,
                       const float* x, float* y, float* workspace) {
  const int64_t rows = handle->rows;
  const int64_t columns = handle->columns;
  const int64_t left = handle->slab_count - s;
  const int64_t slabs = left < handle->joined ? left : handle->joined;
  const int64_t joined[] = {rows, slabs, columns};
  const int64_t apart[] = {slabs, rows, columns};
  const olstm__strided_view from = {0, {columns, rows * columns, 1}};
  const olstm__strided_view back_from = {0, {columns, slabs * columns, 1}};
  olstm__strided_view to;
  olstm__strided_copy copy;
  olstm__strided_view_init_dense(&to, 3, joined);
  olstm__strided_copy_init(&copy, sizeof *x, 3, joined, &from, &to);
  olstm__strided_copy_run(&copy, NULL, x + s * rows * columns, workspace);
  olstm__vector_softmax_columns_f32(is_log, rows, slabs * columns, workspace, workspace);
  olstm__strided_view_init_dense(&to, 3, apart);
  olstm__strided_copy_init(&copy, sizeof *x, 3, apart, &back_from, &to);
  olstm__strided_copy_run(&copy, NULL, workspace, y + s * rows * columns);
}

/// Slabs that threads share: each is a row, or its rows have whole vectors of columns.
typedef struct slab_task {
  int64_t rows, columns;
  bool is_log;
  const float* x;
  float* y;
} slab_task;

static void run_slabs(void* argument, int64_t begin, int64_t end) {
  const slab_task* task = argument;
  const int64_t count = task->rows * task->columns;
  const float* x = task->x + begin * count;
  float* y = task->y + begin * count;
  if (task->columns == 1) {
    olstm__vector_softmax_rows_f32(task->is_log, end - begin, task->rows, x, y);
    return;
  }
  for (; begin < end; begin++, x += count, y += count) {
    olstm__vector_softmax_columns_f32(task->is_log, task->rows, task->columns, x, y);
  }
}

static void run_doubles(const softmax_handle* handle, bool is_log, const double* x,
                        double* y) {
  if (handle->columns == 1) {
    softmax_row_f64(handle->rows, x, y, is_log);
    return;
  }
  for (int64_t j = 0; j < handle->columns; j += OLSTM__COMPUTE_BLOCK) {
    softmax_columns_f64(handle->rows, olstm__compute_block_size(handle->columns - j),
                        handle->columns, x + j, y + j, is_log);
  }
}

/// One run, of which items are done at a time.
typedef struct softmax_task {
  const softmax_handle* handle;
  bool is_log;
  const char* x;
  char* y;
} softmax_task;

/// Slab, or joined slabs, `item`.
static void run_item(const softmax_task* run, int64_t item, float* workspace) {
  const softmax_handle* handle = run->handle;
  const int64_t count = handle->rows * handle->columns;
  const size_t offset = (size_t)(item * count) * olstm_dtype_size(handle->dtype);
  const void* x = run->x + offset;
  void* y = run->y + offset;
  if (handle->joined) {
    run_joined(handle, run->is_log, item * handle->joined,
               (const float*)(const void*)run->x, (float*)(void*)run->y, workspace);
  } else if (handle->transposes) {
    olstm__strided_copy_run(&handle->transpose, NULL, x, workspace);
    olstm__vector_softmax_rows_f32(run->is_log, handle->columns, handle->rows, workspace,
                                   workspace);
    olstm__strided_copy_run(&handle->transpose_back, NULL, workspace, y);
  } else if (handle->dtype == OLSTM_DTYPE_DOUBLE) {
    run_doubles(handle, run->is_log, x, y);
  } else {
    slab_task slab = {handle->rows, handle->columns, run->is_log, workspace, workspace};
    olstm__compute_load(OLSTM__COMPUTE_F32, handle->dtype, count, x, workspace);
    run_slabs(&slab, 0, 1);
    olstm__compute_store(OLSTM__COMPUTE_F32, handle->dtype, count, workspace, y);
  }
}

static void run_items(void* argument, int64_t begin, int64_t end, void* memory) {
  for (; begin < end; begin++) run_item(argument, begin, memory);
}

static olstm_status softmax_run(const void* instance, const void* handle,
                                const olstm_run_args* args, olstm_error* error) {
  const softmax_op* self = instance;
  const softmax_handle* prepared = handle;
  const int32_t code = ((const olstm__op_schema*)self->base.self->variant)->code;
  const bool is_log = code == kCodeLogSoftmax;
  (void)error;
  if (code == kCodeHardmax) {
    hardmax(prepared, args->inputs[0], args->outputs[0]);
  } else if (prepared->dtype == OLSTM_DTYPE_FLOAT && prepared->piece_bytes == 0) {
    // What an exp costs, beside an element of OLSTM__PIECE_ELEMENTS.
    enum { kElementsPerExp = 2 };
    slab_task task = {prepared->rows, prepared->columns, is_log, args->inputs[0],
                      args->outputs[0]};
    olstm__pieces_run(args->parallel, prepared->slab_count,
                      kElementsPerExp * prepared->rows * prepared->columns, run_slabs,
                      &task);
  } else {
    softmax_task task = {prepared, is_log, args->inputs[0], args->outputs[0]};
    olstm__pieces_run_with_memory(args->parallel, prepared->piece_count,
                                  prepared->item_count, args->workspace,
                                  prepared->piece_bytes, run_items, &task);
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAxis[] = {"axis", NULL};

#define SCHEMA(name, what, parser)     \
  static const olstm__op_schema name = \
      OLSTM__OP_SCHEMA(1, 1, 1, kAxis, softmax_op, parser, what)
SCHEMA(kSoftmaxBefore13, kCodeSoftmax, parse_before_13);
SCHEMA(kSoftmax, kCodeSoftmax, parse_since_13);
SCHEMA(kLogSoftmaxBefore13, kCodeLogSoftmax, parse_before_13);
SCHEMA(kLogSoftmax, kCodeLogSoftmax, parse_since_13);
SCHEMA(kHardmaxBefore13, kCodeHardmax, parse_before_13);
SCHEMA(kHardmax, kCodeHardmax, parse_since_13);

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(softmax);

#define ROW(type, first, last, schema) \
  OLSTM__OP_ROW(type, first, last, OLSTM__DTYPES_REAL, kCallbacks, schema)

static const olstm__op_row kTable[] = {
    ROW("Softmax", 1, 12, kSoftmaxBefore13),       ROW("Softmax", 13, 0, kSoftmax),
    ROW("LogSoftmax", 1, 12, kLogSoftmaxBefore13), ROW("LogSoftmax", 13, 0, kLogSoftmax),
    ROW("Hardmax", 1, 12, kHardmaxBefore13),       ROW("Hardmax", 13, 0, kHardmax),
};

const olstm__op_family olstm__softmax_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_SHAPE | OLSTM__TRAIT_ROWS_ALONG |
                                   OLSTM__TRAIT_LAST_AXIS |
                                   OLSTM__TRAIT_FLATTENS_UNTIL_12};
