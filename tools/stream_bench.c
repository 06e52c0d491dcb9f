#include "tools/stream_bench.h"

#define OLSTM_EXPERIMENTAL_STREAMS
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/batcher.h"
#include "system/thread.h"
#include "tools/json_writer.h"
#include "tools/progress.h"
#include "tools/say.h"
#include "tools/stream_load.h"

/// Steps that may wait for a result: enough for a tenth of a second of any load that can
/// be kept up with.
enum { kQueue = 1 << 16 };

/// What one of both ways came to.
typedef struct way_result {
  olstm__load load;
  double bytes_per_stream;
  double rows_per_batch;
} way_result;

/// What both ways share. The first failure of a step is kept.
typedef struct bench_data {
  const olstm__stream_bench* options;
  olstm__job job;
  olstm__input_set inputs;
  size_t output_count;
  atomic_llong live_bytes;
  olstm_status status;
  olstm_error error;
} bench_data;

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a bench");
}

static void keep_failure(bench_data* bench, olstm_status status,
                         const olstm_error* error) {
  if (status == OLSTM_STATUS_OK || bench->status != OLSTM_STATUS_OK) return;
  bench->status = status;
  bench->error = *error;
}

// ---------------------------------------------------------------- memory

/// An allocator that knows how many bytes are in use.
static void* count_allocate(void* user, size_t bytes) {
  const olstm_allocator plain = olstm_allocator_or_default(NULL);
  void* memory = plain.allocate(plain.user, bytes);
  if (memory) atomic_fetch_add((atomic_llong*)user, (long long)bytes);
  return memory;
}

static void count_release(void* user, void* memory, size_t bytes) {
  const olstm_allocator plain = olstm_allocator_or_default(NULL);
  plain.release(plain.user, memory, bytes);
  atomic_fetch_sub((atomic_llong*)user, (long long)bytes);
}

static double count_bytes_per_stream(bench_data* bench, long long before) {
  return (double)(atomic_load(&bench->live_bytes) - before) /
         (double)bench->options->stream_count;
}

static void init_load(const bench_data* bench, olstm__load* load) {
  *load = (olstm__load){.stream_count = (size_t)bench->options->stream_count,
                        .rate = bench->options->rate,
                        .seconds = bench->options->seconds};
}

// ---------------------------------------------------------------- a batcher

typedef struct batcher_way {
  bench_data* bench;
  olstm_streams* streams;
  olstm_batcher* batcher;
  olstm_stream* handles;
} batcher_way;

static void end_step(void* user, olstm_status status, const olstm_tensor* outputs,
                     size_t output_count, const olstm_error* error) {
  olstm__load_stream* stream = user;
  const batcher_way* way = stream->load->target;
  (void)outputs;
  (void)output_count;
  keep_failure(way->bench, status, error);
  olstm__load_finish(stream);
}

static bool submit_step(void* target, olstm__load_stream* stream) {
  const batcher_way* way = target;
  const olstm__input_set* inputs = &way->bench->inputs;
  return olstm_batcher_submit(way->batcher, way->handles[stream->index], inputs->tensors,
                              inputs->count, end_step, stream, NULL) == OLSTM_STATUS_OK;
}

static void drain_batcher(void* target) {
  const batcher_way* way = target;
  (void)olstm_batcher_shutdown(way->batcher, OLSTM_SHUTDOWN_DRAIN, NULL, NULL);
}

static olstm_status open_batcher(batcher_way* way, olstm_error* error) {
  const bench_data* bench = way->bench;
  const olstm__stream_bench* options = bench->options;
  const size_t input_count = bench->inputs.count;
  olstm_streams_options streams;
  olstm_batcher_options batcher;
  olstm_streams_options_init(&streams);
  olstm_batcher_options_init(&batcher);
  olstm_tensor_desc* step = calloc(input_count + 1, sizeof *step);
  way->handles = calloc((size_t)options->stream_count, sizeof *way->handles);
  if (!step || !way->handles) {
    free(step);
    return fail_memory(error);
  }
  for (size_t i = 0; i < input_count; i++) step[i] = bench->inputs.tensors[i].desc;
  streams.capacity = (size_t)options->stream_count;
  if (options->max_batch > 0) streams.largest_batch = (size_t)options->max_batch;
  streams.step_count = 1;
  streams.steps = step;
  if (options->max_wait_us >= 0) batcher.max_wait_us = (uint64_t)options->max_wait_us;
  batcher.queue_capacity = kQueue;
  olstm_status status =
      olstm_streams_create(bench->job.session, &streams, &way->streams, error);
  free(step);
  for (int64_t s = 0; s < options->stream_count && status == OLSTM_STATUS_OK; s++) {
    status = olstm_streams_open(way->streams, &way->handles[s], error);
  }
  if (status != OLSTM_STATUS_OK) return status;
  return olstm_batcher_create(way->streams, &batcher, &way->batcher, error);
}

