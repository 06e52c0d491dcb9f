// olstm bench: times loading, planning, the first run and later runs, of a model file or
// of LSTM layers given by their sizes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"

#include "system/clock.h"
#include "system/usage.h"
#include "tools/alloc_count.h"
#include "tools/cli.h"
#include "tools/command.h"
#include "tools/input_set.h"
#include "tools/job.h"
#include "tools/json_writer.h"
#include "tools/lstm_model.h"
#include "tools/progress.h"
#include "tools/say.h"
#include "tools/stream_bench.h"

enum { kMaxRuns = 1000000, kAllocationRuns = 16 };

typedef struct bench_options {
  const char* model;
  olstm__job_options job;
  olstm__input_options input;
  double seconds;
  bool json;
  /// A file of LSTM sizes, to measure instead of a model.
  const char* shapes;
  /// Streams to load a batcher with; 0: none. The rest is for them.
  int64_t stream_count;
  double rate;
  int64_t max_batch;
  int64_t max_wait_us;
} bench_options;

typedef struct bench_result {
  double load_ms;
  double plan_ms;
  double first_us;
  double min_us;
  double median_us;
  double p99_us;
  size_t run_count;
  int64_t peak_rss_kb;
  double allocations_per_run;
} bench_result;

/// Everything that a benchmark owns, freed in one place.
typedef struct bench_data {
  olstm__job job;
  olstm__input_set inputs;
  size_t output_count;
  olstm_tensor* outputs;
  float* samples;
} bench_data;

static double now_us(void) {
  return (double)olstm__clock_ns() * 1e-3;
}

static int compare_floats(const void* a, const void* b) {
  const float left = *(const float*)a;
  const float right = *(const float*)b;
  return (left > right) - (left < right);
}

static olstm_status run_once(bench_data* bench, double* out_us, olstm_error* error) {
  memset(bench->outputs, 0, bench->output_count * sizeof *bench->outputs);
  const double start = now_us();
  const olstm_status status =
      olstm_context_run(bench->job.context, bench->inputs.tensors, bench->inputs.count,
                        bench->outputs, bench->output_count, error);
  *out_us = now_us() - start;
  return olstm__input_set_explain(&bench->inputs, status, error);
}

/// Runs repeatedly for the time asked for.
static olstm_status run_many(bench_data* bench, double seconds, bench_result* result,
                             olstm_error* error) {
  double us = 0;
  const int64_t allocations = olstm__alloc_count_get();
  for (int i = 0; i < kAllocationRuns; i++) {
    OLSTM_RETURN_IF_ERROR(run_once(bench, &us, error));
  }
  result->allocations_per_run =
      (double)(olstm__alloc_count_get() - allocations) / kAllocationRuns;
  result->peak_rss_kb = olstm__usage_peak_kb();
  const double end = now_us() + seconds * 1e6;
  while (result->run_count < kMaxRuns && (result->run_count == 0 || now_us() < end)) {
    OLSTM_RETURN_IF_ERROR(run_once(bench, &us, error));
    bench->samples[result->run_count++] = (float)us;
  }
  qsort(bench->samples, result->run_count, sizeof *bench->samples, compare_floats);
  result->min_us = (double)bench->samples[0];
  result->median_us = (double)bench->samples[result->run_count / 2];
  result->p99_us = (double)bench->samples[(result->run_count * 99 + 99) / 100 - 1];
  return OLSTM_STATUS_OK;
}

static olstm_status plan_and_run(bench_data* bench, const bench_options* options,
                                 bench_result* result, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__input_set_describe(bench->job.session, &options->input,
                                                  &bench->inputs, error));
  olstm_tensor_desc* descs = calloc(bench->inputs.count + 1, sizeof *descs);
  bench->output_count = olstm_session_output_count(bench->job.session);
  bench->outputs = calloc(bench->output_count + 1, sizeof *bench->outputs);
  bench->samples = malloc(kMaxRuns * sizeof *bench->samples);
  if (!descs || !bench->outputs || !bench->samples) {
    free(descs);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a bench");
  }
  for (size_t i = 0; i < bench->inputs.count; i++) {
    descs[i] = bench->inputs.tensors[i].desc;
  }
  const double start = now_us();
  const olstm_status status =
      olstm_context_prepare(bench->job.context, descs, bench->inputs.count, error);
  result->plan_ms = (now_us() - start) * 1e-3;
  free(descs);
  OLSTM_RETURN_IF_ERROR(olstm__input_set_explain(&bench->inputs, status, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__input_set_fill_random(&bench->inputs, (uint64_t)options->input.seed, error));
  OLSTM_RETURN_IF_ERROR(run_once(bench, &result->first_us, error));
  return run_many(bench, options->seconds, result, error);
}

