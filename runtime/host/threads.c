#include "runtime/host/threads.h"

#include <stdalign.h>
#include <stdatomic.h>

#include "system/clock.h"
#include "system/thread.h"

enum {
  kCacheLine = 64,
  // A waiting thread spins for at most this long, then sleeps. The time is halved after a
  // wait that took longer than kLongWaitNs all the same, and doubled after a shorter one:
  // on a busy machine, spinning takes time from the thread that is waited for.
  kMaxSpinNs = 40000,
  kMinSpinNs = 2000,
  kLongWaitNs = 60000,
  // Pauses between two reads of the clock.
  kPausesPerLook = 32,
};

/// What one thread waits at for a word to change.
typedef struct wait_point {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  atomic_bool is_asleep;
  int spin_ns;
} wait_point;

typedef struct worker {
  alignas(kCacheLine) wait_point point;
  // The number of the newest run in which this worker's part was taken, times 2, plus 1
  // when it is done. The worker takes its part; when the worker sleeps or has no core,
  // the caller takes it and does not wait.
  alignas(kCacheLine) atomic_ullong part;
  // The next task of its own share that nobody has begun.
  alignas(kCacheLine) atomic_int next_task;
  olstm__threads* threads;
  int32_t index;
  pthread_t thread;
} worker;

// Data that different threads write is in different cache lines.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct olstm__threads {
  olstm_parallel parallel;
  olstm_allocator allocator;
  int32_t thread_count;
  // Workers that were started, and wait points that were initialised.
  int32_t started_count;
  int32_t point_count;
  unsigned fork_count;
  worker* workers;
  wait_point done_point;
  // run number * 65536 + number of participants.
  alignas(kCacheLine) atomic_ullong run_word;
  // The current run: written by the caller before run_word, in its cache line, so that
  // they reach a worker together. A worker reads it only after taking its part, and the
  // caller waits for workers that did.
  void (*task)(void* argument, int32_t index);
  void* argument;
  int32_t task_count;
  // Where the caller runs.
  atomic_int caller_cpu;
  alignas(kCacheLine) atomic_bool is_acquired;
};

// ---------------------------------------------------------------- waiting

static bool make_point(wait_point* point) {
  if (pthread_mutex_init(&point->mutex, NULL) != 0) return false;
  if (pthread_cond_init(&point->changed, NULL) != 0) {
    (void)pthread_mutex_destroy(&point->mutex);
    return false;
  }
  atomic_init(&point->is_asleep, false);
  point->spin_ns = kMaxSpinNs;
  return true;
}

static void unmake_point(wait_point* point) {
  (void)pthread_cond_destroy(&point->changed);
  (void)pthread_mutex_destroy(&point->mutex);
}

/// Whether the word changed within spin_ns. Sets *out_start to the time at which spinning
/// began, or -1 when the clock was not read.
static bool spin_until_changed(const atomic_ullong* word, unsigned long long old,
                               int spin_ns, int64_t* out_start) {
  *out_start = -1;
  for (;;) {
    for (int i = 0; i < kPausesPerLook; i++) {
      if (atomic_load_explicit(word, memory_order_acquire) != old) return true;
      olstm__thread_pause();
    }
    const int64_t now = olstm__clock_ns();
    if (*out_start < 0) *out_start = now;
    if (now - *out_start >= spin_ns) return false;
  }
}

static void sleep_until_changed(wait_point* point, const atomic_ullong* word,
                                unsigned long long old) {
  (void)pthread_mutex_lock(&point->mutex);
  for (;;) {
    // Either this thread sees the new word, or the thread that changes it sees is_asleep:
    // both write before they read, sequentially consistent. Both exchange: where QEMU
    // translates AArch64 for x86, a load overtakes a plain store all the same.
    (void)atomic_exchange(&point->is_asleep, true);
    if (atomic_load(word) != old) break;
    (void)pthread_cond_wait(&point->changed, &point->mutex);
  }
  atomic_store(&point->is_asleep, false);
  (void)pthread_mutex_unlock(&point->mutex);
}

/// Returns when *word differs from `old`.
static void wait_until_changed(wait_point* point, const atomic_ullong* word,
                               unsigned long long old) {
  int64_t start = 0;
  if (spin_until_changed(word, old, point->spin_ns, &start)) return;
  sleep_until_changed(point, word, old);
  const bool was_long = olstm__clock_ns() - start > kLongWaitNs;
  const int spin_ns = was_long ? point->spin_ns / 2 : point->spin_ns * 2;
  if (spin_ns >= kMinSpinNs && spin_ns <= kMaxSpinNs) point->spin_ns = spin_ns;
}

