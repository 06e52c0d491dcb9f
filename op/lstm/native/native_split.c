// How the native kernel splits its work over threads. The model's constants were measured
// on a core of about 3 GHz and are in microseconds; an error of half on another machine
// changes few choices.
#include "op/lstm/native/native_task.h"

/// Until a sleeping thread takes part.
static const double kWake = 12;
/// Starting and joining the parts of a step, and what each thread adds to it.
static const double kHandOut = 0.4;
static const double kHandOutPerThread = 0.1;
/// Floating-point operations, and bytes of weights read from the cache, in a microsecond;
/// and the time of the elementwise part of one vector of units.
static const double kFlops = 90e3;
static const double kCacheBytes = 90e3;
static const double kCell = 0.04;
/// Rows of a block; each block costs as much as kBlockCost more rows.
enum { BLOCK_ROWS = 6 };
static const double kBlockCost = 0.8;

static int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Bytes of a weight.
static double weight_bytes(const olstm__native_layout* layout) {
  switch (layout->format) {
    case OLSTM__NATIVE_BF16:
    case OLSTM__NATIVE_BF16_PAIRS:
      return 2;
    case OLSTM__NATIVE_INT8:
      return 1;
    default:
      return (double)layout->real_bytes;
  }
}

/// How many times faster than reals the format is multiplied.
static double speed_of(const olstm__native_layout* layout) {
  const bool is_pairwise =
      layout->format == OLSTM__NATIVE_BF16_PAIRS || layout->format == OLSTM__NATIVE_INT8;
  return is_pairwise ? 2 : 1;
}

/// How long a step takes on one thread with `rows` rows and `blocks` unit blocks.
static double step_time(const olstm__lstm_problem* problem,
                        const olstm__native_layout* layout, int64_t rows, double blocks) {
  const double gates = (double)layout->projection_reals / (double)layout->blocks;
  const double weights =
      blocks * gates * (double)(problem->hidden_size + problem->input_size);
  const double effective =
      rows == 1 ? 1 : (double)rows + kBlockCost * (double)divide_up(rows, BLOCK_ROWS);
  const double compute = 2 * effective * weights / (kFlops * speed_of(layout)) +
                         (double)rows * blocks * kCell;
  const double stream = weights * weight_bytes(layout) / kCacheBytes;
  return compute > stream ? compute : stream;
}

/// Units are split at blocks where panels of all phases end.
static int64_t block_alignment(const olstm__native_layout* layout) {
  int64_t alignment = 1;
  for (int32_t p = 0; p < layout->phase_count; p++) {
    const int64_t blocks = layout->phases[p].panel_blocks;
    if (blocks > alignment) alignment = blocks;
  }
  // One row takes pairs of panels faster.
  return alignment > 1 ? alignment : 2;
}

/// How long a run takes.
static double split_time(const olstm__lstm_problem* problem,
                         const olstm__native_layout* layout,
                         const olstm__native_split* split) {
  const int64_t alignment = block_alignment(layout);
  const int64_t groups = divide_up(layout->blocks, alignment);
  const bool is_alone = split->directions * split->rows * split->units == 1;
  const double rounds = (double)problem->spec.direction_count / split->directions;
  const int64_t rows = divide_up(problem->batch, split->rows);
  const double blocks = split->units > 1
                            ? (double)(divide_up(groups, split->units) * alignment)
                            : (double)layout->blocks;
  double step = step_time(problem, layout, rows, blocks);
  if (split->units > 1) {
    step += layout->phase_count * (kHandOut + split->units * kHandOutPerThread);
  }
  return (is_alone ? 0 : kWake) + rounds * (double)problem->steps * step;
}

/// The best split for exactly `threads` threads; false where there is none.
static bool choose_for(const olstm__lstm_problem* problem,
                       const olstm__native_layout* layout, int32_t threads,
                       olstm__native_split* out_split, double* out_time) {
  const int64_t groups = divide_up(layout->blocks, block_alignment(layout));
  const bool is_converted =
      problem->dtype != OLSTM_DTYPE_FLOAT && problem->dtype != OLSTM_DTYPE_DOUBLE;
  bool is_found = false;
  for (int32_t d = problem->spec.direction_count; d >= 0; d--) {
    const bool is_by_units = d == 0;
    if (is_by_units ? is_converted || threads > groups
                    : threads % d != 0 || threads / d > problem->batch) {
      continue;
    }
    const olstm__native_split split = is_by_units
                                          ? (olstm__native_split){1, 1, threads}
                                          : (olstm__native_split){d, threads / d, 1};
    const double time = split_time(problem, layout, &split);
    // Rows synchronise once a run, units in every step: where times are about equal, rows
    // win, which suffer less on a busy machine.
    if (is_found && time >= *out_time * 0.97) continue;
    is_found = true;
    *out_split = split;
    *out_time = time;
  }
  return is_found;
}

olstm__native_split olstm__native_split_choose(const olstm__lstm_problem* problem,
                                               const olstm__native_layout* layout) {
  olstm__native_split best = {1, 1, 1};
  double best_time = split_time(problem, layout, &best);
  for (int32_t threads = 2; threads <= problem->thread_count; threads++) {
    olstm__native_split split;
    double time = 0;
    // Another core must save a tenth, or it is left to others.
    if (!choose_for(problem, layout, threads, &split, &time)) continue;
    if (time >= best_time * 0.9) continue;
    best = split;
    best_time = time;
  }
  return best;
}

/// Points at the scratch of task or part `index`.
static void set_memory(const olstm__native_direction* direction, int32_t index,
                       olstm__native_task* task) {
  const olstm__native_workspace* offsets = &direction->plan->workspace;
  task->memory = (char*)direction->tasks + (size_t)index * offsets->task_bytes;
}

/// The first row before which rows have `steps` steps or more in total.
static int64_t row_after(const olstm__native_row* rows, int64_t count, int64_t steps) {
  int64_t row = 0;
  for (int64_t sum = 0; row < count && sum < steps; row++) sum += rows[row].length;
  return row;
}

olstm__native_task olstm__native_cut_rows(const olstm__native_direction* direction,
                                          int32_t index) {
  const olstm__native_row* rows = direction->rows;
  const int32_t tasks = direction->plan->split.rows;
  const int64_t count = direction->problem->batch;
  olstm__native_task task = {.direction = direction,
                             .end_row = count,
                             .end_block = direction->plan->layout.blocks};
  int64_t total = 0;
  for (int64_t row = 0; row < count; row++) total += rows[row].length;
  task.first_row = row_after(rows, count, total / tasks * index);
  if (index + 1 < tasks)
    task.end_row = row_after(rows, count, total / tasks * (index + 1));
  set_memory(direction, index, &task);
  return task;
}

olstm__native_task olstm__native_cut_units(const olstm__native_task* whole,
                                           int32_t index) {
  const olstm__native_plan* plan = whole->direction->plan;
  const int64_t alignment = block_alignment(&plan->layout);
  const int64_t groups = divide_up(plan->layout.blocks, alignment);
  olstm__native_task part = *whole;
  part.first_block = groups * index / plan->split.units * alignment;
  if (index + 1 < plan->split.units) {
    part.end_block = groups * (index + 1) / plan->split.units * alignment;
  }
  set_memory(whole->direction, index, &part);
  return part;
}
