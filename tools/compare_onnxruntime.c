// Measures olstm and ONNX Runtime on the same LSTM layers, in turns within one run, and
// prints the ratio of their medians. With --ep, ONNX Runtime with olstm's execution
// provider takes the place of olstm.
//
// usage: compare_onnxruntime LIBONNXRUNTIME.SO SHAPES [--threads N] [--seconds S]
// [--ep LIBOLSTM_ORT_EP.SO] [--kernel K] [--precision f32|bf16|int8]
#include <dlfcn.h>
#include <math.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "olstm/olstm.h"
#include "tools/lstm_model.h"

enum { MAX_RUNS = 200000, WARM_UP_RUNS = 5, ROUNDS = 6, MAX_DEVICES = 8 };

typedef struct settings {
  const char* library;
  const char* shapes;
  int threads;
  double seconds;  // a shape and a runtime
  const char* provider;
  const char* kernel;
  int32_t precision;
} settings;

// The times of one runtime on one shape.
typedef struct samples {
  double us[MAX_RUNS];
  size_t count;
} samples;

typedef struct runtime {
  const OrtApi* api;
  OrtEnv* env;
  OrtMemoryInfo* memory_info;
} runtime;

typedef struct peer {
  const runtime* runtime;
  OrtSession* session;
  OrtValue* input;
} peer;

// A layer to run: its model, and an input for it.
typedef struct problem {
  unsigned char* model;
  size_t model_bytes;
  int64_t dims[3];
  float* x;
  size_t x_count;
} problem;

typedef struct ours {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor input;
} ours;

static _Noreturn void stop(const char* what) {
  (void)fprintf(stderr, "compare_onnxruntime: %s\n", what);
  exit(1);
}

static void expect(const runtime* r, OrtStatus* status) {
  if (status) stop(r->api->GetErrorMessage(status));
}

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// ---------------------------------------------------------------- ONNX Runtime

static void open_runtime(runtime* r, const settings* s) {
  const OrtApiBase* (*get_base)(void) = NULL;
  void* library = dlopen(s->library, RTLD_NOW | RTLD_LOCAL);
  if (!library) stop(dlerror());
  *(void**)&get_base = dlsym(library, "OrtGetApiBase");
  r->api = get_base ? get_base()->GetApi(ORT_API_VERSION) : NULL;
  if (!r->api) stop("the library has no API of this version");
  expect(r, r->api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "compare", &r->env));
  expect(r, r->api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault,
                                        &r->memory_info));
  if (s->provider) {
    expect(r, r->api->RegisterExecutionProviderLibrary(r->env, "olstm", s->provider));
  }
  (void)printf("ONNX Runtime %s, olstm %s\n", get_base()->GetVersionString(),
               OLSTM_VERSION_TEXT);
}

static void close_runtime(runtime* r, const settings* s) {
  if (s->provider) {
    expect(r, r->api->UnregisterExecutionProviderLibrary(r->env, "olstm"));
  }
  r->api->ReleaseMemoryInfo(r->memory_info);
  r->api->ReleaseEnv(r->env);
}

static void append_provider(const runtime* r, OrtSessionOptions* options) {
  const OrtEpDevice* const* devices = NULL;
  const OrtEpDevice* chosen[MAX_DEVICES];
  size_t device_count = 0, chosen_count = 0;
  expect(r, r->api->GetEpDevices(r->env, &devices, &device_count));
  for (size_t i = 0; i < device_count && chosen_count < MAX_DEVICES; i++) {
    if (strcmp(r->api->EpDevice_EpName(devices[i]), "OlstmExecutionProvider") == 0) {
      chosen[chosen_count++] = devices[i];
    }
  }
  if (chosen_count == 0) stop("the library of --ep offers no device");
  expect(r, r->api->SessionOptionsAppendExecutionProvider_V2(
                options, r->env, chosen, chosen_count, NULL, NULL, 0));
}

static void load_peer(peer* p, const runtime* r, const settings* s, bool with_provider,
                      const problem* layer) {
  OrtSessionOptions* options = NULL;
  p->runtime = r;
  expect(r, r->api->CreateSessionOptions(&options));
  expect(r, r->api->SetIntraOpNumThreads(options, s->threads));
  expect(r, r->api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  if (with_provider) append_provider(r, options);
  expect(r, r->api->CreateSessionFromArray(r->env, layer->model, layer->model_bytes,
                                           options, &p->session));
  r->api->ReleaseSessionOptions(options);
  expect(r, r->api->CreateTensorWithDataAsOrtValue(
                r->memory_info, layer->x, layer->x_count * sizeof *layer->x, layer->dims,
                3, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &p->input));
}

static void run_peer(void* user) {
  static const char* const kInputs[] = {"X"};
  static const char* const kOutputs[] = {"Y"};
  const peer* p = user;
  OrtValue* output = NULL;
  expect(p->runtime, p->runtime->api->Run(p->session, NULL, kInputs,
                                          (const OrtValue* const*)&p->input, 1, kOutputs,
                                          1, &output));
  p->runtime->api->ReleaseValue(output);
}

static void unload_peer(peer* p) {
  p->runtime->api->ReleaseValue(p->input);
  p->runtime->api->ReleaseSession(p->session);
}

// ---------------------------------------------------------------- olstm

static void load_ours(ours* o, const settings* s, const problem* layer) {
  const int64_t* dims = layer->dims;
  olstm_error error = {""};
  olstm_model* model = NULL;
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.thread_count = s->threads;
  options.kernel = s->kernel;
  options.precision = s->precision;
  o->input =
      (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {dims[0], dims[1], dims[2]}}, layer->x};
  if (olstm_model_load_memory(layer->model, layer->model_bytes, NULL, &model, &error) ||
      olstm_session_create(model, NULL, &options, &o->session, &error) ||
      olstm_context_create(o->session, &o->context, &error)) {
    stop(error.message);
  }
  olstm_model_destroy(model);
}

