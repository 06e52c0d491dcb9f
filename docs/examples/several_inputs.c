// Several inputs and outputs, found by name: a model whose initial states come in and
// whose last states go out.
//
//   cc -std=c11 several_inputs.c -o several_inputs $(pkg-config --cflags --libs olstm)
//   ./several_inputs model.onnx   # x [1,10,1], h_0 [1,8], c_0 [1,8] -> y, h, c: such as
//                                 # tests/data/keras_examples/b_inputs/model.onnx
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <olstm/olstm.h>

enum { T = 10, H = 8 };  // steps, hidden size

static olstm_error error;

static void check(olstm_status status) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "several_inputs: %s\n", error.message);
  exit(1);
}

/// The place of an input among the session's; the order is the model's.
static size_t input_of(const olstm_session* session, const char* name) {
  for (size_t i = 0; i < olstm_session_input_count(session); i++) {
    if (strcmp(olstm_session_get_input(session, i)->name, name) == 0) return i;
  }
  (void)fprintf(stderr, "several_inputs: no input '%s'\n", name);
  exit(1);
}

int main(int argc, char** argv) {
  float x[T], h[H], c[H];
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  for (int i = 0; i < T; i++) x[i] = 0.1F * (float)i;
  for (int i = 0; i < H; i++) h[i] = 0.5F - 0.1F * (float)i;
  for (int i = 0; i < H; i++) c[i] = 0.1F * (float)i - 0.25F;
  check(olstm_model_load_file(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error));
  check(olstm_session_create(model, NULL, NULL, &session, &error));
  check(olstm_context_create(session, &context, &error));

  olstm_tensor inputs[3] = {0}, outputs[3] = {0};
  inputs[input_of(session, "x")] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {1, T, 1}}, x};
  inputs[input_of(session, "h_0")] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 2, {1, H}}, h};
  inputs[input_of(session, "c_0")] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 2, {1, H}}, c};
  check(olstm_context_run(context, inputs, 3, outputs, 3, &error));
  for (size_t o = 0; o < olstm_session_output_count(session); o++) {
    const int64_t count = olstm_tensor_desc_count(&outputs[o].desc);
    printf("%s %s ends with %.5f\n", olstm_session_get_output(session, o)->name,
           olstm_shape_text(&outputs[o].desc).text,
           (double)((const float*)outputs[o].data)[count - 1]);
  }

  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return 0;
}
