#include "op/lstm/lstm_fastest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/lstm/lstm_problem.h"
#include "system/clock.h"

/// A timed run has about so many multiply-adds at most, but so many steps at least; it is
/// repeated for so long, and so often at least.
static const uint64_t kRunWork = 5U << 20;
static const int64_t kLeastSteps = 8;
static const double kTimedNs = 1e6;
enum { kLeastRuns = 4 };
/// The first choice stays when another kernel is faster by less: timings vary.
static const double kClearlyFaster = 0.97;

// ---------------------------------------------------------------- the timed problem

olstm__lstm_timing_key olstm__lstm_timing_key_of(const olstm__lstm_problem* problem) {
  olstm__lstm_timing_key key;
  memset(&key, 0, sizeof key);
  key.spec = problem->spec;
  key.dtype = problem->dtype;
  key.precision = problem->precision;
  key.thread_count = problem->thread_count;
  key.steps = 1;
  while (key.steps < problem->steps) key.steps *= 2;
  key.batch = problem->batch;
  key.input_size = problem->input_size;
  key.hidden_size = problem->hidden_size;
  key.has_bias = problem->has_bias;
  key.has_lens = problem->has_lens;
  key.has_initial_h = problem->has_initial_h;
  key.has_initial_c = problem->has_initial_c;
  key.has_peepholes = problem->has_peepholes;
  key.wants_y = problem->wants_y;
  key.wants_y_h = problem->wants_y_h;
  key.wants_y_c = problem->wants_y_c;
  return key;
}

/// Strides for fewer steps: in batch-major tensors rows move together.
static void shorten(olstm__lstm_strides* strides, int64_t steps) {
  if (strides->row > strides->step) strides->row = strides->step * steps;
}

/// The problem with as many steps as a timed run has.
static olstm__lstm_problem make_timed(const olstm__lstm_problem* problem) {
  olstm__lstm_problem timed = *problem;
  while (timed.steps > kLeastSteps && olstm__lstm_problem_work(&timed) > kRunWork) {
    timed.steps /= 2;
  }
  shorten(&timed.x, timed.steps);
  shorten(&timed.y, timed.steps);
  return timed;
}

// ---------------------------------------------------------------- timing

/// Bytes of what a run reads and writes, one after the other: packed weights, x, lengths,
/// two initial states, y, two final states.
enum { kPacked, kX, kLens, kH, kC, kY, kYh, kYc, kPartCount };

/// A kernel with the memory of its runs.
typedef struct trial {
  const olstm__lstm_kernel* kernel;
  const olstm__lstm_problem* problem;
  const olstm_allocator* allocator;
  size_t offsets[kPartCount + 1];
  char* memory;
  void* handle;
  size_t workspace_bytes;
  void* workspace;
} trial;

static bool lay_out(trial* t) {
  const olstm__lstm_problem* p = t->problem;
  const int64_t rows = p->steps * p->batch;
  const int64_t state = p->spec.direction_count * p->batch * p->hidden_size;
  const int64_t counts[kPartCount] = {
      [kX] = rows * p->input_size,
      [kLens] = p->has_lens ? p->batch : 0,
      [kH] = p->has_initial_h ? state : 0,
      [kC] = p->has_initial_c ? state : 0,
      [kY] = p->wants_y ? p->steps * state : 0,
      [kYh] = p->wants_y_h ? state : 0,
      [kYc] = p->wants_y_c ? state : 0,
  };
  size_t total = 0;
  for (int part = 0; part < kPartCount; part++) {
    const size_t size = part == kLens ? sizeof(int32_t) : olstm_dtype_size(p->dtype);
    size_t bytes = 0;
    t->offsets[part] = total;
    if (part == kPacked ? !t->kernel->packed_bytes(p, &bytes)
                        : !olstm_size_multiply((size_t)counts[part], size, &bytes)) {
      return false;
    }
    if (!olstm_size_align(bytes, &bytes) || !olstm_size_add(total, bytes, &total)) {
      return false;
    }
  }
  t->offsets[kPartCount] = total;
  return true;
}

/// NULL for a part without bytes, as an absent tensor has it.
static void* part_at(const trial* t, int part) {
  return t->offsets[part] == t->offsets[part + 1] ? NULL : t->memory + t->offsets[part];
}

/// Makes everything that a run needs. Weights and x are zeros, whose products take as
/// long as others.
static bool start(trial* t) {
  if (!lay_out(t)) return false;
  t->memory = olstm_allocate(t->allocator, 1, t->offsets[kPartCount]);
  if (!t->memory) return false;
  // Not from the allocator: pages that were never written are all the same one.
  memset(t->memory, 0, t->offsets[kPartCount]);
  int32_t* lens = part_at(t, kLens);
  for (int64_t n = 0; lens && n < t->problem->batch; n++) {
    lens[n] = (int32_t)t->problem->steps;
  }
  if (t->kernel->prepare(t->problem, part_at(t, kPacked), t->allocator, &t->handle,
                         &t->workspace_bytes, NULL) != OLSTM_STATUS_OK) {
    return false;
  }
  t->workspace = olstm_allocate(t->allocator, 1, t->workspace_bytes);
  return t->workspace || t->workspace_bytes == 0;
}

