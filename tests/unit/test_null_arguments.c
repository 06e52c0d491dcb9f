// Public functions of models, sessions and registries refuse each pointer that may not be
// NULL, alone, with a message, and without touching the others.
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

static const char kModel[] = "input x float[1]\nnode Relu x -> y\noutput y\n";

/// Expects a call to be refused with that message.
#define EXPECT_REFUSAL(expected, call)                       \
  do {                                                       \
    olstm_error error = {""};                                \
    assert_int_equal((call), OLSTM_STATUS_INVALID_ARGUMENT); \
    assert_string_equal(error.message, expected);            \
  } while (0)

static void models_and_tensors(void** state) {
  static const char kModelText[] = "bytes or out_model is NULL";
  static const char kRead[] = "bytes or out_tensor is NULL";
  static const char kWrite[] = "tensor, out_bytes or out_byte_count is NULL";
  olstm_model* model = NULL;
  float number = 1;
  olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 0, {0}}, &number};
  void* bytes = NULL;
  size_t byte_count = 0;
  (void)state;
  EXPECT_REFUSAL("path or out_model is NULL",
                 olstm_model_load_file(NULL, NULL, &model, &error));
  EXPECT_REFUSAL("path or out_model is NULL",
                 olstm_model_load_file("model.onnx", NULL, NULL, &error));
  EXPECT_REFUSAL(kModelText, olstm_model_load_memory(NULL, 1, NULL, &model, &error));
  EXPECT_REFUSAL(kModelText, olstm_model_load_memory("x", 1, NULL, NULL, &error));
  EXPECT_REFUSAL(kRead, olstm_tensor_read_pb(NULL, 1, NULL, &tensor, NULL, &error));
  EXPECT_REFUSAL(kRead, olstm_tensor_read_pb("x", 1, NULL, NULL, NULL, &error));
  EXPECT_REFUSAL(kWrite,
                 olstm_tensor_write_pb(NULL, "x", NULL, &bytes, &byte_count, &error));
  EXPECT_REFUSAL(kWrite,
                 olstm_tensor_write_pb(&tensor, "x", NULL, NULL, &byte_count, &error));
  EXPECT_REFUSAL(kWrite, olstm_tensor_write_pb(&tensor, "x", NULL, &bytes, NULL, &error));
  assert_null(model);
  assert_null(bytes);
  assert_int_equal(byte_count, 0);
  assert_ptr_equal(tensor.data, &number);
}

static void sessions_and_contexts(void** state) {
  static const char kCreate[] =
      "olstm_session_create: model and out_session must not be NULL";
  static const char kContext[] =
      "olstm_context_create: session and out_context must not be NULL";
  static const char kClone[] =
      "olstm_context_clone: context and out_context must not be NULL";
  olstm_model* model = olstm_test_model(kModel);
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_context* other = NULL;
  float x = 1;
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 1, {1}}, &x};
  olstm_tensor output = {.data = NULL};
  (void)state;
  EXPECT_REFUSAL(kCreate, olstm_session_create(NULL, NULL, NULL, &session, &error));
  EXPECT_REFUSAL(kCreate, olstm_session_create(model, NULL, NULL, NULL, &error));
  assert_null(session);
  assert_int_equal(olstm_session_create(model, NULL, NULL, &session, NULL),
                   OLSTM_STATUS_OK);
  EXPECT_REFUSAL(kContext, olstm_context_create(NULL, &context, &error));
  EXPECT_REFUSAL(kContext, olstm_context_create(session, NULL, &error));
  assert_null(context);
  assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
  EXPECT_REFUSAL(kClone, olstm_context_clone(NULL, &other, &error));
  EXPECT_REFUSAL(kClone, olstm_context_clone(context, NULL, &error));
  assert_null(other);
  EXPECT_REFUSAL("inputs must not be NULL",
                 olstm_context_run(context, NULL, 1, &output, 1, &error));
  EXPECT_REFUSAL("outputs must not be NULL",
                 olstm_context_run(context, &input, 1, NULL, 1, &error));
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_model_destroy(model);
}

static void registries(void** state) {
  const olstm_operator op = {.struct_size = sizeof op};
  olstm_registry* registry = NULL;
  (void)state;
  EXPECT_REFUSAL("registry is NULL", olstm_registry_add(NULL, &op, &error));
  EXPECT_REFUSAL("plugin: registry is NULL",
                 olstm_registry_load_plugin(NULL, "./plugin.so", &error));
  assert_int_equal(olstm_registry_create(NULL, &registry, NULL), OLSTM_STATUS_OK);
  EXPECT_REFUSAL("plugin: path is empty",
                 olstm_registry_load_plugin(registry, NULL, &error));
  EXPECT_REFUSAL("plugin: path is empty",
                 olstm_registry_load_plugin(registry, "", &error));
  olstm_registry_destroy(registry);
}

static void nothing_is_destroyed_where_there_is_nothing(void** state) {
  (void)state;
  olstm_model_destroy(NULL);
  olstm_session_destroy(NULL);
  olstm_context_destroy(NULL);
  olstm_registry_destroy(NULL);
  olstm_tensor_deinit(NULL, NULL);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(models_and_tensors),
      cmocka_unit_test(sessions_and_contexts),
      cmocka_unit_test(registries),
      cmocka_unit_test(nothing_is_destroyed_where_there_is_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
