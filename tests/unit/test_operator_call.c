// runtime/host/operator_call.c: operators that fail and do not say why.
#include <stdio.h>
#include <string.h>

#include "runtime/host/operator_call.h"
#include "tests/support/fake_ops.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { kSilentStatus = 999 };

/// Which callback of test:Silent fails, and what it says.
static const char* failing = "";
static const char* message = "";

static olstm_status fail_in(const char* callback, olstm_error* error) {
  if (strcmp(callback, failing) != 0) return OLSTM_STATUS_OK;
  if (error && *message) (void)snprintf(error->message, 32, "%s", message);
  return *message ? OLSTM_STATUS_NEEDS_DATA : kSilentStatus;
}

static olstm_status create(const olstm_operator* self, const olstm_create_args* args,
                           void** out_instance, olstm_error* error) {
  (void)args;
  *out_instance = (void*)self;
  return fail_in("create", error);
}

static olstm_status infer(const void* instance, const olstm_infer_args* args,
                          olstm_tensor_desc* out_outputs, olstm_error* error) {
  (void)instance;
  if (strcmp(failing, "desc") != 0) out_outputs[0] = args->inputs[0]->desc;
  return fail_in("infer", error);
}

static olstm_status prepare(void* instance, const olstm_prepare_args* args,
                            olstm_prepared* out_prepared, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_prepared;
  return fail_in("prepare", error);
}

static olstm_status run(const void* instance, const void* handle,
                        const olstm_run_args* args, olstm_error* error) {
  (void)instance;
  (void)handle;
  memcpy(args->outputs[0], args->inputs[0], sizeof(float));
  return fail_in("run", error);
}

static void release(void* instance, void* handle) {
  (void)instance;
  (void)handle;
}

static void destroy(void* instance) {
  (void)instance;
}

static const olstm_operator kSilent = {.struct_size = sizeof(olstm_operator),
                                       .domain = "test",
                                       .op_type = "Silent",
                                       .first_opset = 1,
                                       .create = create,
                                       .infer = infer,
                                       .prepare = prepare,
                                       .run = run,
                                       .release = release,
                                       .destroy = destroy};

/// Runs `text` with one element; what it fails with. The caller's error holds garbage.
static olstm_status run_model(const char* text, olstm_error* error) {
  olstm_model* model = olstm_test_model(text);
  olstm_registry* registry = olstm_fake_registry();
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  float x = 1;
  const olstm_tensor input = olstm_fake_vector(&x, 1);
  olstm_tensor output = {.data = NULL};
  memset(error, 'g', sizeof *error);
  assert_int_equal(olstm_registry_add(registry, &kSilent, NULL), OLSTM_STATUS_OK);
  olstm_status status = olstm_session_create(model, registry, NULL, &session, error);
  if (status == OLSTM_STATUS_OK) status = olstm_context_create(session, &context, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_run(context, &input, 1, &output, 1, error);
  }
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  olstm_registry_destroy(registry);
  olstm_model_destroy(model);
  return status;
}

static const char kPlanned[] =
    "opset test 1\ninput x float[1]\nnode test:Silent x -> y name=s\noutput y\n";
/// The same after a node whose output's shape only data tells.
static const char kDynamic[] =
    "opset test 1\ninput x float[1]\nnode test:Positive x -> p\n"
    "node test:Silent p -> y name=s\noutput y\n";
/// The same with a constant: computed ahead.
static const char kFolded[] =
    "opset test 1\ninput x float[1]\nconst k float[1] 2\n"
    "node test:Silent k -> c name=s\nnode Add x,c -> y\noutput y\n";

static void silent_failures_are_named(void** state) {
  static const char* const kCallbacks[] = {"create", "infer", "prepare", "run"};
  static const char* const kModels[] = {kPlanned, kDynamic, kFolded};
  olstm_error error;
  (void)state;
  message = "";
  for (size_t m = 0; m < 3; m++) {
    failing = "";
    assert_int_equal(run_model(kModels[m], &error), OLSTM_STATUS_OK);
    for (size_t c = 0; c < 4; c++) {
      char expected[128];
      failing = kCallbacks[c];
      assert_int_equal(run_model(kModels[m], &error), kSilentStatus);
      (void)snprintf(expected, sizeof expected,
                     "Silent 's': %s failed with status 999 and no message", failing);
      assert_string_equal(error.message, expected);
    }
  }
}

static void no_message_of_an_earlier_failure_stays(void** state) {
  static const char* const kCallbacks[] = {"create", "infer", "prepare", "run"};
  const olstm_node node = {
      .struct_size = sizeof node, .name = "s", .op_type = "Silent", .domain = "test"};
  const olstm_create_args create_args = {.struct_size = sizeof create_args,
                                         .node = &node};
  const olstm__operator_instance of = {&kSilent, (void*)&kSilent, &node};
  float x = 1, y = 0;
  const olstm_tensor input = olstm_fake_vector(&x, 1);
  const olstm_tensor* inputs[] = {&input};
  void* outputs[] = {&y};
  const olstm_infer_args infer_args = {.inputs = inputs, .input_count = 1};
  const void* data[] = {&x};
  const olstm_prepare_args prepare_args = {.input_count = 1, .inputs = inputs};
  const olstm_run_args run_args = {.inputs = data, .outputs = outputs};
  (void)state;
  message = "";
  for (size_t c = 0; c < 4; c++) {
    olstm__operator_memory memory = {.limit = 0};
    olstm_prepared prepared = {.struct_size = sizeof prepared};
    olstm_tensor_desc desc;
    void* instance = NULL;
    olstm_error error = {"of something else"};
    char expected[128];
    failing = kCallbacks[c];
    const olstm_status status =
        c == 0   ? olstm__call_create(&kSilent, &create_args, &memory, &instance, &error)
        : c == 1 ? olstm__call_infer(&of, &infer_args, &desc, &error)
        : c == 2 ? olstm__call_prepare(&of, &prepare_args, &memory, &prepared, &error)
                 : olstm__call_run(&of, NULL, &run_args, &error);
    assert_int_equal(status, kSilentStatus);
    (void)snprintf(expected, sizeof expected,
                   "Silent 's': %s failed with status 999 and no message", failing);
    assert_string_equal(error.message, expected);
  }
}

static void what_an_operator_waits_for_in_vain_is_told(void** state) {
  olstm_error error;
  (void)state;
  failing = "infer";
  message = "gain must be known";
  assert_int_equal(run_model(kDynamic, &error), OLSTM_STATUS_BACKEND_ERROR);
  assert_string_equal(error.message,
                      "Silent 's': wants more data than there is: gain must be known");
}

static void outputs_that_infer_forgets_are_named(void** state) {
  static const char* const kModels[] = {kPlanned, kDynamic, kFolded};
  static const char* const kOutputs[] = {"y", "y", "c"};
  (void)state;
  failing = "desc";
  for (size_t m = 0; m < 3; m++) {
    olstm_error error;
    char expected[128];
    (void)snprintf(expected, sizeof expected,
                   "Silent 's': output '%s' is said to have dtype undefined and shape []",
                   kOutputs[m]);
    assert_int_equal(run_model(kModels[m], &error), OLSTM_STATUS_BACKEND_ERROR);
    assert_string_equal(error.message, expected);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(silent_failures_are_named),
      cmocka_unit_test(no_message_of_an_earlier_failure_stays),
      cmocka_unit_test(what_an_operator_waits_for_in_vain_is_told),
      cmocka_unit_test(outputs_that_infer_forgets_are_named),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
