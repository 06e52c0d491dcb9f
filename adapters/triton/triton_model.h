// One loaded model: its session, its traits and its configuration. Immutable once it is
// created; its instances share it.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_MODEL_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_MODEL_H_

#include "triton_api.h"
#include "triton_config.h"
#include "triton_newer.h"
#include "triton_traits.h"

typedef struct olstm__triton_model {
  olstm_session* session;
  olstm__triton_traits traits;
  olstm__triton_config config;
  /// What `config` borrows from.
  cJSON* json;
  olstm__triton_newer newer;
} olstm__triton_model;

/// Loads REPOSITORY/VERSION/model.onnx (or the configuration's default_model_filename),
/// completes the configuration where the server lets it, and checks it.
/// Memory: olstm__triton_model_destroy, which takes NULL.
olstm_status olstm__triton_model_create(TRITONBACKEND_Model* server_model,
                                        olstm__triton_model** out_model,
                                        olstm_error* error);
void olstm__triton_model_destroy(olstm__triton_model* model);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_MODEL_H_