static olstm_status measure(bench_data* bench, const olstm__job_source* source,
                            const bench_options* options, bench_result* result,
                            olstm_error* error) {
  const olstm_allocator allocator = olstm__alloc_count_allocator();
  const double start = now_us();
  olstm__progress_begin("measuring");
  OLSTM_RETURN_IF_ERROR(
      olstm__job_open_source(source, &options->job, &allocator, &bench->job, error));
  result->load_ms = (now_us() - start) * 1e-3;
  return plan_and_run(bench, options, result, error);
}

/// Prints the kernel of each step that has a choice of kernels.
static void print_kernels(const bench_data* bench, olstm__json_writer* json) {
  olstm_plan_info plan;
  olstm_step_info step;
  const olstm_context* context = bench->job.context;
  if (olstm_context_get_plan_info(context, &plan, NULL) != OLSTM_STATUS_OK) return;
  for (size_t i = 0; i < plan.step_count; i++) {
    if (olstm_context_get_step_info(context, i, &step, NULL) != OLSTM_STATUS_OK) return;
    if (step.kernel[0] == '\0') continue;
    if (json) {
      olstm__json_open(json, NULL, '{');
      olstm__json_text(json, "node", step.node);
      olstm__json_text(json, "op_type", step.op_type);
      olstm__json_text(json, "kernel", step.kernel);
      olstm__json_close(json, '}');
    } else {
      olstm__say(stdout, "kernel       %s '%s': %s\n", step.op_type, step.node,
                 step.kernel);
    }
  }
}

static void print_json(olstm__json_writer* out, const olstm__lstm_shape* shape,
                       const bench_data* bench, const bench_options* options,
                       const bench_result* result) {
  olstm__json_open(out, NULL, '{');
  if (shape) {
    olstm__json_open(out, "shape", '[');
    olstm__json_int(out, NULL, shape->steps);
    olstm__json_int(out, NULL, shape->batch);
    olstm__json_int(out, NULL, shape->input_size);
    olstm__json_int(out, NULL, shape->units);
    olstm__json_int(out, NULL, shape->directions);
    olstm__json_int(out, NULL, shape->layers);
    olstm__json_close(out, ']');
  }
  olstm__json_real(out, "load_ms", result->load_ms);
  olstm__json_real(out, "plan_ms", result->plan_ms);
  olstm__json_real(out, "first_us", result->first_us);
  olstm__json_real(out, "min_us", result->min_us);
  olstm__json_real(out, "median_us", result->median_us);
  olstm__json_real(out, "p99_us", result->p99_us);
  olstm__json_int(out, "runs", (int64_t)result->run_count);
  olstm__json_int(out, "threads", options->job.thread_count);
  olstm__json_int(out, "peak_rss_kb", result->peak_rss_kb);
  olstm__json_real(out, "allocations_per_run", result->allocations_per_run);
  olstm__json_open(out, "kernels", '[');
  print_kernels(bench, out);
  olstm__json_close(out, ']');
  olstm__json_close(out, '}');
}

static void print_text(const bench_data* bench, const bench_options* options,
                       const bench_result* result) {
  olstm__say(stdout, "load         %.3f ms\n", result->load_ms);
  olstm__say(stdout, "plan         %.3f ms\n", result->plan_ms);
  olstm__say(stdout, "first run    %.1f us\n", result->first_us);
  olstm__say(
      stdout,
      "later runs   %.2f us median, %.2f us least, %.2f us 99th percentile of %zu\n",
      result->median_us, result->min_us, result->p99_us, result->run_count);
  olstm__say(stdout, "threads      %lld\n", (long long)options->job.thread_count);
  olstm__say(stdout, "peak memory  %lld kB\n", (long long)result->peak_rss_kb);
  olstm__say(stdout, "allocations  %g a run\n", result->allocations_per_run);
  print_kernels(bench, NULL);
}

