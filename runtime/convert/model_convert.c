#include "runtime/convert/model_convert.h"

#include <inttypes.h>

#include "onnx_proto/encode_file.h"
#include "runtime/convert/batch_convert.h"
#include "runtime/convert/constant_convert.h"
#include "runtime/convert/layer_convert.h"
#include "runtime/convert/scratch_graph.h"
#include "runtime/convert/state_convert.h"

const char olstm__convert_data_suffix[] = OLSTM__ENCODE_DATA_SUFFIX;

/// Loads the file as running it would, nodes included: what is invalid must not become
/// valid. What olstm cannot run, other runtimes may.
static olstm_status check_source(const char* path, const olstm_model_options* options,
                                 const olstm_session_options* session_options,
                                 olstm_error* error) {
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_model_load_file(path, options, &model, error));
  const olstm_status status =
      olstm_session_create(model, NULL, session_options, &session, error);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return status == OLSTM_STATUS_UNSUPPORTED || status == OLSTM_STATUS_LIMIT_EXCEEDED
             ? OLSTM_STATUS_OK
             : status;
}

/// Loads what was made, so that no file is written that does not load.
static olstm_status check_result(olstm__encode_model* model, olstm_error* error) {
  olstm_session_options session;
  olstm__scratch_graph scratch;
  olstm_session_options_init(&session);
  session.allocator = &model->allocator;
  const olstm_status status = olstm__scratch_graph_open(model, &session, &scratch, error);
  olstm__scratch_graph_close(&scratch);
  return status;
}

static olstm_status change_states(olstm__encode_model* model,
                                  const olstm__convert_options* options,
                                  olstm__convert_report* report, olstm_error* error) {
  olstm__state_names names = olstm__state_names_default();
  if (options->state_names) {
    OLSTM_RETURN_IF_ERROR(
        olstm__state_names_parse(options->state_names, &model->memory, &names, error));
  }
  if (options->states == OLSTM__CONVERT_STATES_IO) {
    return olstm__state_io_convert(model, &names, report, error);
  }
  return options->states == OLSTM__CONVERT_STATES_NONE
             ? olstm__stateless_convert(model, &names, report, error)
             : OLSTM_STATUS_OK;
}

static olstm_status change(olstm__encode_model* model,
                           const olstm__convert_options* options,
                           const olstm_session_options* session,
                           olstm__convert_report* report, olstm_error* error) {
  if (!options->keeps_loops) {
    OLSTM_RETURN_IF_ERROR(olstm__layers_convert(model, session, report, error));
  }
  const bool adds_states = options->states == OLSTM__CONVERT_STATES_IO;
  // Frozen states have the batch in them, and are gone then.
  OLSTM_RETURN_IF_ERROR(change_states(model, options, report, error));
  if (options->opens_batch || adds_states) {
    OLSTM_RETURN_IF_ERROR(
        olstm__batch_convert(model, OLSTM__OPENED_BATCH, report, error));
  }
  // Pieces of a sequence are shorter than it is.
  if (adds_states) {
    OLSTM_RETURN_IF_ERROR(olstm__batch_convert(model, OLSTM__OPENED_TIME, report, error));
  }
  return options->keeps_constants
             ? OLSTM_STATUS_OK
             : olstm__constants_convert(model, session, report, error);
}

static olstm_status write_model(olstm__encode_model* model, const char* to,
                                const olstm__convert_options* options,
                                olstm__convert_report* report, olstm_error* error) {
  olstm__encode_written written;
  OLSTM_RETURN_IF_ERROR(
      olstm__encode_file_write(model, to, options->external_data_bytes, &written, error));
  if (written.external_count > 0) {
    olstm__convert_changed(report, "file", "",
                           "%zu tensors, %" PRIu64 " bytes, in external data",
                           written.external_count, written.data_bytes);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__convert_file(const char* from, const char* to,
                                 const olstm__convert_options* options,
                                 olstm__convert_report* report, olstm_error* error) {
  olstm_model_options load;
  olstm_session_options session;
  olstm__encode_model model;
  olstm_model_options_init(&load);
  load.allocator = options->allocator;
  load.external_data_folder = options->external_data_folder;
  olstm_session_options_init(&session);
  session.allocator = options->allocator;
  session.max_memory = options->max_memory;
  session.max_work = options->max_work;
  olstm_status status = check_source(from, &load, &session, error);
  if (status == OLSTM_STATUS_LIMIT_EXCEEDED && options->max_memory > 0) {
    load.max_memory = options->max_memory;
    status = check_source(from, &load, &session, error);
  }
  OLSTM_RETURN_IF_ERROR(status);
  status = olstm__encode_model_open(from, &load, &model, error);
  if (status == OLSTM_STATUS_OK)
    status = change(&model, options, &session, report, error);
  if (status == OLSTM_STATUS_OK) status = check_result(&model, error);
  if (status == OLSTM_STATUS_OK) {
    status = write_model(&model, to, options, report, error);
  }
  olstm__encode_model_close(&model);
  return status == OLSTM_STATUS_OK ? olstm__convert_report_check(report, error) : status;
}
