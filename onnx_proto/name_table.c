#include "onnx_proto/name_table.h"

#include "system/clock.h"
#include "system/random_bytes.h"

enum { kFirstCapacity = 16 };

struct olstm__name_entry {
  /// NULL for a free entry.
  const char* name;
  uint64_t hash;
  int32_t value;
};

void olstm__name_key_init(olstm__name_key* key) {
  key->work = 0;
  if (olstm__random_bytes(key->key, sizeof key->key)) return;
  // Early in boot there may be none: then addresses and time have to do.
  key->key[0] = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
  key->key[1] = (uint64_t)olstm__clock_ns();
}

static uint64_t rotate(uint64_t x, int bits) {
  return (x << bits) | (x >> (64 - bits));
}

static void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] = rotate(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] = rotate(v[2], 32);
}

/// SipHash-1-3 of a string.
static uint64_t hash_name(olstm__name_key* key, const char* name) {
  const size_t length = strlen(name);
  uint64_t v[4] = {key->key[0] ^ UINT64_C(0x736f6d6570736575),
                   key->key[1] ^ UINT64_C(0x646f72616e646f6d),
                   key->key[0] ^ UINT64_C(0x6c7967656e657261),
                   key->key[1] ^ UINT64_C(0x7465646279746573)};
  uint64_t word = 0;
  size_t at = 0;
  for (; length - at >= 8; at += 8) {
    memcpy(&word, name + at, 8);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
  }
  word = 0;
  memcpy(&word, name + at, length - at);
  word |= (uint64_t)length << 56;
  v[3] ^= word;
  sip_round(v);
  v[0] ^= word;
  v[2] ^= 0xff;
  for (int round = 0; round < 3; round++) sip_round(v);
  key->work += length + 32;
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void olstm__name_table_init(olstm__name_table* table, const olstm_allocator* allocator,
                            olstm__name_key* key) {
  memset(table, 0, sizeof *table);
  table->allocator = allocator;
  table->key = key;
}

void olstm__name_table_deinit(olstm__name_table* table) {
  if (!table->allocator) return;
  olstm_release(table->allocator, table->entries, table->capacity,
                sizeof *table->entries);
  table->entries = NULL;
  table->capacity = 0;
  table->count = 0;
}

/// The entry of a name, or the free entry where it is to be inserted. The table must not
/// be full.
static olstm__name_entry* find_entry(const olstm__name_table* table, const char* name,
                                     uint64_t hash) {
  size_t index = (size_t)hash & (table->capacity - 1);
  while (table->entries[index].name && (table->entries[index].hash != hash ||
                                        strcmp(table->entries[index].name, name) != 0)) {
    index = (index + 1) & (table->capacity - 1);
  }
  return &table->entries[index];
}

static bool grow(olstm__name_table* table) {
  const size_t capacity = table->capacity ? table->capacity * 2 : kFirstCapacity;
  olstm__name_entry* old = table->entries;
  const size_t old_capacity = table->capacity;
  olstm__name_entry* entries =
      olstm_allocate_zeroed(table->allocator, capacity, sizeof *entries);
  if (!entries) return false;
  table->entries = entries;
  table->capacity = capacity;
  for (size_t i = 0; i < old_capacity; i++) {
    if (old[i].name) *find_entry(table, old[i].name, old[i].hash) = old[i];
  }
  olstm_release(table->allocator, old, old_capacity, sizeof *old);
  return true;
}

bool olstm__name_table_add(olstm__name_table* table, const char* name, int32_t value,
                           bool* out_added) {
  if (table->count >= table->capacity / 4 * 3 && !grow(table)) return false;
  const uint64_t hash = hash_name(table->key, name);
  olstm__name_entry* entry = find_entry(table, name, hash);
  *out_added = entry->name == NULL;
  if (!*out_added) return true;
  entry->name = name;
  entry->hash = hash;
  entry->value = value;
  table->count++;
  return true;
}

bool olstm__name_table_find(const olstm__name_table* table, const char* name,
                            int32_t* out_value) {
  if (table->count == 0) return false;
  const olstm__name_entry* entry = find_entry(table, name, hash_name(table->key, name));
  if (!entry->name) return false;
  *out_value = entry->value;
  return true;
}
