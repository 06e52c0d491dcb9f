// Configurations: what the Triton backend completes, what it leaves alone, and what it
// refuses by name; and the life of models.
#include <stdio.h>
#include <string.h>

#include "triton_fixture.h"

#define STATE(input, output, type, dims, more)                                         \
  "{\"input_name\":\"" input "\",\"output_name\":\"" output "\",\"data_type\":\"" type \
  "\",\"dims\":" dims more "}"
#define SHARED ",\"use_same_buffer_for_input_output\":true"
#define SEQUENCES(states) "{\"sequence_batching\":{\"direct\":{},\"state\":[" states "]}"
#define BOTH(more)                                \
  STATE("l/h", "l/h", "TYPE_FP32", "[1,4]", more) \
  "," STATE("l/c", "l/c", "TYPE_FP32", "[1,4]", more)
#define PARAMETER(name, value) \
  "{\"parameters\":{\"" name "\":{\"string_value\":\"" value "\"}}}"

static void a_configuration_is_completed_from_the_model(void** state) {
  triton_fixture fixture;
  const TRITONBACKEND_Model* model = &fixture.model;
  (void)state;
  fixture_start(&fixture, kTwoLayers, "{\"backend\":\"olstm\"}", NULL);
  assert_int_equal(fixture.model.set_count, 1);
  assert_string_equal(fake_config(model, "input"),
                      "[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\",\"dims\":[-1,3]}]");
  assert_string_equal(fake_config(model, "output"),
                      "[{\"name\":\"y\",\"data_type\":\"TYPE_FP32\",\"dims\":[-1,4]},"
                      "{\"name\":\"last\",\"data_type\":\"TYPE_FP32\",\"dims\":[1,4]}]");
  assert_string_equal(
      fake_config(model, "sequence_batching"),
      "{\"oldest\":{\"max_candidate_sequences\":4096},"
      "\"max_sequence_idle_microseconds\":10000000,\"state\":[" STATE(
          "b/h", "b/h", "TYPE_FP32", "[1,4]",
          SHARED) "," STATE("b/c", "b/c", "TYPE_FP32", "[1,4]",
                            SHARED) "," STATE("a/h", "a/h", "TYPE_FP32", "[1,4]",
                                              SHARED) "," STATE("a/c", "a/c", "TYPE_FP32",
                                                                "[1,4]", SHARED) "]}");
  assert_int_equal(fake_server.preferred_kind, OLSTM__TRITON_KIND_CPU);
  assert_true(fake_server.loads_in_parallel);
  fixture_end(&fixture);
}

static void what_the_user_wrote_stays(void** state) {
  static const char kConfig[] =
      "{\"max_batch_size\":\"16\",\"input\":[{\"name\":\"x\",\"dims\":[\"5\",3]}],"
      "\"output\":[{\"name\":\"last\"}],"
      "\"sequence_batching\":{\"max_sequence_idle_microseconds\":\"5\",\"oldest\":"
      "{\"max_candidate_sequences\":7},\"state\":[" STATE(
          "a/c", "a/c", "TYPE_FP32", "[4]",
          "") "," STATE("a/h", "a/h", "TYPE_FP32", "[-1,-1]",
                        "") "," STATE("b/c", "b/c", "TYPE_FP32", "[1,4]",
                                      "") "," STATE("b/h", "b/h", "TYPE_FP32", "[1,4]",
                                                    "") "]}}";
  triton_fixture fixture;
  const TRITONBACKEND_Model* model = &fixture.model;
  (void)state;
  fixture_start(&fixture, kTwoLayers, kConfig, NULL);
  assert_string_equal(fake_config(model, "max_batch_size"), "16");
  assert_string_equal(
      fake_config(model, "input"),
      "[{\"name\":\"x\",\"dims\":[\"5\",3],\"data_type\":\"TYPE_FP32\"}]");
  assert_string_equal(fake_config(model, "output"),
                      "[{\"name\":\"last\",\"data_type\":\"TYPE_FP32\",\"dims\":[1,4]}]");
  assert_string_equal(
      fake_config(model, "sequence_batching.oldest.max_candidate_sequences"), "7");
  assert_string_equal(
      fake_config(model, "sequence_batching.max_sequence_idle_microseconds"), "\"5\"");
  assert_string_equal(fake_config(model, "sequence_batching.state.0.dims"), "[4]");
  fixture_end(&fixture);
}

