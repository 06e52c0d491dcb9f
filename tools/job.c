// See job.h.
#include "tools/job.h"

#include <stdlib.h>
#include <string.h>

/// The strings that session options point to, split from the command line's.
typedef struct session_names {
  size_t stateful_count;
  const char* stateful[OLSTM__JOB_MAX_STATEFUL];
  olstm_binding bindings[OLSTM__JOB_MAX_BINDINGS];
} session_names;

void olstm__job_options_init(olstm__job_options* options) {
  memset(options, 0, sizeof *options);
  options->thread_count = 1;
  options->kernel = "auto";
  options->precision = "f32";
  options->fuse = true;
  options->seed = -1;
}

/// All of a list's texts in one buffer, each terminated; the caller frees it.
static char* join_texts(const olstm__cli_list* list) {
  size_t bytes = 1;
  for (size_t i = 0; i < list->count; i++) bytes += strlen(list->values[i]) + 1;
  char* text = calloc(bytes, 1);
  char* at = text;
  for (size_t i = 0; text && i < list->count; i++) {
    const size_t length = strlen(list->values[i]) + 1;
    memcpy(at, list->values[i], length);
    at += length;
  }
  return text;
}

static olstm_status split_stateful(const olstm__cli_list* list, char* text,
                                   session_names* names, olstm_error* error) {
  for (size_t i = 0; i < list->count; i++) {
    char* next = text + strlen(text) + 1;
    while (text) {
      char* comma = strchr(text, ',');
      if (comma) *comma = '\0';
      if (names->stateful_count == OLSTM__JOB_MAX_STATEFUL) {
        return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                          "--stateful: more than %d nodes", OLSTM__JOB_MAX_STATEFUL);
      }
      if (*text == '\0') {
        return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                          "--stateful: an empty name in '%s'", list->values[i]);
      }
      names->stateful[names->stateful_count++] = text;
      text = comma ? comma + 1 : NULL;
    }
    text = next;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status split_bindings(const olstm__cli_list* list, char* text,
                                   session_names* names, olstm_error* error) {
  if (list->count > OLSTM__JOB_MAX_BINDINGS) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "--bind: more than %d pairs",
                      OLSTM__JOB_MAX_BINDINGS);
  }
  for (size_t i = 0; i < list->count; i++) {
    char* next = text + strlen(text) + 1;
    char* equals = strchr(text, '=');
    if (!equals) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "--bind wants OUT=IN, not '%s'", list->values[i]);
    }
    *equals = '\0';
    names->bindings[i] = (olstm_binding){text, equals + 1};
    text = next;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status load_plugins(const olstm__job_options* options, olstm__job* job,
                                 const olstm_allocator* allocator, olstm_error* error) {
  if (options->plugins.count == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm_registry_create(allocator, &job->registry, error));
  for (size_t i = 0; i < options->plugins.count; i++) {
    OLSTM_RETURN_IF_ERROR(
        olstm_registry_load_plugin(job->registry, options->plugins.values[i], error));
  }
  return OLSTM_STATUS_OK;
}

static int32_t precision_code(const char* name) {
  if (strcmp(name, "bf16") == 0) return OLSTM_PRECISION_BF16;
  if (strcmp(name, "int8") == 0) return OLSTM_PRECISION_INT8;
  return OLSTM_PRECISION_F32;
}

/// The names of inputs with initializers that runs will give; the caller frees them.
static olstm_status list_given(const olstm__job_options* options,
                               const olstm_model* model, const char*** out_names,
                               size_t* out_count, olstm_error* error) {
  const size_t count = olstm_model_default_input_count(model);
  bool* is_given = calloc(count + 1, sizeof *is_given);
  *out_count = 0;
  *out_names = calloc(count + 1, sizeof(char*));
  if (!*out_names || !is_given) {
    free(is_given);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
  }
  if (options->choose_given) {
    options->choose_given(options->choose_data, model, is_given);
  }
  for (size_t i = 0; i < count; i++) {
    if (!is_given[i]) continue;
    (*out_names)[(*out_count)++] = olstm_model_get_default_input(model, i)->name;
  }
  free(is_given);
  return OLSTM_STATUS_OK;
}

