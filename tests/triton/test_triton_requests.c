// What is wrong with one request is that request's: its neighbours in an execute, their
// state and its own sequence go on. Requests without state, of every dtype.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/triton/triton_dtype.h"
#include "triton_fixture.h"

enum { ROWS = 3, VALUES = 6 };

/// Three sequences of kOneLayer, two steps of three features each, and what olstm alone
/// gives.
typedef struct trio {
  triton_fixture fixture;
  fake_sequence sequences[ROWS];
  olstm_context* contexts[ROWS];
  float x[ROWS][VALUES];
  TRITONBACKEND_Request requests[ROWS];
  uint32_t round;
} trio;

static void trio_start(trio* self, const char* model, const char* config) {
  memset(self, 0, sizeof *self);
  fixture_start(&self->fixture, model, config, NULL);
  for (int r = 0; r < ROWS; r++) {
    self->sequences[r].id = 7 + (uint64_t)r;
    assert_int_equal(olstm_context_create(self->fixture.alone, &self->contexts[r], NULL),
                     OLSTM_STATUS_OK);
  }
}

static void trio_end(trio* self) {
  for (int r = 0; r < ROWS; r++) {
    fake_sequence_end(&self->sequences[r]);
    olstm_context_destroy(self->contexts[r]);
  }
  fixture_end(&self->fixture);
}

/// Makes the next requests; the first start the sequences.
static void trio_next(trio* self) {
  static const int64_t kDims[] = {1, 2, 3};
  for (int r = 0; r < ROWS; r++) {
    fake_request(&self->requests[r], &self->fixture.model, &self->sequences[r],
                 self->round == 0 ? OLSTM__TRITON_SEQUENCE_START : 0);
    fixture_numbers(self->x[r], VALUES, self->round * ROWS + (uint32_t)r);
    fake_input(&self->requests[r], "x", OLSTM__TRITON_TYPE_FP32, self->x[r],
               sizeof self->x[r], 3, kDims);
  }
  self->round++;
}

/// The input that trio_next added.
static TRITONBACKEND_Input* trio_input(trio* self, int row) {
  TRITONBACKEND_Request* request = &self->requests[row];
  return &request->inputs[request->input_count - 1];
}

/// Runs them. All but row `wrong` must be right, and that one must fail with `message`;
/// -1: none.
static void trio_run(trio* self, int wrong, const char* message) {
  fake_execute(&self->fixture.instances[0], self->requests, ROWS);
  for (int r = 0; r < ROWS; r++) {
    if (r == wrong) {
      if (!strstr(self->requests[r].error, message)) {
        fail_msg("'%s' is not in '%s'", message, self->requests[r].error);
      }
    } else {
      const olstm_tensor x = {{OLSTM_DTYPE_FLOAT, 3, {1, 2, 3}}, self->x[r]};
      olstm_tensor y = {{0}, NULL};
      assert_int_equal(olstm_context_run(self->contexts[r], &x, 1, &y, 1, NULL),
                       OLSTM_STATUS_OK);
      fixture_expect(&self->requests[r], "y", &y);
    }
    fake_forget(&self->requests[r]);
  }
}

/// A way to spoil a request.
typedef struct fault {
  void (*spoil)(trio* self, int row);
  const char* message;
} fault;

