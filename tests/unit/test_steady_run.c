// What a run like the last one promises, of whole models: no allocation, no lock, and no
// system call (seccomp's strict mode kills whoever makes one).
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/model_fixture.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"

enum { kMaxFloats = 1024, kRuns = 20, kNoSeccomp = 77 };

static int lock_count;

/// Stands before the C library's.
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static int (*real)(pthread_mutex_t*);
  if (!real) {
    void* symbol = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    memcpy(&real, &symbol, sizeof real);
  }
  lock_count++;
  return real(mutex);
}

/// Symbolic dimensions are 2.
static void give_inputs(model_fixture* fixture, float* values) {
  for (size_t i = 0; i < olstm_session_input_count(fixture->session); i++) {
    const olstm_value_info* info = olstm_session_get_input(fixture->session, i);
    int64_t dims[OLSTM_MAX_RANK + 1];
    for (int32_t d = 0; d < info->rank; d++) {
      dims[d] = info->dims[d] < 0 ? 2 : info->dims[d];
    }
    dims[info->rank] = -1;
    model_input(fixture, i, info->dtype, values, dims);
  }
}

static void start(model_fixture* fixture, const char* path, bool is_stateful) {
  static float values[kMaxFloats];
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = is_stateful;
  options.stateful = kAll;
  for (int i = 0; i < kMaxFloats; i++) values[i] = (float)(i % 7) - 3.0F;
  model_start(fixture, path, &options);
  give_inputs(fixture, values);
  model_must_run(fixture);
}

static void expect_no_allocation_and_no_lock(model_fixture* fixture) {
  const int64_t allocations = olstm_test_malloc_count();
  const int locks = lock_count;
  for (int r = 0; r < kRuns; r++) model_must_run(fixture);
  assert_int_equal(olstm_test_malloc_count(), allocations);
  assert_int_equal(lock_count, locks);
}

/// In a child, since there is no way back from strict mode.
static void expect_no_system_call(model_fixture* fixture) {
  int status = 0;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(kNoSeccomp);
    int failed = 0;
    for (int r = 0; r < kRuns; r++) failed |= model_run(fixture) != OLSTM_STATUS_OK;
    // What _exit calls, strict mode forbids.
    (void)syscall(SYS_exit, failed);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) fail_msg("a run made a system call");
  if (WEXITSTATUS(status) == kNoSeccomp) skip();
  assert_int_equal(WEXITSTATUS(status), 0);
}

/// Sanitizers make calls of their own.
static bool is_sanitized(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

static void expect_quiet(const char* path, bool is_stateful) {
  model_fixture fixture;
  if (is_sanitized()) skip();
  start(&fixture, path, is_stateful);
  expect_no_allocation_and_no_lock(&fixture);
  expect_no_system_call(&fixture);
  model_end(&fixture);
}

static void a_keras_layer_with_a_dense_is_quiet(void** state) {
  (void)state;
  expect_quiet(OLSTM_TEST_DATA "/keras_lstm/model.onnx", false);
  expect_quiet(OLSTM_TEST_DATA "/keras_examples/a/model.onnx", false);
}

static void layers_with_states_as_inputs_are_quiet(void** state) {
  (void)state;
  expect_quiet(OLSTM_TEST_DATA "/keras_examples/b_inputs/model.onnx", false);
  expect_quiet(OLSTM_TEST_DATA "/keras_examples/d/model.onnx", false);
}

static void masked_layers_are_quiet(void** state) {
  (void)state;
  expect_quiet(OLSTM_TEST_DATA "/keras_examples/e/model.onnx", false);
}

static void stateful_layers_are_quiet(void** state) {
  (void)state;
  expect_quiet(OLSTM_TEST_DATA "/keras_lstm/model.onnx", true);
  expect_quiet(OLSTM_TEST_DATA "/state/lstm_stack.onnx", true);
}

static void ifs_are_quiet_whichever_branch_they_take(void** state) {
  static float x[4] = {1, -2, 3, -4};
  static uint8_t conditions[2];
  (void)state;
  if (is_sanitized()) skip();
  for (uint8_t c = 0; c < 4; c++) {
    model_fixture fixture = {0};
    olstm_model* model = olstm_test_model(
        "input c bool[]\ninput d bool[]\ninput x float[N]\n"
        "graph p\nnode Neg x -> a\noutput a float\nend\n"
        "graph q\nnode Add x,x -> b\nnode Tanh b -> b2\noutput b2 float\nend\n"
        "graph t\nnode If d -> z then_branch=@p else_branch=@q\noutput z float\nend\n"
        "graph e\nnode Abs x -> f\noutput f float\nend\n"
        "node If c -> y then_branch=@t else_branch=@e\noutput y\n");
    assert_int_equal(olstm_session_create(model, NULL, NULL, &fixture.session, NULL),
                     OLSTM_STATUS_OK);
    olstm_model_destroy(model);
    assert_int_equal(olstm_context_create(fixture.session, &fixture.context, NULL),
                     OLSTM_STATUS_OK);
    model_input(&fixture, 0, OLSTM_DTYPE_BOOL, &conditions[0], MODEL_SCALAR);
    model_input(&fixture, 1, OLSTM_DTYPE_BOOL, &conditions[1], MODEL_SCALAR);
    model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(4));
    conditions[0] = conditions[1] = 0;
    model_must_run(&fixture);
    // That took one branch; these take the others, too.
    conditions[0] = c & 1;
    conditions[1] = c >> 1;
    expect_no_allocation_and_no_lock(&fixture);
    expect_no_system_call(&fixture);
    model_end(&fixture);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_keras_layer_with_a_dense_is_quiet),
      cmocka_unit_test(layers_with_states_as_inputs_are_quiet),
      cmocka_unit_test(masked_layers_are_quiet),
      cmocka_unit_test(stateful_layers_are_quiet),
      cmocka_unit_test(ifs_are_quiet_whichever_branch_they_take),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
