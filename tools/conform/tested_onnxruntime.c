// ONNX Runtime as a runtime under test: its library opened by path, through the C API,
// with or without an execution provider out of another library. See tested_runtime.h.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/library.h"
#include "system/path.h"
#include "tools/conform/ort_functions.h"
#include "tools/conform/tested_runtime.h"

enum { kMaxDevices = 16 };

static const char kProviderName[] = "olstm_conform";

typedef struct ort_runtime {
  olstm__ort_functions api;
  const olstm__tested_spec* spec;
  void* env;
  void* memory;
  void* allocator;
  /// The provider's devices.
  size_t device_count;
  const void* devices[kMaxDevices];
  /// The loaded model.
  void* session;
  size_t input_count, output_count;
  /// Those of inputs first, then of inputs that have a default.
  size_t default_count;
  char** input_names;
  char** output_names;
} ort_runtime;

/// ONNX Runtime's status as one of olstm's; takes it.
static olstm_status forward(const ort_runtime* runtime, olstm__ort_status* status,
                            olstm_error* error) {
  if (!status) return OLSTM_STATUS_OK;
  const char* message = runtime->api.GetErrorMessage(status);
  const bool is_missing = runtime->api.GetErrorCode(status) == OLSTM__ORT_NOT_IMPLEMENTED;
  const olstm_status result = olstm_fail(
      error, is_missing ? OLSTM_STATUS_UNSUPPORTED : olstm__tested_status_of(message),
      "%.400s", message);
  runtime->api.ReleaseStatus(status);
  return result;
}

// ---------------------------------------------------------------- the library

#define OLSTM__ORT_IS_NEWER(position) \
  ((position) >= OLSTM__ORT_AT_RegisterExecutionProviderLibrary)

static void take_functions(const void* table, bool with_providers,
                           olstm__ort_functions* out) {
  void (*const* functions)(void) = (void (*const*)(void))table;
#define OLSTM__ORT_TAKE(name, position, result, arguments) \
  if (with_providers || !OLSTM__ORT_IS_NEWER(position)) {  \
    out->name = (result(*) arguments)functions[position];  \
  }
  OLSTM__ORT_FUNCTIONS(OLSTM__ORT_TAKE)
#undef OLSTM__ORT_TAKE
}

/// The library's table of functions. NULL with a status and a message where it has none.
static const void* open_library(const olstm__tested_spec* spec,
                                olstm__tested_info* out_info, olstm_status* out_status,
                                olstm_error* error) {
  const olstm__ort_base* (*get_base)(void) = NULL;
  // Never closed: its threads and destructors expect it.
  void* library = NULL;
  const char* reason = olstm__library_open_name(spec->target, &library);
  if (reason) {
    *out_status = olstm_fail(error, OLSTM_STATUS_IO_ERROR, "--runtime '%.150s': %.300s",
                             spec->target, reason);
    return NULL;
  }
  olstm__library_find(library, "OrtGetApiBase", &get_base);
  if (!get_base) {
    *out_status =
        olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                   "'%.200s' is no ONNX Runtime: it has no OrtGetApiBase", spec->target);
    return NULL;
  }
  const olstm__ort_base* base = get_base();
  const void* table =
      base->get_api(spec->provider ? OLSTM__ORT_API_WITH_PROVIDERS : OLSTM__ORT_API);
  (void)snprintf(out_info->name, sizeof out_info->name, "ONNX Runtime");
  (void)snprintf(out_info->version, sizeof out_info->version, "%s", base->get_version());
  if (!table) {
    *out_status = olstm_fail(
        error, OLSTM_STATUS_UNSUPPORTED, "ONNX Runtime %s: %s", out_info->version,
        spec->provider ? "--ep needs 1.22 or later" : "1.16 or later is needed");
  }
  return table;
}

// ---------------------------------------------------------------- the provider

static bool has_device(const void* const* devices, size_t count, const void* device) {
  bool is_found = false;
  for (size_t i = 0; i < count && !is_found; i++) is_found = devices[i] == device;
  return is_found;
}

