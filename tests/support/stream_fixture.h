// Tables of streams, for their tests: a session whose recurrent nodes are stateful, and a
// table.
#ifndef OLSTM_TESTS_SUPPORT_STREAM_FIXTURE_H_
#define OLSTM_TESTS_SUPPORT_STREAM_FIXTURE_H_

#ifndef OLSTM_EXPERIMENTAL_STREAMS
#define OLSTM_EXPERIMENTAL_STREAMS
#endif
#include "olstm/olstm.h"
#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

#define LSTM "node LSTM x,w,r -> y name=l hidden_size=3\n"
#define WEIGHTS                                           \
  "const w float[1,12,2] 0.5 -0.25 0.125 0.75 -0.5 0.3\n" \
  "const r float[1,12,3] 0.25 0.5 -0.75 0.1 -0.6\n"
#define ROWS_OF_STEPS "input x float[t,n,2]\n" WEIGHTS LSTM

typedef struct stream_fixture {
  olstm_fake_session fake;
  olstm_streams* streams;
} stream_fixture;

/// A session whose node of that name is stateful; "all": every one.
static inline olstm_session* open_session_of(stream_fixture* f, const char* text,
                                             const char* stateful) {
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = &stateful;
  f->streams = NULL;
  return olstm_fake_session_must(text, &options, &f->fake);
}

static inline olstm_session* open_session(stream_fixture* f, const char* text) {
  return open_session_of(f, text, "all");
}

static inline void close_all(stream_fixture* f) {
  olstm_streams_destroy(f->streams);
  olstm_fake_session_destroy(&f->fake);
}

/// A table with the default options, but for what `change` sets.
static inline void open_table(stream_fixture* f, const char* text, size_t capacity) {
  olstm_error error = {""};
  olstm_streams_options options;
  olstm_streams_options_init(&options);
  options.capacity = capacity;
  options.largest_batch = 8;
  if (olstm_streams_create(open_session(f, text), &options, &f->streams, &error)) {
    fail_msg("%s", error.message);
  }
}

#endif  // OLSTM_TESTS_SUPPORT_STREAM_FIXTURE_H_