static olstm_status create_session(const olstm__job_options* options, olstm__job* job,
                                   const olstm_allocator* allocator, olstm_error* error) {
  session_names names = {0};
  olstm_session_options session_options;
  const char** given = NULL;
  size_t given_count = 0;
  job->names[0] = join_texts(&options->stateful);
  job->names[1] = join_texts(&options->bindings);
  if (!job->names[0] || !job->names[1]) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
  }
  OLSTM_RETURN_IF_ERROR(split_stateful(&options->stateful, job->names[0], &names, error));
  OLSTM_RETURN_IF_ERROR(split_bindings(&options->bindings, job->names[1], &names, error));
  olstm_session_options_init(&session_options);
  session_options.allocator = allocator;
  session_options.thread_count = (int32_t)options->thread_count;
  session_options.kernel = options->kernel;
  session_options.precision = precision_code(options->precision);
  session_options.fuse = options->fuse;
  if (options->max_memory_mb > 0) {
    session_options.max_memory = (size_t)options->max_memory_mb << 20;
  }
  session_options.max_work = (uint64_t)options->max_work;
  session_options.broadcast_state = options->broadcast_state;
  session_options.real_time = options->real_time;
  session_options.has_seed = options->seed >= 0;
  session_options.seed = options->seed >= 0 ? (uint64_t)options->seed : 0;
  session_options.stateful_count = names.stateful_count;
  session_options.stateful = names.stateful;
  session_options.binding_count = options->bindings.count;
  session_options.bindings = names.bindings;
  olstm_status status = list_given(options, job->model, &given, &given_count, error);
  session_options.given_input_count = given_count;
  session_options.given_inputs = given;
  if (status == OLSTM_STATUS_OK) {
    status = olstm_session_create(job->model, job->registry, &session_options,
                                  &job->session, error);
  }
  free(given);
  return status;
}

static olstm_status load(const olstm__job_source* source,
                         const olstm_model_options* options, olstm_model** out_model,
                         olstm_error* error) {
  return source->path ? olstm_model_load_file(source->path, options, out_model, error)
                      : olstm_model_load_memory(source->bytes, source->byte_count,
                                                options, out_model, error);
}

/// Loads the model. What limits a run does not limit a load, which has a limit of its own
/// by the file's size; but it raises it.
static olstm_status load_model(const olstm__job_source* source,
                               const olstm__job_options* options,
                               const olstm_allocator* allocator, olstm__job* job,
                               olstm_error* error) {
  olstm_model_options model_options;
  olstm_model_options_init(&model_options);
  model_options.allocator = allocator;
  model_options.external_data_folder = options->external_data;
  const olstm_status status = load(source, &model_options, &job->model, error);
  if (status != OLSTM_STATUS_LIMIT_EXCEEDED || options->max_memory_mb == 0) return status;
  model_options.max_memory = (size_t)options->max_memory_mb << 20;
  return load(source, &model_options, &job->model, error);
}

olstm_status olstm__job_open_source(const olstm__job_source* source,
                                    const olstm__job_options* options,
                                    const olstm_allocator* allocator, olstm__job* out_job,
                                    olstm_error* error) {
  memset(out_job, 0, sizeof *out_job);
  OLSTM_RETURN_IF_ERROR(load_plugins(options, out_job, allocator, error));
  OLSTM_RETURN_IF_ERROR(load_model(source, options, allocator, out_job, error));
  OLSTM_RETURN_IF_ERROR(create_session(options, out_job, allocator, error));
  return olstm_context_create(out_job->session, &out_job->context, error);
}

olstm_status olstm__job_open(const char* model_path, const olstm__job_options* options,
                             const olstm_allocator* allocator, olstm__job* out_job,
                             olstm_error* error) {
  const olstm__job_source source = {model_path, NULL, 0};
  return olstm__job_open_source(&source, options, allocator, out_job, error);
}

olstm_status olstm__job_check_plugins(const olstm__job_options* options,
                                      olstm_error* error) {
  olstm__job job = {0};
  const olstm_status status = load_plugins(options, &job, NULL, error);
  olstm_registry_destroy(job.registry);
  return status;
}

void olstm__job_deinit(olstm__job* job) {
  olstm_context_destroy(job->context);
  olstm_session_destroy(job->session);
  olstm_model_destroy(job->model);
  olstm_registry_destroy(job->registry);
  free(job->names[0]);
  free(job->names[1]);
  memset(job, 0, sizeof *job);
}
