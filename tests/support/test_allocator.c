#include "tests/support/test_allocator.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "system/aligned_memory.h"
#include "tests/support/test_main.h"

enum {
  /// Before each block: its size, so that giving back another one is seen.
  kHeaderBytes = OLSTM_ALIGNMENT,
  /// Behind it, and in it before anything is written.
  kGuardBytes = 16,
  kFill = 0xA5
};

static void* test_allocate(void* user, size_t bytes) {
  olstm_test_allocator* self = user;
  const int64_t number = ++self->allocation_count;
  const int64_t fail_at = self->fail_at;
  if (fail_at > 0 && number >= fail_at) return NULL;
  size_t total = 0;
  if (!olstm_size_add(bytes, kHeaderBytes + kGuardBytes, &total) ||
      !olstm_size_align(total, &total)) {
    return NULL;
  }
  char* block = olstm__aligned_allocate(OLSTM_ALIGNMENT, total);
  if (!block) return NULL;
  memcpy(block, &bytes, sizeof bytes);
  // Whoever counts on zeroes shall see that there are none.
  memset(block + kHeaderBytes, kFill, total - kHeaderBytes);
  self->live_count++;
  self->live_bytes += (int64_t)bytes;
  return block + kHeaderBytes;
}

static void test_release(void* user, void* memory, size_t bytes) {
  olstm_test_allocator* self = user;
  char* block = (char*)memory - kHeaderBytes;
  size_t asked = 0;
  memcpy(&asked, block, sizeof asked);
  if (asked != bytes) self->has_size_mismatch = true;
  for (size_t i = 0; i < kGuardBytes; i++) {
    const unsigned char* guard = (const unsigned char*)memory + asked;
    if (guard[i] != kFill) self->has_overrun = true;
  }
  self->live_count--;
  self->live_bytes -= (int64_t)asked;
  olstm__aligned_release(block);
}

void olstm_test_allocator_init(olstm_test_allocator* allocator) {
  *allocator = (olstm_test_allocator){{allocator, test_allocate, test_release},
                                      .allocation_count = 0};
}

void olstm_test_allocator_fail_at(olstm_test_allocator* allocator, int64_t nth) {
  allocator->fail_at = nth > 0 ? allocator->allocation_count + nth : 0;
}

void olstm_test_allocator_assert_clean(const olstm_test_allocator* allocator) {
  assert_false(allocator->has_size_mismatch);
  assert_false(allocator->has_overrun);
  assert_int_equal(allocator->live_count, 0);
  assert_int_equal(allocator->live_bytes, 0);
}

// ---------------------------------------------------------------- malloc

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OLSTM_TEST_COUNTS_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OLSTM_TEST_COUNTS_MALLOC 0
#endif
#endif
#ifndef OLSTM_TEST_COUNTS_MALLOC
#define OLSTM_TEST_COUNTS_MALLOC 1
#endif

#if OLSTM_TEST_COUNTS_MALLOC && defined(__GLIBC__)
/// The C library's own, under the names that glibc gives them for this purpose.
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

static _Atomic int64_t malloc_count;

void* malloc(size_t bytes) {
  atomic_fetch_add_explicit(&malloc_count, 1, memory_order_relaxed);
  return __libc_malloc(bytes);
}

void* calloc(size_t count, size_t size) {
  atomic_fetch_add_explicit(&malloc_count, 1, memory_order_relaxed);
  return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t bytes) {
  atomic_fetch_add_explicit(&malloc_count, 1, memory_order_relaxed);
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  atomic_fetch_add_explicit(&malloc_count, 1, memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}

void* memalign(size_t alignment, size_t bytes);
void* memalign(size_t alignment, size_t bytes) {
  return aligned_alloc(alignment, bytes);
}

int posix_memalign(void** out_memory, size_t alignment, size_t bytes) {
  *out_memory = aligned_alloc(alignment, bytes);
  return *out_memory ? 0 : 12;  // ENOMEM
}

int64_t olstm_test_malloc_count(void) {
  return atomic_load_explicit(&malloc_count, memory_order_relaxed);
}
#else
int64_t olstm_test_malloc_count(void) {
  return -1;
}
#endif
