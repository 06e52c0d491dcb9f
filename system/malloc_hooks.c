// Interposes the C library's malloc and counts calls. With glibc an executable's own
// malloc serves all libraries of the process; sanitizers bring one of their own.
//
// Does not include headers that declare malloc: the declarations would have to match
// exactly.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

void olstm__alloc_count_add(void);
bool olstm__malloc_is_counted(void);

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t number, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes);
void* calloc(size_t number, size_t bytes);
void* realloc(void* memory, size_t bytes);
void* aligned_alloc(size_t alignment, size_t bytes);
int posix_memalign(void** out_memory, size_t alignment, size_t bytes);

bool olstm__malloc_is_counted(void) {
  return true;
}

void* malloc(size_t bytes) {
  olstm__alloc_count_add();
  return __libc_malloc(bytes);
}

void* calloc(size_t number, size_t bytes) {
  olstm__alloc_count_add();
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, size_t bytes) {
  olstm__alloc_count_add();
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  olstm__alloc_count_add();
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** out_memory, size_t alignment, size_t bytes) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  olstm__alloc_count_add();
  void* memory = __libc_memalign(alignment, bytes);
  if (!memory) return ENOMEM;
  *out_memory = memory;
  return 0;
}

#else

bool olstm__malloc_is_counted(void) {
  return false;
}

#endif
