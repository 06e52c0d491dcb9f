// The definition of LSTM, GRU and RNN: ONNX's equations as plain loops, accumulated in
// double, one row of the batch after the other. Written for
// correctness: the other kernels are tested against it.
//
// Between two steps the state is rounded to the problem's dtype, so that a sequence in
// chunks, with the state carried over, gives bit for bit what it gives in one piece.
#include "op/lstm/lstm_kernel.h"
#include "op/lstm/lstm_spec.h"
#include "op/math/real.h"

/// Packed weights: everything as double, in ONNX's order; absent tensors are left out.
typedef struct packed_layout {
  int64_t w, r, b, p, total;
} packed_layout;

/// Workspace: one row's vectors.
typedef struct row_state {
  double *x, *h, *c, *gates, *reset;
} row_state;

/// One direction of one run.
typedef struct direction_run {
  const olstm__lstm_problem* problem;
  const olstm__activation* activations;
  /// Weights of this direction. bias_w, bias_r and p are NULL where there are none.
  const double *w, *r, *bias_w, *bias_r, *p;
  row_state state;
} direction_run;

static int64_t gate_rows(const olstm__lstm_problem* problem) {
  return olstm__cell_gate_count(problem->spec.cell) * problem->hidden_size;
}

static const char* decline(const olstm__lstm_problem* problem) {
  return problem->precision == OLSTM_PRECISION_F32 ? NULL : "reduced precision";
}

static bool add_product(int64_t* total, int64_t a, int64_t b, int64_t c) {
  size_t sum = (size_t)*total;
  size_t product = 0;
  if (!olstm_size_multiply((size_t)a, (size_t)b, &product)) return false;
  if (!olstm_size_multiply(product, (size_t)c, &product)) return false;
  if (!olstm_size_add(sum, product, &sum) || sum > (size_t)INT64_MAX) return false;
  *total = (int64_t)sum;
  return true;
}

static bool lay_out_packed(const olstm__lstm_problem* problem, packed_layout* out) {
  const int64_t d = problem->spec.direction_count;
  int64_t total = 0;
  out->w = 0;
  if (!add_product(&total, d, gate_rows(problem), problem->input_size)) return false;
  out->r = total;
  if (!add_product(&total, d, gate_rows(problem), problem->hidden_size)) return false;
  out->b = total;
  if (problem->has_bias && !add_product(&total, d, gate_rows(problem), 2)) return false;
  out->p = total;
  if (problem->has_peepholes && !add_product(&total, d, problem->hidden_size, 3))
    return false;
  out->total = total;
  return true;
}

static bool packed_bytes(const olstm__lstm_problem* problem, size_t* out_bytes) {
  packed_layout layout = {0};
  return lay_out_packed(problem, &layout) &&
         olstm_size_multiply((size_t)layout.total, sizeof(double), out_bytes);
}

static void widen(olstm_dtype dtype, const void* from, int64_t count, double* to) {
  for (int64_t i = 0; i < count; i++) to[i] = olstm__real_load(dtype, from, i);
}

static void pack(const olstm__lstm_problem* problem, const olstm__lstm_weights* weights,
                 void* packed) {
  double* to = packed;
  packed_layout layout = {0};
  (void)lay_out_packed(problem, &layout);
  widen(problem->dtype, weights->w, layout.r - layout.w, to + layout.w);
  widen(problem->dtype, weights->r, layout.b - layout.r, to + layout.r);
  widen(problem->dtype, weights->b, layout.p - layout.b, to + layout.b);
  widen(problem->dtype, weights->p, layout.total - layout.p, to + layout.p);
}

static olstm_status prepare(const olstm__lstm_problem* problem, const void* packed,
                            const olstm_allocator* allocator, void** out_handle,
                            size_t* out_workspace_bytes, olstm_error* error) {
  // x, h, c, reset, gates
  const size_t hidden = (size_t)problem->hidden_size;
  size_t doubles = (size_t)problem->input_size;
  (void)packed;
  (void)allocator;
  *out_handle = NULL;
  if (!olstm_size_add(doubles, (3 + OLSTM__MAX_GATES) * hidden, &doubles) ||
      !olstm_size_multiply(doubles, sizeof(double), out_workspace_bytes)) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "workspace does not fit");
  }
  return OLSTM_STATUS_OK;
}