static void spoil_type(trio* self, int row) {
  trio_input(self, row)->type = OLSTM__TRITON_TYPE_INT32;
}
static void spoil_name(trio* self, int row) {
  trio_input(self, row)->name[0] = 'z';
}
static void spoil_features(trio* self, int row) {
  trio_input(self, row)->dims[1] = 3;
  trio_input(self, row)->dims[2] = 2;
}
static void spoil_rank(trio* self, int row) {
  trio_input(self, row)->rank = 2;
}
static void spoil_bytes(trio* self, int row) {
  trio_input(self, row)->bytes -= 4;
}
static void spoil_batch(trio* self, int row) {
  trio_input(self, row)->dims[0] = 2;
  trio_input(self, row)->dims[1] = 1;
}
static void spoil_memory(trio* self, int row) {
  trio_input(self, row)->memory_type = OLSTM__TRITON_MEMORY_GPU;
}
static void spoil_output_memory(trio* self, int row) {
  self->requests[row].output_memory_type = OLSTM__TRITON_MEMORY_GPU;
}
static void spoil_output_name(trio* self, int row) {
  self->requests[row].wanted[0][0] = 'q';
}
static void fail_output(trio* self, int row) {
  self->requests[row].failing = 'O';
}
static void fail_state(trio* self, int row) {
  self->requests[row].failing = 'S';
}
static void spoil_state(trio* self, int row) {
  self->requests[row].inputs[0].bytes = 12;
}
static void spoil_state_type(trio* self, int row) {
  self->requests[row].inputs[1].type = OLSTM__TRITON_TYPE_FP64;
}
static void drop_state(trio* self, int row) {
  self->requests[row].inputs[0].name[0] = 'z';
}

static const fault kFaults[] = {
    {spoil_type, "input 'x' has dtype int32, expected float"},
    {spoil_name, "the request has no input 'x'"},
    {spoil_features, "input 'x' has shape [1,3,2]"},
    {spoil_rank, "input 'x' has 2 dimensions, expected 3"},
    {spoil_bytes, "input 'x' has 20 bytes, expected 24 for float of shape [1,2,3]"},
    {spoil_batch, "a request of a sequence has a batch of 2, expected 1"},
    {spoil_memory, "'x' lies in a GPU's memory: olstm runs on the CPU"},
    {spoil_output_memory, "'y' is wanted in a GPU's memory"},
    {spoil_output_name, "the model has no output 'q'"},
    {fail_output, "told to fail"},
    {fail_state, "told to fail"},
    {spoil_state, "bytes, expected float of shape [1,-1,4]"},
    {spoil_state_type, "has dtype double, expected float"},
    {drop_state, "the request has no state 'l/c'"}};
enum { FAULT_COUNT = (int)(sizeof kFaults / sizeof kFaults[0]) };

static void an_error_is_one_requests_alone(void** state) {
  trio self;
  (void)state;
  trio_start(&self, kOneLayer, "{}");
  trio_next(&self);
  trio_run(&self, -1, "");
  for (int f = 0; f < FAULT_COUNT; f++) {
    for (int row = 0; row < ROWS; row++) {
      trio_next(&self);
      kFaults[f].spoil(&self, row);
      trio_run(&self, row, kFaults[f].message);
      // The failed request changed nothing: its sequence goes on from the one before.
      trio_next(&self);
      trio_run(&self, -1, "");
    }
  }
  trio_end(&self);
}

// The server swaps the two states of a sequence whenever they are written.
static const char kSwapped[] =
    "{\"max_batch_size\":8,\"sequence_batching\":{\"oldest\":{},\"state\":["
    "{\"input_name\":\"l/h\",\"output_name\":\"1\",\"data_type\":\"TYPE_FP32\","
    "\"dims\":[1,4]},"
    "{\"input_name\":\"l/c\",\"output_name\":\"2\",\"data_type\":\"TYPE_FP32\","
    "\"dims\":[1,4]}]}}";

static void an_error_leaves_swapped_states_alone(void** state) {
  trio self;
  (void)state;
  trio_start(&self, kOneLayer, kSwapped);
  for (int f = 0; f + 4 < FAULT_COUNT; f++) {
    trio_next(&self);
    kFaults[f].spoil(&self, f % ROWS);
    trio_run(&self, f % ROWS, kFaults[f].message);
    trio_next(&self);
    trio_run(&self, -1, "");
  }
  trio_end(&self);
}

