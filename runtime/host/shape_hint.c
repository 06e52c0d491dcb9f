#include "runtime/host/shape_hint.h"

#include <string.h>

#include "op/builtin.h"

static void append(olstm_error* error, const char* format, ...) OLSTM_PRINTF_(2, 3);

static void append(olstm_error* error, const char* format, ...) {
  const size_t used = strlen(error->message);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(error->message + used, sizeof error->message - used, format, arguments);
  va_end(arguments);
}

/// An initial state whose rows are not those of X.
static void hint_at_state(const olstm_node* node, const olstm_tensor* const* inputs,
                          olstm__traits traits, olstm_error* error) {
  const olstm_tensor* x = inputs[OLSTM_RECURRENT_X];
  const size_t last = (traits & OLSTM__TRAIT_HAS_C) != 0 ? OLSTM_RECURRENT_INITIAL_C
                                                         : OLSTM_RECURRENT_INITIAL_H;
  int64_t layout = 0;
  (void)olstm_node_get_int(node, "layout", 0, &layout, NULL);
  const int32_t axis = layout == 1 ? 0 : 1;
  for (size_t i = OLSTM_RECURRENT_INITIAL_H; x && i <= last && i < node->input_count;
       i++) {
    const olstm_tensor* state = inputs[i];
    if (!state || state->desc.rank != 3 || x->desc.rank != 3) continue;
    const int64_t rows = state->desc.dims[axis];
    if (rows == x->desc.dims[axis]) continue;
    if (rows == 1) {
      append(error, OLSTM__BROADCAST_STATE_HINT);
    } else if (node->constants[i]) {
      append(error, " (the model's own initial state is one for a batch of %" PRId64 ")",
             rows);
    }
    return;
  }
}

/// A shape that does not come from the input.
static void hint_at_reshape(const olstm_node* node, const olstm_tensor* const* inputs,
                            olstm_error* error) {
  const bool is_constant = node->input_count < 2 || node->constants[1];
  if (is_constant && inputs[0]) {
    append(
        error,
        " (the shape is a constant of the model: was it exported for one batch size?)");
  }
}

void olstm__shape_hint_add(const olstm_node* node, const olstm_tensor* const* inputs,
                           olstm_error* error) {
  const olstm__traits traits = olstm__builtin_traits(node->domain, node->op_type);
  if (!error) return;
  if ((traits & OLSTM__TRAIT_RECURRENT) != 0) {
    hint_at_state(node, inputs, traits, error);
  } else if (strcmp(node->op_type, "Reshape") == 0 && node->domain[0] == '\0') {
    hint_at_reshape(node, inputs, error);
  }
}
