// runtime/state_blob: what was saved comes back; what is damaged or foreign is refused
// and changes nothing.
#include <stdlib.h>

#include "tests/support/state_fixture.h"

/// A copy of the blob, to free().
static void save(state_fixture* fixture, uint8_t** out_bytes, size_t* out_count) {
  void* bytes = NULL;
  assert_int_equal(olstm__states_save(&fixture->states, &bytes, out_count, NULL),
                   OLSTM_STATUS_OK);
  *out_bytes = malloc(*out_count);
  memcpy(*out_bytes, bytes, *out_count);
  olstm_release(&fixture->allocator.allocator, bytes, *out_count, 1);
}

static olstm_status load(state_fixture* fixture, const void* bytes, size_t count,
                         olstm_error* error) {
  return olstm__states_load(&fixture->states, bytes, count, error);
}

static void start(state_fixture* fixture, int64_t h) {
  olstm__graph_state metas[] = {node_state("l/h", h), node_state("l/h/is_set", 1),
                                node_state("l/c", h)};
  metas[0].has_start = true;
  metas[1].is_internal = true;
  metas[1].dtype = OLSTM_DTYPE_BOOL;
  fixture_start(fixture, metas, 3, false);
}

static void brings_back_what_was_saved(void** state) {
  state_fixture from;
  state_fixture to;
  uint8_t* bytes = NULL;
  size_t count = 0;
  (void)state;
  start(&from, 2);
  start(&to, 2);
  assert_int_equal(fixture_run(&from, 3, 1.5F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__states_reset_one(&from.states, "l/c", NULL), OLSTM_STATUS_OK);
  save(&from, &bytes, &count);
  assert_int_equal(fixture_run(&to, 7, 4.0F, NULL), OLSTM_STATUS_OK);
  assert_int_equal(load(&to, bytes, count, NULL), OLSTM_STATUS_OK);
  assert_true(to.states.slots[0].is_set);
  assert_int_equal(to.states.slots[0].desc.dims[1], 3);
  assert_memory_equal(fixture_get(&to, "l/h"), fixture_get(&from, "l/h"), 24);
  assert_memory_equal(to.states.slots[1].current, "\1\1\1", 3);
  assert_false(to.states.slots[2].is_set);
  free(bytes);
  fixture_end(&from);
  fixture_end(&to);
}

static void writes_the_documented_bytes(void** state) {
  const olstm__graph_state meta = node_state("s", 1);
  float value = 1.0F;
  const olstm_tensor tensor = {float_desc(3, 1, 1, 1), &value};
  static const uint8_t kExpected[] = {
      'O', 'L', 'S', 'T', 'M', 'S', 'T', 'A', 1, 0, 0, 0,     // version
      1,   0,   0,   0,   85,  0,   0,   0,   0, 0, 0, 0,     // slots, bytes
      1,   0,   0,   0,   's', 1,   0,   0,   0, 1, 0, 0, 0,  // name, dtype, set
      3,   0,   0,   0,   1,   0,   0,   0,   0, 0, 0, 0,     // rank, dimensions
      1,   0,   0,   0,   0,   0,   0,   0,   1, 0, 0, 0, 0,    0,
      0,   0,   4,   0,   0,   0,   0,   0,   0, 0, 0, 0, 0x80, 0x3f};
  state_fixture fixture;
  uint8_t* bytes = NULL;
  size_t count = 0;
  (void)state;
  fixture_start(&fixture, &meta, 1, false);
  assert_int_equal(olstm__states_set(&fixture.states, "s", &tensor, NULL),
                   OLSTM_STATUS_OK);
  save(&fixture, &bytes, &count);
  assert_int_equal(count, sizeof kExpected + 8);
  assert_memory_equal(bytes, kExpected, sizeof kExpected);
  free(bytes);
  fixture_end(&fixture);
}

static void refuses_every_truncation_and_every_flipped_bit(void** state) {
  state_fixture fixture;
  uint8_t* bytes = NULL;
  size_t count = 0;
  (void)state;
  start(&fixture, 2);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  save(&fixture, &bytes, &count);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  for (size_t n = 0; n < count; n++) {
    uint8_t* cut = malloc(n ? n : 1);
    memcpy(cut, bytes, n);
    assert_int_equal(load(&fixture, cut, n, NULL), OLSTM_STATUS_INVALID_ARGUMENT);
    free(cut);
  }
  for (size_t bit = 0; bit < 8 * count; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    assert_int_equal(load(&fixture, bytes, count, NULL), OLSTM_STATUS_INVALID_ARGUMENT);
    bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  assert_true(fixture_get(&fixture, "l/h")[0] == 2.0F);
  assert_int_equal(load(&fixture, bytes, count, NULL), OLSTM_STATUS_OK);
  assert_true(fixture_get(&fixture, "l/h")[0] == 1.0F);
  free(bytes);
  fixture_end(&fixture);
}

/// CRC-64 of ECMA-182, bits reflected, over all but the last eight bytes.
static void put_checksum(uint8_t* bytes, size_t count) {
  uint64_t crc = ~UINT64_C(0);
  for (size_t i = 0; i < count - 8; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? (crc >> 1) ^ UINT64_C(0xc96c5795d7870f42) : crc >> 1;
    }
  }
  for (size_t i = 0; i < 8; i++) bytes[count - 8 + i] = (uint8_t)(~crc >> (8 * i));
}

/// Whoever forges a checksum gets floats in, and nothing else that was not saved so.
static void forged_blobs_change_floats_alone(void** state) {
  state_fixture fixture;
  uint8_t* bytes = NULL;
  size_t count = 0, accepted = 0;
  (void)state;
  start(&fixture, 2);
  assert_int_equal(fixture_run(&fixture, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  save(&fixture, &bytes, &count);
  for (size_t i = 0; i < count - 8; i++) {
    const uint8_t kept = bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      bytes[i] ^= (uint8_t)(1U << bit);
      put_checksum(bytes, count);
      if (load(&fixture, bytes, count, NULL) == OLSTM_STATUS_OK) {
        accepted++;
        for (int s = 0; s < 3; s++) {
          assert_int_equal(fixture.states.slots[s].desc.dims[0], 1);
          assert_int_equal(fixture.states.slots[s].desc.dims[1], 2);
        }
        const uint8_t* flags = fixture.states.slots[1].current;
        assert_true(flags[0] <= 1 && flags[1] <= 1);
      }
      bytes[i] = kept;
    }
  }
  // Every bit of two slots of four floats, and the last one of each of two flags.
  assert_int_equal(accepted, 2 * 4 * 32 + 2);
  free(bytes);
  fixture_end(&fixture);
}

static void refuses_other_shapes_models_and_bytes(void** state) {
  const olstm__graph_state other_meta = node_state("x/h", 2);
  state_fixture fixture;
  state_fixture wider;
  state_fixture other;
  uint8_t* bytes = NULL;
  size_t count = 0;
  olstm_error error;
  (void)state;
  start(&fixture, 2);
  start(&wider, 3);
  fixture_start(&other, &other_meta, 1, false);
  assert_int_equal(fixture_run(&wider, 2, 1.0F, NULL), OLSTM_STATUS_OK);
  save(&wider, &bytes, &count);
  assert_int_equal(load(&fixture, bytes, count, &error), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message, "state 'l/h' has shape [1,2,3], expected [1,2,2]");
  assert_int_equal(load(&other, bytes, count, &error), OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "state blob: it is of another model, or of other stateful nodes");
  assert_int_equal(load(&other, "no blob", 7, &error), OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "state blob: these are no saved states");
  assert_int_equal(load(&other, NULL, 0, NULL), OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(load(&fixture, bytes, count - 1, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, " bytes, expected "));
  free(bytes);
  fixture_end(&fixture);
  fixture_end(&wider);
  fixture_end(&other);
}

static void names_a_state_of_another_model(void** state) {
  const olstm__graph_state mine = node_state("a/h", 2);
  const olstm__graph_state theirs = node_state("b/h", 2);
  state_fixture from;
  state_fixture to;
  uint8_t* bytes = NULL;
  size_t count = 0;
  olstm_error error;
  (void)state;
  fixture_start(&from, &mine, 1, false);
  fixture_start(&to, &theirs, 1, false);
  save(&from, &bytes, &count);
  assert_int_equal(load(&to, bytes, count, &error), OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "state blob: it is of another model: state 'a/h', expected 'b/h'");
  free(bytes);
  fixture_end(&from);
  fixture_end(&to);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(brings_back_what_was_saved),
      cmocka_unit_test(writes_the_documented_bytes),
      cmocka_unit_test(refuses_every_truncation_and_every_flipped_bit),
      cmocka_unit_test(forged_blobs_change_floats_alone),
      cmocka_unit_test(refuses_other_shapes_models_and_bytes),
      cmocka_unit_test(names_a_state_of_another_model),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