static void first_requests_fail(const char* config) {
  // Faults in the server's own states come later.
  for (int f = 0; f + 4 < FAULT_COUNT; f++) {
    for (int row = 0; row < ROWS; row++) {
      trio self;
      trio_start(&self, kOneLayer, config);
      trio_next(&self);
      kFaults[f].spoil(&self, row);
      trio_run(&self, row, kFaults[f].message);
      trio_next(&self);
      trio_run(&self, -1, "");
      trio_end(&self);
    }
  }
}

static void a_sequence_whose_first_request_failed_starts_anew(void** state) {
  (void)state;
  first_requests_fail("{}");
  first_requests_fail(kSwapped);
}

static void a_request_without_a_response_is_released(void** state) {
  trio self;
  (void)state;
  trio_start(&self, kOneLayer, "{}");
  trio_next(&self);
  self.requests[1].failing = 'N';
  trio_run(&self, 1, "");
  assert_non_null(strstr(fake_server.log, "told to fail"));
  trio_end(&self);
}

static void a_batch_that_fails_is_run_again_one_by_one(void** state) {
  // A length beyond the sequence: known to the run alone.
  static const char kModel[] =
      "opset 17\ninput x float[t,n,3]\ninput lens int32[n]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1 0.4\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM x,w,r,_,lens -> y name=l hidden_size=4\noutput y float\n";
  static const int64_t kDims[] = {1, 2, 3};
  static const int64_t kLensDims[] = {1, 1};
  triton_fixture fixture;
  fake_sequence sequences[ROWS] = {{.id = 1}, {.id = 2}, {.id = 3}};
  olstm_context* contexts[ROWS];
  (void)state;
  fixture_start(&fixture, kModel, "{}", NULL);
  assert_string_equal(fake_config(&fixture.model, "max_batch_size"), "64");
  assert_string_equal(fake_config(&fixture.model, "input.1.dims"), "[1]");
  assert_string_equal(fake_config(&fixture.model, "input.1.reshape.shape"), "[]");
  for (int r = 0; r < ROWS; r++) {
    assert_int_equal(olstm_context_create(fixture.alone, &contexts[r], NULL),
                     OLSTM_STATUS_OK);
  }
  for (uint32_t round = 0; round < 6; round++) {
    const int wrong = (int)round % ROWS;
    TRITONBACKEND_Request requests[ROWS];
    float x[ROWS][VALUES];
    int32_t lens[ROWS];
    for (int r = 0; r < ROWS; r++) {
      fake_request(&requests[r], &fixture.model, &sequences[r], round == 0 ? 1u : 0u);
      fixture_numbers(x[r], VALUES, round * ROWS + (uint32_t)r);
      lens[r] = r == wrong ? 5 : 1 + r % 2;
      fake_input(&requests[r], "x", OLSTM__TRITON_TYPE_FP32, x[r], sizeof x[r], 3, kDims);
      fake_input(&requests[r], "lens", OLSTM__TRITON_TYPE_INT32, &lens[r], sizeof lens[r],
                 1, kLensDims);
    }
    fake_execute(&fixture.instances[0], requests, ROWS);
    for (int r = 0; r < ROWS; r++) {
      const olstm_tensor inputs[] = {{{OLSTM_DTYPE_FLOAT, 3, {2, 1, 3}}, x[r]},
                                     {{OLSTM_DTYPE_INT32, 1, {1}}, &lens[r]}};
      olstm_tensor y = {{0}, NULL};
      const olstm_status status = olstm_context_run(contexts[r], inputs, 2, &y, 1, NULL);
      assert_int_equal(status == OLSTM_STATUS_OK, r != wrong);
      if (r == wrong) {
        assert_non_null(strstr(requests[r].error, "sequence_lens"));
      } else {
        fixture_expect(&requests[r], "y", &y);
      }
      fake_forget(&requests[r]);
    }
  }
  for (int r = 0; r < ROWS; r++) {
    fake_sequence_end(&sequences[r]);
    olstm_context_destroy(contexts[r]);
  }
  fixture_end(&fixture);
}

