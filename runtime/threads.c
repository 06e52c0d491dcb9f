#include "runtime/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

enum {
  CACHE_LINE = 64,
  // A wait spins so long, then sleeps. Half as long after a wait that was long all the
  // same, twice as long after one that more spinning would have served: on a busy machine
  // spinning only takes time from the thread that is waited for.
  MAX_SPIN_NS = 16000,
  MIN_SPIN_NS = 2000,
  LONG_WAIT_NS = 60000,
  // Waits shorter than so many pauses never look at the clock.
  PAUSES_PER_LOOK = 32,
  // A run with so many sleeps at barriers, and one barrier of 8 asleep, is too many; the
  // next runs go without threads: this many, twice as many each time, up to the maximum.
  STALLS_TO_REST = 8,
  STALLED_PART = 8,
  MIN_REST_RUNS = 8,
  MAX_REST_RUNS = 128,
  // After that they are called, and have to come within this time.
  CALL_NS = 100000,
};

// Where threads wait for a word to change.
typedef struct wait_place {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  atomic_int sleepers;
  atomic_int spin_ns;
} wait_place;

typedef struct worker {
  alignas(CACHE_LINE) wait_place place;
  // Number of the run * 2, plus 1 when somebody has taken this worker's part in it: the
  // worker, or the caller, who does not wait for one that sleeps or has no core.
  alignas(CACHE_LINE) atomic_ullong part;
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
  // Runs still to be done without threads, and how many it will be next time.
  int32_t rest_runs;
  int32_t next_rest_runs;
  // The run: written by the caller before it changes run_word. A worker reads it only
  // when it has taken its part in that run, and the caller waits for those.
  void (*task)(void* argument, int32_t index);
  void* argument;
  int32_t task_count;
  int32_t participant_count;
  // Number of the run * 65536 + participants.
  alignas(CACHE_LINE) atomic_ullong run_word;
  alignas(CACHE_LINE) atomic_int next_task;
  alignas(CACHE_LINE) atomic_int pending_count;
  atomic_ullong done_word;
  alignas(CACHE_LINE) atomic_int barrier_count;
  atomic_ullong barrier_word;
  // Since it was acquired.
  atomic_int stall_count;
  int32_t barriers_passed;
  wait_place done_place;
  wait_place barrier_place;
  worker* workers;
};

static pthread_once_t fork_watch = PTHREAD_ONCE_INIT;
// How many forks lie between this process and the one that loaded the library.
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
  atomic_init(&place->sleepers, 0);
  atomic_init(&place->spin_ns, MAX_SPIN_NS);
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

// Whether the word changed within spin_ns. *out_start is when that was still new, if it
// did not.
static bool spin_until_changed(const atomic_ullong* word, unsigned long long old,
                               int spin_ns, int64_t* out_start) {
  *out_start = -1;
  for (;;) {
    for (int i = 0; i < PAUSES_PER_LOOK; i++) {
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
  // Either this thread sees the new word, or whoever changes it sees a sleeper: both
  // sides write first and read then, in one order for all.
  (void)atomic_fetch_add(&place->sleepers, 1);
  while (atomic_load(word) == old) {
    (void)pthread_cond_wait(&place->changed, &place->mutex);
  }
  (void)atomic_fetch_sub(&place->sleepers, 1);
  (void)pthread_mutex_unlock(&place->mutex);
}

// Returns when *word is not `old` any more. True when it had to sleep for that.
static bool wait_until_changed(wait_place* place, const atomic_ullong* word,
                               unsigned long long old) {
  int64_t start = 0;
  int spin_ns = atomic_load_explicit(&place->spin_ns, memory_order_relaxed);
  if (spin_until_changed(word, old, spin_ns, &start)) return false;
  sleep_until_changed(place, word, old);
  const bool was_long = now_ns() - start > LONG_WAIT_NS;
  spin_ns = was_long ? spin_ns / 2 : spin_ns * 2;
  if (spin_ns >= MIN_SPIN_NS && spin_ns <= MAX_SPIN_NS) {
    atomic_store_explicit(&place->spin_ns, spin_ns, memory_order_relaxed);
  }
  return true;
}

// Changes *word and wakes whoever sleeps for that.
static void change(wait_place* place, atomic_ullong* word, unsigned long long value) {
  atomic_store(word, value);
  if (atomic_load(&place->sleepers) == 0) return;
  (void)pthread_mutex_lock(&place->mutex);
  (void)pthread_cond_broadcast(&place->changed);
  (void)pthread_mutex_unlock(&place->mutex);
}

// ---------------------------------------------------------------- running

// Takes a worker's part in a run; false when somebody has it already.
static bool take_part(worker* of, unsigned long long number) {
  unsigned long long expected = number << 1;
  return atomic_compare_exchange_strong(&of->part, &expected, number << 1 | 1);
}

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
    if (!spin_until_changed(&threads->run_word, seen, MAX_SPIN_NS, &start)) {
      sleep_until_changed(&self->place, &threads->run_word, seen);
    }
    seen = atomic_load(&threads->run_word);
    if (self->index >= (int32_t)(seen & 0xffff)) continue;
    if (!take_part(self, seen >> 16)) continue;
    if (!threads->task) return NULL;
    run_tasks(threads, self->index);
    if (atomic_fetch_sub(&threads->pending_count, 1) == 1) {
      change(&threads->done_place, &threads->done_word, seen >> 16);
    }
  }
}

