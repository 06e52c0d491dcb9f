#include "op/lstm/native/native_plan.h"

#include "op/lstm/lstm_spec.h"

/// From so many rows on, reading W again in every step costs little for each.
enum { kEnoughRows = 4 };
/// Weights of one direction that stay in L2 from step to step.
enum { kHeldBytes = 768 * 1024 };
/// Projections of a chunk should stay in L2. But every chunk reads all of W: chunks are
/// at least half as large as W, or as large where W comes from L3 or memory.
enum { kChunkBytes = 512 * 1024, kMinChunkRows = 48, kFarWBytes = 3 * 1024 * 1024 };

/// Appends a * b bytes, rounded up to OLSTM_ALIGNMENT; *out_start gets their offset.
static bool append(size_t* total, size_t a, size_t b, size_t* out_start) {
  size_t bytes = 0;
  *out_start = *total;
  return olstm_size_multiply(a, b, &bytes) && olstm_size_align(bytes, &bytes) &&
         olstm_size_add(*total, bytes, total) && *total <= (size_t)PTRDIFF_MAX;
}

static void set_phases(const olstm__lstm_spec* spec, olstm__native_layout* layout) {
  olstm__native_phase* first = &layout->phases[0];
  layout->phase_count = 1;
  first->gate_count = olstm__cell_gate_count(spec->cell);
  first->panel_blocks = spec->cell == OLSTM__CELL_RNN ? 4 : 1;
  if (spec->cell == OLSTM__CELL_GRU && !spec->linear_before_reset) {
    layout->phase_count = 2;
    first->gate_count = 2;
    first->panel_blocks = 2;
    layout->phases[1] =
        (olstm__native_phase){.gate_count = 1, .first_gate = 2, .panel_blocks = 4};
  }
}

/// Bytes of a panel of `vectors` vectors.
static bool measure_panel(const olstm__native_layout* layout, int64_t rows,
                          int64_t vectors, size_t* out_bytes) {
  return olstm_size_multiply(
      (size_t)rows, (size_t)olstm__native_panel_row_bytes(layout, vectors), out_bytes);
}

/// k of a row of `count` elements in the weights' format.
static int64_t depth_of(const olstm__native_layout* layout, int64_t count) {
  switch (layout->format) {
    case OLSTM__NATIVE_BF16_PAIRS:
      return (count + 1) / 2;
    case OLSTM__NATIVE_INT8:
      return (count + layout->int8_group - 1) & -layout->int8_group;
    default:
      return count;
  }
}

static bool append_matrix(const olstm__native_layout* layout,
                          const olstm__native_phase* phase, int64_t count, size_t* total,
                          olstm__native_matrix* matrix) {
  const int64_t full = layout->blocks / phase->panel_blocks;
  const int64_t rest = layout->blocks % phase->panel_blocks;
  const bool is_int8 = layout->format == OLSTM__NATIVE_INT8;
  const size_t columns = (size_t)layout->padded_hidden * (size_t)phase->gate_count;
  size_t last_bytes = 0;
  size_t last = 0;
  if (count > INT64_MAX / 8) return false;
  matrix->depth = depth_of(layout, count);
  matrix->panel_rows = is_int8 ? matrix->depth / 4 : matrix->depth;
  matrix->row_bytes =
      matrix->depth * (is_int8 ? layout->int8_bytes : (int64_t)layout->real_bytes);
  return measure_panel(layout, matrix->panel_rows,
                       phase->panel_blocks * phase->gate_count, &matrix->panel_bytes) &&
         measure_panel(layout, matrix->panel_rows, rest * phase->gate_count,
                       &last_bytes) &&
         append(total, matrix->panel_bytes, (size_t)full, &matrix->panels) &&
         append(total, last_bytes, 1, &last) &&
         append(total, columns, is_int8 ? sizeof(float) : 0, &matrix->scales) &&
         append(total, columns, is_int8 ? sizeof(int32_t) : 0, &matrix->corrections);
}

