#include "runtime/plan/work.h"

#include "op/builtin.h"

uint64_t olstm__step_work(const olstm_node* node, const olstm_prepare_args* args,
                          const olstm_prepared* prepared) {
  if (prepared->view_of_input >= 0) return OLSTM__WORK_PER_STEP;
  return olstm__work_add(
      OLSTM__WORK_PER_STEP,
      prepared->work > 0 ? prepared->work : olstm__builtin_work(node->op_type, args));
}