static void run_ours(void* user) {
  ours* o = user;
  olstm_error error = {""};
  olstm_tensor output = {.data = NULL};
  if (olstm_context_run(o->context, &o->input, 1, &output, 1, &error)) {
    stop(error.message);
  }
}

static void unload_ours(ours* o) {
  olstm_context_destroy(o->context);
  olstm_session_destroy(o->session);
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

static void make_problem(problem* out, const olstm__lstm_shape* shape) {
  olstm_error error = {""};
  *out = (problem){.dims = {shape->steps, shape->batch, shape->input_size}};
  out->x_count = (size_t)(out->dims[0] * out->dims[1] * out->dims[2]);
  out->x = malloc(out->x_count * sizeof *out->x);
  if (!out->x || olstm__lstm_model_write(shape, &out->model, &out->model_bytes, &error)) {
    stop("no memory");
  }
  for (size_t i = 0; i < out->x_count; i++) out->x[i] = sinf((float)i);
}

// Runs both in turns; the medians of ours (olstm, or ONNX Runtime with its provider) and
// of ONNX Runtime's own.
static void measure_both(void (*run)(void*), void* user, peer* theirs, const settings* s,
                         double* out_ours, double* out_theirs) {
  static samples mine, other;
  mine.count = other.count = 0;
  for (int round = 0; round < ROUNDS; round++) {
    measure(run, user, s->seconds / ROUNDS, &mine);
    measure(run_peer, theirs, s->seconds / ROUNDS, &other);
  }
  *out_ours = median(&mine);
  *out_theirs = median(&other);
}

// Returns ours / theirs.
static double compare_shape(const runtime* r, const settings* s,
                            const olstm__lstm_shape* shape) {
  problem layer;
  peer theirs, provided;
  ours o;
  double a = 0.0, b = 0.0;
  make_problem(&layer, shape);
  load_peer(&theirs, r, s, false, &layer);
  if (s->provider) {
    load_peer(&provided, r, s, true, &layer);
    measure_both(run_peer, &provided, &theirs, s, &a, &b);
    unload_peer(&provided);
  } else {
    load_ours(&o, s, &layer);
    measure_both(run_ours, &o, &theirs, s, &a, &b);
    unload_ours(&o);
  }
  unload_peer(&theirs);
  (void)printf("%5lld %4lld %5lld %5lld %2lld  %10.2f  %10.2f  %6.3f\n",
               (long long)shape->steps, (long long)shape->batch,
               (long long)shape->input_size, (long long)shape->units,
               (long long)shape->directions, a, b, a / b);
  (void)fflush(stdout);
  free(layer.model);
  free(layer.x);
  return a / b;
}

static int32_t read_precision(const char* name) {
  if (strcmp(name, "bf16") == 0) return OLSTM_PRECISION_BF16;
  if (strcmp(name, "int8") == 0) return OLSTM_PRECISION_INT8;
  if (strcmp(name, "f32") != 0) stop("--precision is f32, bf16 or int8");
  return OLSTM_PRECISION_F32;
}

static void read_settings(int argc, char** argv, settings* s) {
  if (argc < 3 || argc % 2 == 0) {
    stop(
        "usage: compare_onnxruntime LIBONNXRUNTIME.SO SHAPES [--threads N] [--seconds S] "
        "[--ep LIB] [--kernel K] [--precision P]");
  }
  *s = (settings){argv[1], argv[2], 1, 1.0, NULL, NULL, OLSTM_PRECISION_F32};
  for (int i = 3; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--threads") == 0) {
      s->threads = (int)strtol(argv[i + 1], NULL, 10);
    } else if (strcmp(argv[i], "--seconds") == 0) {
      s->seconds = strtod(argv[i + 1], NULL);
    } else if (strcmp(argv[i], "--ep") == 0) {
      s->provider = argv[i + 1];
    } else if (strcmp(argv[i], "--kernel") == 0) {
      s->kernel = argv[i + 1];
    } else if (strcmp(argv[i], "--precision") == 0) {
      s->precision = read_precision(argv[i + 1]);
    } else {
      stop(argv[i]);
    }
  }
  if (s->provider && (s->kernel || s->precision != OLSTM_PRECISION_F32)) {
    stop("--kernel and --precision are for olstm alone, not for --ep");
  }
}

int main(int argc, char** argv) {
  settings s;
  runtime r;
  olstm_error error = {""};
  olstm__lstm_shape* shapes = NULL;
  size_t count = 0;
  double log_sum = 0.0, worst = 0.0;
  read_settings(argc, argv, &s);
  if (olstm__lstm_shapes_read(s.shapes, &shapes, &count, &error)) stop(error.message);
  if (count == 0) stop("no shapes");
  open_runtime(&r, &s);
  (void)printf(
      "    T    N     I     H  D  %10s  runtime us   ratio   (medians, %d thread%s)\n",
      s.provider ? "with EP us" : "olstm us", s.threads, s.threads == 1 ? "" : "s");
  for (size_t i = 0; i < count; i++) {
    const double ratio = compare_shape(&r, &s, &shapes[i]);
    log_sum += log(ratio);
    if (ratio > worst) worst = ratio;
  }
  (void)printf("geometric mean %.3f, worst %.3f\n", exp(log_sum / (double)count), worst);
  close_runtime(&r, &s);
  free(shapes);
  return 0;
}
