// olstm bench --streams: many streams through a batcher, and the same with a context for
// each stream.
#ifndef OLSTM_TOOLS_STREAM_BENCH_H_
#define OLSTM_TOOLS_STREAM_BENCH_H_

#include "tools/input_set.h"
#include "tools/job.h"

typedef struct olstm__stream_bench {
  const char* model;
  const olstm__job_options* job;
  const olstm__input_options* input;
  int64_t stream_count;
  /// Steps a second of each stream.
  double rate;
  double seconds;
  /// 0: the library's default.
  int64_t max_batch;
  int64_t max_wait_us;
  bool json;
} olstm__stream_bench;

/// Measures and prints.
olstm_status olstm__stream_bench_run(const olstm__stream_bench* options,
                                     olstm_error* error);

#endif  // OLSTM_TOOLS_STREAM_BENCH_H_
