// The library and its models: errors, messages, configurations, life.
#include "fake_server.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct TRITONSERVER_Error {
  uint32_t code;
  char text[1024];
};

struct TRITONSERVER_Message {
  char* text;
};

fake_options fake_server = {1, 19, true, 0, 0, false, ""};

// ---------------------------------------------------------------- errors and messages

TRITONSERVER_Error* TRITONSERVER_ErrorNew(uint32_t code, const char* message) {
  TRITONSERVER_Error* error = calloc(1, sizeof *error);
  __atomic_add_fetch(&fake_server.live_objects, 1, __ATOMIC_RELAXED);
  error->code = code;
  (void)snprintf(error->text, sizeof error->text, "%s", message);
  return error;
}

void TRITONSERVER_ErrorDelete(TRITONSERVER_Error* error) {
  assert_non_null(error);
  __atomic_sub_fetch(&fake_server.live_objects, 1, __ATOMIC_RELAXED);
  free(error);
}

const char* TRITONSERVER_ErrorMessage(TRITONSERVER_Error* error) {
  return error->text;
}

const char* fake_error(TRITONSERVER_Error* error) {
  static char text[1024];
  text[0] = '\0';
  if (error) {
    (void)snprintf(text, sizeof text, "%s", error->text);
    TRITONSERVER_ErrorDelete(error);
  }
  return text;
}

const char* TRITONSERVER_InstanceGroupKindString(uint32_t kind) {
  static const char* const kNames[] = {"AUTO", "CPU", "GPU", "MODEL"};
  return kNames[kind];
}

TRITONSERVER_Error* TRITONSERVER_LogMessage(uint32_t level, const char* file, int line,
                                            const char* message) {
  (void)level;
  (void)file;
  (void)line;
  (void)snprintf(fake_server.log, sizeof fake_server.log, "%s", message);
  return NULL;
}

TRITONSERVER_Error* TRITONSERVER_MessageNewFromSerializedJson(
    TRITONSERVER_Message** message, const char* base, size_t byte_size) {
  *message = calloc(1, sizeof **message);
  (*message)->text = strndup(base, byte_size);
  __atomic_add_fetch(&fake_server.live_objects, 1, __ATOMIC_RELAXED);
  return NULL;
}

TRITONSERVER_Error* TRITONSERVER_MessageSerializeToJson(TRITONSERVER_Message* message,
                                                        const char** base,
                                                        size_t* byte_size) {
  *base = message->text;
  *byte_size = strlen(message->text);
  return NULL;
}

TRITONSERVER_Error* TRITONSERVER_MessageDelete(TRITONSERVER_Message* message) {
  free(message->text);
  free(message);
  __atomic_sub_fetch(&fake_server.live_objects, 1, __ATOMIC_RELAXED);
  return NULL;
}

// ---------------------------------------------------------------- the library