static void expect_log(const char* text) {
  if (!strstr(fake_server.log, text)) fail_msg("%s", fake_server.log);
}

/// Loads a model that must load and shows one value of its configuration.
static void expect_config(const char* model, const char* config, const char* path,
                          const char* expected) {
  triton_fixture fixture;
  assert_string_equal(fixture_load(&fixture, model, config, true), "");
  assert_string_equal(fake_config(&fixture.model, path), expected);
  fake_unload(&fixture.model);
  fixture_unload(&fixture);
}

static void parameters_choose_what_is_kept(void** state) {
  (void)state;
  expect_config(kOneLayer, PARAMETER("stateful", "none"), "sequence_batching", "");
  expect_config(kOneLayer, PARAMETER("stateful", "none"), "dynamic_batching", "{}");
  expect_config(kTwoLayers, PARAMETER("stateful", " a "),
                "sequence_batching.state.1.input_name", "\"a/c\"");
  expect_config(kTwoLayers, PARAMETER("stateful", "b , a"),
                "sequence_batching.state.3.input_name", "\"a/c\"");
  // A scheduler that knows no sequences says the same.
  expect_config(kOneLayer, "{\"dynamic_batching\":{\"preferred_batch_size\":[4]}}",
                "dynamic_batching", "{\"preferred_batch_size\":[4]}");
  expect_config(kOneLayer,
                "{\"max_batch_size\":1,\"parameters\":{\"stateful\":"
                "{\"string_value\":\"none\"}}}",
                "dynamic_batching", "");
}

static void parameters_choose_how_it_runs(void** state) {
  (void)state;
  expect_config(kOneLayer, PARAMETER("kernel", "reference"), "max_batch_size", "64");
  expect_config(kOneLayer, PARAMETER("kernel", "fastest"), "max_batch_size", "64");
  expect_config(kOneLayer, PARAMETER("precision", "int8"), "max_batch_size", "64");
  expect_config(kOneLayer, PARAMETER("precision", "f32"), "max_batch_size", "64");
  expect_config(kOneLayer, PARAMETER("threads", "2"), "max_batch_size", "64");
  expect_config(kOneLayer, PARAMETER("TRITON_BATCH_STRATEGY_PATH", "x"), "max_batch_size",
                "64");
}

static void inputs_with_initializers_are_served_when_they_are_listed(void** state) {
  static const char kModel[] =
      "input x float[n,3]\ninput w float[n,3]\nconst w float[1,3] 2\n"
      "node Mul x,w -> y\noutput y float[n,3]\n";
  (void)state;
  expect_config(kModel, "{}", "input",
                "[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\",\"dims\":[3]}]");
  expect_config(kModel, "{\"input\":[{\"name\":\"w\"}]}", "input",
                "[{\"name\":\"w\",\"data_type\":\"TYPE_FP32\",\"dims\":[3]},"
                "{\"name\":\"x\",\"data_type\":\"TYPE_FP32\",\"dims\":[3]}]");
}

static void rows_that_are_not_independent_are_never_run_together(void** state) {
  // Each row is compared with the mean of all.
  static const char kModel[] =
      "opset 17\ninput x float[n,3]\n"
      "node ReduceMean x -> m axes=[0] keepdims=1\nnode Sub x,m -> y\n"
      "output y float[n,3]\n";
  (void)state;
  expect_config(kModel, "{}", "max_batch_size", "0");
  expect_config(kModel, "{}", "input.0.dims", "[-1,3]");
  expect_log("output 'y' of a row depends on the other rows");
}

