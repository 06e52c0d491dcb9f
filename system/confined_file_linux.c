// Linux: openat2, O_PATH and /proc. olstm__confined_walk serves kernels without openat2.
#include "system/confined_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
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

// ----------------------------------------------------------------- through no link

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

int olstm__confined_walk(int folder, const char* location, int flags) {
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
  return olstm__confined_walk(folder, location, flags);
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
      return OLSTM__REASON_HARD_LINKS;
    }
    if (!is_entry(folder, location, &first)) return OLSTM__REASON_CHANGED;
    if (fstat(file, &last) != 0) return strerror(errno);
    if (last.st_nlink != 1) return OLSTM__REASON_CHANGED;
    if (is_before(&last.st_ctim, &start)) return NULL;
    (void)nanosleep(&wait, NULL);
  }
  // A clock ahead of ours, such as a file server's, may have the same granularity.
  return first.st_ctim.tv_sec > start.tv_sec ? NULL : OLSTM__REASON_CHANGED;
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
  *out_reason = OLSTM__REASON_CHANGED;
  return -1;
}

static const char* check_file(int file, int folder, bool is_named, const char* location) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return strerror(errno);
  if (!S_ISREG(facts.st_mode)) return OLSTM__REASON_NOT_REGULAR;
  return is_named ? NULL : check_only_name(folder, location, file);
}

/// Opens the target of the links in `location`, if it may be read. `target` is a
/// descriptor of it that was opened with O_PATH, which has no side effects.
static int open_target(const olstm__confined_folders* folders, int target,
                       const char** out_reason) {
  char path[PATH_MAX];
  struct stat facts;
  const int trusted[] = {(int)folders->named, (int)folders->real};
  if (fstat(target, &facts) != 0 || !read_path(target, path)) {
    *out_reason = OLSTM__REASON_LINK;
    return -1;
  }
  if (!S_ISREG(facts.st_mode)) {
    *out_reason = OLSTM__REASON_NOT_REGULAR;
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

const char* olstm__confined_open_in(const olstm__confined_folders* folders,
                                    olstm__file folder, const char* location,
                                    olstm__file* out_file, bool* out_is_absent) {
  const char* reason = NULL;
  int file = open_strictly((int)folder, location, kOpenFlags);
  int target = -1;
  if (file >= 0) {
    reason = check_file(file, (int)folder, folder == folders->named, location);
    if (reason) {
      (void)close(file);
      file = -1;
    }
  } else if (errno == ELOOP || errno == EXDEV) {
    target = openat((int)folder, location, O_PATH | O_CLOEXEC);
    if (target >= 0) file = open_target(folders, target, &reason);
  }
  if (file < 0 && !reason) {
    *out_is_absent = errno == ENOENT;
    reason = strerror(errno);
  }
  if (target >= 0) (void)close(target);
  *out_file = file;
  return reason;
}

// ----------------------------------------------------------------- folders

/// -1 with errno on failure.
static int open_folder(const char* path) {
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

const char* olstm__confined_open_folder(const char* path, olstm__file* out_folder) {
  *out_folder = open_folder(path);
  return *out_folder < 0 ? strerror(errno) : NULL;
}

olstm__file olstm__confined_folder_of(olstm__file file_of) {
  const int file = (int)file_of;
  char path[PATH_MAX];
  struct stat facts, found;
  if (fstat(file, &facts) != 0 || !read_path(file, path)) return OLSTM__NO_FILE;
  char* slash = strrchr(path, '/');
  char* name = slash + 1;
  *slash = '\0';
  const int folder = open_folder(slash == path ? "/" : path);
  if (folder < 0) return OLSTM__NO_FILE;
  // The file may have been moved since.
  if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
      is_same_file(&facts, &found)) {
    return folder;
  }
  (void)close(folder);
  return OLSTM__NO_FILE;
}
