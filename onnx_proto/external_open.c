#include "onnx_proto/external_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  kOpenFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW,
  kEntryFlags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
  kFolderFlags = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
  /// How often, and after how many milliseconds each, a file is looked at again whose
  /// links have just changed: together longer than the granularity of any clock that file
  /// systems take timestamps from.
  kLinkTries = 60,
  kLinkWait = 2
};

static const char* const kChanged = "it was replaced while it was opened";

// ----------------------------------------------------------------- through no link

/// Whether every part of the path is a plain name, or "." (which means nothing).
static bool is_plain_path(const char* location) {
  if (location[0] == '\0' || location[0] == '/') return false;
  for (const char* part = location; part;) {
    const char* slash = strchr(part, '/');
    const size_t length = slash ? (size_t)(slash - part) : strlen(part);
    if (length == 0 || (length == 2 && memcmp(part, "..", 2) == 0)) return false;
    part = slash ? slash + 1 : NULL;
  }
  return true;
}

/// Calls openat2; -1 with ENOSYS on a kernel without it.
static int open_beneath(int folder, const char* location, int flags) {
  struct open_how how = {
      .flags = (unsigned)flags,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, folder, location, &how, sizeof how);
}

/// Does not change errno. For a symbolic link to a folder, openat reports ENOTDIR.
static bool is_link(int folder, const char* name) {
  const int code = errno;
  struct stat facts;
  const bool is =
      fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(facts.st_mode);
  errno = code;
  return is;
}

int olstm__external_walk(int folder, const char* location, int flags) {
  int at = folder;
  const char* part = location;
  for (;;) {
    char name[NAME_MAX + 1];
    const char* slash = strchr(part, '/');
    const size_t length = slash ? (size_t)(slash - part) : strlen(part);
    if (length > NAME_MAX) {
      if (at != folder) (void)close(at);
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(name, part, length);
    name[length] = '\0';
    // O_NOFOLLOW for each part: no symbolic link anywhere in the path.
    const int next = openat(at, name, slash ? kFolderFlags : flags);
    const int code = next < 0 && is_link(at, name) ? ELOOP : errno;
    if (at != folder) (void)close(at);
    errno = code;
    if (next < 0 || !slash) return next;
    at = next;
    part = slash + 1;
  }
}

/// Opens a file below `folder` without following links. -1 with errno: ELOOP or EXDEV for
/// a link.
static int open_strictly(int folder, const char* location, int flags) {
  const int file = open_beneath(folder, location, flags);
  // EPERM: some sandboxes refuse system calls that they do not know.
  if (file >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN)) return file;
  return olstm__external_walk(folder, location, flags);
}

