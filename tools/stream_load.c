#include "tools/stream_load.h"

#include <math.h>
#include <stdlib.h>

#include "system/clock.h"
#include "system/timer.h"
#include "system/usage.h"

enum {
  kNsPerSecond = 1000000000,
  /// The thread sleeps at least so long, and submits what has come meanwhile: waking up
  /// for every step would take the time that it is to measure.
  kLeastSleepNs = 100000
};

// ---------------------------------------------------------------- times

/// The bucket of a time: linear below OLSTM__TIME_PARTS, and for each power of two above.
static size_t find_bucket(int64_t nanoseconds) {
  uint64_t value = nanoseconds > 0 ? (uint64_t)nanoseconds : 0;
  size_t shift = 0;
  while (value >= 2 * OLSTM__TIME_PARTS) {
    value /= 2;
    shift++;
  }
  const size_t bucket = shift * OLSTM__TIME_PARTS + (size_t)value;
  return bucket < OLSTM__TIME_BUCKETS ? bucket : OLSTM__TIME_BUCKETS - 1;
}

/// The most that is counted in a bucket, in nanoseconds.
static double bucket_end(size_t bucket) {
  if (bucket < OLSTM__TIME_PARTS) return (double)bucket;
  const size_t shift = bucket / OLSTM__TIME_PARTS - 1;
  const size_t value = bucket % OLSTM__TIME_PARTS + OLSTM__TIME_PARTS;
  return ldexp((double)(value + 1), (int)shift) - 1;
}

void olstm__time_counts_add(olstm__time_counts* counts, int64_t nanoseconds) {
  counts->total++;
  counts->buckets[find_bucket(nanoseconds)]++;
}

double olstm__time_counts_percentile(const olstm__time_counts* counts, double part) {
  const double wanted = ceil(part * (double)counts->total);
  double seen = 0;
  for (size_t b = 0; b < OLSTM__TIME_BUCKETS; b++) {
    seen += (double)counts->buckets[b];
    if (seen >= wanted && counts->buckets[b] > 0) return bucket_end(b) * 1e-3;
  }
  return 0;
}

// ---------------------------------------------------------------- load

/// In (0, 1]: Marsaglia's xorshift.
static double draw(uint64_t* seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return ((double)(*seed >> 11) + 1.0) / 9007199254740992.0;
}

void olstm__load_finish(olstm__load_stream* stream) {
  const uint64_t index = atomic_load(&stream->finished);
  const int64_t start = stream->times[index % OLSTM__STREAM_PENDING];
  olstm__time_counts_add(stream->load->times, olstm__clock_ns() - start);
  atomic_store(&stream->finished, index + 1);
}

static void submit(olstm__load* load, olstm__load_stream* stream, int64_t time) {
  const uint64_t index = atomic_load(&stream->submitted);
  const bool has_room = index - atomic_load(&stream->finished) < OLSTM__STREAM_PENDING;
  if (has_room) {
    stream->times[index % OLSTM__STREAM_PENDING] = time;
    atomic_store(&stream->submitted, index + 1);
    if (load->submit(load->target, stream)) return;
    atomic_store(&stream->submitted, index);
  }
  load->lost_count++;
}

/// Submits steps as they arrive, until the time is over.
static void make_load(olstm__load* load) {
  uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
  const double gap = kNsPerSecond / (load->rate * (double)load->stream_count);
  const int64_t start = olstm__clock_ns();
  const double seconds = load->seconds * kNsPerSecond;
  double next = -log(draw(&seed)) * gap;
  while (next < seconds) {
    const int64_t now = olstm__clock_ns() - start;
    const int64_t left = (int64_t)next - now;
    if (left > 0) olstm__timer_sleep(left > kLeastSleepNs ? left : kLeastSleepNs);
    const double until = (double)(olstm__clock_ns() - start);
    while (next <= until && next < seconds) {
      const size_t index = (size_t)(draw(&seed) * (double)load->stream_count);
      submit(load, &load->streams[index % load->stream_count], start + (int64_t)next);
      next -= log(draw(&seed)) * gap;
    }
  }
}

bool olstm__load_run(olstm__load* load) {
  load->streams = calloc(load->stream_count, sizeof *load->streams);
  load->times = calloc(1, sizeof *load->times);
  if (!load->streams || !load->times) return false;
  for (size_t s = 0; s < load->stream_count; s++) {
    load->streams[s].load = load;
    load->streams[s].index = s;
  }
  const int64_t start = olstm__clock_ns();
  const int64_t cpu = olstm__usage_cpu_ns();
  const int64_t own_cpu = olstm__usage_thread_cpu_ns();
  make_load(load);
  load->drain(load->target);
  const int64_t own = olstm__usage_thread_cpu_ns() - own_cpu;
  const int64_t all = olstm__usage_cpu_ns() - cpu;
  const int64_t time = olstm__clock_ns() - start;
  const double steps = load->times->total > 0 ? (double)load->times->total : 1.0;
  load->steps_per_s = (double)load->times->total * kNsPerSecond / (double)time;
  load->cpu_us_per_step = (double)(all - own) * 1e-3 / steps;
  return true;
}

void olstm__load_deinit(olstm__load* load) {
  free(load->streams);
  free(load->times);
  load->streams = NULL;
  load->times = NULL;
}
