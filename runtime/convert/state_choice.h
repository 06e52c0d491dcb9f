// Choices between what a layer computes and the state that it starts from: for rows
// without steps, on which runtimes do not agree, and for masked steps (plain_nodes.h).
// Functions return false when there is no memory.
#ifndef OLSTM_RUNTIME_CONVERT_STATE_CHOICE_H_
#define OLSTM_RUNTIME_CONVERT_STATE_CHOICE_H_

#include "runtime/convert/layer_list.h"

/// Whether a layer's final state needs a choice that the model does not have: it has
/// sequence_lens, which may be 0.
bool olstm__state_wants_choice(const olstm__layer_list* list,
                               const olstm__listed_layer* layer);

/// Adds that choice, between state `state` (0: h, 1: c) and `input`. own: the name of the
/// final state, which the chosen one takes, or NULL.
bool olstm__state_add_choice(olstm__layer_list* list, const olstm__listed_layer* layer,
                             int state, char* own, char* input, char** out_chosen);

/// Gives choices that the model has the name `input` in place of what they start from.
/// The name of the chosen final state in *out_chosen; NULL where there is none.
bool olstm__state_link_choices(olstm__layer_list* list, const olstm__listed_layer* layer,
                               int state, char* input, char** out_chosen);

/// Choices that start from a state that is an input start from 0.
bool olstm__state_choose_zero(olstm__layer_list* list, const olstm__listed_layer* layer,
                              int state);

#endif  // OLSTM_RUNTIME_CONVERT_STATE_CHOICE_H_
