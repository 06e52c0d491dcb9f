// The session option real_time: plans whose runs allocate are refused, by name.
#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

static olstm_session_options real_time_options(void) {
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.real_time = true;
  return options;
}

static olstm_status prepare(olstm_session* session, const olstm_tensor_desc* input,
                            olstm_error* error) {
  olstm_context* context = olstm_fake_context(session);
  const olstm_status status = olstm_context_prepare(context, input, 1, error);
  olstm_context_destroy(context);
  return status;
}

static void plans_of_known_shapes_are_made(void** state) {
  const olstm_session_options options = real_time_options();
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {4}};
  olstm_fake_session made;
  olstm_error error = {""};
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input x float[n]\nnode test:Inc x -> y\noutput y\n", &options, &made);
  assert_int_equal(prepare(session, &desc, &error), OLSTM_STATUS_OK);
  olstm_fake_session_destroy(&made);
}

static void steps_that_wait_for_data_are_named(void** state) {
  const olstm_session_options options = real_time_options();
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 1, {4}};
  olstm_fake_session made;
  olstm_error error = {""};
  (void)state;
  olstm_session* session = olstm_fake_session_must(
      "input x float[n]\nnode NonZero x -> p\noutput p\n", &options, &made);
  assert_int_equal(prepare(session, &desc, &error), OLSTM_STATUS_UNSUPPORTED);
  assert_non_null(strstr(error.message, "NonZero '"));
  assert_non_null(
      strstr(error.message,
             "': only data can tell its shapes, so that it may allocate while "
             "it runs, which real_time does not allow"));
  olstm_fake_session_destroy(&made);
}

/// oneDNN's primitives allocate; a build or a system without it has nothing to refuse.
static void kernels_that_allocate_are_named(void** state) {
  olstm_session_options options = real_time_options();
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 3, {5, 2, 3}};
  olstm_fake_session made;
  olstm_error error = {""};
  (void)state;
  options.kernel = "onednn";
  if (olstm_fake_session_create("input x float[t,2,3]\nconst w float[1,16,3] 0.1\n"
                                "const r float[1,16,4] 0.1\n"
                                "node LSTM x,w,r -> y hidden_size=4\noutput y\n",
                                &options, &made, &error)) {
    skip();
  }
  assert_int_equal(prepare(made.session, &desc, &error), OLSTM_STATUS_UNSUPPORTED);
  const bool is_absent = strstr(error.message, "declines") != NULL;
  if (!is_absent) {
    assert_non_null(strstr(error.message,
                           "': its kernel allocates in every run, which real_time does "
                           "not allow"));
  }
  olstm_fake_session_destroy(&made);
}

static void the_fastest_kernel_is_one_that_allocates_nothing(void** state) {
  olstm_session_options options = real_time_options();
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 3, {50, 8, 16}};
  olstm_fake_session made;
  olstm_error error = {""};
  (void)state;
  options.kernel = "fastest";
  assert_int_equal(
      olstm_fake_session_create("input x float[t,8,16]\nconst w float[1,512,16] 0.1\n"
                                "const r float[1,512,128] 0.1\n"
                                "node LSTM x,w,r -> y hidden_size=128\noutput y\n",
                                &options, &made, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(prepare(made.session, &desc, &error), OLSTM_STATUS_OK);
  olstm_fake_session_destroy(&made);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plans_of_known_shapes_are_made),
      cmocka_unit_test(steps_that_wait_for_data_are_named),
      cmocka_unit_test(kernels_that_allocate_are_named),
      cmocka_unit_test(the_fastest_kernel_is_one_that_allocates_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
