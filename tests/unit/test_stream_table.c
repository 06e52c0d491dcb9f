// What tables of streams refuse, and what they find out about a model.
#include <string.h>

#include "tests/support/stream_fixture.h"
#include "tests/support/test_main.h"

/// No table can be made for the model with that node stateful: the message has these
/// words.
static void expect_refused_of(const char* text, const char* stateful, olstm_status code,
                              const char* words) {
  stream_fixture f;
  olstm_error error = {""};
  olstm_session* session = open_session_of(&f, text, stateful);
  const olstm_status status = olstm_streams_create(session, NULL, &f.streams, &error);
  if (!strstr(error.message, words)) fail_msg("%s", error.message);
  assert_int_equal(status, code);
  assert_null(f.streams);
  close_all(&f);
}

/// The same with all recurrent nodes stateful.
static void expect_refused(const char* text, olstm_status code, const char* words) {
  expect_refused_of(text, "all", code, words);
}

/// A table computes rows one by one: the reason has these words.
static void expect_alone(const char* text, const char* words) {
  stream_fixture f;
  olstm_streams_info info;
  open_table(&f, text, 4);
  olstm_streams_get_info(f.streams, &info);
  assert_int_equal(info.largest_batch, 1);
  if (!strstr(info.reason, words)) fail_msg("%s", info.reason);
  close_all(&f);
}

static void refuses_nodes_that_mix_rows(void** state) {
  (void)state;
  const olstm_status code = OLSTM_STATUS_UNSUPPORTED;
  expect_refused(ROWS_OF_STEPS
                 "node ReduceMean y -> m name=mean axes=[2]\n"
                 "node Add y,m -> z\noutput z\n",
                 code, "ReduceMean 'mean' mixes the rows of a batch: its result has no");
  expect_refused(ROWS_OF_STEPS "node Softmax y -> z name=s axis=2\noutput z\n", code,
                 "Softmax 's' mixes the rows of a batch: it computes along");
  // Until opset 12 over all dimensions from the axis on.
  expect_refused("opset 11\n" ROWS_OF_STEPS
                 "node Softmax y -> z name=s axis=1\noutput z\n",
                 code, "Softmax 's' mixes");
  expect_refused(ROWS_OF_STEPS
                 "const a int64[] 2\nnode CumSum y,a -> z name=s\n"
                 "output z\n",
                 code, "CumSum 's' mixes");
  expect_refused(ROWS_OF_STEPS
                 "const flat int64[3] 0 -1 3\nconst last int64[3] 2 0 1\n"
                 "const a int64[1] 1\nnode Squeeze y,a -> q\n"
                 "const p int64[3] -1 0 0\nnode Shape q -> s\n"
                 "const turn int64[3] 1 0 2\nnode Gather s,turn -> u\n"
                 "node Reshape q,u -> z name=apart\noutput z\n",
                 code, "Reshape 'apart' mixes the rows of a batch: it takes the batch");
}

/// What the values of a trial may hide: a threshold that they do not reach.
#define THRESHOLD "const limit float[] 1000\nnode Greater m,limit -> z\noutput z\n"

static void refuses_mixed_rows_that_shapes_do_not_show(void** state) {
  (void)state;
  static const struct {
    const char *nodes, *words;
  } kCases[] = {
      {"node Trilu y -> m name=t\n", "Trilu 't' mixes"},
      {"const a int64[1] -1\nconst b int64[1] -1000\nconst c int64[1] 2\n"
       "node Slice y,a,b,c,a -> m name=turned\n",
       "Slice 'turned' mixes the rows of a batch: it takes them in another order"},
      {"const p int64[8] 0 0 1 0 0 0 -1 0\nnode Pad y,p -> m name=moved\n",
       "Pad 'moved' mixes the rows of a batch: it moves them"},
      {"const p int64[2] -1 1\nconst a int64[1] -2\nconst v float[] 0\n"
       "node Pad y,p,v,a -> m name=moved\n",
       "Pad 'moved' mixes"},
      {"node Einsum y,y -> m name=e equation=\"tdbh,tdch->tdbh\"\n",
       "Einsum 'e' mixes the rows of a batch: its equation"},
      {"node Einsum y,y -> m name=e equation=\"td...h,tdch->td...h\"\n",
       "Einsum 'e' mixes"},
      {"const a int64[1] 1\nnode Squeeze y,a -> q\nnode Transpose q -> v "
       "perm=[1,0,2]\n"
       "const w2 float[1,3,3] 0.5\nconst r2 float[1,3,3] 0.5\n"
       "node RNN v,w2,r2 -> m name=along hidden_size=3\n",
       "RNN 'along' mixes the rows of a batch: it steps along"},
      {"const a int64[1] 1\nnode Squeeze y,a -> v\n"
       "const w2 float[1,3,3] 0.5\nconst r2 float[1,3,3] 0.5\n"
       "node RNN v,w2,r2 -> m name=along hidden_size=3 layout=1\n",
       "RNN 'along' mixes"},
  };
  for (size_t c = 0; c < sizeof kCases / sizeof *kCases; c++) {
    char text[2048];
    (void)snprintf(text, sizeof text, "opset 18\n%s%s%s", ROWS_OF_STEPS, kCases[c].nodes,
                   THRESHOLD);
    expect_refused_of(text, "l", OLSTM_STATUS_UNSUPPORTED, kCases[c].words);
  }
}

