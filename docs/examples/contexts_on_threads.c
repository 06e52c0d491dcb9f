// Many threads, one session: each has a context of its own, and they never wait for each
// other.
//
//   cc -std=c11 contexts_on_threads.c -o threads -pthread $(pkg-config --cflags --libs
//   olstm)
//   ./threads model.onnx   # lstm_input [N,10,3] -> dense [N,1]
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <olstm/olstm.h>

enum { THREADS = 4, RUNS = 100, T = 10, I = 3 };

static olstm_session* session;

static void check(olstm_status status, const olstm_error* error) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "contexts_on_threads: %s\n", error->message);
  exit(1);
}

/// One thread's work: thread t runs its own input again and again.
static void* work(void* argument) {
  const int t = (int)(size_t)argument;
  olstm_error error = {""};
  olstm_context* context = NULL;
  float x[T * I], y = 0;
  float* result = malloc(sizeof *result);
  for (int i = 0; i < T * I; i++) x[i] = 0.01F * (float)(i * (t + 1));
  // Where the caller says where the output goes, it need not be copied.
  olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, T, I}}, x};
  olstm_tensor output = {{OLSTM_DTYPE_FLOAT, 2, {1, 1}}, &y};
  check(olstm_context_create(session, &context, &error), &error);
  for (int r = 0; r < RUNS; r++) {
    check(olstm_context_run(context, &input, 1, &output, 1, &error), &error);
  }
  olstm_context_destroy(context);
  if (result) *result = y;
  return result;
}

int main(int argc, char** argv) {
  olstm_error error = {""};
  olstm_model* model = NULL;
  pthread_t threads[THREADS];
  check(olstm_model_load_file(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error),
        &error);
  check(olstm_session_create(model, NULL, NULL, &session, &error), &error);
  olstm_model_destroy(model);  // the session holds what it needs of it
  for (size_t t = 0; t < THREADS; t++) {
    if (pthread_create(&threads[t], NULL, work, (void*)t) != 0) return 1;
  }
  for (size_t t = 0; t < THREADS; t++) {
    void* result = NULL;
    (void)pthread_join(threads[t], &result);
    if (!result) return 1;
    printf("thread %zu: %.5f\n", t, (double)*(float*)result);
    free(result);
  }
  olstm_session_destroy(session);
  return 0;
}