static void rows_that_mix_behind_a_threshold_are_never_run_together(void** state) {
  // What is more than 5 in some row is added to all of them.
  static const char kStateless[] =
      "opset 17\ninput x float[n,3]\nnode ReduceMax x -> m axes=[0] keepdims=1\n"
      "const five float[1] 5\nnode Sub m,five -> d\nnode Relu d -> r\n"
      "node Add x,r -> z\noutput z float[n,3]\n";
  // The rows of others in another order, where they are beyond what a layer gives.
  static const char kStateful[] =
      "opset 17\ninput x float[n,t,3]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM x,w,r -> y4,h name=l hidden_size=4 layout=1\n"
      "const two int64[1] 2\nnode Squeeze y4,two -> y\n"
      "const a int64[1] -1\nconst b int64[1] -1000\nconst ax int64[1] 0\n"
      "node Slice y,a,b,ax,a -> q\nconst five float[1] 5\nnode Sub q,five -> d\n"
      "node Relu d -> r5\nnode Add y,r5 -> z\noutput z float[n,t,4]\n";
  (void)state;
  expect_config(kStateless, "{}", "max_batch_size", "0");
  expect_log("output 'z' of a row depends on the other rows");
  expect_config(kStateful, "{}", "max_batch_size", "0");
  expect_log("Slice 'q' mixes the rows of a batch");
}

static void models_that_take_no_large_numbers_run_together(void** state) {
  // An index that comes as a float; and a quotient that is no number for large ones.
  static const char kModel[] =
      "opset 17\ninput x float[n,3]\nconst table float[2,3] 1 2 3 4 5 6\n"
      "node Abs x -> p\nnode Cast p -> i to=7\nnode Gather table,i -> e axis=0\n"
      "const two int64[1] 2\nnode ReduceSum e,two -> y keepdims=0\n"
      "output y float[n,3]\n";
  static const char kQuotient[] =
      "opset 17\ninput x float[n,3]\nnode Exp x -> e\nnode Div e,e -> y\n"
      "output y float[n,3]\n";
  // The same in front of a layer, of at most 4 steps.
  static const char kShort[] =
      "opset 17\ninput x float[n,t,3]\nconst table float[2,3] 1 2 3 4 5 6\n"
      "node Abs x -> p\nnode Cast p -> i to=7\nnode Gather table,i -> e axis=0\n"
      "const three int64[1] 3\nnode ReduceSum e,three -> s keepdims=0\n"
      "node Shape x -> d\nconst one int64 1\nconst zero int64 0\n"
      "node Gather d,one -> count\nnode Range zero,count,one -> r\n"
      "const places float[4,3] 1 2 3\nnode Gather places,r -> f\nnode Add s,f -> z\n"
      "const w float[1,16,3] 0.3 -0.2 0.1\nconst u float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM z,w,u -> y,h name=l hidden_size=4 layout=1\n"
      "output y float[n,t,1,4]\n";
  (void)state;
  expect_config(kModel, "{}", "max_batch_size", "64");
  expect_config(kQuotient, "{}", "max_batch_size", "64");
  expect_config(kShort, "{}", "max_batch_size", "64");
}

#define CONTROL(name, values)                                                        \
  "{\"sequence_batching\":{\"oldest\":{},\"control_input\":["                        \
  "{\"name\":\"" name "\",\"control\":[{\"kind\":\"CONTROL_SEQUENCE_START\"," values \
  "}]}],\"state\":[" BOTH("") "]}}"
#define FP32_CONTROL "\"int32_false_true\":[],\"fp32_false_true\":[0,1]"

