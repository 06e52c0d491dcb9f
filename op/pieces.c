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

/// How many pieces there are, at most `most`: threads have as many each.
static int64_t count_pieces(int64_t threads, int64_t most, int64_t count,
                            int64_t item_elements) {
  int64_t least = OLSTM__PIECE_ELEMENTS / (item_elements > 0 ? item_elements : 1);
  if (least < 1) least = 1;
  int64_t pieces = count / least < most ? count / least : most;
  if (pieces > threads) pieces -= pieces % threads;
  return pieces > 1 ? pieces : 1;
}

void olstm__pieces_run(const olstm_parallel* parallel, int64_t count,
                       int64_t item_elements, olstm__piece_task task, void* argument) {
  const int64_t threads = parallel ? parallel->thread_count : 1;
  piece_split split = {count,
                       threads > 1 ? count_pieces(threads, threads * kPiecesPerThread,
                                                  count, item_elements)
                                   : 1,
                       task, argument};
  if (split.piece_count > 1) {
    parallel->run(parallel->pool, (int32_t)split.piece_count, run_piece, &split);
  } else if (count > 0) {
    task(argument, 0, count);
  }
}

int32_t olstm__pieces_with_memory(int32_t threads, int64_t count, int64_t item_elements) {
  return (int32_t)count_pieces(threads, threads, count, item_elements);
}

typedef struct memory_split {
  olstm__memory_task task;
  void* argument;
  char* memory;
  size_t bytes;
  /// Items of a piece with memory of its own.
  piece_split pieces;
} memory_split;

static void run_with_memory(void* argument, int32_t index) {
  const memory_split* split = argument;
  split->task(split->argument, find_begin(&split->pieces, index),
              find_begin(&split->pieces, index + 1),
              split->memory ? split->memory + (size_t)index * split->bytes : NULL);
}

void olstm__pieces_run_with_memory(const olstm_parallel* parallel, int32_t most,
                                   int64_t count, void* memory, size_t bytes,
                                   olstm__memory_task task, void* argument) {
  const int32_t threads = parallel ? parallel->thread_count : 1;
  const int32_t pieces = most < threads ? most : threads;
  memory_split split = {task, argument, memory, bytes, {.count = count}};
  split.pieces.piece_count = pieces;
  if (pieces > 1) {
    parallel->run(parallel->pool, pieces, run_with_memory, &split);
  } else if (count > 0) {
    split.pieces.piece_count = 1;
    run_with_memory(&split, 0);
  }
}
