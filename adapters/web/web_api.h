// What olstm.js calls besides the public functions.
#ifndef OLSTM_ADAPTERS_WEB_WEB_API_H_
#define OLSTM_ADAPTERS_WEB_WEB_API_H_

#include "olstm/runtime.h"

/// Where olstm_web_load finds its options. Names as in the C structs; olstm.js has the
/// same order. Counts and addresses of lists come in pairs.
enum {
  OLSTM_WEB_MAX_DEPTH,
  OLSTM_WEB_MAX_MODEL_MEMORY,
  OLSTM_WEB_MAX_NODES,
  OLSTM_WEB_MAX_EXTERNAL_BYTES,
  OLSTM_WEB_PLAN_CACHE_CAPACITY,
  OLSTM_WEB_MAX_MEMORY,
  OLSTM_WEB_MAX_WORK,
  OLSTM_WEB_SEED,
  OLSTM_WEB_FUSE,
  OLSTM_WEB_BROADCAST_STATE,
  OLSTM_WEB_REAL_TIME,
  OLSTM_WEB_PRECISION,
  OLSTM_WEB_KERNEL,
  OLSTM_WEB_STATEFUL_COUNT,
  OLSTM_WEB_STATEFUL,
  OLSTM_WEB_BINDING_COUNT,
  OLSTM_WEB_BINDINGS,
  OLSTM_WEB_GIVEN_INPUT_COUNT,
  OLSTM_WEB_GIVEN_INPUTS,
  OLSTM_WEB_EXTERNAL_FILE_COUNT,
  OLSTM_WEB_EXTERNAL_FILES,
  OLSTM_WEB_OPTION_COUNT
};

/// Room for `bytes`, or NULL. Memory: olstm_web_release, with the same number.
void* olstm_web_allocate(size_t bytes);
void olstm_web_release(void* memory, size_t bytes);

/// How often memory was allocated so far, and the bytes that are allocated now: by
/// sessions, and by olstm_web_allocate.
double olstm_web_allocation_count(void);
double olstm_web_live_bytes(void);

/// Loads a model and makes a session of it.
/// options: OLSTM_WEB_OPTION_COUNT numbers, NaN for a default; nothing is kept of them.
/// Errors: as olstm_model_load_memory and olstm_session_create.
olstm_status olstm_web_load(const void* bytes, size_t byte_count, const double* options,
                            olstm_session** out_session, olstm_error* error);

#endif  // OLSTM_ADAPTERS_WEB_WEB_API_H_
