// Files that are read.
#ifndef OLSTM_SYSTEM_FILE_H_
#define OLSTM_SYSTEM_FILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What the system calls an open file or folder.
typedef intptr_t olstm__file;
#define OLSTM__NO_FILE ((olstm__file)-1)

typedef struct olstm__file_facts {
  uint64_t bytes;
  bool is_regular;
  /// Together they tell one file from another.
  uint64_t device;
  uint64_t number;
} olstm__file_facts;

// Functions that return text return NULL, or the reason of a failure: a string that is
// valid until the thread's next call. Paths are UTF-8.

/// Opens a file for reading, without blocking.
const char* olstm__file_open(const char* path, olstm__file* out_file);

const char* olstm__file_look(olstm__file file, olstm__file_facts* out_facts);

/// Reads exactly byte_count bytes from an offset on.
const char* olstm__file_read(olstm__file file, uint64_t offset, void* to,
                             size_t byte_count);

/// How many bytes of the range are stored, holes excluded; all where the system does not
/// tell.
uint64_t olstm__file_count_stored(olstm__file file, uint64_t offset, uint64_t bytes);

/// OLSTM__NO_FILE is legal.
void olstm__file_close(olstm__file file);

/// The part of a path behind the last separator.
const char* olstm__file_name(const char* path);

/// Bytes of the longest path of a folder, with its end: Windows' characters may take
/// three.
enum { OLSTM__FILE_FOLDER_CAPACITY = 3 * 4096 + 2 };

/// The path of the folder that the file is in; false when it is too long.
bool olstm__file_folder(const char* path, char out_folder[OLSTM__FILE_FOLDER_CAPACITY]);

#endif  // OLSTM_SYSTEM_FILE_H_
