// The allocator that protobuf-c unpacks with: limits the bytes in use, is fast for many
// small pieces, and is freed as a whole, so that protobuf_c_message_free_unpacked is not
// needed.
#ifndef OLSTM_ONNX_PROTO_BUDGET_H_
#define OLSTM_ONNX_PROTO_BUDGET_H_

#include <protobuf-c/protobuf-c.h>

#include "olstm/allocator.h"
#include "olstm/status.h"

enum { OLSTM__BUDGET_CLASS_COUNT = 16 };

typedef struct olstm__budget_piece olstm__budget_piece;

typedef struct olstm__budget {
  /// The allocator that is passed to protobuf-c; its allocator_data is this budget.
  ProtobufCAllocator protobuf;
  olstm_allocator allocator;
  /// The most bytes that may be in use at a time, and those in use, with the headers of
  /// pieces.
  size_t limit;
  size_t used;
  /// Chunks that small pieces are cut from, and the offset of the first free byte in the
  /// first chunk.
  olstm__budget_piece* chunks;
  size_t chunk_used;
  /// Large pieces, allocated one by one.
  olstm__budget_piece* large;
  /// Freed small pieces by size class.
  olstm__budget_piece* freed[OLSTM__BUDGET_CLASS_COUNT];
  /// The reason for the last failed allocation.
  bool over_limit;
  bool out_of_memory;
} olstm__budget;

void olstm__budget_init(olstm__budget* budget, const olstm_allocator* allocator,
                        size_t limit);
/// What unpacking may take where the caller sets no limit: 16 bytes for each of the
/// file's, at least 64 MB. A file of small nodes alone takes 15.
size_t olstm__budget_default_limit(size_t byte_count);

/// Frees everything. A zeroed budget is legal.
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

/// Bytes that a piece of `bytes` counts for: with header and padding.
size_t olstm__budget_cost(size_t bytes);

#endif  // OLSTM_ONNX_PROTO_BUDGET_H_
