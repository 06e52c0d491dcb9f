#include "runtime/execute/control.h"

#include "runtime/execute/control_body.h"

olstm_status olstm__control_run(const olstm__control_call* call, olstm_error* error) {
  static olstm_status (*const kRuns[])(const olstm__control_call* call,
                                       olstm_error* error) = {
      [OLSTM__CONTROL_IF] = olstm__control_if_run,
      [OLSTM__CONTROL_LOOP] = olstm__control_loop_run,
      [OLSTM__CONTROL_SCAN] = olstm__control_scan_run,
  };
  return kRuns[call->node->control](call, error);
}

void olstm__control_release(const olstm_allocator* allocator, void* cache) {
  if (cache) olstm__control_cache_destroy(allocator, cache);
}
