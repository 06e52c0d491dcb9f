// No signals, no fork: Windows, with its POSIX threads, and web pages.
#include "system/thread.h"

unsigned olstm__fork_count(void) {
  return 0;
}

int olstm__thread_start(pthread_t* out_thread, void* (*function)(void*), void* argument) {
  return pthread_create(out_thread, NULL, function, argument);
}
