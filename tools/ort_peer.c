// See ort_peer.h.
#include "tools/ort_peer.h"

#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/library.h"

enum { kMaxDevices = 8 };

struct olstm__ort {
  const OrtApi* api;
  const char* version;
  OrtEnv* env;
  OrtMemoryInfo* memory_info;
  bool has_provider;
};

struct olstm__ort_session {
  const OrtApi* api;
  OrtSession* session;
  size_t input_count, output_count;
  const char** input_names;
  const char** output_names;
  OrtValue** inputs;
  OrtValue** outputs;
};

static _Noreturn void stop(const char* what) {
  (void)fprintf(stderr, "ONNX Runtime: %s\n", what);
  exit(1);
}

static void expect(const OrtApi* api, OrtStatus* status) {
  if (status) stop(api->GetErrorMessage(status));
}

static void* must_allocate(size_t count, size_t bytes) {
  void* memory = calloc(count + 1, bytes);
  if (!memory) stop("no memory");
  return memory;
}

olstm__ort* olstm__ort_open(const char* path, const char* provider) {
  olstm__ort* ort = must_allocate(1, sizeof *ort);
  const OrtApiBase* (*get_base)(void) = NULL;
  void* library = NULL;
  const char* reason = olstm__library_open_name(path, &library);
  if (reason) stop(reason);
  olstm__library_find(library, "OrtGetApiBase", &get_base);
  const OrtApi* api = get_base ? get_base()->GetApi(ORT_API_VERSION) : NULL;
  if (!api) stop("the library has no API of this version");
  ort->api = api;
  ort->version = get_base()->GetVersionString();
  expect(api, api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "compare", &ort->env));
  expect(api, api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault,
                                       &ort->memory_info));
  if (!provider) return ort;
  expect(api, api->RegisterExecutionProviderLibrary(ort->env, "olstm", provider));
  ort->has_provider = true;
  return ort;
}

void olstm__ort_close(olstm__ort* ort) {
  if (ort->has_provider) {
    expect(ort->api, ort->api->UnregisterExecutionProviderLibrary(ort->env, "olstm"));
  }
  ort->api->ReleaseMemoryInfo(ort->memory_info);
  ort->api->ReleaseEnv(ort->env);
  free(ort);
}

const char* olstm__ort_version(const olstm__ort* ort) {
  return ort->version;
}

static void append_provider(const olstm__ort* ort, OrtSessionOptions* options) {
  const OrtApi* api = ort->api;
  const OrtEpDevice* const* devices = NULL;
  const OrtEpDevice* chosen[kMaxDevices];
  size_t device_count = 0, chosen_count = 0;
  expect(api, api->GetEpDevices(ort->env, &devices, &device_count));
  for (size_t i = 0; i < device_count && chosen_count < kMaxDevices; i++) {
    if (strcmp(api->EpDevice_EpName(devices[i]), "OlstmExecutionProvider") == 0) {
      chosen[chosen_count++] = devices[i];
    }
  }
  if (chosen_count == 0) stop("the provider's library offers no device");
  expect(api, api->SessionOptionsAppendExecutionProvider_V2(options, ort->env, chosen,
                                                            chosen_count, NULL, NULL, 0));
}

/// ONNX Runtime's status as one of olstm's; takes it.
static olstm_status forward(const OrtApi* api, OrtStatus* status, olstm_error* error) {
  if (!status) return OLSTM_STATUS_OK;
  const olstm_status result =
      olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR, "ONNX Runtime: %.300s",
                 api->GetErrorMessage(status));
  api->ReleaseStatus(status);
  return result;
}

static olstm_status load(olstm__ort* ort, bool with_provider, int threads,
                         const olstm__job_source* source, OrtSession** out_session,
                         olstm_error* error) {
  const OrtApi* api = ort->api;
  OrtSessionOptions* options = NULL;
  expect(api, api->CreateSessionOptions(&options));
  expect(api, api->SetIntraOpNumThreads(options, threads));
  expect(api, api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  if (with_provider) append_provider(ort, options);
  OrtStatus* status =
      source->path
          ? api->CreateSession(ort->env, source->path, options, out_session)
          : api->CreateSessionFromArray(ort->env, source->bytes, source->byte_count,
                                        options, out_session);
  api->ReleaseSessionOptions(options);
  return forward(api, status, error);
}

/// dtypes are ONNX's numbers in both.
static olstm_status make_value(const olstm__ort* ort, const olstm_tensor* tensor,
                               OrtValue** out_value, olstm_error* error) {
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) stop("an input is too large");
  return forward(ort->api,
                 ort->api->CreateTensorWithDataAsOrtValue(
                     ort->memory_info, tensor->data, bytes, tensor->desc.dims,
                     (size_t)tensor->desc.rank,
                     (ONNXTensorElementDataType)tensor->desc.dtype, out_value),
                 error);
}

