// runtime/plan_branches and runtime/branches: Ifs whose condition only the run tells.
// Both branches are planned and bound by prepare, and no run allocates, whichever it
// takes. Expectations are sums that are written down here.
#include <stdio.h>

#include "olstm/olstm.h"
#include "runtime/execute/branches.h"
#include "tests/support/model_text.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

typedef struct branch_case {
  olstm_test_allocator allocator;
  olstm_session* session;
  olstm_context* context;
  uint8_t condition, other;
  float x[8];
  olstm_tensor inputs[3];
  olstm_tensor outputs[2];
  size_t input_count;
  olstm_error error;
} branch_case;

/// Inputs: c bool[], x float[N,2], and d bool[] for input_count 3.
static olstm_status start_with(branch_case* it, const char* text, size_t input_count,
                               const olstm_session_options* given) {
  olstm_session_options options;
  *it = (branch_case){.input_count = input_count};
  olstm_test_allocator_init(&it->allocator);
  olstm_session_options_init(&options);
  if (given) options = *given;
  options.allocator = &it->allocator.allocator;
  for (int i = 0; i < 8; i++) it->x[i] = (float)(i + 1);
  it->inputs[0] = (olstm_tensor){{OLSTM_DTYPE_BOOL, 0, {0}}, &it->condition};
  it->inputs[1] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 2, {2, 2}}, it->x};
  it->inputs[2] = (olstm_tensor){{OLSTM_DTYPE_BOOL, 0, {0}}, &it->other};
  olstm_model* model = olstm_test_model(text);
  olstm_status status =
      olstm_session_create(model, NULL, &options, &it->session, &it->error);
  olstm_model_destroy(model);
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_create(it->session, &it->context, &it->error);
  }
  return status;
}

static void start(branch_case* it, const char* text, size_t input_count) {
  if (start_with(it, text, input_count, NULL) != OLSTM_STATUS_OK) {
    fail_msg("%s", it->error.message);
  }
}

static void end(branch_case* it) {
  olstm_context_destroy(it->context);
  olstm_session_destroy(it->session);
  olstm_test_allocator_assert_clean(&it->allocator);
}

static olstm_status prepare(branch_case* it) {
  olstm_tensor_desc descs[3];
  for (size_t i = 0; i < it->input_count; i++) descs[i] = it->inputs[i].desc;
  return olstm_context_prepare(it->context, descs, it->input_count, &it->error);
}

static olstm_status run(branch_case* it) {
  memset(it->outputs, 0, sizeof it->outputs);
  return olstm_context_run(it->context, it->inputs, it->input_count, it->outputs,
                           olstm_session_output_count(it->session), &it->error);
}

/// Runs, and expects that nothing is allocated and output 0 is scale * x + add.
static void expect_run(branch_case* it, float scale, float add) {
  const int64_t before = it->allocator.allocation_count;
  if (run(it) != OLSTM_STATUS_OK) fail_msg("%s", it->error.message);
  assert_int_equal(it->allocator.allocation_count, before);
  const olstm_tensor* y = &it->outputs[0];
  const int64_t count = olstm_tensor_desc_count(&y->desc);
  assert_int_equal(count, olstm_tensor_desc_count(&it->inputs[1].desc));
  for (int64_t i = 0; i < count; i++) {
    assert_true(((const float*)y->data)[i] == scale * it->x[i] + add);
  }
}

static bool is_dynamic(branch_case* it) {
  olstm_plan_info info;
  assert_int_equal(olstm_context_get_plan_info(it->context, &info, NULL),
                   OLSTM_STATUS_OK);
  return info.has_dynamic_part;
}

#define HEAD \
  "input c bool[]\ninput x float[N,2]\nconst two float[] 2\nconst ten float[] 10\n"
#define DOUBLED "graph t\nnode Mul x,two -> ty\noutput ty float\nend\n"
#define RAISED "graph e\nnode Add x,ten -> ey\noutput ey float\nend\n"

static void either_branch_runs_without_allocation(void** state) {
  branch_case it;
  (void)state;
  start(&it,
        HEAD DOUBLED RAISED
        "node If c -> z then_branch=@t else_branch=@e\nnode Neg z -> y\noutput y\n",
        2);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  assert_false(is_dynamic(&it));
  for (int r = 0; r < 4; r++) {
    it.condition = (uint8_t)(r % 2);
    expect_run(&it, r % 2 ? -2.0f : -1.0f, r % 2 ? 0.0f : -10.0f);
  }
  // Another shape, and back.
  it.inputs[1].desc.dims[0] = 3;
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  expect_run(&it, -2, 0);
  it.inputs[1].desc.dims[0] = 2;
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  it.condition = 0;
  expect_run(&it, -1, -10);
  end(&it);
}

static void branches_in_branches(void** state) {
  branch_case it;
  (void)state;
  start(&it,
        "input c bool[]\ninput x float[N,2]\ninput d bool[]\nconst two float[] 2\n"
        "const ten float[] 10\n" DOUBLED RAISED
        "graph outer\nnode If d -> iz then_branch=@t else_branch=@e\noutput iz float\n"
        "end\ngraph as_it_is\nnode Identity x -> same\noutput same float\nend\n"
        "node If c -> y then_branch=@outer else_branch=@as_it_is\noutput y\n",
        3);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  assert_false(is_dynamic(&it));
  for (int r = 0; r < 8; r++) {
    it.condition = (uint8_t)(r % 2);
    it.other = (uint8_t)(r / 2 % 2);
    if (!it.condition) {
      expect_run(&it, 1, 0);
    } else {
      expect_run(&it, it.other ? 2.0f : 1.0f, it.other ? 0.0f : 10.0f);
    }
  }
  end(&it);
}

