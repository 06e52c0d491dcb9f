// Loads a model and runs it on zeros.
#include <olstm/olstm.h>
#include <stdio.h>

static int fail(const olstm_error* error) {
  (void)fprintf(stderr, "%s\n", error->message);
  return 1;
}

int main(int argc, char** argv) {
  static float x[2 * 10 * 3];
  olstm_error error;
  olstm_model* model = NULL;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {2, 10, 3}}, x};
  olstm_tensor output = {0};
  if (argc != 2) return 2;
  if (olstm_model_load_file(argv[1], NULL, &model, &error) ||
      olstm_session_create(model, NULL, NULL, &session, &error) ||
      olstm_context_create(session, &context, &error) ||
      olstm_context_run(context, &input, 1, &output, 1, &error)) {
    return fail(&error);
  }
  printf("%s %s\n", olstm_session_get_output(session, 0)->name,
         olstm_shape_text(&output.desc).text);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
  return 0;
}
