// Measures olstm and ONNX Runtime on the same models or LSTM layers, in turns within one
// run, and prints the ratios of their medians and of their least times. With --ep, ONNX
// Runtime with olstm's execution provider takes the place of olstm.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"

#include "system/clock.h"
#include "system/file.h"
#include "system/path.h"
#include "system/timer.h"
#include "system/usage.h"
#include "tools/file_bytes.h"
#include "tools/input_set.h"
#include "tools/job.h"
#include "tools/lstm_model.h"
#include "tools/model_folder.h"
#include "tools/ort_peer.h"
#include "tools/tensor_file.h"

enum { kMaxRuns = 200000, kWarmUpRuns = 5, kRounds = 6 };

typedef struct settings {
  /// ONNX Runtime's library, then models (*.onnx), folders of them and files of shapes.
  olstm__cli_list operands;
  olstm__job_options job;
  olstm__input_options input;
  /// A model and a runtime.
  double seconds;
  const char* provider;
} settings;

/// The times of one runtime on one model.
typedef struct samples {
  double us[kMaxRuns];
  size_t count;
} samples;

/// A model in olstm, and its inputs; the same in ONNX Runtime, and with the provider.
typedef struct pair {
  olstm__job job;
  olstm__input_set inputs;
  olstm_tensor* outputs;
  size_t output_count;
  olstm__ort_session* theirs;
  olstm__ort_session* provided;
} pair;

/// The times of one model: medians and least, of ours and theirs.
typedef struct timing {
  double ours, theirs, least_ours, least_theirs;
} timing;

/// All ratios so far, of the medians and of the least times.
typedef struct summary {
  double log_sum, worst, least_log_sum, least_worst;
  size_t count, above_1_10, above_1_25, failed, differing;
} summary;

/// Tolerance of results: the runtimes' kernels sum in different orders.
static const olstm__tolerance kTolerance = {.rtol = 1e-3, .atol = 1e-4, .bytes = 1};

static _Noreturn void stop(const olstm_error* error) {
  exit(olstm__cli_fail(error));
}

static double now_us(void) {
  return (double)olstm__clock_ns() * 1e-3;
}

// ---------------------------------------------------------------- both runtimes

/// Text of a test case's input file beside the model, "" where there is none:
/// FOLDER/test_data_set_0/input_INDEX.pb.
static void find_case_input(const char* model_path, size_t index,
                            char out_path[OLSTM__PATH_CAPACITY]) {
  const int length = (int)(olstm__file_name(model_path) - model_path);
  const int written =
      snprintf(out_path, OLSTM__PATH_CAPACITY, "%.*stest_data_set_0/input_%zu.pb", length,
               model_path, index);
  if (written >= OLSTM__PATH_CAPACITY || !olstm__path_exists(out_path)) {
    out_path[0] = '\0';
  }
}

/// The inputs of the model's test data where there are some, made-up ones otherwise.
static olstm_status load_inputs(const settings* s, const olstm__job_source* source,
                                pair* p, olstm_error* error) {
  // Layers given by their sizes have no symbolic dimensions.
  olstm__input_options input = {.seed = s->input.seed, .has_random = true};
  if (source->path) input.dims = s->input.dims;
  OLSTM_RETURN_IF_ERROR(
      olstm__input_set_describe(p->job.session, &input, &p->inputs, error));
  for (size_t i = 0; i < p->inputs.count && source->path; i++) {
    char path[OLSTM__PATH_CAPACITY];
    find_case_input(source->path, i, path);
    if (path[0] == '\0') continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__tensor_file_read(path, NULL, &p->inputs.tensors[i], NULL, error));
  }
  return olstm__input_set_fill_random(&p->inputs, (uint64_t)input.seed, error);
}

static olstm_status run_ours(void* user, olstm_error* error) {
  pair* p = user;
  memset(p->outputs, 0, p->output_count * sizeof *p->outputs);
  return olstm_context_run(p->job.context, p->inputs.tensors, p->inputs.count, p->outputs,
                           p->output_count, error);
}

static olstm_status run_peer(void* user, olstm_error* error) {
  return olstm__ort_session_run(user, error);
}

