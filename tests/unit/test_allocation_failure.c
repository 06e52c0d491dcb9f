// Whatever allocation of session, context, plan, run, clone or save fails: OUT_OF_MEMORY
// comes of it, nothing leaks, and nothing is half done. Models are those of
// tests/data/make_control_models.py.
#include <stdlib.h>

#include "system/aligned_memory.h"
#include "tests/support/model_fixture.h"

/// Fails allocation number `allowed` and all that follow.
typedef struct scarce_memory {
  int allowed;
  int live;
} scarce_memory;

static void* scarce_allocate(void* user, size_t bytes) {
  scarce_memory* memory = user;
  if (memory->allowed <= 0) return NULL;
  memory->allowed--;
  memory->live++;
  return olstm__aligned_allocate(64, (bytes + 63) / 64 * 64);
}

static void scarce_release(void* user, void* memory, size_t bytes) {
  (void)bytes;
  ((scarce_memory*)user)->live--;
  olstm__aligned_release(memory);
}

typedef struct scenario {
  const char* path;
  bool stateful;
  bool fuse;
  size_t input_count;
  olstm_tensor inputs[5];
} scenario;

/// Clones and saves what has run, and runs the clone.
static olstm_status go_on(const scenario* what, olstm_context* context,
                          size_t output_count, olstm_context** out_clone) {
  olstm_tensor outputs[MODEL_FIXTURE_MAX] = {{{0}, NULL}};
  void* blob = NULL;
  size_t blob_bytes = 0;
  OLSTM_RETURN_IF_ERROR(olstm_context_clone(context, out_clone, NULL));
  OLSTM_RETURN_IF_ERROR(olstm_context_save_state(context, &blob, &blob_bytes, NULL));
  const olstm_status status =
      olstm_context_load_state(*out_clone, blob, blob_bytes, NULL);
  olstm_context_free_blob(context, blob, blob_bytes);
  OLSTM_RETURN_IF_ERROR(status);
  return olstm_context_run(*out_clone, what->inputs, what->input_count, outputs,
                           output_count, NULL);
}

static olstm_status prepare(const scenario* what, olstm_context* context) {
  olstm_tensor_desc descs[5] = {{0}};
  for (size_t i = 0; i < what->input_count; i++) descs[i] = what->inputs[i].desc;
  return olstm_context_prepare(context, descs, what->input_count, NULL);
}

static olstm_status run_scenario(const scenario* what, olstm_model* model,
                                 const olstm_allocator* allocator) {
  static const char* const kAll[] = {"all"};
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  olstm_context* clone = NULL;
  olstm_tensor outputs[MODEL_FIXTURE_MAX] = {{{0}, NULL}};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.allocator = allocator;
  options.fuse = what->fuse;
  options.stateful_count = what->stateful;
  options.stateful = kAll;
  olstm_status status = olstm_session_create(model, NULL, &options, &session, NULL);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_create(session, &context, NULL);
  } else {
    assert_null(session);
  }
  const size_t output_count = session ? olstm_session_output_count(session) : 0;
  if (status == OLSTM_STATUS_OK) status = prepare(what, context);
  for (int run = 0; run < 2 && status == OLSTM_STATUS_OK; run++) {
    memset(outputs, 0, sizeof outputs);
    status = olstm_context_run(context, what->inputs, what->input_count, outputs,
                               output_count, NULL);
  }
  if (status == OLSTM_STATUS_OK && what->stateful) {
    status = go_on(what, context, output_count, &clone);
  }
  olstm_context_destroy(clone);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  return status;
}

static void fail_each_allocation(const scenario* what) {
  olstm_model* model = NULL;
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  assert_int_equal(olstm_model_load_file(what->path, NULL, &model, NULL),
                   OLSTM_STATUS_OK);
  int allowed = 0;
  for (; status != OLSTM_STATUS_OK; allowed++) {
    scarce_memory memory = {allowed, 0};
    const olstm_allocator allocator = {&memory, scarce_allocate, scarce_release};
    assert_true(allowed < 2000);
    status = run_scenario(what, model, &allocator);
    if (status != OLSTM_STATUS_OK && status != OLSTM_STATUS_OUT_OF_MEMORY) {
      fail_msg("allocation %d: status %d", allowed, (int)status);
    }
    assert_int_equal(memory.live, 0);
  }
  assert_true(allowed > 10);
  olstm_model_destroy(model);
}

static float floats[64];

static void of_a_stateful_model(void** state) {
  const scenario what = {OLSTM_TEST_DATA "/state/lstm_stack.onnx",
                         true,
                         false,
                         1,
                         {{{OLSTM_DTYPE_FLOAT, 3, {2, 2, 3}}, floats}}};
  (void)state;
  fail_each_allocation(&what);
}

static void of_a_model_that_is_fused(void** state) {
  const scenario what = {OLSTM_TEST_DATA "/keras_lstm/model.onnx",
                         true,
                         true,
                         1,
                         {{{OLSTM_DTYPE_FLOAT, 3, {2, 10, 3}}, floats}}};
  (void)state;
  fail_each_allocation(&what);
}

static void of_a_loop_in_a_loop(void** state) {
  int64_t m = 3;
  const scenario what = {
      OLSTM_TEST_DATA "/control/loop_nested.onnx",
      false,
      false,
      2,
      {{{OLSTM_DTYPE_INT64, 0, {0}}, &m}, {{OLSTM_DTYPE_FLOAT, 1, {2}}, floats}}};
  (void)state;
  fail_each_allocation(&what);
}

static void of_an_if_in_a_loop(void** state) {
  int64_t x = 6;
  const scenario what = {OLSTM_TEST_DATA "/control/if_in_loop.onnx",
                         false,
                         false,
                         1,
                         {{{OLSTM_DTYPE_INT64, 0, {0}}, &x}}};
  (void)state;
  fail_each_allocation(&what);
}

static void of_a_scan(void** state) {
  const scenario what = {OLSTM_TEST_DATA "/control/scan_axes.onnx",
                         false,
                         false,
                         3,
                         {{{OLSTM_DTYPE_FLOAT, 1, {2}}, floats},
                          {{OLSTM_DTYPE_FLOAT, 2, {2, 3}}, floats},
                          {{OLSTM_DTYPE_FLOAT, 2, {3, 2}}, floats}}};
  (void)state;
  fail_each_allocation(&what);
}

static void of_a_loop_that_becomes_a_layer(void** state) {
  uint8_t mask[6] = {1, 1, 0, 1, 0, 0};
  const scenario what = {OLSTM_TEST_DATA "/loops/lstm_masked.onnx",
                         true,
                         true,
                         5,
                         {{{OLSTM_DTYPE_FLOAT, 3, {2, 3, 3}}, floats},
                          {{OLSTM_DTYPE_BOOL, 2, {2, 3}}, mask},
                          {{OLSTM_DTYPE_FLOAT, 2, {2, 4}}, floats},
                          {{OLSTM_DTYPE_FLOAT, 2, {2, 4}}, floats},
                          {{OLSTM_DTYPE_FLOAT, 2, {2, 4}}, floats}}};
  (void)state;
  fail_each_allocation(&what);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_a_stateful_model),
      cmocka_unit_test(of_a_model_that_is_fused),
      cmocka_unit_test(of_a_loop_in_a_loop),
      cmocka_unit_test(of_an_if_in_a_loop),
      cmocka_unit_test(of_a_scan),
      cmocka_unit_test(of_a_loop_that_becomes_a_layer),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
