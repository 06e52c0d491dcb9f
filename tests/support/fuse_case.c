#include "tests/support/fuse_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

enum { kMaxTensors = 8, kMaxValues = 4096, kOpenDimension = 3 };

typedef struct fuse_run {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor outputs[kMaxTensors];
} fuse_run;

static void run(olstm_model* model, bool fuse, fuse_run* out) {
  static float values[kMaxValues];
  olstm_tensor inputs[kMaxTensors];
  olstm_error error = {""};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.fuse = fuse;
  *out = (fuse_run){NULL, NULL, {{.data = NULL}}};
  for (int i = 0; i < kMaxValues; i++) values[i] = sinf((float)i);
  if (olstm_session_create(model, NULL, &options, &out->session, &error) ||
      olstm_context_create(out->session, &out->context, &error)) {
    fail_msg("%s", error.message);
  }
  const size_t count = olstm_session_input_count(out->session);
  assert_in_range(count, 0, kMaxTensors);
  for (size_t i = 0; i < count; i++) {
    const olstm_value_info* info = olstm_session_get_input(out->session, i);
    inputs[i] = (olstm_tensor){{info->dtype, info->rank, {0}}, values};
    for (int32_t d = 0; d < info->rank; d++) {
      inputs[i].desc.dims[d] = info->dims[d] < 0 ? kOpenDimension : info->dims[d];
    }
    assert_in_range(olstm_tensor_desc_count(&inputs[i].desc), 0, kMaxValues / 2);
  }
  if (olstm_context_run(out->context, inputs, count, out->outputs,
                        olstm_session_output_count(out->session), &error)) {
    fail_msg("%s", error.message);
  }
}

static void expect_steps(const olstm_context* context, const char* expected) {
  char text[512] = "";
  olstm_plan_info plan;
  olstm_step_info step;
  assert_int_equal(olstm_context_get_plan_info(context, &plan, NULL), OLSTM_STATUS_OK);
  for (size_t i = 0; i < plan.step_count; i++) {
    assert_int_equal(olstm_context_get_step_info(context, i, &step, NULL),
                     OLSTM_STATUS_OK);
    if (step.is_view) continue;
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "",
                   step.op_type);
  }
  assert_string_equal(text, expected);
}

void fuse_case_expect(const char* model_text, const char* steps) {
  olstm_model* model = olstm_test_model(model_text);
  fuse_run with, without;
  run(model, true, &with);
  run(model, false, &without);
  expect_steps(with.context, steps);
  for (size_t o = 0; o < olstm_session_output_count(with.session); o++) {
    size_t bytes = 0;
    assert_true(olstm_tensor_desc_equal(&with.outputs[o].desc, &without.outputs[o].desc));
    assert_true(olstm_tensor_desc_bytes(&with.outputs[o].desc, &bytes));
    assert_memory_equal(with.outputs[o].data, without.outputs[o].data, bytes);
  }
  olstm_context_destroy(with.context);
  olstm_session_destroy(with.session);
  olstm_context_destroy(without.context);
  olstm_session_destroy(without.session);
  olstm_model_destroy(model);
}
