// olstm as a runtime under test, alone or with a plugin whose operators are judged. See
// tested_runtime.h.
#include <stdlib.h>
#include <string.h>

#include "olstm/version.h"

#include "system/file.h"
#include "tools/conform/random_case.h"
#include "tools/conform/tested_runtime.h"
#include "tools/tensor_print.h"

typedef struct olstm_runtime {
  olstm__job_options options;
  /// With a plugin: the operators before this one are olstm's own. 0 without.
  size_t own_operator_count;
  /// Borrowed while a case runs.
  const char* model;
  /// Opened anew where a data set gives other inputs.
  olstm__job job;
} olstm_runtime;

// ---------------------------------------------------------------- inputs

/// The data of a case may contradict the model's own declaration: reported as the case's
/// fault.
static olstm_status check_declaration(const olstm_tensor* tensor,
                                      const olstm_value_info* info, olstm_error* error) {
  bool fits = info->dtype == OLSTM_DTYPE_UNDEFINED || tensor->desc.dtype == info->dtype;
  const bool is_scalar =
      info->rank == 0 && tensor->desc.rank == 1 && tensor->desc.dims[0] == 1;
  fits = fits && (info->rank < 0 || tensor->desc.rank == info->rank || is_scalar);
  for (int32_t d = 0; fits && d < info->rank; d++) {
    fits = info->dims[d] < 0 || info->dims[d] == tensor->desc.dims[d];
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "the case contradicts itself: its data for '%.200s' is %s %.80s, its "
                    "model declares %s %.80s",
                    info->name, olstm_dtype_name(tensor->desc.dtype),
                    olstm_shape_text(&tensor->desc).text, olstm_dtype_name(info->dtype),
                    olstm__value_shape_text(info).text);
}

/// Puts the files' tensors, borrowed, in the order of the session's inputs.
static olstm_status arrange_inputs(const olstm_session* session,
                                   const olstm__case_tensors* files, olstm_tensor* inputs,
                                   olstm_error* error) {
  const char** names = calloc(files->count + 1, sizeof(char*));
  size_t* order = calloc(files->count + 1, sizeof *order);
  olstm_status status = OLSTM_STATUS_OK;
  if (!names || !order) {
    free(names);
    free(order);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  for (size_t i = 0; i < files->count; i++) {
    names[i] = olstm_session_get_input(session, i)->name;
  }
  olstm__case_tensors_arrange(files, names, order);
  for (size_t i = 0; i < files->count && status == OLSTM_STATUS_OK; i++) {
    const olstm_value_info* info = olstm_session_get_input(session, i);
    inputs[i] = files->tensors[order[i]];
    // NumPy has no bfloat16: the suite keeps its bits in uint16 tensors.
    if (info->dtype == OLSTM_DTYPE_BFLOAT16 &&
        inputs[i].desc.dtype == OLSTM_DTYPE_UINT16) {
      inputs[i].desc.dtype = OLSTM_DTYPE_BFLOAT16;
    }
    status = check_declaration(&inputs[i], info, error);
  }
  free(names);
  free(order);
  return status;
}

/// Which inputs with initializers a data set gives: those that its files are named as, or
/// all, where files without names are as many as the declared inputs.
static void choose_given(const void* files, const olstm_model* model, bool* out_given) {
  const olstm__case_tensors* list = files;
  const size_t count = olstm_model_default_input_count(model);
  bool has_names = false;
  for (size_t f = 0; f < list->count; f++) {
    has_names = has_names || list->names[f][0] != '\0';
    for (size_t i = 0; i < count; i++) {
      out_given[i] =
          out_given[i] ||
          strcmp(list->names[f], olstm_model_get_default_input(model, i)->name) == 0;
    }
  }
  if (has_names || list->count != olstm_model_input_count(model) + count) return;
  for (size_t i = 0; i < count; i++) out_given[i] = true;
}

// ---------------------------------------------------------------- sessions

/// Whether the session takes just the inputs that the data set gives.
static bool is_open_for(const olstm_runtime* runtime, const olstm__case_tensors* files) {
  const olstm_session* session = runtime->job.session;
  if (!session || olstm_session_input_count(session) != files->count) return false;
  const size_t count = olstm_model_default_input_count(runtime->job.model);
  bool* given = calloc(count + 1, sizeof *given);
  bool is_same = given != NULL;
  if (is_same) choose_given(files, runtime->job.model, given);
  for (size_t i = 0; i < count && is_same; i++) {
    const char* name = olstm_model_get_default_input(runtime->job.model, i)->name;
    bool is_input = false;
    for (size_t k = 0; k < files->count && !is_input; k++) {
      is_input = strcmp(olstm_session_get_input(session, k)->name, name) == 0;
    }
    is_same = is_input == given[i];
  }
  free(given);
  return is_same;
}

static olstm_status open_for(olstm_runtime* runtime, const olstm__case_tensors* files,
                             olstm_error* error) {
  olstm__job_options options = runtime->options;
  if (is_open_for(runtime, files)) return OLSTM_STATUS_OK;
  olstm__job_deinit(&runtime->job);
  options.choose_given = choose_given;
  options.choose_data = files;
  return olstm__job_open(runtime->model, &options, NULL, &runtime->job, error);
}

/// Whether an operator behind the first `from` of the registry may be the node's.
static bool has_operator(const olstm_registry* registry, size_t from,
                         const olstm_node* node) {
  for (size_t i = from; i < olstm_registry_operator_count(registry); i++) {
    const olstm_operator* op = olstm_registry_get_operator(registry, i);
    if (strcmp(op->op_type, node->op_type) == 0 &&
        strcmp(op->domain, node->domain) == 0 && op->first_opset <= node->opset_version &&
        (op->last_opset == 0 || op->last_opset >= node->opset_version)) {
      return true;
    }
  }
  return false;
}

/// What olstm's own operators compute says nothing of a plugin.
static olstm_status expect_plugin_node(const olstm_runtime* runtime, olstm_error* error) {
  const olstm_session* session = runtime->job.session;
  const size_t count = olstm_session_node_count(session);
  for (size_t n = 0; n < count; n++) {
    if (has_operator(runtime->job.registry, runtime->own_operator_count,
                     olstm_session_get_node(session, n))) {
      return OLSTM_STATUS_OK;
    }
  }
  const olstm_node* first = count > 0 ? olstm_session_get_node(session, 0) : NULL;
  return olstm_fail(
      error, OLSTM_STATUS_UNSUPPORTED,
      "the plugin has no operator for any node (the first is %s of opset %d)",
      first ? first->op_type : "none", first ? (int)first->opset_version : 0);
}

// ---------------------------------------------------------------- the kinds

static olstm_status open_runtime(const olstm__tested_spec* spec, void** out_runtime,
                                 olstm__tested_info* out_info, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__job_check_plugins(spec->options, error));
  olstm_runtime* runtime = calloc(1, sizeof *runtime);
  if (!runtime) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a runtime");
  }
  runtime->options = *spec->options;
  (void)snprintf(out_info->name, sizeof out_info->name, "olstm");
  (void)snprintf(out_info->version, sizeof out_info->version, "%s", OLSTM_VERSION_TEXT);
  *out_runtime = runtime;
  return OLSTM_STATUS_OK;
}

