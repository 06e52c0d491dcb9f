// MelWeightMatrix: triangles on the mel scale, by which a spectrum's bins are summed.
#include <math.h>
#include <string.h>

#include "op/shape/convert.h"
#include "op/signal/signal_ops.h"

enum { kInputs = 5 };

typedef struct mel_op {
  olstm__op_base base;
  olstm_dtype dtype;
} mel_op;

typedef struct mel_numbers {
  int64_t mel_count, dft_length, sample_rate;
  double lower, upper;
} mel_numbers;

typedef struct mel_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  mel_numbers numbers;
} mel_handle;

static olstm_status parse_mel(void* instance, olstm_error* error) {
  mel_op* self = instance;
  int64_t dtype = OLSTM_DTYPE_FLOAT;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "output_datatype",
                                           OLSTM_DTYPE_FLOAT, &dtype, error));
  self->dtype = dtype > 0 && dtype < 64 ? (olstm_dtype)dtype : -1;
  if (self->dtype > 0 && (OLSTM__DTYPES_NUMERIC & OLSTM_DTYPE_BIT(self->dtype))) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "output_datatype=%" PRId64 " (%s) is not supported", dtype,
                        olstm_dtype_name(self->dtype));
}

static olstm_status read_numbers(const olstm__op_base* base, const olstm_infer_args* args,
                                 mel_numbers* numbers, olstm_error* error) {
  int64_t* const sizes[] = {&numbers->mel_count, &numbers->dft_length,
                            &numbers->sample_rate};
  for (size_t i = 0; i < 3; i++) {
    OLSTM_RETURN_IF_ERROR(olstm__signal_read_size(base, args, i, sizes[i], error));
  }
  OLSTM_RETURN_IF_ERROR(olstm__signal_read_number(base, args, 3, &numbers->lower, error));
  OLSTM_RETURN_IF_ERROR(olstm__signal_read_number(base, args, 4, &numbers->upper, error));
  if (numbers->sample_rate > 0 && numbers->lower >= 0 && numbers->upper >= 0 &&
      isfinite(numbers->lower) && isfinite(numbers->upper)) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "sample_rate %" PRId64
                        ", lower_edge_hertz %g and "
                        "upper_edge_hertz %g make no mel scale",
                        numbers->sample_rate, numbers->lower, numbers->upper);
}

olstm_status olstm__mel_weight_matrix_infer(const void* instance,
                                            const olstm_infer_args* args,
                                            olstm_tensor_desc* out_outputs,
                                            olstm_error* error) {
  const mel_op* self = instance;
  mel_numbers numbers = {0};
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(read_numbers(&self->base, args, &numbers, error));
  out_outputs[0] = (olstm_tensor_desc){
      self->dtype, 2, {numbers.dft_length / 2 + 1, numbers.mel_count}};
  return olstm__op_check_output(&self->base, &out_outputs[0], error);
}

olstm_status olstm__mel_weight_matrix_prepare(void* instance,
                                              const olstm_prepare_args* args,
                                              olstm_prepared* out_prepared,
                                              olstm_error* error) {
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  mel_numbers numbers = {0};
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(read_numbers(instance, &known, &numbers, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(mel_handle), &memory, error));
  mel_handle* handle = memory;
  handle->dtype = args->outputs[0].dtype;
  handle->numbers = numbers;
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_work(numbers.dft_length / 2 + 1, numbers.mel_count, 144, 1);
  return OLSTM_STATUS_OK;
}

static double to_mel(double hertz) {
  return 2595 * log10(1 + hertz / 700);
}

/// The bin of edge `index` of the triangles, of which there are two more than triangles.
static int64_t bin_of(const mel_numbers* n, int64_t index) {
  const double low = to_mel(n->lower), high = to_mel(n->upper);
  const double mel = (double)index * ((high - low) / (double)(n->mel_count + 2)) + low;
  const double hertz = 700 * (pow(10, mel / 2595) - 1);
  return (int64_t)floor((double)(n->dft_length + 1) * hertz / (double)n->sample_rate);
}

/// What bin `bin` weighs in the triangle of these bins.
static double weight_of(int64_t bin, int64_t lower, int64_t center, int64_t higher) {
  if (bin > center && bin < higher) {
    return (double)(higher - bin) / (double)(higher - center);
  }
  if (bin == center) return 1;
  if (bin >= lower && bin < center) {
    return (double)(bin - lower) / (double)(center - lower);
  }
  return 0;
}

olstm_status olstm__mel_weight_matrix_run(const void* instance, const void* handle,
                                          const olstm_run_args* args,
                                          olstm_error* error) {
  const mel_handle* mel = handle;
  const mel_numbers* n = &mel->numbers;
  const size_t element_bytes = olstm_dtype_size(mel->dtype);
  (void)instance;
  (void)error;
  for (int64_t m = 0; m < n->mel_count; m++) {
    const int64_t lower = bin_of(n, m), center = bin_of(n, m + 1),
                  higher = bin_of(n, m + 2);
    for (int64_t bin = 0; bin <= n->dft_length / 2; bin++) {
      const double weight = weight_of(bin, lower, center, higher);
      olstm__convert(
          OLSTM_DTYPE_DOUBLE, mel->dtype, &weight,
          (char*)args->outputs[0] + (size_t)(bin * n->mel_count + m) * element_bytes, 1);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"output_datatype", NULL};
const olstm__op_schema olstm__mel_weight_matrix_schema = {
    .arity = {kInputs, kInputs, 1},
    .attributes = kAttributes,
    .instance_bytes = sizeof(mel_op),
    .parse = parse_mel};
