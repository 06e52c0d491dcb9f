// op/conv/conv_kernel.h: convolutions and transposed ones against loops straight from the
// definition, over random problems; the same bits however they are cut.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/conv/conv_kernel.h"
#include "tests/support/test_main.h"

/// A problem, its tensors and the definition's results. Tensors have the problem's dtype.
typedef struct problem {
  olstm__conv conv;
  bool has_bias;
  int64_t x_count, y_count, w_count, bias_count;
  void *x, *w, *bias;
  double* expected;
  /// The largest sum of magnitudes.
  double scale;
} problem;

static uint32_t draw_state;

static int64_t draw(int64_t least, int64_t most) {
  draw_state = draw_state * 1664525u + 1013904223u;
  return least + (int64_t)(draw_state >> 8) % (most - least + 1);
}

static double get(olstm_dtype dtype, const void* data, int64_t index) {
  return dtype == OLSTM_DTYPE_DOUBLE ? ((const double*)data)[index]
                                     : (double)((const float*)data)[index];
}

static void* make_tensor(olstm_dtype dtype, int64_t count) {
  void* data = calloc((size_t)count + 1, olstm_dtype_size(dtype));
  assert_non_null(data);
  for (int64_t i = 0; i < count; i++) {
    const double value = (double)draw(-1000, 1000) / 1024;
    if (dtype == OLSTM_DTYPE_DOUBLE) {
      ((double*)data)[i] = value;
    } else {
      ((float*)data)[i] = (float)value;
    }
  }
  return data;
}

/// Adds the products of one window of one channel.
static void add_window(const problem* p, int64_t x_plane, int64_t weights,
                       const int64_t* o, double* sum, double* magnitude) {
  const olstm__conv* conv = &p->conv;
  const olstm__window* w = &conv->window;
  for (int64_t t = 0; t < olstm__window_kernel_count(w); t++) {
    const int64_t tap[] = {t / (w->kernel[1] * w->kernel[2]),
                           t / w->kernel[2] % w->kernel[1], t % w->kernel[2]};
    int64_t at = 0;
    bool inside = true;
    for (int32_t d = 0; d < 3; d++) {
      int64_t i = o[d] * w->stride[d] - w->pad_begin[d] + tap[d] * w->dilation[d];
      if (conv->is_transposed) {
        const int64_t from = o[d] + w->pad_begin[d] - tap[d] * w->dilation[d];
        inside = inside && from >= 0 && from % w->stride[d] == 0;
        i = from / w->stride[d];
      }
      inside = inside && i >= 0 && i < w->input[d];
      at = at * w->input[d] + i;
    }
    if (!inside) continue;
    const double product =
        get(conv->dtype, p->x, x_plane * olstm__window_input_count(w) + at) *
        get(conv->dtype, p->w, weights + t);
    *sum += product;
    *magnitude += fabs(product);
  }
}

static void compute_plane(problem* p, int64_t n, int64_t g, int64_t m) {
  const olstm__conv* conv = &p->conv;
  const olstm__window* w = &conv->window;
  const int64_t channel = g * conv->output_channels + m;
  const int64_t y_plane = n * conv->groups * conv->output_channels + channel;
  for (int64_t i = 0; i < olstm__window_output_count(w); i++) {
    const int64_t o[] = {i / (w->output[1] * w->output[2]),
                         i / w->output[2] % w->output[1], i % w->output[2]};
    double sum = p->has_bias ? get(conv->dtype, p->bias, channel) : 0;
    double magnitude = fabs(sum);
    for (int64_t c = 0; c < conv->input_channels; c++) {
      const int64_t input = g * conv->input_channels + c;
      const int64_t pair = conv->is_transposed ? input * conv->output_channels + m
                                               : channel * conv->input_channels + c;
      add_window(p, n * conv->groups * conv->input_channels + input,
                 pair * olstm__window_kernel_count(w), o, &sum, &magnitude);
    }
    p->expected[y_plane * olstm__window_output_count(w) + i] = sum;
    if (magnitude > p->scale) p->scale = magnitude;
  }
}

