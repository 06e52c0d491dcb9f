// Measures olstm and ONNX Runtime on the same LSTM layers, in turns within one run, and
// prints the ratio of their medians.
//
// usage: compare_onnxruntime LIBONNXRUNTIME.SO SHAPES [--threads N] [--seconds S]
// [--kernel K] [--precision f32|bf16|int8]
#include <dlfcn.h>
#include <math.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "olstm/olstm.h"
#include "tools/lstm_model.h"

enum { MAX_RUNS = 200000, WARM_UP_RUNS = 5, ROUNDS = 6 };

typedef struct settings {
  const char* library;
  const char* shapes;
  int threads;
  double seconds;  // a shape and a runtime
  const char* kernel;
  int32_t precision;
} settings;

// The times of one runtime on one shape.
typedef struct samples {
  double us[MAX_RUNS];
  size_t count;
} samples;

typedef struct peer {
  const OrtApi* api;
  OrtEnv* env;
  OrtMemoryInfo* memory_info;
  OrtSession* session;
  OrtValue* input;
} peer;

typedef struct ours {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor input;
} ours;

static _Noreturn void stop(const char* what) {
  (void)fprintf(stderr, "compare_onnxruntime: %s\n", what);
  exit(1);
}

static void expect(const peer* p, OrtStatus* status) {
  if (status) stop(p->api->GetErrorMessage(status));
}

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// ---------------------------------------------------------------- ONNX Runtime

static void open_peer(peer* p, const char* path) {
  const OrtApiBase* (*get_base)(void) = NULL;
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) stop(dlerror());
  *(void**)&get_base = dlsym(library, "OrtGetApiBase");
  p->api = get_base ? get_base()->GetApi(ORT_API_VERSION) : NULL;
  if (!p->api) stop("the library has no API of this version");
  expect(p, p->api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "compare", &p->env));
  expect(p, p->api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault,
                                        &p->memory_info));
  (void)printf("ONNX Runtime %s, olstm %s\n", get_base()->GetVersionString(),
               OLSTM_VERSION_TEXT);
}

static void load_peer(peer* p, const settings* s, const void* bytes, size_t byte_count,
                      float* x, const int64_t* dims) {
  OrtSessionOptions* options = NULL;
  const size_t x_bytes = (size_t)(dims[0] * dims[1] * dims[2]) * sizeof *x;
  expect(p, p->api->CreateSessionOptions(&options));
  expect(p, p->api->SetIntraOpNumThreads(options, s->threads));
  expect(p, p->api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  expect(p,
         p->api->CreateSessionFromArray(p->env, bytes, byte_count, options, &p->session));
  p->api->ReleaseSessionOptions(options);
  expect(p, p->api->CreateTensorWithDataAsOrtValue(p->memory_info, x, x_bytes, dims, 3,
                                                   ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                                   &p->input));
}

static void run_peer(void* user) {
  static const char* const kInputs[] = {"X"};
  static const char* const kOutputs[] = {"Y"};
  const peer* p = user;
  OrtValue* output = NULL;
  expect(p, p->api->Run(p->session, NULL, kInputs, (const OrtValue* const*)&p->input, 1,
                        kOutputs, 1, &output));
  p->api->ReleaseValue(output);
}

static void unload_peer(peer* p) {
  p->api->ReleaseValue(p->input);
  p->api->ReleaseSession(p->session);
}

// ---------------------------------------------------------------- olstm

static void load_ours(ours* o, const settings* s, const void* bytes, size_t byte_count,
                      float* x, const int64_t* dims) {
  olstm_error error = {""};
  olstm_model* model = NULL;
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.thread_count = s->threads;
  options.kernel = s->kernel;
  options.precision = s->precision;
  o->input = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {dims[0], dims[1], dims[2]}}, x};
  if (olstm_model_load_memory(bytes, byte_count, NULL, &model, &error) ||
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

// Returns ours / theirs.
static double compare_shape(peer* p, const settings* s, const olstm__lstm_shape* shape) {
  static samples mine, theirs;
  olstm_error error = {""};
  unsigned char* bytes = NULL;
  size_t byte_count = 0;
  ours o;
  const int64_t dims[] = {shape->steps, shape->batch, shape->input_size};
  const size_t count = (size_t)(dims[0] * dims[1] * dims[2]);
  float* x = malloc(count * sizeof *x);
  if (!x || olstm__lstm_model_write(shape, &bytes, &byte_count, &error))
    stop("no memory");
  for (size_t i = 0; i < count; i++) x[i] = sinf((float)i);
  load_peer(p, s, bytes, byte_count, x, dims);
  load_ours(&o, s, bytes, byte_count, x, dims);
  mine.count = theirs.count = 0;
  for (int round = 0; round < ROUNDS; round++) {
    measure(run_ours, &o, s->seconds / ROUNDS, &mine);
    measure(run_peer, p, s->seconds / ROUNDS, &theirs);
  }
  const double a = median(&mine), b = median(&theirs);
  (void)printf("%5lld %4lld %5lld %5lld %2lld  %10.2f  %10.2f  %6.3f\n",
               (long long)shape->steps, (long long)shape->batch,
               (long long)shape->input_size, (long long)shape->units,
               (long long)shape->directions, a, b, a / b);
  (void)fflush(stdout);
  unload_ours(&o);
  unload_peer(p);
  free(bytes);
  free(x);
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
        "[--kernel K] [--precision P]");
  }
  *s = (settings){argv[1], argv[2], 1, 1.0, NULL, OLSTM_PRECISION_F32};
  for (int i = 3; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--threads") == 0) {
      s->threads = (int)strtol(argv[i + 1], NULL, 10);
    } else if (strcmp(argv[i], "--seconds") == 0) {
      s->seconds = strtod(argv[i + 1], NULL);
    } else if (strcmp(argv[i], "--kernel") == 0) {
      s->kernel = argv[i + 1];
    } else if (strcmp(argv[i], "--precision") == 0) {
      s->precision = read_precision(argv[i + 1]);
    } else {
      stop(argv[i]);
    }
  }
}

int main(int argc, char** argv) {
  settings s;
  peer p;
  olstm_error error = {""};
  olstm__lstm_shape* shapes = NULL;
  size_t count = 0;
  double log_sum = 0.0, worst = 0.0;
  read_settings(argc, argv, &s);
  if (olstm__lstm_shapes_read(s.shapes, &shapes, &count, &error)) stop(error.message);
  if (count == 0) stop("no shapes");
  open_peer(&p, s.library);
  (void)printf(
      "    T    N     I     H  D    olstm us  runtime us   ratio   (medians, %d "
      "thread%s)\n",
      s.threads, s.threads == 1 ? "" : "s");
  for (size_t i = 0; i < count; i++) {
    const double ratio = compare_shape(&p, &s, &shapes[i]);
    log_sum += log(ratio);
    if (ratio > worst) worst = ratio;
  }
  (void)printf("geometric mean %.3f, worst %.3f\n", exp(log_sum / (double)count), worst);
  p.api->ReleaseMemoryInfo(p.memory_info);
  p.api->ReleaseEnv(p.env);
  free(shapes);
  return 0;
}
