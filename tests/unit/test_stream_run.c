// Random schedules of streams, over many models, against a context for each stream: every
// output and every saved state has to be the context's, bit for bit.
#define OLSTM_EXPERIMENTAL_STREAMS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/stream_models.h"
#include "tests/support/test_main.h"

enum {
  kCapacity = 6,
  kLargestBatch = 4,
  kMostSteps = 3,
  kMostOutputs = 3,
  kRoom = 4 * 6 * 8,
  kOperations = 40,
  // Of every model, in the short form.
  kSchedules = 4
};

typedef struct pair {
  olstm_stream stream;
  olstm_context* context;
} pair;

/// A table, a session, and what is open in it.
typedef struct schedule {
  const olstm_stream_model* model;
  olstm_fake_session fake;
  olstm_streams* streams;
  size_t count;
  pair pairs[kCapacity];
  uint32_t seed;
  /// A handle that was closed.
  olstm_stream closed;
} schedule;

static uint32_t draw(schedule* s, uint32_t below) {
  s->seed = s->seed * 1664525U + 1013904223U;
  return (s->seed >> 8) % below;
}

static void must(olstm_status status, const olstm_error* error) {
  if (status != OLSTM_STATUS_OK) fail_msg("%s", error->message);
}

// ---------------------------------------------------------------- tensors

/// The inputs of one stream's step, with memory of their own.
typedef struct step_data {
  olstm_tensor inputs[OLSTM_STREAM_MOST_INPUTS];
  uint64_t memory[OLSTM_STREAM_MOST_INPUTS][kRoom];
  olstm_tensor outputs[kMostOutputs];
} step_data;

static size_t find_axis(const olstm_stream_input* input) {
  for (size_t d = 0; d < (size_t)input->rank; d++) {
    if (input->dims[d] == OLSTM_STREAM_N) return d;
  }
  return SIZE_MAX;
}

static olstm_tensor_desc make_desc(const olstm_stream_input* input, int64_t t,
                                   int64_t n) {
  olstm_tensor_desc desc = {.dtype = input->dtype, .rank = input->rank};
  for (int32_t d = 0; d < input->rank; d++) {
    const int64_t dim = input->dims[d];
    desc.dims[d] = dim == OLSTM_STREAM_T ? t : dim == OLSTM_STREAM_N ? n : dim;
  }
  return desc;
}

static void fill_input(schedule* s, const olstm_stream_input* input, int64_t t,
                       const olstm_tensor* tensor) {
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  for (int64_t i = 0; i < count; i++) {
    switch (input->fill) {
      case OLSTM_FILL_REAL:
        ((float*)tensor->data)[i] = (float)draw(s, 4001) / 2000.0F - 1.0F;
        break;
      case OLSTM_FILL_LENS:
        ((int32_t*)tensor->data)[i] = (int32_t)draw(s, (uint32_t)t + 1);
        break;
      case OLSTM_FILL_FLAG:
        ((uint8_t*)tensor->data)[i] = (uint8_t)draw(s, 2);
        break;
      case OLSTM_FILL_INDEX:
        ((int64_t*)tensor->data)[i] = draw(s, 4);
        break;
    }
  }
}

static void make_step(schedule* s, int64_t t, step_data* step) {
  memset(step, 0, sizeof *step);
  for (size_t i = 0; i < s->model->input_count; i++) {
    step->inputs[i] =
        (olstm_tensor){make_desc(&s->model->inputs[i], t, 1), step->memory[i]};
    fill_input(s, &s->model->inputs[i], t, &step->inputs[i]);
  }
}

static size_t desc_bytes(const olstm_tensor_desc* desc) {
  size_t bytes = 0;
  assert_true(olstm_tensor_desc_bytes(desc, &bytes));
  return bytes;
}

/// Copies row `row` of `count` along `axis` from or to a tensor of one row.
static void copy_row(const olstm_tensor* one, const olstm_tensor* stacked, size_t axis,
                     size_t row, size_t count, bool stack) {
  size_t outer = 1;
  for (size_t d = 0; d < axis; d++) outer *= (size_t)one->desc.dims[d];
  const size_t piece = desc_bytes(&one->desc) / outer;
  for (size_t o = 0; o < outer; o++) {
    char* a = (char*)one->data + o * piece;
    char* b = (char*)stacked->data + (o * count + row) * piece;
    memcpy(stack ? b : a, stack ? a : b, piece);
  }
}

static void expect_same(const olstm_tensor* a, const olstm_tensor* b) {
  assert_true(olstm_tensor_desc_equal(&a->desc, &b->desc));
  if (desc_bytes(&a->desc)) assert_memory_equal(a->data, b->data, desc_bytes(&a->desc));
}

