#include "triton_settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char* const kParameters[] = {"stateful", "bindings", "kernel", "precision",
                                          "threads"};
enum {
  kParameterCount = (int)(sizeof kParameters / sizeof kParameters[0]),
  kMaxThreads = 1024
};

/// Parameters of the server itself, which it keeps in the same list.
static const char kServersPrefix[] = "TRITON_";

static olstm_status no_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "settings: no memory");
}

static olstm_status check_parameters(const cJSON* config, olstm_error* error) {
  const cJSON* parameter = NULL;
  cJSON_ArrayForEach(parameter, olstm__triton_json_get(config, "parameters")) {
    bool known = false;
    if (strncmp(parameter->string, kServersPrefix, sizeof kServersPrefix - 1) == 0) {
      continue;
    }
    for (int i = 0; i < kParameterCount; i++) {
      known = known || strcmp(parameter->string, kParameters[i]) == 0;
    }
    if (known && olstm__triton_json_text(parameter, "string_value")[0]) continue;
    if (known) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "parameter %s has no string_value", parameter->string);
    }
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "unknown parameter '%s': there are stateful, bindings, kernel, "
                      "precision and threads",
                      parameter->string);
  }
  return OLSTM_STATUS_OK;
}

/// A parameter's text; NULL when it is absent.
static const char* get_parameter(const cJSON* config, const char* name) {
  const cJSON* parameters = olstm__triton_json_get(config, "parameters");
  const char* text =
      olstm__triton_json_text(olstm__triton_json_get(parameters, name), "string_value");
  return text[0] ? text : NULL;
}

static char* trim(char* text) {
  while (isspace((unsigned char)*text)) text++;
  size_t length = strlen(text);
  while (length > 0 && isspace((unsigned char)text[length - 1])) text[--length] = '\0';
  return text;
}

/// Cuts a list with commas in `text` into its trimmed parts. *out_parts, from malloc, has
/// `*out_count` of them; NULL when there is no memory.
static void split(char* text, char*** out_parts, size_t* out_count) {
  size_t count = 1;
  for (const char* at = text; *at; at++) count += *at == ',' ? 1 : 0;
  *out_parts = calloc(count, sizeof **out_parts);
  *out_count = 0;
  for (char* next = text; *out_parts && next;) {
    char* comma = strchr(next, ',');
    if (comma) *comma++ = '\0';
    (*out_parts)[(*out_count)++] = trim(next);
    next = comma;
  }
}

// ---------------------------------------------------------------- bindings

static olstm_status read_written_bindings(olstm__triton_settings* settings,
                                          const char* text, size_t more_count,
                                          olstm_error* error) {
  char** parts = NULL;
  size_t count = 0;
  settings->bindings_text = strdup(text);
  if (settings->bindings_text) split(settings->bindings_text, &parts, &count);
  if (parts) settings->bindings = calloc(count + more_count, sizeof(olstm_binding));
  olstm_status status = settings->bindings ? OLSTM_STATUS_OK : no_memory(error);
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < count; i++) {
    char* equals = strchr(parts[i], '=');
    if (equals) *equals = '\0';
    olstm_binding* binding = &settings->bindings[i];
    binding->output = trim(parts[i]);
    binding->input = equals ? trim(equals + 1) : "";
    if (!binding->output[0] || !binding->input[0]) {
      status = olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                          "parameter bindings is '%s': it wants OUTPUT=INPUT, with "
                          "commas between several",
                          text);
    }
    settings->binding_count = i + 1;
  }
  free(parts);
  return status;
}

static bool is_default_input(const olstm_model* model, const char* name) {
  for (size_t i = 0; i < olstm_model_default_input_count(model); i++) {
    if (strcmp(olstm_model_get_default_input(model, i)->name, name) == 0) return true;
  }
  return false;
}

static bool is_input(const olstm_model* model, const char* name) {
  for (size_t i = 0; i < olstm_model_input_count(model); i++) {
    if (strcmp(olstm_model_get_input(model, i)->name, name) == 0) return true;
  }
  return is_default_input(model, name);
}

static bool is_output(const olstm_model* model, const char* name) {
  for (size_t i = 0; i < olstm_model_output_count(model); i++) {
    if (strcmp(olstm_model_get_output(model, i)->name, name) == 0) return true;
  }
  return false;
}

static bool is_bound(const olstm__triton_settings* settings, const char* input) {
  for (size_t i = 0; i < settings->binding_count; i++) {
    if (strcmp(settings->bindings[i].input, input) == 0) return true;
  }
  return false;
}