/// --streams and --rate go together, and the other options of streams with them.
static olstm__cli_result check_streams(const bench_options* options) {
  const bool has_streams = options->stream_count > 0;
  const char* problem = NULL;
  if (has_streams && options->shapes) {
    problem = "--streams is for a model, not for --shapes";
  } else if (has_streams != (options->rate > 0)) {
    problem = has_streams ? "--streams wants --rate above 0" : "--rate wants --streams";
  } else if (!has_streams && (options->max_batch > 0 || options->max_wait_us >= 0)) {
    problem = "--max-batch and --max-wait-us are for --streams";
  }
  if (!problem) return OLSTM__CLI_PARSED;
  (void)olstm__cli_complain(0, "bench: %s", problem);
  return OLSTM__CLI_REFUSED;
}

static olstm__cli_result parse(int argc, char** argv, bench_options* out) {
  olstm__cli_list operands;
  const olstm__cli_option options[] = {
      {"dim", OLSTM__CLI_PAIRS, &out->input.dims, "NAME=N",
       "size of a symbolic dimension (default 1), by name or INPUT:AXIS", 0, 0, NULL},
      {"seconds", OLSTM__CLI_REAL, &out->seconds, "S",
       "how long to repeat the run (default 1)", 0, 0, NULL},
      {"shapes", OLSTM__CLI_TEXT, &out->shapes, "FILE",
       "instead of a model: LSTM layers, a line 'T N I H D' each, or 'T N I H D L' for L "
       "on top of each other",
       0, 0, NULL},
      {"streams", OLSTM__CLI_INT, &out->stream_count, "N",
       "load a batcher with N streams (--stateful: all, if nothing is said), and a "
       "context for each stream",
       1, 10000000, NULL},
      {"rate", OLSTM__CLI_REAL, &out->rate, "R",
       "of --streams: steps a second of each stream, which arrive by chance (Poisson)", 0,
       0, NULL},
      {"max-batch", OLSTM__CLI_INT, &out->max_batch, "B",
       "of --streams: most steps that are computed together (default 64)", 1, 4096, NULL},
      {"max-wait-us", OLSTM__CLI_INT, &out->max_wait_us, "U",
       "of --streams: how long a step waits for others at most (default 1000)", 0,
       INT32_MAX, NULL},
      {"json", OLSTM__CLI_FLAG, &out->json, NULL, "print one JSON object", 0, 0, NULL},
      OLSTM__JOB_CLI_STATE_OPTIONS(out->job),
      OLSTM__JOB_CLI_OPTIONS(out->job),
  };
  const olstm__cli_command command = {
      "bench",
      "olstm bench MODEL|--shapes FILE [options]",
      "Measures loading, planning and running a model on made-up inputs.",
      options,
      sizeof options / sizeof options[0],
      0,
      1};
  const olstm__cli_result result = olstm__cli_parse(&command, argc, argv, &operands);
  if (result != OLSTM__CLI_PARSED) return result;
  if ((operands.count == 1) == (out->shapes != NULL)) {
    (void)olstm__cli_complain(0, "bench: either a model or --shapes (usage: %s)",
                              command.usage);
    return OLSTM__CLI_REFUSED;
  }
  out->model = operands.count == 1 ? operands.values[0] : NULL;
  return check_streams(out);
}

static void deinit_bench(bench_data* bench) {
  olstm__input_set_deinit(&bench->inputs);
  free(bench->outputs);
  free(bench->samples);
  olstm__job_deinit(&bench->job);
}

static olstm_status bench_model(const bench_options* options, olstm_error* error) {
  const olstm__job_source source = {options->model, NULL, 0};
  olstm__json_writer json = {stdout, true};
  bench_data bench = {0};
  bench_result result = {0};
  const olstm_status status = measure(&bench, &source, options, &result, error);
  olstm__progress_end();
  if (status == OLSTM_STATUS_OK && options->json) {
    print_json(&json, NULL, &bench, options, &result);
    olstm__say(stdout, "\n");
  } else if (status == OLSTM_STATUS_OK) {
    print_text(&bench, options, &result);
  }
  deinit_bench(&bench);
  return status;
}