static bool is_same_file(const struct stat* a, const struct stat* b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

// ----------------------------------------------------------------- hard links

static bool is_before(const struct timespec* a, const struct timespec* b) {
  return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/// Whether the folder's entry, not followed if it is a link, is the open file.
static bool is_entry(int folder, const char* location, const struct stat* opened) {
  struct stat found;
  const int entry = open_strictly(folder, location, kEntryFlags);
  const bool is = entry >= 0 && fstat(entry, &found) == 0 && is_same_file(opened, &found);
  if (entry >= 0) (void)close(entry);
  return is;
}

/// Checks that the file opened at `location` has no other hard link. An entry that is
/// removed and restored meanwhile could hide another one; adding or removing a link
/// updates the file's change time, so the result is trusted only when that time is before
/// the check.
static const char* check_only_name(int folder, const char* location, int file) {
  const struct timespec wait = {0, kLinkWait * 1000000L};
  struct stat first, last;
  struct timespec start;
  for (int i = 0; i < kLinkTries; i++) {
    if (clock_gettime(CLOCK_REALTIME_COARSE, &start) != 0 || fstat(file, &first) != 0) {
      return strerror(errno);
    }
    if (first.st_nlink > 1) {
      return "it has other hard links; a folder that is named (external_data_folder, "
             "--external-data) may have such files";
    }
    if (!is_entry(folder, location, &first)) return kChanged;
    if (fstat(file, &last) != 0) return strerror(errno);
    if (last.st_nlink != 1) return kChanged;
    if (is_before(&last.st_ctim, &start)) return NULL;
    (void)nanosleep(&wait, NULL);
  }
  // A clock ahead of ours, such as a file server's, may have the same granularity.
  return first.st_ctim.tv_sec > start.tv_sec ? NULL : kChanged;
}

// ----------------------------------------------------------------- symbolic links

/// The path of an open file in /proc; false when there is none.
static bool read_path(int file, char out_path[PATH_MAX]) {
  char name[64];
  (void)snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(name, out_path, PATH_MAX - 1);
  if (length <= 0 || out_path[0] != '/') return false;
  out_path[length] = '\0';
  return true;
}

/// The part of `path` behind the folder, NULL when it is not below the folder.
static const char* path_below(int folder, const char* path) {
  char root[PATH_MAX];
  if (folder < 0 || !read_path(folder, root)) return NULL;
  const size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
  if (strncmp(path, root, length) != 0 || path[length] != '/') return NULL;
  return path + length + 1;
}

/// Opens `path` below the folder, if it is the file described by `facts`.
static int open_same(int folder, const char* path, const struct stat* facts,
                     const char** out_reason) {
  struct stat opened;
  const int file = open_strictly(folder, path, kOpenFlags);
  if (file >= 0 && fstat(file, &opened) == 0 && is_same_file(&opened, facts)) return file;
  if (file >= 0) (void)close(file);
  *out_reason = kChanged;
  return -1;
}

static const char* check_file(int file, int folder, bool is_named, const char* location) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return strerror(errno);
  if (!S_ISREG(facts.st_mode)) return "it is not a regular file";
  return is_named ? NULL : check_only_name(folder, location, file);
}

/// Opens the target of the links in `location`, if it may be read. `target` is a
/// descriptor of it that was opened with O_PATH, which has no side effects.
static int open_target(const olstm__external_folders* folders, int target,
                       const char** out_reason) {
  char path[PATH_MAX];
  struct stat facts;
  const int trusted[] = {folders->named, folders->real};
  if (fstat(target, &facts) != 0 || !read_path(target, path)) {
    *out_reason = "a link is on the way";
    return -1;
  }
  if (!S_ISREG(facts.st_mode)) {
    *out_reason = "it is not a regular file";
    return -1;
  }
  for (size_t i = 0; i < sizeof trusted / sizeof *trusted; i++) {
    const char* below = path_below(trusted[i], path);
    if (!below) continue;
    const int file = open_same(trusted[i], below, &facts, out_reason);
    if (file < 0) return -1;
    *out_reason = check_file(file, trusted[i], i == 0, below);
    if (!*out_reason) return file;
    (void)close(file);
    return -1;
  }
  *out_reason =
      "a link leads out of the folder that holds the model; a folder that is named "
      "(external_data_folder, --external-data) may hold what it leads to";
  return -1;
}

/// Opens the file in one of the folders. -1 and a reason; ENOENT when the folder does not
/// have it.
static int open_in(const olstm__external_folders* folders, int folder,
                   const char* location, const char** out_reason) {
  int file = open_strictly(folder, location, kOpenFlags);
  if (file >= 0) {
    *out_reason = check_file(file, folder, folder == folders->named, location);
    if (!*out_reason) return file;
    (void)close(file);
    errno = 0;
    return -1;
  }
  if (errno == ELOOP || errno == EXDEV) {
    const int target = openat(folder, location, O_PATH | O_CLOEXEC);
    if (target >= 0) {
      file = open_target(folders, target, out_reason);
      (void)close(target);
      errno = 0;
      return file;
    }
  }
  *out_reason = strerror(errno);
  return -1;
}

// ----------------------------------------------------------------- folders

void olstm__external_folders_close(olstm__external_folders* folders) {
  int* all[] = {&folders->beside, &folders->real, &folders->named};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (*all[i] >= 0) (void)close(*all[i]);
    *all[i] = -1;
  }
}

int olstm__external_open_folder(const char* path) {
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int olstm__external_folder_of(int file) {
  char path[PATH_MAX];
  struct stat facts, found;
  if (fstat(file, &facts) != 0 || !read_path(file, path)) return -1;
  char* slash = strrchr(path, '/');
  char* name = slash + 1;
  *slash = '\0';
  const int folder = olstm__external_open_folder(slash == path ? "/" : path);
  if (folder < 0) return -1;
  // The file may have been moved since.
  if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
      is_same_file(&facts, &found)) {
    return folder;
  }
  (void)close(folder);
  return -1;
}

int olstm__external_open(const olstm__external_folders* folders, const char* location,
                         const char** out_reason) {
  const int where[] = {folders->named, folders->beside};
  *out_reason = NULL;
  if (!is_plain_path(location)) {
    *out_reason = "it is not a path below the model's folder";
    return -1;
  }
  for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
    if (where[i] < 0) continue;
    const int file = open_in(folders, where[i], location, out_reason);
    if (file >= 0) return file;
    if (errno != ENOENT) break;
  }
  return -1;
}