olstm_status olstm__ort_session_create(olstm__ort* ort, bool with_provider, int threads,
                                       const olstm__job_source* source,
                                       const olstm_session* like,
                                       const olstm__input_set* inputs,
                                       olstm__ort_session** out_session,
                                       olstm_error* error) {
  olstm__ort_session* made = must_allocate(1, sizeof *made);
  made->api = ort->api;
  made->input_count = inputs->count;
  made->output_count = olstm_session_output_count(like);
  made->input_names = must_allocate(made->input_count, sizeof *made->input_names);
  made->output_names = must_allocate(made->output_count, sizeof *made->output_names);
  made->inputs = must_allocate(made->input_count, sizeof(OrtValue*));
  made->outputs = must_allocate(made->output_count, sizeof(OrtValue*));
  olstm_status status = load(ort, with_provider, threads, source, &made->session, error);
  for (size_t i = 0; i < made->input_count && status == OLSTM_STATUS_OK; i++) {
    made->input_names[i] = olstm_session_get_input(like, i)->name;
    status = make_value(ort, &inputs->tensors[i], &made->inputs[i], error);
  }
  for (size_t o = 0; o < made->output_count; o++) {
    made->output_names[o] = olstm_session_get_output(like, o)->name;
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__ort_session_destroy(made);
    return status;
  }
  *out_session = made;
  return OLSTM_STATUS_OK;
}

void olstm__ort_session_destroy(olstm__ort_session* session) {
  if (!session) return;
  for (size_t i = 0; i < session->input_count; i++) {
    if (session->inputs[i]) session->api->ReleaseValue(session->inputs[i]);
  }
  if (session->session) session->api->ReleaseSession(session->session);
  free((void*)session->input_names);
  free((void*)session->output_names);
  free(session->inputs);
  free(session->outputs);
  free(session);
}

static olstm_status run(olstm__ort_session* s, olstm_error* error) {
  return forward(
      s->api,
      s->api->Run(s->session, NULL, s->input_names, (const OrtValue* const*)s->inputs,
                  s->input_count, s->output_names, s->output_count, s->outputs),
      error);
}

static void release_outputs(olstm__ort_session* s) {
  for (size_t o = 0; o < s->output_count; o++) {
    if (s->outputs[o]) s->api->ReleaseValue(s->outputs[o]);
    s->outputs[o] = NULL;
  }
}

olstm_status olstm__ort_session_run(olstm__ort_session* session, olstm_error* error) {
  const olstm_status status = run(session, error);
  release_outputs(session);
  return status;
}

/// The value as a tensor that borrows its data; false for what is none.
static bool get_tensor(const OrtApi* api, OrtValue* value, olstm_tensor* out_tensor) {
  OrtTensorTypeAndShapeInfo* info = NULL;
  ONNXTensorElementDataType dtype = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  int is_tensor = 0;
  expect(api, api->IsTensor(value, &is_tensor));
  if (!is_tensor) return false;
  *out_tensor = (olstm_tensor){.data = NULL};
  expect(api, api->GetTensorTypeAndShape(value, &info));
  expect(api, api->GetTensorElementType(info, &dtype));
  expect(api, api->GetDimensionsCount(info, &rank));
  const bool fits = rank <= OLSTM_MAX_RANK;
  if (fits) expect(api, api->GetDimensions(info, out_tensor->desc.dims, rank));
  api->ReleaseTensorTypeAndShapeInfo(info);
  if (!fits || dtype == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) return false;
  expect(api, api->GetTensorMutableData(value, &out_tensor->data));
  out_tensor->desc.dtype = (olstm_dtype)dtype;
  out_tensor->desc.rank = (int32_t)rank;
  return true;
}

olstm_status olstm__ort_session_check(olstm__ort_session* session,
                                      const olstm_tensor* outputs,
                                      const olstm__tolerance* tolerance, bool* out_same,
                                      olstm_error* error) {
  *out_same = true;
  const olstm_status status = run(session, error);
  for (size_t o = 0; o < session->output_count && status == OLSTM_STATUS_OK; o++) {
    olstm_tensor expected;
    if (!get_tensor(session->api, session->outputs[o], &expected)) continue;
    *out_same =
        *out_same && olstm__tensor_match(&outputs[o], &expected, tolerance, error);
  }
  release_outputs(session);
  return status;
}
