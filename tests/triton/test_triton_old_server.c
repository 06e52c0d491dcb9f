// A server of backend API 1.8, which has no function that came later; and one of 1.7,
// which lacks more, and which the library says so to.
#include <string.h>

#include "triton_fixture.h"

static void a_server_without_newer_functions_is_served(void** state) {
  triton_fixture fixture;
  fake_sequence sequence = {.id = 1};
  TRITONBACKEND_Request request;
  const int64_t dims[] = {1, 2, 3};
  float x[6];
  (void)state;
  fake_server.api_minor = 8;
  fake_server.knows_same_buffer = false;
  fixture_start(&fixture, kOneLayer, "{}", NULL);
  assert_false(fake_server.loads_in_parallel);
  fixture_numbers(x, 6, 1);
  fake_request(&request, &fixture.model, &sequence, OLSTM__TRITON_SEQUENCE_START);
  fake_input(&request, "x", OLSTM__TRITON_TYPE_FP32, x, sizeof x, 3, dims);
  fake_execute(&fixture.instances[0], &request, 1);
  assert_int_equal(fake_output(&request, "y")->bytes, 32);
  fake_forget(&request);
  // A text for a correlation id is no null request, though it cannot be read here.
  sequence.text_id = "someone";
  fake_request(&request, &fixture.model, &sequence, 0);
  fake_input(&request, "x", OLSTM__TRITON_TYPE_FP32, x, sizeof x, 3, dims);
  fake_execute(&fixture.instances[0], &request, 1);
  assert_int_equal(fake_output(&request, "y")->bytes, 32);
  fake_forget(&request);
  fake_sequence_end(&sequence);
  fixture_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_server_without_newer_functions_is_served),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