static olstm_status read_bindings(olstm__triton_settings* settings, const cJSON* config,
                                  const olstm_model* model, olstm_error* error) {
  const cJSON* states = olstm__triton_json_get(
      olstm__triton_json_get(config, "sequence_batching"), "state");
  const char* text = get_parameter(config, "bindings");
  const size_t more_count = (size_t)cJSON_GetArraySize(states);
  const cJSON* state = NULL;
  if (text) {
    OLSTM_RETURN_IF_ERROR(read_written_bindings(settings, text, more_count, error));
  } else {
    settings->bindings = calloc(more_count + 1, sizeof *settings->bindings);
    if (!settings->bindings) return no_memory(error);
  }
  cJSON_ArrayForEach(state, states) {
    const char* input = olstm__triton_json_text(state, "input_name");
    const char* output = olstm__triton_json_text(state, "output_name");
    if (!is_input(model, input) || !is_output(model, output) ||
        is_bound(settings, input)) {
      continue;
    }
    settings->bindings[settings->binding_count++] = (olstm_binding){output, input};
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- the others

static olstm_status read_stateful(olstm__triton_settings* settings, const cJSON* config,
                                  olstm_error* error) {
  const char* text = get_parameter(config, "stateful");
  char** parts = NULL;
  settings->is_default = !text;
  if (!text) {
    const bool is_stateless = settings->binding_count > 0 ||
                              olstm__triton_json_get(config, "dynamic_batching") ||
                              olstm__triton_json_get(config, "ensemble_scheduling");
    text = is_stateless ? "none" : "all";
  }
  if (strcmp(text, "none") == 0) return OLSTM_STATUS_OK;
  settings->stateful_text = strdup(text);
  if (settings->stateful_text) {
    split(settings->stateful_text, &parts, &settings->stateful_count);
  }
  if (parts) settings->stateful = calloc(settings->stateful_count, sizeof(char*));
  if (!settings->stateful) {
    free(parts);
    return no_memory(error);
  }
  for (size_t i = 0; i < settings->stateful_count; i++) settings->stateful[i] = parts[i];
  free(parts);
  return OLSTM_STATUS_OK;
}

static olstm_status read_numbers(olstm__triton_settings* settings, const cJSON* config,
                                 olstm_error* error) {
  static const char* const kPrecisions[] = {"f32", "bf16", "int8"};
  const char* precision = get_parameter(config, "precision");
  const char* threads = get_parameter(config, "threads");
  settings->precision = precision ? -1 : OLSTM_PRECISION_F32;
  for (int32_t i = 0; precision && i < 3; i++) {
    if (strcmp(precision, kPrecisions[i]) == 0) settings->precision = i;
  }
  if (settings->precision < 0) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "parameter precision is '%s': there are f32, bf16 and int8",
                      precision);
  }
  char* end = NULL;
  const long count = threads ? strtol(threads, &end, 10) : 1;
  if (count < 1 || count > kMaxThreads || (end && *end)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "parameter threads is '%s': it wants a number from 1 to %d",
                      threads, kMaxThreads);
  }
  settings->thread_count = (int32_t)count;
  return OLSTM_STATUS_OK;
}

static olstm_status read_given_inputs(olstm__triton_settings* settings,
                                      const cJSON* config, const olstm_model* model,
                                      olstm_error* error) {
  const cJSON* inputs = olstm__triton_json_get(config, "input");
  const cJSON* input = NULL;
  settings->given_inputs =
      calloc((size_t)cJSON_GetArraySize(inputs) + 1, sizeof *settings->given_inputs);
  if (!settings->given_inputs) return no_memory(error);
  cJSON_ArrayForEach(input, inputs) {
    const char* name = olstm__triton_json_text(input, "name");
    if (is_default_input(model, name)) {
      settings->given_inputs[settings->given_input_count++] = name;
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__triton_settings_init(olstm__triton_settings* settings,
                                         const cJSON* config, const olstm_model* model,
                                         olstm_error* error) {
  *settings = (olstm__triton_settings){.kernel = get_parameter(config, "kernel")};
  olstm_status status = check_parameters(config, error);
  if (status == OLSTM_STATUS_OK) status = read_bindings(settings, config, model, error);
  if (status == OLSTM_STATUS_OK) status = read_stateful(settings, config, error);
  if (status == OLSTM_STATUS_OK) status = read_numbers(settings, config, error);
  if (status == OLSTM_STATUS_OK)
    status = read_given_inputs(settings, config, model, error);
  if (status != OLSTM_STATUS_OK) olstm__triton_settings_deinit(settings);
  return status;
}

void olstm__triton_settings_deinit(olstm__triton_settings* settings) {
  free(settings->stateful);
  free(settings->bindings);
  free(settings->given_inputs);
  free(settings->stateful_text);
  free(settings->bindings_text);
  *settings = (olstm__triton_settings){0};
}
