// Recurrent layers, attributes and shapes right and wrong: what the reference kernel
// computes, the native one and oneDNN's compute too, within what rounding may do; what it
// refuses, they refuse with the same code.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/math/real.h"
#include "tests/fuzz/byte_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/lstm_problems.h"

enum { kLineBytes = 512, kMostRows = 5 };

/// Larger results have grown over the steps, and rounding with them.
static const double kLargest = 1e4;

/// Appends a printed piece.
OLSTM_PRINTF_(2, 3)
static void add(char line[kLineBytes], const char* format, ...) {
  const size_t used = strlen(line);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line + used, kLineBytes - used, format, arguments);
  va_end(arguments);
}

static const char* pick(byte_reader* reader, const char* const* words, size_t count) {
  return words[read_choice(reader, count)];
}

#define PICK(reader, words) pick(reader, words, sizeof(words) / sizeof *(words))

// ---------------------------------------------------------------- the line

/// What is wrong with a line is rare: the rest of it would not be seen.
static bool is_rare(byte_reader* reader) {
  return read_choice(reader, 16) == 1;
}

/// So many words, or, rarely, any number of them.
static void add_list(byte_reader* reader, const char* name, const char* const* words,
                     size_t word_count, size_t right_count, char line[kLineBytes]) {
  const size_t count =
      is_rare(reader) ? 1 + read_choice(reader, OLSTM_LSTM_CASE_LIST) : right_count;
  add(line, " %s=", name);
  for (size_t i = 0; i < count; i++) {
    add(line, "%s%s", i ? "," : "", pick(reader, words, word_count));
  }
}

static void add_activations(byte_reader* reader, size_t count, char line[kLineBytes]) {
  static const char* const kNames[] = {
      "Relu",      "Tanh", "Sigmoid",  "Affine",  "Elu",         "Softsign",
      "LeakyRelu", "tanh", "Softplus", "SIGMOID", "HardSigmoid", "ScaledTanh"};
  static const char* const kReals[] = {"0", "0.5",  "1",    "-1",
                                       "2", "0.01", "0.25", "-0.5"};
  static const char* const kWrong[] = {"act=Gelu,Tanh,Tanh", "alpha=inf", "beta=nan"};
  if (is_rare(reader)) {
    add(line, " %s", PICK(reader, kWrong));
    return;
  }
  if (read_choice(reader, 2)) return;
  add_list(reader, "act", kNames, sizeof kNames / sizeof *kNames, count, line);
  if (read_choice(reader, 2)) {
    add_list(reader, "alpha", kReals, sizeof kReals / sizeof *kReals, 1, line);
  }
  if (read_choice(reader, 2)) {
    add_list(reader, "beta", kReals, sizeof kReals / sizeof *kReals, 1, line);
  }
}

static void add_attributes(byte_reader* reader, size_t activation_count,
                           char line[kLineBytes]) {
  static const char* const kDirections[] = {"forward", "reverse", "bidirectional"};
  static const char* const kRight[] = {"clip=0.5",       "clip=3",          "layout=1",
                                       "input_forget=1", "lbr=1",           "opset=7",
                                       "opset=22",       "hidden_size=none"};
  static const char* const kWrong[] = {"clip=-1",
                                       "clip=0",
                                       "clip=inf",
                                       "clip=nan",
                                       "layout=2",
                                       "layout=-1",
                                       "input_forget=7",
                                       "hidden_size=0",
                                       "hidden_size=-1",
                                       "hidden_size=3",
                                       "opset=1",
                                       "int:unknown=1",
                                       "output_sequence=1",
                                       "direction=sideways",
                                       "hidden_size=9223372036854775807",
                                       "hidden_size=1099511627776"};
  const size_t direction = read_choice(reader, 3);
  add(line, " %s", kDirections[direction]);
  add_activations(reader, activation_count * (direction == 2 ? 2 : 1), line);
  for (size_t count = read_choice(reader, 4); count > 0; count--) {
    add(line, " %s", PICK(reader, kRight));
  }
  if (is_rare(reader)) add(line, " %s", PICK(reader, kWrong));
}

/// Lengths for as many rows as there may be; rarely one that cannot be.
static void add_lens(byte_reader* reader, size_t steps, char line[kLineBytes]) {
  add(line, " lens");
  if (read_choice(reader, 2)) return;
  add(line, "=%d", is_rare(reader) ? -1 : (int)read_choice(reader, steps + 1));
  for (int n = 1; n < kMostRows; n++) {
    add(line, ",%d", (int)read_choice(reader, steps + 1) + (is_rare(reader) ? 1 : 0));
  }
}

static void add_inputs(byte_reader* reader, bool is_lstm, size_t steps,
                       char line[kLineBytes]) {
  // The last three are an LSTM's alone.
  static const char* const kOptional[] = {"B",   "h0", "dynamic", "-Y",
                                          "-Yh", "c0", "P",       "-Yc"};
  static const char* const kWrong[] = {"W=1x16x4",   "R=1x16x3", "B=1x8",  "P=1x1",
                                       "h0=1x1x1",   "c0=2x2x2", "X=3x2",  "X=0x2x3",
                                       "X=3x0x3",    "X=3x2x0",  "W:int8", "X:double",
                                       "lens:int64", "W=0x0x0",  "R=1x16", "h0:float16"};
  const size_t bits = read_byte(reader);
  const size_t count = is_lstm || is_rare(reader) ? 8 : 5;
  for (size_t i = 0; i < count; i++) {
    if (bits >> i & 1) add(line, " %s", kOptional[i]);
  }
  if (read_choice(reader, 2)) add_lens(reader, steps, line);
  if (is_rare(reader)) add(line, " %s", PICK(reader, kWrong));
}

