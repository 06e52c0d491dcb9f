#include "runtime/fuse/fuse_sequence_parts.h"

#include <stdio.h>

#include "runtime/fuse/fuse_match.h"

olstm__sequence* olstm__sequence_of(const olstm__sequence_pass* pass, int32_t value) {
  return value == OLSTM__NO_VALUE || value >= pass->known_count ? NULL
                                                                : pass->known[value];
}

olstm_status olstm__sequence_make(olstm__sequence_pass* pass, size_t count,
                                  olstm__sequence** out) {
  if (count > *pass->parts_left) {
    return olstm_fail(pass->error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "graph '%s': its sequences have more than %d tensors",
                      pass->graph->name, (int)OLSTM__SEQUENCE_MOST_PARTS);
  }
  *pass->parts_left -= count;
  *out = olstm__graph_allocate(pass->graph, 1, sizeof **out);
  if (*out) {
    (*out)->count = (*out)->capacity = count;
    (*out)->parts = olstm__graph_allocate(pass->graph, count + 1, sizeof *(*out)->parts);
  }
  return olstm__graph_check(pass->graph, pass->error);
}

const olstm_tensor* olstm__sequence_integers(const olstm__sequence_pass* pass,
                                             int32_t value) {
  const olstm_tensor* tensor =
      olstm__graph_constant(pass->graph, olstm__match_skip_casts(pass->graph, value));
  return tensor && (tensor->desc.dtype == OLSTM_DTYPE_INT64 ||
                    tensor->desc.dtype == OLSTM_DTYPE_INT32)
             ? tensor
             : NULL;
}

olstm_status olstm__sequence_note(const olstm__sequence_pass* pass, int32_t node,
                                  olstm__sequence* made) {
  const int32_t output = olstm__graph_node_output(olstm__sequence_node(pass, node), 0);
  if (output != OLSTM__NO_VALUE) pass->known[output] = made;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__sequence_refuse(const olstm__sequence_pass* pass,
                                    const olstm__graph_node* node, const char* format,
                                    ...) {
  char why[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(why, sizeof why, format, arguments);
  va_end(arguments);
  return olstm_fail(pass->error, OLSTM_STATUS_UNSUPPORTED,
                    "%s '%s': %s; sequences run where they can be tensors (see "
                    "docs/operators.md)",
                    node->op_type, node->name, why);
}
