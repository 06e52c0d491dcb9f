// Runs a model: one input, one output, any batch.
//
//   cc -std=c11 run_model.c -o run_model $(pkg-config --cflags --libs olstm)
//   ./run_model model.onnx        # the quick start's: lstm_input [N,10,3] -> dense [N,1]
#include <stdio.h>
#include <stdlib.h>

#include <olstm/olstm.h>

enum { N = 2, T = 10, I = 3 };  // batch, steps, input size

static void check(olstm_status status, const olstm_error* error) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "run_model: %s\n", error->message);
  exit(1);
}

int main(int argc, char** argv) {
  static float x[N * T * I];
  olstm_error error = {""};
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  for (int i = 0; i < N * T * I; i++) x[i] = 0.01F * (float)i;

  // Once: load, create, and plan for the shapes to come.
  olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {N, T, I}}, x};
  check(olstm_model_load_file(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error),
        &error);
  check(olstm_session_create(model, NULL, NULL, &session, &error), &error);
  check(olstm_context_create(session, &context, &error), &error);
  check(olstm_context_prepare(context, &input.desc, 1, &error), &error);

  // As often as there is input. An output without data gets a buffer of the context's,
  // good until its next call.
  olstm_tensor output = {0};
  check(olstm_context_run(context, &input, 1, &output, 1, &error), &error);
  printf("%s %s:", olstm_session_get_output(session, 0)->name,
         olstm_shape_text(&output.desc).text);
  for (int64_t i = 0; i < olstm_tensor_desc_count(&output.desc); i++) {
    printf(" %.5f", (double)((const float*)output.data)[i]);
  }
  printf("\n");

  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return 0;
}
