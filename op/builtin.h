// olstm's own operators, as the table that a registry or the plugin entry offers. Knows
// which there are, not what they do.
#ifndef OLSTM_OP_BUILTIN_H_
#define OLSTM_OP_BUILTIN_H_

#include "olstm/plugin.h"

/// The oldest host ABI that has all they use.
enum { OLSTM__BUILTIN_ABI_VERSION = 1 };

/// All built-in operators. Const, lives for ever. [any-thread]
const olstm_plugin* olstm__builtin_plugin(void);

#endif  // OLSTM_OP_BUILTIN_H_