static bool append_phase(const olstm__lstm_problem* problem, olstm__native_layout* layout,
                         olstm__native_phase* phase, size_t* total) {
  size_t columns = 0;
  if (!olstm_size_multiply((size_t)layout->padded_hidden, (size_t)phase->gate_count,
                           &columns) ||
      !append_matrix(layout, phase, problem->input_size, total, &phase->w) ||
      !append_matrix(layout, phase, problem->hidden_size, total, &phase->r)) {
    return false;
  }
  phase->projection = layout->projection_reals;
  return append(total, columns, layout->real_bytes, &phase->bias) &&
         olstm_size_add(layout->projection_reals, columns, &layout->projection_reals);
}

static olstm__native_format format_of(const olstm__lstm_problem* problem,
                                      const olstm__native_target* target) {
  switch (problem->precision) {
    case OLSTM_PRECISION_BF16:
      return target->has_bf16_pairs ? OLSTM__NATIVE_BF16_PAIRS : OLSTM__NATIVE_BF16;
    case OLSTM_PRECISION_INT8:
      return OLSTM__NATIVE_INT8;
    default:
      return OLSTM__NATIVE_REAL;
  }
}

bool olstm__native_layout_make(const olstm__lstm_problem* problem,
                               const olstm__native_target* target,
                               olstm__native_layout* out_layout) {
  const int32_t lanes = target->lanes;
  const size_t real_bytes = target->real_bytes;
  olstm__native_layout layout = {.format = format_of(problem, target),
                                 .lanes = lanes,
                                 .tile_vectors = target->tile_vectors,
                                 .real_bytes = real_bytes,
                                 .int8_bytes = target->int8_bytes,
                                 .int8_group = target->int8_group};
  size_t total = 0;
  size_t hidden = 0;
  size_t vector = 0;
  if (!olstm_size_add((size_t)problem->hidden_size, (size_t)lanes - 1, &hidden))
    return false;
  layout.blocks = (int64_t)(hidden / (size_t)lanes);
  layout.padded_hidden = layout.blocks * lanes;
  set_phases(&problem->spec, &layout);
  for (int32_t p = 0; p < layout.phase_count; p++) {
    if (!append_phase(problem, &layout, &layout.phases[p], &total)) return false;
  }
  if (!olstm_size_multiply((size_t)layout.padded_hidden, real_bytes, &vector) ||
      !append(&total, vector, olstm__native_is_linear_gru(problem),
              &layout.recurrent_bias) ||
      !append(&total, vector, problem->has_peepholes ? 3 : 0, &layout.peepholes) ||
      !append(&total, 1, 1, &layout.is_finite)) {
    return false;
  }
  layout.direction_bytes = total;
  *out_layout = layout;
  return olstm_size_multiply(total, (size_t)problem->spec.direction_count,
                             &out_layout->packed_bytes);
}

/// Whether X*W^T is computed ahead of the steps. It saves reading W in every step, which
/// pays where few rows share that, or where W is a large part of what L2 does not hold.
static bool should_hoist(const olstm__lstm_problem* problem,
                         const olstm__native_layout* layout) {
  const size_t bytes = layout->packed_bytes / (size_t)problem->spec.direction_count;
  if (olstm__native_is_linear_gru(problem)) return true;
  if (problem->steps < 2) return false;
  if (problem->batch < kEnoughRows) return problem->input_size > 2;
  return bytes > kHeldBytes && problem->input_size > problem->hidden_size / 2;
}

static int64_t choose_chunk_steps(const olstm__lstm_problem* problem,
                                  const olstm__native_plan* plan) {
  const size_t row_bytes = plan->layout.projection_reals * plan->layout.real_bytes;
  const size_t inputs = (size_t)problem->input_size;
  const size_t by_w = inputs * row_bytes < kFarWBytes ? inputs / 2 : inputs;
  size_t rows = kChunkBytes / (row_bytes ? row_bytes : 1);
  if (!plan->is_hoisted) return 1;
  if (rows < by_w) rows = by_w;
  if (rows < kMinChunkRows) rows = kMinChunkRows;
  const int64_t steps = (int64_t)rows / problem->batch;
  if (steps < 1) return 1;
  // The same number of chunks, of equal length.
  const int64_t chunks = (problem->steps + steps - 1) / steps;
  return chunks > 1 ? (problem->steps + chunks - 1) / chunks : problem->steps;
}

