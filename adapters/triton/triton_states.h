// The states of a request: the slots of its sequence, as the server keeps them from one
// request to the next. A state without bytes is a slot without a value.
//
// Servers pair the inputs and the outputs of states by the order of their names, unless
// both share a buffer. Where the user's names are in another order, what is written to
// the state of one slot comes back as another's. Values then carry a label, behind their
// elements, that says whose they are, so that it does not matter which way a server
// pairs.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_STATES_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_STATES_H_

#include "triton_request.h"

/// Finds and checks all states: sets request->states.
olstm_status olstm__triton_states_read(olstm__triton_request* request,
                                       const olstm__triton_model* model,
                                       olstm_error* error);

/// Writes all states, from row `row` of the slots that a run left, or, when one cannot be
/// had, none: the server's buffer may be the one that holds the value before this run.
/// slots NULL: empties those that the server does not start itself.
olstm_status olstm__triton_states_write(olstm__triton_request* request,
                                        const olstm__triton_model* model,
                                        const olstm_tensor* slots, size_t row,
                                        olstm_error* error);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_STATES_H_
