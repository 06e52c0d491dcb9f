// An allocator for tests: counts what is live, checks sizes given back, and fails the Nth
// allocation on demand.
#ifndef OLSTM_TESTS_SUPPORT_TEST_ALLOCATOR_H_
#define OLSTM_TESTS_SUPPORT_TEST_ALLOCATOR_H_

#include <stdbool.h>
#include <stdint.h>

#include "olstm/allocator.h"

typedef struct olstm_test_allocator {
  /// Hand this to what is tested. Its user pointer is this struct: do not move it.
  olstm_allocator allocator;
  /// Allocations asked for so far, and those not given back yet. Atomic.
  _Atomic int64_t allocation_count;
  _Atomic int64_t live_count;
  _Atomic int64_t live_bytes;
  /// Fail this allocation (1 is the next one after olstm_test_allocator_fail_at) and all
  /// after it; 0 for none.
  _Atomic int64_t fail_at;
  /// Whether memory was given back with another size than it was asked for with; and
  /// whether bytes behind it were written.
  _Atomic bool has_size_mismatch, has_overrun;
} olstm_test_allocator;

void olstm_test_allocator_init(olstm_test_allocator* allocator);

/// From now on, let allocation number `nth` (1: the very next) fail, and all that follow;
/// 0: none.
void olstm_test_allocator_fail_at(olstm_test_allocator* allocator, int64_t nth);

/// Asserts that all was given back, with the right sizes, and nothing written behind it.
void olstm_test_allocator_assert_clean(const olstm_test_allocator* allocator);

/// Allocations of the C library's since the program started, by any thread and by any
/// caller: malloc, calloc, realloc, aligned_alloc, posix_memalign and memalign. -1 where
/// they cannot be counted (sanitizers bring their own).
int64_t olstm_test_malloc_count(void);

#endif  // OLSTM_TESTS_SUPPORT_TEST_ALLOCATOR_H_
