// What the graph inputs and outputs of a layer's state are called.
#ifndef OLSTM_RUNTIME_CONVERT_STATE_NAMES_H_
#define OLSTM_RUNTIME_CONVERT_STATE_NAMES_H_

#include <stdbool.h>

#include "base/arena.h"
#include "olstm/status.h"

/// Patterns of h's and of c's names: {node} stands for the layer's name, {io} for "in" or
/// "out"; where {io} is missing, ".in" and ".out" follow.
typedef struct olstm__state_names {
  const char* patterns[2];
} olstm__state_names;

/// NODE/h.in, NODE/h.out, NODE/c.in, NODE/c.out.
olstm__state_names olstm__state_names_default(void);

/// Reads "H,C". `text` is borrowed, a copy in `memory` is split. Errors: INVALID_ARGUMENT
/// when it is no two patterns, or they are the same; OUT_OF_MEMORY.
olstm_status olstm__state_names_parse(const char* text, olstm__arena* memory,
                                      olstm__state_names* out_names, olstm_error* error);

/// The name of one. state: 0 for h, 1 for c. NULL when there is no memory.
char* olstm__state_name(const olstm__state_names* names, olstm__arena* memory,
                        const char* node, int state, bool is_output);

#endif  // OLSTM_RUNTIME_CONVERT_STATE_NAMES_H_
