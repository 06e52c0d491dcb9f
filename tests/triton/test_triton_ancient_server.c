// A server of backend API 1.7, which has no RequestFlags: the library opens all the same
// and says what it needs.
#include "fake_server.h"

static void a_server_that_is_too_old_is_told_so(void** state) {
  fake_backend backend;
  (void)state;
  fake_server.api_minor = 7;
  assert_string_equal(fake_open(&backend),
                      "olstm: the server's backend API is 1.7: this backend needs 1.8 or "
                      "a later minor version");
  fake_close(&backend);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_server_that_is_too_old_is_told_so),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
