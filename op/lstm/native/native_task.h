// What the native kernel's parts that are compiled for each kind of CPU share with the
// part that is not: one direction of a run, one task of it, and the table of compiled
// variants.
#ifndef OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_H_
#define OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_H_

#include "op/lstm/native/native_plan.h"

/// One direction of a run. Rows are those of the workspace: longest first.
typedef struct olstm__native_direction {
  const olstm__lstm_problem* problem;
  const olstm__native_plan* plan;
  const olstm__activation* activations;
  /// The direction's packed weights.
  const void* packed;
  const olstm__native_row* rows;
  /// Arrays of the workspace; see olstm__native_workspace.
  void *h, *c, *z, *reset, *projections, *x, *tasks;
  /// From one step to the next, in the direction's own order, in bytes.
  int64_t x_step, y_step;
  bool wants_y;
  /// Runs the parts of a step; NULL where a step is not split by units.
  const olstm_parallel* parallel;
} olstm__native_direction;

/// A part of a direction: a range of rows and of unit blocks.
typedef struct olstm__native_task {
  const olstm__native_direction* direction;
  int64_t first_row, end_row;
  int64_t first_block, end_block;
  /// The task's scratch: see olstm__native_workspace.
  void* memory;
} olstm__native_task;

/// Task `index` of those that the plan splits the direction's rows into, each with about
/// the same number of row steps. It may have no rows.
olstm__native_task olstm__native_cut_rows(const olstm__native_direction* direction,
                                          int32_t index);

/// Part `index` of those that the plan splits the units of a task into.
olstm__native_task olstm__native_cut_units(const olstm__native_task* whole,
                                           int32_t index);

/// The steps as compiled for one kind of CPU and one kind of real.
typedef struct olstm__native_variant {
  /// See olstm__native_target.
  int32_t lanes, tile_vectors, int8_bytes;
  /// Steps [first_step, end_step) of a task, as far as its rows have so many. [no-alloc]
  void (*run)(const olstm__native_task* task, int64_t first_step, int64_t end_step);
} olstm__native_variant;

extern const olstm__native_variant olstm__native_f32_plain;
extern const olstm__native_variant olstm__native_f64_plain;
extern const olstm__native_variant olstm__native_f32_avx2;
extern const olstm__native_variant olstm__native_f64_avx2;
extern const olstm__native_variant olstm__native_f32_avx512;

#endif  // OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_H_
