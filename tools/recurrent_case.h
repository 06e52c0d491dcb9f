// One LSTM, GRU or RNN node as a test case of ONNX's backend format: what it has, its
// model, its inputs, and outputs that the reference kernel computes in double.
#ifndef OLSTM_TOOLS_RECURRENT_CASE_H_
#define OLSTM_TOOLS_RECURRENT_CASE_H_

#include "olstm/plugin.h"
#include "olstm/status.h"

enum { OLSTM__CASE_MAX_ACTIVATIONS = 6, OLSTM__CASE_NAME_BYTES = 160 };

/// How long the rows of the batch are.
typedef enum olstm__case_lens {
  OLSTM__LENS_ABSENT,
  /// Different ones, 1 and T among them.
  OLSTM__LENS_MIXED,
  /// Every other row has 0.
  OLSTM__LENS_ZERO,
  OLSTM__LENS_ALL_ZERO,
  OLSTM__LENS_FULL
} olstm__case_lens;

typedef struct olstm__recurrent_case {
  char name[OLSTM__CASE_NAME_BYTES];
  /// "LSTM", "GRU", "RNN".
  const char* op_type;
  /// "forward", "reverse", "bidirectional".
  const char* direction;
  olstm_dtype dtype;
  int32_t opset;
  int64_t steps, batch, input_size, hidden_size;
  int64_t layout;
  olstm__case_lens lens;
  bool has_bias, has_initial_h, has_initial_c, has_peepholes;
  bool has_hidden_size, input_forget, linear_before_reset;
  /// 0: no attribute.
  float clip;
  /// Of one direction, which the other repeats; count 0: no attribute.
  size_t activation_count;
  const char* activations[OLSTM__CASE_MAX_ACTIVATIONS / 2];
  size_t alpha_count, beta_count;
  float alphas[OLSTM__CASE_MAX_ACTIVATIONS / 2], betas[OLSTM__CASE_MAX_ACTIVATIONS / 2];
  /// Bit o: output o (Y, Y_h, Y_c) is there.
  unsigned outputs;
  /// NULL, or the sentence of the specification that leaves the answer open.
  const char* open;
} olstm__recurrent_case;

/// Writes FOLDER/NAME: model.onnx, test_data_set_0, and open.txt of a case that is open.
/// seed and name give the values. Errors: IO_ERROR, OUT_OF_MEMORY, and what olstm says of
/// a case that it does not run.
olstm_status olstm__recurrent_case_write(const olstm__recurrent_case* spec,
                                         const char* folder, uint64_t seed,
                                         olstm_error* error);

#endif  // OLSTM_TOOLS_RECURRENT_CASE_H_
