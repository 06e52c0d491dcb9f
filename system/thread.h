// Threads. POSIX threads are how all systems have them here: glibc, musl, Android,
// MinGW's winpthread and emscripten. So their functions are used as they are, and a
// system without them would define them here: no other header includes pthread.h.
// Functions below are for what systems do differently; threads are started by
// olstm__thread_start alone.
#ifndef OLSTM_SYSTEM_THREAD_H_
#define OLSTM_SYSTEM_THREAD_H_

#include <pthread.h>
#include <stdint.h>

/// As pthread_create, but no signal of the application is delivered to the thread.
int olstm__thread_start(pthread_t* out_thread, void* (*function)(void*), void* argument);

/// As pthread_cond_init, for olstm__condition_wait_until.
int olstm__condition_init(pthread_cond_t* condition);

/// As pthread_cond_wait, but returns when olstm__clock_ns has reached `deadline_ns`, too.
void olstm__condition_wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                 int64_t deadline_ns);

/// The CPU that the thread runs on, -1 where the system does not tell. [no-alloc]
int olstm__thread_cpu(void);

/// Moves the thread away from the CPU, where it may run on others. Its affinity stays
/// what it is. [no-alloc]
void olstm__thread_leave_cpu(int cpu);

/// How often this process was forked since the first call in it or one of its ancestors:
/// a thread whose number is another one does not exist any more. [any-thread]
unsigned olstm__fork_count(void);

/// Hints to the CPU that the thread spins (x86: pause). [no-alloc] [any-thread]
static inline void olstm__thread_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

#endif  // OLSTM_SYSTEM_THREAD_H_
