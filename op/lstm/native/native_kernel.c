// The native kernel: LSTM, GRU and RNN, the whole spec, with the CPU's vectors. This file
// brings states and rows into the workspace and back; the steps are in
// native_steps.inc, compiled for each kind of CPU.
#include <string.h>

#include "op/lstm/native/native_task.h"
#include "op/math/cpu.h"
#include "op/math/real.h"

// ---------------------------------------------------------------- plan

static const olstm__native_variant* variant_of(const olstm__lstm_problem* problem) {
  const bool is_double = problem->dtype == OLSTM_DTYPE_DOUBLE;
#if defined(__x86_64__)
  const olstm__cpu_features* cpu = olstm__cpu_get();
  const olstm__native_variant* avx2 =
      is_double ? &olstm__native_f64_avx2 : &olstm__native_f32_avx2;
  // Units that fit one vector of AVX2 leave half of a wider one idle, and many CPUs take
  // twice as long for the wider one. Wide products of bytes are there with VNNI alone,
  // and doubles gain too little for code of their own.
  const bool has_products =
      problem->precision != OLSTM_PRECISION_INT8 || cpu->avx512_vnni;
  if (cpu->avx512 && !is_double && has_products && problem->hidden_size > avx2->lanes) {
    return &olstm__native_f32_avx512;
  }
  if (cpu->avx2_fma) return avx2;
#endif
  return is_double ? &olstm__native_f64_plain : &olstm__native_f32_plain;
}

static size_t real_bytes(const olstm__lstm_problem* problem) {
  return problem->dtype == OLSTM_DTYPE_DOUBLE ? sizeof(double) : sizeof(float);
}

static olstm__native_target target_of(const olstm__lstm_problem* problem) {
  const olstm__native_variant* variant = variant_of(problem);
  return (olstm__native_target){.lanes = variant->lanes,
                                .tile_vectors = variant->tile_vectors,
                                .real_bytes = real_bytes(problem),
                                .int8_bytes = variant->int8_bytes,
                                .int8_group = olstm__cpu_get()->arm_i8mm ? 8 : 4,
                                .has_bf16_pairs = olstm__cpu_multiplies_bf16()};
}

/// Fewer units have so few weights that reading them costs nothing.
enum { kMinReducedHidden = 32 };

static const char* decline(const olstm__lstm_problem* problem) {
  if (problem->precision == OLSTM_PRECISION_F32) return NULL;
  if (problem->dtype == OLSTM_DTYPE_DOUBLE) return "double at reduced precision";
  if (problem->hidden_size < kMinReducedHidden)
    return "reduced precision of so few units";
  return NULL;
}

static bool packed_bytes(const olstm__lstm_problem* problem, size_t* out_bytes) {
  const olstm__native_target target = target_of(problem);
  olstm__native_layout layout;
  if (!olstm__native_layout_make(problem, &target, &layout)) return false;
  *out_bytes = layout.packed_bytes;
  return true;
}

static void pack(const olstm__lstm_problem* problem, const olstm__lstm_weights* weights,
                 void* packed) {
  const olstm__native_target target = target_of(problem);
  olstm__native_layout layout;
  // It fits: packed_bytes said so.
  (void)olstm__native_layout_make(problem, &target, &layout);
  olstm__native_pack(problem, &layout, weights, packed);
}

static olstm_status prepare(const olstm__lstm_problem* problem, const void* packed,
                            const olstm_allocator* allocator, void** out_handle,
                            size_t* out_workspace_bytes, olstm_error* error) {
  const olstm__native_target target = target_of(problem);
  olstm__native_plan* plan = olstm_allocate(allocator, 1, sizeof *plan);
  (void)packed;
  *out_handle = NULL;
  if (!plan) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "out of memory");
  if (!olstm__native_plan_make(problem, &target, plan, out_workspace_bytes)) {
    olstm_release(allocator, plan, 1, sizeof *plan);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "workspace does not fit");
  }
  *out_handle = plan;
  return OLSTM_STATUS_OK;
}

