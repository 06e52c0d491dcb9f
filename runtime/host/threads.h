// A pool of threads that waits cheaply: it spins for microseconds, then sleeps. Knows
// nothing of graphs.
//
// What a caller may rely on:
//   - with as many tasks as threads or fewer, thread i is the one for task i; with more,
//   threads take the next one when they have finished one;
//   - the caller does what a thread has not begun when its own part is done: it never
//   waits for a thread that sleeps, or that other work keeps from running;
//   - a pool serves one caller at a time; whoever comes second is told to do without;
//   - in a child of fork() a pool has no threads any more, and says so.
#ifndef OLSTM_RUNTIME_HOST_THREADS_H_
#define OLSTM_RUNTIME_HOST_THREADS_H_

#include "olstm/allocator.h"
#include "olstm/plugin.h"
#include "olstm/status.h"

typedef struct olstm__threads olstm__threads;

enum { OLSTM__MAX_THREADS = 256 };

/// Starts thread_count - 1 threads; the caller's own is the first. *out_threads is NULL
/// for a thread_count of 1, which all functions below take.
///
/// Errors: INVALID_ARGUMENT (not in 1..OLSTM__MAX_THREADS), OUT_OF_MEMORY, BACKEND_ERROR
/// (the system starts no more threads). Memory: the caller owns *out_threads.
olstm_status olstm__threads_create(int32_t thread_count, const olstm_allocator* allocator,
                                   olstm__threads** out_threads, olstm_error* error);

/// Ends the threads. Nobody may have acquired them. NULL is legal.
void olstm__threads_destroy(olstm__threads* threads);

/// The pool for the caller alone, until olstm__threads_release; NULL when the caller has
/// to do without. Tasks must not call `run` themselves. [no-alloc] [any-thread]
const olstm_parallel* olstm__threads_try_acquire(olstm__threads* threads);

/// Gives back what olstm__threads_try_acquire gave; NULL is legal. [no-alloc]
void olstm__threads_release(const olstm_parallel* parallel);

#endif  // OLSTM_RUNTIME_HOST_THREADS_H_
