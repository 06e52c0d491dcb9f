// Takes the bytes of a model all the way: load, session, plan, runs with made-up inputs.
#ifndef OLSTM_TESTS_FUZZ_MODEL_SESSION_H_
#define OLSTM_TESTS_FUZZ_MODEL_SESSION_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "olstm/status.h"

/// How far a model came.
typedef enum model_session_stage {
  MODEL_SESSION_REFUSED = 0,
  MODEL_SESSION_LOADED = 1,
  MODEL_SESSION_CREATED = 2,
  MODEL_SESSION_PREPARED = 3,
  MODEL_SESSION_RAN = 4
} model_session_stage;

/// Runs the model twice with the same inputs, of the shapes that it declares (2 where a
/// dimension is open). Aborts when a promise is broken: an error without
/// a line of text, memory left behind, a second run that gives something else.
model_session_stage olstm_model_session_try(const uint8_t* data, size_t size,
                                            olstm_error* error);

#endif  // OLSTM_TESTS_FUZZ_MODEL_SESSION_H_