static void release(const olstm_allocator* allocator, void* handle) {
  olstm_release(allocator, handle, 1, sizeof(olstm__native_plan));
}

// ---------------------------------------------------------------- rows and states

/// Where element 0 of row `index` is at step `step` of the sequence, in bytes.
static int64_t bytes_at(const olstm__lstm_problem* problem,
                        const olstm__lstm_strides* strides, int64_t step, int64_t index,
                        int32_t direction) {
  return (step * strides->step + index * strides->row + direction * strides->direction) *
         (int64_t)olstm_dtype_size(problem->dtype);
}

static olstm__native_row make_row(const olstm__lstm_problem* problem,
                                  const olstm__lstm_args* args, int32_t direction,
                                  int64_t index, int64_t length) {
  const bool is_reverse = problem->spec.is_reverse[direction];
  const int64_t first = is_reverse && length > 0 ? length - 1 : 0;
  olstm__native_row row = {.length = length, .index = index};
  row.x = (const char*)args->x + bytes_at(problem, &problem->x, first, index, 0);
  if (problem->wants_y) {
    row.y = (char*)args->y + bytes_at(problem, &problem->y, first, index, direction);
  }
  return row;
}

/// Sorts the rows by length, longest first: a counting sort.
static void sort_rows(const olstm__lstm_problem* problem, const olstm__lstm_args* args,
                      int32_t direction, int64_t* counts, olstm__native_row* rows) {
  const int32_t* lens = args->sequence_lens;
  memset(counts, 0, ((size_t)problem->steps + 1) * sizeof *counts);
  for (int64_t n = 0; n < problem->batch; n++) counts[lens[n]]++;
  int64_t first = 0;
  for (int64_t length = problem->steps; length >= 0; length--) {
    const int64_t count = counts[length];
    counts[length] = first;
    first += count;
  }
  for (int64_t n = 0; n < problem->batch; n++) {
    rows[counts[lens[n]]++] = make_row(problem, args, direction, n, lens[n]);
  }
}

static void make_rows(const olstm__lstm_problem* problem, const olstm__lstm_args* args,
                      int32_t direction, char* workspace,
                      const olstm__native_workspace* offsets) {
  olstm__native_row* rows = (olstm__native_row*)(void*)(workspace + offsets->rows);
  if (problem->has_lens) {
    sort_rows(problem, args, direction, (int64_t*)(void*)(workspace + offsets->counts),
              rows);
    return;
  }
  for (int64_t n = 0; n < problem->batch; n++) {
    rows[n] = make_row(problem, args, direction, n, problem->steps);
  }
}

/// Converts `count` elements of dtype to reals. from NULL: zeros.
static void load(const olstm__lstm_problem* problem, const char* from, int64_t count,
                 void* to) {
  const size_t size = real_bytes(problem);
  if (!from) {
    memset(to, 0, (size_t)count * size);
  } else if (size == olstm_dtype_size(problem->dtype)) {
    memcpy(to, from, (size_t)count * size);
  } else {
    float* reals = to;
    for (int64_t i = 0; i < count; i++) {
      reals[i] = (float)olstm__real_load(problem->dtype, from, i);
    }
  }
}

static void store(const olstm__lstm_problem* problem, const void* from, int64_t count,
                  char* to) {
  const size_t size = real_bytes(problem);
  if (size == olstm_dtype_size(problem->dtype)) {
    memcpy(to, from, (size_t)count * size);
    return;
  }
  const float* reals = from;
  for (int64_t i = 0; i < count; i++) {
    olstm__real_store(problem->dtype, to, i, reals[i]);
  }
}

