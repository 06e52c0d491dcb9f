// runtime/session.c: what a session says of itself, and many threads on one.
#include <pthread.h>

#include "runtime/host/registry.h"
#include "tests/support/fake_ops.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

static void outputs_keep_the_models_names(void** state) {
  olstm_fake_session fake;
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input x float[n,3]\nconst w float[2] 1\nnode test:Inc w -> v\n"
      "node test:Inc x -> y\noutput y float[n,3]\noutput v float[2]\n",
      NULL, &fake);
  assert_int_equal(olstm_session_input_count(session), 1);
  assert_int_equal(olstm_session_output_count(session), 2);
  const olstm_value_info* x = olstm_session_get_input(session, 0);
  assert_string_equal(x->name, "x");
  assert_int_equal(x->dims[0], -1);
  assert_string_equal(x->dim_params[0], "n");
  assert_string_equal(olstm_session_get_output(session, 1)->name, "v");
  assert_int_equal(olstm_session_get_output(session, 1)->dims[0], 2);
  assert_null(olstm_session_get_input(session, 1));
  assert_null(olstm_session_get_output(session, 2));
  olstm_fake_session_destroy(&fake);
}

static size_t count_steps(olstm_model* model, const olstm_registry* registry) {
  static float x[] = {1, 2};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, x};
  olstm_tensor output = {.data = NULL};
  olstm_session* session = NULL;
  olstm_plan_info plan;
  assert_int_equal(olstm_session_create(model, registry, NULL, &session, NULL),
                   OLSTM_STATUS_OK);
  olstm_context* context = olstm_fake_context(session);
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_get_plan_info(context, &plan, NULL), OLSTM_STATUS_OK);
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  return plan.step_count;
}

static void nodes_reach_the_operators_that_a_user_brings(void** state) {
  olstm_registry* registry = olstm_fake_registry();
  olstm_model* model = olstm_test_model(
      "input x float[n,2]\nconst w float[2,2] 1\nconst b float[2] 1\n"
      "node MatMul x,w -> p\nnode Add p,b -> s\nnode Relu s -> y\noutput y\n");
  const olstm_operator mine = *olstm__registry_find(registry, "", "Relu", 13);
  (void)state;
  assert_int_equal(count_steps(model, registry), 1);
  assert_int_equal(olstm_registry_add(registry, &mine, NULL), OLSTM_STATUS_OK);
  assert_int_equal(count_steps(model, registry), 3);
  olstm_model_destroy(model);
  olstm_registry_destroy(registry);
}

static void the_model_may_go_before_the_session(void** state) {
  olstm_fake_session fake;
  float x[] = {1, 2};
  const olstm_tensor input = olstm_fake_vector(x, 2);
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input x float[n]\nconst w float[2] 5\nnode test:Add x,w -> y\noutput y\n", NULL,
      &fake);
  olstm_model_destroy(fake.model);
  fake.model = NULL;
  olstm_context* context = olstm_fake_context(session);
  assert_int_equal(olstm_context_run(context, &input, 1, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_true(((float*)output.data)[1] == 7);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

// ---------------------------------------------------------------- threads

enum { kThreads = 4, kRuns = 60 };

/// Static and dynamic parts, a branch, and new shapes all the time.
static const char kBusy[] =
    "input x float[n]\ninput c bool[]\ninput k int64[]\nnode test:Inc x -> a\n"
    "graph t\nnode test:Inc a -> t1\noutput t1\nend\ngraph e\noutput a\nend\n"
    "node If c -> d then_branch=@t else_branch=@e\nnode test:Keep d,k -> y\noutput y\n";

static void* run_many(void* argument) {
  olstm_session* session = argument;
  olstm_context* context = NULL;
  float x[40];
  unsigned char condition = 0;
  int64_t keep = 1;
  if (olstm_context_create(session, &context, NULL)) return argument;
  for (int i = 0; i < 40; i++) x[i] = (float)i;
  for (int r = 0; r < kRuns; r++) {
    const olstm_tensor inputs[] = {olstm_fake_vector(x, 10 + r % 30),
                                   {{OLSTM_DTYPE_BOOL, 0, {0}}, &condition},
                                   {{OLSTM_DTYPE_INT64, 0, {0}}, &keep}};
    olstm_tensor output = {.data = NULL};
    condition = (unsigned char)(r & 1);
    keep = 1 + r % 7;
    if (olstm_context_run(context, inputs, 3, &output, 1, NULL)) return argument;
    if (output.desc.dims[0] != keep) return argument;
    if (((float*)output.data)[keep - 1] != x[keep - 1] + 1 + (float)condition) {
      return argument;
    }
  }
  olstm_context_destroy(context);
  return NULL;
}

static void many_threads_share_a_session(void** state) {
  olstm_session_options options;
  olstm_fake_session fake;
  pthread_t threads[kThreads];
  (void)state;
  for (int32_t thread_count = 1; thread_count <= 2; thread_count++) {
    olstm_session_options_init(&options);
    options.plan_cache_capacity = 5;
    options.thread_count = thread_count;
    olstm_session* session = olstm_fake_session_must(kBusy, &options, &fake);
    for (int t = 0; t < kThreads; t++) {
      assert_int_equal(pthread_create(&threads[t], NULL, run_many, session), 0);
    }
    for (int t = 0; t < kThreads; t++) {
      void* failed = NULL;
      assert_int_equal(pthread_join(threads[t], &failed), 0);
      assert_null(failed);
    }
    olstm_fake_session_destroy(&fake);
    assert_int_equal(olstm_fake.release, olstm_fake.prepare);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs_keep_the_models_names),
      cmocka_unit_test(nodes_reach_the_operators_that_a_user_brings),
      cmocka_unit_test(the_model_may_go_before_the_session),
      cmocka_unit_test(many_threads_share_a_session),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
