#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// The most holes that are looked for.
enum { kMaxHoles = 1000 };

const char* olstm__file_open(const char* path, olstm__file* out_file) {
  // O_NONBLOCK: opening a FIFO must not block.
  const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  *out_file = file;
  return file < 0 ? strerror(errno) : NULL;
}

const char* olstm__file_look(olstm__file file, olstm__file_facts* out_facts) {
  struct stat facts;
  if (fstat((int)file, &facts) != 0) return strerror(errno);
  *out_facts = (olstm__file_facts){.bytes = (uint64_t)facts.st_size,
                                   .is_regular = S_ISREG(facts.st_mode),
                                   .device = (uint64_t)facts.st_dev,
                                   .number = (uint64_t)facts.st_ino};
  return NULL;
}

const char* olstm__file_read(olstm__file file, uint64_t offset, void* to,
                             size_t byte_count) {
  size_t done = 0;
  while (done < byte_count) {
    const ssize_t count = pread((int)file, (char*)to + done, byte_count - done,
                                (off_t)(offset + (uint64_t)done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return strerror(errno);
    if (count == 0) return "it became shorter meanwhile";
    done += (size_t)count;
  }
  return NULL;
}

uint64_t olstm__file_count_stored(olstm__file file, uint64_t offset, uint64_t bytes) {
#ifdef SEEK_HOLE
  const off_t end = (off_t)(offset + bytes);
  off_t at = (off_t)offset;
  uint64_t stored = 0;
  for (int i = 0; i < kMaxHoles && at < end; i++) {
    const off_t data = lseek((int)file, at, SEEK_DATA);
    if (data < 0) return errno == ENXIO ? stored : bytes;
    if (data >= end) return stored;
    const off_t hole = lseek((int)file, data, SEEK_HOLE);
    if (hole < 0) return bytes;
    stored += (uint64_t)((hole < end ? hole : end) - data);
    at = hole;
  }
  return at < end ? bytes : stored;
#else
  (void)file;
  (void)offset;
  return bytes;
#endif
}

void olstm__file_close(olstm__file file) {
  if (file != OLSTM__NO_FILE) (void)close((int)file);
}

const char* olstm__file_name(const char* path) {
  const char* slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}
