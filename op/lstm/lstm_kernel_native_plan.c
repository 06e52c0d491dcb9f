#include "op/lstm/lstm_kernel_native_plan.h"

#include "op/lstm/lstm_spec.h"

// Rows that one pass over a panel serves: fewer do not make good use of the weights they
// read.
enum { FULL_ROWS = 6 };
// Projections that are computed ahead should stay in a core's own cache.
enum { CHUNK_BYTES = 512 * 1024, MIN_CHUNK_ROWS = 48 };

// *total += a * b, rounded up to a multiple of OLSTM_ALIGNMENT where the total counts
// bytes of that many a piece; out_start gets where the new piece starts.
static bool append(size_t* total, size_t a, size_t b, size_t unit, size_t* out_start) {
  const size_t pieces = OLSTM_ALIGNMENT / unit;
  size_t count = 0;
  *out_start = *total;
  if (!olstm_size_multiply(a, b, &count)) return false;
  if (!olstm_size_add(count, pieces - 1, &count)) return false;
  return olstm_size_add(*total, count - count % pieces, total) &&
         *total <= (size_t)PTRDIFF_MAX / unit;
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

bool olstm__native_layout_make(const olstm__lstm_problem* problem, int32_t lanes,
                               size_t real_bytes, olstm__native_layout* out_layout) {
  olstm__native_layout layout = {.lanes = lanes, .real_bytes = real_bytes};
  size_t total = 0;
  size_t hidden = 0;
  if (!olstm_size_add((size_t)problem->hidden, (size_t)lanes - 1, &hidden)) return false;
  layout.blocks = (int64_t)(hidden / (size_t)lanes);
  hidden = (size_t)layout.blocks * (size_t)lanes;
  layout.padded_hidden = (int64_t)hidden;
  set_phases(&problem->spec, &layout);
  for (int32_t p = 0; p < layout.phase_count; p++) {
    olstm__native_phase* phase = &layout.phases[p];
    size_t columns = 0;
    if (!olstm_size_multiply(hidden, (size_t)phase->gate_count, &columns) ||
        !append(&total, columns, (size_t)problem->inputs, real_bytes, &phase->w) ||
        !append(&total, columns, (size_t)problem->hidden, real_bytes, &phase->r) ||
        !append(&total, columns, 1, real_bytes, &phase->bias) ||
        !append(&layout.projection_reals, columns, 1, real_bytes, &phase->projection)) {
      return false;
    }
  }
  const bool is_linear = olstm__native_is_linear_gru(problem);
  if (!append(&total, hidden, is_linear ? 1 : 0, real_bytes, &layout.recurrent_bias) ||
      !append(&total, hidden, problem->has_peepholes ? 3 : 0, real_bytes,
              &layout.peepholes)) {
    return false;
  }
  layout.direction_reals = total;
  *out_layout = layout;
  return olstm_size_multiply(total, (size_t)problem->spec.direction_count * real_bytes,
                             &out_layout->packed_bytes);
}

// Whether X*W^T is better computed ahead: it saves reading W in every step where few rows
// share that, or where W and R together are more than the cache holds.
static bool should_hoist(const olstm__lstm_problem* problem,
                         const olstm__native_layout* layout) {
  if (olstm__native_is_linear_gru(problem)) return true;
  if (problem->steps < 2) return false;
  if (problem->rows < FULL_ROWS) return problem->inputs > 2;
  return layout->packed_bytes / (size_t)problem->spec.direction_count > 768U * 1024U;
}

static int64_t choose_chunk_steps(const olstm__lstm_problem* problem,
                                  const olstm__native_plan* plan) {
  const size_t row_bytes = plan->layout.projection_reals * plan->layout.real_bytes;
  size_t rows = CHUNK_BYTES / (row_bytes ? row_bytes : 1);
  if (!plan->is_hoisted) return 1;
  if (rows < MIN_CHUNK_ROWS) rows = MIN_CHUNK_ROWS;
  const int64_t steps = (int64_t)rows / problem->rows;
  if (steps < 1) return 1;
  return steps < problem->steps ? steps : problem->steps;
}

static bool lay_out_workspace(const olstm__lstm_problem* problem,
                              olstm__native_plan* plan) {
  olstm__native_workspace* w = &plan->workspace;
  const olstm__native_layout* layout = &plan->layout;
  const size_t rows = (size_t)problem->rows;
  const size_t tasks = (size_t)plan->split.rows * (size_t)plan->split.units;
  const bool is_gru = problem->spec.cell == OLSTM__CELL_GRU;
  const bool is_lstm = problem->spec.cell == OLSTM__CELL_LSTM;
  size_t state = 0;
  size_t chunk_rows = 0;
  size_t projection = 0;
  size_t* total = &w->direction_bytes;
  if (!olstm_size_multiply(rows, (size_t)layout->padded_hidden, &state) ||
      !olstm_size_multiply(state, layout->real_bytes, &state) ||
      !olstm_size_multiply(rows, (size_t)plan->chunk_steps, &chunk_rows) ||
      !olstm_size_multiply(layout->projection_reals, layout->real_bytes, &projection)) {
    return false;
  }
  // A panel has no more than 4 vectors.
  const size_t sums = 4 * (size_t)layout->lanes * layout->real_bytes;
  const size_t inputs = (size_t)problem->inputs * layout->real_bytes;
  if (!append(total, rows, sizeof(olstm__native_row), 1, &w->rows) ||
      !append(total, problem->has_lens ? (size_t)problem->steps + 1 : 0, sizeof(int64_t),
              1, &w->counts) ||
      !append(total, state, 2, 1, &w->h) || !append(total, state, is_lstm, 1, &w->c) ||
      !append(total, state, is_gru, 1, &w->z) ||
      !append(total, state, is_gru, 1, &w->reset) ||
      !append(total, projection, plan->is_hoisted ? chunk_rows : 0, 1, &w->projections) ||
      !append(total, inputs, plan->is_converted ? chunk_rows : 0, 1, &w->x) ||
      !append(&w->sums_bytes, sums, rows, 1, &w->sums) ||
      !append(total, w->sums_bytes, tasks, 1, &w->sums)) {
    return false;
  }
  return true;
}

bool olstm__native_plan_make(const olstm__lstm_problem* problem, int32_t lanes,
                             size_t real_bytes, olstm__native_plan* out_plan,
                             size_t* out_workspace_bytes) {
  olstm__native_plan plan = {.chunk_steps = 1};
  if (!olstm__native_layout_make(problem, lanes, real_bytes, &plan.layout)) return false;
  plan.is_converted =
      problem->dtype != OLSTM_DTYPE_FLOAT && problem->dtype != OLSTM_DTYPE_DOUBLE;
  plan.split = olstm__native_split_choose(problem, &plan.layout);
  plan.is_hoisted = should_hoist(problem, &plan.layout);
  plan.chunk_steps = choose_chunk_steps(problem, &plan);
  if (!lay_out_workspace(problem, &plan)) return false;
  *out_plan = plan;
  return olstm_size_multiply(plan.workspace.direction_bytes,
                             (size_t)plan.split.directions, out_workspace_bytes);
}
