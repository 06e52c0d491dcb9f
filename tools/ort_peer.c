#include "tools/ort_peer.h"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEVICES = 8 };

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
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) stop(dlerror());
  *(void**)&get_base = dlsym(library, "OrtGetApiBase");
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
  const OrtEpDevice* chosen[MAX_DEVICES];
  size_t device_count = 0, chosen_count = 0;
  expect(api, api->GetEpDevices(ort->env, &devices, &device_count));
  for (size_t i = 0; i < device_count && chosen_count < MAX_DEVICES; i++) {
    if (strcmp(api->EpDevice_EpName(devices[i]), "OlstmExecutionProvider") == 0) {
      chosen[chosen_count++] = devices[i];
    }
  }
  if (chosen_count == 0) stop("the provider's library offers no device");
  expect(api, api->SessionOptionsAppendExecutionProvider_V2(options, ort->env, chosen,
                                                            chosen_count, NULL, NULL, 0));
}

static OrtSession* load(olstm__ort* ort, bool with_provider, int threads,
                        const olstm__job_source* source) {
  const OrtApi* api = ort->api;
  OrtSessionOptions* options = NULL;
  OrtSession* session = NULL;
  expect(api, api->CreateSessionOptions(&options));
  expect(api, api->SetIntraOpNumThreads(options, threads));
  expect(api, api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  if (with_provider) append_provider(ort, options);
  expect(api, source->path
                  ? api->CreateSession(ort->env, source->path, options, &session)
                  : api->CreateSessionFromArray(ort->env, source->bytes,
                                                source->byte_count, options, &session));
  api->ReleaseSessionOptions(options);
  return session;
}

/// dtypes are ONNX's numbers in both.
static OrtValue* make_value(const olstm__ort* ort, const olstm_tensor* tensor) {
  size_t bytes = 0;
  OrtValue* value = NULL;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) stop("an input is too large");
  expect(ort->api, ort->api->CreateTensorWithDataAsOrtValue(
                       ort->memory_info, tensor->data, bytes, tensor->desc.dims,
                       (size_t)tensor->desc.rank,
                       (ONNXTensorElementDataType)tensor->desc.dtype, &value));
  return value;
}

olstm__ort_session* olstm__ort_session_create(olstm__ort* ort, bool with_provider,
                                              int threads,
                                              const olstm__job_source* source,
                                              const olstm_session* like,
                                              const olstm__input_set* inputs) {
  olstm__ort_session* made = must_allocate(1, sizeof *made);
  made->api = ort->api;
  made->session = load(ort, with_provider, threads, source);
  made->input_count = inputs->count;
  made->output_count = olstm_session_output_count(like);
  made->input_names = must_allocate(made->input_count, sizeof *made->input_names);
  made->output_names = must_allocate(made->output_count, sizeof *made->output_names);
  made->inputs = must_allocate(made->input_count, sizeof(OrtValue*));
  made->outputs = must_allocate(made->output_count, sizeof(OrtValue*));
  for (size_t i = 0; i < made->input_count; i++) {
    made->input_names[i] = olstm_session_get_input(like, i)->name;
    made->inputs[i] = make_value(ort, &inputs->tensors[i]);
  }
  for (size_t o = 0; o < made->output_count; o++) {
    made->output_names[o] = olstm_session_get_output(like, o)->name;
  }
  return made;
}

void olstm__ort_session_destroy(olstm__ort_session* session) {
  for (size_t i = 0; i < session->input_count; i++) {
    session->api->ReleaseValue(session->inputs[i]);
  }
  session->api->ReleaseSession(session->session);
  free((void*)session->input_names);
  free((void*)session->output_names);
  free(session->inputs);
  free(session->outputs);
  free(session);
}

void olstm__ort_session_run(olstm__ort_session* s) {
  expect(s->api,
         s->api->Run(s->session, NULL, s->input_names, (const OrtValue* const*)s->inputs,
                     s->input_count, s->output_names, s->output_count, s->outputs));
  for (size_t o = 0; o < s->output_count; o++) {
    s->api->ReleaseValue(s->outputs[o]);
    s->outputs[o] = NULL;
  }
}
