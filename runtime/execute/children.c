#include "runtime/execute/children.h"

#include "runtime/execute/control.h"

static void destroy_child(olstm__children* children, olstm__child* child) {
  const size_t count = child->node->body_count;
  for (size_t b = 0; b < count && child->executors; b++) {
    children->bodies->destroy(child->executors[b]);
  }
  olstm__control_release(children->allocator, child->cache);
  olstm_release(children->allocator, child->executors, count, sizeof *child->executors);
  olstm_release(children->allocator, child, 1, sizeof *child);
}

olstm__child* olstm__children_get(olstm__children* children,
                                  const olstm__program_node* node, olstm_error* error) {
  for (olstm__child* child = children->first; child; child = child->next) {
    if (child->node == node) return child;
  }
  olstm__child* child = olstm_allocate_zeroed(children->allocator, 1, sizeof *child);
  if (child) {
    child->node = node;
    child->executors = olstm_allocate_zeroed(children->allocator, node->body_count,
                                             sizeof *child->executors);
  }
  bool is_made = child && child->executors;
  for (size_t b = 0; b < node->body_count && is_made; b++) {
    is_made = children->bodies->create(node->bodies[b].program, children->limits,
                                       &child->executors[b], error) == OLSTM_STATUS_OK;
  }
  if (!is_made) {
    if (child) destroy_child(children, child);
    (void)olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for bodies");
    return NULL;
  }
  child->next = children->first;
  children->first = child;
  return child;
}

void olstm__children_deinit(olstm__children* children) {
  while (children->first) {
    olstm__child* child = children->first;
    children->first = child->next;
    destroy_child(children, child);
  }
}