static olstm_status load_pair(olstm__ort* ort, const settings* s,
                              const olstm__job_source* source, pair* p,
                              olstm_error* error) {
  const int threads = (int)s->job.thread_count;
  OLSTM_RETURN_IF_ERROR(olstm__job_open_source(source, &s->job, NULL, &p->job, error));
  OLSTM_RETURN_IF_ERROR(load_inputs(s, source, p, error));
  p->output_count = olstm_session_output_count(p->job.session);
  p->outputs = calloc(p->output_count + 1, sizeof *p->outputs);
  if (!p->outputs) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for outputs");
  }
  if (s->provider) {
    OLSTM_RETURN_IF_ERROR(olstm__ort_session_create(
        ort, true, threads, source, p->job.session, &p->inputs, &p->provided, error));
  }
  return olstm__ort_session_create(ort, false, threads, source, p->job.session,
                                   &p->inputs, &p->theirs, error);
}

static void unload_pair(pair* p) {
  olstm__ort_session_destroy(p->theirs);
  olstm__ort_session_destroy(p->provided);
  free(p->outputs);
  olstm__input_set_deinit(&p->inputs);
  olstm__job_deinit(&p->job);
}

// ---------------------------------------------------------------- measuring

typedef olstm_status (*run_function)(void* user, olstm_error* error);

static olstm_status measure(run_function run, void* user, double seconds, samples* out,
                            olstm_error* error) {
  for (int i = 0; i < kWarmUpRuns; i++) OLSTM_RETURN_IF_ERROR(run(user, error));
  const double end = now_us() + seconds * 1e6;
  for (double before = now_us(); before < end && out->count < kMaxRuns;) {
    OLSTM_RETURN_IF_ERROR(run(user, error));
    const double after = now_us();
    out->us[out->count++] = after - before;
    before = after;
  }
  return OLSTM_STATUS_OK;
}

static int compare_doubles(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

/// Waits until the process' other threads have stopped: a runtime's workers spin for a
/// while after a run, on the cores that the next one needs.
static void wait_for_quiet(void) {
  enum { kLookNs = 2000000, kMaxLooks = 200 };
  for (int look = 0; look < kMaxLooks; look++) {
    const int64_t before = olstm__usage_cpu_ns();
    olstm__timer_sleep(kLookNs);
    if (olstm__usage_cpu_ns() - before < kLookNs / 10) return;
  }
}

/// Runs both alternately: olstm (or ONNX Runtime with olstm's provider) and plain ONNX
/// Runtime.
static olstm_status measure_pair(pair* p, double seconds, timing* out,
                                 olstm_error* error) {
  static samples mine, other;
  const run_function run = p->provided ? run_peer : run_ours;
  void* user = p->provided ? (void*)p->provided : (void*)p;
  mine.count = other.count = 0;
  for (int round = 0; round < kRounds; round++) {
    wait_for_quiet();
    OLSTM_RETURN_IF_ERROR(measure(run, user, seconds / kRounds, &mine, error));
    wait_for_quiet();
    OLSTM_RETURN_IF_ERROR(measure(run_peer, p->theirs, seconds / kRounds, &other, error));
  }
  if (mine.count == 0 || other.count == 0) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "no time to measure in");
  }
  qsort(mine.us, mine.count, sizeof *mine.us, compare_doubles);
  qsort(other.us, other.count, sizeof *other.us, compare_doubles);
  *out = (timing){mine.us[mine.count / 2], other.us[other.count / 2], mine.us[0],
                  other.us[0]};
  return OLSTM_STATUS_OK;
}

static void add_to_summary(summary* all, const timing* t) {
  const double ratio = t->ours / t->theirs, least = t->least_ours / t->least_theirs;
  all->log_sum += log(ratio);
  all->least_log_sum += log(least);
  if (ratio > all->worst) all->worst = ratio;
  if (least > all->least_worst) all->least_worst = least;
  all->above_1_10 += least > 1.10;
  all->above_1_25 += least > 1.25;
  all->count++;
}

/// A row of the table; what could not be loaded or run has its message there.
static void compare(olstm__ort* ort, const settings* s, const olstm__job_source* source,
                    const char* name, summary* all) {
  pair p = {.output_count = 0};
  timing t = {0};
  bool is_same = true;
  olstm_error error = {""}, difference = {""};
  olstm_status status = load_pair(ort, s, source, &p, &error);
  if (status == OLSTM_STATUS_OK) status = run_ours(&p, &error);
  if (status == OLSTM_STATUS_OK) {
    status =
        olstm__ort_session_check(p.theirs, p.outputs, &kTolerance, &is_same, &difference);
  }
  if (status == OLSTM_STATUS_OK) status = measure_pair(&p, s->seconds, &t, &error);
  unload_pair(&p);
  if (status != OLSTM_STATUS_OK) {
    (void)printf("%-26s not measured: %s\n", name,
                 error.message[0] ? error.message : difference.message);
    all->failed++;
  } else {
    (void)printf("%-26s %10.2f  %10.2f  %6.3f  %10.2f  %10.2f  %6.3f%s%s\n", name, t.ours,
                 t.theirs, t.ours / t.theirs, t.least_ours, t.least_theirs,
                 t.least_ours / t.least_theirs,
                 is_same ? "" : "  differs: ", is_same ? "" : difference.message);
    add_to_summary(all, &t);
    all->differing += !is_same;
  }
  (void)fflush(stdout);
}

