// Many streams on several threads: each thread brings the steps of its own streams, and a
// batcher computes together what has come from all of them.
//
//   cc -std=c11 streams_on_threads.c -o streams -pthread $(pkg-config --cflags --libs
//   olstm)
//   ./streams model.onnx   # lstm_input [N,10,3] -> dense [N,1]
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define OLSTM_EXPERIMENTAL_STREAMS
#include <olstm/batcher.h>
#include <olstm/olstm.h>

enum { THREADS = 4, STREAMS = 8, RUNS = 3, T = 10, I = 3 };

static olstm_batcher* batcher;
static float results[THREADS][STREAMS];

static void check(olstm_status status, const olstm_error* error) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "streams_on_threads: %s\n", error->message);
  exit(1);
}

/// Called by the batcher's thread: outputs are lent until this returns.
static void keep_result(void* user, olstm_status status, const olstm_tensor* outputs,
                        size_t output_count, const olstm_error* error) {
  (void)output_count;
  check(status, error);
  *(float*)user = *(const float*)outputs[0].data;
}

/// One thread's work: its streams go on from run to run, each with a state of its own.
static void* work(void* argument) {
  const size_t t = (size_t)argument;
  olstm_error error = {""};
  olstm_stream streams[STREAMS];
  float x[T * I];
  olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, T, I}}, x};
  for (int i = 0; i < T * I; i++) x[i] = 0.01F * (float)(i * ((int)t + 1));
  for (int s = 0; s < STREAMS; s++) {
    check(olstm_batcher_open_stream(batcher, &streams[s], &error), &error);
  }
  // Nothing has to be waited for: the steps of a stream are computed in this order, and
  // what they read is copied.
  for (int r = 0; r < RUNS; r++) {
    for (int s = 0; s < STREAMS; s++) {
      check(olstm_batcher_submit(batcher, streams[s], &input, 1, keep_result,
                                 &results[t][s], &error),
            &error);
    }
  }
  // Waits for the stream's steps.
  for (int s = 0; s < STREAMS; s++) {
    check(olstm_batcher_close_stream(batcher, streams[s], &error), &error);
  }
  return NULL;
}

int main(int argc, char** argv) {
  olstm_error error = {""};
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  olstm_streams* streams = NULL;
  pthread_t threads[THREADS];
  const char* all = "all";
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful = &all;
  options.stateful_count = 1;
  olstm_streams_options table;
  olstm_streams_options_init(&table);
  table.capacity = (size_t)THREADS * STREAMS;
  check(olstm_model_load_file(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error),
        &error);
  check(olstm_session_create(model, NULL, &options, &session, &error), &error);
  olstm_model_destroy(model);
  check(olstm_streams_create(session, &table, &streams, &error), &error);
  check(olstm_batcher_create(streams, NULL, &batcher, &error), &error);
  for (size_t t = 0; t < THREADS; t++) {
    if (pthread_create(&threads[t], NULL, work, (void*)t) != 0) return 1;
  }
  for (size_t t = 0; t < THREADS; t++) (void)pthread_join(threads[t], NULL);
  check(olstm_batcher_shutdown(batcher, OLSTM_SHUTDOWN_DRAIN, NULL, &error), &error);
  for (int t = 0; t < THREADS; t++) {
    printf("thread %d: %.5f", t, (double)results[t][0]);
    for (int s = 1; s < STREAMS; s++) {
      if (results[t][s] != results[t][0]) printf(", but %.5f", (double)results[t][s]);
    }
    printf("\n");
  }
  olstm_batcher_destroy(batcher);
  olstm_streams_destroy(streams);
  olstm_session_destroy(session);
  return 0;
}
