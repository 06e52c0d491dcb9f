// What the headers that plugins include define, once for all of libolstm and of the
// operators as a plugin (see olstm/export.h).
#include "olstm/export.h"
#undef OLSTM_INLINE_
#define OLSTM_INLINE_ extern inline

#include "olstm/plugin.h"
#include "olstm/sized_struct.h"
