// Work cut into pieces for the threads of a run. Knows nothing of what the pieces are.
#ifndef OLSTM_OP_PIECES_H_
#define OLSTM_OP_PIECES_H_

#include "olstm/plugin.h"

/// Elements that a thread should have at least: fewer are done before another one wakes
/// up. For operations of a nanosecond or less an element.
enum { OLSTM__PIECE_ELEMENTS = 16384 };

/// Does items begin..end-1; several at the same time.
typedef void (*olstm__piece_task)(void* argument, int64_t begin, int64_t end);

/// Calls the task for all of 0..count-1, in ranges that `parallel` (NULL for one thread)
/// works through. An item stands for about `item_elements` elements: ranges are of
/// OLSTM__PIECE_ELEMENTS or more. What an item computes must not depend on its range.
void olstm__pieces_run(const olstm_parallel* parallel, int64_t count,
                       int64_t item_elements, olstm__piece_task task, void* argument);

#endif  // OLSTM_OP_PIECES_H_
