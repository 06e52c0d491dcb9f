// Sequences served by the Triton backend, beside olstm alone: bit for bit the same,
// whatever runs together.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "triton_fixture.h"

enum { SEQUENCES = 5, FEATURES = 3, MAX_STEPS = 4 };

/// One client: its sequence in the server, and a context of its own.
typedef struct client {
  fake_sequence sequence;
  olstm_context* context;
  uint32_t step;
  float x[MAX_STEPS * FEATURES];
  /// The shape for olstm alone.
  olstm_tensor_desc desc;
} client;

static void start_clients(triton_fixture* fixture, client* clients, size_t count) {
  for (size_t c = 0; c < count; c++) {
    clients[c] = (client){.sequence = {.id = c + 1}};
    assert_int_equal(olstm_context_create(fixture->alone, &clients[c].context, NULL),
                     OLSTM_STATUS_OK);
  }
}

static void end_clients(client* clients, size_t count) {
  for (size_t c = 0; c < count; c++) {
    fake_sequence_end(&clients[c].sequence);
    olstm_context_destroy(clients[c].context);
  }
}

/// Makes a client's next request, of `steps` steps, in the server's shape [1,steps,3], or
/// in the model's where requests have no batch in front.
static void next_request(TRITONBACKEND_Request* request, triton_fixture* fixture,
                         client* self, int64_t steps, bool steps_first) {
  const bool is_first = self->step++ == 0;
  const bool is_whole = strcmp(fake_config(&fixture->model, "max_batch_size"), "0") == 0;
  const int64_t dims[] = {1, steps, FEATURES};
  if (is_first) olstm_context_reset(self->context, NULL);
  fixture_numbers(self->x, (size_t)steps * FEATURES,
                  (uint32_t)self->sequence.id * 100 + self->step);
  self->desc = (olstm_tensor_desc){OLSTM_DTYPE_FLOAT, 3, {1, steps, FEATURES}};
  if (steps_first) {
    self->desc.dims[0] = steps;
    self->desc.dims[1] = 1;
  }
  fake_request(request, &fixture->model, &self->sequence,
               is_first ? OLSTM__TRITON_SEQUENCE_START : 0);
  fake_input(request, "x", OLSTM__TRITON_TYPE_FP32, self->x,
             (size_t)steps * FEATURES * sizeof(float), 3,
             is_whole ? self->desc.dims : dims);
}

/// Runs the same alone and compares all outputs.
static void expect_alone(const triton_fixture* fixture, const client* self,
                         const TRITONBACKEND_Request* request) {
  olstm_tensor x = {self->desc, (void*)self->x};
  olstm_tensor outputs[4] = {{{0}, NULL}};
  olstm_error error = {""};
  const size_t count = olstm_session_output_count(fixture->alone);
  if (olstm_context_run(self->context, &x, 1, outputs, count, &error) !=
      OLSTM_STATUS_OK) {
    fail_msg("alone: %s", error.message);
  }
  for (size_t o = 0; o < count; o++) {
    fixture_expect(request, olstm_session_get_output(fixture->alone, o)->name,
                   &outputs[o]);
  }
}

/// Interleaves clients: every round, some of them, with steps of their own.
static void interleave(triton_fixture* fixture, bool steps_first, bool same_steps,
                       bool restarts, uint32_t pieces) {
  client clients[SEQUENCES];
  TRITONBACKEND_Request requests[SEQUENCES];
  start_clients(fixture, clients, SEQUENCES);
  for (uint32_t round = 0; round < 40; round++) {
    client* active[SEQUENCES];
    size_t count = 0;
    for (uint32_t c = 0; c < SEQUENCES; c++) {
      if ((round * 7 + c * 3) % 5 < 2) continue;
      if (restarts && (round + c) % 11 == 0) clients[c].step = 0;
      const int64_t steps = 1 + (round + (same_steps ? 0 : c / 2)) % MAX_STEPS;
      next_request(&requests[count], fixture, &clients[c], steps, steps_first);
      for (size_t i = 0; i < requests[count].input_count; i++) {
        requests[count].inputs[i].piece_count = pieces;
      }
      active[count++] = &clients[c];
    }
    fake_execute(&fixture->instances[round % FIXTURE_INSTANCES], requests, count);
    for (size_t r = 0; r < count; r++) {
      expect_alone(fixture, active[r], &requests[r]);
      fake_forget(&requests[r]);
    }
  }
  end_clients(clients, SEQUENCES);
}

