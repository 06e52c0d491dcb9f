// MaxPool, AveragePool and LpPool, plane by plane. Other dtypes than float and double are
// computed as float, which holds them exactly.
#include <math.h>

#include "op/conv/pool_lanes.h"
#include "op/conv/pool_rows.h"
#include "op/conv/window.h"
#include "op/elementwise/compute_type.h"
#include "op/op_family.h"
#include "op/op_work.h"
#include "op/pieces.h"

typedef enum pool_code { kCodeMax, kCodeAverage, kCodeLp } pool_code;

/// Units of work of an output, and of four taps of one: of loops over rows of floats, of
/// others, and of powers.
enum {
  kUnitsPerPlane = 512,
  kUnitsPerRow = 64,
  kUnitsPerOutput = 4,
  kUnitsPerSlowOutput = 96,
  kUnitsPerTap = 1,
  kTapsTogether = 4,
  kUnitsPerSlowTap = 128,
  kUnitsPerPower = 896
};

typedef struct pool_op {
  olstm__op_base base;
  olstm__window_attributes attributes;
  pool_code code;
  bool counts_pads;
  /// Indices count columns first.
  bool column_major;
  double p;
} pool_op;

/// The part of one window that lies in the input along one dimension, as taps of the
/// kernel.
typedef struct tap_range {
  int64_t start;
  int64_t begin;
  int64_t end;
  /// Taps that an average divides by.
  int64_t divisor;
} tap_range;

typedef struct pool_handle {
  olstm__op_handle head;
  olstm__window window;
  olstm_dtype dtype;
  olstm__compute_type compute_type;
  int64_t plane_count;
  /// Of floats, in the workspace; x is at its beginning.
  size_t y_offset;
  /// Of a piece of planes, and how many have one.
  size_t piece_bytes;
  int32_t piece_count;
  /// Whether rows of floats go by vectors, how they do, and what averages along a row are
  /// divided by (pool_rows.h).
  bool has_slide;
  olstm__pool_slide slide;
  float *divisors, *reciprocals;
  float usual_divisor;
  /// Where lanes are planes, and what averages are divided by from row to row.
  olstm__pool_lanes lanes;
  float* row_divisors;
  /// Of each dimension's outputs: taps[d] points into `ranges`, which divisors and
  /// reciprocals follow.
  tap_range* taps[OLSTM__WINDOW_MAX_RANK];
  tap_range ranges[];
} pool_handle;

static int64_t taps_below(int64_t start, int64_t dilation, int64_t kernel, int64_t size) {
  if (start >= size) return 0;
  const int64_t taps = (size - 1 - start) / dilation + 1;
  return taps < kernel ? taps : kernel;
}

static tap_range find_taps(const olstm__window* w, int32_t d, int64_t at,
                           bool counts_pads) {
  const int64_t start = at * w->stride[d] - w->pad_begin[d];
  tap_range range = {.start = start};
  range.begin = start < 0 ? (-start + w->dilation[d] - 1) / w->dilation[d] : 0;
  range.end = taps_below(start, w->dilation[d], w->kernel[d], w->input[d]);
  if (counts_pads) {
    range.divisor =
        taps_below(start, w->dilation[d], w->kernel[d], w->input[d] + w->pad_end[d]);
  } else if (range.end > range.begin) {
    range.divisor = range.end - range.begin;
  }
  return range;
}

