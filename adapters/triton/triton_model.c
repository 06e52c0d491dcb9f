#include "triton_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "triton_error.h"
#include "triton_settings.h"

enum { kPathCapacity = 4096 };

static olstm_status no_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "model: no memory");
}

// ---------------------------------------------------------------- what the server says

static olstm_status read_config(TRITONBACKEND_Model* server_model, cJSON** out_json,
                                olstm_error* error) {
  TRITONSERVER_Message* message = NULL;
  const char* text = NULL;
  size_t size = 0;
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_ModelConfig(server_model, 1, &message), "configuration", error));
  olstm_status status = olstm__triton_check(
      TRITONSERVER_MessageSerializeToJson(message, &text, &size), "configuration", error);
  if (status == OLSTM_STATUS_OK) {
    *out_json = cJSON_ParseWithLength(text, size);
    if (!*out_json) {
      status = olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                          "the server's configuration is no JSON");
    }
  }
  olstm_error ignored;
  (void)olstm__triton_check(TRITONSERVER_MessageDelete(message), "message", &ignored);
  return status;
}

static olstm_status find_file(TRITONBACKEND_Model* server_model, const cJSON* json,
                              char* out_path, olstm_error* error) {
  uint32_t artifact_type = 0;
  const char* folder = NULL;
  uint64_t version = 0;
  const char* file = olstm__triton_json_text(json, "default_model_filename");
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_ModelRepository(server_model, &artifact_type, &folder), "repository",
      error));
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_ModelVersion(server_model, &version), "version", error));
  if (artifact_type != OLSTM__TRITON_ARTIFACT_FILESYSTEM) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "the model is not in the file system");
  }
  const int length = snprintf(out_path, kPathCapacity, "%s/%llu/%s", folder,
                              (unsigned long long)version, file[0] ? file : "model.onnx");
  if (length >= 0 && length < kPathCapacity) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "the model's path is too long");
}

// ---------------------------------------------------------------- the session

/// Whether a row is promised the same bits whatever the batch (docs/numerics.md).
static bool is_exact(const olstm__triton_settings* settings) {
  const char* kernel = settings->kernel ? settings->kernel : "auto";
  return settings->precision == OLSTM_PRECISION_F32 && strcmp(kernel, "onednn") != 0 &&
         strcmp(kernel, "fastest") != 0;
}

/// Creates a session, with or without the state that the settings name, and its traits.
static olstm_status create_session(olstm__triton_model* model, olstm_model* file,
                                   const olstm__triton_settings* settings, bool stateful,
                                   olstm_error* error) {
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.thread_count = settings->thread_count;
  options.precision = settings->precision;
  options.kernel = settings->kernel;
  options.stateful_count = stateful ? settings->stateful_count : 0;
  options.stateful = settings->stateful;
  options.binding_count = settings->binding_count;
  options.bindings = settings->bindings;
  options.given_input_count = settings->given_input_count;
  options.given_inputs = settings->given_inputs;
  // A constant initial state with a batch of 1 is every sequence's.
  options.broadcast_state = true;
  // One plan for every size of batch and some lengths.
  options.plan_cache_capacity = 4 * (size_t)OLSTM__TRITON_MAX_BATCH;
  OLSTM_RETURN_IF_ERROR(
      olstm_session_create(file, NULL, &options, &model->session, error));
  return olstm__triton_traits_init(&model->traits, model->session, is_exact(settings),
                                   error);
}

static void destroy_session(olstm__triton_model* model) {
  olstm__triton_traits_deinit(&model->traits);
  if (model->session) olstm_session_destroy(model->session);
  model->session = NULL;
}

/// As the settings say. Where they say nothing and state cannot be kept, the error tells
/// what the user may write; a model without recurrent nodes has nothing to keep.
static olstm_status create_wanted_session(olstm__triton_model* model, olstm_model* file,
                                          const olstm__triton_settings* settings,
                                          olstm_error* error) {
  const olstm_status status = create_session(model, file, settings, true, error);
  const bool works = status == OLSTM_STATUS_OK &&
                     (model->traits.slot_count == 0 || model->traits.has_run);
  if (works || !settings->is_default || settings->stateful_count == 0) return status;
  const bool is_refused = status != OLSTM_STATUS_OK;
  const olstm_error why = is_refused ? *error : model->traits.trial_error;
  destroy_session(model);
  OLSTM_RETURN_IF_ERROR(create_session(model, file, settings, false, error));
  if (status == OLSTM_STATUS_NOT_FOUND) return OLSTM_STATUS_OK;
  if (is_refused || model->traits.has_run) {
    return olstm_fail(
        error, is_refused ? status : OLSTM_STATUS_UNSUPPORTED,
        "%s; parameter stateful: \"none\" runs it without state, and bindings: "
        "\"OUTPUT=INPUT\" keeps what the model gives and takes",
        why.message);
  }
  // Trial runs say nothing of this model: their numbers mean nothing to it.
  destroy_session(model);
  return create_session(model, file, settings, true, error);
}

