// If, Loop and Scan as entries of the registry, so that they are listed. Their nodes are
// run by runtime/execute/control.h, not by these callbacks.
#ifndef OLSTM_RUNTIME_HOST_CONTROL_TABLE_H_
#define OLSTM_RUNTIME_HOST_CONTROL_TABLE_H_

#include "olstm/plugin.h"

/// Static. [any-thread]
const olstm_plugin* olstm__control_plugin(void);

#endif  // OLSTM_RUNTIME_HOST_CONTROL_TABLE_H_
