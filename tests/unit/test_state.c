// runtime/state: values carried from run to run, set, read and reset, and never changed
// by what fails.
#include "runtime/state/state.h"

#include <stdlib.h>

#include "tests/support/state_fixture.h"

static void carries_values_from_run_to_run(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 2), node_state("l/c", 2)};
  state_fixture fixture;
  (void)state;
  fixture_start(&fixture, metas, 2, false);
  for (int i = 1; i <= 5; i++) {
    assert_int_equal(fixture_run(&fixture, 3, 1.0F, NULL), OLSTM_STATUS_OK);
    assert_true(fixture_get(&fixture, "l/h")[5] == (float)i);
  }
  assert_true(fixture_get(&fixture, "l/c")[0] == 5.0F);
  fixture_end(&fixture);
}

static void a_run_without_commit_changes_nothing(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 2)};
  const olstm_tensor_desc desc = float_desc(3, 1, 1, 2);
  state_fixture fixture;
  olstm_tensor input;
  void* next = NULL;
  (void)state;
  fixture_start(&fixture, metas, 1, false);
  assert_int_equal(fixture_run(&fixture, 1, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_begin(&fixture.states, &desc, &input, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_reserve(&fixture.states, 0, &desc, &next, NULL),
                   OLSTM_STATUS_OK);
  ((float*)next)[0] = 77.0F;
  assert_true(fixture_get(&fixture, "l/h")[0] == 1.0F);
  assert_int_equal(fixture_run(&fixture, 1, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_true(fixture_get(&fixture, "l/h")[0] == 2.0F);
  fixture_end(&fixture);
}

static void tells_what_is_known_before_the_first_run(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 8)};
  state_fixture fixture;
  olstm_state_info info;
  olstm_tensor tensor;
  olstm_error error;
  (void)state;
  fixture_start(&fixture, metas, 1, false);
  assert_int_equal(olstm__states_visible_count(&fixture.states), 1);
  assert_int_equal(olstm__states_get_info(&fixture.states, 0, &info, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(info.name, "l/h");
  assert_int_equal(info.rank, 3);
  assert_int_equal(info.dims[0], 1);
  assert_int_equal(info.dims[1], -1);
  assert_int_equal(info.dims[2], 8);
  assert_false(info.is_set);
  assert_int_equal(olstm__states_get(&fixture.states, "l/h", &tensor, &error),
                   OLSTM_STATUS_WRONG_STATE);
  assert_string_equal(error.message,
                      "state 'l/h' is not set, and its shape not known before the first "
                      "prepare, run or set");
  assert_int_equal(olstm__states_get_info(&fixture.states, 1, &info, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "state index is 1, there are 1 states");
  fixture_end(&fixture);
}

static void sets_a_value_and_takes_two_dimensions_for_one_direction(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 2)};
  float values[] = {1, 2, 3, 4, 5, 6};
  const olstm_tensor value = {float_desc(2, 3, 2, 0), values};
  olstm_state_info info;
  state_fixture fixture;
  (void)state;
  fixture_start(&fixture, metas, 1, false);
  assert_int_equal(olstm__states_set(&fixture.states, "l/h", &value, NULL),
                   OLSTM_STATUS_OK);
  assert_memory_equal(fixture_get(&fixture, "l/h"), values, sizeof values);
  (void)olstm__states_get_info(&fixture.states, 0, &info, NULL);
  assert_true(info.is_set);
  assert_int_equal(info.rank, 3);
  assert_int_equal(info.dims[1], 3);
  assert_int_equal(fixture_run(&fixture, 3, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_true(fixture_get(&fixture, "l/h")[5] == 7.0F);
  fixture_end(&fixture);
}

static void expect_set_error(state_fixture* fixture, const olstm_tensor* value,
                             olstm_status code, const char* message) {
  olstm_error error;
  assert_int_equal(olstm__states_set(&fixture->states, "lstm/h", value, &error), code);
  assert_string_equal(error.message, message);
  assert_true(fixture_get(fixture, "lstm/h")[0] == 1.0F);
}

static void refuses_values_that_do_not_fit_and_changes_nothing(void** state) {
  const olstm__graph_state metas[] = {node_state("lstm/h", 8)};
  float values[80] = {0};
  olstm_tensor value = {float_desc(2, 10, 2, 0), values};
  olstm_error error;
  state_fixture fixture;
  (void)state;
  fixture_start(&fixture, metas, 1, false);
  assert_int_equal(fixture_run(&fixture, 10, 1.0F, NULL), OLSTM_STATUS_OK);
  expect_set_error(&fixture, &value, OLSTM_STATUS_SHAPE_MISMATCH,
                   "state 'lstm/h' has shape [1,10,2], expected [1,10,8]");
  value.desc = float_desc(3, 2, 5, 8);
  expect_set_error(&fixture, &value, OLSTM_STATUS_SHAPE_MISMATCH,
                   "state 'lstm/h' has shape [2,5,8], expected [1,5,8]");
  value.desc = float_desc(1, 80, 0, 0);
  expect_set_error(&fixture, &value, OLSTM_STATUS_SHAPE_MISMATCH,
                   "state 'lstm/h' has shape [80], expected [1,-1,8]");
  value.desc = float_desc(3, 1, 10, 8);
  value.desc.dtype = OLSTM_DTYPE_DOUBLE;
  expect_set_error(&fixture, &value, OLSTM_STATUS_DTYPE_MISMATCH,
                   "state 'lstm/h' has dtype double, expected float");
  value = (olstm_tensor){float_desc(3, 1, 10, 8), NULL};
  expect_set_error(&fixture, &value, OLSTM_STATUS_INVALID_ARGUMENT,
                   "state 'lstm/h': data is NULL");
  assert_int_equal(olstm__states_set(&fixture.states, "lstm/x", &value, &error),
                   OLSTM_STATUS_NOT_FOUND);
  assert_string_equal(error.message, "no state 'lstm/x'");
  fixture_end(&fixture);
}

static void refuses_a_run_of_another_batch_until_it_is_reset(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 2)};
  olstm_error error;
  state_fixture fixture;
  (void)state;
  fixture_start(&fixture, metas, 1, false);
  assert_int_equal(fixture_run(&fixture, 10, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(fixture_run(&fixture, 32, 1.0F, &error), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "state 'l/h' has shape [1,10,2], this run needs [1,32,2]: reset it "
                      "before a run with another batch");
  assert_true(fixture_get(&fixture, "l/h")[19] == 1.0F);
  olstm__states_reset(&fixture.states);
  assert_true(fixture_get(&fixture, "l/h")[19] == 0.0F);
  assert_int_equal(fixture_run(&fixture, 32, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_true(fixture_get(&fixture, "l/h")[63] == 1.0F);
  fixture_end(&fixture);
}

static void resets_to_the_constant_it_started_from(void** state) {
  float start[] = {5, 6, 7, 8};
  const olstm_tensor initial = {float_desc(3, 1, 2, 2), start};
  olstm__graph_state metas[] = {node_state("l/h", 2), node_state("l/c", 2)};
  olstm_error error;
  state_fixture fixture;
  (void)state;
  metas[0].initial = &initial;
  fixture_start(&fixture, metas, 2, false);
  assert_memory_equal(fixture_get(&fixture, "l/h"), start, sizeof start);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_true(fixture_get(&fixture, "l/h")[3] == 9.0F);
  assert_true(fixture_get(&fixture, "l/c")[3] == 1.0F);
  assert_int_equal(olstm__states_reset_one(&fixture.states, "l/h", NULL),
                   OLSTM_STATUS_OK);
  assert_memory_equal(fixture_get(&fixture, "l/h"), start, sizeof start);
  assert_true(fixture_get(&fixture, "l/c")[3] == 1.0F);
  olstm__states_reset(&fixture.states);
  assert_int_equal(fixture_run(&fixture, 3, 1.0F, &error), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(
      error.message,
      "state 'l/h' starts from a constant of shape [1,2,2], this run needs [1,3,2] (the "
      "option broadcast_state, --broadcast-state, lets a batch of 1 serve all)");
  assert_int_equal(olstm__states_reset_one(&fixture.states, "x", NULL),
                   OLSTM_STATUS_NOT_FOUND);
  fixture_end(&fixture);
}

/// A node's slot, whichever axis its batch is; a bound input's slot forgets it.
static void a_node_keeps_its_shape_for_inspection(void** state) {
  float values[6] = {1, 2, 3, 4, 5, 6};
  const olstm_tensor value = {float_desc(3, 3, 1, 2), values};
  (void)state;
  for (int32_t axis = -1; axis < 1; axis++) {
    olstm__graph_state meta = node_state("l/h", 2);
    state_fixture fixture;
    olstm_state_info info;
    meta.dims[0] = -1;
    meta.dims[1] = 1;
    meta.batch_axis = axis;
    meta.row_axis = 0;
    fixture_start(&fixture, &meta, 1, false);
    assert_int_equal(olstm__states_set(&fixture.states, "l/h", &value, NULL),
                     OLSTM_STATUS_OK);
    olstm__states_reset(&fixture.states);
    assert_int_equal(olstm__states_get_info(&fixture.states, 0, &info, NULL),
                     OLSTM_STATUS_OK);
    assert_int_equal(info.dims[0], axis == 0 ? 3 : -1);
    fixture_end(&fixture);
  }
}

static void broadcasts_a_batch_of_one_when_asked_to(void** state) {
  float start[] = {5, 6};
  const olstm_tensor initial = {float_desc(3, 1, 1, 2), start};
  olstm__graph_state meta = node_state("l/h", 2);
  state_fixture fixture;
  (void)state;
  meta.initial = &initial;
  fixture_start(&fixture, &meta, 1, true);
  assert_int_equal(fixture_run(&fixture, 3, 1.0F, NULL), OLSTM_STATUS_OK);
  for (int n = 0; n < 3; n++) {
    assert_true(fixture_get(&fixture, "l/h")[2 * n] == 6.0F);
    assert_true(fixture_get(&fixture, "l/h")[2 * n + 1] == 7.0F);
  }
  assert_int_equal(olstm__states_reset_row(&fixture.states, 1, NULL), OLSTM_STATUS_OK);
  assert_true(fixture_get(&fixture, "l/h")[2] == 5.0F);
  assert_true(fixture_get(&fixture, "l/h")[4] == 6.0F);
  fixture_end(&fixture);
}

static void resets_one_row_in_every_slot(void** state) {
  olstm__graph_state metas[] = {node_state("l/h", 2), node_state("l/c", 3)};
  olstm_error error;
  state_fixture fixture;
  (void)state;
  fixture_start(&fixture, metas, 2, false);
  assert_int_equal(olstm__states_reset_row(&fixture.states, 0, &error),
                   OLSTM_STATUS_WRONG_STATE);
  assert_string_equal(error.message, "row 0 is not there: no state has a batch yet");
  assert_int_equal(fixture_run(&fixture, 3, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_reset_row(&fixture.states, 1, NULL), OLSTM_STATUS_OK);
  for (int n = 0; n < 3; n++) {
    const float expected = n == 1 ? 0.0F : 1.0F;
    assert_true(fixture_get(&fixture, "l/h")[2 * n] == expected);
    assert_true(fixture_get(&fixture, "l/c")[3 * n + 2] == expected);
  }
  assert_int_equal(olstm__states_reset_row(&fixture.states, 3, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "state 'l/h' has shape [1,3,2], there is no row 3 in it");
  assert_int_equal(olstm__states_reset_row(&fixture.states, -1, NULL),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  fixture_end(&fixture);
}

static void keeps_flags_for_a_start_that_the_graph_computes(void** state) {
  olstm__graph_state metas[] = {node_state("l/h", 2), node_state("l/h/is_set", 1)};
  float values[] = {1, 2, 3, 4};
  const olstm_tensor value = {float_desc(3, 1, 2, 2), values};
  olstm_tensor tensor;
  state_fixture fixture;
  (void)state;
  metas[0].has_start = true;
  metas[1].is_internal = true;
  metas[1].dtype = OLSTM_DTYPE_BOOL;
  fixture_start(&fixture, metas, 2, false);
  const olstm__state_slot* flags = &fixture.states.slots[1];
  assert_int_equal(olstm__states_visible_count(&fixture.states), 1);
  assert_int_equal(olstm__states_get(&fixture.states, "l/h", &tensor, NULL),
                   OLSTM_STATUS_WRONG_STATE);
  assert_int_equal(olstm__states_get(&fixture.states, "l/h/is_set", &tensor, NULL),
                   OLSTM_STATUS_NOT_FOUND);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_memory_equal(flags->current, "\1\1", 2);
  assert_int_equal(olstm__states_reset_row(&fixture.states, 0, NULL), OLSTM_STATUS_OK);
  assert_memory_equal(flags->current, "\0\1", 2);
  olstm__states_reset(&fixture.states);
  assert_memory_equal(flags->current, "\0\0", 2);
  assert_int_equal(olstm__states_set(&fixture.states, "l/h", &value, NULL),
                   OLSTM_STATUS_OK);
  assert_memory_equal(flags->current, "\1\1", 2);
  fixture_end(&fixture);
}

static void copies_to_another_context(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 2), node_state("l/c", 2)};
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  state_fixture fixture;
  olstm__states copy;
  olstm_tensor tensor;
  (void)state;
  fixture_start(&fixture, metas, 2, false);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_reset_one(&fixture.states, "l/c", NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_init(&copy, fixture.graph, &allocator, false, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_copy(&copy, &fixture.states, NULL), OLSTM_STATUS_OK);
  assert_true(copy.slots[0].is_set);
  assert_false(copy.slots[1].is_set);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_get(&copy, "l/h", &tensor, NULL), OLSTM_STATUS_OK);
  assert_true(((float*)tensor.data)[0] == 1.0F);
  olstm__states_deinit(&copy);
  fixture_end(&fixture);
}

static void lets_a_bound_slot_grow(void** state) {
  olstm__graph_state meta = node_state("past", 2);
  float values[6] = {1, 2, 3, 4, 5, 6};
  const olstm_tensor value = {float_desc(3, 1, 3, 2), values};
  olstm_tensor input;
  olstm_state_info info;
  state_fixture fixture;
  (void)state;
  meta.batch_axis = -1;
  fixture_start(&fixture, &meta, 1, false);
  olstm__states_describe(&fixture.states, &input);
  assert_int_equal(input.desc.dtype, OLSTM_DTYPE_UNDEFINED);
  assert_int_equal(fixture_run(&fixture, 1, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_store(&fixture.states, 0, &value, NULL),
                   OLSTM_STATUS_OK);
  olstm__states_commit(&fixture.states);
  assert_memory_equal(fixture_get(&fixture, "past"), values, sizeof values);
  olstm__states_describe(&fixture.states, &input);
  assert_int_equal(input.desc.dims[1], 3);
  olstm__states_reset(&fixture.states);
  (void)olstm__states_get_info(&fixture.states, 0, &info, NULL);
  assert_int_equal(info.dims[1], -1);
  fixture_end(&fixture);
}

static void takes_an_empty_batch(void** state) {
  const olstm__graph_state metas[] = {node_state("l/h", 2)};
  state_fixture fixture;
  (void)state;
  fixture_start(&fixture, metas, 1, false);
  assert_int_equal(fixture_run(&fixture, 0, 1.0F, NULL), OLSTM_STATUS_OK);
  assert_null(fixture_get(&fixture, "l/h"));
  assert_int_equal(olstm__states_reset_row(&fixture.states, 0, NULL),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  fixture_end(&fixture);
}

static void changes_nothing_when_there_is_no_memory(void** state) {
  olstm__graph_state metas[] = {node_state("l/h", 2), node_state("l/h/is_set", 1)};
  float values[20] = {9, 9};
  const olstm_tensor value = {float_desc(3, 1, 10, 2), values};
  state_fixture fixture;
  (void)state;
  metas[0].has_start = true;
  metas[1].is_internal = true;
  metas[1].dtype = OLSTM_DTYPE_BOOL;
  fixture_start(&fixture, metas, 2, false);
  assert_int_equal(fixture_run(&fixture, 1, 1.0F, NULL), OLSTM_STATUS_OK);
  for (int n = 1; n <= 2; n++) {
    olstm_test_allocator_fail_at(&fixture.allocator, n);
    assert_int_equal(olstm__states_set(&fixture.states, "l/h", &value, NULL),
                     OLSTM_STATUS_OUT_OF_MEMORY);
    assert_true(fixture_get(&fixture, "l/h")[0] == 1.0F);
    assert_int_equal(fixture.states.slots[0].desc.dims[1], 1);
  }
  fixture_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(carries_values_from_run_to_run),
      cmocka_unit_test(a_run_without_commit_changes_nothing),
      cmocka_unit_test(tells_what_is_known_before_the_first_run),
      cmocka_unit_test(sets_a_value_and_takes_two_dimensions_for_one_direction),
      cmocka_unit_test(refuses_values_that_do_not_fit_and_changes_nothing),
      cmocka_unit_test(refuses_a_run_of_another_batch_until_it_is_reset),
      cmocka_unit_test(resets_to_the_constant_it_started_from),
      cmocka_unit_test(a_node_keeps_its_shape_for_inspection),
      cmocka_unit_test(broadcasts_a_batch_of_one_when_asked_to),
      cmocka_unit_test(resets_one_row_in_every_slot),
      cmocka_unit_test(keeps_flags_for_a_start_that_the_graph_computes),
      cmocka_unit_test(copies_to_another_context),
      cmocka_unit_test(lets_a_bound_slot_grow),
      cmocka_unit_test(takes_an_empty_batch),
      cmocka_unit_test(changes_nothing_when_there_is_no_memory),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