static void start_problem(problem* p) {
  const olstm__conv* conv = &p->conv;
  const int64_t pairs = conv->groups * conv->input_channels * conv->output_channels;
  p->x_count = conv->batch * conv->groups * conv->input_channels *
               olstm__window_input_count(&conv->window);
  p->bias_count = conv->groups * conv->output_channels;
  p->y_count = conv->batch * p->bias_count * olstm__window_output_count(&conv->window);
  p->w_count = pairs * olstm__window_kernel_count(&conv->window);
  p->x = make_tensor(conv->dtype, p->x_count);
  p->w = make_tensor(conv->dtype, p->w_count);
  p->bias = make_tensor(conv->dtype, p->bias_count);
  p->expected = calloc((size_t)p->y_count + 1, sizeof(double));
  assert_non_null(p->expected);
  for (int64_t n = 0; n < conv->batch; n++) {
    for (int64_t c = 0; c < p->bias_count; c++) {
      compute_plane(p, n, c / conv->output_channels, c % conv->output_channels);
    }
  }
}

static void end_problem(problem* p) {
  free(p->x);
  free(p->w);
  free(p->bias);
  free(p->expected);
}

static void run_in_turn(void* pool, int32_t task_count,
                        void (*task)(void* argument, int32_t index), void* argument) {
  for (int32_t i = task_count; i-- > 0;) task(argument, i);
  *(int32_t*)pool += task_count;
}

/// How often each element was said to be there.
typedef struct finished {
  int64_t plane_size;
  size_t element_bytes;
  const char* y;
  unsigned char* times;
} finished;

static void count_finished(const void* context, int64_t plane, int64_t first,
                           int64_t count, void* y) {
  const finished* f = context;
  const int64_t at = plane * f->plane_size + first;
  assert_ptr_equal(y, f->y + (size_t)at * f->element_bytes);
  for (int64_t i = 0; i < count; i++) f->times[at + i]++;
}

/// Runs sample `sample` alone, or all of them where it is -1. The result is freed by the
/// caller.
static void* run(const problem* p, int32_t thread_count, int64_t sample) {
  olstm__conv conv = p->conv;
  olstm__conv_plan plan;
  size_t packed_bytes = 0;
  int32_t tasks = 0;
  const olstm_parallel parallel = {sizeof parallel, &tasks, thread_count, run_in_turn};
  const size_t size = olstm_dtype_size(conv.dtype);
  const int64_t samples = sample < 0 ? conv.batch : 1;
  conv.batch = samples;
  assert_true(olstm__conv_plan_init(&conv, thread_count, &plan));
  assert_true(olstm__conv_packed_bytes(&conv, &packed_bytes));
  void* packed = malloc(packed_bytes + 1);
  char* workspace = malloc(plan.workspace_bytes + 64);
  const int64_t y_count = p->y_count / p->conv.batch * samples;
  void* y = malloc((size_t)y_count * size + 1);
  unsigned char* times = calloc((size_t)y_count + 1, 1);
  assert_true(packed && workspace && y && times);
  memset(workspace, 0x7f, plan.workspace_bytes + 64);
  const finished context = {
      .plane_size = olstm__window_output_count(&conv.window), size, y, times};
  const int64_t x_at = sample < 0 ? 0 : p->x_count / p->conv.batch * sample;
  olstm__conv_pack(&conv, p->w, packed);
  const olstm__conv_args args = {.x = (const char*)p->x + (size_t)x_at * size,
                                 .packed = packed,
                                 .bias = p->has_bias ? p->bias : NULL,
                                 .y = y,
                                 .workspace = workspace + (-(size_t)workspace % 64),
                                 .parallel = thread_count > 1 ? &parallel : NULL,
                                 .finish = count_finished,
                                 .finish_context = &context};
  olstm__conv_run(&plan, &args);
  for (int64_t i = 0; i < y_count; i++) assert_int_equal(times[i], 1);
  free(packed);
  free(workspace);
  free(times);
  return y;
}

