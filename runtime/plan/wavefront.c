#include "runtime/plan/wavefront.h"

#include <stdbool.h>

/// Starting and joining the threads of a round, and bringing a piece of a layer's output
/// from one core to another.
static const double kRoundNs = 1000;

/// Rounds until the piece's last dependant is done, were there threads for all.
static int64_t path_length(const olstm__wavefront* w, int32_t layer) {
  return w->piece_count - w->done[layer] + w->layer_count - 1 - layer;
}

static bool is_ready(const olstm__wavefront* w, int32_t layer) {
  return w->done[layer] < w->piece_count &&
         (layer == 0 || w->done[layer - 1] > w->done[layer]);
}

int32_t olstm__wavefront_next(const olstm__wavefront* wavefront, int32_t thread_count,
                              int32_t* out_layers) {
  bool is_taken[OLSTM__WAVEFRONT_MAX_LAYERS] = {false};
  int32_t count = 0;
  for (int32_t t = 0; t < thread_count; t++) out_layers[t] = -1;
  while (count < thread_count) {
    int32_t best = -1;
    // The longest path first, which keeps threads busy until the end; of equal ones the
    // upper layer, whose input is in the cache.
    for (int32_t l = wavefront->layer_count - 1; l >= 0; l--) {
      if (is_taken[l] || !is_ready(wavefront, l)) continue;
      if (best < 0 || path_length(wavefront, l) > path_length(wavefront, best)) best = l;
    }
    if (best < 0) return count;
    int32_t thread = best % thread_count;
    while (out_layers[thread] >= 0) thread = (thread + 1) % thread_count;
    out_layers[thread] = best;
    is_taken[best] = true;
    count++;
  }
  return count;
}

double olstm__wavefront_time(int32_t layer_count, int64_t step_count, int64_t piece_steps,
                             const olstm__wavefront_cost* costs, int32_t thread_count) {
  olstm__wavefront wavefront = {
      .layer_count = layer_count,
      .piece_count = (step_count + piece_steps - 1) / piece_steps};
  int32_t layers[OLSTM__WAVEFRONT_MAX_LAYERS];
  double time = 0;
  while (olstm__wavefront_next(&wavefront, thread_count, layers) > 0) {
    double slowest = 0;
    for (int32_t t = 0; t < thread_count; t++) {
      if (layers[t] < 0) continue;
      const olstm__wavefront_cost* cost = &costs[layers[t]];
      const double piece = cost->step_ns * (double)piece_steps + cost->piece_ns;
      wavefront.done[layers[t]]++;
      if (piece > slowest) slowest = piece;
    }
    time += slowest + kRoundNs;
  }
  return time;
}
