#include "runtime/host/registry.h"

#include <string.h>

#include "olstm/version.h"

#include "base/array.h"
#include "op/builtin.h"
#include "runtime/host/control_table.h"

/// Sizes of the structs in version 1 of the ABI: the least that a plugin may pass.
enum {
  kOperatorBytesV1 = offsetof(olstm_operator, destroy) + sizeof(void (*)(void)),
  kPluginBytesV1 = offsetof(olstm_plugin, get_operator) + sizeof(void (*)(void)),
};

/// Operators in one bucket are chained, newest first. Links are indices plus 1; 0 ends a
/// chain.
typedef struct registry_entry {
  const olstm_operator* table;
  uint32_t hash;
  uint32_t next;
} registry_entry;

typedef struct registry_library {
  struct registry_library* next;
  void* library;
  void (*close)(void* library);
} registry_library;

struct olstm_registry {
  olstm_allocator allocator;
  olstm_host host;
  size_t count;
  size_t capacity;
  // Entries below this index are built in.
  size_t builtin_count;
  registry_entry* entries;
  // A power of two.
  size_t bucket_count;
  uint32_t* buckets;
  registry_library* libraries;
};

enum { kFirstBucketCount = 512, kMaxOperators = 1 << 20 };

static const char* canonical_domain(const char* domain) {
  return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/// FNV-1a over the domain, a zero byte and the op_type.
static uint32_t hash_text(uint32_t hash, const char* text) {
  do {
    hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619);
  } while (*text++);
  return hash;
}

static uint32_t hash_name(const char* domain, const char* op_type) {
  return hash_text(hash_text(UINT32_C(2166136261), domain), op_type);
}

static void link_entry(olstm_registry* registry, size_t index) {
  registry_entry* entry = &registry->entries[index];
  uint32_t* bucket = &registry->buckets[entry->hash & (registry->bucket_count - 1)];
  entry->next = *bucket;
  *bucket = (uint32_t)index + 1;
}

/// Rebuilds the chains of the first `count` entries.
static void relink(olstm_registry* registry, size_t count) {
  memset(registry->buckets, 0, registry->bucket_count * sizeof *registry->buckets);
  registry->count = count;
  for (size_t i = 0; i < count; i++) link_entry(registry, i);
}

/// Doubles the buckets when there are as many entries.
static bool grow_buckets(olstm_registry* registry) {
  const olstm_allocator* allocator = &registry->allocator;
  const size_t count =
      registry->bucket_count ? 2 * registry->bucket_count : kFirstBucketCount;
  if (registry->count < registry->bucket_count) return true;
  uint32_t* buckets = olstm_allocate(allocator, count, sizeof *buckets);
  if (!buckets) return false;
  olstm_release(allocator, registry->buckets, registry->bucket_count, sizeof *buckets);
  registry->buckets = buckets;
  registry->bucket_count = count;
  relink(registry, registry->count);
  return true;
}

/// Makes room for one more entry.
static olstm_status grow(olstm_registry* registry, olstm_error* error) {
  if (registry->count == kMaxOperators) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "registry: more than %d operators", (int)kMaxOperators);
  }
  registry_entry* entries =
      olstm__array_reserve(&registry->allocator, registry->entries, registry->count, 1,
                           &registry->capacity, sizeof *entries);
  if (entries) registry->entries = entries;
  if (entries && grow_buckets(registry)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "registry: no memory for %zu operators", registry->count + 1);
}

static const char* missing_callback(const olstm_operator* table) {
  if (!table->create) return "create";
  if (!table->infer) return "infer";
  if (!table->prepare) return "prepare";
  if (!table->run) return "run";
  if (!table->release) return "release";
  return table->destroy ? NULL : "destroy";
}