static void expect_definition(const problem* p, const void* y) {
  const double epsilon = p->conv.dtype == OLSTM_DTYPE_DOUBLE ? 1e-14 : 1e-6;
  for (int64_t i = 0; i < p->y_count; i++) {
    assert_true(fabs(get(p->conv.dtype, y, i) - p->expected[i]) <=
                epsilon * (p->scale + 1));
  }
}

static void check_problem(problem* p) {
  const size_t size = olstm_dtype_size(p->conv.dtype);
  start_problem(p);
  void* y = run(p, 1, -1);
  expect_definition(p, y);
  for (int32_t threads = 2; threads <= 5; threads += 3) {
    void* shared = run(p, threads, -1);
    assert_memory_equal(shared, y, (size_t)p->y_count * size);
    free(shared);
  }
  if (p->conv.batch > 1) {
    const size_t part = (size_t)(p->y_count / p->conv.batch) * size;
    void* alone = run(p, 1, p->conv.batch - 1);
    assert_memory_equal(alone, (char*)y + (size_t)(p->conv.batch - 1) * part, part);
    free(alone);
  }
  free(y);
  end_problem(p);
}

/// Sizes that fit one another.
static void draw_dimension(olstm__conv* conv, int32_t d, int64_t most) {
  olstm__window* w = &conv->window;
  w->kernel[d] = draw(1, 5);
  w->stride[d] = draw(0, 1) ? 1 : draw(1, 4);
  w->dilation[d] = draw(0, 2) ? 1 : draw(1, 3);
  const int64_t extent = olstm__window_extent(w, d);
  w->input[d] = draw(1, most);
  w->pad_begin[d] = draw(0, extent - 1);
  w->pad_end[d] = draw(0, extent - 1);
  if (draw(0, 3) == 0) w->pad_begin[d] = w->pad_end[d] = 0;
  const int64_t pads = w->pad_begin[d] + w->pad_end[d];
  if (conv->is_transposed) {
    w->output[d] = (w->input[d] - 1) * w->stride[d] + extent + draw(0, 1) - pads;
  } else {
    if (w->input[d] + pads < extent) w->input[d] = extent;
    w->output[d] = (w->input[d] + pads - extent) / w->stride[d] + 1;
  }
  if (w->output[d] > 0) return;
  w->pad_begin[d] = w->pad_end[d] = 0;
  w->output[d] = (w->input[d] - 1) * w->stride[d] + extent;
}

static void draw_problem(problem* p, int32_t rank, int64_t most_channels, int64_t most) {
  const olstm__window one = {.rank = 3,
                             .input = {1, 1, 1},
                             .output = {1, 1, 1},
                             .kernel = {1, 1, 1},
                             .stride = {1, 1, 1},
                             .dilation = {1, 1, 1}};
  *p = (problem){.has_bias = draw(0, 1) == 1};
  p->conv = (olstm__conv){.dtype = draw(0, 3) ? OLSTM_DTYPE_FLOAT : OLSTM_DTYPE_DOUBLE,
                          .is_transposed = draw(0, 2) == 0,
                          .window = one,
                          .batch = draw(1, 2),
                          .groups = draw(0, 2) ? 1 : draw(1, 3),
                          .input_channels = draw(1, most_channels),
                          .output_channels = draw(1, most_channels)};
  for (int32_t d = 3 - rank; d < 3; d++) draw_dimension(&p->conv, d, most);
}

static void lines_follow_the_definition(void** state) {
  problem p;
  (void)state;
  draw_state = 1;
  for (int i = 0; i < 300; i++) {
    draw_problem(&p, 1, i % 2 ? 70 : 9, 90);
    check_problem(&p);
  }
}

