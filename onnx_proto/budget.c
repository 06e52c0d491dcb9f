#include "onnx_proto/budget.h"

#include <stdalign.h>

#include "system/large_pages.h"

enum {
  kPieceAlignment = 16,
  kHeadBytes = 16,
  kChunkHeadBytes = 64,
  kChunkBytes = 1 << 16,
  /// Pieces of at least this size are allocated on their own.
  kLargeBytes = 1 << 13
};

/// The header before each piece, and at the start of each chunk.
struct olstm__budget_piece {
  /// Size of the piece with its header; of a chunk: of the whole chunk.
  size_t bytes;
  /// Of a freed piece: the next freed piece of its size class.
  olstm__budget_piece* next;
};

/// Before the header of a large piece: its links in the list of large pieces.
typedef struct large_links {
  olstm__budget_piece* next;
  olstm__budget_piece* previous;
} large_links;

enum { kLargeHeadBytes = kChunkHeadBytes };

static_assert(sizeof(olstm__budget_piece) <= kHeadBytes, "head fits");
static_assert(sizeof(large_links) + kHeadBytes <= kLargeHeadBytes, "links fit");

/// A large piece's links are at the start of its allocation, its header directly before
/// its bytes.
static large_links* links_of(olstm__budget_piece* piece) {
  return (large_links*)(void*)((char*)piece - (kLargeHeadBytes - kHeadBytes));
}

/// The size class of a piece of `bytes`: powers of two.
static size_t class_of(size_t bytes) {
  size_t index = 0;
  while ((bytes >>= 1) > 0) index++;
  return index < OLSTM__BUDGET_CLASS_COUNT ? index : OLSTM__BUDGET_CLASS_COUNT - 1;
}

size_t olstm__budget_cost(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return SIZE_MAX;
  return (bytes + kHeadBytes + kPieceAlignment - 1) / kPieceAlignment * kPieceAlignment;
}

static void* take_large(olstm__budget* budget, size_t cost) {
  const size_t bytes = cost + kLargeHeadBytes - kHeadBytes;
  char* memory = olstm_allocate(&budget->allocator, bytes, 1);
  if (!memory) return NULL;
  olstm__bring_in_pages(memory, bytes);
  olstm__budget_piece* piece =
      (olstm__budget_piece*)(void*)(memory + kLargeHeadBytes - kHeadBytes);
  piece->bytes = cost;
  piece->next = NULL;
  links_of(piece)->previous = NULL;
  links_of(piece)->next = budget->large;
  if (budget->large) links_of(budget->large)->previous = piece;
  budget->large = piece;
  return (char*)piece + kHeadBytes;
}

static void release_large(olstm__budget* budget, olstm__budget_piece* piece) {
  large_links* links = links_of(piece);
  if (links->previous) {
    links_of(links->previous)->next = links->next;
  } else {
    budget->large = links->next;
  }
  if (links->next) links_of(links->next)->previous = links->previous;
  olstm_release(&budget->allocator, links, piece->bytes + kLargeHeadBytes - kHeadBytes,
                1);
}

static void* take_small(olstm__budget* budget, size_t cost) {
  // Only the first piece of a class is tried: protobuf-c frees scratch memory of a few
  // sizes, which fits again.
  olstm__budget_piece** slot = &budget->freed[class_of(cost)];
  if (*slot && (*slot)->bytes >= cost) {
    olstm__budget_piece* piece = *slot;
    *slot = piece->next;
    return (char*)piece + kHeadBytes;
  }
  if (!budget->chunks || kChunkBytes - budget->chunk_used < cost) {
    olstm__budget_piece* chunk = olstm_allocate(&budget->allocator, kChunkBytes, 1);
    if (!chunk) return NULL;
    chunk->bytes = kChunkBytes;
    chunk->next = budget->chunks;
    budget->chunks = chunk;
    budget->chunk_used = kChunkHeadBytes;
  }
  olstm__budget_piece* piece =
      (olstm__budget_piece*)(void*)((char*)budget->chunks + budget->chunk_used);
  budget->chunk_used += cost;
  piece->bytes = cost;
  piece->next = NULL;
  return (char*)piece + kHeadBytes;
}

static void* budget_allocate(void* user, size_t bytes) {
  olstm__budget* budget = user;
  const size_t cost = olstm__budget_cost(bytes);
  if (cost > budget->limit - budget->used) {
    budget->over_limit = true;
    return NULL;
  }
  void* memory =
      cost >= kLargeBytes ? take_large(budget, cost) : take_small(budget, cost);
  if (!memory) {
    budget->out_of_memory = true;
    return NULL;
  }
  budget->used += ((olstm__budget_piece*)(void*)((char*)memory - kHeadBytes))->bytes;
  return memory;
}

static void budget_free(void* user, void* memory) {
  olstm__budget* budget = user;
  if (!memory) return;
  olstm__budget_piece* piece = (olstm__budget_piece*)(void*)((char*)memory - kHeadBytes);
  budget->used -= piece->bytes;
  if (piece->bytes >= kLargeBytes) {
    release_large(budget, piece);
    return;
  }
  olstm__budget_piece** slot = &budget->freed[class_of(piece->bytes)];
  piece->next = *slot;
  *slot = piece;
}

void olstm__budget_init(olstm__budget* budget, const olstm_allocator* allocator,
                        size_t limit) {
  memset(budget, 0, sizeof *budget);
  budget->allocator = *allocator;
  budget->limit = limit;
  budget->protobuf.alloc = budget_allocate;
  budget->protobuf.free = budget_free;
  budget->protobuf.allocator_data = budget;
}

size_t olstm__budget_default_limit(size_t byte_count) {
  enum { kLeastMemory = 64 << 20, kMemoryPerByte = 16 };
  size_t limit = 0;
  if (!olstm_size_multiply(byte_count, kMemoryPerByte, &limit)) limit = SIZE_MAX;
  return limit > kLeastMemory ? limit : kLeastMemory;
}

void olstm__budget_deinit(olstm__budget* budget) {
  while (budget->large) release_large(budget, budget->large);
  while (budget->chunks) {
    olstm__budget_piece* chunk = budget->chunks;
    budget->chunks = chunk->next;
    olstm_release(&budget->allocator, chunk, kChunkBytes, 1);
  }
  memset(budget->freed, 0, sizeof budget->freed);
  budget->used = 0;
}

olstm_status olstm__budget_unpack(olstm__budget* budget,
                                  const ProtobufCMessageDescriptor* descriptor,
                                  const uint8_t* bytes, size_t byte_count,
                                  const ProtobufCMessage** out_message,
                                  olstm_error* error) {
  *out_message =
      protobuf_c_message_unpack(descriptor, &budget->protobuf, byte_count, bytes);
  if (*out_message) return OLSTM_STATUS_OK;
  if (budget->over_limit) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "unpacking takes more than max_memory=%zu bytes", budget->limit);
  }
  if (budget->out_of_memory) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to unpack a %s",
                      descriptor->short_name);
  }
  return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                    "protobuf-c cannot unpack the bytes as a %s", descriptor->short_name);
}
