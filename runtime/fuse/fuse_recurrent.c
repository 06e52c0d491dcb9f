#include "runtime/fuse/fuse_recurrent.h"

#include "runtime/fuse/fuse.h"

olstm_status olstm__fuse_recurrent(olstm__graph* graph, olstm_error* error) {
  olstm__fuse_loops(graph);
  OLSTM_RETURN_IF_ERROR(olstm__fuse_chains(graph, error));
  olstm__fuse_masks(graph);
  olstm__fuse_last_steps(graph);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}