static void planes_follow_the_definition(void** state) {
  problem p;
  (void)state;
  draw_state = 2;
  for (int i = 0; i < 150; i++) {
    draw_problem(&p, 2, i % 3 ? 6 : 20, i % 4 ? 18 : 40);
    check_problem(&p);
  }
}

static void volumes_follow_the_definition(void** state) {
  problem p;
  (void)state;
  draw_state = 3;
  for (int i = 0; i < 60; i++) {
    draw_problem(&p, 3, 5, 7);
    check_problem(&p);
  }
}

/// Dimensions over which windows do not spread become one with those before them.
static void dimensions_without_windows_are_joined(void** state) {
  problem p;
  (void)state;
  draw_state = 4;
  for (int i = 0; i < 120; i++) {
    draw_problem(&p, 3, 8, 6);
    for (int32_t d = 0; d < 3; d++) {
      if (draw(0, 1)) continue;
      olstm__window* w = &p.conv.window;
      w->kernel[d] = w->stride[d] = w->dilation[d] = 1;
      w->pad_begin[d] = w->pad_end[d] = 0;
      w->input[d] = w->output[d] = draw(1, 6);
    }
    check_problem(&p);
  }
}

/// A channel a group, with windows up to `most` high and wide on up to `size` columns.
static void check_depthwise(int64_t most, int64_t rows, int64_t size) {
  problem p;
  draw_problem(&p, 2, 1, 40);
  p.conv.groups = draw(1, 40);
  p.conv.input_channels = p.conv.output_channels = 1;
  for (int32_t d = 1; d < 3; d++) {
    olstm__window* w = &p.conv.window;
    w->kernel[d] = draw(1, most);
    w->stride[d] = draw(1, 3);
    w->dilation[d] = draw(1, 2);
    w->pad_begin[d] = draw(0, 3);
    w->pad_end[d] = draw(0, 3);
    const int64_t least = olstm__window_extent(w, d);
    w->input[d] = draw(least, least + (d == 1 ? rows : size));
    w->output[d] =
        (w->input[d] + w->pad_begin[d] + w->pad_end[d] - least) / w->stride[d] + 1;
  }
  p.conv.is_transposed = false;
  check_problem(&p);
}

static void channels_with_a_window_of_their_own_follow_the_definition(void** state) {
  (void)state;
  draw_state = 5;
  for (int i = 0; i < 120; i++) check_depthwise(i % 2 ? 3 : 7, 20, 20);
  // Planes that are cut into rows, and rows that are cut.
  for (int i = 0; i < 6; i++) check_depthwise(5, 90, 90);
  for (int i = 0; i < 6; i++) check_depthwise(3, 1, 4000);
}

/// Windows of 3 x 3 in steps of one, on planes of all heights, wide or narrow.
static void planes_with_windows_of_three_follow_the_definition(void** state) {
  (void)state;
  draw_state = 12;
  for (int i = 0; i < 90; i++) {
    problem p;
    draw_problem(&p, 2, 1, 40);
    p.conv.is_transposed = false;
    p.conv.groups = draw(4, 40);
    p.conv.input_channels = p.conv.output_channels = 1;
    for (int32_t d = 1; d < 3; d++) {
      olstm__window* w = &p.conv.window;
      w->kernel[d] = 3;
      w->stride[d] = 1;
      w->dilation[d] = d == 1 ? 1 : draw(1, 3);
      w->pad_begin[d] = draw(0, 4);
      w->pad_end[d] = draw(0, 4);
      const int64_t least = olstm__window_extent(w, d);
      // Planes of a few of them are cut into rows.
      w->input[d] = draw(least, i % 10 == 0 ? 130 : i % 2 ? 16 : 40);
      w->output[d] = w->input[d] + w->pad_begin[d] + w->pad_end[d] - least + 1;
    }
    check_problem(&p);
  }
}

