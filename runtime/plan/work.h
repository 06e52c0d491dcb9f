// The work of steps as max_work counts it: multiply-adds, and what takes as long.
#ifndef OLSTM_RUNTIME_PLAN_WORK_H_
#define OLSTM_RUNTIME_PLAN_WORK_H_

#include "olstm/plugin.h"

/// Work besides the multiply-adds of steps and the bytes that they read and write. One
/// unit takes about as long as a multiply-add: a run of a graph takes about 100 ns, a
/// step 10 to 100 ns, planning a step some microseconds.
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
