// Small models with state, for tests of streams: every way that state can lie in a model.
#ifndef OLSTM_TESTS_SUPPORT_STREAM_MODELS_H_
#define OLSTM_TESTS_SUPPORT_STREAM_MODELS_H_

#include "olstm/runtime.h"
#include "tests/support/fake_ops.h"

/// How an input is made up.
typedef enum olstm_stream_fill {
  /// In -1 ... 1.
  OLSTM_FILL_REAL,
  /// Lengths in 0 ... T.
  OLSTM_FILL_LENS,
  /// 0 or 1, one or the other for all streams of a run.
  OLSTM_FILL_FLAG,
  /// Indices in 0 ... 3, and 9, which no table has, in a run that shall fail.
  OLSTM_FILL_INDEX
} olstm_stream_fill;

enum { OLSTM_STREAM_T = -1, OLSTM_STREAM_N = -2, OLSTM_STREAM_MOST_INPUTS = 3 };

typedef struct olstm_stream_input {
  olstm_stream_fill fill;
  olstm_dtype dtype;
  int32_t rank;
  /// OLSTM_STREAM_T and OLSTM_STREAM_N among them.
  int64_t dims[3];
} olstm_stream_input;

typedef struct olstm_stream_model {
  const char* name;
  const char* text;
  /// What is stateful ("all" or NULL), and what is bound (or NULL).
  const char* stateful;
  const olstm_binding* bindings;
  size_t binding_count;
  size_t input_count;
  olstm_stream_input inputs[OLSTM_STREAM_MOST_INPUTS];
  /// Whether rows are computed one by one.
  bool is_serial;
} olstm_stream_model;

extern const olstm_stream_model olstm_stream_models[];
extern const size_t olstm_stream_model_count;

/// A session of a model; a failure fails the test.
olstm_session* olstm_stream_session(const olstm_stream_model* model, const char* kernel,
                                    olstm_fake_session* out_session);

#endif  // OLSTM_TESTS_SUPPORT_STREAM_MODELS_H_
