#include "op/pieces.h"

/// Pieces per thread: when a thread loses its core for a while, others take over its
/// remaining pieces.
enum { kPiecesPerThread = 4 };

typedef struct piece_split {
  int64_t count;
  int64_t length;
  olstm__piece_task task;
  void* argument;
} piece_split;

static void run_piece(void* argument, int32_t index) {
  const piece_split* split = argument;
  const int64_t begin = index * split->length;
  const int64_t left = split->count - begin;
  split->task(split->argument, begin,
              begin + (left < split->length ? left : split->length));
}

void olstm__pieces_run(const olstm_parallel* parallel, int64_t count,
                       int64_t item_elements, olstm__piece_task task, void* argument) {
  const int64_t threads = parallel ? parallel->thread_count : 1;
  int64_t least = OLSTM__PIECE_ELEMENTS / (item_elements > 0 ? item_elements : 1);
  if (least < 1) least = 1;
  if (threads <= 1 || count < 2 * least) {
    if (count > 0) task(argument, 0, count);
    return;
  }
  const int64_t most = threads * kPiecesPerThread;
  piece_split split = {count, (count + most - 1) / most, task, argument};
  if (split.length < least) split.length = least;
  parallel->run(parallel->pool, (int32_t)((count + split.length - 1) / split.length),
                run_piece, &split);
}
