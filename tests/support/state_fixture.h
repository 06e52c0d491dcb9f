// States of a graph that has slots and nothing else, for the tests of runtime/state*.c.
#ifndef OLSTM_TESTS_SUPPORT_STATE_FIXTURE_H_
#define OLSTM_TESTS_SUPPORT_STATE_FIXTURE_H_

#include <string.h>

#include "runtime/state/state.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

/// Not to be copied or moved: its memory is counted.
typedef struct state_fixture {
  olstm_test_allocator allocator;
  olstm__graph* graph;
  olstm__states states;
} state_fixture;

/// A slot [1,N,H] of floats, as a stateful node has it.
static inline olstm__graph_state node_state(const char* name, int64_t h) {
  return (olstm__graph_state){.name = name,
                              .dtype = OLSTM_DTYPE_FLOAT,
                              .rank = 3,
                              .dims = {1, -1, h},
                              .batch_axis = 1,
                              .row_axis = 1,
                              .source = OLSTM__NO_VALUE};
}

static inline void fixture_start(state_fixture* fixture, const olstm__graph_state* metas,
                                 size_t count, bool broadcast) {
  olstm_test_allocator_init(&fixture->allocator);
  const olstm_allocator* allocator = &fixture->allocator.allocator;
  fixture->graph = olstm__graph_create_empty("test", allocator);
  for (size_t i = 0; i < count; i++) {
    olstm__graph_state meta = metas[i];
    meta.input = olstm__graph_add_value(fixture->graph, OLSTM__VALUE_STATE, meta.name);
    meta.output = meta.input;
    assert_true(olstm__graph_add_state(fixture->graph, &meta));
  }
  assert_int_equal(
      olstm__states_init(&fixture->states, fixture->graph, allocator, broadcast, NULL),
      OLSTM_STATUS_OK);
}

static inline void fixture_end(state_fixture* fixture) {
  olstm__states_deinit(&fixture->states);
  olstm__graph_destroy(fixture->graph);
  olstm_test_allocator_assert_clean(&fixture->allocator);
}

static inline olstm_tensor_desc float_desc(int32_t rank, int64_t a, int64_t b,
                                           int64_t c) {
  return (olstm_tensor_desc){OLSTM_DTYPE_FLOAT, rank, {a, b, c}};
}

/// A run of [1,n,h] slots that adds `step` to every element of each (hidden slots are
/// passed through). Returns begin's status.
static inline olstm_status fixture_run(state_fixture* fixture, int64_t n, float step,
                                       olstm_error* error) {
  olstm__states* states = &fixture->states;
  olstm_tensor_desc descs[8];
  olstm_tensor inputs[8];
  for (size_t s = 0; s < states->slot_count; s++) {
    const olstm__graph_state* meta = states->slots[s].meta;
    descs[s] = (olstm_tensor_desc){meta->dtype, 3, {1, n, meta->dims[2]}};
  }
  OLSTM_RETURN_IF_ERROR(olstm__states_begin(states, descs, inputs, error));
  for (size_t s = 0; s < states->slot_count; s++) {
    void* next = NULL;
    assert_int_equal(olstm__states_reserve(states, s, &descs[s], &next, NULL),
                     OLSTM_STATUS_OK);
    const int64_t count = olstm_tensor_desc_count(&descs[s]);
    for (int64_t i = 0; i < count && descs[s].dtype == OLSTM_DTYPE_FLOAT; i++) {
      ((float*)next)[i] = ((const float*)inputs[s].data)[i] + step;
    }
  }
  olstm__states_commit(states);
  return OLSTM_STATUS_OK;
}

/// The slot's elements. Fails the test where it has none to show.
static inline const float* fixture_get(state_fixture* fixture, const char* name) {
  olstm_tensor tensor;
  assert_int_equal(olstm__states_get(&fixture->states, name, &tensor, NULL),
                   OLSTM_STATUS_OK);
  return tensor.data;
}

#endif  // OLSTM_TESTS_SUPPORT_STATE_FIXTURE_H_
