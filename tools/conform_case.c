// See conform_case.h.
#include "tools/conform_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/file_bytes.h"
#include "tools/tensor_file.h"
#include "tools/tensor_print.h"

enum { kMaxFiles = 4096 };

/// Tensors of one kind ("input" or "output") of a data set, in the files' order.
typedef struct tensor_list {
  size_t count;
  olstm_tensor* tensors;
  char (*names)[OLSTM_ERROR_CAPACITY];
} tensor_list;

static void deinit_list(tensor_list* list) {
  for (size_t i = 0; i < list->count; i++) olstm_tensor_deinit(&list->tensors[i], NULL);
  free(list->tensors);
  free(list->names);
  *list = (tensor_list){0, NULL, NULL};
}

static olstm_status data_path(const char* folder, const char* kind, size_t index,
                              char out_path[OLSTM__PATH_CAPACITY], olstm_error* error) {
  char name[64];
  (void)snprintf(name, sizeof name, "%s_%zu.pb", kind, index);
  return olstm__path_join(folder, name, out_path, error);
}

/// Reads KIND_0.pb, KIND_1.pb, ... as far as they go.
static olstm_status read_list(const char* folder, const char* kind, tensor_list* list,
                              olstm_error* error) {
  char path[OLSTM__PATH_CAPACITY];
  size_t count = 0;
  for (; count < kMaxFiles; count++) {
    OLSTM_RETURN_IF_ERROR(data_path(folder, kind, count, path, error));
    if (!olstm__path_exists(path)) break;
  }
  list->tensors = calloc(count + 1, sizeof *list->tensors);
  list->names = calloc(count + 1, sizeof *list->names);
  if (!list->tensors || !list->names) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  for (; list->count < count; list->count++) {
    OLSTM_RETURN_IF_ERROR(data_path(folder, kind, list->count, path, error));
    OLSTM_RETURN_IF_ERROR(olstm__tensor_file_read(path, NULL, &list->tensors[list->count],
                                                  list->names[list->count], error));
  }
  return OLSTM_STATUS_OK;
}

/// Finds the file of each input: by name where the files' names are just the inputs', by
/// position otherwise. order[i] is the file of input i.
static bool order_by_name(const olstm_session* session, const tensor_list* files,
                          size_t* order) {
  for (size_t i = 0; i < files->count; i++) {
    size_t matches = 0;
    for (size_t f = 0; f < files->count; f++) {
      if (strcmp(files->names[f], olstm_session_get_input(session, i)->name) == 0) {
        order[i] = f;
        matches++;
      }
    }
    if (matches != 1) return false;
  }
  return true;
}

/// NumPy has no bfloat16: the suite keeps its bits in uint16 tensors.
static void take_for_bfloat16(olstm_tensor* tensor, const olstm_value_info* info) {
  if (info->dtype == OLSTM_DTYPE_BFLOAT16 && tensor->desc.dtype == OLSTM_DTYPE_UINT16) {
    tensor->desc.dtype = OLSTM_DTYPE_BFLOAT16;
  }
}

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

static olstm_status arrange_inputs(const olstm_session* session, const tensor_list* files,
                                   olstm_tensor* inputs, size_t* order,
                                   olstm_error* error) {
  const size_t count = olstm_session_input_count(session);
  if (files->count != count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model takes %zu inputs, the data set has %zu", count,
                      files->count);
  }
  if (!order_by_name(session, files, order)) {
    for (size_t i = 0; i < count; i++) order[i] = i;
  }
  for (size_t i = 0; i < count; i++) {
    inputs[i] = files->tensors[order[i]];
    take_for_bfloat16(&inputs[i], olstm_session_get_input(session, i));
    OLSTM_RETURN_IF_ERROR(
        check_declaration(&inputs[i], olstm_session_get_input(session, i), error));
  }
  return OLSTM_STATUS_OK;
}