/// kOneLayer with an input that says where sequences start.
static const char kControlled[] =
    "opset 17\ninput START float[n,1]\ninput x float[n,t,3]\n"
    "const w float[1,16,3] 0.3 -0.2 0.1\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
    "node LSTM x,w,r -> y4,h name=l hidden_size=4 layout=1\n"
    "const two int64[1] 2\nnode Squeeze y4,two -> y\n"
    "node Unsqueeze START,two -> s\nnode Add y,s -> z\noutput z float[n,t,4]\n";

static void inputs_that_the_server_fills_are_not_asked_of_clients(void** state) {
  (void)state;
  expect_config(kControlled, "{}", "input.0.name", "\"START\"");
  expect_config(kControlled, CONTROL("START", FP32_CONTROL), "input",
                "[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\",\"dims\":[-1,3]}]");
  expect_config(kControlled, CONTROL("START", FP32_CONTROL), "max_batch_size", "64");
}

static void trial_runs_know_the_batch_by_its_name(void** state) {
  // Works from 5 steps on, and with the same batch on two different axes alone.
  static const char kModel[] =
      "opset 17\ninput x float[n,3,t]\ninput s float[2,n,4]\n"
      "const zero int64[1] 0\nnode MaxPool x -> p kernel_shape=[5]\n"
      "node ReduceMean p -> m axes=[0] keepdims=1\nnode Sub p,m -> d\n"
      "node Slice s,zero,one,zero -> first\nconst one int64[1] 1\n"
      "node Transpose first -> f perm=[1,2,0]\n"
      "node ReduceSum f,one -> g keepdims=1\nnode Add d,g -> y\noutput y float\n";
  (void)state;
  expect_config(kModel, "{}", "output.0.dims", "[-1,-1,-1]");
  expect_config(kModel, "{}", "max_batch_size", "0");
}

// ---------------------------------------------------------------- what is refused

typedef struct refusal {
  const char* model;
  const char* config;
  const char* message;
} refusal;

static void expect_refusals(const refusal* refusals, size_t count, bool completes) {
  for (size_t i = 0; i < count; i++) {
    triton_fixture fixture;
    const char* error =
        fixture_load(&fixture, refusals[i].model, refusals[i].config, completes);
    if (!strstr(error, refusals[i].message)) {
      fail_msg("'%s' is not in '%s'", refusals[i].message, error);
    }
    fixture_unload(&fixture);
  }
}

static void wrong_parameters_are_refused_by_name(void** state) {
  static const refusal kRefusals[] = {
      {kOneLayer, PARAMETER("treads", "2"), "unknown parameter 'treads': there are"},
      {kOneLayer, PARAMETER("threads", "0"), "parameter threads is '0'"},
      {kOneLayer, PARAMETER("threads", "2x"), "parameter threads is '2x'"},
      {kOneLayer, PARAMETER("precision", "f16"), "parameter precision is 'f16'"},
      {kOneLayer, PARAMETER("kernel", "quick"), "'quick'"},
      {kOneLayer, PARAMETER("stateful", "m"), "no node 'm'"},
      {kDense, PARAMETER("stateful", "all"), "has no LSTM, GRU or RNN node"},
      {kOneLayer, PARAMETER("threads", ""), "parameter threads has no string_value"},
      {kOneLayer, "{\"parameters\":{\"stateful\":{}}}",
       "parameter stateful has no string_value"},
      {kOneLayer, PARAMETER("bindings", "h"), "parameter bindings is 'h': it wants"},
      {kOneLayer, PARAMETER("bindings", "y=q"), "'q'"}};
  (void)state;
  expect_refusals(kRefusals, sizeof kRefusals / sizeof kRefusals[0], true);
}