static void release(const olstm_allocator* allocator, void* handle) {
  (void)allocator;
  (void)handle;
}

static double dot(const double* a, const double* b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

/// Activation `index` at x, bounded by clip first.
static double activate(const direction_run* run, int32_t index, double x) {
  const olstm__lstm_spec* spec = &run->problem->spec;
  if (spec->has_clip) {
    const double clip = spec->clip;
    x = x > clip ? clip : x < -clip ? -clip : x;
  }
  return olstm__activation_apply(&run->activations[index], x);
}

/// Row `index` of X*W^T + Wb.
static double from_input(const direction_run* run, int64_t index) {
  const int64_t inputs = run->problem->input_size;
  const double sum = dot(run->w + index * inputs, run->state.x, inputs);
  return run->bias_w ? sum + run->bias_w[index] : sum;
}

/// Row `index` of H*R^T + Rb.
static double from_hidden(const direction_run* run, int64_t index, const double* h) {
  const int64_t hidden = run->problem->hidden_size;
  const double sum = dot(run->r + index * hidden, h, hidden);
  return run->bias_r ? sum + run->bias_r[index] : sum;
}

static void step_lstm(const direction_run* run) {
  const int64_t hidden = run->problem->hidden_size;
  const olstm_dtype dtype = run->problem->dtype;
  const row_state* s = &run->state;
  for (int64_t k = 0; k < 4 * hidden; k++) {
    s->gates[k] = from_input(run, k) + from_hidden(run, k, s->h);
  }
  for (int64_t j = 0; j < hidden; j++) {
    const double p_i = run->p ? run->p[j] : 0;
    const double p_o = run->p ? run->p[hidden + j] : 0;
    const double p_f = run->p ? run->p[2 * hidden + j] : 0;
    const double last_c = s->c[j];
    const double i = activate(run, 0, s->gates[j] + p_i * last_c);
    const double f = run->problem->spec.input_forget
                         ? 1 - i
                         : activate(run, 0, s->gates[2 * hidden + j] + p_f * last_c);
    const double c = f * last_c + i * activate(run, 1, s->gates[3 * hidden + j]);
    const double o = activate(run, 0, s->gates[hidden + j] + p_o * c);
    s->c[j] = olstm__real_round(dtype, c);
    s->h[j] = olstm__real_round(dtype, o * activate(run, 2, c));
  }
}

static void step_gru(const direction_run* run) {
  const int64_t hidden = run->problem->hidden_size;
  const row_state* s = &run->state;
  for (int64_t k = 0; k < 2 * hidden; k++) {
    s->gates[k] = activate(run, 0, from_input(run, k) + from_hidden(run, k, s->h));
  }
  const double* z = s->gates;
  const double* r = s->gates + hidden;
  for (int64_t j = 0; j < hidden; j++) s->reset[j] = r[j] * s->h[j];
  for (int64_t j = 0; j < hidden; j++) {
    const int64_t k = 2 * hidden + j;
    const double recurrent = run->problem->spec.linear_before_reset
                                 ? r[j] * from_hidden(run, k, s->h)
                                 : from_hidden(run, k, s->reset);
    s->gates[k] = activate(run, 1, from_input(run, k) + recurrent);
  }
  for (int64_t j = 0; j < hidden; j++) {
    const double h = (1 - z[j]) * s->gates[2 * hidden + j] + z[j] * s->h[j];
    s->h[j] = olstm__real_round(run->problem->dtype, h);
  }
}

static void step_rnn(const direction_run* run) {
  const int64_t hidden = run->problem->hidden_size;
  const row_state* s = &run->state;
  for (int64_t j = 0; j < hidden; j++) {
    s->gates[j] = activate(run, 0, from_input(run, j) + from_hidden(run, j, s->h));
  }
  for (int64_t j = 0; j < hidden; j++) {
    s->h[j] = olstm__real_round(run->problem->dtype, s->gates[j]);
  }
}

static void load_vector(olstm_dtype dtype, const void* from, int64_t offset,
                        int64_t count, double* to) {
  for (int64_t i = 0; i < count; i++) {
    to[i] = from ? olstm__real_load(dtype, from, offset + i) : 0;
  }
}

/// from NULL: zeros. to NULL: nothing is written.
static void store_vector(olstm_dtype dtype, const double* from, int64_t count, void* to,
                         int64_t offset) {
  for (int64_t i = 0; to && i < count; i++) {
    olstm__real_store(dtype, to, offset + i, from ? from[i] : 0);
  }
}

static void run_row(const direction_run* run, const olstm__lstm_args* args, int32_t d,
                    int64_t n) {
  const olstm__lstm_problem* p = run->problem;
  const row_state* s = &run->state;
  const int64_t length = args->sequence_lens ? args->sequence_lens[n] : p->steps;
  const int64_t state_at = d * p->state.direction + n * p->state.row;
  const int64_t y_at = d * p->y.direction + n * p->y.row;
  load_vector(p->dtype, args->initial_h, state_at, p->hidden_size, s->h);
  load_vector(p->dtype, args->initial_c, state_at, p->hidden_size, s->c);
  for (int64_t i = 0; i < length; i++) {
    const int64_t t = p->spec.is_reverse[d] ? length - 1 - i : i;
    load_vector(p->dtype, args->x, t * p->x.step + n * p->x.row, p->input_size, s->x);
    if (p->spec.cell == OLSTM__CELL_LSTM) {
      step_lstm(run);
    } else if (p->spec.cell == OLSTM__CELL_GRU) {
      step_gru(run);
    } else {
      step_rnn(run);
    }
    store_vector(p->dtype, s->h, p->hidden_size, args->y, y_at + t * p->y.step);
  }
  for (int64_t t = length; t < p->steps; t++) {
    store_vector(p->dtype, NULL, p->hidden_size, args->y, y_at + t * p->y.step);
  }
  store_vector(p->dtype, s->h, p->hidden_size, args->y_h, state_at);
  store_vector(p->dtype, s->c, p->hidden_size, args->y_c, state_at);
}

static olstm_status run(const olstm__lstm_problem* problem, const void* handle,
                        const olstm__lstm_args* args, olstm_error* error) {
  const double* packed = args->packed;
  double* workspace = args->workspace;
  const int64_t hidden = problem->hidden_size;
  const int64_t rows = gate_rows(problem);
  packed_layout layout = {0};
  (void)handle;
  (void)error;
  (void)lay_out_packed(problem, &layout);
  for (int32_t d = 0; d < problem->spec.direction_count; d++) {
    const double* bias = problem->has_bias ? packed + layout.b + d * 2 * rows : NULL;
    const direction_run direction = {
        .problem = problem,
        .activations = problem->spec.activations[d],
        .w = packed + layout.w + d * rows * problem->input_size,
        .r = packed + layout.r + d * rows * hidden,
        .bias_w = bias,
        .bias_r = bias ? bias + rows : NULL,
        .p = problem->has_peepholes ? packed + layout.p + d * 3 * hidden : NULL,
        .state = {.h = workspace,
                  .c = workspace + hidden,
                  .reset = workspace + 2 * hidden,
                  .gates = workspace + 3 * hidden,
                  .x = workspace + (3 + OLSTM__MAX_GATES) * hidden},
    };
    for (int64_t n = 0; n < problem->batch; n++) run_row(&direction, args, d, n);
  }
  return OLSTM_STATUS_OK;
}

const olstm__lstm_kernel olstm__lstm_kernel_ref = {
    .name = "reference",
    .decline = decline,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .prepare = prepare,
    .run = run,
    .release = release,
};