/// One behind the other, each with branches of its own.
static void many_ifs_in_a_row(void** state) {
  enum { kCount = 50, kRoom = 1 << 13 };
  static char text[kRoom];
  branch_case it;
  size_t used =
      (size_t)snprintf(text, kRoom, HEAD DOUBLED RAISED "node Identity x -> s0\n");
  (void)state;
  for (int i = 0; i < kCount; i++) {
    used += (size_t)snprintf(text + used, kRoom - used,
                             "node If c -> z%d then_branch=@t else_branch=@e\n"
                             "node Add z%d,s%d -> s%d\n",
                             i, i, i, i + 1);
  }
  (void)snprintf(text + used, kRoom - used, "output s%d\n", (int)kCount);
  start(&it, text, 2);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  for (int r = 0; r < 4; r++) {
    it.condition = (uint8_t)(r % 2);
    expect_run(&it, r % 2 ? 2.0f * kCount + 1 : kCount + 1, r % 2 ? 0 : 10.0f * kCount);
  }
  end(&it);
}

static void a_branch_that_cannot_run_is_refused_when_it_is_taken(void** state) {
  branch_case it;
  (void)state;
  start(&it,
        HEAD "const w float[3,2] 1\n" DOUBLED
             "graph e\nnode MatMul x,w -> ey\noutput ey float\nend\n"
             "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
        2);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  it.condition = 1;
  expect_run(&it, 2, 0);
  it.condition = 0;
  assert_int_equal(run(&it), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_non_null(strstr(it.error.message, "MatMul 'ey'"));
  it.condition = 1;
  expect_run(&it, 2, 0);
  end(&it);
}

static void shapes_that_depend_on_the_branch_are_dynamic(void** state) {
  branch_case it;
  (void)state;
  start(&it,
        HEAD DOUBLED
        "graph e\nnode Concat x,x -> ey axis=0\noutput ey float\nend\n"
        "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
        2);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  assert_true(is_dynamic(&it));
  assert_int_equal(run(&it), OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&it.outputs[0].desc).text, "[4,2]");
  it.condition = 1;
  assert_int_equal(run(&it), OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&it.outputs[0].desc).text, "[2,2]");
  end(&it);
}

static void real_time_takes_them(void** state) {
  olstm_session_options options;
  branch_case it;
  (void)state;
  olstm_session_options_init(&options);
  options.real_time = true;
  assert_int_equal(start_with(&it,
                              HEAD DOUBLED RAISED
                              "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
                              2, &options),
                   OLSTM_STATUS_OK);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  expect_run(&it, 1, 10);
  end(&it);
}

static void a_condition_of_several_is_refused(void** state) {
  branch_case it;
  (void)state;
  start(&it,
        HEAD DOUBLED RAISED
        "node Greater x,two -> many\n"
        "node If many -> y name=choice then_branch=@t else_branch=@e\noutput y\n",
        2);
  assert_int_equal(prepare(&it), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_non_null(strstr(it.error.message, "If 'choice': the condition"));
  end(&it);
}

static void bodies_of_loops_have_them(void** state) {
  branch_case it;
  (void)state;
  // x * 2 in trips that c tells, else x + 10: three times.
  start(&it,
        HEAD
        "const three int64[] 3\n"
        "graph t\nnode Mul h,two -> ty\noutput ty float\nend\n"
        "graph e\nnode Add h,ten -> ey\noutput ey float\nend\n"
        "graph b\ninput i int64[]\ninput go bool[]\ninput h float\n"
        "node Identity go -> on\nnode If c -> h2 then_branch=@t else_branch=@e\n"
        "output on bool[]\noutput h2 float\nend\n"
        "node Loop three,_,x -> y body=@b\noutput y\n",
        2);
  it.condition = 1;
  assert_int_equal(run(&it), OLSTM_STATUS_OK);
  expect_run(&it, 8, 0);
  it.condition = 0;
  expect_run(&it, 1, 30);
  end(&it);
}

static void steps_of_both_are_shown(void** state) {
  static const char* kExpected[] = {"If", "Mul", "Add", "Neg"};
  branch_case it;
  (void)state;
  start(&it,
        HEAD DOUBLED RAISED
        "node If c -> z then_branch=@t else_branch=@e\nnode Neg z -> y\noutput y\n",
        2);
  assert_int_equal(prepare(&it), OLSTM_STATUS_OK);
  olstm_plan_info info;
  assert_int_equal(olstm_context_get_plan_info(it.context, &info, NULL), OLSTM_STATUS_OK);
  assert_int_equal(info.step_count, 4);
  for (size_t s = 0; s < 4; s++) {
    olstm_step_info step;
    assert_int_equal(olstm_context_get_step_info(it.context, s, &step, NULL),
                     OLSTM_STATUS_OK);
    assert_string_equal(step.op_type, kExpected[s]);
    assert_false(step.is_dynamic);
  }
  olstm_step_info step;
  assert_int_equal(olstm_context_get_step_info(it.context, 4, &step, &it.error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(it.error.message, "step 4: the plan has 4");
  end(&it);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(either_branch_runs_without_allocation),
      cmocka_unit_test(branches_in_branches),
      cmocka_unit_test(many_ifs_in_a_row),
      cmocka_unit_test(a_branch_that_cannot_run_is_refused_when_it_is_taken),
      cmocka_unit_test(shapes_that_depend_on_the_branch_are_dynamic),
      cmocka_unit_test(real_time_takes_them),
      cmocka_unit_test(a_condition_of_several_is_refused),
      cmocka_unit_test(bodies_of_loops_have_them),
      cmocka_unit_test(steps_of_both_are_shown),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
