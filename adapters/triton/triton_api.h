// The part of Triton's backend API that this backend uses, as facts: names, numbers and
// prototypes. Triton's own headers are not needed, and are not C; a build that has them
// (-DTRITON_INCLUDE_DIR) checks this file against them (check_triton_api.c). Enums are
// written as uint32_t, which is what they are passed as.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_API_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_API_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TRITONSERVER_Error TRITONSERVER_Error;
typedef struct TRITONSERVER_Message TRITONSERVER_Message;
typedef struct TRITONBACKEND_Backend TRITONBACKEND_Backend;
typedef struct TRITONBACKEND_BackendAttribute TRITONBACKEND_BackendAttribute;
typedef struct TRITONBACKEND_Input TRITONBACKEND_Input;
typedef struct TRITONBACKEND_Model TRITONBACKEND_Model;
typedef struct TRITONBACKEND_ModelInstance TRITONBACKEND_ModelInstance;
typedef struct TRITONBACKEND_Output TRITONBACKEND_Output;
typedef struct TRITONBACKEND_Request TRITONBACKEND_Request;
typedef struct TRITONBACKEND_Response TRITONBACKEND_Response;
typedef struct TRITONBACKEND_State TRITONBACKEND_State;

/// The oldest version of the API that has all that is used but the functions of
/// triton_newer.h.
enum { OLSTM__TRITON_API_MAJOR = 1, OLSTM__TRITON_API_MINOR = 8 };

/// TRITONSERVER_DataType.
enum {
  OLSTM__TRITON_TYPE_INVALID = 0,
  OLSTM__TRITON_TYPE_BOOL = 1,
  OLSTM__TRITON_TYPE_UINT8 = 2,
  OLSTM__TRITON_TYPE_UINT16 = 3,
  OLSTM__TRITON_TYPE_UINT32 = 4,
  OLSTM__TRITON_TYPE_UINT64 = 5,
  OLSTM__TRITON_TYPE_INT8 = 6,
  OLSTM__TRITON_TYPE_INT16 = 7,
  OLSTM__TRITON_TYPE_INT32 = 8,
  OLSTM__TRITON_TYPE_INT64 = 9,
  OLSTM__TRITON_TYPE_FP16 = 10,
  OLSTM__TRITON_TYPE_FP32 = 11,
  OLSTM__TRITON_TYPE_FP64 = 12,
  OLSTM__TRITON_TYPE_BYTES = 13,
  OLSTM__TRITON_TYPE_BF16 = 14
};

/// TRITONSERVER_MemoryType.
enum {
  OLSTM__TRITON_MEMORY_CPU = 0,
  OLSTM__TRITON_MEMORY_CPU_PINNED = 1,
  OLSTM__TRITON_MEMORY_GPU = 2
};

/// TRITONSERVER_InstanceGroupKind.
enum {
  OLSTM__TRITON_KIND_AUTO = 0,
  OLSTM__TRITON_KIND_CPU = 1,
  OLSTM__TRITON_KIND_GPU = 2,
  OLSTM__TRITON_KIND_MODEL = 3
};

/// TRITONSERVER_Error_Code.
enum {
  OLSTM__TRITON_ERROR_UNKNOWN = 0,
  OLSTM__TRITON_ERROR_INTERNAL = 1,
  OLSTM__TRITON_ERROR_NOT_FOUND = 2,
  OLSTM__TRITON_ERROR_INVALID_ARG = 3,
  OLSTM__TRITON_ERROR_UNAVAILABLE = 4,
  OLSTM__TRITON_ERROR_UNSUPPORTED = 5
};

/// Flags of requests, of their release and of responses; TRITONSERVER_LogLevel; and
/// TRITONBACKEND_ArtifactType.
enum {
  OLSTM__TRITON_SEQUENCE_START = 1,
  OLSTM__TRITON_SEQUENCE_END = 2,
  OLSTM__TRITON_RELEASE_ALL = 1,
  OLSTM__TRITON_RESPONSE_FINAL = 1,
  OLSTM__TRITON_LOG_INFO = 0,
  OLSTM__TRITON_LOG_ERROR = 2,
  OLSTM__TRITON_ARTIFACT_FILESYSTEM = 0
};

// ---------------------------------------------------------------- given by the server

TRITONSERVER_Error* TRITONSERVER_ErrorNew(uint32_t code, const char* message);
void TRITONSERVER_ErrorDelete(TRITONSERVER_Error* error);
const char* TRITONSERVER_ErrorMessage(TRITONSERVER_Error* error);
const char* TRITONSERVER_InstanceGroupKindString(uint32_t kind);
TRITONSERVER_Error* TRITONSERVER_LogMessage(uint32_t level, const char* file, int line,
                                            const char* message);
TRITONSERVER_Error* TRITONSERVER_MessageNewFromSerializedJson(
    TRITONSERVER_Message** message, const char* base, size_t byte_size);
TRITONSERVER_Error* TRITONSERVER_MessageSerializeToJson(TRITONSERVER_Message* message,
                                                        const char** base,
                                                        size_t* byte_size);
TRITONSERVER_Error* TRITONSERVER_MessageDelete(TRITONSERVER_Message* message);

TRITONSERVER_Error* TRITONBACKEND_ApiVersion(uint32_t* major, uint32_t* minor);
TRITONSERVER_Error* TRITONBACKEND_BackendAttributeAddPreferredInstanceGroup(
    TRITONBACKEND_BackendAttribute* attribute, uint32_t kind, uint64_t count,
    const uint64_t* device_ids, uint64_t id_count);

TRITONSERVER_Error* TRITONBACKEND_ModelName(TRITONBACKEND_Model* model,
                                            const char** name);