static void wrong_tensors_are_refused_by_name(void** state) {
  static const refusal kRefusals[] = {
      {kOneLayer, "{\"input\":[{\"name\":\"q\"}]}",
       "the configuration's input 'q' is no input of the model"},
      {kOneLayer, "{\"output\":[{\"name\":\"x\"}]}",
       "the configuration's output 'x' is no output of the model"},
      {kOneLayer, "{\"input\":[{\"name\":\"x\",\"data_type\":\"TYPE_FP64\"}]}",
       "input 'x' is TYPE_FP64, the model's TYPE_FP32"},
      {kOneLayer, "{\"input\":[{\"name\":\"x\",\"dims\":[-1,5]}]}",
       "input 'x' has dims [-1,5], the model's are [-1,3] without the batch"},
      {kOneLayer, "{\"output\":[{\"name\":\"y\",\"dims\":[4]}]}",
       "output 'y' has dims [4], the model's are [-1,4] without the batch"},
      {kOneLayer, "{\"output\":[{\"name\":\"y\",\"dims\":[1,1,1,1,1,1,1,1,1]}]}",
       "output 'y' has dims of rank 9"},
      {kOneLayer, "{\"input\":[{\"name\":\"x\",\"optional\":true}]}",
       "input 'x': this backend does not know optional"},
      {kOneLayer, "{\"batch_input\":[{\"kind\":\"BATCH_ELEMENT_COUNT\"}]}",
       "the configuration has batch_input"}};
  (void)state;
  expect_refusals(kRefusals, sizeof kRefusals / sizeof kRefusals[0], true);
}

static void wrong_states_are_refused_by_name(void** state) {
  static const refusal kRefusals[] = {
      {kOneLayer, "{\"sequence_batching\":{}}",
       "sequence_batching lacks state { input_name: \"l/h\" output_name: \"l/h\" "
       "data_type: TYPE_FP32 dims: [1,4] use_same_buffer_for_input_output: true }"},
      {kOneLayer, SEQUENCES(STATE("l/h", "l/h", "TYPE_FP32", "[1,4]", "")) "}",
       "sequence_batching lacks state { input_name: \"l/c\""},
      {kOneLayer, SEQUENCES(BOTH("") "," STATE("z", "z", "TYPE_FP32", "[1]", "")) "}",
       "state 'z' is no state slot of the model, whose first is l/h"},
      {kDense, SEQUENCES(STATE("z", "z", "TYPE_FP32", "[1]", "")) "}",
       "state 'z' is no state slot of the model"},
      {kOneLayer, SEQUENCES(STATE("l/h", "l/h", "TYPE_FP16", "[1,4]", "")) "}",
       "state 'l/h' is TYPE_FP16, the model's TYPE_FP32"},
      {kOneLayer, SEQUENCES(STATE("l/h", "l/h", "TYPE_FP32", "[1,5]", "")) "}",
       "state 'l/h' has dims [1,5], the model's are [1,4]"},
      {kOneLayer,
       SEQUENCES(STATE("l/h", "a", "TYPE_FP32", "[1,4]", SHARED) "," STATE(
           "l/c", "b", "TYPE_FP32", "[1,4]", "")) "}",
       "states 'l/c' and 'l/h': servers pair input_name and output_name by their order"},
      {kOneLayer,
       "{\"dynamic_batching\":{},\"parameters\":{\"stateful\":{\"string_value\":\"all\"}}"
       "}",
       "the model keeps state, 'l/h' and 1 more, and the configuration has no "
       "sequence_batching"},
      {kOneLayer,
       SEQUENCES(STATE("l/h", "l/h", "TYPE_FP32", "[1,4]", "") "," STATE(
           "l/h", "o", "TYPE_FP32", "[1,4]", "")) "}",
       "two states of input_name 'l/h'"},
      {kOneLayer,
       SEQUENCES(STATE("l/h", "o", "TYPE_FP32", "[1,4]", "") "," STATE(
           "l/c", "o", "TYPE_FP32", "[1,4]", "")) "}",
       "two states of output_name 'o'"}};
  (void)state;
  expect_refusals(kRefusals, sizeof kRefusals / sizeof kRefusals[0], true);
}