/// The scratch of each task.
static bool lay_out_task(const olstm__lstm_problem* problem, size_t chunk_rows,
                         olstm__native_plan* plan) {
  olstm__native_workspace* offsets = &plan->workspace;
  const olstm__native_layout* layout = &plan->layout;
  const bool quantizes = olstm__native_quantizes_rows(layout);
  const size_t rows = quantizes ? (size_t)problem->batch : 0;
  const size_t x_rows = quantizes ? chunk_rows : 0;
  // A panel has no more than 4 vectors.
  const size_t sums = 4 * (size_t)layout->lanes * layout->real_bytes;
  size_t* total = &offsets->task_bytes;
  return append(total, sums, (size_t)problem->batch, &offsets->sums) &&
         append(total, sizeof(void*), plan->is_hoisted ? chunk_rows : 0,
                &offsets->inputs) &&
         append(total, (size_t)layout->phases[0].r.row_bytes, rows, &offsets->h_bytes) &&
         append(total, sizeof(float), rows, &offsets->h_scales) &&
         append(total, (size_t)layout->phases[0].w.row_bytes, x_rows,
                &offsets->x_bytes) &&
         append(total, sizeof(float), x_rows, &offsets->x_scales);
}

static bool lay_out_workspace(const olstm__lstm_problem* problem,
                              olstm__native_plan* plan) {
  olstm__native_workspace* offsets = &plan->workspace;
  const olstm__native_layout* layout = &plan->layout;
  const size_t rows = (size_t)problem->batch;
  const size_t tasks = (size_t)plan->split.rows * (size_t)plan->split.units;
  const bool is_gru = problem->spec.cell == OLSTM__CELL_GRU;
  const bool is_lstm = problem->spec.cell == OLSTM__CELL_LSTM;
  const size_t lens = problem->has_lens ? (size_t)problem->steps + 1 : 0;
  size_t state = 0;
  size_t chunk_rows = 0;
  size_t projection = 0;
  size_t inputs = 0;
  size_t* total = &offsets->direction_bytes;
  return olstm_size_multiply(rows, (size_t)layout->padded_hidden, &state) &&
         olstm_size_multiply(state, layout->real_bytes, &state) &&
         olstm_size_multiply(rows, (size_t)plan->chunk_steps, &chunk_rows) &&
         olstm_size_multiply(layout->projection_reals, layout->real_bytes, &projection) &&
         olstm_size_multiply((size_t)problem->input_size, layout->real_bytes, &inputs) &&
         lay_out_task(problem, chunk_rows, plan) &&
         append(total, rows, sizeof(olstm__native_row), &offsets->rows) &&
         append(total, lens, sizeof(int64_t), &offsets->counts) &&
         append(total, state, 2, &offsets->h) &&
         append(total, state, is_lstm, &offsets->c) &&
         append(total, state, is_gru, &offsets->z) &&
         append(total, state, is_gru, &offsets->reset) &&
         append(total, projection, plan->is_hoisted ? chunk_rows : 0,
                &offsets->projections) &&
         append(total, inputs, plan->is_converted ? chunk_rows : 0, &offsets->x) &&
         append(total, offsets->task_bytes, tasks, &offsets->tasks);
}

bool olstm__native_plan_make(const olstm__lstm_problem* problem,
                             const olstm__native_target* target,
                             olstm__native_plan* out_plan, size_t* out_workspace_bytes) {
  olstm__native_plan plan = {.chunk_steps = 1};
  if (!olstm__native_layout_make(problem, target, &plan.layout)) return false;
  plan.is_converted =
      problem->dtype != OLSTM_DTYPE_FLOAT && problem->dtype != OLSTM_DTYPE_DOUBLE;
  plan.is_hoisted = should_hoist(problem, &plan.layout);
  olstm__native_split_choose(problem, &plan);
  plan.chunk_steps = choose_chunk_steps(problem, &plan);
  if (!lay_out_workspace(problem, &plan)) return false;
  *out_plan = plan;
  return olstm_size_multiply(plan.workspace.direction_bytes,
                             (size_t)plan.split.directions, out_workspace_bytes);
}
