// ONNX Runtime as a peer to measure beside: its library opened, a session made, runs on
// given inputs.
#ifndef OLSTM_TOOLS_ORT_PEER_H_
#define OLSTM_TOOLS_ORT_PEER_H_

#include "olstm/runtime.h"
#include "tools/input_set.h"
#include "tools/job.h"
#include "tools/tensor_match.h"

typedef struct olstm__ort olstm__ort;
typedef struct olstm__ort_session olstm__ort_session;

/// Opens the library at `path`, and registers olstm's execution provider where `provider`
/// is its path. Stops the process where that fails. Closed by olstm__ort_close.
olstm__ort* olstm__ort_open(const char* path, const char* provider);
void olstm__ort_close(olstm__ort* ort);

/// "1.30.0".
const char* olstm__ort_version(const olstm__ort* ort);

/// A session for the model that `like` was made of: its inputs get `inputs`, which must
/// outlive it, and all its outputs are asked for. Errors: BACKEND_ERROR with what ONNX
/// Runtime says.
olstm_status olstm__ort_session_create(olstm__ort* ort, bool with_provider, int threads,
                                       const olstm__job_source* source,
                                       const olstm_session* like,
                                       const olstm__input_set* inputs,
                                       olstm__ort_session** out_session,
                                       olstm_error* error);
/// NULL is legal.
void olstm__ort_session_destroy(olstm__ort_session* session);

/// Runs once and throws the outputs away. Errors: BACKEND_ERROR.
olstm_status olstm__ort_session_run(olstm__ort_session* session, olstm_error* error);

/// Runs once and compares the outputs with `outputs`, as many as the model has; sequences
/// and the like are not compared. *out_same is false where they differ, with the reason
/// in `error`. Errors: BACKEND_ERROR.
olstm_status olstm__ort_session_check(olstm__ort_session* session,
                                      const olstm_tensor* outputs,
                                      const olstm__tolerance* tolerance, bool* out_same,
                                      olstm_error* error);

#endif  // OLSTM_TOOLS_ORT_PEER_H_
