// What every cmocka test program here starts with: cmocka's own includes, and a main that
// can run one case.
#ifndef OLSTM_TESTS_SUPPORT_TEST_MAIN_H_
#define OLSTM_TESTS_SUPPORT_TEST_MAIN_H_

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above first.
#include <cmocka.h>

/// Runs the case that argv[1] names, or all but those called slow_<case>. Returns main's
/// result.
int olstm_test_main(int argc, char** argv, const struct CMUnitTest* tests,
                    size_t test_count);

#endif  // OLSTM_TESTS_SUPPORT_TEST_MAIN_H_
