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

static olstm__child** bucket_of(const olstm__children* children,
                                const olstm__program_node* node) {
  // Nodes of a program lie one behind the other.
  return &children
              ->buckets[((uintptr_t)node / sizeof *node) & (children->bucket_count - 1)];
}

/// Makes room for one more, so that chains stay short.
static bool grow(olstm__children* children) {
  const olstm__children old = *children;
  if (old.count < old.bucket_count) return true;
  const size_t bucket_count = old.bucket_count ? 2 * old.bucket_count : 4;
  olstm__child** buckets =
      olstm_allocate_zeroed(old.allocator, bucket_count, sizeof *buckets);
  if (!buckets) return false;
  children->bucket_count = bucket_count;
  children->buckets = buckets;
  for (size_t b = 0; b < old.bucket_count; b++) {
    for (olstm__child *child = old.buckets[b], *next; child; child = next) {
      next = child->next;
      olstm__child** bucket = bucket_of(children, child->node);
      child->next = *bucket;
      *bucket = child;
    }
  }
  olstm_release(old.allocator, old.buckets, old.bucket_count, sizeof *old.buckets);
  return true;
}

olstm__child* olstm__children_get(olstm__children* children,
                                  const olstm__program_node* node, olstm_error* error) {
  for (olstm__child* child = children->count ? *bucket_of(children, node) : NULL; child;
       child = child->next) {
    if (child->node == node) return child;
  }
  olstm__child* child = grow(children)
                            ? olstm_allocate_zeroed(children->allocator, 1, sizeof *child)
                            : NULL;
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
  olstm__child** bucket = bucket_of(children, node);
  child->next = *bucket;
  *bucket = child;
  children->count++;
  return child;
}

void olstm__children_deinit(olstm__children* children) {
  for (size_t b = 0; b < children->bucket_count; b++) {
    while (children->buckets[b]) {
      olstm__child* child = children->buckets[b];
      children->buckets[b] = child->next;
      destroy_child(children, child);
    }
  }
  olstm_release(children->allocator, children->buckets, children->bucket_count,
                sizeof *children->buckets);
  children->count = children->bucket_count = 0;
  children->buckets = NULL;
}
