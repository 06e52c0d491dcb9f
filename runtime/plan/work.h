// The work of steps as max_work counts it, in units (op/op_work.h).
#ifndef OLSTM_RUNTIME_PLAN_WORK_H_
#define OLSTM_RUNTIME_PLAN_WORK_H_

#include "olstm/plugin.h"

/// Units of work besides what operators compute. A unit takes about an eighth of a
/// nanosecond: a run of a graph takes about 100 ns, a step 10 to 100 ns, planning a step
/// some microseconds.
enum {
  OLSTM__WORK_PER_RUN = 512,
  OLSTM__WORK_PER_STEP = 128,
  OLSTM__WORK_PER_PLANNED_STEP = 16384
};

/// a + b, or UINT64_MAX.
static inline uint64_t olstm__work_add(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// The work of a step of `node` that was prepared with these args.
uint64_t olstm__step_work(const olstm_node* node, const olstm_prepare_args* args,
                          const olstm_prepared* prepared);

#endif  // OLSTM_RUNTIME_PLAN_WORK_H_
