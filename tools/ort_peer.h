// ONNX Runtime as a peer to measure beside: its library opened, a session made, runs on
// given inputs. Stops the process where ONNX Runtime fails.
#ifndef OLSTM_TOOLS_ORT_PEER_H_
#define OLSTM_TOOLS_ORT_PEER_H_

#include "olstm/runtime.h"
#include "tools/input_set.h"
#include "tools/job.h"

typedef struct olstm__ort olstm__ort;
typedef struct olstm__ort_session olstm__ort_session;

/// Opens the library at `path`, and registers olstm's execution provider where `provider`
/// is its path. Closed by olstm__ort_close.
olstm__ort* olstm__ort_open(const char* path, const char* provider);
void olstm__ort_close(olstm__ort* ort);

/// "1.30.0".
const char* olstm__ort_version(const olstm__ort* ort);

/// A session for the model that `like` was made of: its inputs get `inputs`, which must
/// outlive it, and all its outputs are asked for.
olstm__ort_session* olstm__ort_session_create(olstm__ort* ort, bool with_provider,
                                              int threads,
                                              const olstm__job_source* source,
                                              const olstm_session* like,
                                              const olstm__input_set* inputs);
void olstm__ort_session_destroy(olstm__ort_session* session);

/// Runs once and throws the outputs away.
void olstm__ort_session_run(olstm__ort_session* session);

#endif  // OLSTM_TOOLS_ORT_PEER_H_