static size_t count_own_operators(void) {
  olstm_registry* registry = NULL;
  if (olstm_registry_create(NULL, &registry, NULL) != OLSTM_STATUS_OK) return 0;
  const size_t count = olstm_registry_operator_count(registry);
  olstm_registry_destroy(registry);
  return count;
}

static olstm_status open_plugin(const olstm__tested_spec* spec, void** out_runtime,
                                olstm__tested_info* out_info, olstm_error* error) {
  olstm__job_options options = *spec->options;
  olstm__tested_spec changed = *spec;
  if (options.plugins.count == OLSTM__CLI_LIST_CAPACITY) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "too many plugins");
  }
  options.plugins.values[options.plugins.count++] = spec->target;
  // Fused nodes are olstm's own.
  options.fuse = false;
  changed.options = &options;
  OLSTM_RETURN_IF_ERROR(open_runtime(&changed, out_runtime, out_info, error));
  ((olstm_runtime*)*out_runtime)->own_operator_count = count_own_operators();
  (void)snprintf(out_info->name, sizeof out_info->name, "plugin %.140s",
                 olstm__file_name(spec->target));
  out_info->version[0] = '\0';
  return OLSTM_STATUS_OK;
}

static void close_runtime(void* self) {
  olstm_runtime* runtime = self;
  olstm__job_deinit(&runtime->job);
  free(runtime);
}

static olstm_status load(void* self, const char* model_path, olstm_error* error) {
  olstm_runtime* runtime = self;
  olstm__job_deinit(&runtime->job);
  runtime->model = model_path;
  OLSTM_RETURN_IF_ERROR(
      olstm__job_open(model_path, &runtime->options, NULL, &runtime->job, error));
  return runtime->own_operator_count > 0 ? expect_plugin_node(runtime, error)
                                         : OLSTM_STATUS_OK;
}

static olstm_status copy_outputs(const olstm_session* session,
                                 const olstm_tensor* tensors,
                                 olstm__case_tensors* outputs, olstm_error* error) {
  for (size_t i = 0; i < outputs->count; i++) {
    (void)snprintf(outputs->names[i], OLSTM_ERROR_CAPACITY, "%s",
                   olstm_session_get_output(session, i)->name);
    OLSTM_RETURN_IF_ERROR(
        olstm__case_tensor_copy(&tensors[i], &outputs->tensors[i], error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run(void* self, const olstm__case_tensors* files,
                        olstm__case_tensors* outputs, olstm_error* error) {
  olstm_runtime* runtime = self;
  OLSTM_RETURN_IF_ERROR(open_for(runtime, files, error));
  const olstm_session* session = runtime->job.session;
  const size_t count = olstm_session_input_count(session);
  if (files->count != count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model takes %zu inputs, the data set has %zu", count,
                      files->count);
  }
  const size_t output_count = olstm_session_output_count(session);
  OLSTM_RETURN_IF_ERROR(olstm__case_tensors_allocate(output_count, outputs, error));
  // Borrowed on both sides.
  olstm_tensor* tensors = calloc(count + output_count + 1, sizeof *tensors);
  if (!tensors) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  olstm_tensor* results = tensors + count;
  olstm_status status = arrange_inputs(session, files, tensors, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_run(runtime->job.context, tensors, count, results,
                               output_count, error);
  }
  if (status == OLSTM_STATUS_OK) status = copy_outputs(session, results, outputs, error);
  free(tensors);
  return status;
}

static bool draws(void* self, olstm_error* out_reason) {
  const olstm_runtime* runtime = self;
  return olstm__case_draws(runtime->model, runtime->job.registry, out_reason);
}

const olstm__tested_kind olstm__tested_olstm = {"olstm", open_runtime, close_runtime,
                                                load,    run,          draws};
const olstm__tested_kind olstm__tested_plugin = {"plugin:", open_plugin, close_runtime,
                                                 load,      run,         draws};
