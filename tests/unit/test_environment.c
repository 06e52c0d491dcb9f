// runtime/host/environment.c and session.c: options are read, odd ones refused.
#include "tests/support/fake_ops.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static const char kModel[] =
    "input x float[n]\nnode test:Inc x -> y\noutput y float[n]\n";

static void expect_refusal(const olstm_session_options* options, const char* message) {
  olstm_fake_session fake;
  olstm_error error = {""};
  assert_int_equal(olstm_fake_session_create(kModel, options, &fake, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, message);
  assert_null(fake.session);
  olstm_fake_session_destroy(&fake);
}

static void refuses_options_that_make_no_sense(void** state) {
  olstm_session_options options;
  (void)state;
  olstm_session_options_init(&options);
  options.thread_count = 0;
  expect_refusal(&options, "thread_count is 0, expected 1..256");
  olstm_session_options_init(&options);
  options.precision = 7;
  expect_refusal(&options, "precision 7 is unknown, expected OLSTM_PRECISION_*");
  olstm_session_options_init(&options);
  options.kernel = "magic";
  expect_refusal(
      &options,
      "kernel 'magic' is unknown, expected auto, onednn, native, reference or fastest");
  olstm_session_options_init(&options);
  options.plan_cache_capacity = 0;
  expect_refusal(&options, "plan_cache_capacity is 0, expected at least 1");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_options_that_make_no_sense),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
