#include "runtime/execute/wavefront_run.h"

#include "runtime/plan/wavefront.h"
#include "system/clock.h"

/// Runs that stay on one thread at most before several are tried again.
enum { kMaxBackoff = 64 };
/// A run on several threads that takes more of one thread's time than that has lost: what
/// it saves is not worth another core.
static const double kWorthwhile = 0.95;

/// A run in rounds: what each thread runs in the current one.
typedef struct wavefront_run {
  const olstm__wavefront_layer* layers;
  int64_t piece_steps;
  olstm__wavefront wavefront;
  int32_t of_thread[OLSTM__WAVEFRONT_MAX_LAYERS];
  /// Of the caller's pieces: how long they took, and how long they should have.
  int64_t* own_ns;
  double* own_estimate;
} wavefront_run;

static void run_piece(void* argument, int32_t thread) {
  const wavefront_run* run = argument;
  const int32_t l = run->of_thread[thread];
  if (l < 0) return;
  const olstm__wavefront_layer* layer = &run->layers[l];
  const int64_t steps = layer->sequence->step_count;
  const int64_t first = run->wavefront.done[l] * run->piece_steps;
  const int64_t end = steps - first < run->piece_steps ? steps : first + run->piece_steps;
  // The pool gives the caller the first task.
  const int64_t start = thread == 0 ? olstm__clock_ns() : 0;
  layer->sequence->advance(layer->instance, layer->handle, layer->args, first, end);
  if (thread != 0) return;
  *run->own_ns += olstm__clock_ns() - start;
  *run->own_estimate +=
      (double)layer->sequence->alone_ns * (double)(end - first) / (double)steps;
}

/// All pieces, several at the same time. Returns how long the layers would have taken on
/// the caller's thread, going by its pieces.
static double run_rounds(const olstm__wavefront_layer* layers, int32_t layer_count,
                         int64_t piece_steps, const olstm_parallel* parallel) {
  const int64_t steps = layers[0].sequence->step_count;
  const int32_t threads =
      parallel->thread_count < layer_count ? parallel->thread_count : layer_count;
  int64_t own_ns = 0;
  double own_estimate = 0;
  double estimate = 0;
  wavefront_run run = {
      .layers = layers,
      .piece_steps = piece_steps,
      .wavefront = {.layer_count = layer_count,
                    .piece_count = (steps + piece_steps - 1) / piece_steps},
      .own_ns = &own_ns,
      .own_estimate = &own_estimate};
  while (olstm__wavefront_next(&run.wavefront, threads, run.of_thread) > 0) {
    // All threads take part in every round, if only by doing nothing: those that sleep
    // wake up beside the first piece, and stay awake.
    parallel->run(parallel->pool, threads, run_piece, &run);
    for (int32_t t = 0; t < threads; t++) {
      if (run.of_thread[t] >= 0) run.wavefront.done[run.of_thread[t]]++;
    }
  }
  for (int32_t l = 0; l < layer_count; l++) {
    estimate += (double)layers[l].sequence->alone_ns;
  }
  return (double)own_ns * estimate / own_estimate;
}

static void run_alone(const olstm__wavefront_layer* layers, int32_t layer_count) {
  for (int32_t l = 0; l < layer_count; l++) {
    layers[l].sequence->advance(layers[l].instance, layers[l].handle, layers[l].args, 0,
                                layers[l].sequence->step_count);
  }
}

/// Learns from a run in rounds that took `ns`, where one thread would take `alone_ns`.
static void judge(olstm__wavefront_pace* pace, int64_t ns, double alone_ns) {
  if (pace->alone_ns == 0 || alone_ns < (double)pace->alone_ns) {
    pace->alone_ns = (int64_t)alone_ns;
  }
  if ((double)ns < (double)pace->alone_ns * kWorthwhile) {
    pace->backoff /= 2;
  } else {
    pace->backoff = pace->backoff == 0 ? 1 : pace->backoff * 2;
    if (pace->backoff > kMaxBackoff) pace->backoff = kMaxBackoff;
  }
  pace->left = pace->backoff;
}

olstm_status olstm__wavefront_run(const olstm__wavefront_layer* layers,
                                  int32_t layer_count, int64_t piece_steps,
                                  const olstm_parallel* parallel,
                                  olstm__wavefront_pace* pace, int32_t* out_failed,
                                  olstm_error* error) {
  for (int32_t l = 0; l < layer_count; l++) {
    *out_failed = l;
    OLSTM_RETURN_IF_ERROR(layers[l].sequence->begin(layers[l].instance, layers[l].handle,
                                                    layers[l].args, error));
  }
  if (pace->left > 0) {
    pace->left--;
    run_alone(layers, layer_count);
  } else {
    const int64_t start = olstm__clock_ns();
    const double alone_ns = run_rounds(layers, layer_count, piece_steps, parallel);
    judge(pace, olstm__clock_ns() - start, alone_ns);
  }
  for (int32_t l = 0; l < layer_count; l++) {
    layers[l].sequence->finish(layers[l].instance, layers[l].handle, layers[l].args);
  }
  return OLSTM_STATUS_OK;
}