static void sequences_of_two_layers_match_olstm_alone(void** state) {
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kTwoLayers, "{}", NULL);
  assert_string_equal(fake_config(&fixture.model, "max_batch_size"), "64");
  interleave(&fixture, true, true, false, 1);
  // Requests of other lengths in one execute run beside each other.
  interleave(&fixture, true, false, true, 1);
  assert_true(fixture.instances[0].batch_size > 1);
  fixture_end(&fixture);
}

static void sequences_with_the_batch_in_front_match_olstm_alone(void** state) {
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kOneLayer, "{}", NULL);
  interleave(&fixture, false, true, true, 1);
  fixture_end(&fixture);
}

static void inputs_and_states_come_in_pieces(void** state) {
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kTwoLayers, "{}", NULL);
  interleave(&fixture, true, true, true, 3);
  interleave(&fixture, true, false, true, 7);
  fixture_end(&fixture);
}

static void two_states_in_unlucky_order_keep_apart(void** state) {
  // By input_name: a/h before b/h; by output_name the other way round.
  static const char kConfig[] =
      "{\"max_batch_size\":8,\"sequence_batching\":{\"oldest\":{},\"state\":["
      "{\"input_name\":\"b/h\",\"output_name\":\"1\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4],\"use_same_buffer_for_input_output\":true},"
      "{\"input_name\":\"b/c\",\"output_name\":\"4\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4],\"use_same_buffer_for_input_output\":true},"
      "{\"input_name\":\"a/c\",\"output_name\":\"3\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[4],\"use_same_buffer_for_input_output\":true},"
      "{\"input_name\":\"a/h\",\"output_name\":\"2\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[-1,4],\"use_same_buffer_for_input_output\":true}]}}";
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kTwoLayers, kConfig, NULL);
  assert_string_equal(fake_config(&fixture.model, "max_batch_size"), "8");
  interleave(&fixture, true, true, true, 1);
  fixture_end(&fixture);
}

static void states_that_a_server_swaps_find_their_slots(void** state) {
  // Without a shared buffer the server gives each slot another one's value.
  static const char kConfig[] =
      "{\"max_batch_size\":8,\"sequence_batching\":{\"oldest\":{},\"state\":["
      "{\"input_name\":\"b/h\",\"output_name\":\"1\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]},"
      "{\"input_name\":\"b/c\",\"output_name\":\"4\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]},"
      "{\"input_name\":\"a/c\",\"output_name\":\"3\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]},"
      "{\"input_name\":\"a/h\",\"output_name\":\"2\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]}]}}";
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kTwoLayers, kConfig, NULL);
  interleave(&fixture, true, true, true, 1);
  interleave(&fixture, true, false, true, 3);
  fixture_end(&fixture);
}

static void states_without_a_shared_buffer_work(void** state) {
  static const char kConfig[] =
      "{\"max_batch_size\":8,\"sequence_batching\":{\"direct\":{},\"state\":["
      "{\"input_name\":\"l/h\",\"output_name\":\"h_out\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]},"
      "{\"input_name\":\"l/c\",\"output_name\":\"c_out\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]}]}}";
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kOneLayer, kConfig, NULL);
  interleave(&fixture, false, true, true, 1);
  fixture_end(&fixture);
}

static void an_older_server_gets_states_without_the_option(void** state) {
  triton_fixture fixture;
  (void)state;
  fake_server.knows_same_buffer = false;
  fixture_start(&fixture, kTwoLayers, "{}", NULL);
  assert_string_equal(
      fake_config(&fixture.model,
                  "sequence_batching.state.0.use_same_buffer_for_input_output"),
      "");
  interleave(&fixture, true, true, true, 1);
  fixture_end(&fixture);
  fake_server.knows_same_buffer = true;
}

