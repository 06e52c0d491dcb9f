#include "tests/support/test_system.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/wait.h>
#endif
#include <unistd.h>

#include "system/aligned_memory.h"
#include "system/path.h"
#include "system/random_bytes.h"
#include "tests/support/test_main.h"

enum { kPathBytes = 512, kPathCount = 8 };

static char folder[kPathBytes / 2];

void olstm_test_folder_begin(void) {
  const char* parent = getenv("TMPDIR");
#ifdef _WIN32
  if (!parent) parent = getenv("TEMP");
#endif
  uint64_t number = 0;
  assert_true(olstm__random_bytes(&number, sizeof number));
  (void)snprintf(folder, sizeof folder, "%s/olstm_test_%016" PRIx64,
                 parent ? parent : "/tmp", number);
  assert_int_equal(olstm__folder_create(folder), 0);
}

const char* olstm_test_path(const char* name) {
  static char paths[kPathCount][kPathBytes];
  static int next;
  char* path = paths[next++ % kPathCount];
  (void)snprintf(path, kPathBytes, "%s/%s", folder, name);
  return path;
}

static bool remove_entry(void* user, const char* name) {
  const char* path = olstm_test_path(name);
  (void)user;
  if (olstm__path_look(path) == OLSTM__PATH_FOLDER) {
    (void)rmdir(path);
  } else {
    (void)remove(path);
  }
  return true;
}

void olstm_test_folder_end(void) {
  (void)olstm__folder_visit(folder, remove_entry, NULL);
  assert_int_equal(rmdir(folder), 0);
}

#ifdef _WIN32

void olstm_test_set_environment(const char* name, const char* value) {
  assert_int_equal(_putenv_s(name, value), 0);
}

void* olstm_test_allocate_exactly(size_t alignment, size_t bytes) {
  return olstm__aligned_allocate(alignment, bytes ? bytes : 1);
}

void olstm_test_release_exactly(void* memory) {
  olstm__aligned_release(memory);
}

bool olstm_test_holds_in_fork(bool (*check)(void* user), void* user) {
  (void)check;
  (void)user;
  skip();
  return false;
}

#else

void olstm_test_set_environment(const char* name, const char* value) {
  assert_int_equal(setenv(name, value, 1), 0);
}

void* olstm_test_allocate_exactly(size_t alignment, size_t bytes) {
  void* memory = NULL;
  return posix_memalign(&memory, alignment, bytes ? bytes : 1) == 0 ? memory : NULL;
}

void olstm_test_release_exactly(void* memory) {
  free(memory);
}

bool olstm_test_holds_in_fork(bool (*check)(void* user), void* user) {
  int status = -1;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(check(user) ? 0 : 1);
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
