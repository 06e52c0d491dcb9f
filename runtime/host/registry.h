// Finding operators: (domain, op_type, opset) -> operator table. Knows names and version
// ranges, nothing of what operators do, and nothing of how a library is opened.
#ifndef OLSTM_RUNTIME_HOST_REGISTRY_H_
#define OLSTM_RUNTIME_HOST_REGISTRY_H_

#include "olstm/runtime.h"

/// The newest opset of ONNX's own domain whose operators this version knows: that of ONNX
/// 1.21. An operator with last_opset 0 serves up to here, and no model that imports more.
enum { OLSTM__NEWEST_ONNX_OPSET = 26 };

/// The operator for a node, or NULL. "ai.onnx" is "". Of several that fit, the one that
/// was added last. [any-thread], as long as nobody adds.
const olstm_operator* olstm__registry_find(const olstm_registry* registry,
                                           const char* domain, const char* op_type,
                                           int32_t opset);

/// Whether an operator was added that ONNX's nodes find in place of one of olstm's own.
bool olstm__registry_replaces_builtin(const olstm_registry* registry);

/// Says why olstm__registry_find found nothing: UNSUPPORTED, "OP 'node': ...".
olstm_status olstm__registry_refuse(const olstm_registry* registry, const char* node_name,
                                    const char* domain, const char* op_type,
                                    int32_t opset, olstm_error* error);

/// Adds all operators of a plugin's table, or, on failure, none.
/// Errors: UNSUPPORTED (newer ABI than this one), INVALID_ARGUMENT (the table breaks the
/// ABI), OUT_OF_MEMORY.
olstm_status olstm__registry_add_plugin(olstm_registry* registry,
                                        const olstm_plugin* plugin, olstm_error* error);

/// Whether a host of ABI `host_version` can use the plugin: olstm__registry_add_plugin's
/// first check.
olstm_status olstm__plugin_negotiate(const olstm_plugin* plugin, uint32_t host_version,
                                     olstm_error* error);

/// The host that plugins of this registry see. Borrowed until the registry is destroyed.
const olstm_host* olstm__registry_host(const olstm_registry* registry);

/// Takes a library: `close(library)` is called when the registry is destroyed.
olstm_status olstm__registry_take_library(olstm_registry* registry, void* library,
                                          void (*close)(void* library),
                                          olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_REGISTRY_H_