/// How many rows there are is the company's matter.
#define COUNTED_ROWS \
  ROWS_OF_STEPS "const i int64[1] 1\nnode Shape x -> s\nnode Gather s,i -> n\n"

static void computes_alone_what_depends_on_the_batch_size(void** state) {
  (void)state;
  expect_alone(COUNTED_ROWS
               "node Cast n -> f to=1\nnode Div y,f -> m name=share\n" THRESHOLD,
               "Div 'share': it reads what depends on how many rows there are");
  expect_alone(COUNTED_ROWS
               "node Concat n,n -> nn axis=0\nnode ConstantOfShape nn -> ones\n"
               "node MatMul ones,y -> m name=sum\n" THRESHOLD,
               "MatMul 'sum': it reads what depends on how many rows there are");
  // Neither of the batch sizes that shapes are compared at is that large.
  expect_alone(COUNTED_ROWS
               "const ten int64[1] 10\nnode Greater n,ten -> c\n"
               "graph t\nnode Neg y -> a\noutput a\nend\n"
               "graph e\nnode Abs y -> b\noutput b\nend\n"
               "node If c -> z name=choice then_branch=@t else_branch=@e\noutput z\n",
               "If 'choice': it takes its branch by the batch size");
}

static void computes_together_what_depends_on_shapes_alone(void** state) {
  (void)state;
  static const char* const kTexts[] = {
      // The number of time steps is none of the batch's.
      ROWS_OF_STEPS
      "const i int64[1] 0\nnode Shape x -> s\nnode Gather s,i -> t\n"
      "node Cast t -> f to=1\nnode Div y,f -> z\noutput z\n",
      // One value for every row.
      COUNTED_ROWS
      "const k float[1,1,3] 1 2 3\nconst one int64[1] 1\n"
      "node Concat one,n,one -> s1 axis=0\nnode Tile k,s1 -> e\n"
      "node Add y,e -> z\noutput z\n",
      COUNTED_ROWS
      "const k float[1,3] 1 2 3\nconst three int64[1] 3\n"
      "node Concat n,three -> s1 axis=0\nnode Expand k,s1 -> e\n"
      "node Add y,e -> z\noutput z\n",
      ROWS_OF_STEPS "node Einsum y,y -> z equation=\"t...h,t...k->t...h\"\noutput z\n",
      ROWS_OF_STEPS "const p int64[8] 1 0 0 0 -1 0 0 0\nnode Pad y,p -> z\noutput z\n",
      ROWS_OF_STEPS
      "const a int64[1] -1\nconst b int64[1] -1000\nconst c int64[1] 0\n"
      "node Slice y,a,b,c,a -> z\noutput z\n",
  };
  for (size_t t = 0; t < sizeof kTexts / sizeof *kTexts; t++) {
    stream_fixture f;
    olstm_streams_info info;
    open_table(&f, kTexts[t], 4);
    olstm_streams_get_info(f.streams, &info);
    assert_string_equal(info.reason, "");
    assert_int_equal(info.largest_batch, 8);
    close_all(&f);
  }
}

