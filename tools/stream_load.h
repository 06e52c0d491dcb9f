// Open-loop load: steps of many streams arrive as a Poisson process, whether or not those
// before have their results; and the times that results took. Knows nothing of models.
#ifndef OLSTM_TOOLS_STREAM_LOAD_H_
#define OLSTM_TOOLS_STREAM_LOAD_H_

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  /// Times are counted in buckets that are less than 1 % wide, so that memory stays the
  /// same however long the load lasts.
  OLSTM__TIME_PARTS = 128,
  OLSTM__TIME_BUCKETS = OLSTM__TIME_PARTS * 40,
  /// Steps of one stream that wait at most.
  OLSTM__STREAM_PENDING = 64
};

/// Counts of times. Written by one thread.
typedef struct olstm__time_counts {
  uint64_t total;
  uint64_t buckets[OLSTM__TIME_BUCKETS];
} olstm__time_counts;

void olstm__time_counts_add(olstm__time_counts* counts, int64_t nanoseconds);

/// The time that this part of all (0.99) did not exceed, in microseconds; 0 for none.
double olstm__time_counts_percentile(const olstm__time_counts* counts, double part);

typedef struct olstm__load olstm__load;

/// One stream of a load: when its steps were to be submitted, those without a result yet,
/// in order.
typedef struct olstm__load_stream {
  olstm__load* load;
  size_t index;
  _Atomic uint64_t submitted, finished;
  int64_t times[OLSTM__STREAM_PENDING];
} olstm__load_stream;

struct olstm__load {
  /// To be set: streams, the steps a second of each, the duration.
  size_t stream_count;
  double rate;
  double seconds;
  /// Submits a step of a stream, for which olstm__load_finish will be called; false when
  /// there is no room: the step is lost.
  bool (*submit)(void* target, olstm__load_stream* stream);
  /// Returns when all that was submitted has its result.
  void (*drain)(void* target);
  void* target;
  /// Set by olstm__load_run.
  olstm__load_stream* streams;
  olstm__time_counts* times;
  uint64_t lost_count;
  double steps_per_s;
  /// Of the process, without the thread that makes the load.
  double cpu_us_per_step;
};

/// Loads a target. False when there is no memory. A time starts when the step was to be
/// submitted, so that a load that comes late hides nothing.
bool olstm__load_run(olstm__load* load);

/// The oldest step of a stream has its result. On one thread at a time.
void olstm__load_finish(olstm__load_stream* stream);

/// Frees what olstm__load_run allocated.
void olstm__load_deinit(olstm__load* load);

#endif  // OLSTM_TOOLS_STREAM_LOAD_H_
