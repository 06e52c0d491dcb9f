// Saved states: whatever the bytes, they are taken whole or refused, and what was taken
// can be saved and taken again. An odd first byte has the checksum put right, so that the
// fuzzer gets behind it.
#include <stdlib.h>
#include <string.h>

#include "runtime/state/state.h"
#include "tests/fuzz/fuzz_target.h"

/// A node whose start the graph computes, so with flags, and a bound input of any shape.
static olstm__graph* make_graph(void) {
  const olstm__graph_state metas[] = {
      {.name = "l/h",
       .dtype = OLSTM_DTYPE_FLOAT,
       .rank = 3,
       .dims = {1, -1, 2},
       .batch_axis = 1,
       .row_axis = 1,
       .has_start = true},
      {.name = "l/h/is_set",
       .dtype = OLSTM_DTYPE_BOOL,
       .rank = 3,
       .dims = {1, -1, 1},
       .batch_axis = 1,
       .row_axis = 1,
       .is_internal = true},
      {.name = "b",
       .dtype = OLSTM_DTYPE_INT64,
       .rank = -1,
       .batch_axis = -1,
       .row_axis = -1},
  };
  olstm__graph* graph = olstm__graph_create_empty("fuzz", NULL);
  for (size_t i = 0; i < sizeof metas / sizeof metas[0]; i++) {
    olstm__graph_state meta = metas[i];
    meta.source = OLSTM__NO_VALUE;
    meta.input = olstm__graph_add_value(graph, OLSTM__VALUE_STATE, meta.name);
    meta.output = meta.input;
    if (!olstm__graph_add_state(graph, &meta)) abort();
  }
  return graph;
}

static void put_checksum(uint8_t* bytes, size_t count) {
  uint64_t crc = ~UINT64_C(0);
  if (count < 8) return;
  for (size_t i = 0; i < count - 8; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? (crc >> 1) ^ UINT64_C(0xc96c5795d7870f42) : crc >> 1;
    }
  }
  crc = ~crc;
  for (size_t i = 0; i < 8; i++) bytes[count - 8 + i] = (uint8_t)(crc >> (8 * i));
}

/// Saves, loads what was saved into other states, and saves those: the same bytes.
static void check_round_trip(const olstm__states* states, const olstm__graph* graph) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__states other;
  void* first = NULL;
  void* second = NULL;
  size_t first_bytes = 0;
  size_t second_bytes = 0;
  if (olstm__states_init(&other, graph, &allocator, false, NULL) != OLSTM_STATUS_OK ||
      olstm__states_save(states, &first, &first_bytes, NULL) != OLSTM_STATUS_OK ||
      olstm__states_load(&other, first, first_bytes, NULL) != OLSTM_STATUS_OK ||
      olstm__states_save(&other, &second, &second_bytes, NULL) != OLSTM_STATUS_OK ||
      first_bytes != second_bytes || memcmp(first, second, first_bytes) != 0) {
    abort();
  }
  olstm_release(&allocator, first, first_bytes, 1);
  olstm_release(&allocator, second, second_bytes, 1);
  olstm__states_deinit(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__states states;
  olstm_error error = {""};
  if (size == 0) return 0;
  olstm__graph* graph = make_graph();
  uint8_t* bytes = malloc(size);
  if (!graph || !bytes ||
      olstm__states_init(&states, graph, &allocator, false, NULL) != OLSTM_STATUS_OK) {
    abort();
  }
  memcpy(bytes, data + 1, size - 1);
  if (data[0] & 1) put_checksum(bytes, size - 1);
  const olstm_status status = olstm__states_load(&states, bytes, size - 1, &error);
  if (status != OLSTM_STATUS_OK && error.message[0] == '\0') abort();
  if (status != OLSTM_STATUS_OK && states.slots[0].is_set) abort();
  if (status == OLSTM_STATUS_OK) {
    (void)olstm__states_reset_row(&states, 0, NULL);
    check_round_trip(&states, graph);
  }
  olstm__states_deinit(&states);
  olstm__graph_destroy(graph);
  free(bytes);
  return 0;
}