static void an_initial_state_of_the_users_is_taken(void** state) {
  static const char kConfig[] =
      "{\"sequence_batching\":{\"oldest\":{},\"state\":["
      "{\"input_name\":\"l/h\",\"output_name\":\"l/h\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4],\"use_same_buffer_for_input_output\":true,"
      "\"initial_state\":[{\"name\":\"h\",\"zero_data\":true}]},"
      "{\"input_name\":\"l/c\",\"output_name\":\"l/c\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[1,4],\"use_same_buffer_for_input_output\":true,"
      "\"initial_state\":[{\"name\":\"c\",\"zero_data\":true}]}]}}";
  // Without it the layer would start from another value.
  static const char kModel[] =
      "opset 17\ninput x float[n,t,3]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1 0.4\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "const h0 float[1,1,4] 0.5\n"
      "node LSTM x,w,r,_,_,h0 -> y4 name=l hidden_size=4 layout=1\n"
      "const two int64[1] 2\nnode Squeeze y4,two -> y\noutput y float[n,t,4]\n";
  static const float kZeros[4] = {0};
  const olstm_tensor zeros = {{OLSTM_DTYPE_FLOAT, 3, {1, 1, 4}}, (void*)kZeros};
  trio self;
  (void)state;
  trio_start(&self, kModel, kConfig);
  for (int r = 0; r < ROWS; r++) {
    assert_int_equal(olstm_context_set_state(self.contexts[r], "l/h", &zeros, NULL),
                     OLSTM_STATUS_OK);
  }
  for (int round = 0; round < 3; round++) {
    trio_next(&self);
    trio_run(&self, -1, "");
  }
  trio_end(&self);
}

// ---------------------------------------------------------------- without state

static void requests_without_state_run_together(void** state) {
  triton_fixture fixture;
  TRITONBACKEND_Request requests[4];
  olstm_context* context = NULL;
  float x[4][9];
  (void)state;
  fixture_start(&fixture, kDense, "{}", NULL);
  assert_string_equal(fake_config(&fixture.model, "dynamic_batching"), "{}");
  assert_string_equal(fake_config(&fixture.model, "sequence_batching"), "");
  assert_int_equal(olstm_context_create(fixture.alone, &context, NULL), OLSTM_STATUS_OK);
  // Clients have batches of their own: 1, 2, 3 and, wrongly, no row at all.
  for (int r = 0; r < 4; r++) {
    const int64_t dims[] = {(r + 1) % 4, 3};
    fake_request(&requests[r], &fixture.model, NULL, 0);
    fixture_numbers(x[r], 9, (uint32_t)r);
    fake_input(&requests[r], "x", OLSTM__TRITON_TYPE_FP32, x[r],
               (size_t)dims[0] * 3 * sizeof(float), 2, dims);
  }
  fake_execute(&fixture.instances[0], requests, 4);
  assert_int_equal(fixture.instances[0].batch_size, 6);
  assert_int_equal(fixture.instances[0].batch_reports, 1);
  for (int r = 0; r < 3; r++) {
    const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 2, {r + 1, 3}}, x[r]};
    olstm_tensor y = {{0}, NULL};
    assert_int_equal(olstm_context_run(context, &input, 1, &y, 1, NULL), OLSTM_STATUS_OK);
    fixture_expect(&requests[r], "y", &y);
  }
  assert_non_null(strstr(requests[3].error, "input 'x' has a batch of 0, expected 1"));
  for (int r = 0; r < 4; r++) fake_forget(&requests[r]);
  olstm_context_destroy(context);
  fixture_end(&fixture);
}