static void null_requests_of_the_direct_strategy_are_skipped(void** state) {
  triton_fixture fixture;
  client clients[2];
  TRITONBACKEND_Request requests[4];
  const int64_t dims[] = {1, 2, FEATURES};
  const float garbage[2 * FEATURES] = {0};
  (void)state;
  fixture_start(&fixture, kTwoLayers, "{}", NULL);
  start_clients(&fixture, clients, 2);
  for (int round = 0; round < 3; round++) {
    next_request(&requests[1], &fixture, &clients[0], 2, true);
    next_request(&requests[3], &fixture, &clients[1], 2, true);
    // One with the number 0, one with an empty text.
    for (int n = 0; n < 4; n += 2) {
      fake_request(&requests[n], &fixture.model, NULL, 0);
      requests[n].text_id = n ? "" : NULL;
      requests[n].wanted_count = 0;
      fake_input(&requests[n], "x", OLSTM__TRITON_TYPE_FP32, garbage, sizeof garbage, 3,
                 dims);
    }
    fake_execute(&fixture.instances[0], requests, 4);
    assert_int_equal(fixture.instances[0].batch_size, 2);
    for (int r = 0; r < 4; r++) {
      assert_string_equal(requests[r].error, "");
      if (r % 2) expect_alone(&fixture, &clients[r / 2], &requests[r]);
      fake_forget(&requests[r]);
    }
  }
  end_clients(clients, 2);
  fixture_end(&fixture);
}

static void text_correlation_ids_are_no_null_requests(void** state) {
  triton_fixture fixture;
  client one;
  TRITONBACKEND_Request request;
  (void)state;
  fixture_start(&fixture, kOneLayer, "{}", NULL);
  start_clients(&fixture, &one, 1);
  one.sequence.text_id = "someone";
  for (int round = 0; round < 3; round++) {
    next_request(&request, &fixture, &one, 1, false);
    fake_execute(&fixture.instances[0], &request, 1);
    expect_alone(&fixture, &one, &request);
    fake_forget(&request);
  }
  end_clients(&one, 1);
  fixture_end(&fixture);
}

// ---------------------------------------------------------------- one by one

static void models_of_a_fixed_batch_run_one_by_one(void** state) {
  static const char kModel[] =
      "opset 17\ninput x float[1,t,3]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1 0.4\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM x,w,r -> y,h name=l hidden_size=4 layout=1\noutput y float\n";
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kModel, "{}", NULL);
  assert_string_equal(fake_config(&fixture.model, "max_batch_size"), "0");
  assert_string_equal(fake_config(&fixture.model, "input.0.dims"), "[1,-1,3]");
  assert_string_equal(fake_config(&fixture.model, "sequence_batching.state.0.dims"),
                      "[1,1,4]");
  assert_non_null(
      strstr(fake_server.log,
             "requests run one by one: with axis 1 of 'x' as the batch, output 'y'"));
  interleave(&fixture, false, true, true, 1);
  fixture_end(&fixture);
}

static void a_user_may_serve_whole_shapes(void** state) {
  static const char kConfig[] =
      "{\"max_batch_size\":0,\"input\":[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[-1,-1,3]}]}";
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kOneLayer, kConfig, NULL);
  assert_string_equal(fake_config(&fixture.model, "max_batch_size"), "0");
  assert_string_equal(fake_config(&fixture.model, "sequence_batching.state.0.dims"),
                      "[1,-1,4]");
  interleave(&fixture, false, true, true, 1);
  fixture_end(&fixture);
}

