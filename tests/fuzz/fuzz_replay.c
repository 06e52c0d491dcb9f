// Runs a fuzz target over files and folders of inputs, with any compiler.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz_target.h"

static int replay_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return 1;
  }
  uint8_t* bytes = NULL;
  size_t count = 0;
  if (fseek(file, 0, SEEK_END) == 0) {
    const long end = ftell(file);
    rewind(file);
    bytes = malloc(end > 0 ? (size_t)end : 1);
    count = bytes && end > 0 ? fread(bytes, 1, (size_t)end, file) : 0;
  }
  (void)fclose(file);
  if (!bytes) return 1;
  (void)LLVMFuzzerTestOneInput(bytes, count);
  free(bytes);
  return 0;
}

static int replay_folder(const char* path, size_t* file_count) {
  DIR* folder = opendir(path);
  int result = 0;
  if (!folder) {
    perror(path);
    return 1;
  }
  for (struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    char name[4096];
    if (entry->d_name[0] == '.') continue;
    (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    result |= replay_file(name);
    (*file_count)++;
  }
  (void)closedir(folder);
  return result;
}

int main(int argc, char** argv) {
  size_t file_count = 0;
  int result = 0;
  for (int i = 1; i < argc; i++) {
    struct stat facts;
    if (stat(argv[i], &facts) == 0 && S_ISDIR(facts.st_mode)) {
      result |= replay_folder(argv[i], &file_count);
    } else {
      result |= replay_file(argv[i]);
      file_count++;
    }
  }
  (void)printf("%zu inputs replayed\n", file_count);
  return result != 0 || file_count == 0;
}
