#include <string.h>

#include "system/file.h"

bool olstm__file_folder(const char* path, char out_folder[OLSTM__FILE_FOLDER_CAPACITY]) {
  size_t length = (size_t)(olstm__file_name(path) - path);
  if (length + 2 > OLSTM__FILE_FOLDER_CAPACITY) return false;
  memcpy(out_folder, path, length);
  // No dot elsewhere: Windows takes it for a name in paths that it is to take as they
  // are. "C:" alone is a drive, and not the folder that is current there.
  if (length == 0 || path[length - 1] == ':') out_folder[length++] = '.';
  out_folder[length] = '\0';
  return true;
}
