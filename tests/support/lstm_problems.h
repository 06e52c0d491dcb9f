// Recurrent layers described by one line of text, for tests: the node, its tensors with
// reproducible values, and a run through the operator table.
//
// A line is words in any order after the operator's name, e.g.
//   "LSTM T5 N3 I4 H8 bidirectional B lens h0 c0 P clip=0.5 layout=1
//   act=Sigmoid,Tanh,Elu" T N I H          sizes (default 3 2 3 4)      seed=S     of the
//   values forward reverse bidirectional, direction=D    opset=V    (default 14) B lens
//   h0 c0 P   inputs that are there        lens=1,0   given lengths act= alpha= beta=
//   clip= layout= hidden_size= (none: absent) input_forget= lbr= output_sequence=,
//   int:NAME=V                  any other integer attribute
//   dtype=float|double|float16|bfloat16           dynamic    W, R, B, P are no constants
//   -Y -Yh -Yc       outputs that nobody wants
//   W=1x16x4, W:int8 a wrong shape or dtype for an input (X W R B lens h0 c0 P)
#ifndef OLSTM_TESTS_SUPPORT_LSTM_PROBLEMS_H_
#define OLSTM_TESTS_SUPPORT_LSTM_PROBLEMS_H_

#include "olstm/plugin.h"
#include "op/lstm/lstm_shapes.h"

enum { OLSTM_LSTM_CASE_ATTRIBUTES = 16, OLSTM_LSTM_CASE_LIST = 8 };

/// One layer, ready to run. What a test changes before a run takes effect.
typedef struct olstm_lstm_case {
  char text[512];
  char words[512];
  int64_t steps, rows, inputs, hidden, directions, seed;
  int32_t layout;
  olstm_dtype dtype;
  bool dynamic;
  olstm_node node;
  olstm_attribute attributes[OLSTM_LSTM_CASE_ATTRIBUTES];
  olstm_string strings[OLSTM_LSTM_CASE_LIST];
  olstm_string direction;
  float alpha[OLSTM_LSTM_CASE_LIST], beta[OLSTM_LSTM_CASE_LIST];
  const char* input_names[OLSTM_RECURRENT_INPUT_COUNT];
  const char* output_names[OLSTM_RECURRENT_OUTPUT_COUNT];
  /// Data is NULL where an input is absent.
  olstm_tensor tensors[OLSTM_RECURRENT_INPUT_COUNT];
  const olstm_tensor* constants[OLSTM_RECURRENT_INPUT_COUNT];
  /// Data is NULL before the first run, and where an output is absent.
  olstm_tensor outputs[OLSTM_RECURRENT_OUTPUT_COUNT];
  /// What prepare said.
  char kernel[32], reason[256];
  size_t workspace_bytes;
} olstm_lstm_case;

/// Makes a case; a line that makes no sense fails the test.
void olstm_lstm_case_init(olstm_lstm_case* layer, const char* text);
void olstm_lstm_case_deinit(olstm_lstm_case* layer);

/// How to run a case. Zeroed: the best kernel, one thread, float.
typedef struct olstm_lstm_case_options {
  const char* kernel;
  int32_t precision;
  int32_t thread_count;
  const olstm_parallel* parallel;
} olstm_lstm_case_options;

/// create, infer, prepare, run, destroy, through the built-in operator table. Outputs and
/// workspace hold NaN before the run.
olstm_status olstm_lstm_case_run(olstm_lstm_case* layer,
                                 const olstm_lstm_case_options* options,
                                 olstm_error* error);

/// As above; any failure fails the test.
void olstm_lstm_case_must_run(olstm_lstm_case* layer, const char* kernel);

/// Makes, runs and checks that it fails with that code and message.
void olstm_lstm_case_must_fail(const char* text, olstm_status code, const char* message);

/// Element of a tensor by the names of its axes, whatever the layout: X (t,n,i), Y
/// (t,d,n,h), and with t = 0 the states (d,n,h).
double olstm_lstm_case_x(const olstm_lstm_case* layer, int64_t t, int64_t n, int64_t i);
double olstm_lstm_case_y(const olstm_lstm_case* layer, int64_t t, int64_t d, int64_t n,
                         int64_t h);
double olstm_lstm_case_state(const olstm_lstm_case* layer, const olstm_tensor* state,
                             int64_t d, int64_t n, int64_t h);
/// Where these elements are.
int64_t olstm_lstm_case_x_at(const olstm_lstm_case* layer, int64_t t, int64_t n,
                             int64_t i);
int64_t olstm_lstm_case_y_at(const olstm_lstm_case* layer, int64_t t, int64_t d,
                             int64_t n, int64_t h);
int64_t olstm_lstm_case_state_at(const olstm_lstm_case* layer, int64_t d, int64_t n,
                                 int64_t h);

/// Outputs of two cases of the same shapes agree: |a - b| <= atol + rtol * |b|, NaN with
/// NaN. Otherwise the test fails, with the line and the first difference.
void olstm_lstm_case_must_agree(const olstm_lstm_case* a, const olstm_lstm_case* b,
                                double rtol, double atol);

/// A line of the whole spec, drawn by `seed`. cell: "LSTM", "GRU", "RNN". Ends in
/// `extra`.
void olstm_lstm_case_draw(uint64_t seed, const char* cell, const char* extra,
                          char out_text[512]);
/// An LSTM of what every library's has: no clip, coupling, lengths or other activations.
void olstm_lstm_case_draw_plain(uint64_t seed, const char* extra, char out_text[512]);

/// The value that element `index` (in layout 0) of tensor `tensor` has: in [-1,1), a
/// multiple of 2^-10.
double olstm_lstm_case_value(int64_t seed, size_t tensor, int64_t index);

#endif  // OLSTM_TESTS_SUPPORT_LSTM_PROBLEMS_H_