static void refuses_nodes_that_branch_on_rows(void** state) {
  (void)state;
  expect_refused(ROWS_OF_STEPS
                 "const all int64[4] 0 1 2 3\nconst zero float[] 100\n"
                 "node ReduceMax x -> m keepdims=0 name=most\nnode Greater m,zero -> c\n"
                 "graph t\nnode Neg y -> a\noutput a\nend\n"
                 "graph e\nnode Abs y -> b\noutput b\nend\n"
                 "node If c -> z name=choice then_branch=@t else_branch=@e\noutput z\n",
                 OLSTM_STATUS_UNSUPPORTED, "ReduceMax 'most' mixes");
}

static void refuses_a_fixed_batch_by_the_inputs_name(void** state) {
  (void)state;
  expect_refused("input x float[t,1,2]\n" WEIGHTS LSTM "output y\n",
                 OLSTM_STATUS_UNSUPPORTED, "input 'x' has shape [-1,1,2]");
}

static void refuses_outputs_without_a_batch_axis(void** state) {
  (void)state;
  expect_refused(ROWS_OF_STEPS "node Shape x -> s\noutput y\noutput s\n",
                 OLSTM_STATUS_UNSUPPORTED, "output 's' has no batch axis");
}

static void computes_alone_what_it_cannot_follow(void** state) {
  (void)state;
  expect_alone(ROWS_OF_STEPS
               "node RandomNormalLike y -> d name=noise\n"
               "node Add y,d -> z\noutput z\n",
               "RandomNormalLike 'noise': it draws random numbers");
  expect_alone("input x float[t,n,2]\n" WEIGHTS
               "node test:Inc x -> v name=own\nnode LSTM v,w,r -> y hidden_size=3\n"
               "output y\n",
               "Inc 'own': it is no operator of olstm's");
  // The shapes do not tell; made-up values do.
  expect_alone(ROWS_OF_STEPS
               "const three int64[1] 3\nconst k float[3] 1 2 3\nconst i int64[1] 1\n"
               "node Shape x -> s\nnode Gather s,i -> n\n"
               "node Concat n,three -> s1 axis=0\nnode Expand k,s1 -> e\n"
               "node Concat three,n -> s2 axis=0\nnode Reshape e,s2 -> f\n"
               "node Transpose f -> g perm=[1,0]\nnode Add y,g -> z\noutput z\n",
               "output 'z' is not bit for bit the same when rows are computed together");
  expect_alone(ROWS_OF_STEPS
               "const m int64[] 2\nconst c bool[] 1\n"
               "graph b\ninput i int64[]\ninput g bool[]\n"
               "input v float[t,1,n,3]\nnode Identity g -> go\n"
               "node Tanh v -> w2\noutput go\noutput w2\nend\n"
               "node Loop m,c,y -> z name=twice body=@b\n"
               "output z float[t,1,n,3]\n",
               "Loop 'twice': rows are not followed through its body");
}

// ---------------------------------------------------------------- axes

static void finds_and_takes_batch_axes(void** state) {
  (void)state;
  stream_fixture f;
  olstm_error error = {""};
  olstm_streams_options options;
  olstm_session* session =
      open_session(&f, "input x float[?,?,2]\n" WEIGHTS LSTM "output y\n");
  olstm_streams_options_init(&options);
  olstm_batch_axis axis = {"x", 1};
  options.batch_axes = &axis;
  options.batch_axis_count = 1;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_OK);
  assert_int_equal(olstm_streams_input_axis(f.streams, 0), 1);
  assert_int_equal(olstm_streams_output_axis(f.streams, 0), 2);
  assert_int_equal(olstm_streams_input_axis(f.streams, 1), -1);
  olstm_streams_destroy(f.streams);
  axis.name = "q";
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_NOT_FOUND);
  assert_string_equal(error.message, "batch_axes: no input or output 'q'");
  axis = (olstm_batch_axis){"x", 2};
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message,
                      "batch_axes: 'x' has shape [-1,-1,2], whose dimension 2 is fixed");
  axis.axis = 3;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  // The steps of a sequence are no batch.
  axis.axis = 0;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_null(f.streams);
  close_all(&f);
}

