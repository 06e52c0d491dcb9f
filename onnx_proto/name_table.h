// Names to numbers: a hash table over borrowed strings. Keyed, so that a file cannot
// choose names that collide, and it counts the bytes it hashed, so that a caller can stop
// work that grows without bound.
#ifndef OLSTM_ONNX_PROTO_NAME_TABLE_H_
#define OLSTM_ONNX_PROTO_NAME_TABLE_H_

#include "olstm/allocator.h"

/// What all tables of one load share.
typedef struct olstm__name_key {
  uint64_t key[2];
  /// Bytes hashed so far.
  uint64_t work;
} olstm__name_key;

typedef struct olstm__name_entry olstm__name_entry;

typedef struct olstm__name_table {
  const olstm_allocator* allocator;
  olstm__name_key* key;
  olstm__name_entry* entries;
  size_t capacity;
  size_t count;
} olstm__name_table;

/// Draws a random key.
void olstm__name_key_init(olstm__name_key* key);

/// Makes an empty table. Borrows allocator and key until deinit.
void olstm__name_table_init(olstm__name_table* table, const olstm_allocator* allocator,
                            olstm__name_key* key);
void olstm__name_table_deinit(olstm__name_table* table);

/// Adds a name that is not yet there; the string is borrowed until deinit.
/// out_added: false, and nothing changed, when the name is there already. Returns false
/// when out of memory.
bool olstm__name_table_add(olstm__name_table* table, const char* name, int32_t value,
                           bool* out_added);

/// Whether the name is there; *out_value is its number then.
bool olstm__name_table_find(const olstm__name_table* table, const char* name,
                            int32_t* out_value);

#endif  // OLSTM_ONNX_PROTO_NAME_TABLE_H_
