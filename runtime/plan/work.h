// What steps count for against max_work: multiply-adds, and what takes about as long.
#ifndef OLSTM_RUNTIME_PLAN_WORK_H_
#define OLSTM_RUNTIME_PLAN_WORK_H_

#include "olstm/plugin.h"

/// What counts beside the multiply-adds of steps and the bytes they read and write. They
/// take about as long: some 100 ns a run of a graph, 10 to 100 a step, some microseconds
/// to plan a step.
enum {
  OLSTM__WORK_PER_RUN = 1024,
  OLSTM__WORK_PER_STEP = 128,
  OLSTM__WORK_PER_PLANNED_STEP = 4096
};

/// a + b, or UINT64_MAX.
static inline uint64_t olstm__work_add(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// The work of a step that was prepared with these args.
uint64_t olstm__step_work(const olstm_prepare_args* args, const olstm_prepared* prepared);

#endif  // OLSTM_RUNTIME_PLAN_WORK_H_
