// A pool of threads that waits cheaply: it spins for microseconds, then sleeps. Knows
// nothing of graphs.
//
// Guarantees to the caller:
//   - with at most as many tasks as threads, thread i runs task i; with more, each runs
//   its share of neighbours one by one, then what is left of the others', so that mostly
//   the same thread works on the same part of the data, from operator to operator;
//   - when its own part is done, the caller runs the parts that no thread has begun: it
//   never waits for a thread that sleeps or is not scheduled;
//   - a pool serves one caller at a time; a second one gets NULL and runs on one thread;
//   - in a child of fork() a pool has no threads any more: callers get NULL.
#ifndef OLSTM_RUNTIME_HOST_THREADS_H_
#define OLSTM_RUNTIME_HOST_THREADS_H_

#include "olstm/allocator.h"
#include "olstm/plugin.h"
#include "olstm/status.h"

typedef struct olstm__threads olstm__threads;

enum { OLSTM__MAX_THREADS = 256 };

/// Starts thread_count - 1 threads; the caller's thread is the first. *out_threads is
/// NULL for a thread_count of 1; all functions below accept NULL.
///
/// Errors: INVALID_ARGUMENT (not in 1..OLSTM__MAX_THREADS), OUT_OF_MEMORY, BACKEND_ERROR
/// (the system starts no more threads). Memory: the caller owns *out_threads.
olstm_status olstm__threads_create(int32_t thread_count, const olstm_allocator* allocator,
                                   olstm__threads** out_threads, olstm_error* error);

/// Joins the threads. The pool must not be acquired. NULL is legal.
void olstm__threads_destroy(olstm__threads* threads);

/// Acquires the pool until olstm__threads_release; NULL when it is in use or there is
/// none. Tasks must not call `run` themselves. [no-alloc] [any-thread]
const olstm_parallel* olstm__threads_try_acquire(olstm__threads* threads);

/// Releases an acquired pool; NULL is legal. [no-alloc]
void olstm__threads_release(const olstm_parallel* parallel);

#endif  // OLSTM_RUNTIME_HOST_THREADS_H_
