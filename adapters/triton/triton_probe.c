#include "triton_probe.h"

#include <stdlib.h>
#include <string.h>

#include "triton_rows.h"

static void release_data(olstm_tensor* tensors, size_t count) {
  for (size_t i = 0; tensors && i < count; i++) {
    free(tensors[i].data);
    tensors[i].data = NULL;
  }
}

olstm_status olstm__triton_probe_init(olstm__triton_probe* probe, olstm_session* session,
                                      const olstm__triton_traits* traits,
                                      olstm_error* error) {
  *probe = (olstm__triton_probe){.session = session, .traits = traits};
  probe->inputs = calloc(traits->input_count + 1, sizeof *probe->inputs);
  probe->outputs = calloc(traits->output_count + 1, sizeof *probe->outputs);
  probe->axes = calloc(traits->input_count + 1, sizeof *probe->axes);
  if (!probe->inputs || !probe->outputs || !probe->axes) {
    olstm__triton_probe_deinit(probe);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "trial runs: no memory");
  }
  const olstm_status status = olstm_context_create(session, &probe->context, error);
  if (status != OLSTM_STATUS_OK) olstm__triton_probe_deinit(probe);
  return status;
}

void olstm__triton_probe_deinit(olstm__triton_probe* probe) {
  if (probe->inputs) release_data(probe->inputs, probe->traits->input_count);
  free(probe->inputs);
  free(probe->outputs);
  free(probe->axes);
  if (probe->context) olstm_context_destroy(probe->context);
  *probe = (olstm__triton_probe){0};
}

// ---------------------------------------------------------------- made-up data

/// A pseudo-random number: a hash of four coordinates.
static uint32_t draw(uint32_t input, uint32_t step, uint32_t row, uint32_t element) {
  uint32_t x = 0x9E3779B9u;
  const uint32_t parts[] = {input, step, row, element};
  for (int i = 0; i < 4; i++) {
    x = (x ^ parts[i]) * 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    x ^= x >> 16;
  }
  return x;
}

/// Writes an element: floats between -1 and 1, times `scale`, integers and booleans 0 or
/// 1, which most indices and lengths may be.
static void write_element(olstm_dtype dtype, uint32_t drawn, double scale, char* to) {
  // 0.25, 0.5, 1, 2 with either sign.
  static const uint16_t kHalf[] = {0x3400, 0x3800, 0x3C00, 0x4000,
                                   0xB400, 0xB800, 0xBC00, 0xC000};
  static const uint16_t kBrain[] = {0x3E80, 0x3F00, 0x3F80, 0x4000,
                                    0xBE80, 0xBF00, 0xBF80, 0xC000};
  const double number = ((double)drawn / 2147483648.0 - 1.0) * scale;
  const float single = (float)number;
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      memcpy(to, &single, sizeof single);
      return;
    case OLSTM_DTYPE_DOUBLE:
      memcpy(to, &number, sizeof number);
      return;
    case OLSTM_DTYPE_FLOAT16:
      memcpy(to, &kHalf[drawn % 8], sizeof kHalf[0]);
      return;
    case OLSTM_DTYPE_BFLOAT16:
      memcpy(to, &kBrain[drawn % 8], sizeof kBrain[0]);
      return;
    default: {
      // Integers: the lowest byte is the first or, on big-endian machines, the last.
      const uint16_t one = 1;
      const size_t size = olstm_dtype_size(dtype);
      const size_t least = *(const char*)&one ? 0 : size - 1;
      memset(to, 0, size);
      to[least] = (char)(drawn >> 31);
    }
  }
}

