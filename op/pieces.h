// Splits work into pieces for the threads of a run.
#ifndef OLSTM_OP_PIECES_H_
#define OLSTM_OP_PIECES_H_

#include "olstm/plugin.h"
#include "op/op_work.h"

/// The least number of elements per thread: fewer are done before another thread wakes
/// up. For operations of a nanosecond or less per element.
enum { OLSTM__PIECE_ELEMENTS = 16384 };

/// Elements that are one item where each costs as much as any other: whole vectors.
enum { OLSTM__PIECE_GROUP = 64 };

/// Groups of `count` elements.
static inline int64_t olstm__piece_groups(int64_t count) {
  return (count + OLSTM__PIECE_GROUP - 1) / OLSTM__PIECE_GROUP;
}

/// The element that a group begins with, of `count`; `count` for the group after the
/// last.
static inline int64_t olstm__piece_group_begin(int64_t group, int64_t count) {
  const int64_t begin = group * OLSTM__PIECE_GROUP;
  return begin < count ? begin : count;
}

/// The elements that each of `item_count` items stands for when all take `work` units.
static inline int64_t olstm__piece_elements(uint64_t work, int64_t item_count) {
  enum { kUnitsPerElement = 2 };
  const uint64_t items = item_count > 0 ? (uint64_t)item_count : 1;
  const int64_t elements = (int64_t)((work / items + 1) / kUnitsPerElement);
  return elements > 0 ? elements : 1;
}

/// Does items begin..end-1. Called on several threads at once.
typedef void (*olstm__piece_task)(void* argument, int64_t begin, int64_t end);

/// Calls the task for all of 0..count-1, in ranges that `parallel` (NULL for one thread)
/// works through. An item stands for about `item_elements` elements: ranges are of
/// OLSTM__PIECE_ELEMENTS or more. What an item computes must not depend on its range.
void olstm__pieces_run(const olstm_parallel* parallel, int64_t count,
                       int64_t item_elements, olstm__piece_task task, void* argument);

/// Does items begin..end-1 with memory that no other range has at the same time.
typedef void (*olstm__memory_task)(void* argument, int64_t begin, int64_t end,
                                   void* memory);

/// In how many ranges olstm__pieces_run_with_memory works for so many threads: each has
/// memory of its own.
int32_t olstm__pieces_with_memory(int32_t threads, int64_t count, int64_t item_elements);

/// As olstm__pieces_run, in at most `most` ranges; each has `bytes` of `memory`.
void olstm__pieces_run_with_memory(const olstm_parallel* parallel, int32_t most,
                                   int64_t count, void* memory, size_t bytes,
                                   olstm__memory_task task, void* argument);

#endif  // OLSTM_OP_PIECES_H_
