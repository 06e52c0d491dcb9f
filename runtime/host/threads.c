#include "runtime/host/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

enum {
  kCacheLine = 64,
  // A wait spins so long, then sleeps. Half as long after a wait that was long all the
  // same, twice as long after one that more spinning would have served: on a busy machine
  // spinning only takes time from the thread that is waited for.
  kMaxSpinNs = 16000,
  kMinSpinNs = 2000,
  kLongWaitNs = 60000,
  // Waits shorter than so many pauses never look at the clock.
  kPausesPerLook = 32,
};

/// Where one thread waits for a word to change.
typedef struct wait_place {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  atomic_bool is_asleep;
  int spin_ns;
} wait_place;

typedef struct worker {
  alignas(kCacheLine) wait_place place;
  // Number of the newest run that somebody has taken this worker's part in, times 2, plus
  // 1 when that is done. Somebody: the worker, or the caller, who does not wait for one
  // that sleeps or has no core.
  alignas(kCacheLine) atomic_ullong part;
  olstm__threads* threads;
  int32_t index;
  pthread_t thread;
} worker;

// What different threads write lies in different cache lines.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct olstm__threads {
  olstm_parallel parallel;
  olstm_allocator allocator;
  int32_t thread_count;
  // Of workers that were started, and places that were made.
  int32_t started_count;
  int32_t place_count;
  unsigned fork_count;
  atomic_bool is_acquired;
  worker* workers;
  wait_place done_place;
  // The run: written by the caller before it changes run_word. A worker reads it only
  // when it has taken its part in that run, and the caller waits for those.
  alignas(kCacheLine) void (*task)(void* argument, int32_t index);
  void* argument;
  int32_t task_count;
  // Number of the run * 65536 + participants.
  alignas(kCacheLine) atomic_ullong run_word;
  alignas(kCacheLine) atomic_int next_task;
};

static pthread_once_t fork_watch = PTHREAD_ONCE_INIT;
/// How many forks lie between this process and the one that loaded the library.
static atomic_uint fork_count;

static void count_fork(void) {
  atomic_fetch_add(&fork_count, 1);
}
static void watch_forks(void) {
  (void)pthread_atfork(NULL, NULL, count_fork);
}

// ---------------------------------------------------------------- waiting

static bool make_place(wait_place* place) {
  if (pthread_mutex_init(&place->mutex, NULL) != 0) return false;
  if (pthread_cond_init(&place->changed, NULL) != 0) {
    (void)pthread_mutex_destroy(&place->mutex);
    return false;
  }
  atomic_init(&place->is_asleep, false);
  place->spin_ns = kMaxSpinNs;
  return true;
}

static void unmake_place(wait_place* place) {
  (void)pthread_cond_destroy(&place->changed);
  (void)pthread_mutex_destroy(&place->mutex);
}

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#endif
}

