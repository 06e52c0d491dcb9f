// Measures olstm and ONNX Runtime on the same models or LSTM layers, in turns within one
// run, and prints the ratio of their medians. With --ep, ONNX Runtime with olstm's
// execution provider takes the place of olstm.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "olstm/olstm.h"
#include "tools/input_set.h"
#include "tools/job.h"
#include "tools/lstm_model.h"
#include "tools/ort_peer.h"

enum { MAX_RUNS = 200000, WARM_UP_RUNS = 5, ROUNDS = 6 };

typedef struct settings {
  /// ONNX Runtime's library, then models (*.onnx) and files of shapes.
  olstm__cli_list operands;
  olstm__job_options job;
  olstm__input_options input;
  /// A model and a runtime.
  double seconds;
  const char* provider;
} settings;

/// The times of one runtime on one model.
typedef struct samples {
  double us[MAX_RUNS];
  size_t count;
} samples;

/// A model in olstm, and its inputs.
typedef struct ours {
  olstm__job job;
  olstm__input_set inputs;
  olstm_tensor* outputs;
  size_t output_count;
} ours;

/// All ratios so far.
typedef struct summary {
  double log_sum, worst;
  size_t count;
} summary;

static _Noreturn void stop(const olstm_error* error) {
  exit(olstm__cli_fail(error));
}

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// ---------------------------------------------------------------- both runtimes

