// One request on its way: what it holds is read and checked here, and its response, the
// state that it leaves and its release are written. Everything that goes wrong is the
// request's own.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_REQUEST_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_REQUEST_H_

#include "triton_model.h"

/// Memory that grows and is kept.
typedef struct olstm__triton_buffer {
  void* data;
  size_t capacity;
} olstm__triton_buffer;

/// Makes room for `bytes`; what was in it is lost.
olstm_status olstm__triton_buffer_reserve(olstm__triton_buffer* buffer, size_t bytes,
                                          olstm_error* error);
void olstm__triton_buffer_deinit(olstm__triton_buffer* buffer);

/// An input of a request, or a state that came with it.
typedef struct olstm__triton_source {
  TRITONBACKEND_Input* handle;
  /// With the batch axis where the model has it.
  olstm_tensor_desc desc;
  size_t bytes;
  uint32_t buffer_count;
  /// Of states: whether it holds a value. Otherwise the slot starts anew.
  bool is_set;
  /// Of states: where the next value goes, while that is written.
  TRITONBACKEND_State* target;
  void* target_data;
} olstm__triton_source;

typedef struct olstm__triton_request {
  TRITONBACKEND_Request* handle;
  TRITONBACKEND_Response* response;
  /// Sent by the direct strategy for a sequence that has nothing to say: to be answered
  /// with nothing.
  bool is_null;
  bool is_start;
  /// Whether it was answered, or failed.
  bool is_done;
  olstm_status status;
  olstm_error error;
  /// Rows along the batch axis; 1 when requests are not run together.
  size_t row_count;
  /// One an input, one a slot. The instance's.
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

/// Copies all bytes of a source, whatever pieces they come in.
olstm_status olstm__triton_source_read(const olstm__triton_source* source,
                                       const char* name, void* out_data,
                                       olstm_error* error);

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