/// A path as ONNX Runtime takes it on this system.
static olstm_status take_path(const char* path, olstm__native_path* out_native,
                              olstm_error* error) {
  if (olstm__path_to_native(path, out_native)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "path too long: '%.300s'", path);
}

/// Registers the provider's library; the devices that were not there before are its own.
static olstm_status add_provider(ort_runtime* runtime, const char* path,
                                 olstm__tested_info* out_info, olstm_error* error) {
  const olstm__ort_functions* api = &runtime->api;
  const void* before[kMaxDevices];
  olstm__native_path native;
  const void* const* devices = NULL;
  size_t before_count = 0, count = 0;
  OLSTM_RETURN_IF_ERROR(take_path(path, &native, error));
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, api->GetEpDevices(runtime->env, &devices, &count), error));
  for (; before_count < count && before_count < kMaxDevices; before_count++) {
    before[before_count] = devices[before_count];
  }
  OLSTM_RETURN_IF_ERROR(
      forward(runtime,
              api->RegisterExecutionProviderLibrary(runtime->env, kProviderName, &native),
              error));
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, api->GetEpDevices(runtime->env, &devices, &count), error));
  for (size_t i = 0; i < count && runtime->device_count < kMaxDevices; i++) {
    if (!has_device(before, before_count, devices[i])) {
      runtime->devices[runtime->device_count++] = devices[i];
    }
  }
  if (runtime->device_count == 0) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "--ep: '%.200s' offers no device here", path);
  }
  (void)snprintf(out_info->name, sizeof out_info->name, "ONNX Runtime with %.120s",
                 api->EpDevice_EpName(runtime->devices[0]));
  return OLSTM_STATUS_OK;
}

/// The provider alone: what it does not take is refused, and not run by another.
static olstm_status use_provider(ort_runtime* runtime, void* options,
                                 olstm_error* error) {
  if (runtime->device_count == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(forward(
      runtime,
      runtime->api.AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback", "1"),
      error));
  return forward(
      runtime,
      runtime->api.SessionOptionsAppendExecutionProvider_V2(
          options, runtime->env, runtime->devices, runtime->device_count, NULL, NULL, 0),
      error);
}

// ---------------------------------------------------------------- opening

static void unload(ort_runtime* runtime) {
  const size_t inputs = runtime->input_count + runtime->default_count;
  for (size_t i = 0; runtime->input_names && i < inputs; i++) {
    free(runtime->input_names[i]);
  }
  for (size_t i = 0; runtime->output_names && i < runtime->output_count; i++) {
    free(runtime->output_names[i]);
  }
  free(runtime->input_names);
  free(runtime->output_names);
  runtime->input_names = runtime->output_names = NULL;
  runtime->input_count = runtime->default_count = runtime->output_count = 0;
  if (runtime->session) runtime->api.ReleaseSession(runtime->session);
  runtime->session = NULL;
}

static void close_runtime(void* self) {
  ort_runtime* runtime = self;
  unload(runtime);
  if (runtime->device_count > 0) {
    olstm__ort_status* status =
        runtime->api.UnregisterExecutionProviderLibrary(runtime->env, kProviderName);
    if (status) runtime->api.ReleaseStatus(status);
  }
  if (runtime->memory) runtime->api.ReleaseMemoryInfo(runtime->memory);
  if (runtime->env) runtime->api.ReleaseEnv(runtime->env);
  free(runtime);
}

static olstm_status start(const olstm__tested_spec* spec, ort_runtime* runtime,
                          olstm__tested_info* out_info, olstm_error* error) {
  const olstm__ort_functions* api = &runtime->api;
  olstm_status status = OLSTM_STATUS_OK;
  const void* table = open_library(spec, out_info, &status, error);
  if (!table) return status;
  take_functions(table, spec->provider != NULL, &runtime->api);
  OLSTM_RETURN_IF_ERROR(forward(
      runtime, api->CreateEnv(OLSTM__ORT_LOG_FATAL, "conform", &runtime->env), error));
  OLSTM_RETURN_IF_ERROR(
      forward(runtime,
              api->CreateCpuMemoryInfo(OLSTM__ORT_ARENA_ALLOCATOR,
                                       OLSTM__ORT_MEMORY_DEFAULT, &runtime->memory),
              error));
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, api->GetAllocatorWithDefaultOptions(&runtime->allocator), error));
  return spec->provider ? add_provider(runtime, spec->provider, out_info, error)
                        : OLSTM_STATUS_OK;
}