static void wrong_controls_are_refused_by_name(void** state) {
  static const char kWide[] =
      "opset 17\ninput START float[n,2]\ninput x float[n,t,3]\n"
      "const w float[1,16,3] 0.3 -0.2 0.1\nconst r float[1,16,4] 0.2 -0.1 0.3\n"
      "node LSTM x,w,r -> y4,h name=l hidden_size=4 layout=1\n"
      "output y4 float\noutput START float[n,2]\n";
  static const refusal kRefusals[] = {
      {kControlled, CONTROL("BEGIN", FP32_CONTROL),
       "control input 'BEGIN' is no input of the model: olstm needs none, leave it out"},
      {kControlled, CONTROL("START", "\"int32_false_true\":[0,1]"),
       "control input 'START' is TYPE_INT32, the model's TYPE_FP32"},
      {kControlled, CONTROL("START", "\"bool_false_true\":[false,true]"),
       "control input 'START' is TYPE_BOOL, the model's TYPE_FP32"},
      {kControlled, CONTROL("START", "\"data_type\":\"TYPE_UINT64\""),
       "control input 'START' is TYPE_UINT64, the model's TYPE_FP32"},
      {kWide, CONTROL("START", FP32_CONTROL),
       "control input 'START' comes with dims [1], the model's are [2]"}};
  (void)state;
  expect_refusals(kRefusals, sizeof kRefusals / sizeof kRefusals[0], true);
}

static void without_completion_all_must_be_there(void** state) {
  static const refusal kRefusals[] = {
      {kOneLayer, "{}", "the model's input 'x' is missing in the configuration"},
      {kOneLayer,
       "{\"max_batch_size\":4,\"input\":[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\","
       "\"dims\":[-1,3]}]}",
       "the configuration has no sequence_batching"}};
  static const char kComplete[] =
      "{\"max_batch_size\":4,\"input\":[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[-1,3]}],\"output\":[{\"name\":\"y\",\"data_type\":\"TYPE_FP32\","
      "\"dims\":[-1,4]}],\"sequence_batching\":{\"direct\":{},\"state\":[" BOTH("") "]}}";
  triton_fixture fixture;
  (void)state;
  expect_refusals(kRefusals, sizeof kRefusals / sizeof kRefusals[0], false);
  assert_string_equal(fixture_load(&fixture, kOneLayer, kComplete, false), "");
  assert_int_equal(fixture.model.set_count, 0);
  fake_unload(&fixture.model);
  fixture_unload(&fixture);
}

static void models_that_cannot_be_served_say_why(void** state) {
  static const refusal kRefusals[] = {
      {kDense, "{\"default_model_filename\":\"other.onnx\"}", "1/other.onnx"},
      {kDense, "{\"sequence_batching\":{\"iterative_sequence\":true}}",
       "iterative_sequence, which this backend does not know"},
      {"input x float[n,2]\nnode test:Unknown x -> y\noutput y float\n", "{}", "Unknown"},
      {"opset 17\ninput x float\nnode Identity x -> y\noutput y float\n", "{}",
       "the model does not say the rank of input 'x'"},
      // A cell that olstm does not recognise, stepping through a sequence.
      {"opset 17\ngraph body\ninput h float[2]\ninput x float[2]\nnode Mul h,x -> m\n"
       "node Add m,x -> n\noutput n float[2]\noutput y float[2]\nnode Identity n -> y\n"
       "end\ninput x float[t,2]\nconst h float[2] 0\n"
       "node Scan h,x -> last,y body=@body num_scan_inputs=1\noutput y float[t,2]\n",
       "{}", "; parameter stateful: \"none\" runs it without state"},
      // States that are inputs: the second layer's cannot be the context's as well, which
      // trial runs show.
      {"opset 17\ninput x float[t,n,3]\ninput h0 float[2,n,4]\n"
       "const w float[1,16,3] 0.1\nconst v float[1,16,4] 0.1\nconst r float[1,16,4] 0.2\n"
       "const one int64[1] 1\nnode Split h0 -> ha,hb axis=0\n"
       "node LSTM x,w,r,_,_,ha -> y4 name=a hidden_size=4\nnode Squeeze y4,one -> y3\n"
       "node LSTM y3,v,r,_,_,hb -> y name=b hidden_size=4\noutput y float\n",
       "{}",
       "its node cannot keep it; parameter stateful: \"none\" runs it without state, and "
       "bindings: \"OUTPUT=INPUT\" keeps"}};
  (void)state;
  expect_refusals(kRefusals, sizeof kRefusals / sizeof kRefusals[0], true);
}

