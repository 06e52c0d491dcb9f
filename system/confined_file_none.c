// Systems on which this project knows no way to confine a path: files beside a model are
// refused. Models can be given them as bytes (olstm_external_file).
#include "system/confined_file.h"

static const char* const kReason =
    "this build reads no files beside a model: pass them as external_files";

const char* olstm__confined_open_in(const olstm__confined_folders* folders,
                                    olstm__file folder, const char* location,
                                    olstm__file* out_file, bool* out_is_absent) {
  (void)folders;
  (void)folder;
  (void)location;
  *out_file = OLSTM__NO_FILE;
  *out_is_absent = false;
  return kReason;
}

const char* olstm__confined_open_folder(const char* path, olstm__file* out_folder) {
  (void)path;
  *out_folder = OLSTM__NO_FILE;
  return NULL;
}

olstm__file olstm__confined_folder_of(olstm__file file) {
  (void)file;
  return OLSTM__NO_FILE;
}
