#include "op/pieces.h"

enum {
  /// Pieces per thread: when a thread loses its core for a while, others take over its
  /// remaining pieces.
  kPiecesPerThread = 4,
  /// Where pieces have many items, they begin at multiples of these: of whole vectors.
  kTogether = 64,
  kManyTogether = 16
};

typedef struct piece_split {
  int64_t count;
  int64_t piece_count;
  olstm__piece_task task;
  void* argument;
} piece_split;

/// The first item of piece `index`.
static int64_t find_begin(const piece_split* split, int64_t index) {
  const int64_t count = split->count, pieces = split->piece_count;
  const int64_t begin = count / pieces * index + count % pieces * index / pieces;
  const bool has_many = count / pieces >= kTogether * kManyTogether;
  return has_many && index < pieces ? begin / kTogether * kTogether : begin;
}

static void run_piece(void* argument, int32_t index) {
  const piece_split* split = argument;
  split->task(split->argument, find_begin(split, index), find_begin(split, index + 1));
}

void olstm__pieces_run(const olstm_parallel* parallel, int64_t count,
                       int64_t item_elements, olstm__piece_task task, void* argument) {
  const int64_t threads = parallel ? parallel->thread_count : 1;
  int64_t least = OLSTM__PIECE_ELEMENTS / (item_elements > 0 ? item_elements : 1);
  if (least < 1) least = 1;
  const int64_t most = threads * kPiecesPerThread;
  int64_t pieces = count / least < most ? count / least : most;
  // Threads have as many each.
  if (pieces > threads) pieces -= pieces % threads;
  if (threads <= 1 || pieces < 2) {
    if (count > 0) task(argument, 0, count);
    return;
  }
  piece_split split = {count, pieces, task, argument};
  parallel->run(parallel->pool, (int32_t)pieces, run_piece, &split);
}
