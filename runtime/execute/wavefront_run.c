#include "runtime/execute/wavefront_run.h"

#include "runtime/plan/wavefront.h"

/// One round: what each thread runs.
typedef struct wavefront_round {
  const olstm__wavefront_layer* layers;
  int64_t piece_steps;
  olstm__wavefront wavefront;
  int32_t of_thread[OLSTM__WAVEFRONT_MAX_LAYERS];
} wavefront_round;

static void run_piece(void* argument, int32_t thread) {
  const wavefront_round* round = argument;
  const int32_t l = round->of_thread[thread];
  if (l < 0) return;
  const olstm__wavefront_layer* layer = &round->layers[l];
  const int64_t first = round->wavefront.done[l] * round->piece_steps;
  const int64_t left = layer->sequence->step_count - first;
  layer->sequence->advance(
      layer->instance, layer->handle, layer->args, first,
      first + (left < round->piece_steps ? left : round->piece_steps));
}

olstm_status olstm__wavefront_run(const olstm__wavefront_layer* layers,
                                  int32_t layer_count, int64_t piece_steps,
                                  const olstm_parallel* parallel, int32_t* out_failed,
                                  olstm_error* error) {
  const int64_t steps = layers[0].sequence->step_count;
  const int32_t threads =
      parallel->thread_count < layer_count ? parallel->thread_count : layer_count;
  wavefront_round round = {
      .layers = layers,
      .piece_steps = piece_steps,
      .wavefront = {.layer_count = layer_count,
                    .piece_count = (steps + piece_steps - 1) / piece_steps}};
  for (int32_t l = 0; l < layer_count; l++) {
    *out_failed = l;
    OLSTM_RETURN_IF_ERROR(layers[l].sequence->begin(layers[l].instance, layers[l].handle,
                                                    layers[l].args, error));
  }
  while (olstm__wavefront_next(&round.wavefront, threads, round.of_thread) > 0) {
    // All threads take part in every round, if only by doing nothing: those that sleep
    // wake up beside the first piece, and stay awake.
    parallel->run(parallel->pool, threads, run_piece, &round);
    for (int32_t t = 0; t < threads; t++) {
      if (round.of_thread[t] >= 0) round.wavefront.done[round.of_thread[t]]++;
    }
  }
  for (int32_t l = 0; l < layer_count; l++) {
    layers[l].sequence->finish(layers[l].instance, layers[l].handle, layers[l].args);
  }
  return OLSTM_STATUS_OK;
}
