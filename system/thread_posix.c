#include <signal.h>
#include <stdatomic.h>

#include "system/thread.h"

static pthread_once_t fork_watch = PTHREAD_ONCE_INIT;
static atomic_uint fork_count;

static void count_fork(void) {
  atomic_fetch_add(&fork_count, 1);
}

static void watch_forks(void) {
  (void)pthread_atfork(NULL, NULL, count_fork);
}

unsigned olstm__fork_count(void) {
  (void)pthread_once(&fork_watch, watch_forks);
  return atomic_load(&fork_count);
}

int olstm__thread_start(pthread_t* out_thread, void* (*function)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failure = pthread_create(out_thread, NULL, function, argument);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure;
}