/// Sizes of a problem, two or three deep: depths, rows and columns of the input, of the
/// kernel, strides, dilations, and pads at both ends.
typedef struct short_rows {
  int64_t channels, outputs, groups;
  int64_t sizes[5][3];
} short_rows;

static void set_short_rows(problem* p, const short_rows* c, olstm_dtype dtype) {
  olstm__window* w = &p->conv.window;
  draw_problem(p, 1, 1, 1);
  p->conv = (olstm__conv){.dtype = dtype,
                          .batch = 2,
                          .groups = c->groups,
                          .input_channels = c->channels,
                          .output_channels = c->outputs};
  w->rank = 3;
  for (int32_t d = 0; d < 3; d++) {
    w->input[d] = c->sizes[0][d];
    w->kernel[d] = c->sizes[1][d];
    w->stride[d] = c->sizes[2][d];
    w->dilation[d] = c->sizes[3][d];
    w->pad_begin[d] = w->pad_end[d] = c->sizes[4][d];
    w->output[d] =
        (w->input[d] + 2 * w->pad_begin[d] - olstm__window_extent(w, d)) / w->stride[d] +
        1;
  }
}

/// Rows of a few columns are computed as one, also where taps meet pads alone, steps are
/// larger than windows, or pieces are some of the rows or depths.
static void short_rows_are_joined(void** state) {
  static const short_rows kCases[] = {
      {16, 16, 1, {{1, 40, 2}, {1, 3, 7}, {1, 1, 3}, {1, 1, 1}, {0, 1, 3}}},
      {32, 32, 1, {{1, 65, 1}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}},
      {24, 24, 1, {{1, 129, 2}, {1, 5, 2}, {1, 2, 1}, {1, 1, 1}, {0, 2, 0}}},
      {16, 33, 1, {{1, 100, 3}, {1, 3, 3}, {1, 3, 1}, {1, 1, 1}, {0, 1, 0}}},
      {16, 8, 1, {{1, 60, 5}, {1, 2, 3}, {1, 5, 2}, {1, 2, 1}, {0, 1, 1}}},
      {200, 20, 1, {{1, 90, 4}, {1, 3, 3}, {1, 1, 1}, {1, 4, 1}, {0, 4, 1}}},
      {1, 2, 31, {{6, 6, 6}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
      {1, 3, 31, {{9, 2, 5}, {1, 1, 3}, {1, 2, 3}, {3, 2, 3}, {2, 1, 2}}},
      {16, 8, 1, {{9, 5, 9}, {3, 3, 4}, {1, 1, 3}, {2, 2, 1}, {2, 1, 2}}},
      {40, 6, 1, {{20, 9, 5}, {3, 2, 3}, {2, 1, 1}, {1, 1, 1}, {1, 0, 1}}},
  };
  const size_t count = 2 * sizeof kCases / sizeof kCases[0];
  size_t joined = 0;
  (void)state;
  draw_state = 14;
  for (size_t i = 0; i < count; i++) {
    problem p;
    olstm__conv_plan plan;
    set_short_rows(&p, &kCases[i / 2], i % 2 ? OLSTM_DTYPE_DOUBLE : OLSTM_DTYPE_FLOAT);
    assert_true(olstm__conv_plan_init(&p.conv, 1, &plan));
    joined += plan.joins_rows ? 1 : 0;
    check_problem(&p);
  }
  // Which of them are not depends on the CPU's vectors.
  assert_true(2 * joined >= count);
}

/// Transposed convolutions whose phases have as many taps each, or few outputs, become
/// plain ones, over output channels and positions: few outputs with long windows, planes,
/// volumes; with pads that are no whole number of steps, or larger than windows.
static void phases_become_outputs(void** state) {
  static const short_rows kCases[] = {
      {34, 1, 1, {{1, 1, 30}, {1, 1, 64}, {1, 1, 32}, {1, 1, 1}, {0, 0, 0}}},
      {34, 1, 1, {{1, 1, 1}, {1, 1, 64}, {1, 1, 16}, {1, 1, 1}, {0, 0, 5}}},
      {24, 1, 1, {{1, 20, 21}, {1, 4, 4}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}}},
      {8, 3, 1, {{1, 9, 70}, {1, 6, 9}, {1, 3, 3}, {1, 1, 1}, {0, 2, 4}}},
      {1, 1, 33, {{1, 14, 14}, {1, 4, 4}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}}},
      {1, 1, 33, {{1, 9, 14}, {1, 3, 3}, {1, 1, 1}, {1, 1, 2}, {0, 2, 4}}},
      {7, 20, 1, {{1, 7, 7}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}}},
      {6, 5, 2, {{3, 4, 5}, {2, 4, 2}, {2, 2, 1}, {1, 1, 3}, {1, 0, 1}}},
      {5, 2, 1, {{1, 30, 7}, {1, 3, 2}, {1, 1, 1}, {1, 2, 1}, {0, 0, 0}}},
      {4, 2, 1, {{1, 6, 300}, {1, 1, 4}, {1, 1, 2}, {1, 1, 1}, {0, 2, 5}}},
      {32, 2, 1, {{1, 64, 8}, {1, 5, 2}, {1, 2, 1}, {1, 1, 1}, {0, 2, 0}}},
      {20, 1, 1, {{1, 1, 40}, {1, 1, 50}, {1, 1, 20}, {1, 1, 1}, {0, 0, 3}}},
      {9, 4, 1, {{1, 12, 30}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}}},
      {3, 3, 2, {{4, 5, 6}, {3, 4, 5}, {2, 3, 4}, {1, 1, 1}, {1, 0, 2}}},
      {17, 2, 1, {{1, 40, 40}, {1, 5, 7}, {1, 3, 2}, {1, 1, 1}, {0, 4, 9}}},
  };
  (void)state;
  draw_state = 15;
  for (size_t i = 0; i < 2 * sizeof kCases / sizeof kCases[0]; i++) {
    problem p;
    olstm__conv_plan plan;
    set_short_rows(&p, &kCases[i / 2], i % 2 ? OLSTM_DTYPE_DOUBLE : OLSTM_DTYPE_FLOAT);
    p.conv.is_transposed = true;
    for (int32_t d = 0; d < 3; d++) {
      olstm__window* w = &p.conv.window;
      w->output[d] = (w->input[d] - 1) * w->stride[d] + olstm__window_extent(w, d) -
                     2 * w->pad_begin[d] + (w->stride[d] > 1 ? 1 : 0);
    }
    assert_true(olstm__conv_plan_init(&p.conv, 1, &plan));
    // Of phases of different numbers of taps each is a vector at most.
    const bool is_uneven = olstm__conv_is_uneven(&p.conv) && kCases[i / 2].outputs > 2;
    assert_true(is_uneven || !plan.conv.is_transposed);
    check_problem(&p);
  }
}