/// Wakes the thread that waits at `point`, after its word was exchanged. Signals a
/// sleeper once.
static void wake(wait_point* point) {
  if (!atomic_load(&point->is_asleep)) return;
  (void)pthread_mutex_lock(&point->mutex);
  atomic_store(&point->is_asleep, false);
  (void)pthread_cond_signal(&point->changed);
  (void)pthread_mutex_unlock(&point->mutex);
}

// ---------------------------------------------------------------- running

/// Takes a worker's part in a run; false when it is taken already.
static bool take_part(worker* of, unsigned long long number) {
  unsigned long long last = atomic_load_explicit(&of->part, memory_order_relaxed);
  return last < number << 1 &&
         atomic_compare_exchange_strong(&of->part, &last, number << 1);
}

/// The first task of the share of thread `index`, where there are more than threads.
static int32_t first_task(const olstm__threads* threads, int32_t index) {
  return (int32_t)((int64_t)threads->task_count * index / threads->thread_count);
}

/// Runs the part of thread `index`: its share of the tasks first, whose data it had in
/// earlier runs, then what is left of the others'.
static void run_tasks(olstm__threads* threads, int32_t index) {
  if (threads->task_count <= threads->thread_count) {
    threads->task(threads->argument, index);
    return;
  }
  for (int32_t i = 0; i < threads->thread_count; i++) {
    const int32_t of = (index + i) % threads->thread_count;
    const int32_t end = first_task(threads, of + 1);
    for (;;) {
      const int32_t next = atomic_fetch_add(&threads->workers[of].next_task, 1);
      if (next >= end) break;
      threads->task(threads->argument, next);
    }
  }
}

/// Linux wakes a thread on the CPU of the one that wakes it when it takes the others for
/// busy, and for a pool of as many threads as there are CPUs it mostly does. There it
/// would run in the caller's time, not beside it.
static void leave_callers_cpu(const olstm__threads* threads) {
  const int cpu = atomic_load_explicit(&threads->caller_cpu, memory_order_relaxed);
  if (cpu >= 0 && olstm__thread_cpu() == cpu) olstm__thread_leave_cpu(cpu);
}

static void* worker_main(void* argument) {
  worker* self = argument;
  olstm__threads* threads = self->threads;
  unsigned long long seen = 0;
  for (;;) {
    int64_t start = 0;
    // The time between two runs does not show how busy the machine is, so it does not
    // adapt spin_ns.
    if (!spin_until_changed(&threads->run_word, seen, kMaxSpinNs, &start)) {
      sleep_until_changed(&self->point, &threads->run_word, seen);
      leave_callers_cpu(threads);
    }
    seen = atomic_load_explicit(&threads->run_word, memory_order_acquire);
    if (self->index >= (int32_t)(seen & 0xffff)) continue;
    if (!take_part(self, seen >> 16)) continue;
    if (!threads->task) return NULL;
    run_tasks(threads, self->index);
    (void)atomic_exchange(&self->part, seen >> 16 << 1 | 1);
    wake(&threads->done_point);
  }
}

/// Starts a run for workers 1 .. participants - 1, and returns its number.
static unsigned long long start_run(olstm__threads* threads, int32_t participants) {
  const unsigned long long number =
      (atomic_load_explicit(&threads->run_word, memory_order_relaxed) >> 16) + 1;
  for (int32_t i = 0; i < participants && threads->task_count > participants; i++) {
    atomic_store_explicit(&threads->workers[i].next_task, first_task(threads, i),
                          memory_order_relaxed);
  }
  atomic_store_explicit(&threads->caller_cpu, olstm__thread_cpu(), memory_order_relaxed);
  (void)atomic_exchange(&threads->run_word,
                        number << 16 | (unsigned long long)participants);
  for (int32_t i = 1; i < participants; i++) wake(&threads->workers[i].point);
  return number;
}

/// Runs the parts that no worker has taken, and waits for the others.
static void finish_run(olstm__threads* threads, unsigned long long number,
                       int32_t participants) {
  for (int32_t i = 1; i < participants; i++) {
    if (!take_part(&threads->workers[i], number)) continue;
    run_tasks(threads, i);
    atomic_store_explicit(&threads->workers[i].part, number << 1 | 1,
                          memory_order_relaxed);
  }
  for (int32_t i = 1; i < participants; i++) {
    wait_until_changed(&threads->done_point, &threads->workers[i].part, number << 1);
  }
}

