// runtime/plan/plan_create.c: what making a plan counts as work.
#include <stdio.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

/// Runs so many layers of MatMul, Add and Relu, which become a Dense each.
static olstm_status run_layers(int count, bool fuse, uint64_t max_work) {
  char text[2048] =
      "input x0 float[1,2]\nconst w float[2,2] 0.5 -0.25\nconst b float[2] 0.125\n";
  float x[2] = {1, 2};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, x};
  olstm_tensor output = {.data = NULL};
  olstm_session_options options;
  olstm_session* session = NULL;
  olstm_context* context = NULL;
  for (int i = 0; i < count; i++) {
    const size_t used = strlen(text);
    (void)snprintf(
        text + used, sizeof text - used,
        "node MatMul x%d,w -> p%d\nnode Add p%d,b -> s%d\nnode Relu s%d -> x%d\n", i, i,
        i, i, i, i + 1);
  }
  (void)snprintf(text + strlen(text), sizeof text - strlen(text), "output x%d\n", count);
  olstm_model* model = olstm_test_model(text);
  olstm_session_options_init(&options);
  options.fuse = fuse;
  options.max_work = max_work;
  olstm_status status = olstm_session_create(model, NULL, &options, &session, NULL);
  olstm_model_destroy(model);
  if (status == OLSTM_STATUS_OK) status = olstm_context_create(session, &context, NULL);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_run(context, &input, 1, &output, 1, NULL);
  }
  olstm_context_destroy(context);
  olstm_session_destroy(session);
  return status;
}

/// The least max_work with which that goes well.
static uint64_t find_least_work(int count, bool fuse) {
  uint64_t too_little = 1, enough = 1 << 30;
  assert_int_equal(run_layers(count, fuse, enough), OLSTM_STATUS_OK);
  while (enough - too_little > 1) {
    const uint64_t middle = too_little + (enough - too_little) / 2;
    if (run_layers(count, fuse, middle) == OLSTM_STATUS_OK) {
      enough = middle;
    } else {
      too_little = middle;
    }
  }
  return enough;
}

static void every_node_that_is_gone_through_counts(void** state) {
  (void)state;
  // Three steps a layer; or one, after the three nodes that it replaced were checked.
  const uint64_t plain = (find_least_work(5, false) - find_least_work(1, false)) / 4;
  const uint64_t fused = (find_least_work(5, true) - find_least_work(1, true)) / 4;
  assert_in_range(plain, 3 * 16384, 3 * 16384 + 4096);
  assert_in_range(fused, 4 * 16384, 4 * 16384 + 4096);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_node_that_is_gone_through_counts),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
