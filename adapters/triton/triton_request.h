// One request on its way: what it holds is read and checked here, and its response and
// its release are written. An error concerns this request alone.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_REQUEST_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_REQUEST_H_

#include "triton_model.h"
#include "triton_source.h"

typedef struct olstm__triton_request {
  TRITONBACKEND_Request* handle;
  TRITONBACKEND_Response* response;
  /// Filler that the direct strategy sends for a sequence slot without a request: gets an
  /// empty response.
  bool is_null;
  bool is_start;
  /// Whether it was answered, or failed.
  bool is_done;
  olstm_status status;
  olstm_error error;
  /// Rows along the batch axis; 1 when requests are not run together.
  size_t row_count;
  /// One for each input, one for each slot. Owned by the instance.
  olstm__triton_source* inputs;
  olstm__triton_source* states;
} olstm__triton_request;

/// Takes a request: makes its response, reads its flags, inputs and states. `inputs` and
/// `states` are set. What is wrong with it is in `status`; is_done then.
void olstm__triton_request_take(olstm__triton_request* request,
                                const olstm__triton_model* model,
                                TRITONBACKEND_Request* handle);

/// Marks it as failed.
void olstm__triton_request_fail(olstm__triton_request* request, olstm_status status,
                                const olstm_error* error);

/// What a run left: outputs and slots of all requests that ran together; data of a slot
/// without a value is NULL and its rank -1.
typedef struct olstm__triton_results {
  const olstm_tensor* outputs;
  const olstm_tensor* slots;
} olstm__triton_results;

/// Writes the outputs that the request wants, and its states: rows first_row, ... of the
/// results. Marks it done.
void olstm__triton_request_answer(olstm__triton_request* request,
                                  const olstm__triton_model* model,
                                  const olstm__triton_results* results, size_t first_row);

/// Sends the response or the error. States of a sequence whose first request failed are
/// emptied, so that the next one starts anew.
void olstm__triton_request_send(olstm__triton_request* request,
                                const olstm__triton_model* model);

/// Gives the request back. It is the server's from then on.
void olstm__triton_request_release(olstm__triton_request* request);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_REQUEST_H_
