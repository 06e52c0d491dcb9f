// op/lstm/step_mask_op, against the definition of Keras' Masking layer.
#include "olstm/node.h"
#include "tests/support/op_fixture.h"
#include "tests/support/test_main.h"

enum { N = 2, T = 3, I = 2 };

static void steps_count_of_which_any_feature_differs(void** state) {
  static const float kX[N * T * I] = {1, 2, 9, 9, 9, 3, 9, 9, 9, 9, 0, 9};
  static const bool kMask[N * T] = {true, false, true, false, false, true};
  const olstm_tensor x = OP_TENSOR(FLOAT, kX, 3, N, T, I);
  const olstm_attribute value = {
      .name = "mask_value", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = 9};
  op_fixture fixture = {.domain = "olstm.fused",
                        .op_type = "StepMask",
                        .opset_version = 1,
                        .attribute_count = 1,
                        .attributes = &value,
                        .input_count = 1,
                        .inputs = {&x},
                        .output_count = 3};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_memory_equal(fixture.outputs[1].data, kMask, sizeof kMask);
  assert_int_equal(fixture.outputs[1].desc.rank, 2);
  assert_int_equal(((const int32_t*)fixture.outputs[2].data)[0], 2);
  assert_int_equal(((const int32_t*)fixture.outputs[2].data)[1], 1);
  for (int i = 0; i < N * T * I; i++) {
    const float expected = kMask[i / I] ? kX[i] : 0.0F;
    assert_true(((const float*)fixture.outputs[0].data)[i] == expected);
  }
  op_fixture_deinit(&fixture);
}

static void refuses_a_vector(void** state) {
  static const float kX[2] = {0};
  const olstm_tensor x = OP_TENSOR(FLOAT, kX, 1, 2);
  op_fixture fixture = {.domain = "olstm.fused",
                        .op_type = "StepMask",
                        .opset_version = 1,
                        .input_count = 1,
                        .inputs = {&x},
                        .output_count = 3};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(fixture.error.message,
                      "StepMask 'node': input 'x0' has shape [2], expected steps and "
                      "features");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_count_of_which_any_feature_differs),
      cmocka_unit_test(refuses_a_vector),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
