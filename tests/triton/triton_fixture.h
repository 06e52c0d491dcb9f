// A model in a repository, served by the fake server and run by olstm alone, for the
// tests of the Triton backend.
#ifndef OLSTM_TESTS_TRITON_TRITON_FIXTURE_H_
#define OLSTM_TESTS_TRITON_TRITON_FIXTURE_H_

#include "fake_server.h"
#include "olstm/runtime.h"

enum { FIXTURE_INSTANCES = 2 };

typedef struct triton_fixture {
  fake_backend backend;
  TRITONBACKEND_Model model;
  TRITONBACKEND_ModelInstance instances[FIXTURE_INSTANCES];
  char folder[64];
  /// The same model without a server; stateful.
  olstm_session* alone;
} triton_fixture;

/// A layer LSTM of 4 units behind another, "b" and "a": x float[t,n,3] -> y, last.
extern const char kTwoLayers[];
/// The same, of one layer "l", of x float[n,t,3].
extern const char kOneLayer[];
/// Without state: y = x W + 1 of x float[n,3].
extern const char kDense[];

/// Writes the model (see tests/support/model_text.h) to a repository and loads it.
/// Returns the error, "" for none; fixture_unload is legal then alone.
const char* fixture_load(triton_fixture* fixture, const char* model_text,
                         const char* config, bool completes);
/// Loads a model that must load, with instances, and a session of its own with `options`
/// (NULL: stateful "all").
void fixture_start(triton_fixture* fixture, const char* model_text, const char* config,
                   const olstm_session_options* options);
/// Ends what fixture_start, or a fixture_load that failed, began.
void fixture_end(triton_fixture* fixture);
void fixture_unload(triton_fixture* fixture);

/// Numbers between -1 and 1, other ones for every seed.
void fixture_numbers(float* out_numbers, size_t count, uint32_t seed);

/// Fails unless an output has these elements, bit for bit. Shapes are compared but for
/// dimensions of 1.
void fixture_expect(const TRITONBACKEND_Request* request, const char* name,
                    const olstm_tensor* expected);

#endif  // OLSTM_TESTS_TRITON_TRITON_FIXTURE_H_
