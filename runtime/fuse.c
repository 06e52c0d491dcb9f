#include "runtime/fuse.h"

olstm_status olstm__fuse(olstm__net* net, olstm_error* error) {
  olstm__fuse_loops(net);
  OLSTM_RETURN_IF_ERROR(olstm__fuse_chains(net, error));
  olstm__fuse_masks(net);
  olstm__fuse_last_steps(net);
  OLSTM_RETURN_IF_ERROR(olstm__net_check(net, error));
  olstm__net_remove_dead(net);
  return olstm__net_sort(net, error);
}
