// The allocator that protobuf-c unpacks with: at most so many bytes, fast for many small
// pieces, and dropped at once. Needs no protobuf_c_message_free_unpacked.
#ifndef OLSTM_ONNX_PROTO_BUDGET_H_
#define OLSTM_ONNX_PROTO_BUDGET_H_

#include <protobuf-c/protobuf-c.h>

#include "olstm/allocator.h"
#include "olstm/status.h"

enum { OLSTM__BUDGET_CLASS_COUNT = 16 };

typedef struct olstm__budget_piece olstm__budget_piece;

typedef struct olstm__budget {
  /// What protobuf-c gets; its allocator_data is this budget.
  ProtobufCAllocator protobuf;
  olstm_allocator allocator;
  /// Bytes that may be in use at a time, and that are: each piece with its head.
  size_t limit;
  size_t used;
  /// Chunks that small pieces are cut from, and where the first of them has room.
  olstm__budget_piece* chunks;
  size_t chunk_used;
  /// Large pieces, each with memory of its own.
  olstm__budget_piece* large;
  /// Small pieces that were freed, by size.
  olstm__budget_piece* freed[OLSTM__BUDGET_CLASS_COUNT];
  /// Why an allocation failed.
  bool over_limit;
  bool out_of_memory;
} olstm__budget;

void olstm__budget_init(olstm__budget* budget, const olstm_allocator* allocator,
                        size_t limit);
/// Frees all that was allocated. A budget of zeroes is legal.
void olstm__budget_deinit(olstm__budget* budget);

/// Unpacks a message. The result lives until the budget is deinitialised.
///
/// Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY, INVALID_MODEL when protobuf-c refuses the
/// bytes.
olstm_status olstm__budget_unpack(olstm__budget* budget,
                                  const ProtobufCMessageDescriptor* descriptor,
                                  const uint8_t* bytes, size_t byte_count,
                                  const ProtobufCMessage** out_message,
                                  olstm_error* error);

/// Bytes that a piece of `bytes` counts for.
size_t olstm__budget_cost(size_t bytes);

#endif  // OLSTM_ONNX_PROTO_BUDGET_H_
