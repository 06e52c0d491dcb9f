// Loading models: ONNX's own node models, and what is refused with which words.
#include <glob.h>
#include <string.h>

#include "olstm/model.h"
#include "tests/support/test_main.h"

#define NODE_MODELS "/usr/share/libonnx-testdata/data/node/*/model.onnx"

/// How ONNX 1.12's node models fare; 932 in all.
enum { NODE_MODEL_COUNT = 932, NODE_MODELS_WITHOUT_TENSORS = 24 };

static void loads_every_node_model_or_names_what_it_lacks(void** state) {
  glob_t models;
  size_t refused = 0;
  (void)state;
  if (glob(NODE_MODELS, 0, NULL, &models) != 0) skip();
  for (size_t i = 0; i < models.gl_pathc; i++) {
    olstm_model* model = NULL;
    olstm_error error = {""};
    const olstm_status status =
        olstm_model_load_file(models.gl_pathv[i], NULL, &model, &error);
    if (status != OLSTM_STATUS_OK) {
      assert_null(model);
      assert_int_equal(status, OLSTM_STATUS_UNSUPPORTED);
      assert_non_null(strstr(error.message, "only tensors are supported"));
      refused++;
    }
    olstm_model_destroy(model);
  }
  print_message("%zu node models, %zu refused\n", models.gl_pathc, refused);
  if (models.gl_pathc == NODE_MODEL_COUNT) {
    assert_int_equal(refused, NODE_MODELS_WITHOUT_TENSORS);
  }
  globfree(&models);
}

static void refuses_what_is_no_model_and_says_what_it_is(void** state) {
  const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
  olstm_model* model = NULL;
  olstm_error error = {""};
  (void)state;
  assert_int_equal(
      olstm_model_load_memory(pointer, sizeof pointer - 1, NULL, &model, &error),
      OLSTM_STATUS_INVALID_MODEL);
  assert_null(model);
  assert_non_null(strstr(error.message, "Git LFS pointer"));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loads_every_node_model_or_names_what_it_lacks),
      cmocka_unit_test(refuses_what_is_no_model_and_says_what_it_is),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
