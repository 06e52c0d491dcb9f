#include "ort_host.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"

/// Custom operators need no more than version 16 of the API, which is all that tests of
/// them use, too.
enum { kMessageBytes = 512, kCustomOpApiVersion = 16 };

static const OrtApi* api;
static bool has_providers;
static OrtEnv* env;
static OrtMemoryInfo* memory_info;
static OrtAllocator* allocator;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/// True for success; otherwise the message is copied.
static bool take(OrtStatus* status, char* message) {
  if (!status) return true;
  (void)snprintf(message, kMessageBytes, "%s", api->GetErrorMessage(status));
  api->ReleaseStatus(status);
  return false;
}

static void expect(OrtStatus* status) {
  char message[kMessageBytes] = "";
  if (!take(status, message)) fail_msg("ONNX Runtime: %s", message);
}

static void open_library(void) {
  const char* path = getenv("OLSTM_ORT_LIBRARY");
  void* library = path && path[0] ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) return;
  const OrtApiBase* (*get_base)(void) = NULL;
  *(void**)&get_base = dlsym(library, "OrtGetApiBase");
  if (get_base) api = get_base()->GetApi(ORT_API_VERSION);
  has_providers = api != NULL;
  if (get_base && !api) api = get_base()->GetApi(kCustomOpApiVersion);
  if (!api) return;
  expect(api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "olstm tests", &env));
  expect(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory_info));
  expect(api->GetAllocatorWithDefaultOptions(&allocator));
}

const OrtApi* ort_host_api(void) {
  (void)pthread_once(&once, open_library);
  if (!api) {
    (void)fprintf(stderr, "skipped: OLSTM_ORT_LIBRARY names no ONNX Runtime\n");
    skip();
  }
  return api;
}

void ort_host_register_provider(void) {
  (void)ort_host_api();
  if (!has_providers) {
    (void)fprintf(stderr, "skipped: this ONNX Runtime takes no plugin providers\n");
    skip();
  }
  expect(api->RegisterExecutionProviderLibrary(env, "olstm", OLSTM_ORT_EP_PATH));
}

void ort_host_unregister_provider(void) {
  expect(ort_host_api()->UnregisterExecutionProviderLibrary(env, "olstm"));
}

static void add_provider(OrtSessionOptions* options) {
  const OrtEpDevice* const* devices = NULL;
  const OrtEpDevice* ours[8] = {NULL};
  size_t count = 0;
  size_t our_count = 0;
  expect(api->GetEpDevices(env, &devices, &count));
  for (size_t i = 0; i < count && our_count < 8; i++) {
    if (strcmp(api->EpDevice_EpName(devices[i]), "OlstmExecutionProvider") == 0) {
      ours[our_count++] = devices[i];
    }
  }
  assert_int_not_equal(our_count, 0);
  expect(api->SessionOptionsAppendExecutionProvider_V2(options, env, ours, our_count,
                                                       NULL, NULL, 0));
}

static OrtSessionOptions* make_options(const ort_host_options* options) {
  OrtSessionOptions* made = NULL;
  expect(api->CreateSessionOptions(&made));
  expect(
      api->SetIntraOpNumThreads(made, options->thread_count ? options->thread_count : 1));
  if (options->config_key) {
    expect(api->AddSessionConfigEntry(made, options->config_key, "1"));
  }
  if (options->with_provider) add_provider(made);
  if (options->with_custom_ops) {
    expect(api->RegisterCustomOpsLibrary_V2(made, OLSTM_ORT_OPS_PATH));
  }
  return made;
}

OrtSession* ort_host_open(const char* name, const ort_host_options* options,
                          char* message) {
  OrtSessionOptions* session_options = make_options(options);
  OrtSession* session = NULL;
  char path[1024];
  (void)snprintf(path, sizeof path, "%s/%s.onnx", OLSTM_ORT_MODELS, name);
  if (!take(api->CreateSession(env, path, session_options, &session), message)) {
    session = NULL;
  }
  api->ReleaseSessionOptions(session_options);
  return session;
}

OrtSession* ort_host_open_memory(const void* bytes, size_t byte_count,
                                 const ort_host_options* options, char* message) {
  OrtSessionOptions* session_options = make_options(options);
  OrtSession* session = NULL;
  if (!take(
          api->CreateSessionFromArray(env, bytes, byte_count, session_options, &session),
          message)) {
    session = NULL;
  }
  api->ReleaseSessionOptions(session_options);
  return session;
}

bool ort_host_run_layer(OrtSession* session, const int64_t x_dims[3], float* x, float* y,
                        size_t y_count, char* message) {
  static const char* const kInputs[] = {"X"};
  static const char* const kOutputs[] = {"Y"};
  const size_t x_bytes = (size_t)(x_dims[0] * x_dims[1] * x_dims[2]) * sizeof *x;
  OrtValue* input = NULL;
  OrtValue* output = NULL;
  void* data = NULL;
  bool ran = take(
      api->CreateTensorWithDataAsOrtValue(memory_info, x, x_bytes, x_dims, 3,
                                          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input),
      message);
  ran = ran && take(api->Run(session, NULL, kInputs, (const OrtValue* const*)&input, 1,
                             kOutputs, 1, &output),
                    message);
  ran = ran && take(api->GetTensorMutableData(output, &data), message);
  if (ran) memcpy(y, data, y_count * sizeof *y);
  if (output) api->ReleaseValue(output);
  if (input) api->ReleaseValue(input);
  return ran;
}

