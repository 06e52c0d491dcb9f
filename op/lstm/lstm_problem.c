#include "op/lstm/lstm_problem.h"

#include <string.h>

#include "op/op_support.h"

void olstm__lstm_problem_init(const olstm__lstm_spec* spec, olstm_dtype dtype,
                              int64_t steps, int64_t rows, int64_t inputs, int64_t hidden,
                              const olstm__lstm_layouts* layouts,
                              olstm__lstm_problem* out_problem) {
  const int64_t directions = spec->direction_count;
  const int64_t wide = directions * hidden;
  const olstm__lstm_strides x[] = {
      [OLSTM__LAYOUT_TIME_MAJOR] = {.step = rows * inputs, .row = inputs},
      [OLSTM__LAYOUT_BATCH_MAJOR] = {.step = inputs, .row = steps * inputs},
      [OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED] = {.step = rows * inputs, .row = inputs},
  };
  const olstm__lstm_strides y[] = {
      [OLSTM__LAYOUT_TIME_MAJOR] = {rows * wide, hidden, rows * hidden},
      [OLSTM__LAYOUT_BATCH_MAJOR] = {wide, steps * wide, hidden},
      [OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED] = {rows * wide, wide, hidden},
  };
  memset(out_problem, 0, sizeof *out_problem);
  out_problem->spec = *spec;
  out_problem->dtype = dtype;
  out_problem->steps = steps;
  out_problem->rows = rows;
  out_problem->inputs = inputs;
  out_problem->hidden = hidden;
  out_problem->x = x[layouts->x];
  out_problem->y = y[layouts->y];
  out_problem->state = (olstm__lstm_strides){0, hidden, rows * hidden};
  if (layouts->state != OLSTM__LAYOUT_TIME_MAJOR) {
    out_problem->state = (olstm__lstm_strides){0, wide, hidden};
  }
  out_problem->thread_count = 1;
  out_problem->precision = OLSTM_PRECISION_F32;
}

uint64_t olstm__lstm_problem_work(const olstm__lstm_problem* problem) {
  enum { kCellWork = 16, kStepWork = 512 };
  const int64_t gates = olstm__cell_gate_count(problem->spec.cell);
  const int64_t steps = problem->spec.direction_count * problem->steps;
  const uint64_t step =
      olstm__op_work(gates * problem->hidden,
                     problem->inputs + problem->hidden + kCellWork, problem->rows, 1);
  if (step > INT64_MAX - kStepWork) return UINT64_MAX;
  return olstm__op_work(steps, (int64_t)step + kStepWork, 1, 1);
}
