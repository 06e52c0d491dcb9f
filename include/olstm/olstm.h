// All of olstm: include this one unless you want less. Streams and the batcher are among
// it where OLSTM_EXPERIMENTAL_STREAMS is defined.
#ifndef OLSTM_OLSTM_H_
#define OLSTM_OLSTM_H_

#include "olstm/allocator.h"
#include "olstm/export.h"
#include "olstm/lstm.h"
#include "olstm/model.h"
#include "olstm/node.h"
#include "olstm/plugin.h"
#include "olstm/runtime.h"
#include "olstm/shown_text.h"
#include "olstm/sized_struct.h"
#include "olstm/status.h"
#include "olstm/tensor.h"
#include "olstm/version.h"
#ifdef OLSTM_EXPERIMENTAL_STREAMS
#include "olstm/batcher.h"
#include "olstm/streams.h"
#endif

#endif  // OLSTM_OLSTM_H_
