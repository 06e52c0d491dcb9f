#include "runtime/plan/plan_frame.h"

#include "base/array.h"
#include "base/tensor_size.h"

int32_t olstm__planner_add_value(olstm__planner* planner, const char* name) {
  const olstm_allocator scratch = olstm__arena_as_allocator(&planner->scratch);
  olstm__planned_value* values =
      planner->value_count == INT32_MAX
          ? NULL
          : olstm__array_reserve(&scratch, planner->values, (size_t)planner->value_count,
                                 1, &planner->value_capacity, sizeof *values);
  if (!values) return -1;
  planner->values = values;
  planner->values[planner->value_count] = (olstm__planned_value){.name = name,
                                                                 .pending_state = -1,
                                                                 .buffer = -1,
                                                                 .dynamic = -1,
                                                                 .last_dynamic_step = -1};
  return planner->value_count++;
}

void olstm__planned_value_describe(olstm__planned_value* value,
                                   const olstm_tensor_desc* desc, const void* data) {
  value->tensor.desc = *desc;
  for (int32_t d = desc->rank; d < OLSTM_MAX_RANK; d++) value->tensor.desc.dims[d] = 0;
  value->is_described = true;
  value->pending_state = -1;
  value->tensor.data = (void*)data;
  if (olstm__desc_bytes(desc) == 0) {
    value->tensor.data = olstm__empty_tensor_data();
    value->location = (olstm__location){.kind = OLSTM__LOCATION_NONE};
  }
}
