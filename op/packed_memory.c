#include "op/packed_memory.h"

#include "system/large_pages.h"

void* olstm__allocate_weights(const olstm_allocator* allocator, size_t bytes) {
  void* memory = olstm_allocate(allocator, 1, bytes);
  olstm__ask_for_large_pages(memory, bytes);
  return memory;
}

static bool can_share(const olstm_host* host) {
  return host->struct_size >= offsetof(olstm_host, unshare) + sizeof host->unshare &&
         host->share && host->unshare;
}

/// Shares a block and keeps its key, by which it is given back.
static void share(olstm__packed_memory* packed, const olstm__op_base* base,
                  const void* key, size_t key_bytes, bool* out_is_new) {
  packed->key = olstm_allocate(&base->allocator, 1, key_bytes);
  if (!packed->key) return;
  packed->key_bytes = key_bytes;
  memcpy(packed->key, key, key_bytes);
  packed->memory =
      base->host->share(base->host, key, key_bytes, packed->bytes, out_is_new);
  if (packed->memory) {
    if (*out_is_new) olstm__ask_for_large_pages(packed->memory, packed->bytes);
    return;
  }
  olstm_release(&base->allocator, packed->key, 1, key_bytes);
  packed->key = NULL;
}

olstm_status olstm__packed_memory_init(olstm__packed_memory* packed,
                                       const olstm__op_base* base, const void* key,
                                       size_t key_bytes, size_t bytes, bool* out_is_new,
                                       olstm_error* error) {
  *packed = (olstm__packed_memory){.bytes = bytes};
  *out_is_new = true;
  if (key && can_share(base->host)) {
    share(packed, base, key, key_bytes, out_is_new);
  } else {
    packed->memory = olstm__allocate_weights(&base->allocator, bytes);
  }
  if (packed->memory) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory for packed weights");
}

void olstm__packed_memory_deinit(olstm__packed_memory* packed,
                                 const olstm__op_base* base) {
  if (packed->key) {
    base->host->unshare(base->host, packed->key, packed->key_bytes);
    olstm_release(&base->allocator, packed->key, 1, packed->key_bytes);
  } else {
    olstm_release(&base->allocator, packed->memory, 1, packed->bytes);
  }
  *packed = (olstm__packed_memory){NULL, 0, NULL, 0};
}