/// owner: the start of messages, "plugin 'x'" or "registry".
static olstm_status check_operator(const olstm_operator* table, const char* owner,
                                   olstm_error* error) {
  if (!table) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "%s: operator is NULL",
                      owner);
  }
  if (table->struct_size < kOperatorBytesV1) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s: operator's struct_size is %zu, expected at least %zu", owner,
                      table->struct_size, (size_t)kOperatorBytesV1);
  }
  if (!table->domain || !table->op_type || table->op_type[0] == '\0') {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s: operator without domain or op_type", owner);
  }
  const bool ordered = table->last_opset == 0 || table->last_opset >= table->first_opset;
  if (table->first_opset < 1 || !ordered) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s: operator '%s' has opsets %d..%d", owner, table->op_type,
                      (int)table->first_opset, (int)table->last_opset);
  }
  const char* missing = missing_callback(table);
  if (missing) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s: operator '%s' has no %s callback", owner, table->op_type,
                      missing);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status add_operator(olstm_registry* registry, const olstm_operator* table,
                                 const char* owner, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_operator(table, owner, error));
  OLSTM_RETURN_IF_ERROR(grow(registry, error));
  registry_entry* entry = &registry->entries[registry->count];
  entry->table = table;
  entry->hash = hash_name(canonical_domain(table->domain), table->op_type);
  link_entry(registry, registry->count++);
  return OLSTM_STATUS_OK;
}

static bool is_newer_than_known(const char* domain, int32_t opset) {
  return domain[0] == '\0' && opset > OLSTM__NEWEST_ONNX_OPSET;
}

/// The next entry of this name in a chain, starting at `link`, or NULL.
static const registry_entry* next_of_name(const olstm_registry* registry, uint32_t link,
                                          uint32_t hash, const char* domain,
                                          const char* op_type) {
  while (link) {
    const registry_entry* entry = &registry->entries[link - 1];
    if (entry->hash == hash && strcmp(entry->table->op_type, op_type) == 0 &&
        strcmp(canonical_domain(entry->table->domain), domain) == 0) {
      return entry;
    }
    link = entry->next;
  }
  return NULL;
}

static const registry_entry* first_of_name(const olstm_registry* registry,
                                           const char* domain, const char* op_type) {
  const uint32_t hash = hash_name(domain, op_type);
  if (registry->bucket_count == 0) return NULL;
  return next_of_name(registry, registry->buckets[hash & (registry->bucket_count - 1)],
                      hash, domain, op_type);
}

const olstm_operator* olstm__registry_find(const olstm_registry* registry,
                                           const char* domain, const char* op_type,
                                           int32_t opset) {
  domain = canonical_domain(domain);
  if (is_newer_than_known(domain, opset)) return NULL;
  const registry_entry* entry = first_of_name(registry, domain, op_type);
  while (entry) {
    const olstm_operator* table = entry->table;
    if (opset >= table->first_opset &&
        (table->last_opset == 0 || opset <= table->last_opset)) {
      return table;
    }
    entry = next_of_name(registry, entry->next, entry->hash, domain, op_type);
  }
  return NULL;
}

bool olstm__registry_replaces_builtin(const olstm_registry* registry) {
  for (size_t i = registry->builtin_count; i < registry->count; i++) {
    const olstm_operator* table = registry->entries[i].table;
    if (canonical_domain(table->domain)[0]) continue;
    for (size_t b = 0; b < registry->builtin_count; b++) {
      const registry_entry* builtin = &registry->entries[b];
      if (builtin->hash == registry->entries[i].hash && !builtin->table->domain[0] &&
          strcmp(builtin->table->op_type, table->op_type) == 0) {
        return true;
      }
    }
  }
  return false;
}

olstm_status olstm__registry_refuse(const olstm_registry* registry, const char* node_name,
                                    const char* domain, const char* op_type,
                                    int32_t opset, olstm_error* error) {
  domain = canonical_domain(domain);
  if (is_newer_than_known(domain, opset)) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': opset %d is newer than %d, the newest this version knows",
                      op_type, node_name, (int)opset, (int)OLSTM__NEWEST_ONNX_OPSET);
  }
  const registry_entry* entry = first_of_name(registry, domain, op_type);
  if (!entry) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': no operator '%s' in domain '%s'", op_type, node_name,
                      op_type, domain[0] ? domain : "ai.onnx");
  }
  int32_t first = INT32_MAX;
  int32_t last = 0;
  while (entry) {
    const olstm_operator* table = entry->table;
    const int32_t table_last = table->last_opset ? table->last_opset : INT32_MAX;
    if (table->first_opset < first) first = table->first_opset;
    if (table_last > last) last = table_last;
    entry = next_of_name(registry, entry->next, entry->hash, domain, op_type);
  }
  if (last == INT32_MAX) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': opset %d is not supported, expected %d or later", op_type,
                      node_name, (int)opset, (int)first);
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "%s '%s': opset %d is not supported, expected %d to %d", op_type,
                    node_name, (int)opset, (int)first, (int)last);
}