/// All models that the path names. A folder's are called by what follows it in their
/// paths, a test case by its folder.
static void compare_models(olstm__ort* ort, const settings* s, const char* path,
                           summary* all) {
  olstm__model_list models = {0};
  olstm_error error = {""};
  if (olstm__model_list_append(&models, path, &error)) stop(&error);
  for (size_t i = 0; i < models.count; i++) {
    const olstm__job_source source = {models.paths[i], NULL, 0};
    const char* name = models.paths[i];
    if (models.count > 1) name += strlen(path);
    while (olstm__path_is_separator(*name) && name != models.paths[i]) name++;
    char shown[OLSTM__PATH_CAPACITY];
    (void)snprintf(shown, sizeof shown, "%s", name);
    char* file = shown + (olstm__file_name(shown) - shown);
    if (name != models.paths[i] && file > shown && strcmp(file, "model.onnx") == 0) {
      file[-1] = '\0';
    }
    compare(ort, s, &source, shown, all);
  }
  olstm__model_list_deinit(&models);
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
    (void)snprintf(name, sizeof name, "%5lld %4lld %5lld %5lld %2lld %2lld",
                   (long long)shape->steps, (long long)shape->batch,
                   (long long)shape->input_size, (long long)shape->units,
                   (long long)shape->directions, (long long)shape->layers);
    compare(ort, s, &source, name, all);
    free(bytes);
  }
  free(shapes);
}

// ---------------------------------------------------------------- the command line

/// Whether there are options that the provider does not take.
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
      "compare_onnxruntime LIBONNXRUNTIME.SO SHAPES|MODEL.onnx|FOLDER... [options]",
      "Measures olstm and ONNX Runtime in turns: on LSTM layers, a line 'T N I H D' or "
      "'T N I H D L' "
      "each, or models, also all at or below a folder: with a test case's first "
      "inputs (test_data_set_0 beside the model), else made-up ones. Results are "
      "compared, too.",
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

static void print_head(const settings* s, const olstm__ort* ort) {
  const char* ours = s->provider ? "with EP us" : "olstm us";
  (void)printf("ONNX Runtime %s, olstm %s\n", olstm__ort_version(ort),
               OLSTM_VERSION_TEXT);
  (void)printf("%d thread%s: medians, least times\n", (int)s->job.thread_count,
               s->job.thread_count == 1 ? "" : "s");
  (void)printf("%-26s %10s  runtime us   ratio  %10s  runtime us   ratio\n",
               "    T    N     I     H  D", ours, ours);
}

static void print_summary(const summary* all) {
  const double count = (double)all->count;
  (void)printf("geometric mean %.3f, worst %.3f\n", exp(all->log_sum / count),
               all->worst);
  (void)printf(
      "least times: geometric mean %.3f, worst %.3f, %zu of %zu above 1.10, %zu above "
      "1.25\n",
      exp(all->least_log_sum / count), all->least_worst, all->above_1_10, all->count,
      all->above_1_25);
  if (all->differing) (void)printf("%zu with other results\n", all->differing);
  if (all->failed) (void)printf("%zu not measured\n", all->failed);
}

int main(int argc, char** argv) {
  settings s = {.seconds = 1.0, .input = {.seed = 1}};
  summary all = {0};
  olstm__job_options_init(&s.job);
  const olstm__cli_result parsed = parse(argc - 1, argv + 1, &s);
  if (parsed != OLSTM__CLI_PARSED) return olstm__cli_exit_code(parsed);
  olstm__ort* ort = olstm__ort_open(s.operands.values[0], s.provider);
  print_head(&s, ort);
  for (size_t i = 1; i < s.operands.count; i++) {
    const char* path = s.operands.values[i];
    if (olstm__path_is_model(path) || olstm__path_is_folder(path)) {
      compare_models(ort, &s, path, &all);
    } else {
      compare_shapes(ort, &s, path, &all);
    }
  }
  olstm__ort_close(ort);
  if (all.count) print_summary(&all);
  return all.count && !all.failed ? OLSTM__EXIT_OK : OLSTM__EXIT_FAILED;
}