static void outputs_that_nobody_wants_are_left_out(void** state) {
  triton_fixture fixture;
  TRITONBACKEND_Request request;
  fake_sequence sequence = {.id = 3};
  const int64_t dims[] = {1, 2, 3};
  float x[6];
  (void)state;
  fixture_start(&fixture, kTwoLayers, "{}", NULL);
  fixture_numbers(x, 6, 1);
  fake_request(&request, &fixture.model, &sequence, OLSTM__TRITON_SEQUENCE_START);
  fake_input(&request, "x", OLSTM__TRITON_TYPE_FP32, x, sizeof x, 3, dims);
  strcpy(request.wanted[0], "last");
  request.wanted_count = 1;
  fake_execute(&fixture.instances[0], &request, 1);
  assert_int_equal(request.response->output_count, 1);
  assert_int_equal(fake_output(&request, "last")->bytes, 16);
  fake_forget(&request);
  fake_sequence_end(&sequence);
  fixture_end(&fixture);
}

static void every_dtype_passes(void** state) {
  static const char* const kNames[] = {"float", "double", "float16", "bfloat16", "int8",
                                       "uint8", "int16",  "uint16",  "int32",    "uint32",
                                       "int64", "uint64", "bool"};
  static const olstm_dtype kDtypes[] = {
      OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_DOUBLE, OLSTM_DTYPE_FLOAT16, OLSTM_DTYPE_BFLOAT16,
      OLSTM_DTYPE_INT8,  OLSTM_DTYPE_UINT8,  OLSTM_DTYPE_INT16,   OLSTM_DTYPE_UINT16,
      OLSTM_DTYPE_INT32, OLSTM_DTYPE_UINT32, OLSTM_DTYPE_INT64,   OLSTM_DTYPE_UINT64,
      OLSTM_DTYPE_BOOL};
  static const char kBytes[64] = {1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1,
                                  1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1};
  (void)state;
  for (size_t i = 0; i < sizeof kDtypes / sizeof kDtypes[0]; i++) {
    char model[256];
    const int64_t dims[] = {2, 3};
    const size_t bytes = 6 * olstm_dtype_size(kDtypes[i]);
    triton_fixture fixture;
    TRITONBACKEND_Request request;
    (void)snprintf(model, sizeof model,
                   "opset 17\ninput x %s[n,3]\nnode Identity x -> y\noutput y %s[n,3]\n",
                   kNames[i], kNames[i]);
    fixture_start(&fixture, model, "{}", NULL);
    fake_request(&request, &fixture.model, NULL, 0);
    fake_input(&request, "x", olstm__triton_type_of(kDtypes[i]), kBytes, bytes, 2, dims);
    fake_execute(&fixture.instances[0], &request, 1);
    const olstm_tensor expected = {{kDtypes[i], 2, {2, 3}}, (void*)kBytes};
    fixture_expect(&request, "y", &expected);
    fake_forget(&request);
    fixture_end(&fixture);
  }
}

static void states_of_every_dtype_pass(void** state) {
  static const char* const kNames[] = {"double", "float16", "int64"};
  static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_DOUBLE, OLSTM_DTYPE_FLOAT16,
                                        OLSTM_DTYPE_INT64};
  static const olstm_binding kBinding[] = {{"sum", "before"}};
  // 1 in each.
  static const double kDouble = 1;
  static const uint16_t kHalf = 0x3C00;
  static const int64_t kInteger = 1;
  static const void* const kOnes[] = {&kDouble, &kHalf, &kInteger};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    char model[256];
    const int64_t dims[] = {1, 1};
    triton_fixture fixture;
    fake_sequence sequence = {.id = 1};
    olstm_session_options options;
    olstm_context* context = NULL;
    (void)snprintf(model, sizeof model,
                   "opset 17\ninput x %s[n,1]\ninput before %s[n,1]\n"
                   "node Add x,before -> sum\noutput sum %s[n,1]\n",
                   kNames[i], kNames[i], kNames[i]);
    olstm_session_options_init(&options);
    options.bindings = kBinding;
    options.binding_count = 1;
    fixture_start(&fixture, model,
                  "{\"parameters\":{\"bindings\":{\"string_value\":\" sum = before \"}}}",
                  &options);
    assert_int_equal(olstm_context_create(fixture.alone, &context, NULL),
                     OLSTM_STATUS_OK);
    for (int round = 0; round < 4; round++) {
      const olstm_tensor x = {{kDtypes[i], 2, {1, 1}}, (void*)kOnes[i]};
      olstm_tensor sum = {{0}, NULL};
      TRITONBACKEND_Request request;
      fake_request(&request, &fixture.model, &sequence, round == 0 ? 1u : 0u);
      fake_input(&request, "x", olstm__triton_type_of(kDtypes[i]), kOnes[i],
                 olstm_dtype_size(kDtypes[i]), 2, dims);
      fake_execute(&fixture.instances[0], &request, 1);
      assert_int_equal(olstm_context_run(context, &x, 1, &sum, 1, NULL), OLSTM_STATUS_OK);
      fixture_expect(&request, "sum", &sum);
      fake_forget(&request);
    }
    olstm_context_destroy(context);
    fake_sequence_end(&sequence);
    fixture_end(&fixture);
  }
}

