// The schedule of a wavefront: recurrent layers on top of each other, of which each goes
// through its steps in pieces, behind the layer below. Pure arithmetic: knows nothing of
// plans, operators or threads.
//
// Pieces run in rounds. A round has at most one piece of each layer, none of which waits
// for another of the same round: piece p of layer l needs piece p-1 of l and piece p of
// l-1.
//
//   round      0    1    2    3    4
//   layer 0   p0   p1   p2   p3
//   layer 1        p0   p1   p2   p3
#ifndef OLSTM_RUNTIME_PLAN_WAVEFRONT_H_
#define OLSTM_RUNTIME_PLAN_WAVEFRONT_H_

#include <stdint.h>

enum { OLSTM__WAVEFRONT_MAX_LAYERS = 8 };

/// Where a wavefront is. Zero but for its sizes at the beginning.
typedef struct olstm__wavefront {
  int32_t layer_count;
  /// Pieces of each layer.
  int64_t piece_count;
  /// Pieces that each layer has done.
  int64_t done[OLSTM__WAVEFRONT_MAX_LAYERS];
} olstm__wavefront;

/// The next round for up to `thread_count` threads (1..OLSTM__WAVEFRONT_MAX_LAYERS):
/// out_layers[t] is the layer whose next piece thread t runs, -1 for none. A layer stays
/// with its thread where it can, since that has its weights in the cache. Returns the
/// number of pieces; 0 when all are done. The caller counts them in `done`.
int32_t olstm__wavefront_next(const olstm__wavefront* wavefront, int32_t thread_count,
                              int32_t* out_layers);

/// What a layer takes on one thread: for each step, and for each piece besides.
typedef struct olstm__wavefront_cost {
  double step_ns, piece_ns;
} olstm__wavefront_cost;

/// The time of all rounds with pieces of `piece_steps` steps. costs: of each layer.
double olstm__wavefront_time(int32_t layer_count, int64_t step_count, int64_t piece_steps,
                             const olstm__wavefront_cost* costs, int32_t thread_count);

#endif  // OLSTM_RUNTIME_PLAN_WAVEFRONT_H_
