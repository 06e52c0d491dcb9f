#include "runtime/convert/model_convert.h"

#include <inttypes.h>

#include "onnx_proto/encode_file.h"

/// Loads the file as running it would: so what cannot be run is refused alike.
static olstm_status check_source(const char* path, const olstm_model_options* options,
                                 olstm_error* error) {
  olstm_model* model = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_model_load_file(path, options, &model, error));
  olstm_model_destroy(model);
  return OLSTM_STATUS_OK;
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
  olstm__encode_model model;
  olstm_model_options_init(&load);
  load.allocator = options->allocator;
  load.external_data_folder = options->external_data_folder;
  OLSTM_RETURN_IF_ERROR(check_source(from, &load, error));
  olstm_status status = olstm__encode_model_open(from, &load, &model, error);
  if (status == OLSTM_STATUS_OK) {
    status = write_model(&model, to, options, report, error);
  }
  olstm__encode_model_close(&model);
  return status == OLSTM_STATUS_OK ? olstm__convert_report_check(report, error) : status;
}