static void load_states(const olstm__native_direction* d, const void* initial,
                        int32_t direction, void* to) {
  const olstm__lstm_problem* problem = d->problem;
  const int64_t padded = d->plan->layout.padded_hidden;
  const int64_t size = (int64_t)real_bytes(problem);
  for (int64_t row = 0; row < problem->batch; row++) {
    const int64_t at =
        bytes_at(problem, &problem->state, 0, d->rows[row].index, direction);
    char* vector = (char*)to + row * padded * size;
    load(problem, initial ? (const char*)initial + at : NULL, problem->hidden_size,
         vector);
    memset(vector + problem->hidden_size * size, 0,
           (size_t)((padded - problem->hidden_size) * size));
  }
}

/// Y_h or Y_c. h is in the buffer that its row's last step wrote; c has one buffer.
static void store_states(const olstm__native_direction* d, const void* from, bool is_h,
                         int32_t direction, void* to) {
  const olstm__lstm_problem* problem = d->problem;
  const int64_t padded = d->plan->layout.padded_hidden;
  const int64_t size = (int64_t)real_bytes(problem);
  for (int64_t row = 0; row < problem->batch; row++) {
    const int64_t buffer = is_h ? d->rows[row].length & 1 : 0;
    const int64_t at =
        bytes_at(problem, &problem->state, 0, d->rows[row].index, direction);
    store(problem, (const char*)from + (buffer * problem->batch + row) * padded * size,
          problem->hidden_size, (char*)to + at);
  }
}

/// Zeros beyond the rows' lengths.
static void clear_y(const olstm__lstm_problem* problem, const olstm__lstm_args* args,
                    int32_t direction) {
  const size_t bytes = (size_t)problem->hidden_size * olstm_dtype_size(problem->dtype);
  for (int64_t n = 0; n < problem->batch; n++) {
    for (int64_t t = args->sequence_lens[n]; t < problem->steps; t++) {
      memset((char*)args->y + bytes_at(problem, &problem->y, t, n, direction), 0, bytes);
    }
  }
}

/// A direction's part of the workspace.
static char* workspace_of(const olstm__native_plan* plan, const olstm__lstm_args* args,
                          int32_t index) {
  return (char*)args->workspace + (size_t)index * plan->workspace.direction_bytes;
}

/// A direction of a run, whose arrays are in `workspace`.
static olstm__native_direction locate_direction(const olstm__lstm_problem* problem,
                                                const olstm__native_plan* plan,
                                                const olstm__lstm_args* args,
                                                int32_t direction, char* workspace) {
  const olstm__native_workspace* offsets = &plan->workspace;
  const int64_t order = problem->spec.is_reverse[direction] ? -1 : 1;
  return (olstm__native_direction){
      .problem = problem,
      .plan = plan,
      .activations = problem->spec.activations[direction],
      .packed =
          (const char*)args->packed + (size_t)direction * plan->layout.direction_bytes,
      .rows = (const olstm__native_row*)(const void*)(workspace + offsets->rows),
      .h = workspace + offsets->h,
      .c = workspace + offsets->c,
      .z = workspace + offsets->z,
      .reset = workspace + offsets->reset,
      .projections = workspace + offsets->projections,
      .x = workspace + offsets->x,
      .tasks = workspace + offsets->tasks,
      .x_step = order * bytes_at(problem, &problem->x, 1, 0, 0),
      .y_step = order * bytes_at(problem, &problem->y, 1, 0, 0),
      .wants_y = problem->wants_y};
}

/// Fills in rows and initial states.
static void start_direction(const olstm__native_direction* d,
                            const olstm__lstm_args* args, int32_t direction,
                            char* workspace) {
  const olstm__lstm_problem* problem = d->problem;
  make_rows(problem, args, direction, workspace, &d->plan->workspace);
  load_states(d, args->initial_h, direction, d->h);
  if (problem->spec.cell == OLSTM__CELL_LSTM) {
    load_states(d, args->initial_c, direction, d->c);
  }
  if (problem->wants_y && problem->has_lens) clear_y(problem, args, direction);
}

