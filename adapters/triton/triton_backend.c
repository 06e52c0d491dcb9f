// What Triton calls. Everything else is behind these functions.
#include "olstm/export.h"
#include "triton_error.h"
#include "triton_instance.h"

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_Initialize(TRITONBACKEND_Backend* backend) {
  olstm_error error = {""};
  uint32_t major = 0;
  uint32_t minor = 0;
  (void)backend;
  olstm_status status = olstm__triton_check(TRITONBACKEND_ApiVersion(&major, &minor),
                                            "version of the backend API", &error);
  if (status == OLSTM_STATUS_OK &&
      (major != OLSTM__TRITON_API_MAJOR || minor < OLSTM__TRITON_API_MINOR ||
       !olstm__triton_find_newer().request_flags)) {
    status = olstm_fail(&error, OLSTM_STATUS_UNSUPPORTED,
                        "the server's backend API is %u.%u: this backend needs %d.%d or "
                        "a later minor version",
                        (unsigned)major, (unsigned)minor, OLSTM__TRITON_API_MAJOR,
                        OLSTM__TRITON_API_MINOR);
  }
  return olstm__triton_error(status, &error);
}

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_GetBackendAttribute(
    TRITONBACKEND_Backend* backend, TRITONBACKEND_BackendAttribute* attribute) {
  olstm_error error = {""};
  (void)backend;
  const olstm__triton_newer newer = olstm__triton_find_newer();
  olstm_status status =
      olstm__triton_check(TRITONBACKEND_BackendAttributeAddPreferredInstanceGroup(
                              attribute, OLSTM__TRITON_KIND_CPU, 0, NULL, 0),
                          "preferred instance group", &error);
  if (status == OLSTM_STATUS_OK && newer.parallel_loading) {
    status = olstm__triton_check(newer.parallel_loading(attribute, true),
                                 "parallel loading", &error);
  }
  return olstm__triton_error(status, &error);
}

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model* model) {
  olstm_error error = {""};
  olstm__triton_model* ours = NULL;
  olstm_status status = olstm__triton_model_create(model, &ours, &error);
  if (status == OLSTM_STATUS_OK) {
    status =
        olstm__triton_check(TRITONBACKEND_ModelSetState(model, ours), "model", &error);
    if (status != OLSTM_STATUS_OK) olstm__triton_model_destroy(ours);
  }
  return olstm__triton_error(status, &error);
}

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model* model) {
  void* ours = NULL;
  TRITONSERVER_Error* failed = TRITONBACKEND_ModelState(model, &ours);
  if (failed) return failed;
  olstm__triton_model_destroy(ours);
  return NULL;
}

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_ModelInstanceInitialize(
    TRITONBACKEND_ModelInstance* instance) {
  olstm_error error = {""};
  olstm__triton_instance* ours = NULL;
  TRITONBACKEND_Model* model = NULL;
  void* state = NULL;
  TRITONSERVER_Error* failed = TRITONBACKEND_ModelInstanceModel(instance, &model);
  if (!failed) failed = TRITONBACKEND_ModelState(model, &state);
  if (failed) return failed;
  olstm_status status = olstm__triton_instance_create(instance, state, &ours, &error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__triton_check(TRITONBACKEND_ModelInstanceSetState(instance, ours),
                                 "instance", &error);
    if (status != OLSTM_STATUS_OK) olstm__triton_instance_destroy(ours);
  }
  return olstm__triton_error(status, &error);
}

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_ModelInstanceFinalize(
    TRITONBACKEND_ModelInstance* instance) {
  void* ours = NULL;
  TRITONSERVER_Error* failed = TRITONBACKEND_ModelInstanceState(instance, &ours);
  if (failed) return failed;
  olstm__triton_instance_destroy(ours);
  return NULL;
}

OLSTM_API TRITONSERVER_Error* TRITONBACKEND_ModelInstanceExecute(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request** requests,
    uint32_t request_count) {
  olstm_error error = {""};
  void* ours = NULL;
  TRITONSERVER_Error* failed = TRITONBACKEND_ModelInstanceState(instance, &ours);
  if (failed) return failed;
  return olstm__triton_error(
      olstm__triton_instance_execute(ours, requests, request_count, &error), &error);
}
