// See conform_case.h.
#include "tools/conform/conform_case.h"

#include <stdio.h>

#include "system/clock.h"
#include "tools/conform/random_case.h"
#include "tools/file_bytes.h"

/// A case while its data sets run, one after the other.
typedef struct running_case {
  const olstm__open_runtime* runtime;
  const olstm__tolerance* tolerance;
  olstm__case_result* result;
} running_case;

/// NumPy has no bfloat16: the suite keeps its bits in uint16 tensors.
static void take_for_bfloat16(olstm_tensor* expected, const olstm_tensor* actual) {
  if (actual->desc.dtype == OLSTM_DTYPE_BFLOAT16 &&
      expected->desc.dtype == OLSTM_DTYPE_UINT16) {
    expected->desc.dtype = OLSTM_DTYPE_BFLOAT16;
  }
}

/// OK with *out_same false and a message in `error`: results differ.
static olstm_status compare_outputs(const running_case* test,
                                    const olstm__case_tensors* outputs,
                                    olstm__case_tensors* expected, bool* out_same,
                                    olstm_error* error) {
  olstm_error reason;
  *out_same = false;
  if (expected->count == 0 || expected->count > outputs->count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model has %zu outputs, the data set %zu", outputs->count,
                      expected->count);
  }
  for (size_t i = 0; i < expected->count; i++) {
    const olstm_tensor* actual = &outputs->tensors[i];
    olstm_tensor* wanted = &expected->tensors[i];
    take_for_bfloat16(wanted, actual);
    olstm__match_errors_add(actual, wanted, &test->result->errors);
    if (!olstm__tensor_match(actual, wanted, test->tolerance, &reason)) {
      (void)olstm_fail(error, OLSTM_STATUS_OK, "output '%s': %s", outputs->names[i],
                       reason.message);
      return OLSTM_STATUS_OK;
    }
  }
  test->result->data_sets++;
  *out_same = true;
  return OLSTM_STATUS_OK;
}

/// The tensors of one data set, freed in one place.
typedef struct data_set {
  olstm__case_tensors inputs, expected, outputs;
} data_set;

static olstm_status run_data_set(const running_case* test, const char* folder,
                                 data_set* data, bool* out_same, olstm_error* error) {
  const olstm__open_runtime* runtime = test->runtime;
  OLSTM_RETURN_IF_ERROR(olstm__case_tensors_read(folder, "input", &data->inputs, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__case_tensors_read(folder, "output", &data->expected, error));
  OLSTM_RETURN_IF_ERROR(
      runtime->kind->run(runtime->self, &data->inputs, &data->outputs, error));
  return compare_outputs(test, &data->outputs, &data->expected, out_same, error);
}

static olstm_status run_data_sets(const running_case* test, const char* folder,
                                  bool* out_same, olstm_error* error) {
  for (size_t k = 0; k < OLSTM__CASE_MAX_FILES; k++) {
    char name[64];
    char path[OLSTM__PATH_CAPACITY];
    data_set data = {{0, NULL, NULL}, {0, NULL, NULL}, {0, NULL, NULL}};
    (void)snprintf(name, sizeof name, "test_data_set_%zu", k);
    OLSTM_RETURN_IF_ERROR(olstm__path_join(folder, name, path, error));
    if (!olstm__path_exists(path)) {
      if (k > 0) return OLSTM_STATUS_OK;
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no test_data_set_0");
    }
    const olstm_status status = run_data_set(test, path, &data, out_same, error);
    olstm__case_tensors_deinit(&data.inputs);
    olstm__case_tensors_deinit(&data.expected);
    olstm__case_tensors_deinit(&data.outputs);
    if (status != OLSTM_STATUS_OK || !*out_same) return status;
  }
  return OLSTM_STATUS_OK;
}

static olstm__verdict run_case(const char* folder, const running_case* test) {
  const olstm__open_runtime* runtime = test->runtime;
  char path[OLSTM__PATH_CAPACITY];
  olstm_error* reason = &test->result->reason;
  bool is_same = false;
  olstm_status status = olstm__path_join(folder, "model.onnx", path, reason);
  if (status == OLSTM_STATUS_OK && !olstm__path_exists(path)) {
    status = olstm_fail(reason, OLSTM_STATUS_NOT_FOUND, "no model.onnx");
  }
  // Before any data: what the runtime does not have comes first.
  if (status == OLSTM_STATUS_OK) {
    status = runtime->kind->load(runtime->self, path, reason);
  }
  if (status == OLSTM_STATUS_OK) status = run_data_sets(test, folder, &is_same, reason);
  if (status == OLSTM_STATUS_UNSUPPORTED) return OLSTM__VERDICT_REFUSED;
  if (status != OLSTM_STATUS_OK) return OLSTM__VERDICT_ERROR;
  if (!is_same) {
    const bool draws = runtime->kind->draws ? runtime->kind->draws(runtime->self, reason)
                                            : olstm__case_draws(path, NULL, reason);
    return draws ? OLSTM__VERDICT_OPEN : OLSTM__VERDICT_WRONG;
  }
  // A successful call leaves the error buffer undefined.
  reason->message[0] = '\0';
  return OLSTM__VERDICT_PASS;
}

static double now_seconds(void) {
  return (double)olstm__clock_ns() * 1e-9;
}

void olstm__conform_case_run(const char* folder, const olstm__open_runtime* runtime,
                             const olstm__tolerance* tolerance,
                             olstm__case_result* out_result) {
  const double start = now_seconds();
  const running_case test = {runtime, tolerance, out_result};
  *out_result = (olstm__case_result){.verdict = OLSTM__VERDICT_ERROR};
  out_result->verdict = run_case(folder, &test);
  out_result->seconds = now_seconds() - start;
}
