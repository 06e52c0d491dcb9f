// Finds operators: (domain, op_type, opset) -> operator table. Knows names and opset
// ranges; nothing of what operators do, nor of how a library is loaded.
#ifndef OLSTM_RUNTIME_HOST_REGISTRY_H_
#define OLSTM_RUNTIME_HOST_REGISTRY_H_

#include "olstm/runtime.h"

/// The newest opset of ONNX's own domain that is supported: that of ONNX 1.21. An
/// operator with last_opset 0 serves up to this one; nodes of newer opsets are refused.
enum { OLSTM__NEWEST_ONNX_OPSET = 26 };

/// The operator for a node, or NULL. The domain "ai.onnx" is the same as "". When several
/// fit, the one added last. [any-thread], as long as nothing is added.
const olstm_operator* olstm__registry_find(const olstm_registry* registry,
                                           const char* domain, const char* op_type,
                                           int32_t opset);

/// Whether an added operator replaces a built-in one of ONNX's own domain.
bool olstm__registry_replaces_builtin(const olstm_registry* registry);

/// Fails with the reason why olstm__registry_find returned NULL: UNSUPPORTED, "OP 'node':
/// ...".
olstm_status olstm__registry_refuse(const olstm_registry* registry, const char* node_name,
                                    const char* domain, const char* op_type,
                                    int32_t opset, olstm_error* error);

/// Adds all operators of a plugin; on failure, none. Errors: UNSUPPORTED (the plugin
/// needs a newer ABI), INVALID_ARGUMENT (the table violates the ABI), OUT_OF_MEMORY.
olstm_status olstm__registry_add_plugin(olstm_registry* registry,
                                        const olstm_plugin* plugin, olstm_error* error);

/// Checks whether a host of ABI version `host_version` can use the plugin.
/// olstm__registry_add_plugin calls it first.
olstm_status olstm__plugin_negotiate(const olstm_plugin* plugin, uint32_t host_version,
                                     olstm_error* error);

/// The host that is passed to plugins. Borrowed until the registry is destroyed.
const olstm_host* olstm__registry_host(const olstm_registry* registry);

/// Takes a library: `close(library)` is called when the registry is destroyed.
olstm_status olstm__registry_take_library(olstm_registry* registry, void* library,
                                          void (*close)(void* library),
                                          olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_REGISTRY_H_
