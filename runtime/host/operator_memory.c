#include "runtime/host/operator_memory.h"

enum { kFirstBuckets = 64 };

/// One shared block. Its key follows it; its memory is allocated separately.
struct olstm__shared_block {
  olstm__shared_block* next;
  uint64_t hash;
  size_t user_count;
  void* memory;
  size_t bytes;
  size_t key_bytes;
};

// ---------------------------------------------------------------- counting

static void* allocate(void* user, size_t bytes) {
  olstm__operator_memory* memory = user;
  if (bytes > memory->limit - memory->used) {
    memory->was_refused = true;
    return NULL;
  }
  void* piece = olstm_allocate(&memory->source, 1, bytes);
  if (piece) memory->used += bytes;
  return piece;
}

static void release(void* user, void* piece, size_t bytes) {
  olstm__operator_memory* memory = user;
  olstm_release(&memory->source, piece, 1, bytes);
  memory->used -= bytes;
}

olstm_status olstm__operator_memory_explain(olstm__operator_memory* memory,
                                            const olstm_node* node, olstm_status status,
                                            olstm_error* error) {
  const bool was_refused = memory->was_refused;
  memory->was_refused = false;
  if (status != OLSTM_STATUS_OUT_OF_MEMORY || !was_refused) return status;
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "%s '%s': packed weights and tables of operators need more than the "
                    "%zu bytes that max_memory and the model's constants allow",
                    node->op_type, node->name, memory->limit);
}

// ---------------------------------------------------------------- sharing

static uint64_t hash_of(const unsigned char* bytes, size_t count) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (size_t b = 0; b < count; b++) hash = (hash ^ bytes[b]) * 0x100000001b3u;
  return hash;
}

static size_t block_bytes(size_t key_bytes) {
  return sizeof(olstm__shared_block) + key_bytes;
}

/// Grows the table so that the lists stay short.
static bool reserve(olstm__operator_memory* memory) {
  if (memory->block_count < memory->bucket_count) return true;
  const size_t count = memory->bucket_count ? memory->bucket_count * 2 : kFirstBuckets;
  olstm__shared_block** buckets =
      olstm_allocate_zeroed(&memory->allocator, count, sizeof(olstm__shared_block*));
  if (!buckets) return false;
  for (size_t b = 0; b < memory->bucket_count; b++) {
    for (olstm__shared_block* block = memory->buckets[b]; block;) {
      olstm__shared_block* next = block->next;
      block->next = buckets[block->hash & (count - 1)];
      buckets[block->hash & (count - 1)] = block;
      block = next;
    }
  }
  olstm_release(&memory->allocator, memory->buckets, memory->bucket_count,
                sizeof(olstm__shared_block*));
  memory->buckets = buckets;
  memory->bucket_count = count;
  return true;
}

/// The link that points to the block of that key, or the end of its list.
static olstm__shared_block** find(olstm__operator_memory* memory, uint64_t hash,
                                  const void* key, size_t key_bytes) {
  olstm__shared_block** at = &memory->buckets[hash & (memory->bucket_count - 1)];
  while (*at && ((*at)->hash != hash || (*at)->key_bytes != key_bytes ||
                 memcmp(*at + 1, key, key_bytes) != 0)) {
    at = &(*at)->next;
  }
  return at;
}

static void* share(const olstm_host* host, const void* key, size_t key_bytes,
                   size_t bytes, bool* out_is_new) {
  olstm__operator_memory* memory = host->shared;
  const uint64_t hash = hash_of(key, key_bytes);
  *out_is_new = false;
  if (!reserve(memory)) return NULL;
  olstm__shared_block** at = find(memory, hash, key, key_bytes);
  if (*at) {
    (*at)->user_count++;
    return (*at)->memory;
  }
  olstm__shared_block* block =
      olstm_allocate(&memory->allocator, 1, block_bytes(key_bytes));
  if (!block) return NULL;
  *block = (olstm__shared_block){.hash = hash,
                                 .user_count = 1,
                                 .memory = olstm_allocate(&memory->allocator, 1, bytes),
                                 .bytes = bytes,
                                 .key_bytes = key_bytes};
  memcpy(block + 1, key, key_bytes);
  if (!block->memory) {
    olstm_release(&memory->allocator, block, 1, block_bytes(key_bytes));
    return NULL;
  }
  *at = block;
  memory->block_count++;
  *out_is_new = true;
  return block->memory;
}

static void unshare(const olstm_host* host, const void* key, size_t key_bytes) {
  olstm__operator_memory* memory = host->shared;
  olstm__shared_block** at = find(memory, hash_of(key, key_bytes), key, key_bytes);
  olstm__shared_block* block = *at;
  if (!block || --block->user_count > 0) return;
  *at = block->next;
  memory->block_count--;
  olstm_release(&memory->allocator, block->memory, 1, block->bytes);
  olstm_release(&memory->allocator, block, 1, block_bytes(key_bytes));
}

// ---------------------------------------------------------------- life

void olstm__operator_memory_init(olstm__operator_memory* memory,
                                 const olstm_allocator* source, size_t limit) {
  *memory = (olstm__operator_memory){.source = *source, .limit = limit};
  memory->allocator = (olstm_allocator){memory, allocate, release};
}

void olstm__operator_memory_deinit(olstm__operator_memory* memory) {
  if (memory->buckets) {
    olstm_release(&memory->allocator, memory->buckets, memory->bucket_count,
                  sizeof(olstm__shared_block*));
  }
  *memory = (olstm__operator_memory){.limit = 0};
}

void olstm__operator_memory_offer(olstm__operator_memory* memory, olstm_host* host) {
  host->struct_size = sizeof *host;
  host->allocator = &memory->allocator;
  host->shared = memory;
  host->share = share;
  host->unshare = unshare;
}
