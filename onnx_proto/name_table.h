// Hash table from names to numbers; names are borrowed. The hash is keyed, so that a file
// cannot choose names that collide. Counts the hashed bytes, so that a caller can limit
// the work.
#ifndef OLSTM_ONNX_PROTO_NAME_TABLE_H_
#define OLSTM_ONNX_PROTO_NAME_TABLE_H_

#include "olstm/allocator.h"

/// Shared by all tables of one load.
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

/// Sets a random key.
void olstm__name_key_init(olstm__name_key* key);

/// Makes an empty table. Borrows allocator and key until deinit.
void olstm__name_table_init(olstm__name_table* table, const olstm_allocator* allocator,
                            olstm__name_key* key);
void olstm__name_table_deinit(olstm__name_table* table);

/// Adds a name, which is borrowed until deinit. *out_added is false, and nothing changes,
/// when the table has it. Returns false when out of memory.
bool olstm__name_table_add(olstm__name_table* table, const char* name, int32_t value,
                           bool* out_added);

/// Looks up a name; *out_value is set when the table has it.
bool olstm__name_table_find(const olstm__name_table* table, const char* name,
                            int32_t* out_value);

#endif  // OLSTM_ONNX_PROTO_NAME_TABLE_H_