// ---------------------------------------------------------------- operations

static void compare_state(schedule* s, size_t p) {
  olstm_error error = {""};
  void* bytes[2];
  size_t counts[2];
  must(olstm_streams_save_state(s->streams, s->pairs[p].stream, &bytes[0], &counts[0],
                                &error),
       &error);
  must(olstm_context_save_state(s->pairs[p].context, &bytes[1], &counts[1], &error),
       &error);
  assert_int_equal(counts[0], counts[1]);
  assert_memory_equal(bytes[0], bytes[1], counts[0]);
  olstm_streams_free_blob(s->streams, bytes[0], counts[0]);
  olstm_context_free_blob(s->pairs[p].context, bytes[1], counts[1]);
}

static void open_pair(schedule* s) {
  olstm_error error = {""};
  olstm_stream stream = 0;
  const olstm_status status = olstm_streams_open(s->streams, &stream, &error);
  if (s->count == kCapacity) {
    assert_int_equal(status, OLSTM_STATUS_LIMIT_EXCEEDED);
    return;
  }
  must(status, &error);
  s->pairs[s->count++] = (pair){stream, olstm_fake_context(s->fake.session)};
}

static void close_pair(schedule* s, size_t p) {
  olstm_error error = {""};
  must(olstm_streams_close(s->streams, s->pairs[p].stream, &error), &error);
  s->closed = s->pairs[p].stream;
  olstm_context_destroy(s->pairs[p].context);
  s->pairs[p] = s->pairs[--s->count];
}

static void clone_pair(schedule* s, size_t p) {
  olstm_error error = {""};
  pair clone;
  if (s->count == kCapacity) return;
  must(olstm_streams_clone(s->streams, s->pairs[p].stream, &clone.stream, &error),
       &error);
  must(olstm_context_clone(s->pairs[p].context, &clone.context, &error), &error);
  s->pairs[s->count++] = clone;
}

