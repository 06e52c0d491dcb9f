// A stream in chunks: the context keeps the state of every recurrent layer from run to
// run, so that two halves give what the whole gives. Then: read it, reset it, set it,
// save it, load it.
//
//   cc -std=c11 stateful_chunks.c -o stateful_chunks $(pkg-config --cflags --libs olstm)
//   ./stateful_chunks model.onnx  # the quick start's: lstm_input [N,T,3] -> dense [N,1]
#include <stdio.h>
#include <stdlib.h>

#include <olstm/olstm.h>

enum { T = 10, I = 3 };  // steps of a chunk, input size

static olstm_error error;

static void check(olstm_status status) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "stateful_chunks: %s\n", error.message);
  exit(1);
}

/// The next T steps; the model's answer after them.
static float run(olstm_context* context, float* x) {
  olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, T, I}}, x}, output = {0};
  check(olstm_context_run(context, &input, 1, &output, 1, &error));
  return *(const float*)output.data;
}

int main(int argc, char** argv) {
  static float x[2 * T * I];
  static const char* const all[] = {"all"};
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  for (int i = 0; i < 2 * T * I; i++) x[i] = 0.01F * (float)i;

  // Which nodes keep their state is said when the session is made: by name, or all.
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = all;
  check(olstm_model_load_file(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error));
  check(olstm_session_create(model, NULL, &options, &session, &error));
  check(olstm_context_create(session, &context, &error));

  const float first = run(context, x);
  void* saved = NULL;
  size_t saved_bytes = 0;
  check(olstm_context_save_state(context, &saved, &saved_bytes, &error));
  const float second = run(context, x + T * I);
  printf("chunks %.5f %.5f\n", (double)first, (double)second);

  // Every slot: its name, its shape, its first number.
  for (size_t s = 0; s < olstm_context_state_count(context); s++) {
    olstm_state_info info;
    olstm_tensor value;
    check(olstm_context_get_state_info(context, s, &info, &error));
    check(olstm_context_get_state(context, info.name, &value, &error));
    printf("%s %s %.5f\n", info.name, olstm_shape_text(&value.desc).text,
           (double)*(const float*)value.data);
  }

  // Back to the start, and back to what was saved after the first chunk.
  check(olstm_context_reset(context, &error));
  printf("after reset %.5f\n", (double)run(context, x));
  check(olstm_context_load_state(context, saved, saved_bytes, &error));
  printf("after load %.5f\n", (double)run(context, x + T * I));

  // A state of another shape is an error that changes nothing.
  float wrong[5] = {0};
  olstm_state_info info;
  check(olstm_context_get_state_info(context, 0, &info, &error));
  const olstm_tensor value = {{OLSTM_DTYPE_FLOAT, 2, {1, 5}}, wrong};
  if (olstm_context_set_state(context, info.name, &value, &error) != OLSTM_STATUS_OK) {
    printf("refused: %s\n", error.message);
  }

  olstm_context_free_blob(context, saved, saved_bytes);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return 0;
}