static olstm_status make_input(olstm__triton_probe* probe, size_t index,
                               int64_t first_row, int64_t row_count, uint32_t step,
                               olstm_error* error) {
  const olstm__triton_tensor* info = &probe->traits->inputs[index];
  const int32_t axis = probe->has_axes ? probe->axes[index] : -1;
  olstm_tensor* input = &probe->inputs[index];
  size_t bytes = 0;
  free(input->data);
  *input = (olstm_tensor){.desc = {info->dtype, info->rank, {0}}};
  for (int32_t d = 0; d < info->rank; d++) {
    const int64_t open = d == axis ? row_count : probe->length;
    input->desc.dims[d] = info->dims[d] < 0 ? open : info->dims[d];
  }
  if (info->rank < 0 || !olstm_tensor_desc_bytes(&input->desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "the model does not say what shape input '%s' has", info->name);
  }
  const olstm__triton_rows rows = olstm__triton_rows_of(&input->desc, axis);
  const size_t row_bytes = olstm__triton_row_bytes(&rows);
  const size_t size = olstm_dtype_size(info->dtype);
  char* row = malloc(row_bytes + 1);
  input->data =
      aligned_alloc(OLSTM_ALIGNMENT, (bytes / OLSTM_ALIGNMENT + 1) * OLSTM_ALIGNMENT);
  if (!row || !input->data) {
    free(row);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "trial runs: no memory");
  }
  for (size_t r = 0; r < rows.row_count; r++) {
    for (size_t e = 0; e < row_bytes / size; e++) {
      write_element(
          info->dtype,
          draw((uint32_t)index, step, (uint32_t)first_row + (uint32_t)r, (uint32_t)e),
          probe->scale > 0 ? probe->scale : 1, row + e * size);
    }
    olstm__triton_put_row(&rows, input->data, r, row);
  }
  free(row);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- trials

static olstm_status copy_tensor(const olstm_tensor* from, olstm_tensor* out_copy,
                                olstm_error* error) {
  size_t bytes = 0;
  (void)olstm_tensor_desc_bytes(&from->desc, &bytes);
  *out_copy = (olstm_tensor){from->desc, malloc(bytes + 1)};
  if (!out_copy->data) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "trial runs: no memory");
  }
  if (bytes) memcpy(out_copy->data, from->data, bytes);
  return OLSTM_STATUS_OK;
}

static olstm_status take_results(olstm__triton_probe* probe, olstm__triton_trial* trial,
                                 olstm_error* error) {
  const olstm__triton_traits* traits = probe->traits;
  trial->tensors =
      calloc(traits->output_count + traits->slot_count + 1, sizeof *trial->tensors);
  if (!trial->tensors) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "trial runs: no memory");
  }
  trial->tensor_count = traits->output_count + traits->slot_count;
  for (size_t i = 0; i < trial->tensor_count; i++) {
    olstm_tensor state;
    const bool is_output = i < traits->output_count;
    if (!is_output) {
      OLSTM_RETURN_IF_ERROR(olstm_context_get_state(
          probe->context, traits->slots[i - traits->output_count].name, &state, error));
    }
    OLSTM_RETURN_IF_ERROR(
        copy_tensor(is_output ? &probe->outputs[i] : &state, &trial->tensors[i], error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run_step(olstm__triton_probe* probe, int64_t first_row,
                             int64_t row_count, int step, olstm_error* error) {
  const olstm__triton_traits* traits = probe->traits;
  for (size_t i = 0; i < traits->input_count; i++) {
    OLSTM_RETURN_IF_ERROR(
        make_input(probe, i, first_row, row_count, (uint32_t)step, error));
  }
  memset(probe->outputs, 0, (traits->output_count + 1) * sizeof *probe->outputs);
  return olstm_context_run(probe->context, probe->inputs, traits->input_count,
                           probe->outputs, traits->output_count, error);
}

olstm_status olstm__triton_probe_run(olstm__triton_probe* probe, int64_t first_row,
                                     int64_t row_count, int step_count,
                                     olstm__triton_trial* out_trial, olstm_error* error) {
  *out_trial = (olstm__triton_trial){0};
  OLSTM_RETURN_IF_ERROR(olstm_context_reset(probe->context, error));
  for (int step = 0; step < step_count; step++) {
    OLSTM_RETURN_IF_ERROR(run_step(probe, first_row, row_count, step, error));
  }
  const olstm_status status = take_results(probe, out_trial, error);
  if (status != OLSTM_STATUS_OK) olstm__triton_trial_deinit(out_trial);
  return status;
}

void olstm__triton_trial_deinit(olstm__triton_trial* trial) {
  release_data(trial->tensors, trial->tensor_count);
  free(trial->tensors);
  *trial = (olstm__triton_trial){0};
}

olstm_status olstm__triton_probe_prepare(olstm__triton_probe* probe, olstm_error* error) {
  const olstm__triton_traits* traits = probe->traits;
  olstm_tensor_desc* descs = calloc(traits->input_count + 1, sizeof *descs);
  if (!descs)
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "trial runs: no memory");
  olstm_status status = olstm_context_reset(probe->context, error);
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < traits->input_count; i++) {
    status = make_input(probe, i, 0, 1, 0, error);
    descs[i] = probe->inputs[i].desc;
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm_context_prepare(probe->context, descs, traits->input_count, error);
  }
  free(descs);
  return status;
}