static void pool_run(void* pool, int32_t task_count,
                     void (*task)(void* argument, int32_t index), void* argument) {
  olstm__threads* threads = pool;
  const int32_t participants =
      task_count < threads->thread_count ? task_count : threads->thread_count;
  if (task_count <= 0) return;
  threads->task = task;
  threads->argument = argument;
  threads->task_count = task_count;
  if (participants == 1) {
    task(argument, 0);
    return;
  }
  const unsigned long long number = start_run(threads, participants);
  run_tasks(threads, 0);
  finish_run(threads, number, participants);
}

// ---------------------------------------------------------------- acquiring

const olstm_parallel* olstm__threads_try_acquire(olstm__threads* threads) {
  if (!threads || threads->fork_count != olstm__fork_count()) return NULL;
  if (atomic_exchange(&threads->is_acquired, true)) return NULL;
  return &threads->parallel;
}

void olstm__threads_release(const olstm_parallel* parallel) {
  if (!parallel) return;
  olstm__threads* threads = parallel->pool;
  atomic_store(&threads->is_acquired, false);
}

// ---------------------------------------------------------------- creating

static olstm_status start_workers(olstm__threads* threads, olstm_error* error) {
  int failure = 0;
  while (threads->started_count < threads->thread_count - 1 && failure == 0) {
    worker* next = &threads->workers[threads->started_count + 1];
    failure = olstm__thread_start(&next->thread, worker_main, next);
    if (failure == 0) threads->started_count++;
  }
  if (failure == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                    "threads: the system starts no more than %d of %d threads",
                    (int)threads->started_count + 1, (int)threads->thread_count);
}

static olstm_status make_points(olstm__threads* threads, olstm_error* error) {
  for (; threads->point_count < threads->thread_count; threads->point_count++) {
    worker* next = &threads->workers[threads->point_count];
    next->threads = threads;
    next->index = threads->point_count;
    if (!make_point(&next->point)) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "threads: no memory");
    }
  }
  return OLSTM_STATUS_OK;
}

static void release_memory(olstm__threads* threads) {
  const olstm_allocator allocator = threads->allocator;
  olstm_release(&allocator, threads->workers, (size_t)threads->thread_count,
                sizeof *threads->workers);
  olstm_release(&allocator, threads, 1, sizeof *threads);
}

olstm_status olstm__threads_create(int32_t thread_count, const olstm_allocator* allocator,
                                   olstm__threads** out_threads, olstm_error* error) {
  *out_threads = NULL;
  if (thread_count < 1 || thread_count > OLSTM__MAX_THREADS) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "thread_count is %d, expected 1..%d", (int)thread_count,
                      (int)OLSTM__MAX_THREADS);
  }
  if (thread_count == 1) return OLSTM_STATUS_OK;
  olstm__threads* threads = olstm_allocate_zeroed(allocator, 1, sizeof *threads);
  if (!threads) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "threads: no memory");
  }
  threads->allocator = *allocator;
  threads->thread_count = thread_count;
  threads->fork_count = olstm__fork_count();
  threads->parallel =
      (olstm_parallel){sizeof(olstm_parallel), threads, thread_count, pool_run};
  threads->workers =
      olstm_allocate_zeroed(allocator, (size_t)thread_count, sizeof *threads->workers);
  if (!threads->workers || !make_point(&threads->done_point)) {
    release_memory(threads);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "threads: no memory");
  }
  olstm_status status = make_points(threads, error);
  if (status == OLSTM_STATUS_OK) status = start_workers(threads, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__threads_destroy(threads);
    return status;
  }
  *out_threads = threads;
  return OLSTM_STATUS_OK;
}

void olstm__threads_destroy(olstm__threads* threads) {
  if (!threads) return;
  // After a fork there are no threads to join, and wait points may be in use as their
  // sleepers left them.
  if (threads->fork_count == olstm__fork_count()) {
    threads->task = NULL;
    (void)start_run(threads, threads->started_count + 1);
    for (int32_t i = 1; i <= threads->started_count; i++) {
      (void)pthread_join(threads->workers[i].thread, NULL);
    }
    for (int32_t i = 0; i < threads->point_count; i++) {
      unmake_point(&threads->workers[i].point);
    }
    unmake_point(&threads->done_point);
  }
  release_memory(threads);
}