TRITONSERVER_Error* TRITONBACKEND_ModelVersion(TRITONBACKEND_Model* model,
                                               uint64_t* version);
TRITONSERVER_Error* TRITONBACKEND_ModelRepository(TRITONBACKEND_Model* model,
                                                  uint32_t* artifact_type,
                                                  const char** location);
TRITONSERVER_Error* TRITONBACKEND_ModelConfig(TRITONBACKEND_Model* model,
                                              uint32_t config_version,
                                              TRITONSERVER_Message** config);
TRITONSERVER_Error* TRITONBACKEND_ModelAutoCompleteConfig(TRITONBACKEND_Model* model,
                                                          bool* auto_complete);
TRITONSERVER_Error* TRITONBACKEND_ModelSetConfig(TRITONBACKEND_Model* model,
                                                 uint32_t config_version,
                                                 TRITONSERVER_Message* config);
TRITONSERVER_Error* TRITONBACKEND_ModelState(TRITONBACKEND_Model* model, void** state);
TRITONSERVER_Error* TRITONBACKEND_ModelSetState(TRITONBACKEND_Model* model, void* state);

TRITONSERVER_Error* TRITONBACKEND_ModelInstanceKind(TRITONBACKEND_ModelInstance* instance,
                                                    uint32_t* kind);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceModel(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Model** model);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceState(
    TRITONBACKEND_ModelInstance* instance, void** state);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceSetState(
    TRITONBACKEND_ModelInstance* instance, void* state);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceReportStatistics(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request* request, bool success,
    uint64_t exec_start_ns, uint64_t compute_start_ns, uint64_t compute_end_ns,
    uint64_t exec_end_ns);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceReportBatchStatistics(
    TRITONBACKEND_ModelInstance* instance, uint64_t batch_size, uint64_t exec_start_ns,
    uint64_t compute_start_ns, uint64_t compute_end_ns, uint64_t exec_end_ns);

TRITONSERVER_Error* TRITONBACKEND_RequestCorrelationId(TRITONBACKEND_Request* request,
                                                       uint64_t* id);
TRITONSERVER_Error* TRITONBACKEND_RequestInput(TRITONBACKEND_Request* request,
                                               const char* name,
                                               TRITONBACKEND_Input** input);
TRITONSERVER_Error* TRITONBACKEND_RequestOutputCount(TRITONBACKEND_Request* request,
                                                     uint32_t* count);
TRITONSERVER_Error* TRITONBACKEND_RequestOutputName(TRITONBACKEND_Request* request,
                                                    uint32_t index, const char** name);
TRITONSERVER_Error* TRITONBACKEND_RequestRelease(TRITONBACKEND_Request* request,
                                                 uint32_t release_flags);
TRITONSERVER_Error* TRITONBACKEND_InputProperties(TRITONBACKEND_Input* input,
                                                  const char** name, uint32_t* datatype,
                                                  const int64_t** shape,
                                                  uint32_t* dims_count,
                                                  uint64_t* byte_size,
                                                  uint32_t* buffer_count);
TRITONSERVER_Error* TRITONBACKEND_InputBuffer(TRITONBACKEND_Input* input, uint32_t index,
                                              const void** buffer, uint64_t* byte_size,
                                              uint32_t* memory_type,
                                              int64_t* memory_type_id);

TRITONSERVER_Error* TRITONBACKEND_ResponseNew(TRITONBACKEND_Response** response,
                                              TRITONBACKEND_Request* request);
TRITONSERVER_Error* TRITONBACKEND_ResponseDelete(TRITONBACKEND_Response* response);
TRITONSERVER_Error* TRITONBACKEND_ResponseOutput(TRITONBACKEND_Response* response,
                                                 TRITONBACKEND_Output** output,
                                                 const char* name, uint32_t datatype,
                                                 const int64_t* shape,
                                                 uint32_t dims_count);
TRITONSERVER_Error* TRITONBACKEND_OutputBuffer(TRITONBACKEND_Output* output,
                                               void** buffer, uint64_t byte_size,
                                               uint32_t* memory_type,
                                               int64_t* memory_type_id);
TRITONSERVER_Error* TRITONBACKEND_ResponseSend(TRITONBACKEND_Response* response,
                                               uint32_t send_flags,
                                               TRITONSERVER_Error* error);

TRITONSERVER_Error* TRITONBACKEND_StateNew(TRITONBACKEND_State** state,
                                           TRITONBACKEND_Request* request,
                                           const char* name, uint32_t datatype,
                                           const int64_t* shape, uint32_t dims_count);
TRITONSERVER_Error* TRITONBACKEND_StateBuffer(TRITONBACKEND_State* state, void** buffer,
                                              uint64_t byte_size, uint32_t* memory_type,
                                              int64_t* memory_type_id);
TRITONSERVER_Error* TRITONBACKEND_StateUpdate(TRITONBACKEND_State* state);

// ---------------------------------------------------------------- given to the server

/// What the server looks up in the library; defined in triton_backend.c.
TRITONSERVER_Error* TRITONBACKEND_Initialize(TRITONBACKEND_Backend* backend);
TRITONSERVER_Error* TRITONBACKEND_GetBackendAttribute(
    TRITONBACKEND_Backend* backend, TRITONBACKEND_BackendAttribute* attribute);
TRITONSERVER_Error* TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model* model);
TRITONSERVER_Error* TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model* model);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceInitialize(
    TRITONBACKEND_ModelInstance* instance);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceFinalize(
    TRITONBACKEND_ModelInstance* instance);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceExecute(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request** requests,
    uint32_t request_count);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_API_H_