// Computes one window; *out_at is the position of the maximum in the plane. A window
// within the pads gives the value of an empty one: -inf, or 0.
#define POOL_WINDOW(NAME, REAL)                                                     \
  static REAL pool_window_##NAME(const pool_op* self, const olstm__window* w,       \
                                 const tap_range* const* taps, const REAL* x,       \
                                 int64_t* out_at) {                                 \
    REAL most = -(REAL)INFINITY;                                                    \
    double sum = 0;                                                                 \
    *out_at = -1;                                                                   \
    for (int64_t i = taps[0]->begin; i < taps[0]->end; i++) {                       \
      const int64_t depth = taps[0]->start + i * w->dilation[0];                    \
      for (int64_t j = taps[1]->begin; j < taps[1]->end; j++) {                     \
        const int64_t row = taps[1]->start + j * w->dilation[1];                    \
        const int64_t line = (depth * w->input[1] + row) * w->input[2];             \
        for (int64_t k = taps[2]->begin; k < taps[2]->end; k++) {                   \
          const int64_t at = line + taps[2]->start + k * w->dilation[2];            \
          const REAL value = x[at];                                                 \
          if (self->code == kCodeMax) {                                             \
            if (*out_at < 0 || value > most || value != value) {                    \
              most = value;                                                         \
              *out_at = at;                                                         \
            }                                                                       \
          } else if (self->code == kCodeAverage) {                                  \
            sum += (double)value;                                                   \
          } else {                                                                  \
            sum += pow(fabs((double)value), self->p);                               \
          }                                                                         \
        }                                                                           \
      }                                                                             \
    }                                                                               \
    if (self->code == kCodeMax) return most;                                        \
    if (self->code == kCodeLp) return (REAL)pow(sum, 1 / self->p);                  \
    const int64_t divisor = taps[0]->divisor * taps[1]->divisor * taps[2]->divisor; \
    return divisor ? (REAL)(sum / (double)divisor) : 0;                             \
  }                                                                                 \
  static void pool_plane_##NAME(const pool_op* self, const pool_handle* handle,     \
                                const REAL* x, REAL* y, int64_t* indices) {         \
    const olstm__window* w = &handle->window;                                       \
    const tap_range* taps[OLSTM__WINDOW_MAX_RANK];                                  \
    for (int64_t i = 0; i < w->output[0]; i++) {                                    \
      taps[0] = &handle->taps[0][i];                                                \
      for (int64_t j = 0; j < w->output[1]; j++) {                                  \
        taps[1] = &handle->taps[1][j];                                              \
        for (int64_t k = 0; k < w->output[2]; k++) {                                \
          int64_t index = 0;                                                        \
          taps[2] = &handle->taps[2][k];                                            \
          *y++ = pool_window_##NAME(self, w, taps, x, &index);                      \
          if (indices) *indices++ = index;                                          \
        }                                                                           \
      }                                                                             \
    }                                                                               \
  }
POOL_WINDOW(F32, float)
POOL_WINDOW(F64, double)

static int64_t row_count(const olstm__window* w) {
  return w->output[0] * w->output[1];
}

/// Rows of results, counted over all planes.
typedef struct row_run {
  const pool_op* self;
  const pool_handle* handle;
  const float* x;
  float* y;
} row_run;

/// Row `j` of plane `i` of one result, as the definition has it.
static void run_row(const row_run* run, const float* plane, int64_t i, int64_t j,
                    float* y) {
  const pool_handle* handle = run->handle;
  const tap_range* taps[OLSTM__WINDOW_MAX_RANK] = {&handle->taps[0][i],
                                                   &handle->taps[1][j]};
  for (int64_t k = 0; k < handle->window.output[2]; k++) {
    int64_t index = 0;
    taps[2] = &handle->taps[2][k];
    y[k] = pool_window_F32(run->self, &handle->window, taps, plane, &index);
  }
}

/// What row `j` of plane `i` of a result is made of.
static olstm__pool_row find_row(const pool_handle* handle, const float* plane, int64_t i,
                                int64_t j) {
  const olstm__window* w = &handle->window;
  const tap_range* depths = &handle->taps[0][i];
  const tap_range* rows = &handle->taps[1][j];
  const int64_t divisor = depths->divisor * rows->divisor;
  const int64_t depth = depths->start + depths->begin * w->dilation[0];
  const int64_t row = rows->start + rows->begin * w->dilation[1];
  return (olstm__pool_row){plane + (depth * w->input[1] + row) * w->input[2],
                           depths->end - depths->begin, rows->end - rows->begin,
                           divisor ? (float)divisor : 1.0f};
}

static void run_rows(void* argument, int64_t begin, int64_t end) {
  const row_run* run = argument;
  const pool_handle* handle = run->handle;
  const olstm__window* w = &handle->window;
  const olstm__pool_rows_function run_function = olstm__pool_rows_find();
  olstm__pool_rows rows = {.slide = &handle->slide,
                           .depth_step = w->dilation[0] * w->input[1] * w->input[2],
                           .row_step = w->dilation[1] * w->input[2],
                           .divisors = handle->divisors,
                           .reciprocals = handle->reciprocals,
                           .usual_divisor = handle->usual_divisor};
  for (int64_t r = begin; r < end;) {
    // Rows of one plane.
    const int64_t i = r / w->output[1] % w->output[0];
    const int64_t j = r % w->output[1];
    const float* plane = run->x + r / row_count(w) * olstm__window_input_count(w);
    const int64_t left = w->output[1] - j < end - r ? w->output[1] - j : end - r;
    rows.row_count = left < OLSTM__POOL_MAX_ROWS ? left : OLSTM__POOL_MAX_ROWS;
    for (int64_t k = 0; k < rows.row_count; k++) {
      rows.rows[k] = find_row(handle, plane, i, j + k);
    }
    rows.y = run->y + r * w->output[2];
    rows.room = (end - r) * w->output[2];
    const uint32_t with_nan = run_function(&rows);
    for (int64_t k = 0; k < rows.row_count && with_nan; k++) {
      if (with_nan >> k & 1u) run_row(run, plane, i, j + k, rows.y + k * w->output[2]);
    }
    r += rows.row_count;
  }
}