size_t ort_host_count(const ort_host_tensor* tensor) {
  size_t count = 1;
  for (size_t d = 0; d < tensor->rank; d++) count *= (size_t)tensor->dims[d];
  return count;
}

/// The elements of `tensor` in its own dtype, in `storage`; returns their bytes.
static size_t pack(const ort_host_tensor* tensor, double* storage) {
  const size_t count = ort_host_count(tensor);
  for (size_t i = 0; i < count; i++) {
    const double value = tensor->values[i];
    if (tensor->dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE) storage[i] = value;
    if (tensor->dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
      ((float*)storage)[i] = (float)value;
    }
    if (tensor->dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL) {
      ((bool*)storage)[i] = value != 0.0;
    }
  }
  if (tensor->dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL) return count;
  return count * (tensor->dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ? sizeof(float)
                                                                       : sizeof(double));
}

static void unpack(OrtValue* value, ort_host_tensor* out) {
  OrtTensorTypeAndShapeInfo* info = NULL;
  void* data = NULL;
  expect(api->GetTensorTypeAndShape(value, &info));
  expect(api->GetTensorElementType(info, &out->dtype));
  expect(api->GetDimensionsCount(info, &out->rank));
  assert_in_range(out->rank, 0, 4);
  expect(api->GetDimensions(info, out->dims, out->rank));
  api->ReleaseTensorTypeAndShapeInfo(info);
  expect(api->GetTensorMutableData(value, &data));
  assert_in_range(ort_host_count(out), 0, ORT_HOST_MAX_ELEMENTS);
  for (size_t i = 0; i < ort_host_count(out); i++) {
    out->values[i] = out->dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
                         ? (double)((const float*)data)[i]
                         : ((const double*)data)[i];
  }
}

static size_t read_names(OrtSession* session, bool of_outputs,
                         char* names[ORT_HOST_MAX_VALUES]) {
  size_t count = 0;
  expect(of_outputs ? api->SessionGetOutputCount(session, &count)
                    : api->SessionGetInputCount(session, &count));
  assert_in_range(count, 1, ORT_HOST_MAX_VALUES);
  for (size_t i = 0; i < count; i++) {
    expect(of_outputs ? api->SessionGetOutputName(session, i, allocator, &names[i])
                      : api->SessionGetInputName(session, i, allocator, &names[i]));
  }
  return count;
}

size_t ort_host_run(OrtSession* session, const ort_host_tensor* inputs,
                    size_t input_count, ort_host_tensor* outputs, char* message) {
  char* input_names[ORT_HOST_MAX_VALUES] = {NULL};
  char* output_names[ORT_HOST_MAX_VALUES] = {NULL};
  OrtValue* input_values[ORT_HOST_MAX_VALUES] = {NULL};
  OrtValue* output_values[ORT_HOST_MAX_VALUES] = {NULL};
  double storage[ORT_HOST_MAX_VALUES][ORT_HOST_MAX_ELEMENTS];
  assert_int_equal(read_names(session, false, input_names), input_count);
  size_t output_count = read_names(session, true, output_names);
  for (size_t i = 0; i < input_count; i++) {
    const size_t bytes = pack(&inputs[i], storage[i]);
    expect(api->CreateTensorWithDataAsOrtValue(memory_info, storage[i], bytes,
                                               inputs[i].dims, inputs[i].rank,
                                               inputs[i].dtype, &input_values[i]));
  }
  const bool ran =
      take(api->Run(session, NULL, (const char* const*)input_names,
                    (const OrtValue* const*)input_values, input_count,
                    (const char* const*)output_names, output_count, output_values),
           message);
  for (size_t i = 0; i < output_count; i++) {
    if (ran) unpack(output_values[i], &outputs[i]);
    if (output_values[i]) api->ReleaseValue(output_values[i]);
    expect(api->AllocatorFree(allocator, output_names[i]));
  }
  for (size_t i = 0; i < input_count; i++) {
    api->ReleaseValue(input_values[i]);
    expect(api->AllocatorFree(allocator, input_names[i]));
  }
  return ran ? output_count : 0;
}

void ort_host_fill(ort_host_tensor* tensor, ONNXTensorElementDataType dtype, int64_t d0,
                   int64_t d1, int64_t d2) {
  *tensor = (ort_host_tensor){.dtype = dtype, .rank = 3, .dims = {d0, d1, d2}};
  for (size_t i = 0; i < ort_host_count(tensor); i++) {
    tensor->values[i] = sin(0.7 * (double)i + 0.3);
  }
}

void ort_host_assert_close(const ort_host_tensor* a, const ort_host_tensor* b) {
  assert_int_equal(a->rank, b->rank);
  for (size_t d = 0; d < a->rank; d++) assert_int_equal(a->dims[d], b->dims[d]);
  for (size_t i = 0; i < ort_host_count(a); i++) {
    if (!(fabs(a->values[i] - b->values[i]) <= 1e-5)) {
      fail_msg("element %zu: %.9g and %.9g", i, a->values[i], b->values[i]);
    }
  }
}