static void finish_direction(const olstm__native_direction* d,
                             const olstm__lstm_args* args, int32_t direction) {
  const olstm__lstm_problem* problem = d->problem;
  if (problem->wants_y_h) store_states(d, d->h, true, direction, args->y_h);
  if (problem->wants_y_c) store_states(d, d->c, false, direction, args->y_c);
}

// ---------------------------------------------------------------- run

/// Task `index` of the directions at `argument`.
static void run_indexed(void* argument, int32_t index) {
  const olstm__native_direction* directions = argument;
  const int32_t row_tasks = directions[0].plan->split.rows;
  const olstm__native_task task =
      olstm__native_cut_rows(&directions[index / row_tasks], index % row_tasks);
  if (task.first_row >= task.end_row) return;
  variant_of(task.direction->problem)->run(&task, 0, task.direction->problem->steps);
}

static void run_directions(const olstm__native_plan* plan, const olstm_parallel* parallel,
                           olstm__native_direction* directions) {
  const olstm__native_split* split = &plan->split;
  const int32_t tasks = split->directions * split->rows;
  if (parallel && parallel->thread_count < 2) parallel = NULL;
  if (split->units > 1) directions[0].parallel = parallel;
  if (tasks > 1 && parallel) {
    parallel->run(parallel->pool, tasks, run_indexed, directions);
    return;
  }
  for (int32_t i = 0; i < tasks; i++) run_indexed(directions, i);
}

static olstm_status run(const olstm__lstm_problem* problem, const void* handle,
                        const olstm__lstm_args* args, olstm_error* error) {
  const olstm__native_plan* plan = handle;
  const int32_t together = plan->split.directions;
  olstm__native_direction directions[OLSTM__MAX_DIRECTIONS];
  (void)error;
  for (int32_t first = 0; first < problem->spec.direction_count; first += together) {
    for (int32_t i = 0; i < together; i++) {
      char* workspace = workspace_of(plan, args, i);
      directions[i] = locate_direction(problem, plan, args, first + i, workspace);
      start_direction(&directions[i], args, first + i, workspace);
    }
    run_directions(plan, args->parallel, directions);
    for (int32_t i = 0; i < together; i++) {
      finish_direction(&directions[i], args, first + i);
    }
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- in pieces

static void begin(const olstm__lstm_problem* problem, const void* handle,
                  const olstm__lstm_args* args) {
  char* workspace = workspace_of(handle, args, 0);
  const olstm__native_direction d = locate_direction(problem, handle, args, 0, workspace);
  start_direction(&d, args, 0, workspace);
}

static void advance(const olstm__lstm_problem* problem, const void* handle,
                    const olstm__lstm_args* args, int64_t first_step, int64_t end_step) {
  const olstm__native_plan* plan = handle;
  const olstm__native_direction d =
      locate_direction(problem, plan, args, 0, workspace_of(plan, args, 0));
  const olstm__native_task task = {.direction = &d,
                                   .end_row = problem->batch,
                                   .end_block = plan->layout.blocks,
                                   .memory = d.tasks};
  variant_of(problem)->run(&task, first_step, end_step);
}

static void finish(const olstm__lstm_problem* problem, const void* handle,
                   const olstm__lstm_args* args) {
  const olstm__native_direction d =
      locate_direction(problem, handle, args, 0, workspace_of(handle, args, 0));
  finish_direction(&d, args, 0);
}

static olstm__lstm_estimate estimate(const void* handle) {
  const olstm__native_plan* plan = handle;
  return (olstm__lstm_estimate){plan->alone_time * 1e3, plan->split_time * 1e3,
                                plan->piece_time * 1e3};
}

const olstm__lstm_kernel olstm__lstm_kernel_native = {
    .name = "native",
    .decline = decline,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .prepare = prepare,
    .run = run,
    .begin = begin,
    .advance = advance,
    .finish = finish,
    .estimate = estimate,
    .release = release,
};
