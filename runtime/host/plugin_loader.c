// Loads plugin libraries into a registry, which checks their tables.
#include "runtime/host/registry.h"
#include "system/library.h"

static olstm_status add_library(olstm_registry* registry, void* library, const char* path,
                                olstm_error* error) {
  olstm_plugin_entry_function entry = NULL;
  olstm_error reason = {""};
  olstm__library_find(library, OLSTM_PLUGIN_SYMBOL, &entry);
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
  if (!registry || !path || path[0] == '\0') {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "plugin: %s",
                      registry ? "path is empty" : "registry is NULL");
  }
  void* library = NULL;
  const char* reason = olstm__library_open_path(path, &library);
  if (reason) {
    return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "plugin '%s': %s", path, reason);
  }
  // The registry takes the library first, so that it never has operators of a library
  // that it does not own.
  olstm_status status =
      olstm__registry_take_library(registry, library, olstm__library_close, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__library_close(library);
    return status;
  }
  return add_library(registry, library, path, error);
}
