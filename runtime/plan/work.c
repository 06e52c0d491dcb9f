#include "runtime/plan/work.h"

#include "base/tensor_size.h"

uint64_t olstm__step_work(const olstm_prepare_args* args,
                          const olstm_prepared* prepared) {
  uint64_t work = OLSTM__WORK_PER_STEP;
  if (prepared->view_of_input >= 0) return work;
  if (prepared->work > 0) return olstm__work_add(work, prepared->work);
  for (size_t i = 0; i < args->input_count; i++) {
    if (!args->inputs[i]) continue;
    work = olstm__work_add(work, olstm__desc_bytes(&args->inputs[i]->desc));
  }
  for (size_t o = 0; o < args->output_count; o++) {
    work = olstm__work_add(work, olstm__desc_bytes(&args->outputs[o]));
  }
  return work;
}