olstm_status olstm__plugin_negotiate(const olstm_plugin* plugin, uint32_t host_version,
                                     olstm_error* error) {
  if (plugin->struct_size < kPluginBytesV1) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "plugin: struct_size is %zu, expected at least %zu",
                      plugin->struct_size, (size_t)kPluginBytesV1);
  }
  const char* name = plugin->name ? plugin->name : "";
  if (plugin->abi_version > host_version) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "plugin '%s' needs a host with ABI version %u, this one has %u",
                      name, (unsigned)plugin->abi_version, (unsigned)host_version);
  }
  if (plugin->abi_version == 0) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "plugin '%s': abi_version is 0, the first one is 1", name);
  }
  if (!plugin->operator_count || !plugin->get_operator) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "plugin '%s' has no %s callback", name,
                      plugin->operator_count ? "get_operator" : "operator_count");
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__registry_add_plugin(olstm_registry* registry,
                                        const olstm_plugin* plugin, olstm_error* error) {
  char owner[128];
  OLSTM_RETURN_IF_ERROR(olstm__plugin_negotiate(plugin, OLSTM_ABI_VERSION, error));
  (void)snprintf(owner, sizeof owner, "plugin '%s'", plugin->name ? plugin->name : "");
  const size_t count_before = registry->count;
  const size_t count = plugin->operator_count();
  for (size_t i = 0; i < count; i++) {
    const olstm_status status =
        add_operator(registry, plugin->get_operator(i), owner, error);
    if (status != OLSTM_STATUS_OK) {
      if (registry->bucket_count) relink(registry, count_before);
      return status;
    }
  }
  return OLSTM_STATUS_OK;
}

const olstm_host* olstm__registry_host(const olstm_registry* registry) {
  return &registry->host;
}

olstm_status olstm__registry_take_library(olstm_registry* registry, void* library,
                                          void (*close)(void* library),
                                          olstm_error* error) {
  registry_library* entry = olstm_allocate(&registry->allocator, 1, sizeof *entry);
  if (!entry) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "registry: no memory for a plugin library");
  }
  *entry = (registry_library){registry->libraries, library, close};
  registry->libraries = entry;
  return OLSTM_STATUS_OK;
}

olstm_status olstm_registry_create(const olstm_allocator* allocator,
                                   olstm_registry** out_registry, olstm_error* error) {
  const olstm_allocator chosen = olstm_allocator_or_default(allocator);
  *out_registry = NULL;
  olstm_registry* registry = olstm_allocate_zeroed(&chosen, 1, sizeof *registry);
  if (!registry) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "registry: no memory");
  }
  registry->allocator = chosen;
  registry->host = (olstm_host){.struct_size = sizeof(olstm_host),
                                .abi_version = OLSTM_ABI_VERSION,
                                .name = "olstm " OLSTM_VERSION_TEXT,
                                .allocator = &registry->allocator};
  olstm_status status =
      olstm__registry_add_plugin(registry, olstm__builtin_plugin(), error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__registry_add_plugin(registry, olstm__control_plugin(), error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm_registry_destroy(registry);
    return status;
  }
  registry->builtin_count = registry->count;
  *out_registry = registry;
  return OLSTM_STATUS_OK;
}

void olstm_registry_destroy(olstm_registry* registry) {
  if (!registry) return;
  const olstm_allocator allocator = registry->allocator;
  while (registry->libraries) {
    registry_library* library = registry->libraries;
    registry->libraries = library->next;
    library->close(library->library);
    olstm_release(&allocator, library, 1, sizeof *library);
  }
  olstm_release(&allocator, registry->entries, registry->capacity,
                sizeof *registry->entries);
  olstm_release(&allocator, registry->buckets, registry->bucket_count,
                sizeof *registry->buckets);
  olstm_release(&allocator, registry, 1, sizeof *registry);
}

olstm_status olstm_registry_add(olstm_registry* registry,
                                const olstm_operator* operator_table,
                                olstm_error* error) {
  if (!registry) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "registry is NULL");
  }
  return add_operator(registry, operator_table, "registry", error);
}

size_t olstm_registry_operator_count(const olstm_registry* registry) {
  return registry->count;
}

const olstm_operator* olstm_registry_get_operator(const olstm_registry* registry,
                                                  size_t index) {
  return index < registry->count ? registry->entries[index].table : NULL;
}