static olstm_status open_runtime(const olstm__tested_spec* spec, void** out_runtime,
                                 olstm__tested_info* out_info, olstm_error* error) {
  ort_runtime* runtime = calloc(1, sizeof *runtime);
  if (!runtime) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a runtime");
  }
  runtime->spec = spec;
  const olstm_status status = start(spec, runtime, out_info, error);
  if (status == OLSTM_STATUS_OK) {
    *out_runtime = runtime;
  } else {
    close_runtime(runtime);
  }
  return status;
}

// ---------------------------------------------------------------- models

typedef olstm__ort_status* (*name_function)(const void* session, size_t index,
                                            void* allocator, char** out);
typedef olstm__ort_status* (*type_function)(const void* session, size_t index,
                                            void** out);

/// Copies the names of `count` inputs or outputs, which must be tensors.
static olstm_status take_names(const ort_runtime* runtime, size_t count,
                               name_function get_name, type_function get_type,
                               char** names, olstm_error* error) {
  const olstm__ort_functions* api = &runtime->api;
  for (size_t i = 0; i < count; i++) {
    char* name = NULL;
    void* type = NULL;
    const void* tensor_info = NULL;
    OLSTM_RETURN_IF_ERROR(forward(
        runtime, get_name(runtime->session, i, runtime->allocator, &name), error));
    names[i] = strdup(name);
    OLSTM_RETURN_IF_ERROR(
        forward(runtime, api->AllocatorFree(runtime->allocator, name), error));
    if (!names[i]) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
    }
    OLSTM_RETURN_IF_ERROR(forward(runtime, get_type(runtime->session, i, &type), error));
    olstm__ort_status* status = api->CastTypeInfoToTensorInfo(type, &tensor_info);
    const bool is_tensor = tensor_info != NULL;
    api->ReleaseTypeInfo(type);
    OLSTM_RETURN_IF_ERROR(forward(runtime, status, error));
    if (!is_tensor) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "'%.200s' is no tensor: conform compares tensors alone",
                        names[i]);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status take_all_names(ort_runtime* runtime, olstm_error* error) {
  const olstm__ort_functions* api = &runtime->api;
  size_t inputs = 0, defaults = 0, outputs = 0;
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, api->SessionGetInputCount(runtime->session, &inputs), error));
  OLSTM_RETURN_IF_ERROR(forward(
      runtime, api->SessionGetOverridableInitializerCount(runtime->session, &defaults),
      error));
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, api->SessionGetOutputCount(runtime->session, &outputs), error));
  runtime->input_names = calloc(inputs + defaults + 1, sizeof(char*));
  runtime->output_names = calloc(outputs + 1, sizeof(char*));
  if (!runtime->input_names || !runtime->output_names) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
  }
  runtime->input_count = inputs;
  runtime->default_count = defaults;
  runtime->output_count = outputs;
  OLSTM_RETURN_IF_ERROR(take_names(runtime, inputs, api->SessionGetInputName,
                                   api->SessionGetInputTypeInfo, runtime->input_names,
                                   error));
  OLSTM_RETURN_IF_ERROR(take_names(runtime, defaults,
                                   api->SessionGetOverridableInitializerName,
                                   api->SessionGetOverridableInitializerTypeInfo,
                                   runtime->input_names + inputs, error));
  return take_names(runtime, outputs, api->SessionGetOutputName,
                    api->SessionGetOutputTypeInfo, runtime->output_names, error);
}