/// OK with a message in `error`: results differ.
static olstm_status compare_outputs(const olstm_session* session,
                                    const olstm_tensor* outputs, tensor_list* expected,
                                    const olstm__tolerance* tolerance,
                                    olstm__case_result* result, bool* out_same,
                                    olstm_error* error) {
  olstm_error reason;
  const size_t count = olstm_session_output_count(session);
  *out_same = false;
  if (expected->count == 0 || expected->count > count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model has %zu outputs, the data set %zu", count,
                      expected->count);
  }
  for (size_t i = 0; i < expected->count; i++) {
    take_for_bfloat16(&expected->tensors[i], olstm_session_get_output(session, i));
    olstm__match_errors_add(&outputs[i], &expected->tensors[i], &result->errors);
    if (!olstm__tensor_match(&outputs[i], &expected->tensors[i], tolerance, &reason)) {
      (void)olstm_fail(error, OLSTM_STATUS_OK, "output '%s': %s",
                       olstm_session_get_output(session, i)->name, reason.message);
      return OLSTM_STATUS_OK;
    }
  }
  result->data_sets++;
  *out_same = true;
  return OLSTM_STATUS_OK;
}

/// Which inputs with initializers a data set gives: those that its files are named as, or
/// all, where files without names are as many as the declared inputs.
static void choose_given(const void* files, const olstm_model* model, bool* out_given) {
  const tensor_list* list = files;
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

/// Everything that a data set owns, freed in one place.
typedef struct data_set {
  tensor_list inputs;
  tensor_list expected;
  olstm_tensor* arranged;
  size_t* order;
  olstm_tensor* outputs;
} data_set;

static void deinit_data_set(data_set* data) {
  deinit_list(&data->inputs);
  deinit_list(&data->expected);
  free(data->arranged);
  free(data->order);
  free(data->outputs);
}

/// A case while its data sets run, one after the other.
typedef struct open_case {
  const char* model;
  const olstm__job_options* options;
  const olstm__tolerance* tolerance;
  olstm__case_result* result;
  /// Opened anew where a data set gives other inputs.
  olstm__job job;
} open_case;

/// Whether the case's session takes just the inputs that the data set gives.
static bool is_open_for(const open_case* test, const tensor_list* files) {
  const olstm_session* session = test->job.session;
  if (!session || olstm_session_input_count(session) != files->count) return false;
  const size_t count = olstm_model_default_input_count(test->job.model);
  bool* given = calloc(count + 1, sizeof *given);
  bool is_same = given != NULL;
  if (is_same) choose_given(files, test->job.model, given);
  for (size_t i = 0; i < count && is_same; i++) {
    const char* name = olstm_model_get_default_input(test->job.model, i)->name;
    bool is_input = false;
    for (size_t k = 0; k < files->count && !is_input; k++) {
      is_input = strcmp(olstm_session_get_input(session, k)->name, name) == 0;
    }
    is_same = is_input == given[i];
  }
  free(given);
  return is_same;
}

/// files: NULL for the inputs without initializers.
static olstm_status open_for(open_case* test, const tensor_list* files,
                             olstm_error* error) {
  olstm__job_options options = *test->options;
  if (!files) {
    return olstm__job_open(test->model, &options, NULL, &test->job, error);
  }
  if (is_open_for(test, files)) return OLSTM_STATUS_OK;
  olstm__job_deinit(&test->job);
  options.choose_given = choose_given;
  options.choose_data = files;
  return olstm__job_open(test->model, &options, NULL, &test->job, error);
}

static olstm_status run_data_set(open_case* test, const char* folder, data_set* data,
                                 bool* out_same, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(read_list(folder, "input", &data->inputs, error));
  OLSTM_RETURN_IF_ERROR(read_list(folder, "output", &data->expected, error));
  OLSTM_RETURN_IF_ERROR(open_for(test, &data->inputs, error));
  const olstm_session* session = test->job.session;
  const size_t input_count = olstm_session_input_count(session);
  const size_t output_count = olstm_session_output_count(session);
  data->arranged = calloc(input_count + 1, sizeof *data->arranged);
  data->order = calloc(input_count + 1, sizeof *data->order);
  data->outputs = calloc(output_count + 1, sizeof *data->outputs);
  if (!data->arranged || !data->order || !data->outputs) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for test data");
  }
  OLSTM_RETURN_IF_ERROR(
      arrange_inputs(session, &data->inputs, data->arranged, data->order, error));
  OLSTM_RETURN_IF_ERROR(olstm_context_run(test->job.context, data->arranged, input_count,
                                          data->outputs, output_count, error));
  return compare_outputs(session, data->outputs, &data->expected, test->tolerance,
                         test->result, out_same, error);
}