static int64_t now_ns(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Whether the word changed within spin_ns. *out_start is when that was still new, if it
/// did not.
static bool spin_until_changed(const atomic_ullong* word, unsigned long long old,
                               int spin_ns, int64_t* out_start) {
  *out_start = -1;
  for (;;) {
    for (int i = 0; i < kPausesPerLook; i++) {
      if (atomic_load_explicit(word, memory_order_acquire) != old) return true;
      relax();
    }
    const int64_t now = now_ns();
    if (*out_start < 0) *out_start = now;
    if (now - *out_start >= spin_ns) return false;
  }
}

static void sleep_until_changed(wait_place* place, const atomic_ullong* word,
                                unsigned long long old) {
  (void)pthread_mutex_lock(&place->mutex);
  for (;;) {
    // Either this thread sees the new word, or whoever changes it sees a sleeper: both
    // sides write first and read then, in one order for all.
    atomic_store(&place->is_asleep, true);
    if (atomic_load(word) != old) break;
    (void)pthread_cond_wait(&place->changed, &place->mutex);
  }
  atomic_store(&place->is_asleep, false);
  (void)pthread_mutex_unlock(&place->mutex);
}

/// Returns when *word is not `old` any more.
static void wait_until_changed(wait_place* place, const atomic_ullong* word,
                               unsigned long long old) {
  int64_t start = 0;
  if (spin_until_changed(word, old, place->spin_ns, &start)) return;
  sleep_until_changed(place, word, old);
  const bool was_long = now_ns() - start > kLongWaitNs;
  const int spin_ns = was_long ? place->spin_ns / 2 : place->spin_ns * 2;
  if (spin_ns >= kMinSpinNs && spin_ns <= kMaxSpinNs) place->spin_ns = spin_ns;
}

/// After the word that is waited for at `place` was changed. A thread that has been woken
/// is not woken again before it sleeps again.
static void wake(wait_place* place) {
  if (!atomic_load(&place->is_asleep)) return;
  (void)pthread_mutex_lock(&place->mutex);
  atomic_store(&place->is_asleep, false);
  (void)pthread_cond_signal(&place->changed);
  (void)pthread_mutex_unlock(&place->mutex);
}

// ---------------------------------------------------------------- running

/// Takes a worker's part in a run; false when somebody has it already.
static bool take_part(worker* of, unsigned long long number) {
  unsigned long long last = atomic_load_explicit(&of->part, memory_order_relaxed);
  return last < number << 1 &&
         atomic_compare_exchange_strong(&of->part, &last, number << 1);
}

/// The part of thread `index` in a run.
static void run_tasks(olstm__threads* threads, int32_t index) {
  if (threads->task_count <= threads->thread_count) {
    threads->task(threads->argument, index);
    return;
  }
  for (;;) {
    const int32_t next = atomic_fetch_add(&threads->next_task, 1);
    if (next >= threads->task_count) return;
    threads->task(threads->argument, next);
  }
}

static void* worker_main(void* argument) {
  worker* self = argument;
  olstm__threads* threads = self->threads;
  unsigned long long seen = 0;
  for (;;) {
    int64_t start = 0;
    // What passes between two runs says nothing of how busy the machine is.
    if (!spin_until_changed(&threads->run_word, seen, kMaxSpinNs, &start)) {
      sleep_until_changed(&self->place, &threads->run_word, seen);
    }
    seen = atomic_load_explicit(&threads->run_word, memory_order_acquire);
    if (self->index >= (int32_t)(seen & 0xffff)) continue;
    if (!take_part(self, seen >> 16)) continue;
    if (!threads->task) return NULL;
    run_tasks(threads, self->index);
    atomic_store(&self->part, seen >> 16 << 1 | 1);
    wake(&threads->done_place);
  }
}

/// Makes workers 1 .. participants - 1 look at the run, and returns its number.
static unsigned long long start_run(olstm__threads* threads, int32_t participants) {
  const unsigned long long number =
      (atomic_load_explicit(&threads->run_word, memory_order_relaxed) >> 16) + 1;
  atomic_store_explicit(&threads->next_task, 0, memory_order_relaxed);
  atomic_store(&threads->run_word, number << 16 | (unsigned long long)participants);
  for (int32_t i = 1; i < participants; i++) wake(&threads->workers[i].place);
  return number;
}

/// Does what workers have not begun, and waits for what they have.
static void finish_run(olstm__threads* threads, unsigned long long number,
                       int32_t participants) {
  for (int32_t i = 1; i < participants; i++) {
    if (!take_part(&threads->workers[i], number)) continue;
    run_tasks(threads, i);
    atomic_store_explicit(&threads->workers[i].part, number << 1 | 1,
                          memory_order_relaxed);
  }
  for (int32_t i = 1; i < participants; i++) {
    wait_until_changed(&threads->done_place, &threads->workers[i].part, number << 1);
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
  if (!threads || threads->fork_count != atomic_load(&fork_count)) return NULL;
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
  sigset_t all;
  sigset_t before;
  int failure = 0;
  // The application's signal handlers are not for these threads.
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  while (threads->started_count < threads->thread_count - 1 && failure == 0) {
    worker* next = &threads->workers[threads->started_count + 1];
    failure = pthread_create(&next->thread, NULL, worker_main, next);
    if (failure == 0) threads->started_count++;
  }
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failure == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                    "threads: the system starts no more than %d of %d threads",
                    (int)threads->started_count + 1, (int)threads->thread_count);
}

static olstm_status make_places(olstm__threads* threads, olstm_error* error) {
  for (; threads->place_count < threads->thread_count; threads->place_count++) {
    worker* next = &threads->workers[threads->place_count];
    next->threads = threads;
    next->index = threads->place_count;
    if (!make_place(&next->place)) {
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
  (void)pthread_once(&fork_watch, watch_forks);
  olstm__threads* threads = olstm_allocate_zeroed(allocator, 1, sizeof *threads);
  if (!threads) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "threads: no memory");
  }
  threads->allocator = *allocator;
  threads->thread_count = thread_count;
  threads->fork_count = atomic_load(&fork_count);
  threads->parallel =
      (olstm_parallel){sizeof(olstm_parallel), threads, thread_count, pool_run};
  threads->workers =
      olstm_allocate_zeroed(allocator, (size_t)thread_count, sizeof *threads->workers);
  if (!threads->workers || !make_place(&threads->done_place)) {
    release_memory(threads);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "threads: no memory");
  }
  olstm_status status = make_places(threads, error);
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
  // After a fork there is nobody to join, and the places may be as a sleeper left them.
  if (threads->fork_count == atomic_load(&fork_count)) {
    threads->task = NULL;
    (void)start_run(threads, threads->started_count + 1);
    for (int32_t i = 1; i <= threads->started_count; i++) {
      (void)pthread_join(threads->workers[i].thread, NULL);
    }
    for (int32_t i = 0; i < threads->place_count; i++) {
      unmake_place(&threads->workers[i].place);
    }
    unmake_place(&threads->done_place);
  }
  release_memory(threads);
}