static olstm_status parse_pool(void* instance, olstm_error* error) {
  pool_op* self = instance;
  const olstm_node* node = self->base.node;
  int64_t counts_pads = 0;
  int64_t storage_order = 0;
  self->code = (pool_code)((const olstm__op_schema*)self->base.self->variant)->code;
  OLSTM_RETURN_IF_ERROR(olstm__window_parse(&self->base, &self->attributes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "count_include_pad", 0, &counts_pads, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "storage_order", 0, &storage_order, error));
  self->counts_pads = counts_pads != 0;
  self->column_major = storage_order != 0;
  return OLSTM_STATUS_OK;
}

/// p is a float in opset 1, an integer since.
static olstm_status parse_lp_pool(void* instance, olstm_error* error) {
  pool_op* self = instance;
  float real = 2;
  int64_t whole = 2;
  if (self->base.node->opset_version < 2) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_float(self->base.node, "p", 2, &real, error));
    self->p = (double)real;
  } else {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "p", 2, &whole, error));
    self->p = (double)whole;
  }
  if (!(self->p > 0)) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute p is %g, expected more than 0", self->p);
  }
  return parse_pool(instance, error);
}

static olstm_status pool_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const pool_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm__window window;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__window_resolve(&self->base, &self->attributes, x, NULL, &window, error));
  for (size_t i = 0; i < args->output_count; i++) {
    out_outputs[i] = *x;
    olstm__window_set_output(&window, &out_outputs[i]);
    if (i == 1) out_outputs[i].dtype = OLSTM_DTYPE_INT64;
    OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&self->base, &out_outputs[i], error));
  }
  return OLSTM_STATUS_OK;
}

static size_t divisor_count(const olstm__window* w) {
  return (size_t)w->output[2] + OLSTM__POOL_LANES;
}

static void fill_divisors(pool_handle* handle, float* divisors) {
  const olstm__window* w = &handle->window;
  const int64_t count = w->output[2];
  // Of what is no window at the edge.
  const int64_t usual = handle->taps[0][w->output[0] / 2].divisor *
                        handle->taps[1][w->output[1] / 2].divisor;
  handle->divisors = divisors;
  handle->usual_divisor = (float)usual;
  handle->reciprocals = NULL;
  handle->row_divisors = divisors + 2 * divisor_count(w);
  for (int64_t r = 0; r < row_count(w); r++) {
    const int64_t divisor = handle->taps[0][r / w->output[1]].divisor *
                            handle->taps[1][r % w->output[1]].divisor;
    handle->row_divisors[r] = divisor ? (float)divisor : 1.0f;
  }
  for (int64_t k = 0; k < (int64_t)divisor_count(w); k++) {
    const int64_t divisor = handle->taps[2][k < count ? k : count - 1].divisor;
    divisors[k] = divisor ? (float)divisor : 1.0f;
  }
  if (handle->slide.kind != OLSTM__POOL_AVERAGE || usual == 0 ||
      usual * w->kernel[2] > OLSTM__POOL_MAX_INVERTED) {
    return;
  }
  handle->reciprocals = divisors + divisor_count(w);
  for (size_t k = 0; k < divisor_count(w); k++) {
    handle->reciprocals[k] = 1 / (divisors[k] * handle->usual_divisor);
  }
}

static void fill_taps(const pool_op* self, pool_handle* handle) {
  tap_range* to = handle->ranges;
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    handle->taps[d] = to;
    for (int64_t at = 0; at < handle->window.output[d]; at++) {
      *to++ = find_taps(&handle->window, d, at, self->counts_pads);
    }
  }
  fill_divisors(handle, (float*)(void*)to);
}