/// A bound state whose batch has no name: a context has to be told its shape, a stream
/// starts from zeros.
static void starts_bound_states_without_names_from_zeros(void** state) {
  (void)state;
  static const olstm_binding kBinding = {"hn", "h0"};
  stream_fixture f;
  olstm_error error = {""};
  olstm_session_options options;
  olstm_streams_options streams;
  olstm_stream stream = 0;
  float x[2] = {0.5F, -1}, zeros[3] = {0};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, 1, 2}}, x};
  const olstm_tensor h0 = {{OLSTM_DTYPE_FLOAT, 3, {1, 1, 3}}, zeros};
  olstm_tensor got[2] = {{.data = NULL}, {.data = NULL}};
  olstm_tensor expected[2] = {{.data = NULL}, {.data = NULL}};
  olstm_session_options_init(&options);
  options.binding_count = 1;
  options.bindings = &kBinding;
  olstm_session* session = olstm_fake_session_must(
      "input x float[?,?,2]\ninput h0 float[1,?,3]\n" WEIGHTS
      "node LSTM x,w,r,_,_,h0 -> y,hn hidden_size=3\noutput y\noutput hn\n",
      &options, &f.fake);
  olstm_streams_options_init(&streams);
  streams.capacity = 2;
  if (olstm_streams_create(session, &streams, &f.streams, &error) ||
      olstm_streams_open(f.streams, &stream, &error) ||
      olstm_streams_run(f.streams, &stream, 1, &input, 1, got, 2, &error)) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(olstm_streams_input_axis(f.streams, 0), 1);
  olstm_context* context = olstm_fake_context(session);
  assert_int_equal(olstm_context_set_state(context, "h0", &h0, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_context_run(context, &input, 1, expected, 2, &error),
                   OLSTM_STATUS_OK);
  assert_memory_equal(got[1].data, expected[1].data, sizeof zeros);
  olstm_context_destroy(context);
  close_all(&f);
}

static void refuses_options_out_of_range(void** state) {
  (void)state;
  stream_fixture f;
  olstm_error error = {""};
  olstm_streams_options options;
  olstm_session* session = open_session(&f, ROWS_OF_STEPS "output y\n");
  olstm_streams_options_init(&options);
  options.capacity = 0;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "streams: capacity is 0, expected 1 to 2147483647");
  olstm_streams_options_init(&options);
  options.largest_batch = 4097;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  olstm_streams_options_init(&options);
  const olstm_tensor_desc wrong = {OLSTM_DTYPE_FLOAT, 3, {1, 2, 2}};
  const olstm_tensor_desc thin = {OLSTM_DTYPE_FLOAT, 2, {1, 2}};
  options.step_count = 1;
  options.steps = &wrong;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "input 'x' has shape [1,2,2], expected 1 for a stream's row in "
                      "dimension 1");
  options.steps = &thin;
  assert_int_equal(olstm_streams_create(session, &options, &f.streams, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message, "input 'x' has shape [1,2], expected [-1,-1,2]");
  close_all(&f);
  // Without state there is nothing to keep apart.
  session = olstm_fake_session_must(ROWS_OF_STEPS "output y\n", NULL, &f.fake);
  assert_int_equal(olstm_streams_create(session, NULL, &f.streams, &error),
                   OLSTM_STATUS_WRONG_STATE);
  close_all(&f);
}

// ---------------------------------------------------------------- handles

