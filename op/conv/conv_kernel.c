// Work is cut into pieces that do not depend on the number of threads; thread t takes
// every t-th of them, with its own part of the workspace.
#include "op/conv/conv_kernel.h"

enum {
  /// Below this many output channels a group, a product would waste most of its vectors.
  kDirectChannels = 4,
  /// Windows that are gathered at a time.
  kRows = 64,
  /// Multiplications below which one thread is enough.
  kParallelWork = 1 << 18
};

#define REAL float
#define NAME(x) x##_f32
#include "op/conv/conv_loops.inc"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "op/conv/conv_loops.inc"
#undef REAL
#undef NAME

bool olstm__conv_is_direct(const olstm__conv* conv) {
  return conv->output_channels < kDirectChannels;
}

olstm__product olstm__conv_product(const olstm__conv* conv) {
  return (olstm__product){
      .dtype = conv->dtype,
      .m = olstm__window_output_count(&conv->window),
      .k = conv->input_channels * olstm__window_kernel_count(&conv->window),
      .n = conv->output_channels};
}

/// The rows and results of one thread.
static bool part_bytes(const olstm__conv* conv, size_t* out_row_bytes,
                       size_t* out_part_bytes) {
  const olstm__product product = olstm__conv_product(conv);
  const size_t element_bytes = olstm_dtype_size(conv->dtype);
  size_t result_bytes = 0;
  return olstm_size_multiply(kRows * element_bytes, (size_t)product.k, out_row_bytes) &&
         olstm_size_align(*out_row_bytes, out_row_bytes) &&
         olstm_size_multiply(kRows * element_bytes, (size_t)product.n, &result_bytes) &&
         olstm_size_align(result_bytes, &result_bytes) &&
         olstm_size_add(*out_row_bytes, result_bytes, out_part_bytes);
}

uint64_t olstm__conv_work(const olstm__conv* conv) {
  const olstm__product product = olstm__conv_product(conv);
  return olstm__op_work(product.k, product.n, conv->batch * conv->groups,
                        olstm__window_output_count(&conv->window));
}

bool olstm__conv_workspace_bytes(const olstm__conv* conv, int32_t thread_count,
                                 size_t* out_bytes) {
  size_t row_bytes = 0;
  *out_bytes = 0;
  if (olstm__conv_is_direct(conv)) return true;
  return part_bytes(conv, &row_bytes, out_bytes) &&
         olstm_size_multiply(*out_bytes, (size_t)thread_count, out_bytes);
}

typedef struct conv_task {
  const olstm__conv* conv;
  const olstm__conv_args* args;
  int32_t task_count;
} conv_task;

static void run_direct_pieces(const conv_task* task, int32_t index) {
  const olstm__conv* conv = task->conv;
  const int64_t channels = conv->groups * conv->output_channels;
  for (int64_t p = index; p < conv->batch * channels; p += task->task_count) {
    if (conv->dtype == OLSTM_DTYPE_DOUBLE) {
      run_direct_f64(conv, task->args, p / channels, p % channels);
    } else {
      run_direct_f32(conv, task->args, p / channels, p % channels);
    }
  }
}

static void run_product_pieces(const conv_task* task, int32_t index) {
  const olstm__conv* conv = task->conv;
  const int64_t outputs = olstm__window_output_count(&conv->window);
  const int64_t blocks = (outputs + kRows - 1) / kRows;
  size_t row_bytes = 0;
  size_t bytes = 0;
  (void)part_bytes(conv, &row_bytes, &bytes);
  char* rows = (char*)task->args->workspace + (size_t)index * bytes;
  void* results = rows + row_bytes;
  for (int64_t p = index; p < conv->batch * conv->groups * blocks;
       p += task->task_count) {
    const int64_t first = p % blocks * kRows;
    const int64_t left = outputs - first;
    const int64_t count = left < kRows ? left : kRows;
    const int64_t group = p / blocks % conv->groups;
    const int64_t sample = p / blocks / conv->groups;
    if (conv->dtype == OLSTM_DTYPE_DOUBLE) {
      run_rows_f64(conv, task->args, sample, group, first, count, (double*)(void*)rows,
                   results);
    } else {
      run_rows_f32(conv, task->args, sample, group, first, count, (float*)(void*)rows,
                   results);
    }
  }
}

static void run_task(void* argument, int32_t index) {
  const conv_task* task = argument;
  if (olstm__conv_is_direct(task->conv)) {
    run_direct_pieces(task, index);
  } else {
    run_product_pieces(task, index);
  }
}

void olstm__conv_run(const olstm__conv* conv, const olstm__conv_args* args) {
  const olstm_parallel* parallel = args->parallel;
  const olstm__product product = olstm__conv_product(conv);
  const double work = (double)conv->batch * (double)conv->groups * (double)product.m *
                      (double)product.k * (double)product.n;
  conv_task task = {conv, args, parallel ? parallel->thread_count : 1};
  if (task.task_count > args->thread_count) task.task_count = args->thread_count;
  if (task.task_count > 1 && work >= kParallelWork) {
    parallel->run(parallel->pool, task.task_count, run_task, &task);
  } else {
    task.task_count = 1;
    run_task(&task, 0);
  }
}
