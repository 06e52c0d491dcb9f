// Selects one case by its exact name, so that each is a CTest of its own.
#include "tests/support/test_main.h"

#include <stdio.h>
#include <string.h>

int olstm_test_main(int argc, char** argv, const struct CMUnitTest* tests,
                    size_t test_count) {
  if (argc < 2) return _cmocka_run_group_tests("all", tests, test_count, NULL, NULL);
  for (size_t i = 0; i < test_count; i++) {
    if (strcmp(tests[i].name, argv[1]) == 0) {
      return _cmocka_run_group_tests(argv[1], &tests[i], 1, NULL, NULL);
    }
  }
  (void)fprintf(stderr, "no test case '%s'\n", argv[1]);
  return 2;
}
