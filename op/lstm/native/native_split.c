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
/// Beginning a piece of a sequence; and weights of one direction that L2 does not keep.
static const double kPiece = 0.15;
enum { kFarBytes = 768 * 1024 };
/// Rows of a block; each block costs as much as kBlockCost more rows.
enum { kBlockRows = 6 };
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
                        const olstm__native_plan* plan, int64_t rows, double blocks) {
  const olstm__native_layout* layout = &plan->layout;
  const double flops = kFlops * speed_of(layout);
  const double gates = (double)layout->projection_reals / (double)layout->blocks;
  const double w = blocks * gates * (double)problem->input_size;
  const double r = blocks * gates * (double)problem->hidden_size;
  const double weights = plan->is_hoisted ? r : w + r;
  const double block_cost = kBlockCost * (double)divide_up(rows, kBlockRows);
  const double effective = rows == 1 ? 1 : (double)rows + block_cost;
  // Projections ahead have full blocks of rows, which share the reading of W.
  const double ahead =
      plan->is_hoisted ? (double)rows * (1 + kBlockCost / kBlockRows) : 0;
  const double compute = 2 * effective * weights / flops + (double)rows * blocks * kCell;
  const double stream = weights * weight_bytes(layout) / kCacheBytes;
  return (compute > stream ? compute : stream) + 2 * ahead * w / flops;
}

/// What a piece of a sequence takes besides its steps: where projections are computed
/// ahead, it reads W, in part while it computes unless W comes from far.
static double piece_time(const olstm__lstm_problem* problem,
                         const olstm__native_plan* plan) {
  const olstm__native_layout* layout = &plan->layout;
  const double w = (double)layout->projection_reals * (double)problem->input_size;
  const double stream = w * weight_bytes(layout) / kCacheBytes;
  if (!plan->is_hoisted) return kPiece;
  return kPiece + (layout->direction_bytes > kFarBytes ? stream : stream / 6);
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
                         const olstm__native_plan* plan,
                         const olstm__native_split* split) {
  const olstm__native_layout* layout = &plan->layout;
  const int64_t alignment = block_alignment(layout);
  const int64_t groups = divide_up(layout->blocks, alignment);
  const bool is_alone = split->directions * split->rows * split->units == 1;
  const double rounds = (double)problem->spec.direction_count / split->directions;
  const int64_t rows = divide_up(problem->batch, split->rows);
  const double blocks = split->units > 1
                            ? (double)(divide_up(groups, split->units) * alignment)
                            : (double)layout->blocks;
  double step = step_time(problem, plan, rows, blocks);
  if (split->units > 1) {
    step += layout->phase_count * (kHandOut + split->units * kHandOutPerThread);
  }
  return (is_alone ? 0 : kWake) + rounds * (double)problem->steps * step;
}

/// The best split for exactly `threads` threads; false where there is none.
static bool choose_for(const olstm__lstm_problem* problem, const olstm__native_plan* plan,
                       int32_t threads, olstm__native_split* out_split,
                       double* out_time) {
  const olstm__native_layout* layout = &plan->layout;
  const int64_t groups = divide_up(layout->blocks, block_alignment(layout));
  bool is_found = false;
  for (int32_t d = problem->spec.direction_count; d >= 0; d--) {
    const bool is_by_units = d == 0;
    if (is_by_units ? plan->is_converted || threads > groups
                    : threads % d != 0 || threads / d > problem->batch) {
      continue;
    }
    const olstm__native_split split = is_by_units
                                          ? (olstm__native_split){1, 1, threads}
                                          : (olstm__native_split){d, threads / d, 1};
    const double time = split_time(problem, plan, &split);
    // Rows synchronise once a run, units in every step: where times are about equal, rows
    // win, which suffer less on a busy machine.
    if (is_found && time >= *out_time * 0.985) continue;
    is_found = true;
    *out_split = split;
    *out_time = time;
  }
  return is_found;
}

void olstm__native_split_choose(const olstm__lstm_problem* problem,
                                olstm__native_plan* plan) {
  plan->split = (olstm__native_split){1, 1, 1};
  plan->alone_time = split_time(problem, plan, &plan->split);
  plan->split_time = plan->alone_time;
  plan->piece_time = piece_time(problem, plan);
  for (int32_t threads = 2; threads <= problem->thread_count; threads++) {
    olstm__native_split split;
    double time = 0;
    // Another core must save a tenth, or it is left to others.
    if (!choose_for(problem, plan, threads, &split, &time)) continue;
    if (time >= plan->split_time * 0.9) continue;
    plan->split = split;
    plan->split_time = time;
  }
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