static void load_ours(ours* o, const settings* s, const olstm__job_source* source) {
  // Layers made of their sizes have no symbolic dimensions.
  const olstm__input_options none = {.seed = s->input.seed};
  const olstm__input_options* input = source->path ? &s->input : &none;
  olstm_error error = {""};
  *o = (ours){.output_count = 0};
  if (olstm__job_open_source(source, &s->job, NULL, &o->job, &error) ||
      olstm__input_set_describe(o->job.session, input, &o->inputs, &error) ||
      olstm__input_set_fill_random(&o->inputs, (uint64_t)input->seed, &error)) {
    stop(&error);
  }
  o->output_count = olstm_session_output_count(o->job.session);
  o->outputs = calloc(o->output_count + 1, sizeof *o->outputs);
  if (o->outputs) return;
  (void)olstm_fail(&error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for outputs");
  stop(&error);
}

static void unload_ours(ours* o) {
  free(o->outputs);
  olstm__input_set_deinit(&o->inputs);
  olstm__job_deinit(&o->job);
}

static void run_ours(void* user) {
  ours* o = user;
  olstm_error error = {""};
  memset(o->outputs, 0, o->output_count * sizeof *o->outputs);
  if (olstm_context_run(o->job.context, o->inputs.tensors, o->inputs.count, o->outputs,
                        o->output_count, &error)) {
    stop(&error);
  }
}

static void run_peer(void* user) {
  olstm__ort_session_run(user);
}

// ---------------------------------------------------------------- measuring

static void measure(void (*run)(void*), void* user, double seconds, samples* out) {
  for (int i = 0; i < WARM_UP_RUNS; i++) run(user);
  const double end = now_us() + seconds * 1e6;
  for (double before = now_us(); before < end && out->count < MAX_RUNS;) {
    run(user);
    const double after = now_us();
    out->us[out->count++] = after - before;
    before = after;
  }
}

static int compare_doubles(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static double median(samples* taken) {
  qsort(taken->us, taken->count, sizeof *taken->us, compare_doubles);
  return taken->us[taken->count / 2];
}

/// Runs both in turns; the medians of ours (olstm, or ONNX Runtime with its provider) and
/// of ONNX Runtime's own.
static void measure_both(void (*run)(void*), void* user, olstm__ort_session* theirs,
                         double seconds, double* out_ours, double* out_theirs) {
  static samples mine, other;
  mine.count = other.count = 0;
  for (int round = 0; round < ROUNDS; round++) {
    measure(run, user, seconds / ROUNDS, &mine);
    measure(run_peer, theirs, seconds / ROUNDS, &other);
  }
  *out_ours = median(&mine);
  *out_theirs = median(&other);
}

static void compare(olstm__ort* ort, const settings* s, const olstm__job_source* source,
                    const char* name, summary* all) {
  const int threads = (int)s->job.thread_count;
  ours o;
  double a = 0.0, b = 0.0;
  load_ours(&o, s, source);
  olstm__ort_session* theirs =
      olstm__ort_session_create(ort, false, threads, source, o.job.session, &o.inputs);
  if (s->provider) {
    olstm__ort_session* provided =
        olstm__ort_session_create(ort, true, threads, source, o.job.session, &o.inputs);
    measure_both(run_peer, provided, theirs, s->seconds, &a, &b);
    olstm__ort_session_destroy(provided);
  } else {
    measure_both(run_ours, &o, theirs, s->seconds, &a, &b);
  }
  olstm__ort_session_destroy(theirs);
  unload_ours(&o);
  (void)printf("%-26s %10.2f  %10.2f  %6.3f\n", name, a, b, a / b);
  (void)fflush(stdout);
  all->log_sum += log(a / b);
  if (a / b > all->worst) all->worst = a / b;
  all->count++;
}

static void compare_shapes(olstm__ort* ort, const settings* s, const char* path,
                           summary* all) {
  olstm__lstm_shape* shapes = NULL;
  size_t count = 0;
  olstm_error error = {""};
  if (olstm__lstm_shapes_read(path, &shapes, &count, &error)) stop(&error);
  for (size_t i = 0; i < count; i++) {
    const olstm__lstm_shape* shape = &shapes[i];
    unsigned char* bytes = NULL;
    olstm__job_source source = {NULL, NULL, 0};
    char name[128];
    if (olstm__lstm_model_write(shape, &bytes, &source.byte_count, &error)) stop(&error);
    source.bytes = bytes;
    (void)snprintf(name, sizeof name, "%5lld %4lld %5lld %5lld %2lld",
                   (long long)shape->steps, (long long)shape->batch,
                   (long long)shape->input_size, (long long)shape->units,
                   (long long)shape->directions);
    compare(ort, s, &source, name, all);
    free(bytes);
  }
  free(shapes);
}

static bool is_model(const char* path) {
  const char* end = strrchr(path, '.');
  return end && strcmp(end, ".onnx") == 0;
}

// ---------------------------------------------------------------- the command line

/// Whether there are options that a provider's session would not get.
static bool is_for_olstm_alone(const olstm__job_options* job) {
  olstm__job_options plain;
  olstm__job_options_init(&plain);
  return strcmp(job->kernel, plain.kernel) != 0 ||
         strcmp(job->precision, plain.precision) != 0 || job->max_memory_mb ||
         job->max_work || job->fuse != plain.fuse || job->broadcast_state ||
         job->plugins.count > 0;
}

static olstm__cli_result parse(int argc, char** argv, settings* out) {
  const olstm__cli_option options[] = {
      {"dim", OLSTM__CLI_PAIRS, &out->input.dims, "NAME=N",
       "size of a symbolic dimension (default 1), by name or INPUT:AXIS", 0, 0, NULL},
      {"seconds", OLSTM__CLI_REAL, &out->seconds, "S", "how long to run each (default 1)",
       0, 0, NULL},
      {"ep", OLSTM__CLI_TEXT, &out->provider, "LIBOLSTM_ORT_EP.SO",
       "ONNX Runtime with this provider takes the place of olstm", 0, 0, NULL},
      OLSTM__JOB_CLI_OPTIONS(out->job),
  };
  const olstm__cli_command command = {
      "compare_onnxruntime",
      "compare_onnxruntime LIBONNXRUNTIME.SO SHAPES|MODEL.onnx... [options]",
      "Measures olstm and ONNX Runtime in turns: on LSTM layers, a line 'T N I H D' "
      "each, or models with made-up inputs.",
      options,
      sizeof options / sizeof options[0],
      2,
      OLSTM__CLI_LIST_CAPACITY};
  const olstm__cli_result result = olstm__cli_parse(&command, argc, argv, &out->operands);
  if (result != OLSTM__CLI_PARSED || !out->provider || !is_for_olstm_alone(&out->job)) {
    return result;
  }
  (void)olstm__cli_complain(0,
                            "--ep goes with --threads, --seconds and --dim alone: what "
                            "else there is, is for olstm");
  return OLSTM__CLI_REFUSED;
}

int main(int argc, char** argv) {
  settings s = {.seconds = 1.0, .input = {.seed = 1}};
  summary all = {0};
  olstm__job_options_init(&s.job);
  const olstm__cli_result parsed = parse(argc - 1, argv + 1, &s);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  olstm__ort* ort = olstm__ort_open(s.operands.values[0], s.provider);
  (void)printf("ONNX Runtime %s, olstm %s\n", olstm__ort_version(ort),
               OLSTM_VERSION_TEXT);
  (void)printf("%-26s %10s  runtime us   ratio   (medians, %d thread%s)\n",
               "    T    N     I     H  D", s.provider ? "with EP us" : "olstm us",
               (int)s.job.thread_count, s.job.thread_count == 1 ? "" : "s");
  for (size_t i = 1; i < s.operands.count; i++) {
    const char* path = s.operands.values[i];
    const olstm__job_source source = {path, NULL, 0};
    if (is_model(path)) {
      compare(ort, &s, &source, path, &all);
    } else {
      compare_shapes(ort, &s, path, &all);
    }
  }
  olstm__ort_close(ort);
  (void)printf("geometric mean %.3f, worst %.3f\n", exp(all.log_sum / (double)all.count),
               all.worst);
  return OLSTM__EXIT_OK;
}