static void scalars_go_as_tensors_of_one_element(void** state) {
  static const char kModel[] =
      "opset 17\ninput x float[n,3]\ninput rate int64[]\nnode Cast rate -> r to=1\n"
      "node ReduceSum x -> sum keepdims=0\nnode Mul sum,r -> y\noutput y float\n";
  static const float kX[] = {1, 2, 3};
  static const int64_t kRate = 7;
  static const float kProduct = 42;
  const olstm_tensor expected = {{OLSTM_DTYPE_FLOAT, 0, {0}}, (void*)&kProduct};
  const int64_t dims[] = {1, 3};
  triton_fixture fixture;
  TRITONBACKEND_Request request;
  (void)state;
  fixture_start(&fixture, kModel, "{}", NULL);
  // Servers take no empty reshape where there is no batch.
  assert_string_equal(fake_config(&fixture.model, "max_batch_size"), "0");
  assert_string_equal(fake_config(&fixture.model, "input.1"),
                      "{\"name\":\"rate\",\"data_type\":\"TYPE_INT64\",\"dims\":[1]}");
  assert_string_equal(fake_config(&fixture.model, "output.0"),
                      "{\"name\":\"y\",\"data_type\":\"TYPE_FP32\",\"dims\":[1]}");
  fake_request(&request, &fixture.model, NULL, 0);
  fake_input(&request, "x", OLSTM__TRITON_TYPE_FP32, kX, sizeof kX, 2, dims);
  fake_input(&request, "rate", OLSTM__TRITON_TYPE_INT64, &kRate, sizeof kRate, 1, dims);
  fake_execute(&fixture.instances[0], &request, 1);
  fixture_expect(&request, "y", &expected);
  assert_int_equal(fake_output(&request, "y")->rank, 1);
  fake_forget(&request);
  fixture_end(&fixture);
}

static void an_empty_execute_does_nothing(void** state) {
  triton_fixture fixture;
  (void)state;
  fixture_start(&fixture, kDense, "{}", NULL);
  fake_execute(&fixture.instances[0], NULL, 0);
  assert_int_equal(fixture.instances[0].batch_reports, 0);
  fixture_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_error_is_one_requests_alone),
      cmocka_unit_test(an_error_leaves_swapped_states_alone),
      cmocka_unit_test(a_sequence_whose_first_request_failed_starts_anew),
      cmocka_unit_test(a_request_without_a_response_is_released),
      cmocka_unit_test(a_batch_that_fails_is_run_again_one_by_one),
      cmocka_unit_test(an_initial_state_of_the_users_is_taken),
      cmocka_unit_test(requests_without_state_run_together),
      cmocka_unit_test(outputs_that_nobody_wants_are_left_out),
      cmocka_unit_test(every_dtype_passes),
      cmocka_unit_test(states_of_every_dtype_pass),
      cmocka_unit_test(scalars_go_as_tensors_of_one_element),
      cmocka_unit_test(an_empty_execute_does_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
