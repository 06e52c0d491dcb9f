// The one symbol of libolstm_ops.so: olstm's operators for any host that speaks the ABI.
#include "olstm/plugin.h"
#include "op/builtin.h"

const olstm_plugin* olstm_plugin_entry(const olstm_host* host, olstm_error* error) {
  if (host && host->abi_version >= OLSTM__BUILTIN_ABI_VERSION) {
    return olstm__builtin_plugin();
  }
  (void)olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                   "olstm operators need a host with ABI version %d, this one has %u",
                   (int)OLSTM__BUILTIN_ABI_VERSION,
                   host ? (unsigned)host->abi_version : 0U);
  return NULL;
}
