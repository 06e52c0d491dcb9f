// Scans protobuf bytes before protobuf-c does: protobuf-c has no limit on depth, and
// unpacks a small file to a hundred times its size. Finds nested messages by the
// generated descriptors; knows nothing of what they mean.
#ifndef OLSTM_ONNX_PROTO_WIRE_SCAN_H_
#define OLSTM_ONNX_PROTO_WIRE_SCAN_H_

#include <protobuf-c/protobuf-c.h>

#include "olstm/allocator.h"
#include "olstm/status.h"

typedef struct olstm__wire_limits {
  /// The most levels of nested messages, the outermost included. At least 1.
  uint32_t max_depth;
  /// Bytes that unpacking may take.
  size_t max_memory;
} olstm__wire_limits;

/// Result of a scan.
typedef struct olstm__wire_counts {
  uint32_t depth;
  size_t message_count;
  size_t field_count;
  /// Bytes that unpacking takes, without protobuf-c's own scratch memory.
  size_t memory;
} olstm__wire_counts;

/// Scans `bytes` as a message of that type, without recursion.
///
/// Stricter than protobuf: a field that is not repeated may occur once only (merging
/// takes quadratic time), and strings may not contain a zero byte (names would be cut
/// there). out_counts: may be NULL; after a failure it holds the counts up to there.
/// Errors: INVALID_MODEL (names the field and the byte), LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__wire_scan(const ProtobufCMessageDescriptor* descriptor,
                              const uint8_t* bytes, size_t byte_count,
                              const olstm__wire_limits* limits,
                              const olstm_allocator* allocator,
                              olstm__wire_counts* out_counts, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_WIRE_SCAN_H_
