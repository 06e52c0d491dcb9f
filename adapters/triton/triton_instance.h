// One instance of a model: a context of its own, and the memory that requests are
// gathered in. One execute at a time; instances of a model run at once.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_INSTANCE_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_INSTANCE_H_

#include "triton_model.h"

typedef struct olstm__triton_instance olstm__triton_instance;

/// Borrows the model.   Memory: olstm__triton_instance_destroy, which takes NULL.
/// Errors: UNSUPPORTED (an instance on a GPU), OUT_OF_MEMORY.
olstm_status olstm__triton_instance_create(TRITONBACKEND_ModelInstance* handle,
                                           const olstm__triton_model* model,
                                           olstm__triton_instance** out_instance,
                                           olstm_error* error);
void olstm__triton_instance_destroy(olstm__triton_instance* instance);

/// Answers and releases all requests. Requests of the same shapes run together where the
/// model allows; when that fails they are run again one by one, so that the error goes to
/// the request that is wrong.   Errors: OUT_OF_MEMORY; no request was touched then.
olstm_status olstm__triton_instance_execute(olstm__triton_instance* instance,
                                            TRITONBACKEND_Request** requests,
                                            uint32_t request_count, olstm_error* error);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_INSTANCE_H_
