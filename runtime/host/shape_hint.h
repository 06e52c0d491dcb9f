// What users can do about shapes that do not fit: a batch that an exporter baked into the
// model is by far the commonest reason.
#ifndef OLSTM_RUNTIME_HOST_SHAPE_HINT_H_
#define OLSTM_RUNTIME_HOST_SHAPE_HINT_H_

#include "olstm/plugin.h"

/// Of an initial state with a batch of 1.
#define OLSTM__BROADCAST_STATE_HINT \
  " (the option broadcast_state, --broadcast-state, lets a batch of 1 serve all)"

/// Adds to the message of a node whose shapes were found not to fit what can be done
/// about it, if something is known. inputs: NULL where absent.
void olstm__shape_hint_add(const olstm_node* node, const olstm_tensor* const* inputs,
                           olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_SHAPE_HINT_H_
