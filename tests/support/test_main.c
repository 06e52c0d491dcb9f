// Selects one case by its exact name, so that each is a CTest of its own.
#include "tests/support/test_main.h"

#include <stdio.h>
#include <string.h>

/// All cases but the slow ones, which run for minutes: those want to be named.
static int run_all(const struct CMUnitTest* tests, size_t test_count) {
  int failed_count = 0;
  for (size_t i = 0; i < test_count; i++) {
    if (strncmp(tests[i].name, "slow_", 5) == 0) continue;
    failed_count += _cmocka_run_group_tests(tests[i].name, &tests[i], 1, NULL, NULL);
  }
  return failed_count;
}

int olstm_test_main(int argc, char** argv, const struct CMUnitTest* tests,
                    size_t test_count) {
  if (argc < 2) return run_all(tests, test_count);
  for (size_t i = 0; i < test_count; i++) {
    if (strcmp(tests[i].name, argv[1]) == 0) {
      return _cmocka_run_group_tests(argv[1], &tests[i], 1, NULL, NULL);
    }
  }
  (void)fprintf(stderr, "no test case '%s'\n", argv[1]);
  return 2;
}