static void stop(trial* t) {
  if (t->handle) t->kernel->release(t->allocator, t->handle);
  olstm_release(t->allocator, t->workspace, 1, t->workspace_bytes);
  olstm_release(t->allocator, t->memory, 1, t->offsets[kPartCount]);
}

/// The least time of a run; 0 when it fails.
static double time_runs(const trial* t) {
  const olstm__lstm_args args = {.packed = part_at(t, kPacked),
                                 .x = part_at(t, kX),
                                 .sequence_lens = part_at(t, kLens),
                                 .initial_h = part_at(t, kH),
                                 .initial_c = part_at(t, kC),
                                 .y = part_at(t, kY),
                                 .y_h = part_at(t, kYh),
                                 .y_c = part_at(t, kYc),
                                 .workspace = t->workspace};
  double least = 0;
  double total = 0;
  for (int run = 0; run < kLeastRuns || total < kTimedNs; run++) {
    const int64_t start_ns = olstm__clock_ns();
    if (t->kernel->run(t->problem, t->handle, &args, NULL) != OLSTM_STATUS_OK) return 0;
    const double ns = (double)(olstm__clock_ns() - start_ns);
    // A clock that is too coarse must not keep this going.
    total += ns > 1000 ? ns : 1000;
    if (ns > 0 && (least == 0 || ns < least)) least = ns;
  }
  if (!t->kernel->estimate) return least;
  const olstm__lstm_estimate estimate = t->kernel->estimate(t->handle);
  return least * estimate.split_ns / estimate.alone_ns;
}

void olstm__lstm_time_kernels(const olstm__lstm_problem* problem,
                              const olstm_allocator* allocator,
                              olstm__lstm_timing* out_timing) {
  const olstm__lstm_problem timed = make_timed(problem);
  int candidates = 0;
  memset(out_timing, 0, sizeof *out_timing);
  out_timing->steps = timed.steps;
  for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
    const olstm__lstm_kernel* kernel = olstm__lstm_kernel_at(k);
    candidates += kernel != &olstm__lstm_kernel_ref && !kernel->decline(problem);
  }
  if (candidates < 2) return;
  for (size_t k = 0; k < OLSTM__LSTM_MAX_KERNELS && olstm__lstm_kernel_at(k); k++) {
    trial t = {olstm__lstm_kernel_at(k), &timed, allocator, {0}, NULL, NULL, 0, NULL};
    if (t.kernel == &olstm__lstm_kernel_ref || t.kernel->decline(problem)) continue;
    if (start(&t)) out_timing->ns[k] = time_runs(&t);
    stop(&t);
  }
}

// ---------------------------------------------------------------- choosing

/// "fastest: native 61.2 us, onednn 95.0 us for 25 of 100 steps".
static void write_reason(const olstm__lstm_problem* problem,
                         const olstm__lstm_timing* timing, char* reason) {
  size_t used = (size_t)snprintf(reason, OLSTM__LSTM_REASON_CAPACITY, "fastest: ");
  const char* separator = "";
  for (size_t k = 0; k < OLSTM__LSTM_MAX_KERNELS && olstm__lstm_kernel_at(k); k++) {
    if (timing->ns[k] == 0 || used >= OLSTM__LSTM_REASON_CAPACITY) continue;
    // Three digits, or the whole number.
    const double us = timing->ns[k] / 1000;
    const bool is_long = us >= 999.5;
    used += (size_t)snprintf(reason + used, OLSTM__LSTM_REASON_CAPACITY - used,
                             "%s%s %.*g us", separator, olstm__lstm_kernel_at(k)->name,
                             is_long ? 15 : 3, is_long ? rint(us) : us);
    separator = ", ";
  }
  if (timing->steps == problem->steps || used >= OLSTM__LSTM_REASON_CAPACITY) return;
  (void)snprintf(reason + used, OLSTM__LSTM_REASON_CAPACITY - used,
                 " for %" PRId64 " steps", timing->steps);
}

olstm_status olstm__lstm_choose_fastest(const olstm__lstm_problem* problem,
                                        const olstm__lstm_timing* timing,
                                        olstm__lstm_choice* out_choice,
                                        olstm_error* error) {
  size_t best = OLSTM__LSTM_MAX_KERNELS;
  for (size_t k = 0; k < OLSTM__LSTM_MAX_KERNELS; k++) {
    const double ns = timing->ns[k];
    if (ns == 0) continue;
    if (best == OLSTM__LSTM_MAX_KERNELS || ns < timing->ns[best] * kClearlyFaster) {
      best = k;
    }
  }
  if (best == OLSTM__LSTM_MAX_KERNELS) {
    return olstm__lstm_choose(problem, NULL, out_choice, error);
  }
  out_choice->kernel = olstm__lstm_kernel_at(best);
  out_choice->precision = problem->precision;
  write_reason(problem, timing, out_choice->reason);
  return OLSTM_STATUS_OK;
}
