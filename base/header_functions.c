// What the public headers define, once for all of libolstm (see olstm/export.h).
#define OLSTM_EMIT_INLINE_
#define OLSTM_EXPERIMENTAL_STREAMS
#include "olstm/olstm.h"