static olstm_status measure_batcher(bench_data* bench, way_result* result,
                                    olstm_error* error) {
  batcher_way way = {.bench = bench};
  olstm_batcher_info info = {.struct_size = sizeof info};
  const long long before = atomic_load(&bench->live_bytes);
  olstm_status status = open_batcher(&way, error);
  init_load(bench, &result->load);
  result->load.submit = submit_step;
  result->load.drain = drain_batcher;
  result->load.target = &way;
  if (status == OLSTM_STATUS_OK && !olstm__load_run(&result->load)) {
    status = fail_memory(error);
  }
  if (status == OLSTM_STATUS_OK) {
    olstm_batcher_get_info(way.batcher, &info);
    result->bytes_per_stream = count_bytes_per_stream(bench, before);
    result->rows_per_batch = (double)(info.done_count + info.failed_count) /
                             (double)(info.batch_count ? info.batch_count : 1);
  }
  olstm_batcher_destroy(way.batcher);
  olstm_streams_destroy(way.streams);
  free(way.handles);
  return status;
}

// ---------------------------------------------------------------- contexts

/// A context for each stream, and a thread that runs them in the order of their steps.
typedef struct context_way {
  bench_data* bench;
  olstm_context** contexts;
  olstm_tensor* outputs;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t has_work;
  /// A ring of the streams whose steps wait.
  olstm__load_stream** queue;
  size_t first, count;
  bool is_shut;
} context_way;

static void run_step(context_way* way, olstm__load_stream* stream) {
  bench_data* bench = way->bench;
  olstm_error error = {""};
  memset(way->outputs, 0, bench->output_count * sizeof *way->outputs);
  keep_failure(
      bench,
      olstm_context_run(way->contexts[stream->index], bench->inputs.tensors,
                        bench->inputs.count, way->outputs, bench->output_count, &error),
      &error);
  olstm__load_finish(stream);
}

static void* run_contexts(void* argument) {
  context_way* way = argument;
  (void)pthread_mutex_lock(&way->lock);
  for (;;) {
    while (way->count == 0 && !way->is_shut) {
      (void)pthread_cond_wait(&way->has_work, &way->lock);
    }
    if (way->count == 0) break;
    olstm__load_stream* stream = way->queue[way->first];
    way->first = (way->first + 1) % kQueue;
    way->count--;
    (void)pthread_mutex_unlock(&way->lock);
    run_step(way, stream);
    (void)pthread_mutex_lock(&way->lock);
  }
  (void)pthread_mutex_unlock(&way->lock);
  return NULL;
}

static bool queue_step(void* target, olstm__load_stream* stream) {
  context_way* way = target;
  (void)pthread_mutex_lock(&way->lock);
  const bool has_room = way->count < kQueue;
  if (has_room) {
    way->queue[(way->first + way->count) % kQueue] = stream;
    if (way->count++ == 0) (void)pthread_cond_signal(&way->has_work);
  }
  (void)pthread_mutex_unlock(&way->lock);
  return has_room;
}

static void drain_contexts(void* target) {
  context_way* way = target;
  (void)pthread_mutex_lock(&way->lock);
  way->is_shut = true;
  (void)pthread_cond_signal(&way->has_work);
  (void)pthread_mutex_unlock(&way->lock);
  (void)pthread_join(way->thread, NULL);
}