static void plan_rows(const pool_op* self, pool_handle* handle) {
  const olstm__window* w = &handle->window;
  const bool is_other_norm = self->code == kCodeLp && self->p != 1 && self->p != 2;
  const olstm__pool_kind kind = self->code == kCodeMax       ? OLSTM__POOL_MAX
                                : self->code == kCodeAverage ? OLSTM__POOL_AVERAGE
                                : self->p == 1               ? OLSTM__POOL_L1
                                                             : OLSTM__POOL_L2;
  handle->has_slide = olstm__pool_slide_init(&handle->slide, kind, w->input[2],
                                             w->output[2], w->kernel[2], w->dilation[2],
                                             w->stride[2], w->pad_begin[2]) &&
                      !is_other_norm && self->base.node->output_count == 1;
}

static uint64_t count_work(const pool_op* self, const pool_handle* handle,
                           const olstm_prepare_args* args) {
  const olstm__window* w = &handle->window;
  const bool is_fast = handle->has_slide && handle->dtype != OLSTM_DTYPE_DOUBLE;
  const int64_t count = olstm_tensor_desc_count(&args->outputs[0]);
  const int64_t kernel = olstm__window_kernel_count(w);
  const int64_t tap = is_fast                 ? kUnitsPerTap
                      : self->code == kCodeLp ? kUnitsPerPower
                                              : kUnitsPerSlowTap;
  uint64_t work = olstm__op_work(count, kernel, tap, 1) / kTapsTogether;
  if (is_fast && count > 0) {
    // A row of results is made of as many rows as the kernel has.
    const uint64_t rows =
        olstm__op_work(count / w->output[2], kernel / w->kernel[2], kUnitsPerRow, 1);
    work = olstm__op_work_sum(work, rows);
  }
  work =
      olstm__op_work_sum(work, olstm__op_work(handle->plane_count, kUnitsPerPlane, 1, 1));
  return olstm__op_work_sum(
      work, olstm__op_element_work(self->base.self->op_type, args, count,
                                   is_fast ? kUnitsPerOutput : kUnitsPerSlowOutput));
}

/// Bytes of a handle with the taps of every output, if there are any, and what averages
/// are divided by.
static bool handle_bytes(const olstm__window* w, bool has_results, size_t* out_bytes) {
  size_t ranges = 0, floats = 0;
  *out_bytes = sizeof(pool_handle);
  if (!has_results) return true;
  // Each is at most the number of results.
  return olstm_size_add((size_t)w->output[0], (size_t)w->output[1], &ranges) &&
         olstm_size_add(ranges, (size_t)w->output[2], &ranges) &&
         olstm_size_multiply(ranges, sizeof(tap_range), &ranges) &&
         olstm_size_multiply(divisor_count(w), 2, &floats) &&
         olstm_size_add(floats, (size_t)row_count(w), &floats) &&
         olstm_size_multiply(floats, sizeof(float), &floats) &&
         olstm_size_add(*out_bytes, ranges, out_bytes) &&
         olstm_size_add(*out_bytes, floats, out_bytes);
}

static olstm_status no_room(const pool_op* self, olstm_error* error) {
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "the workspace does not fit");
}