/// What is no number reaches the outputs of its own windows alone, also where phases lack
/// a tap.
static void nan_stays_in_its_windows(void** state) {
  static const short_rows kCase = {
      3, 2, 1, {{1, 9, 30}, {1, 3, 5}, {1, 2, 2}, {1, 1, 1}, {0, 1, 2}}};
  problem p;
  (void)state;
  draw_state = 16;
  set_short_rows(&p, &kCase, OLSTM_DTYPE_FLOAT);
  p.conv.is_transposed = true;
  for (int32_t d = 1; d < 3; d++) {
    p.conv.window.output[d] = 2 * p.conv.window.input[d] - 1;
  }
  start_problem(&p);
  ((float*)p.x)[4 * 30 + 11] = NAN;
  for (int64_t c = 0; c < 2; c++) compute_plane(&p, 0, 0, c);
  float* y = run(&p, 1, -1);
  for (int64_t i = 0; i < p.y_count; i++) {
    assert_int_equal(isnan(y[i]) != 0, isnan(p.expected[i]) != 0);
  }
  free(y);
  end_problem(&p);
}

/// Rows that are too long for a piece are cut.
static void long_rows_are_cut(void** state) {
  static const int64_t kSizes[][6] = {
      // channels, outputs, columns, kernel, stride, pads
      {64, 8, 3001, 3, 1, 1},
      {48, 33, 1000, 5, 2, 2},
      {300, 20, 500, 1, 1, 0},
      {40, 3, 2000, 8, 4, 3},
  };
  (void)state;
  draw_state = 6;
  for (size_t i = 0; i < sizeof kSizes / sizeof kSizes[0]; i++) {
    for (int32_t back = 0; back < 2; back++) {
      const int64_t* s = kSizes[i];
      problem p;
      draw_problem(&p, 1, 1, 1);
      olstm__window* w = &p.conv.window;
      p.conv.dtype = OLSTM_DTYPE_FLOAT;
      p.conv.batch = 1;
      p.conv.groups = 1;
      p.conv.is_transposed = back == 1;
      p.conv.input_channels = s[0];
      p.conv.output_channels = s[1];
      w->input[2] = back ? s[2] / s[4] : s[2];
      w->kernel[2] = s[3];
      w->stride[2] = s[4];
      w->dilation[2] = 1;
      w->pad_begin[2] = w->pad_end[2] = s[5];
      w->output[2] = back ? (w->input[2] - 1) * s[4] + s[3] - 2 * s[5]
                          : (s[2] + 2 * s[5] - s[3]) / s[4] + 1;
      check_problem(&p);
    }
  }
}