static void a_user_may_limit_the_batch_of_a_fixed_model(void** state) {
  static const char kModel[] =
      "opset 17\ninput x float[1,2,3]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1 0.4\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM x,w,r -> y,h name=l hidden_size=4 layout=1\noutput h float\n";
  triton_fixture fixture;
  client one;
  TRITONBACKEND_Request request;
  (void)state;
  fixture_start(&fixture, kModel, "{\"max_batch_size\":4}", NULL);
  assert_string_equal(fake_config(&fixture.model, "input.0.dims"), "[2,3]");
  start_clients(&fixture, &one, 1);
  for (int round = 0; round < 3; round++) {
    next_request(&request, &fixture, &one, 2, false);
    fake_execute(&fixture.instances[0], &request, 1);
    expect_alone(&fixture, &one, &request);
    fake_forget(&request);
  }
  end_clients(&one, 1);
  fixture_end(&fixture);
}

static void start_values_that_the_graph_computes_are_kept_apart(void** state) {
  // The layer starts from the last step of its own input: known to the run alone.
  static const char kModel[] =
      "opset 17\ninput x float[t,n,3]\n"
      "const w float[1,12,3] 0.3 -0.2 0.1 0.4\nconst r float[1,12,3] 0.2 -0.1 0.3\n"
      "const zero int64[1] 0\nconst last int64[1] -1\n"
      "node Gather x,last -> h0 axis=0\n"
      "node LSTM x,w,r,_,_,h0 -> y,h name=l hidden_size=3\noutput y float\n"
      "output h float\n";
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kModel, "{}", NULL);
  assert_non_null(strstr(fake_server.log, "the start value or the shape of state 'l/h'"));
  interleave(&fixture, true, true, true, 1);
  fixture_end(&fixture);
}

static void states_that_grow_start_from_what_the_server_gives(void** state) {
  static const char kModel[] =
      "opset 17\ninput x float[t,n,3]\ninput past float[p,n,3]\n"
      "node Concat past,x -> present axis=0\n"
      "node ReduceSum present -> y keepdims=0\n"
      "output present float\noutput y float\n";
  static const char kConfig[] =
      "{\"output\":[{\"name\":\"present\",\"dims\":[-1,-1,3]},"
      "{\"name\":\"y\",\"dims\":[1]}],"
      "\"sequence_batching\":{\"oldest\":{},\"state\":["
      "{\"input_name\":\"past\",\"output_name\":\"present\",\"dims\":[-1,-1,3],"
      "\"data_type\":\"TYPE_FP32\",\"initial_state\":[{\"zero_data\":true}]}]}}";
  static const olstm_binding kBinding[] = {{"present", "past"}};
  static const float kZeros[3] = {0};
  const olstm_tensor zeros = {{OLSTM_DTYPE_FLOAT, 3, {1, 1, 3}}, (void*)kZeros};
  triton_fixture fixture;
  olstm_session_options options;
  client one;
  TRITONBACKEND_Request request;
  (void)state;
  olstm_session_options_init(&options);
  options.binding_count = 1;
  options.bindings = kBinding;
  fixture_start(&fixture, kModel, kConfig, &options);
  start_clients(&fixture, &one, 1);
  for (int round = 0; round < 6; round++) {
    if (round == 3) one.step = 0;
    next_request(&request, &fixture, &one, 1 + round % 3, true);
    if (one.step == 1) {
      assert_int_equal(olstm_context_set_state(one.context, "past", &zeros, NULL),
                       OLSTM_STATUS_OK);
    }
    fake_execute(&fixture.instances[0], &request, 1);
    expect_alone(&fixture, &one, &request);
    fake_forget(&request);
  }
  end_clients(&one, 1);
  fixture_end(&fixture);
}