static olstm_status pool_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const pool_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  olstm__window window;
  pool_handle* handle = NULL;
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__window_resolve(&self->base, &self->attributes, x, NULL, &window, error));
  const bool has_results = olstm_tensor_desc_count(&args->outputs[0]) > 0;
  // Indices are of the dimensions as they are.
  if (has_results && self->base.node->output_count == 1) {
    olstm__window_simplify(&window);
  }
  if (!handle_bytes(&window, has_results, &bytes)) return no_room(self, error);
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, bytes, (void**)&handle, error));
  handle->window = window;
  plan_rows(self, handle);
  if (has_results) fill_taps(self, handle);
  handle->dtype = x->dtype;
  handle->compute_type =
      x->dtype == OLSTM_DTYPE_DOUBLE ? OLSTM__COMPUTE_F64 : OLSTM__COMPUTE_F32;
  handle->plane_count = olstm_tensor_desc_count(x) == 0 ? 0 : x->dims[0] * x->dims[1];
  if (!olstm__compute_type_is_native(handle->compute_type, x->dtype) &&
      handle->plane_count > 0) {
    // x, then y, of one plane as floats.
    size_t* total = &handle->piece_bytes;
    size_t x_offset = 0;
    if (!olstm__op_add_part(total, (size_t)olstm__window_input_count(&window),
                            sizeof(float), &x_offset) ||
        !olstm__op_add_part(total, (size_t)olstm__window_output_count(&window),
                            sizeof(float), &handle->y_offset)) {
      olstm__op_release_handle(instance, handle);
      return no_room(self, error);
    }
  }
  out_prepared->work = count_work(self, handle, args);
  handle->piece_count = olstm__pieces_with_memory(
      self->base.options.thread_count, handle->plane_count,
      olstm__piece_elements(out_prepared->work, handle->plane_count));
  out_prepared->workspace_bytes = handle->piece_bytes * (size_t)handle->piece_count;
  if (has_results && handle->has_slide && x->dtype == OLSTM_DTYPE_FLOAT &&
      (self->code == kCodeMax || self->code == kCodeAverage)) {
    olstm__pool_lanes_init(&handle->lanes, &window, handle->plane_count,
                           self->code == kCodeMax, self->base.options.thread_count);
    out_prepared->workspace_bytes = handle->lanes.workspace_bytes;
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

/// Positions in a plane become positions in the tensor, in the order asked for.
static void finish_indices(const pool_op* self, const olstm__window* w, int64_t plane,
                           int64_t count, int64_t* indices) {
  const int64_t size = olstm__window_input_count(w);
  for (int64_t i = 0; i < count; i++) {
    if (self->column_major) {
      const int64_t column = indices[i] % w->input[2];
      const int64_t row = indices[i] / w->input[2] % w->input[1];
      const int64_t depth = indices[i] / w->input[2] / w->input[1];
      indices[i] = w->rank == 1   ? column
                   : w->rank == 2 ? row + column * w->input[1]
                                  : depth + w->input[0] * (row + column * w->input[1]);
    }
    indices[i] += plane * size;
  }
}

static void run_plane(const pool_op* self, const pool_handle* handle, char* workspace,
                      const char* x, char* y, int64_t* indices) {
  const olstm__window* w = &handle->window;
  row_run rows = {self, handle, (const float*)(const void*)x, (float*)(void*)y};
  if (handle->compute_type == OLSTM__COMPUTE_F64) {
    pool_plane_F64(self, handle, (const double*)(const void*)x, (double*)(void*)y,
                   indices);
  } else if (handle->dtype == OLSTM_DTYPE_FLOAT) {
    pool_plane_F32(self, handle, rows.x, rows.y, indices);
  } else {
    float* results = (float*)(void*)(workspace + handle->y_offset);
    olstm__compute_load(handle->compute_type, handle->dtype, olstm__window_input_count(w),
                        x, workspace);
    rows.x = (const float*)(void*)workspace;
    rows.y = results;
    if (handle->has_slide) {
      run_rows(&rows, 0, row_count(w));
    } else {
      pool_plane_F32(self, handle, rows.x, rows.y, indices);
    }
    olstm__compute_store(handle->compute_type, handle->dtype,
                         olstm__window_output_count(w), results, y);
  }
}

static void redo_rows(const void* context, int64_t plane, int64_t begin, int64_t end) {
  const row_run* run = context;
  const olstm__window* w = &run->handle->window;
  for (int64_t r = begin; r < end; r++) {
    run_row(run, run->x + plane * olstm__window_input_count(w), r / w->output[1],
            r % w->output[1], run->y + (plane * row_count(w) + r) * w->output[2]);
  }
}

static void run_lanes(const row_run* run, const olstm_run_args* args) {
  const pool_handle* handle = run->handle;
  const olstm__pool_lanes_args lanes = {.x = run->x,
                                        .y = run->y,
                                        .divisors = handle->divisors,
                                        .reciprocals = handle->reciprocals,
                                        .row_divisors = handle->row_divisors,
                                        .usual_divisor = handle->usual_divisor,
                                        .workspace = args->workspace,
                                        .parallel = args->parallel,
                                        .redo = redo_rows,
                                        .context = run};
  olstm__pool_lanes_run(&handle->lanes, &lanes);
}

/// One run, of which planes are done at a time.
typedef struct plane_run {
  const pool_op* self;
  const pool_handle* handle;
  const olstm_run_args* args;
} plane_run;

static void run_planes(void* argument, int64_t begin, int64_t end, void* memory) {
  const plane_run* run = argument;
  const olstm__window* w = &run->handle->window;
  const size_t bytes = olstm_dtype_size(run->handle->dtype);
  const int64_t count = olstm__window_output_count(w);
  int64_t* indices =
      run->self->base.node->output_count > 1 ? run->args->outputs[1] : NULL;
  for (int64_t p = begin; p < end; p++) {
    int64_t* own = indices ? indices + p * count : NULL;
    run_plane(run->self, run->handle, memory,
              (const char*)run->args->inputs[0] +
                  (size_t)(p * olstm__window_input_count(w)) * bytes,
              (char*)run->args->outputs[0] + (size_t)(p * count) * bytes, own);
    if (own) finish_indices(run->self, w, p, count, own);
  }
}

static olstm_status pool_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const pool_op* self = instance;
  const pool_handle* prepared = handle;
  const olstm__window* w = &prepared->window;
  (void)error;
  if (!args->outputs[0]) return OLSTM_STATUS_OK;
  if (prepared->has_slide && prepared->dtype == OLSTM_DTYPE_FLOAT) {
    row_run rows = {self, prepared, args->inputs[0], args->outputs[0]};
    if (prepared->lanes.table) {
      run_lanes(&rows, args);
      return OLSTM_STATUS_OK;
    }
    olstm__pieces_run(args->parallel, prepared->plane_count * row_count(w),
                      w->output[2] * olstm__window_kernel_count(w), run_rows, &rows);
    return OLSTM_STATUS_OK;
  }
  plane_run planes = {self, prepared, args};
  olstm__pieces_run_with_memory(args->parallel, prepared->piece_count,
                                prepared->plane_count, args->workspace,
                                prepared->piece_bytes, run_planes, &planes);
  return OLSTM_STATUS_OK;
}