static void write_line(byte_reader* reader, char line[kLineBytes]) {
  static const char* const kCells[] = {"LSTM", "GRU", "RNN"};
  static const size_t kActivations[] = {3, 2, 1};
  static const char* const kDtypes[] = {"float", "float", "double", "float16",
                                        "bfloat16"};
  const size_t cell = read_choice(reader, 4) % 3;
  const size_t steps = read_choice(reader, 7);
  line[0] = '\0';
  add(line, "%s", kCells[cell]);
  add(line, " dtype=%s", PICK(reader, kDtypes));
  add(line, " T%zu", steps);
  add(line, " N%d", (int)read_choice(reader, kMostRows + 1));
  add(line, " I%d", (int)read_choice(reader, 20));
  add(line, " H%d", (int)read_choice(reader, 36));
  add(line, " seed=%d", (int)read_byte(reader));
  add_attributes(reader, kActivations[cell], line);
  add_inputs(reader, cell == 0, steps, line);
}

// ---------------------------------------------------------------- comparing

static void fail(const olstm_lstm_case* layer, const char* kernel, const char* what) {
  (void)fprintf(stderr, "fuzz_lstm: '%s' on %s: %s\n", layer->text, kernel, what);
  abort();
}

static double tolerance(olstm_dtype dtype) {
  if (dtype == OLSTM_DTYPE_DOUBLE) return 1e-9;
  if (dtype == OLSTM_DTYPE_FLOAT16) return 2e-2;
  return dtype == OLSTM_DTYPE_BFLOAT16 ? 1e-1 : 1e-3;
}

/// The largest number in a layer's outputs; infinite when one is infinite or none.
static double find_largest(const olstm_lstm_case* layer) {
  double largest = 0;
  for (size_t o = 0; o < layer->node.output_count; o++) {
    if (!layer->outputs[o].data) continue;
    const int64_t count = olstm_tensor_desc_count(&layer->outputs[o].desc);
    for (int64_t i = 0; i < count; i++) {
      const double value =
          fabs(olstm__real_load(layer->dtype, layer->outputs[o].data, i));
      if (!(value <= largest)) largest = value < HUGE_VAL ? value : HUGE_VAL;
    }
  }
  return largest;
}

/// Errors are measured by the largest number: what rounding changed grows with the state
/// where activations have no bounds, also in numbers that happen to be small.
static void compare(const olstm_lstm_case* layer, const olstm_lstm_case* reference,
                    double largest, const char* kernel) {
  for (size_t o = 0; o < layer->node.output_count; o++) {
    const olstm_tensor* got = &layer->outputs[o];
    const olstm_tensor* expected = &reference->outputs[o];
    if ((got->data == NULL) != (expected->data == NULL)) fail(layer, kernel, "outputs");
    if (!got->data) continue;
    if (!olstm_tensor_desc_equal(&got->desc, &expected->desc)) {
      fail(layer, kernel, "an output has another shape");
    }
    const int64_t count = olstm_tensor_desc_count(&got->desc);
    for (int64_t i = 0; i < count; i++) {
      const double a = olstm__real_load(layer->dtype, got->data, i);
      const double b = olstm__real_load(layer->dtype, expected->data, i);
      if (fabs(a - b) <= tolerance(layer->dtype) * (1 + largest)) continue;
      char what[64];
      (void)snprintf(what, sizeof what, "output %zu has %g, expected %g", o, a, b);
      fail(layer, kernel, what);
    }
  }
}

static void check_kernel(const char* line, const char* kernel,
                         const olstm_lstm_case* reference, olstm_status expected) {
  const olstm_lstm_case_options options = {.kernel = kernel};
  const bool may_decline = strcmp(kernel, "onednn") == 0;
  olstm_lstm_case layer;
  olstm_error error = {""};
  olstm_lstm_case_init(&layer, line);
  const olstm_status status = olstm_lstm_case_run(&layer, &options, &error);
  if (status != OLSTM_STATUS_OK && !error.message[0]) fail(&layer, kernel, "no message");
  if (status == OLSTM_STATUS_OK && expected == OLSTM_STATUS_OK) {
    const double largest = find_largest(reference);
    // Beyond, rounding alone may tell kernels apart.
    if (largest < kLargest) compare(&layer, reference, largest, kernel);
  } else if (status != expected && !(may_decline && status == OLSTM_STATUS_UNSUPPORTED)) {
    fail(&layer, kernel, status ? error.message : "goes through, unlike the reference");
  }
  olstm_lstm_case_deinit(&layer);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const olstm_lstm_case_options options = {.kernel = "reference"};
  byte_reader reader = {data, size};
  char line[kLineBytes];
  olstm_lstm_case reference;
  olstm_error error = {""};
  write_line(&reader, line);
  olstm_lstm_case_init(&reference, line);
  const olstm_status status = olstm_lstm_case_run(&reference, &options, &error);
  if (status != OLSTM_STATUS_OK && !error.message[0]) {
    fail(&reference, "reference", "no message");
  }
  check_kernel(line, "native", &reference, status);
#ifdef OLSTM_FUZZ_ONEDNN
  check_kernel(line, "onednn", &reference, status);
#endif
  olstm_lstm_case_deinit(&reference);
  return 0;
}
