// See alloc_count.h. With glibc the executable's own malloc stands before the library's,
// for all libraries of the process; sanitizers bring a malloc of their own.
#include "tools/alloc_count.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_int_fast64_t count;

static void count_one(void) {
  (void)atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

int64_t olstm__alloc_count_get(void) {
  return atomic_load_explicit(&count, memory_order_relaxed);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang_analyzer__)

void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t number, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) {
  count_one();
  return __libc_malloc(bytes);
}

void* calloc(size_t number, size_t bytes) {
  count_one();
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, size_t bytes) {
  count_one();
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  count_one();
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** out_memory, size_t alignment, size_t bytes) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  count_one();
  void* memory = __libc_memalign(alignment, bytes);
  if (!memory) return ENOMEM;
  *out_memory = memory;
  return 0;
}

static void* allocate(void* user, size_t bytes) {
  return olstm_default_allocate_(user, bytes);
}

#else

static void* allocate(void* user, size_t bytes) {
  count_one();
  return olstm_default_allocate_(user, bytes);
}

#endif

olstm_allocator olstm__alloc_count_allocator(void) {
  return (olstm_allocator){NULL, allocate, olstm_default_release_};
}