static void refuses_handles_that_are_not_open(void** state) {
  (void)state;
  stream_fixture a, b;
  olstm_error error = {""};
  olstm_stream first = 0, second = 0, third = 0, other = 0;
  float x[4] = {1, 2, 3, 4};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, 2, 2}}, x};
  olstm_tensor output = {.data = NULL};
  open_table(&a, ROWS_OF_STEPS "output y\n", 2);
  open_table(&b, ROWS_OF_STEPS "output y\n", 2);
  assert_int_equal(olstm_streams_open(a.streams, &first, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_streams_open(a.streams, &second, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_streams_open(b.streams, &other, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_streams_open(a.streams, &third, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_string_equal(error.message, "the table is full: its capacity is 2 streams");
  assert_int_equal(olstm_streams_clone(a.streams, first, &third, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_int_equal(olstm_streams_run(a.streams, (olstm_stream[]){first, first}, 2, &input,
                                     1, &output, 1, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "is given twice"));
  assert_int_equal(olstm_streams_run(a.streams, (olstm_stream[]){first, other}, 2, &input,
                                     1, &output, 1, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "is not open in this table"));
  assert_int_equal(olstm_streams_close(a.streams, second, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_streams_close(a.streams, second, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_streams_open(a.streams, &third, &error), OLSTM_STATUS_OK);
  assert_true(third != second && olstm_streams_is_open(a.streams, third));
  assert_false(olstm_streams_is_open(a.streams, second));
  assert_false(olstm_streams_is_open(a.streams, 0));
  assert_int_equal(olstm_streams_reset(a.streams, second, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  close_all(&a);
  close_all(&b);
}

// ---------------------------------------------------------------- shapes of data

#define KEEPS_STEPS                                         \
  "input x float[t,n,2]\ninput keep bool[t]\n" WEIGHTS LSTM \
  "node Compress y,keep -> z name=chosen axis=0\noutput z"

static void expect_context(olstm_session* session, const olstm_tensor* inputs,
                           const olstm_tensor* output) {
  olstm_error error = {""};
  olstm_tensor expected = {.data = NULL};
  olstm_context* context = olstm_fake_context(session);
  if (olstm_context_run(context, inputs, 2, &expected, 1, &error)) {
    fail_msg("%s", error.message);
  }
  assert_true(olstm_tensor_desc_equal(&expected.desc, &output->desc));
  const size_t count = (size_t)olstm_tensor_desc_count(&output->desc);
  assert_memory_equal(expected.data, output->data, count * sizeof(float));
  olstm_context_destroy(context);
}

/// The steps that are kept, of streams that have kept others or as many.
static void takes_outputs_whose_shape_data_tells(void** state) {
  (void)state;
  stream_fixture f;
  olstm_error error = {""};
  olstm_streams_options options;
  olstm_stream handles[2];
  float x[2][6] = {{1, 2, 3, -1, 0.5F, 0.25F}, {-1, 0, 1, 2, -2, 0.125F}};
  uint8_t keep[2][3] = {{1, 0, 1}, {0, 1, 0}};
  expect_refused(KEEPS_STEPS, OLSTM_STATUS_UNSUPPORTED,
                 "output 'z' has no batch axis that could be told");
  // A name that the model gives tells as well.
  expect_alone(KEEPS_STEPS " float[?,1,n,3]\n", "Compress 'chosen'");
  olstm_session* session = open_session(&f, KEEPS_STEPS);
  const olstm_batch_axis axis = {"z", 2};
  olstm_streams_options_init(&options);
  options.capacity = 2;
  options.batch_axes = &axis;
  options.batch_axis_count = 1;
  if (olstm_streams_create(session, &options, &f.streams, &error)) {
    fail_msg("%s", error.message);
  }
  olstm_tensor inputs[2][2], outputs[2] = {{.data = NULL}, {.data = NULL}};
  olstm_stream_step steps[2];
  for (size_t s = 0; s < 2; s++) {
    assert_int_equal(olstm_streams_open(f.streams, &handles[s], &error), OLSTM_STATUS_OK);
    inputs[s][0] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {3, 1, 2}}, x[s]};
    inputs[s][1] = (olstm_tensor){{OLSTM_DTYPE_BOOL, 1, {3}}, keep[s]};
    steps[s] = (olstm_stream_step){handles[s], inputs[s], &outputs[s]};
  }
  assert_int_equal(olstm_streams_run_each(f.streams, steps, 2, &error), OLSTM_STATUS_OK);
  for (size_t s = 0; s < 2; s++) expect_context(session, inputs[s], &outputs[s]);
  assert_int_equal(outputs[0].desc.dims[0], 2);
  assert_int_equal(outputs[1].desc.dims[0], 1);
  // Stacked, the same steps are kept of all.
  float both[12];
  for (size_t i = 0; i < 12; i++) both[i] = x[i / 2 % 2][i / 4 * 2 + i % 2];
  for (size_t s = 0; s < 2; s++) {
    assert_int_equal(olstm_streams_reset(f.streams, handles[s], &error), OLSTM_STATUS_OK);
  }
  const olstm_tensor stacked[2] = {{{OLSTM_DTYPE_FLOAT, 3, {3, 2, 2}}, both},
                                   inputs[0][1]};
  olstm_tensor z = {.data = NULL};
  assert_int_equal(olstm_streams_run(f.streams, handles, 2, stacked, 2, &z, 1, &error),
                   OLSTM_STATUS_OK);
  assert_int_equal(z.desc.dims[0], 2);
  assert_int_equal(z.desc.dims[2], 2);
  for (size_t s = 0; s < 2; s++) {
    float row[6];
    const float* from = z.data;
    for (size_t i = 0; i < 6; i++) row[i] = from[i / 3 * 6 + s * 3 + i % 3];
    const olstm_tensor one = {{OLSTM_DTYPE_FLOAT, 4, {2, 1, 1, 3}}, row};
    const olstm_tensor own[2] = {inputs[s][0], inputs[0][1]};
    expect_context(session, own, &one);
  }
  close_all(&f);
}

/// A Squeeze takes all dimensions of 1: of one row, its own as well.
static void one_row_may_have_no_batch_axis(void** state) {
  (void)state;
  stream_fixture f;
  olstm_error error = {""};
  olstm_stream handles[3];
  float x[6] = {1, -1, 0.5F, 2, 0.25F, -2};
  olstm_tensor inputs[3], outputs[3], stacked_output = {.data = NULL};
  olstm_stream_step steps[3];
  open_table(&f, ROWS_OF_STEPS "node Squeeze y -> q\noutput q\n", 3);
  for (size_t s = 0; s < 3; s++) {
    assert_int_equal(olstm_streams_open(f.streams, &handles[s], &error), OLSTM_STATUS_OK);
    inputs[s] = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 3, {1, 1, 2}}, x + 2 * s};
    outputs[s] = (olstm_tensor){.data = NULL};
    steps[s] = (olstm_stream_step){handles[s], &inputs[s], &outputs[s]};
  }
  assert_int_equal(olstm_streams_run_each(f.streams, steps, 3, &error), OLSTM_STATUS_OK);
  float rows[9];
  for (size_t s = 0; s < 3; s++) {
    olstm_tensor expected = {.data = NULL};
    olstm_context* context = olstm_fake_context(f.fake.session);
    assert_int_equal(olstm_context_run(context, &inputs[s], 1, &expected, 1, &error),
                     OLSTM_STATUS_OK);
    assert_int_equal(expected.desc.rank, 1);
    assert_true(olstm_tensor_desc_equal(&expected.desc, &outputs[s].desc));
    assert_memory_equal(expected.data, outputs[s].data, 3 * sizeof(float));
    memcpy(rows + 3 * s, expected.data, 3 * sizeof(float));
    olstm_context_destroy(context);
    assert_int_equal(olstm_streams_reset(f.streams, handles[s], &error), OLSTM_STATUS_OK);
  }
  // Stacked it is there, whether of three streams or of one.
  const olstm_tensor all = {{OLSTM_DTYPE_FLOAT, 3, {1, 3, 2}}, x};
  assert_int_equal(
      olstm_streams_run(f.streams, handles, 3, &all, 1, &stacked_output, 1, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(stacked_output.desc.rank, 2);
  assert_int_equal(stacked_output.desc.dims[0], 3);
  assert_memory_equal(stacked_output.data, rows, sizeof rows);
  assert_int_equal(olstm_streams_reset(f.streams, handles[0], &error), OLSTM_STATUS_OK);
  stacked_output = (olstm_tensor){.data = NULL};
  assert_int_equal(
      olstm_streams_run(f.streams, handles, 1, &inputs[0], 1, &stacked_output, 1, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(stacked_output.desc.rank, 2);
  assert_memory_equal(stacked_output.data, rows, 3 * sizeof(float));
  close_all(&f);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_nodes_that_mix_rows),
      cmocka_unit_test(refuses_mixed_rows_that_shapes_do_not_show),
      cmocka_unit_test(computes_alone_what_depends_on_the_batch_size),
      cmocka_unit_test(computes_together_what_depends_on_shapes_alone),
      cmocka_unit_test(refuses_nodes_that_branch_on_rows),
      cmocka_unit_test(refuses_a_fixed_batch_by_the_inputs_name),
      cmocka_unit_test(refuses_outputs_without_a_batch_axis),
      cmocka_unit_test(computes_alone_what_it_cannot_follow),
      cmocka_unit_test(finds_and_takes_batch_axes),
      cmocka_unit_test(starts_bound_states_without_names_from_zeros),
      cmocka_unit_test(refuses_options_out_of_range),
      cmocka_unit_test(refuses_handles_that_are_not_open),
      cmocka_unit_test(takes_outputs_whose_shape_data_tells),
      cmocka_unit_test(one_row_may_have_no_batch_axis),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
