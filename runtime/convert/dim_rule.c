#include "runtime/convert/dim_rule.h"

#include "base/array.h"

const olstm__dim_place olstm__dim_nowhere = {-1, 1};

olstm__dim_result olstm__dim_at(int32_t axis, int64_t inner) {
  return (olstm__dim_result){{axis, inner}, NULL};
}

olstm__dim_result olstm__dim_refuse(const char* reason) {
  return (olstm__dim_result){olstm__dim_nowhere, reason};
}

bool olstm__dim_has(const olstm__dim_walkthrough* walk, int32_t value) {
  return value != OLSTM__NO_VALUE && walk->places[value].axis >= 0;
}

const olstm_tensor_desc* olstm__dim_desc(const olstm__dim_walkthrough* walk,
                                         int32_t value) {
  static const olstm_tensor_desc kNone = {.dtype = OLSTM_DTYPE_UNDEFINED};
  return value == OLSTM__NO_VALUE ? &kNone : &walk->descs[value];
}

bool olstm__dim_add_fix(olstm__dim_walkthrough* walk, olstm__dim_fix_kind kind,
                        const olstm__graph_node* node, size_t slot, int64_t index,
                        int64_t factor) {
  const olstm_allocator memory = olstm__arena_as_allocator(walk->memory);
  olstm__dim_fix* fixes = olstm__array_reserve(&memory, walk->fixes, walk->fix_count, 1,
                                               &walk->fix_capacity, sizeof *fixes);
  if (!fixes) return false;
  walk->fixes = fixes;
  fixes[walk->fix_count++] = (olstm__dim_fix){
      kind, olstm__graph_node_index(walk->graph, node), slot, index, factor};
  return true;
}