/// One line of the table: sizes, times, the kernel.
static void print_row(const olstm__lstm_shape* shape, const bench_data* bench,
                      const bench_result* result) {
  olstm_step_info step = {0};
  olstm_plan_info plan = {0};
  const char* kernel = "";
  (void)olstm_context_get_plan_info(bench->job.context, &plan, NULL);
  for (size_t i = 0; i < plan.step_count && kernel[0] == '\0'; i++) {
    if (olstm_context_get_step_info(bench->job.context, i, &step, NULL) ==
        OLSTM_STATUS_OK) {
      kernel = step.kernel;
    }
  }
  olstm__say(stdout, "%4lld %4lld %4lld %4lld %2lld %2lld %12.2f %12.2f %12.2f  %s\n",
             (long long)shape->steps, (long long)shape->batch,
             (long long)shape->input_size, (long long)shape->units,
             (long long)shape->directions, (long long)shape->layers, result->median_us,
             result->min_us, result->p99_us, kernel);
  olstm__say_flush();
}

static olstm_status bench_shape(const olstm__lstm_shape* shape,
                                const bench_options* options, olstm__json_writer* json,
                                olstm_error* error) {
  unsigned char* bytes = NULL;
  size_t byte_count = 0;
  bench_data bench = {0};
  bench_result result = {0};
  OLSTM_RETURN_IF_ERROR(olstm__lstm_model_write(shape, &bytes, &byte_count, error));
  const olstm__job_source source = {NULL, bytes, byte_count};
  const olstm_status status = measure(&bench, &source, options, &result, error);
  olstm__progress_end();
  if (status == OLSTM_STATUS_OK && options->json) {
    print_json(json, shape, &bench, options, &result);
  } else if (status == OLSTM_STATUS_OK) {
    print_row(shape, &bench, &result);
  }
  deinit_bench(&bench);
  free(bytes);
  return status;
}

static olstm_status bench_shapes(const bench_options* options, olstm_error* error) {
  olstm__lstm_shape* shapes = NULL;
  size_t count = 0;
  olstm_status status = olstm__lstm_shapes_read(options->shapes, &shapes, &count, error);
  olstm__json_writer json = {stdout, true};
  if (status == OLSTM_STATUS_OK && options->json) olstm__json_open(&json, NULL, '[');
  if (status == OLSTM_STATUS_OK && !options->json) {
    olstm__say(
        stdout,
        "   T    N    I    H  D  L    median us     least us       p99 us  kernel\n");
  }
  for (size_t i = 0; i < count && status == OLSTM_STATUS_OK; i++) {
    status = bench_shape(&shapes[i], options, &json, error);
  }
  if (status == OLSTM_STATUS_OK && options->json) {
    olstm__json_close(&json, ']');
    olstm__say(stdout, "\n");
  }
  free(shapes);
  return status;
}

static olstm_status bench_streams(const bench_options* options, olstm_error* error) {
  const olstm__stream_bench bench = {.model = options->model,
                                     .job = &options->job,
                                     .input = &options->input,
                                     .stream_count = options->stream_count,
                                     .rate = options->rate,
                                     .seconds = options->seconds,
                                     .max_batch = options->max_batch,
                                     .max_wait_us = options->max_wait_us,
                                     .json = options->json};
  return olstm__stream_bench_run(&bench, error);
}

int olstm__command_bench(int argc, char** argv) {
  bench_options options = {.seconds = 1.0, .input = {.seed = 1}, .max_wait_us = -1};
  olstm_error error = {""};
  olstm__job_options_init(&options.job);
  const olstm__cli_result parsed = parse(argc, argv, &options);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  const olstm_status status = options.stream_count ? bench_streams(&options, &error)
                              : options.shapes     ? bench_shapes(&options, &error)
                                                   : bench_model(&options, &error);
  return status == OLSTM_STATUS_OK ? OLSTM__EXIT_OK : olstm__cli_fail(&error);
}
