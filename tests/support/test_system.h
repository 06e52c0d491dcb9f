// What tests ask of the system, beyond system/.
#ifndef OLSTM_TESTS_SUPPORT_TEST_SYSTEM_H_
#define OLSTM_TESTS_SUPPORT_TEST_SYSTEM_H_

#include <stdbool.h>
#include <stddef.h>

/// Makes a folder for a test's files. One at a time in a process.
void olstm_test_folder_begin(void);

/// A path in that folder, valid until the eighth call after this one.
const char* olstm_test_path(const char* name);

/// Removes the folder, the files in it and empty folders.
void olstm_test_folder_end(void);

/// Sets a variable of the environment.
void olstm_test_set_environment(const char* name, const char* value);

/// Aligned memory of exactly `bytes`, 1 at least, so that sanitizers see what is read
/// beyond. NULL when there is none.
void* olstm_test_allocate_exactly(size_t alignment, size_t bytes);
void olstm_test_release_exactly(void* memory);

/// Whether `check` is true in a copy of the process that fork made. A system without fork
/// skips the test.
bool olstm_test_holds_in_fork(bool (*check)(void* user), void* user);

#endif  // OLSTM_TESTS_SUPPORT_TEST_SYSTEM_H_