/// Loads the file and makes the session and its traits.
static olstm_status load(olstm__triton_model* model, const char* path,
                         olstm_error* error) {
  olstm_model* file = NULL;
  olstm__triton_settings settings = {0};
  olstm_status status = olstm_model_load_file(path, NULL, &file, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__triton_settings_init(&settings, model->json, file, error);
  }
  if (status == OLSTM_STATUS_OK) {
    status = create_wanted_session(model, file, &settings, error);
  }
  olstm__triton_settings_deinit(&settings);
  olstm_model_destroy(file);
  return status;
}

// ---------------------------------------------------------------- the configuration

static olstm_status set_config(TRITONBACKEND_Model* server_model, const cJSON* json,
                               olstm_error* error) {
  TRITONSERVER_Message* message = NULL;
  char* text = cJSON_PrintUnformatted(json);
  if (!text) return no_memory(error);
  olstm_status status = olstm__triton_check(
      TRITONSERVER_MessageNewFromSerializedJson(&message, text, strlen(text)),
      "completed configuration", error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__triton_check(TRITONBACKEND_ModelSetConfig(server_model, 1, message),
                                 "completed configuration", error);
    olstm_error ignored;
    (void)olstm__triton_check(TRITONSERVER_MessageDelete(message), "message", &ignored);
  }
  cJSON_free(text);
  return status;
}

static olstm_status complete(olstm__triton_model* model,
                             TRITONBACKEND_Model* server_model, bool same_buffer,
                             olstm_error* error) {
  cJSON* completed = cJSON_Duplicate(model->json, 1);
  if (!completed) return no_memory(error);
  olstm_status status =
      olstm__triton_config_complete(completed, &model->traits, same_buffer, error);
  // What is wrong in the user's part is said by this backend, by name.
  olstm__triton_config checked = {0};
  if (status == OLSTM_STATUS_OK) {
    status = olstm__triton_config_init(&checked, completed, &model->traits, error);
    olstm__triton_config_deinit(&checked);
  }
  if (status == OLSTM_STATUS_OK) status = set_config(server_model, completed, error);
  if (status != OLSTM_STATUS_OK) {
    cJSON_Delete(completed);
    return status;
  }
  cJSON_Delete(model->json);
  model->json = completed;
  return OLSTM_STATUS_OK;
}

static olstm_status settle_config(olstm__triton_model* model,
                                  TRITONBACKEND_Model* server_model, olstm_error* error) {
  olstm_error older;
  bool completes = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_check(TRITONBACKEND_ModelAutoCompleteConfig(server_model, &completes),
                          "auto-complete", error));
  if (model->traits.stackable &&
      !olstm__triton_config_wants_batches(model->json, &model->traits, completes)) {
    olstm__triton_traits_unstack(&model->traits, "max_batch_size is 0");
  }
  if (completes) {
    // An older server does not know the option, and says so before it takes anything.
    olstm_status status = complete(model, server_model, true, error);
    if (status == OLSTM_STATUS_BACKEND_ERROR &&
        complete(model, server_model, false, &older) == OLSTM_STATUS_OK) {
      status = OLSTM_STATUS_OK;
    }
    OLSTM_RETURN_IF_ERROR(status);
  }
  return olstm__triton_config_init(&model->config, model->json, &model->traits, error);
}

olstm_status olstm__triton_model_create(TRITONBACKEND_Model* server_model,
                                        olstm__triton_model** out_model,
                                        olstm_error* error) {
  const char* name = "";
  char* path = malloc(kPathCapacity);
  olstm__triton_model* model = calloc(1, sizeof *model);
  olstm_status status = path && model ? OLSTM_STATUS_OK : no_memory(error);
  if (status == OLSTM_STATUS_OK) {
    model->newer = olstm__triton_find_newer();
    status =
        olstm__triton_check(TRITONBACKEND_ModelName(server_model, &name), "name", error);
  }
  if (status == OLSTM_STATUS_OK) status = read_config(server_model, &model->json, error);
  if (status == OLSTM_STATUS_OK) {
    status = find_file(server_model, model->json, path, error);
  }
  if (status == OLSTM_STATUS_OK) status = load(model, path, error);
  if (status == OLSTM_STATUS_OK) status = settle_config(model, server_model, error);
  if (status == OLSTM_STATUS_OK && !model->config.stacks) {
    olstm__triton_log(OLSTM__TRITON_LOG_INFO, "model '%s': requests run one by one: %s",
                      name, model->traits.why_not.message);
  }
  free(path);
  if (status != OLSTM_STATUS_OK) {
    olstm__triton_model_destroy(model);
    return status;
  }
  *out_model = model;
  return OLSTM_STATUS_OK;
}

void olstm__triton_model_destroy(olstm__triton_model* model) {
  if (!model) return;
  olstm__triton_config_deinit(&model->config);
  destroy_session(model);
  cJSON_Delete(model->json);
  free(model);
}
