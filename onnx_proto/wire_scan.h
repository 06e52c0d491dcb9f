// A walk over protobuf bytes before protobuf-c sees them: protobuf-c has no limit on
// depth and unpacks small files to a hundred times their size. Knows which fields are
// messages from the generated descriptors; knows nothing of what they mean.
#ifndef OLSTM_ONNX_PROTO_WIRE_SCAN_H_
#define OLSTM_ONNX_PROTO_WIRE_SCAN_H_

#include <protobuf-c/protobuf-c.h>

#include "olstm/allocator.h"
#include "olstm/status.h"

typedef struct olstm__wire_limits {
  /// Messages inside messages, the outermost counted. 1 or more.
  uint32_t max_depth;
  /// Bytes that unpacking may take.
  size_t max_memory;
} olstm__wire_limits;

/// What the walk saw.
typedef struct olstm__wire_counts {
  uint32_t depth;
  size_t message_count;
  size_t field_count;
  /// Bytes that unpacking takes, without protobuf-c's own scratch memory.
  size_t memory;
} olstm__wire_counts;

/// Walks `bytes` as a message of that type, without recursion.
///
/// Stricter than protobuf: a field that is not repeated may come once only (merging takes
/// quadratic time), and text may not hold a zero byte (names would be cut there).
/// out_counts: may be NULL; filled as far as the walk came.
/// Errors: INVALID_MODEL (which field, at which byte), LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__wire_scan(const ProtobufCMessageDescriptor* descriptor,
                              const uint8_t* bytes, size_t byte_count,
                              const olstm__wire_limits* limits,
                              const olstm_allocator* allocator,
                              olstm__wire_counts* out_counts, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_WIRE_SCAN_H_
