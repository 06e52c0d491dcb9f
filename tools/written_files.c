#include "tools/written_files.h"

#include <stdlib.h>

/// Whether both are one file. A system that does not number its files cannot tell.
static bool is_same(const olstm__file_facts* a, const olstm__file_facts* b) {
  return a->number != 0 && a->number == b->number && a->device == b->device;
}

olstm_status olstm__written_files_add(olstm__written_files* written, const char* path,
                                      olstm_error* error) {
  olstm__file_facts facts;
  olstm__file file = OLSTM__NO_FILE;
  const char* reason = olstm__file_open(path, &file);
  if (!reason) reason = olstm__file_look(file, &facts);
  olstm__file_close(file);
  // What can be written alone, or is no file, keeps nothing.
  if (reason || !facts.is_regular) return OLSTM_STATUS_OK;
  for (size_t i = 0; i < written->count; i++) {
    if (!is_same(&facts, &written->files[i])) continue;
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR,
                      "'%.300s' is a file that was just written by another name: what "
                      "was in it is lost",
                      path);
  }
  if (written->count == written->capacity) {
    const size_t capacity = written->capacity ? 2 * written->capacity : 16;
    olstm__file_facts* grown = realloc(written->files, capacity * sizeof *written->files);
    if (!grown) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
    }
    written->files = grown;
    written->capacity = capacity;
  }
  written->files[written->count++] = facts;
  return OLSTM_STATUS_OK;
}

void olstm__written_files_deinit(olstm__written_files* written) {
  free(written->files);
  *written = (olstm__written_files){0, 0, NULL};
}
