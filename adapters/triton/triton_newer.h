// Functions that servers may lack: looked up while running, since a library that names
// them could not be opened by an older server. A build with Triton's headers checks their
// prototypes, too.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_NEWER_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_NEWER_H_

#include "triton_api.h"

/// TRITONBACKEND_RequestFlags: API 1.8.
typedef TRITONSERVER_Error* (*olstm__triton_request_flags)(TRITONBACKEND_Request*,
                                                           uint32_t*);
/// TRITONBACKEND_RequestCorrelationIdString: of requests whose correlation ids are texts.
typedef TRITONSERVER_Error* (*olstm__triton_request_id_string)(TRITONBACKEND_Request*,
                                                               const char**);
/// TRITONBACKEND_BackendAttributeSetParallelModelInstanceLoading: API 1.14.
typedef TRITONSERVER_Error* (*olstm__triton_parallel_loading)(
    TRITONBACKEND_BackendAttribute*, bool);

/// The functions that this server has; NULL for the others.
typedef struct olstm__triton_newer {
  olstm__triton_request_flags request_flags;
  olstm__triton_request_id_string request_id_string;
  olstm__triton_parallel_loading parallel_loading;
} olstm__triton_newer;

/// Looks them up. Threads: any.
olstm__triton_newer olstm__triton_find_newer(void);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_NEWER_H_