static olstm_status open_contexts(context_way* way, olstm_error* error) {
  bench_data* bench = way->bench;
  const size_t count = (size_t)bench->options->stream_count;
  way->contexts = calloc(count, sizeof *way->contexts);
  way->outputs = calloc(bench->output_count + 1, sizeof *way->outputs);
  way->queue = calloc(kQueue, sizeof *way->queue);
  if (!way->contexts || !way->outputs || !way->queue) return fail_memory(error);
  for (size_t s = 0; s < count; s++) {
    OLSTM_RETURN_IF_ERROR(
        olstm_context_create(bench->job.session, &way->contexts[s], error));
    memset(way->outputs, 0, bench->output_count * sizeof *way->outputs);
    OLSTM_RETURN_IF_ERROR(olstm_context_run(way->contexts[s], bench->inputs.tensors,
                                            bench->inputs.count, way->outputs,
                                            bench->output_count, error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status load_contexts(context_way* way, way_result* result,
                                  olstm_error* error) {
  olstm_status status = OLSTM_STATUS_OK;
  if (pthread_mutex_init(&way->lock, NULL) != 0) return fail_memory(error);
  if (pthread_cond_init(&way->has_work, NULL) != 0) {
    (void)pthread_mutex_destroy(&way->lock);
    return fail_memory(error);
  }
  if (olstm__thread_start(&way->thread, run_contexts, way) != 0) {
    status = olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                        "the system starts no more threads");
  } else if (!olstm__load_run(&result->load)) {
    drain_contexts(way);
    status = fail_memory(error);
  }
  (void)pthread_cond_destroy(&way->has_work);
  (void)pthread_mutex_destroy(&way->lock);
  return status;
}

static olstm_status measure_contexts(bench_data* bench, way_result* result,
                                     olstm_error* error) {
  context_way way = {.bench = bench};
  const long long before = atomic_load(&bench->live_bytes);
  olstm_status status = open_contexts(&way, error);
  result->bytes_per_stream = count_bytes_per_stream(bench, before);
  init_load(bench, &result->load);
  result->load.submit = queue_step;
  result->load.drain = drain_contexts;
  result->load.target = &way;
  if (status == OLSTM_STATUS_OK) status = load_contexts(&way, result, error);
  for (int64_t s = 0; way.contexts && s < bench->options->stream_count; s++) {
    olstm_context_destroy(way.contexts[s]);
  }
  free(way.contexts);
  free(way.outputs);
  free(way.queue);
  return status;
}

// ---------------------------------------------------------------- printing

static void print_way_json(olstm__json_writer* json, const way_result* result) {
  const olstm__time_counts* times = result->load.times;
  olstm__json_real(json, "p50_us", olstm__time_counts_percentile(times, 0.5));
  olstm__json_real(json, "p99_us", olstm__time_counts_percentile(times, 0.99));
  olstm__json_real(json, "p999_us", olstm__time_counts_percentile(times, 0.999));
  olstm__json_real(json, "steps_per_s", result->load.steps_per_s);
  olstm__json_real(json, "cpu_us_per_step", result->load.cpu_us_per_step);
  olstm__json_real(json, "bytes_per_stream", result->bytes_per_stream);
  olstm__json_int(json, "steps", (int64_t)times->total);
  olstm__json_int(json, "lost", (int64_t)result->load.lost_count);
}

static void print_json(const olstm__stream_bench* options, const way_result* batcher,
                       const way_result* contexts) {
  olstm__json_writer json = {stdout, true};
  olstm__json_open(&json, NULL, '{');
  olstm__json_int(&json, "streams", options->stream_count);
  olstm__json_real(&json, "rate", options->rate);
  print_way_json(&json, batcher);
  olstm__json_real(&json, "rows_per_batch", batcher->rows_per_batch);
  olstm__json_open(&json, "contexts", '{');
  print_way_json(&json, contexts);
  olstm__json_close(&json, '}');
  olstm__json_close(&json, '}');
  olstm__say(stdout, "\n");
}

static void print_way(const char* name, const way_result* result) {
  const olstm__time_counts* times = result->load.times;
  olstm__say(stdout, "%-9s %10.1f %10.1f %10.1f %11.0f %12.2f %12.0f %8llu\n", name,
             olstm__time_counts_percentile(times, 0.5),
             olstm__time_counts_percentile(times, 0.99),
             olstm__time_counts_percentile(times, 0.999), result->load.steps_per_s,
             result->load.cpu_us_per_step, result->bytes_per_stream,
             (unsigned long long)result->load.lost_count);
}

static void print_text(const way_result* batcher, const way_result* contexts) {
  olstm__say(stdout,
             "way           p50 us     p99 us   p99.9 us     steps/s  CPU us/step "
             "bytes/stream     lost\n");
  print_way("batcher", batcher);
  print_way("contexts", contexts);
  olstm__say(stdout, "rows a batch  %.1f\n", batcher->rows_per_batch);
}

// ---------------------------------------------------------------- both

static olstm_status open_model(bench_data* bench, olstm_error* error) {
  const olstm__stream_bench* options = bench->options;
  const olstm_allocator allocator = {&bench->live_bytes, count_allocate, count_release};
  olstm__job_options job = *options->job;
  if (job.stateful.count == 0 && job.bindings.count == 0) {
    job.stateful.values[job.stateful.count++] = "all";
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__job_open(options->model, &job, &allocator, &bench->job, error));
  OLSTM_RETURN_IF_ERROR(olstm__input_set_describe(bench->job.session, options->input,
                                                  &bench->inputs, error));
  bench->output_count = olstm_session_output_count(bench->job.session);
  return olstm__input_set_fill_random(&bench->inputs, (uint64_t)options->input->seed,
                                      error);
}

static olstm_status measure(bench_data* bench, way_result* batcher, way_result* contexts,
                            olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(open_model(bench, error));
  OLSTM_RETURN_IF_ERROR(measure_batcher(bench, batcher, error));
  OLSTM_RETURN_IF_ERROR(measure_contexts(bench, contexts, error));
  if (bench->status != OLSTM_STATUS_OK) *error = bench->error;
  return bench->status;
}

olstm_status olstm__stream_bench_run(const olstm__stream_bench* options,
                                     olstm_error* error) {
  bench_data bench = {.options = options};
  way_result batcher = {{0}, 0, 0}, contexts = {{0}, 0, 0};
  olstm__progress_begin("measuring");
  const olstm_status status = measure(&bench, &batcher, &contexts, error);
  olstm__progress_end();
  if (status == OLSTM_STATUS_OK && options->json) {
    print_json(options, &batcher, &contexts);
  } else if (status == OLSTM_STATUS_OK) {
    print_text(&batcher, &contexts);
  }
  olstm__load_deinit(&batcher.load);
  olstm__load_deinit(&contexts.load);
  olstm__input_set_deinit(&bench.inputs);
  olstm__job_deinit(&bench.job);
  return status;
}