static void bound_states_run_together(void** state) {
  static const char kModel[] =
      "opset 17\ninput x float[t,n,3]\ninput h0 float[1,n,4]\ninput c0 float[1,n,4]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1 0.4\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM x,w,r,_,_,h0,c0 -> y,h1,c1 name=l hidden_size=4\n"
      "output y float\noutput h1 float[1,n,4]\noutput c1 float[1,n,4]\n";
  // Listed as for other backends: the two names of a state are the model's.
  static const char kConfig[] =
      "{\"max_batch_size\":8,\"sequence_batching\":{\"oldest\":{},\"state\":["
      "{\"input_name\":\"h0\",\"output_name\":\"h1\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]},"
      "{\"input_name\":\"c0\",\"output_name\":\"c1\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4]}]}}";
  static const olstm_binding kBindings[] = {{"h1", "h0"}, {"c1", "c0"}};
  triton_fixture fixture;
  olstm_session_options options;
  (void)state;
  olstm_session_options_init(&options);
  options.binding_count = 2;
  options.bindings = kBindings;
  fixture_start(&fixture, kModel, kConfig, &options);
  interleave(&fixture, true, true, true, 1);
  assert_true(fixture.instances[0].batch_size > 1);
  fixture_end(&fixture);
}

// ---------------------------------------------------------------- several threads

typedef struct worker {
  triton_fixture* fixture;
  TRITONBACKEND_ModelInstance* instance;
  client clients[2];
  TRITONBACKEND_Request requests[40][2];
} worker;

static void* run_worker(void* argument) {
  worker* self = argument;
  for (int round = 0; round < 40; round++) {
    for (int c = 0; c < 2; c++) {
      next_request(&self->requests[round][c], self->fixture, &self->clients[c], 1, true);
    }
    fake_execute(self->instance, self->requests[round], 2);
  }
  return NULL;
}

static void instances_run_at_once(void** state) {
  triton_fixture fixture;
  pthread_t threads[FIXTURE_INSTANCES];
  worker* workers = calloc(FIXTURE_INSTANCES, sizeof *workers);
  (void)state;
  fixture_start(&fixture, kTwoLayers, "{}", NULL);
  for (int i = 0; i < FIXTURE_INSTANCES; i++) {
    workers[i].fixture = &fixture;
    workers[i].instance = &fixture.instances[i];
    start_clients(&fixture, workers[i].clients, 2);
    workers[i].clients[0].sequence.id += 10 * (uint64_t)i;
    assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
  }
  for (int i = 0; i < FIXTURE_INSTANCES; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < FIXTURE_INSTANCES; i++) {
    for (int c = 0; c < 2; c++) {
      client again = {.sequence = {.id = workers[i].clients[c].sequence.id},
                      .context = workers[i].clients[c].context};
      olstm_context_reset(again.context, NULL);
      for (uint32_t round = 0; round < 40; round++) {
        fixture_numbers(again.x, FEATURES, (uint32_t)again.sequence.id * 100 + round + 1);
        again.desc = workers[i].clients[c].desc;
        expect_alone(&fixture, &again, &workers[i].requests[round][c]);
        fake_forget(&workers[i].requests[round][c]);
      }
    }
    end_clients(workers[i].clients, 2);
  }
  free(workers);
  fixture_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sequences_of_two_layers_match_olstm_alone),
      cmocka_unit_test(sequences_with_the_batch_in_front_match_olstm_alone),
      cmocka_unit_test(inputs_and_states_come_in_pieces),
      cmocka_unit_test(two_states_in_unlucky_order_keep_apart),
      cmocka_unit_test(states_that_a_server_swaps_find_their_slots),
      cmocka_unit_test(states_without_a_shared_buffer_work),
      cmocka_unit_test(an_older_server_gets_states_without_the_option),
      cmocka_unit_test(null_requests_of_the_direct_strategy_are_skipped),
      cmocka_unit_test(text_correlation_ids_are_no_null_requests),
      cmocka_unit_test(models_of_a_fixed_batch_run_one_by_one),
      cmocka_unit_test(a_user_may_serve_whole_shapes),
      cmocka_unit_test(a_user_may_limit_the_batch_of_a_fixed_model),
      cmocka_unit_test(start_values_that_the_graph_computes_are_kept_apart),
      cmocka_unit_test(states_that_grow_start_from_what_the_server_gives),
      cmocka_unit_test(bound_states_run_together),
      cmocka_unit_test(instances_run_at_once),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
