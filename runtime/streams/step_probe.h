// Tries the plans of a kind of step on made-up values: whether every row of a batch is,
// bit for bit, what it is alone, and how long a run takes.
#ifndef OLSTM_RUNTIME_STREAMS_STEP_PROBE_H_
#define OLSTM_RUNTIME_STREAMS_STEP_PROBE_H_

#include "runtime/streams/step_kind.h"

/// Measures the sizes of a kind from index `first` on, and unsets trace.is_apart, with a
/// reason, where a row differs. What was traced holds where made-up values are none that
/// the model computes with. is_thorough: takes more time, for more rows of long steps.
void olstm__step_probe(olstm__step_kind* kind, size_t first, bool is_thorough);

#endif  // OLSTM_RUNTIME_STREAMS_STEP_PROBE_H_