/// A stream goes on as a context, and the context as a stream.
static void swap_pair(schedule* s, size_t p) {
  olstm_error error = {""};
  void* bytes[2];
  size_t counts[2];
  must(olstm_streams_save_state(s->streams, s->pairs[p].stream, &bytes[0], &counts[0],
                                &error),
       &error);
  must(olstm_context_save_state(s->pairs[p].context, &bytes[1], &counts[1], &error),
       &error);
  const size_t to = draw(s, (uint32_t)s->count);
  must(olstm_streams_load_state(s->streams, s->pairs[to].stream, bytes[1], counts[1],
                                &error),
       &error);
  must(olstm_context_load_state(s->pairs[to].context, bytes[0], counts[0], &error),
       &error);
  // A damaged one changes nothing.
  ((char*)bytes[0])[counts[0] / 2] ^= 1;
  assert_int_equal(olstm_streams_load_state(s->streams, s->pairs[to].stream, bytes[0],
                                            counts[0], &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  olstm_streams_free_blob(s->streams, bytes[0], counts[0]);
  olstm_context_free_blob(s->pairs[p].context, bytes[1], counts[1]);
}

/// Sets, or resets, one slot.
static void change_slot(schedule* s, size_t p) {
  olstm_error error = {""};
  olstm_state_info info;
  float values[8];
  const pair* at = &s->pairs[p];
  const size_t index = draw(s, (uint32_t)olstm_streams_state_count(s->streams));
  must(olstm_streams_get_state_info(s->streams, at->stream, index, &info, &error),
       &error);
  for (size_t i = 0; i < 8; i++) values[i] = (float)draw(s, 200) / 100.0F - 1.0F;
  olstm_tensor value = {{OLSTM_DTYPE_FLOAT, info.rank, {0}}, values};
  memcpy(value.desc.dims, info.dims, sizeof info.dims);
  if (draw(s, 3) == 0) {
    must(olstm_streams_reset_state(s->streams, at->stream, info.name, &error), &error);
    must(olstm_context_reset_state(at->context, info.name, &error), &error);
    return;
  }
  must(olstm_streams_set_state(s->streams, at->stream, info.name, &value, &error),
       &error);
  must(olstm_context_set_state(at->context, info.name, &value, &error), &error);
  olstm_tensor got;
  must(olstm_streams_get_state(s->streams, at->stream, info.name, &got, &error), &error);
  expect_same(&got, &value);
  value.desc.dims[info.rank - 1]++;
  assert_int_equal(
      olstm_streams_set_state(s->streams, at->stream, info.name, &value, &error),
      OLSTM_STATUS_SHAPE_MISMATCH);
}

static void run_context(schedule* s, size_t p, const olstm_tensor* inputs,
                        olstm_tensor* outputs) {
  olstm_error error = {""};
  memset(outputs, 0, kMostOutputs * sizeof *outputs);
  must(olstm_context_run(s->pairs[p].context, inputs, s->model->input_count, outputs,
                         olstm_session_output_count(s->fake.session), &error),
       &error);
}

/// A random set of streams in random order; returns how many.
static size_t choose(schedule* s, size_t* order) {
  const size_t count = 1 + draw(s, (uint32_t)s->count);
  for (size_t i = 0; i < s->count; i++) order[i] = i;
  for (size_t i = 0; i < count; i++) {
    const size_t other = i + draw(s, (uint32_t)(s->count - i));
    const size_t kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  return count;
}

/// Breaks one step of a run, if that is the turn; what it returns is what must come of
/// it.
static olstm_status spoil(schedule* s, step_data* step, olstm_stream* handle,
                          olstm_stream other) {
  switch (draw(s, 12)) {
    case 0:
      *handle = other;
      return OLSTM_STATUS_INVALID_ARGUMENT;
    case 1:
      *handle = s->closed;
      return OLSTM_STATUS_INVALID_ARGUMENT;
    case 2:
      if (s->model->inputs[0].fill != OLSTM_FILL_INDEX) break;
      *(int64_t*)step->inputs[0].data = 9;
      return OLSTM_STATUS_INVALID_VALUE;
    case 3:
      step->inputs[0].desc.dims[step->inputs[0].desc.rank - 1]++;
      return OLSTM_STATUS_SHAPE_MISMATCH;
    default:
      break;
  }
  return OLSTM_STATUS_OK;
}

static void run_each(schedule* s) {
  static step_data data[kCapacity];
  olstm_error error = {""};
  olstm_stream_step steps[kCapacity];
  size_t order[kCapacity];
  float buffers[kCapacity][kRoom];
  const size_t count = choose(s, order);
  for (size_t i = 0; i < count; i++) {
    make_step(s, 1 + draw(s, kMostSteps), &data[i]);
    steps[i] =
        (olstm_stream_step){s->pairs[order[i]].stream, data[i].inputs, data[i].outputs};
  }
  const size_t last = count - 1;
  olstm_status expected = OLSTM_STATUS_OK;
  if (count > 1) {
    expected = spoil(s, &data[last], &steps[last].stream, steps[0].stream);
  }
  const olstm_status status = olstm_streams_run_each(s->streams, steps, count, &error);
  if (expected != OLSTM_STATUS_OK) {
    // A shape of another rank's last dimension may be the batch axis of no kernel.
    assert_int_not_equal(status, OLSTM_STATUS_OK);
    for (size_t i = 0; i < count; i++) compare_state(s, order[i]);
    return;
  }
  must(status, &error);
  for (size_t i = 0; i < count; i++) {
    olstm_tensor outputs[kMostOutputs];
    run_context(s, order[i], data[i].inputs, outputs);
    for (size_t o = 0; o < olstm_session_output_count(s->fake.session); o++) {
      expect_same(&data[i].outputs[o], &outputs[o]);
      // Once more into the caller's buffers is another test.
      (void)buffers;
    }
  }
}

static void run_stacked(schedule* s) {
  static step_data data[kCapacity];
  static uint64_t stacked[OLSTM_STREAM_MOST_INPUTS][kCapacity * kRoom];
  static uint64_t results[kMostOutputs][kCapacity * kRoom];
  olstm_error error = {""};
  olstm_tensor inputs[OLSTM_STREAM_MOST_INPUTS];
  olstm_tensor outputs[kMostOutputs];
  olstm_stream handles[kCapacity];
  size_t order[kCapacity];
  const size_t count = choose(s, order);
  const size_t output_count = olstm_session_output_count(s->fake.session);
  const int64_t t = 1 + draw(s, kMostSteps);
  for (size_t r = 0; r < count; r++) {
    handles[r] = s->pairs[order[r]].stream;
    make_step(s, t, &data[r]);
  }
  for (size_t i = 0; i < s->model->input_count; i++) {
    const size_t axis = find_axis(&s->model->inputs[i]);
    inputs[i] =
        (olstm_tensor){make_desc(&s->model->inputs[i], t, (int64_t)count), stacked[i]};
    for (size_t r = 0; r < count; r++) {
      if (axis == SIZE_MAX) {
        data[r].inputs[i] = inputs[i] = data[0].inputs[i];
      } else {
        copy_row(&data[r].inputs[i], &inputs[i], axis, r, count, true);
      }
    }
  }
  memset(outputs, 0, sizeof outputs);
  must(olstm_streams_run(s->streams, handles, count, inputs, s->model->input_count,
                         outputs, output_count, &error),
       &error);
  for (size_t o = 0; o < output_count; o++) {
    memcpy(results[o], outputs[o].data, desc_bytes(&outputs[o].desc));
    outputs[o].data = results[o];
  }
  for (size_t r = 0; r < count; r++) {
    olstm_tensor alone[kMostOutputs];
    run_context(s, order[r], data[r].inputs, alone);
    for (size_t o = 0; o < output_count; o++) {
      uint64_t row[kRoom];
      const int32_t axis = olstm_streams_output_axis(s->streams, o);
      olstm_tensor one = {outputs[o].desc, row};
      assert_true(axis >= 0 && outputs[o].desc.dims[axis] == (int64_t)count);
      one.desc.dims[axis] = 1;
      copy_row(&one, &outputs[o], (size_t)axis, r, count, false);
      expect_same(&one, &alone[o]);
    }
  }
}

static void reset_pair(schedule* s, size_t p) {
  olstm_error error = {""};
  must(olstm_streams_reset(s->streams, s->pairs[p].stream, &error), &error);
  must(olstm_context_reset(s->pairs[p].context, &error), &error);
}

// ---------------------------------------------------------------- schedules

static void step_schedule(schedule* s) {
  if (s->count < 2) {
    open_pair(s);
    return;
  }
  const size_t p = draw(s, (uint32_t)s->count);
  switch (draw(s, 16)) {
    case 0:
    case 1:
      open_pair(s);
      break;
    case 2:
      close_pair(s, p);
      break;
    case 3:
      reset_pair(s, p);
      break;
    case 4:
      clone_pair(s, p);
      break;
    case 5:
      swap_pair(s, p);
      break;
    case 6:
      change_slot(s, p);
      break;
    case 7:
      compare_state(s, p);
      break;
    case 8:
    case 9:
    case 10:
    case 11:
      run_each(s);
      break;
    default:
      run_stacked(s);
  }
}

static void run_schedule(const olstm_stream_model* model, const char* kernel,
                         uint32_t seed) {
  olstm_error error = {""};
  olstm_streams_options options;
  olstm_streams_info info;
  schedule s = {.model = model, .seed = seed};
  olstm_session* session = olstm_stream_session(model, kernel, &s.fake);
  olstm_streams_options_init(&options);
  options.capacity = kCapacity;
  options.largest_batch = kLargestBatch + seed % 2;
  options.step_capacity = 2;
  must(olstm_streams_create(session, &options, &s.streams, &error), &error);
  olstm_streams_get_info(s.streams, &info);
  if (!model->is_serial) assert_string_equal(info.reason, "");
  assert_true(model->is_serial == (info.reason[0] != '\0'));
  for (int i = 0; i < kOperations; i++) step_schedule(&s);
  for (size_t p = 0; p < s.count; p++) compare_state(&s, p);
  while (s.count > 0) close_pair(&s, 0);
  olstm_streams_destroy(s.streams);
  olstm_fake_session_destroy(&s.fake);
}

static void run_schedules(uint32_t first, uint32_t count) {
  static const char* const kKernels[] = {NULL, "native", "reference"};
  for (uint32_t i = first; i < first + count; i++) {
    for (size_t m = 0; m < olstm_stream_model_count; m++) {
      print_message("%s, seed %u\n", olstm_stream_models[m].name, (unsigned)i);
      run_schedule(&olstm_stream_models[m], kKernels[i % 3], i * 97 + (uint32_t)m);
    }
  }
}

static void streams_are_contexts_bit_for_bit(void** state) {
  (void)state;
  run_schedules(0, kSchedules);
}

/// OLSTM_STREAM_SCHEDULES says how many, from which seed on OLSTM_STREAM_SEED.
static void slow_streams_are_contexts_bit_for_bit(void** state) {
  (void)state;
  const char* count = getenv("OLSTM_STREAM_SCHEDULES");
  const char* seed = getenv("OLSTM_STREAM_SEED");
  run_schedules(seed ? (uint32_t)strtoul(seed, NULL, 10) : 0,
                count ? (uint32_t)strtoul(count, NULL, 10) : 100);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(streams_are_contexts_bit_for_bit),
      cmocka_unit_test(slow_streams_are_contexts_bit_for_bit),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