static olstm_status run_data_sets(open_case* test, const char* folder, bool* out_same,
                                  olstm_error* error) {
  for (size_t k = 0; k < kMaxFiles; k++) {
    char name[64];
    char path[OLSTM__PATH_CAPACITY];
    data_set data = {0};
    (void)snprintf(name, sizeof name, "test_data_set_%zu", k);
    OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, name, path, error));
    if (!olstm__path_exists(path)) {
      if (k > 0) return OLSTM_STATUS_OK;
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no test_data_set_0");
    }
    const olstm_status status = run_data_set(test, path, &data, out_same, error);
    deinit_data_set(&data);
    if (status != OLSTM_STATUS_OK || !*out_same) return status;
  }
  return OLSTM_STATUS_OK;
}

static bool is_random(const olstm_registry* registry, const olstm_node* node) {
  for (size_t i = 0; i < olstm_registry_operator_count(registry); i++) {
    const olstm_operator* op = olstm_registry_get_operator(registry, i);
    if ((op->flags & OLSTM_OPERATOR_RANDOM) && strcmp(op->op_type, node->op_type) == 0 &&
        strcmp(op->domain, node->domain) == 0) {
      return true;
    }
  }
  return false;
}

/// Whether a node draws random numbers, so that no answer is the right one; says which.
static bool has_random_node(const olstm__job* job, olstm_error* out_reason) {
  olstm_registry* own = NULL;
  const olstm_registry* registry = job->registry;
  bool found = false;
  if (!job->session) return false;
  if (!registry && olstm_registry_create(NULL, &own, NULL) != OLSTM_STATUS_OK) {
    return false;
  }
  if (!registry) registry = own;
  for (size_t n = 0; !found && n < olstm_session_node_count(job->session); n++) {
    const olstm_node* node = olstm_session_get_node(job->session, n);
    found = is_random(registry, node);
    if (found) {
      (void)olstm_fail(out_reason, OLSTM_STATUS_OK,
                       "%s '%s' draws random numbers: there is no answer to compare with",
                       node->op_type, node->name);
    }
  }
  olstm_registry_destroy(own);
  return found;
}

static olstm__verdict run_case(const char* folder, const olstm__job_options* options,
                               const olstm__tolerance* tolerance,
                               olstm__case_result* result) {
  char path[OLSTM__PATH_CAPACITY];
  olstm_error* reason = &result->reason;
  open_case test = {
      .model = path, .options = options, .tolerance = tolerance, .result = result};
  bool is_same = false;
  olstm_status status = olstm__path_join(folder, "model.onnx", path, reason);
  if (status == OLSTM_STATUS_OK && !olstm__path_exists(path)) {
    status = olstm_fail(reason, OLSTM_STATUS_NOT_FOUND, "no model.onnx");
  }
  // Before any data: what the runtime does not have comes first.
  if (status == OLSTM_STATUS_OK) status = open_for(&test, NULL, reason);
  if (status == OLSTM_STATUS_OK) {
    status = run_data_sets(&test, folder, &is_same, reason);
  }
  const bool draws =
      status == OLSTM_STATUS_OK && !is_same && has_random_node(&test.job, reason);
  olstm__job_deinit(&test.job);
  if (draws || status == OLSTM_STATUS_UNSUPPORTED) return OLSTM__VERDICT_SKIP;
  if (status != OLSTM_STATUS_OK || !is_same) return OLSTM__VERDICT_FAIL;
  // A successful call leaves the error buffer undefined.
  reason->message[0] = '\0';
  return OLSTM__VERDICT_PASS;
}

static double now_seconds(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void olstm__conform_case_run(const char* folder, const olstm__job_options* options,
                             const olstm__tolerance* tolerance,
                             olstm__case_result* out_result) {
  const double start = now_seconds();
  *out_result = (olstm__case_result){.verdict = OLSTM__VERDICT_FAIL};
  out_result->verdict = run_case(folder, options, tolerance, out_result);
  out_result->seconds = now_seconds() - start;
}