/// A model that ONNX Runtime takes no session of is one that it refuses, whatever it
/// says.
static olstm_status create_session(ort_runtime* runtime, const char* path,
                                   olstm_error* error) {
  const olstm__ort_functions* api = &runtime->api;
  olstm__native_path native;
  void* options = NULL;
  OLSTM_RETURN_IF_ERROR(take_path(path, &native, error));
  OLSTM_RETURN_IF_ERROR(forward(runtime, api->CreateSessionOptions(&options), error));
  olstm_status status = forward(
      runtime,
      api->SetIntraOpNumThreads(options, (int)runtime->spec->options->thread_count),
      error);
  if (status == OLSTM_STATUS_OK) status = use_provider(runtime, options, error);
  if (status == OLSTM_STATUS_OK) {
    status = forward(
        runtime, api->CreateSession(runtime->env, &native, options, &runtime->session),
        error);
    if (status != OLSTM_STATUS_OK) status = OLSTM_STATUS_UNSUPPORTED;
  }
  api->ReleaseSessionOptions(options);
  return status;
}

static olstm_status load(void* self, const char* model_path, olstm_error* error) {
  ort_runtime* runtime = self;
  unload(runtime);
  OLSTM_RETURN_IF_ERROR(create_session(runtime, model_path, error));
  return take_all_names(runtime, error);
}

// ---------------------------------------------------------------- runs

/// What one run is given, and gives; freed in one place.
typedef struct ort_run {
  size_t count;
  /// Borrowed.
  const char** names;
  void** inputs;
  void** outputs;
} ort_run;

static void deinit_run(const ort_runtime* runtime, ort_run* run) {
  for (size_t i = 0; run->inputs && i < run->count; i++) {
    if (run->inputs[i]) runtime->api.ReleaseValue(run->inputs[i]);
  }
  for (size_t i = 0; run->outputs && i < runtime->output_count; i++) {
    if (run->outputs[i]) runtime->api.ReleaseValue(run->outputs[i]);
  }
  free(run->names);
  free(run->inputs);
  free(run->outputs);
}

/// The inputs that a data set gives by name, defaults among them, or all of those without
/// one by position.
static olstm_status name_inputs(const ort_runtime* runtime,
                                const olstm__case_tensors* files, ort_run* run,
                                olstm_error* error) {
  size_t named = 0;
  for (size_t f = 0; f < files->count; f++) {
    for (size_t i = 0; i < runtime->input_count + runtime->default_count; i++) {
      if (strcmp(files->names[f], runtime->input_names[i]) != 0) continue;
      run->names[f] = runtime->input_names[i];
      named++;
    }
  }
  if (named == files->count) return OLSTM_STATUS_OK;
  if (files->count != runtime->input_count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model takes %zu inputs, the data set has %zu",
                      runtime->input_count, files->count);
  }
  for (size_t i = 0; i < files->count; i++) run->names[i] = runtime->input_names[i];
  return OLSTM_STATUS_OK;
}

/// What the model declares: NumPy has no bfloat16, and the suite keeps its bits in uint16
/// tensors.
static int declared_dtype(const ort_runtime* runtime, const char* name, int dtype) {
  const olstm__ort_functions* api = &runtime->api;
  int result = dtype;
  for (size_t i = 0; dtype == OLSTM_DTYPE_UINT16 && i < runtime->input_count; i++) {
    void* type = NULL;
    const void* info = NULL;
    int declared = 0;
    if (name != runtime->input_names[i]) continue;
    if (forward(runtime, api->SessionGetInputTypeInfo(runtime->session, i, &type),
                NULL) != OLSTM_STATUS_OK) {
      continue;
    }
    if (forward(runtime, api->CastTypeInfoToTensorInfo(type, &info), NULL) ==
            OLSTM_STATUS_OK &&
        info &&
        forward(runtime, api->GetTensorElementType(info, &declared), NULL) ==
            OLSTM_STATUS_OK &&
        declared == OLSTM_DTYPE_BFLOAT16) {
      result = declared;
    }
    api->ReleaseTypeInfo(type);
  }
  return result;
}

