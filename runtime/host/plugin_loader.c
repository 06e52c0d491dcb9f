// Loads plugin libraries into a registry. The only file that uses the dynamic loader; the
// registry checks the tables.
#include <dlfcn.h>
#include <string.h>

#include "runtime/host/registry.h"

enum { kPathCapacity = 4096 };

static const char* loader_message(void) {
  const char* message = dlerror();
  return message ? message : "unknown reason";
}

static void close_library(void* library) {
  (void)dlclose(library);
}

/// dlopen searches the system's folders for a name without a slash; a path must be opened
/// as it is.
static olstm_status make_path(const char* path, char out_path[kPathCapacity],
                              olstm_error* error) {
  const char* prefix = strchr(path, '/') ? "" : "./";
  const int length = snprintf(out_path, kPathCapacity, "%s%s", prefix, path);
  if (length >= 0 && length < kPathCapacity) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "plugin: path is longer than %d bytes",
                    (int)kPathCapacity - 1);
}

/// NULL when the library lacks the symbol.
static olstm_plugin_entry_function find_entry(void* library) {
  olstm_plugin_entry_function entry = NULL;
  // ISO C cannot convert an object pointer to a function pointer; POSIX guarantees that
  // they have one representation.
  void* symbol = dlsym(library, OLSTM_PLUGIN_SYMBOL);
  _Static_assert(sizeof symbol == sizeof entry, "POSIX");
  memcpy(&entry, &symbol, sizeof entry);
  return entry;
}

static olstm_status add_library(olstm_registry* registry, void* library, const char* path,
                                olstm_error* error) {
  const olstm_plugin_entry_function entry = find_entry(library);
  olstm_error reason = {""};
  if (!entry) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "plugin '%s': no symbol '%s' in it",
                      path, OLSTM_PLUGIN_SYMBOL);
  }
  const olstm_plugin* plugin = entry(olstm__registry_host(registry), &reason);
  if (!plugin) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "plugin '%s' refuses this host: %s", path,
                      reason.message[0] ? reason.message : "no reason given");
  }
  const olstm_status status = olstm__registry_add_plugin(registry, plugin, &reason);
  if (status == OLSTM_STATUS_OK) return status;
  return olstm_fail(error, status, "plugin '%s': %s", path, reason.message);
}

olstm_status olstm_registry_load_plugin(olstm_registry* registry, const char* path,
                                        olstm_error* error) {
  char file[kPathCapacity];
  if (!registry || !path || path[0] == '\0') {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "plugin: %s",
                      registry ? "path is empty" : "registry is NULL");
  }
  OLSTM_RETURN_IF_ERROR(make_path(path, file, error));
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "plugin '%s': %s", path,
                      loader_message());
  }
  // The registry takes the library first, so that it never has operators of a library
  // that it does not own.
  olstm_status status =
      olstm__registry_take_library(registry, library, close_library, error);
  if (status != OLSTM_STATUS_OK) {
    close_library(library);
    return status;
  }
  return add_library(registry, library, path, error);
}