// Makes workers 1 .. participants - 1 look at the run, and returns its number.
static unsigned long long start_run(olstm__threads* threads, int32_t participants) {
  const unsigned long long number = (atomic_load(&threads->run_word) >> 16) + 1;
  threads->participant_count = participants;
  atomic_store(&threads->next_task, 0);
  atomic_store(&threads->pending_count, participants - 1);
  for (int32_t i = 1; i < participants; i++) {
    atomic_store(&threads->workers[i].part, number << 1);
  }
  atomic_store(&threads->run_word, number << 16 | (unsigned long long)participants);
  for (int32_t i = 1; i < participants; i++) {
    wait_place* place = &threads->workers[i].place;
    if (atomic_load(&place->sleepers) == 0) continue;
    (void)pthread_mutex_lock(&place->mutex);
    (void)pthread_cond_broadcast(&place->changed);
    (void)pthread_mutex_unlock(&place->mutex);
  }
  return number;
}

// Does what workers have not begun. Tasks that meet at barriers have all begun when the
// caller's own is done.
static void finish_run(olstm__threads* threads, unsigned long long number,
                       unsigned long long done_before) {
  for (int32_t i = 1; i < threads->participant_count; i++) {
    if (!take_part(&threads->workers[i], number)) continue;
    if (threads->task_count <= threads->thread_count) run_tasks(threads, i);
    if (atomic_fetch_sub(&threads->pending_count, 1) == 1) return;
  }
  (void)wait_until_changed(&threads->done_place, &threads->done_word, done_before);
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
    threads->participant_count = 1;
    task(argument, 0);
    return;
  }
  const unsigned long long done_before = atomic_load(&threads->done_word);
  const unsigned long long number = start_run(threads, participants);
  run_tasks(threads, 0);
  finish_run(threads, number, done_before);
}

static void pool_barrier(void* pool) {
  olstm__threads* threads = pool;
  const int32_t size = threads->participant_count;
  if (size == 1) return;
  const unsigned long long old = atomic_load(&threads->barrier_word);
  if (atomic_fetch_add(&threads->barrier_count, 1) + 1 < size) {
    if (wait_until_changed(&threads->barrier_place, &threads->barrier_word, old)) {
      (void)atomic_fetch_add(&threads->stall_count, 1);
    }
    return;
  }
  atomic_store(&threads->barrier_count, 0);
  threads->barriers_passed++;
  change(&threads->barrier_place, &threads->barrier_word, old + 1);
}

// ---------------------------------------------------------------- acquiring

static void do_nothing(void* argument, int32_t index) {
  (void)argument;
  (void)index;
}

// Whether all workers come when they are called: that none of their cores is busy.
static bool come_when_called(olstm__threads* threads) {
  const unsigned long long done_before = atomic_load(&threads->done_word);
  int64_t start = 0;
  threads->task = do_nothing;
  threads->task_count = threads->thread_count;
  const unsigned long long number = start_run(threads, threads->thread_count);
  if (spin_until_changed(&threads->done_word, done_before, CALL_NS, &start)) return true;
  finish_run(threads, number, done_before);
  return false;
}

// Runs without threads from now on.
static void rest(olstm__threads* threads) {
  threads->rest_runs = threads->next_rest_runs;
  if (threads->next_rest_runs < MAX_REST_RUNS) threads->next_rest_runs *= 2;
}

const olstm_parallel* olstm__threads_try_acquire(olstm__threads* threads) {
  if (!threads || threads->fork_count != atomic_load(&fork_count)) return NULL;
  if (atomic_exchange(&threads->is_acquired, true)) return NULL;
  if (threads->rest_runs > 0) {
    const bool is_over = --threads->rest_runs == 0;
    if (is_over && !come_when_called(threads)) rest(threads);
    atomic_store(&threads->is_acquired, false);
    return NULL;
  }
  atomic_store(&threads->stall_count, 0);
  threads->barriers_passed = 0;
  atomic_store(&threads->barrier_place.spin_ns, MAX_SPIN_NS);
  return &threads->parallel;
}

void olstm__threads_release(const olstm_parallel* parallel) {
  if (!parallel) return;
  olstm__threads* threads = parallel->pool;
  const int32_t stalls = atomic_load(&threads->stall_count);
  const int32_t barriers = threads->barriers_passed;
  if (stalls >= STALLS_TO_REST && stalls > barriers / STALLED_PART) {
    rest(threads);
  } else if (barriers > 0) {
    threads->next_rest_runs = MIN_REST_RUNS;
  }
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
  threads->next_rest_runs = MIN_REST_RUNS;
  threads->parallel = (olstm_parallel){sizeof(olstm_parallel), threads, thread_count,
                                       pool_run, pool_barrier};
  threads->workers =
      olstm_allocate_zeroed(allocator, (size_t)thread_count, sizeof *threads->workers);
  if (!threads->workers || !make_place(&threads->done_place)) {
    release_memory(threads);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "threads: no memory");
  }
  if (!make_place(&threads->barrier_place)) {
    unmake_place(&threads->done_place);
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
    unmake_place(&threads->barrier_place);
    unmake_place(&threads->done_place);
  }
  release_memory(threads);
}