/// Huge strides, dilations and pads take no more memory than what is read.
static void far_windows_take_little_memory(void** state) {
  problem p;
  olstm__conv_plan plan;
  olstm__window* w = &p.conv.window;
  (void)state;
  draw_state = 7;
  draw_problem(&p, 1, 1, 1);
  p.conv.dtype = OLSTM_DTYPE_FLOAT;
  p.conv.is_transposed = false;
  p.conv.groups = 1;
  w->kernel[2] = 2;
  w->stride[2] = 1;
  w->dilation[2] = 1000000000;
  w->input[2] = 10;
  w->pad_begin[2] = w->pad_end[2] = 500000000;
  w->output[2] = 10;
  check_problem(&p);
  assert_true(olstm__conv_plan_init(&p.conv, 1, &plan));
  assert_true(plan.workspace_bytes < 4096);
  w->stride[2] = 2000000000;
  w->output[2] = 1;
  check_problem(&p);
  assert_true(olstm__conv_plan_init(&p.conv, 1, &plan));
  assert_true(plan.workspace_bytes < 4096);
}

static void batches_without_samples_take_nothing(void** state) {
  problem p;
  olstm__conv_plan plan;
  (void)state;
  draw_state = 8;
  draw_problem(&p, 2, 4, 9);
  p.conv.batch = 0;
  assert_true(olstm__conv_plan_init(&p.conv, 2, &plan));
  assert_int_equal(plan.piece_count, 0);
  assert_int_equal(plan.workspace_bytes, 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_follow_the_definition),
      cmocka_unit_test(planes_follow_the_definition),
      cmocka_unit_test(volumes_follow_the_definition),
      cmocka_unit_test(dimensions_without_windows_are_joined),
      cmocka_unit_test(channels_with_a_window_of_their_own_follow_the_definition),
      cmocka_unit_test(planes_with_windows_of_three_follow_the_definition),
      cmocka_unit_test(short_rows_are_joined),
      cmocka_unit_test(phases_become_outputs),
      cmocka_unit_test(nan_stays_in_its_windows),
      cmocka_unit_test(long_rows_are_cut),
      cmocka_unit_test(far_windows_take_little_memory),
      cmocka_unit_test(batches_without_samples_take_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