/// dtypes are ONNX's numbers in both.
static olstm_status make_inputs(const ort_runtime* runtime,
                                const olstm__case_tensors* files, ort_run* run,
                                olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(name_inputs(runtime, files, run, error));
  for (size_t i = 0; i < files->count; i++) {
    const olstm_tensor* tensor = &files->tensors[i];
    size_t bytes = 0;
    if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "an input is too large");
    }
    OLSTM_RETURN_IF_ERROR(
        forward(runtime,
                runtime->api.CreateTensorWithDataAsOrtValue(
                    runtime->memory, tensor->data, bytes, tensor->desc.dims,
                    (size_t)tensor->desc.rank,
                    declared_dtype(runtime, run->names[i], (int)tensor->desc.dtype),
                    &run->inputs[i]),
                error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_desc(const ort_runtime* runtime, const void* info,
                              olstm_tensor_desc* out_desc, olstm_error* error) {
  const olstm__ort_functions* api = &runtime->api;
  size_t rank = 0;
  int dtype = 0;
  *out_desc = (olstm_tensor_desc){.rank = 0};
  OLSTM_RETURN_IF_ERROR(forward(runtime, api->GetTensorElementType(info, &dtype), error));
  OLSTM_RETURN_IF_ERROR(forward(runtime, api->GetDimensionsCount(info, &rank), error));
  out_desc->dtype = (olstm_dtype)dtype;
  out_desc->rank = (int32_t)rank;
  if (rank > OLSTM_MAX_RANK || olstm_dtype_size(out_desc->dtype) == 0) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "an output is of %zu dimensions and dtype %d, which conform cannot "
                      "compare",
                      rank, dtype);
  }
  return forward(runtime, api->GetDimensions(info, out_desc->dims, rank), error);
}

static olstm_status take_output(const ort_runtime* runtime, void* value,
                                olstm_tensor* out_tensor, olstm_error* error) {
  void* info = NULL;
  olstm_tensor borrowed = {.data = NULL};
  int is_tensor = 0;
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, runtime->api.IsTensor(value, &is_tensor), error));
  if (!is_tensor) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "an output is no tensor");
  }
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, runtime->api.GetTensorTypeAndShape(value, &info), error));
  const olstm_status status = read_desc(runtime, info, &borrowed.desc, error);
  runtime->api.ReleaseTensorTypeAndShapeInfo(info);
  OLSTM_RETURN_IF_ERROR(status);
  OLSTM_RETURN_IF_ERROR(
      forward(runtime, runtime->api.GetTensorMutableData(value, &borrowed.data), error));
  return olstm__case_tensor_copy(&borrowed, out_tensor, error);
}

static olstm_status run_model(const ort_runtime* runtime,
                              const olstm__case_tensors* files, ort_run* run,
                              olstm__case_tensors* outputs, olstm_error* error) {
  const size_t count = runtime->output_count;
  if (!run->names || !run->inputs || !run->outputs) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  OLSTM_RETURN_IF_ERROR(make_inputs(runtime, files, run, error));
  OLSTM_RETURN_IF_ERROR(forward(
      runtime,
      runtime->api.Run(runtime->session, NULL, run->names,
                       (const void* const*)run->inputs, run->count,
                       (const char* const*)runtime->output_names, count, run->outputs),
      error));
  OLSTM_RETURN_IF_ERROR(olstm__case_tensors_allocate(count, outputs, error));
  for (size_t i = 0; i < count; i++) {
    (void)snprintf(outputs->names[i], OLSTM_ERROR_CAPACITY, "%s",
                   runtime->output_names[i]);
    OLSTM_RETURN_IF_ERROR(
        take_output(runtime, run->outputs[i], &outputs->tensors[i], error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run(void* self, const olstm__case_tensors* inputs,
                        olstm__case_tensors* outputs, olstm_error* error) {
  const ort_runtime* runtime = self;
  ort_run one = {.count = inputs->count};
  one.names = calloc(inputs->count + 1, sizeof(char*));
  one.inputs = calloc(inputs->count + 1, sizeof(void*));
  one.outputs = calloc(runtime->output_count + 1, sizeof(void*));
  const olstm_status status = run_model(runtime, inputs, &one, outputs, error);
  deinit_run(runtime, &one);
  return status;
}

const olstm__tested_kind olstm__tested_onnxruntime = {"",   open_runtime, close_runtime,
                                                      load, run,          NULL};
