// A plain LSTM cell's sigmoids and tanh, one at a time, against the C library's double
// functions over the floats: one step of a layer whose other gates are 0 or 1.
#include <math.h>

#include "olstm/lstm.h"
#include "tests/support/float_sweep.h"
#include "tests/support/test_main.h"

enum { kGateI, kGateO, kGateF, kGateG, kGates };

/// Steps of layers cost more than functions: a tenth of what FLOAT_SWEEP_QUICK takes.
enum { kRows = 64, kMostHidden = 24, kSweepStep = 40961 };

/// What a gate adds to make its sigmoid, or its tanh, 1.
static const float kOpen = 100;

/// A layer of one input that goes to one gate, or to none.
typedef struct cell_case {
  float weights[kGates];
  float bias[kGates];
  /// The state of the step before, where it is not x itself.
  float last_c;
  /// x is the state of the step before, not the input.
  bool is_c;
  /// What is looked at is the new c, not h.
  bool gives_c;
} cell_case;

static const cell_case kInput = {
    .weights = {[kGateI] = 1}, .bias = {[kGateG] = kOpen}, .gives_c = true};
static const cell_case kForget = {
    .weights = {[kGateF] = 1}, .last_c = 1, .gives_c = true};
static const cell_case kCandidate = {
    .weights = {[kGateG] = 1}, .bias = {[kGateI] = kOpen}, .gives_c = true};
static const cell_case kOutput = {
    .weights = {[kGateO] = 1}, .bias = {[kGateF] = kOpen}, .last_c = 20};
static const cell_case kState = {.bias = {[kGateO] = kOpen, [kGateF] = kOpen},
                                 .is_c = true};

static olstm_lstm* lstm;
static const cell_case* cell;
static int64_t hidden;

static void make(const cell_case* of, int64_t hidden_size) {
  static float kernel[kGates * kMostHidden];
  static float recurrent_kernel[kGates * kMostHidden * kMostHidden];
  static float bias[2 * kGates * kMostHidden];
  const olstm_lstm_weights weights = {.struct_size = sizeof weights,
                                      .order = OLSTM_LSTM_ORDER_ONNX,
                                      .kernel = kernel,
                                      .recurrent_kernel = recurrent_kernel,
                                      .bias = bias};
  olstm_lstm_options options;
  olstm_lstm_options_init(&options);
  options.input_size = 1;
  options.hidden_size = hidden_size;
  options.batch_size = kRows;
  cell = of;
  hidden = hidden_size;
  for (int64_t i = 0; i < kGates * hidden; i++) {
    kernel[i] = of->weights[i / hidden];
    bias[i] = of->bias[i / hidden];
    bias[kGates * hidden + i] = 0;
  }
  assert_int_equal(olstm_lstm_create(&options, &weights, &lstm, NULL), OLSTM_STATUS_OK);
}

static void step(const float* x, float* y) {
  static float h[kRows * kMostHidden];
  static float c[kRows * kMostHidden];
  for (int64_t i = 0; i < kRows * hidden; i++) {
    h[i] = 0;
    c[i] = cell->is_c ? x[i / hidden] : cell->last_c;
  }
  olstm_lstm_set_state(lstm, h, c);
  assert_int_equal(olstm_lstm_step(lstm, x, NULL, NULL), OLSTM_STATUS_OK);
  olstm_lstm_get_state(lstm, h, c);
  const float* state = cell->gives_c ? c : h;
  for (int64_t row = 0; row < kRows; row++) {
    y[row] = state[row * hidden];
    for (int64_t unit = 1; unit < hidden; unit++) {
      if (isnan(y[row]))
        assert_true(isnan(state[row * hidden + unit]));
      else
        assert_true(state[row * hidden + unit] == y[row]);
    }
  }
}

static void steps(size_t count, const float* x, float* y) {
  for (size_t i = 0; i < count; i += kRows) {
    float some_x[kRows] = {0};
    float some_y[kRows];
    for (size_t r = 0; r < kRows && i + r < count; r++) some_x[r] = x[i + r];
    step(some_x, some_y);
    for (size_t r = 0; r < kRows && i + r < count; r++) y[i + r] = some_y[r];
  }
}

/// Below -35 a cell's sigmoid stays what it is there.
static double exact_sigmoid(double x) {
  return float_sweep_sigmoid(fmax(x, -35));
}

static const float_function kSigmoid = {"sigmoid", steps, exact_sigmoid, 3.5};
static const float_function kTanh = {"tanh", steps, tanh, 3.75};

static void sweep(const cell_case* of, const float_function* function,
                  int64_t hidden_size, uint64_t sweep_step) {
  make(of, hidden_size);
  float_sweep(function, sweep_step, of->is_c);
  olstm_lstm_destroy(lstm);
}

/// Units that fit one vector, and units that need several.
static void check(const cell_case* of, const float_function* function) {
  sweep(of, function, 1, kSweepStep);
  sweep(of, function, kMostHidden, kSweepStep);
}

static void input_gate_is_within_its_ulps(void** state) {
  (void)state;
  check(&kInput, &kSigmoid);
}

static void forget_gate_is_within_its_ulps(void** state) {
  (void)state;
  check(&kForget, &kSigmoid);
}

static void output_gate_is_within_its_ulps(void** state) {
  (void)state;
  check(&kOutput, &kSigmoid);
}

static void candidate_is_within_its_ulps(void** state) {
  (void)state;
  check(&kCandidate, &kTanh);
}

static void tanh_of_the_state_is_within_its_ulps(void** state) {
  (void)state;
  check(&kState, &kTanh);
}

static void slow_all_floats_input_gate(void** state) {
  (void)state;
  sweep(&kInput, &kSigmoid, 1, 1);
}

static void slow_all_floats_candidate(void** state) {
  (void)state;
  sweep(&kCandidate, &kTanh, 1, 1);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(input_gate_is_within_its_ulps),
      cmocka_unit_test(forget_gate_is_within_its_ulps),
      cmocka_unit_test(output_gate_is_within_its_ulps),
      cmocka_unit_test(candidate_is_within_its_ulps),
      cmocka_unit_test(tanh_of_the_state_is_within_its_ulps),
      cmocka_unit_test(slow_all_floats_input_gate),
      cmocka_unit_test(slow_all_floats_candidate),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
