// What convolutions take, in multiply-adds and in units of work; not how they are cut.
#include "op/conv/conv_plan.h"
#include "op/op_work.h"

uint64_t olstm__conv_work(const olstm__conv* conv) {
  const olstm__window* w = &conv->window;
  const int64_t positions =
      conv->is_transposed ? olstm__window_input_count(w) : olstm__window_output_count(w);
  return olstm__op_work(conv->input_channels * olstm__window_kernel_count(w),
                        conv->output_channels, conv->batch * conv->groups, positions);
}

/// Multiply-adds of a transposed convolution, where those of short rows in three
/// dimensions count as many as take their time.
static uint64_t padded_work(const olstm__conv* conv) {
  enum { kShortRow = 12 };
  const olstm__window* w = &conv->window;
  const int64_t row = w->input[2];
  const uint64_t work = olstm__conv_work(conv);
  if (w->rank < 3 || row < 1 || row >= kShortRow) return work;
  const uint64_t whole = work / (uint64_t)row;
  return whole > UINT64_MAX / kShortRow ? UINT64_MAX : whole * kShortRow;
}

/// What a transposed convolution takes, without its ends. Floats are scattered tap by
/// tap, weight by weight where positions are few; doubles try, for each output, the taps
/// that strides do not exclude.
static uint64_t transposed_units(const olstm__conv* conv, int64_t weights) {
  enum { kUnitsPerTap = 512, kUnitsPerWeight = 16 };
  const olstm__window* w = &conv->window;
  const int64_t taps = olstm__window_kernel_count(w);
  const uint64_t products = padded_work(conv);
  const uint64_t placing = olstm__op_work(conv->batch, weights, kUnitsPerWeight, 1);
  if (conv->dtype != OLSTM_DTYPE_DOUBLE) {
    const uint64_t scattering =
        olstm__op_work(conv->batch, conv->groups, taps, kUnitsPerTap);
    return olstm__op_work_sum(olstm__op_work_sum(placing, scattering), products);
  }
  uint64_t tried =
      olstm__op_work(conv->input_channels * taps, conv->output_channels,
                     conv->batch * conv->groups, olstm__window_output_count(w));
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) tried /= (uint64_t)w->stride[d];
  if (tried < products) tried = products;
  return olstm__op_work_sum(placing, olstm__op_work_sum(tried, tried));
}

uint64_t olstm__conv_units(const olstm__conv* conv, const olstm_prepare_args* args) {
  enum {
    kUnitsPerImage = 3072,
    kUnitsPerOutput = 8,
    kUnitsPerInput = 2,
    kMultiplyAddsPerUnit = 2
  };
  const int64_t factor = conv->dtype == OLSTM_DTYPE_DOUBLE ? 2 : 1;
  const int64_t inputs = olstm_tensor_desc_count(&args->inputs[0]->desc);
  uint64_t work = olstm__op_element_work(
      "Conv", args, olstm_tensor_desc_count(&args->outputs[0]), factor * kUnitsPerOutput);
  work = olstm__op_work_sum(work, olstm__op_work(inputs, kUnitsPerInput, factor, 1));
  work = olstm__op_work_sum(work,
                            olstm__op_work(conv->batch, conv->groups, kUnitsPerImage, 1));
  if (conv->is_transposed) {
    return olstm__op_work_sum(
        work, transposed_units(conv, olstm_tensor_desc_count(&args->inputs[1]->desc)));
  }
  const uint64_t products = olstm__conv_work(conv) / kMultiplyAddsPerUnit;
  return olstm__op_work_sum(
      work, factor > 1 ? olstm__op_work_sum(products, products) : products);
}
