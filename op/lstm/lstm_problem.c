#include "op/lstm/lstm_problem.h"

#include <string.h>

#include "op/op_support.h"
#include "op/op_work.h"

void olstm__lstm_problem_init(const olstm__lstm_spec* spec, olstm_dtype dtype,
                              int64_t steps, int64_t batch, int64_t input_size,
                              int64_t hidden_size, const olstm__lstm_layouts* layouts,
                              olstm__lstm_problem* out_problem) {
  const int64_t directions = spec->direction_count;
  const int64_t wide = directions * hidden_size;
  const olstm__lstm_strides x[] = {
      [OLSTM__LAYOUT_TIME_MAJOR] = {.step = batch * input_size, .row = input_size},
      [OLSTM__LAYOUT_BATCH_MAJOR] = {.step = input_size, .row = steps * input_size},
      [OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED] = {.step = batch * input_size,
                                                 .row = input_size},
  };
  const olstm__lstm_strides y[] = {
      [OLSTM__LAYOUT_TIME_MAJOR] = {batch * wide, hidden_size, batch * hidden_size},
      [OLSTM__LAYOUT_BATCH_MAJOR] = {wide, steps * wide, hidden_size},
      [OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED] = {batch * wide, wide, hidden_size},
  };
  memset(out_problem, 0, sizeof *out_problem);
  out_problem->spec = *spec;
  out_problem->dtype = dtype;
  out_problem->steps = steps;
  out_problem->batch = batch;
  out_problem->input_size = input_size;
  out_problem->hidden_size = hidden_size;
  out_problem->x = x[layouts->x];
  out_problem->y = y[layouts->y];
  out_problem->state = (olstm__lstm_strides){0, hidden_size, batch * hidden_size};
  if (layouts->state != OLSTM__LAYOUT_TIME_MAJOR) {
    out_problem->state = (olstm__lstm_strides){0, wide, hidden_size};
  }
  out_problem->thread_count = 1;
  out_problem->precision = OLSTM_PRECISION_F32;
}

uint64_t olstm__lstm_problem_work(const olstm__lstm_problem* problem) {
  enum { kUnitsPerStep = 1024, kUnitsPerGate = 8, kMultiplyAddsPerUnit = 4 };
  const int64_t factor = problem->dtype == OLSTM_DTYPE_DOUBLE ? 2 : 1;
  const int64_t gates = olstm__cell_gate_count(problem->spec.cell) * problem->hidden_size;
  const int64_t steps = problem->spec.direction_count * problem->steps;
  const uint64_t functions = olstm__op_work(gates, problem->batch, kUnitsPerGate, factor);
  // A step of a row takes its multiply-adds; one more row stands for reading the weights.
  const uint64_t products =
      olstm__op_work(gates, problem->input_size + problem->hidden_size,
                     problem->batch + 1, factor) /
      kMultiplyAddsPerUnit;
  const uint64_t step =
      olstm__op_work_sum(olstm__op_work_sum(products, functions), kUnitsPerStep);
  return step > INT64_MAX ? UINT64_MAX : olstm__op_work(steps, (int64_t)step, 1, 1);
}