#define NAMES(name, ...) static const char* const name[] = {__VA_ARGS__, NULL}
NAMES(kPlain, "auto_pad", "kernel_shape", "pads", "strides");
NAMES(kMax8, "auto_pad", "kernel_shape", "pads", "storage_order", "strides");
NAMES(kMax10, "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads",
      "storage_order", "strides");
NAMES(kAverage7, "auto_pad", "count_include_pad", "kernel_shape", "pads", "strides");
NAMES(kAverage10, "auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads",
      "strides");
NAMES(kAverage19, "auto_pad", "ceil_mode", "count_include_pad", "dilations",
      "kernel_shape", "pads", "strides");
NAMES(kLp, "auto_pad", "kernel_shape", "p", "pads", "strides");
NAMES(kLp18, "auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads",
      "strides");

#define SCHEMA(name, outputs, names, parser, what) \
  static const olstm__op_schema name =             \
      OLSTM__OP_SCHEMA(1, 1, outputs, names, pool_op, parser, what)
SCHEMA(kMaxPool1, 1, kPlain, parse_pool, kCodeMax);
SCHEMA(kMaxPool8, 2, kMax8, parse_pool, kCodeMax);
SCHEMA(kMaxPool10, 2, kMax10, parse_pool, kCodeMax);
SCHEMA(kAveragePool1, 1, kPlain, parse_pool, kCodeAverage);
SCHEMA(kAveragePool7, 1, kAverage7, parse_pool, kCodeAverage);
SCHEMA(kAveragePool10, 1, kAverage10, parse_pool, kCodeAverage);
SCHEMA(kAveragePool19, 1, kAverage19, parse_pool, kCodeAverage);
SCHEMA(kLpPool1, 1, kLp, parse_lp_pool, kCodeLp);
SCHEMA(kLpPool18, 1, kLp18, parse_lp_pool, kCodeLp);

#define MAX_DTYPES                                          \
  (OLSTM__DTYPES_REAL | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT8) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT8))
static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(pool);

#define ROW(type, first, last, dtypes, schema) \
  OLSTM__OP_ROW(type, first, last, dtypes, kCallbacks, schema)
static const olstm__op_row kTable[] = {
    ROW("MaxPool", 1, 7, MAX_DTYPES, kMaxPool1),
    ROW("MaxPool", 8, 9, MAX_DTYPES, kMaxPool8),
    ROW("MaxPool", 10, 0, MAX_DTYPES, kMaxPool10),
    ROW("AveragePool", 1, 6, OLSTM__DTYPES_REAL, kAveragePool1),
    ROW("AveragePool", 7, 9, OLSTM__DTYPES_REAL, kAveragePool7),
    ROW("AveragePool", 10, 18, OLSTM__DTYPES_REAL, kAveragePool10),
    ROW("AveragePool", 19, 0, OLSTM__DTYPES_REAL, kAveragePool19),
    ROW("LpPool", 1, 17, OLSTM__DTYPES_REAL, kLpPool1),
    ROW("LpPool", 18, 0, OLSTM__DTYPES_REAL, kLpPool18),
};

static const olstm__type_traits kTraits[] = {
    {"MaxPool", OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS},
    {NULL, 0},
};

const olstm__op_family olstm__pool_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_KEEPS_RANK | OLSTM__TRAIT_ROWS_FIRST,
    .type_traits = kTraits};