TRITONSERVER_Error* TRITONBACKEND_ApiVersion(uint32_t* major, uint32_t* minor) {
  *major = fake_server.api_major;
  *minor = fake_server.api_minor;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_BackendAttributeAddPreferredInstanceGroup(
    TRITONBACKEND_BackendAttribute* attribute, uint32_t kind, uint64_t count,
    const uint64_t* device_ids, uint64_t id_count) {
  (void)attribute;
  (void)device_ids;
  assert_true(count == 0 && id_count == 0);
  fake_server.preferred_kind = kind;
  return NULL;
}

#ifndef FAKE_OLD_SERVER
TRITONSERVER_Error* TRITONBACKEND_BackendAttributeSetParallelModelInstanceLoading(
    TRITONBACKEND_BackendAttribute* attribute, bool enabled);
TRITONSERVER_Error* TRITONBACKEND_BackendAttributeSetParallelModelInstanceLoading(
    TRITONBACKEND_BackendAttribute* attribute, bool enabled) {
  (void)attribute;
  fake_server.loads_in_parallel = enabled;
  return NULL;
}
#endif

static void find(void* library, const char* name, void* out_function) {
  void* symbol = dlsym(library, name);
  if (!symbol) fail_msg("the library does not export %s", name);
  memcpy(out_function, &symbol, sizeof symbol);
}

const char* fake_open(fake_backend* backend) {
  backend->library = dlopen(OLSTM_TRITON_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!backend->library) fail_msg("%s", dlerror());
  find(backend->library, "TRITONBACKEND_Initialize", &backend->initialize);
  find(backend->library, "TRITONBACKEND_GetBackendAttribute", &backend->attribute);
  find(backend->library, "TRITONBACKEND_ModelInitialize", &backend->model_initialize);
  find(backend->library, "TRITONBACKEND_ModelFinalize", &backend->model_finalize);
  find(backend->library, "TRITONBACKEND_ModelInstanceInitialize",
       &backend->instance_initialize);
  find(backend->library, "TRITONBACKEND_ModelInstanceFinalize",
       &backend->instance_finalize);
  find(backend->library, "TRITONBACKEND_ModelInstanceExecute", &backend->execute);
  TRITONSERVER_Error* error = backend->initialize(NULL);
  return fake_error(error ? error : backend->attribute(NULL, NULL));
}

void fake_close(fake_backend* backend) {
  assert_int_equal(dlclose(backend->library), 0);
  assert_int_equal(fake_server.live_objects, 0);
}

// ---------------------------------------------------------------- models

TRITONSERVER_Error* TRITONBACKEND_ModelName(TRITONBACKEND_Model* model,
                                            const char** name) {
  *name = strrchr(model->folder, '/') + 1;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelVersion(TRITONBACKEND_Model* model,
                                               uint64_t* version) {
  (void)model;
  *version = 1;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelRepository(TRITONBACKEND_Model* model,
                                                  uint32_t* artifact_type,
                                                  const char** location) {
  *artifact_type = OLSTM__TRITON_ARTIFACT_FILESYSTEM;
  *location = model->folder;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelConfig(TRITONBACKEND_Model* model,
                                              uint32_t config_version,
                                              TRITONSERVER_Message** config) {
  assert_int_equal(config_version, 1);
  char* text = cJSON_Print(model->config);
  TRITONSERVER_Error* error =
      TRITONSERVER_MessageNewFromSerializedJson(config, text, strlen(text));
  free(text);
  return error;
}

TRITONSERVER_Error* TRITONBACKEND_ModelAutoCompleteConfig(TRITONBACKEND_Model* model,
                                                          bool* auto_complete) {
  *auto_complete = model->completes;
  return NULL;
}

/// Takes what servers take: batch size, inputs, outputs, and a scheduler where there is
/// none.
TRITONSERVER_Error* TRITONBACKEND_ModelSetConfig(TRITONBACKEND_Model* model,
                                                 uint32_t config_version,
                                                 TRITONSERVER_Message* config) {
  static const char* const kTaken[] = {"max_batch_size", "input", "output"};
  static const char* const kSchedulers[] = {"sequence_batching", "dynamic_batching",
                                            "ensemble_scheduling"};
  assert_int_equal(config_version, 1);
  cJSON* given = cJSON_Parse(config->text);
  assert_non_null(given);
  if (!fake_server.knows_same_buffer &&
      strstr(config->text, "use_same_buffer_for_input_output")) {
    cJSON_Delete(given);
    return TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_INVALID_ARG, "unknown field");
  }
  for (int i = 0; i < 3; i++) {
    cJSON_DeleteItemFromObject(model->config, kTaken[i]);
    cJSON* item = cJSON_DetachItemFromObject(given, kTaken[i]);
    if (item) cJSON_AddItemToObject(model->config, kTaken[i], item);
  }
  const char* old = "";
  const char* new = "";
  for (int i = 0; i < 3; i++) {
    if (cJSON_HasObjectItem(model->config, kSchedulers[i])) old = kSchedulers[i];
    if (cJSON_HasObjectItem(given, kSchedulers[i])) new = kSchedulers[i];
  }
  TRITONSERVER_Error* error = NULL;
  if (old[0] && strcmp(old, new) != 0) {
    error = TRITONSERVER_ErrorNew(OLSTM__TRITON_ERROR_INTERNAL,
                                  "Cannot update scheduling choice");
  } else if (!old[0] && new[0]) {
    cJSON_AddItemToObject(model->config, new, cJSON_DetachItemFromObject(given, new));
  }
  cJSON_Delete(given);
  model->set_count++;
  return error;
}

TRITONSERVER_Error* TRITONBACKEND_ModelState(TRITONBACKEND_Model* model, void** state) {
  *state = model->state;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelSetState(TRITONBACKEND_Model* model, void* state) {
  model->state = state;
  return NULL;
}

const char* fake_load(fake_backend* backend, TRITONBACKEND_Model* model,
                      const char* folder, const char* config, bool completes) {
  *model = (TRITONBACKEND_Model){.backend = backend, .completes = completes};
  (void)snprintf(model->folder, sizeof model->folder, "%s", folder);
  model->config = cJSON_Parse(config);
  if (!model->config) fail_msg("no JSON: %s", config);
  const char* error = fake_error(backend->model_initialize(model));
  if (error[0]) cJSON_Delete(model->config);
  return error;
}

void fake_unload(TRITONBACKEND_Model* model) {
  assert_string_equal(fake_error(model->backend->model_finalize(model)), "");
  cJSON_Delete(model->config);
}

const char* fake_config(const TRITONBACKEND_Model* model, const char* path) {
  static char text[4096];
  char name[64];
  const cJSON* item = model->config;
  text[0] = '\0';
  while (item && *path) {
    const size_t length = strcspn(path, ".");
    (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
    item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, (int)strtol(name, NULL, 10))
                               : cJSON_GetObjectItem(item, name);
    path += length + (path[length] == '.' ? 1 : 0);
  }
  if (item) {
    char* printed = cJSON_PrintUnformatted(item);
    (void)snprintf(text, sizeof text, "%s", printed);
    free(printed);
  }
  return text;
}

// ---------------------------------------------------------------- instances

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceKind(TRITONBACKEND_ModelInstance* instance,
                                                    uint32_t* kind) {
  *kind = instance->kind;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceModel(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Model** model) {
  *model = instance->model;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceState(
    TRITONBACKEND_ModelInstance* instance, void** state) {
  *state = instance->state;
  return NULL;
}

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceSetState(
    TRITONBACKEND_ModelInstance* instance, void* state) {
  instance->state = state;
  return NULL;
}

const char* fake_add_instance(TRITONBACKEND_ModelInstance* instance,
                              TRITONBACKEND_Model* model, uint32_t kind) {
  *instance = (TRITONBACKEND_ModelInstance){.model = model, .kind = kind};
  return fake_error(model->backend->instance_initialize(instance));
}

void fake_remove_instance(TRITONBACKEND_ModelInstance* instance) {
  assert_string_equal(fake_error(instance->model->backend->instance_finalize(instance)),
                      "");
}
