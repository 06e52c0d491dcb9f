// If, Loop and Scan as a registry lists them. Nodes that have their graphs never reach
// these tables: the runtime runs them (runtime/execute/control.h).
#ifndef OLSTM_RUNTIME_HOST_CONTROL_TABLE_H_
#define OLSTM_RUNTIME_HOST_CONTROL_TABLE_H_

#include "olstm/plugin.h"

/// Const, lives for ever. [any-thread]
const olstm_plugin* olstm__control_plugin(void);

#endif  // OLSTM_RUNTIME_HOST_CONTROL_TABLE_H_
