// The memory planner: whatever the requests, no two live buffers overlap, all offsets are
// aligned, and the total holds them. An input of odd length is planned in the order of
// time, as only many requests are elsewhere: few show as much, and are checked sooner.
#include <stdlib.h>
#include <string.h>

#include "runtime/plan/memory_plan.h"
#include "tests/fuzz/fuzz_target.h"

enum { kRecordBytes = 8, kMaxRequests = 48 };

/// first step, steps it lives on, bytes with a shift: from nothing to more than there is.
static olstm__memory_request read_request(const uint8_t* record) {
  const size_t first = record[0] | (size_t)record[1] << 8;
  const size_t length = record[2];
  const size_t bytes = record[4] | (size_t)record[5] << 8 | (size_t)record[6] << 16;
  const unsigned shift = record[7] > 192 ? record[7] % 48 : 0;
  return (olstm__memory_request){first, first + length, bytes << shift};
}

static void check(bool holds) {
  if (!holds) abort();
}

static void check_plan(size_t count, const olstm__memory_request* requests,
                       const size_t* offsets, size_t total) {
  for (size_t i = 0; i < count; i++) {
    const olstm__memory_request* a = &requests[i];
    check(offsets[i] % OLSTM_ALIGNMENT == 0);
    check(a->bytes <= total && offsets[i] <= total - a->bytes);
    for (size_t j = 0; j < i; j++) {
      const olstm__memory_request* b = &requests[j];
      if (a->last_step < b->first_step || b->last_step < a->first_step) continue;
      if (a->bytes == 0 || b->bytes == 0) continue;
      check(offsets[i] >= offsets[j] + b->bytes || offsets[j] >= offsets[i] + a->bytes);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  static olstm__memory_request requests[kMaxRequests];
  static size_t offsets[kMaxRequests];
  size_t total = 0;
  size_t count = size / kRecordBytes;
  if (count > kMaxRequests) count = kMaxRequests;
  for (size_t i = 0; i < count; i++) {
    requests[i] = read_request(data + i * kRecordBytes);
  }
  const olstm_status status = olstm__memory_plan(
      count, requests, size % 2 ? 0 : kMaxRequests, &allocator, offsets, &total, NULL);
  check(status == OLSTM_STATUS_OK || status == OLSTM_STATUS_LIMIT_EXCEEDED);
  if (status == OLSTM_STATUS_OK) {
    check_plan(count, requests, offsets, total);
  } else {
    check(total == 0);
  }
  return 0;
}