// ---------------------------------------------------------------- life

static void instances_on_a_gpu_are_refused(void** state) {
  triton_fixture fixture;
  TRITONBACKEND_ModelInstance instance;
  (void)state;
  fixture_start(&fixture, kDense, "{}", NULL);
  assert_string_equal(
      fake_add_instance(&instance, &fixture.model, OLSTM__TRITON_KIND_GPU),
      "olstm: instance_group kind GPU: olstm runs on the CPU, write KIND_CPU");
  assert_string_equal(
      fake_add_instance(&instance, &fixture.model, OLSTM__TRITON_KIND_MODEL), "");
  fake_remove_instance(&instance);
  fixture_end(&fixture);
}

static void models_and_the_library_load_again(void** state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    triton_fixture fixture;
    TRITONBACKEND_Model again;
    fixture_start(&fixture, kTwoLayers, "{}", NULL);
    assert_string_equal(fake_load(&fixture.backend, &again, fixture.folder, "{}", true),
                        "");
    fake_unload(&again);
    fixture_end(&fixture);
  }
}

static void servers_of_other_versions_are_refused(void** state) {
  static const uint32_t kVersions[][2] = {{1, 7}, {2, 0}, {0, 9}};
  (void)state;
  for (int i = 0; i < 3; i++) {
    fake_backend backend;
    char expected[128];
    fake_server.api_major = kVersions[i][0];
    fake_server.api_minor = kVersions[i][1];
    (void)snprintf(expected, sizeof expected,
                   "olstm: the server's backend API is %u.%u: this backend needs 1.8 or "
                   "a later minor version",
                   (unsigned)kVersions[i][0], (unsigned)kVersions[i][1]);
    assert_string_equal(fake_open(&backend), expected);
    fake_close(&backend);
  }
  fake_server.api_major = 1;
  fake_server.api_minor = 19;
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_configuration_is_completed_from_the_model),
      cmocka_unit_test(what_the_user_wrote_stays),
      cmocka_unit_test(parameters_choose_what_is_kept),
      cmocka_unit_test(parameters_choose_how_it_runs),
      cmocka_unit_test(inputs_with_initializers_are_served_when_they_are_listed),
      cmocka_unit_test(rows_that_are_not_independent_are_never_run_together),
      cmocka_unit_test(rows_that_mix_behind_a_threshold_are_never_run_together),
      cmocka_unit_test(models_that_take_no_large_numbers_run_together),
      cmocka_unit_test(inputs_that_the_server_fills_are_not_asked_of_clients),
      cmocka_unit_test(trial_runs_know_the_batch_by_its_name),
      cmocka_unit_test(wrong_parameters_are_refused_by_name),
      cmocka_unit_test(wrong_tensors_are_refused_by_name),
      cmocka_unit_test(wrong_states_are_refused_by_name),
      cmocka_unit_test(wrong_controls_are_refused_by_name),
      cmocka_unit_test(without_completion_all_must_be_there),
      cmocka_unit_test(models_that_cannot_be_served_say_why),
      cmocka_unit_test(instances_on_a_gpu_are_refused),
      cmocka_unit_test(models_and_the_library_load_again),
      cmocka_unit_test(servers_of_other_versions_are_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
