// tools/lstm_model.h: the library reads the models that are made, and files of shapes.
#include "tools/lstm_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/runtime.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"
#include "tools/file_bytes.h"

static void makes_models_that_run(void** state) {
  static const olstm__lstm_shape kShapes[] = {
      {2, 3, 4, 5, 1, 1}, {1, 1, 1, 1, 2, 1}, {2, 3, 4, 5, 1, 3}, {2, 3, 4, 5, 2, 2}};
  (void)state;
  for (size_t i = 0; i < sizeof kShapes / sizeof kShapes[0]; i++) {
    const olstm__lstm_shape* s = &kShapes[i];
    float x[2 * 3 * 4] = {0};
    unsigned char* bytes = NULL;
    size_t byte_count = 0;
    olstm_model* model = NULL;
    olstm_session* session = NULL;
    olstm_context* context = NULL;
    const olstm_tensor input = {
        {OLSTM_DTYPE_FLOAT, 3, {s->steps, s->batch, s->input_size}}, x};
    const olstm_tensor_desc expected = {
        OLSTM_DTYPE_FLOAT, 4, {s->steps, s->directions, s->batch, s->units}};
    olstm_tensor output = {0};
    assert_int_equal(olstm__lstm_model_write(s, &bytes, &byte_count, NULL), 0);
    assert_int_equal(olstm_model_load_memory(bytes, byte_count, NULL, &model, NULL), 0);
    assert_int_equal(olstm_session_create(model, NULL, NULL, &session, NULL), 0);
    assert_int_equal(olstm_context_create(session, &context, NULL), 0);
    assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL), 0);
    assert_true(olstm_tensor_desc_equal(&output.desc, &expected));
    olstm_context_destroy(context);
    olstm_session_destroy(session);
    olstm_model_destroy(model);
    free(bytes);
  }
}

/// Reads shapes out of a file with this text.
static olstm_status read_text(const char* text, olstm__lstm_shape** shapes, size_t* count,
                              olstm_error* error) {
  olstm_test_folder_begin();
  const char* path = olstm_test_path("shapes.txt");
  assert_int_equal(olstm__file_bytes_write(path, text, strlen(text), NULL, 0, NULL),
                   OLSTM_STATUS_OK);
  const olstm_status status = olstm__lstm_shapes_read(path, shapes, count, error);
  olstm_test_folder_end();
  return status;
}

static void reads_shapes_and_skips_comments(void** state) {
  olstm__lstm_shape* shapes = NULL;
  size_t count = 0;
  (void)state;
  assert_int_equal(read_text("# a comment\n\n1 2 3 4 1\n  5 6 7 8 2 3  # more\n", &shapes,
                             &count, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(count, 2);
  assert_int_equal(shapes[0].units, 4);
  assert_int_equal(shapes[1].steps, 5);
  assert_int_equal(shapes[1].directions, 2);
  assert_int_equal(shapes[0].layers, 1);
  assert_int_equal(shapes[1].layers, 3);
  free(shapes);
}

static void refuses_lines_that_are_no_shape(void** state) {
  static const char* const kTexts[] = {"1 2 3 4\n",
                                       "1 2 3 4 1 0\n",
                                       "1 2 3 4 1 65\n",
                                       "1 2 3 4 1 1 1\n",
                                       "1 2 3 4 3\n",
                                       "0 2 3 4 1\n",
                                       "x\n",
                                       "# nothing\n",
                                       "1 1 1 99999999 1\n"};
  (void)state;
  for (size_t i = 0; i < sizeof kTexts / sizeof kTexts[0]; i++) {
    olstm__lstm_shape* shapes = NULL;
    size_t count = 0;
    olstm_error error;
    assert_int_equal(read_text(kTexts[i], &shapes, &count, &error),
                     OLSTM_STATUS_INVALID_ARGUMENT);
    assert_null(shapes);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(makes_models_that_run),
      cmocka_unit_test(reads_shapes_and_skips_comments),
      cmocka_unit_test(refuses_lines_that_are_no_shape),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
