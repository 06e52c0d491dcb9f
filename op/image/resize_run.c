// Runs a Resize: a pass along each axis that changes, from buffer to buffer.
// Interpolation is computed in float, or double for double; NEAREST copies by tables.
#include <string.h>

#include "op/image/image_ops.h"
#include "op/image/resize.h"
#include "op/op_work.h"
#include "op/pieces.h"
#include "op/shape/convert.h"
#include "op/shape/index_copy.h"
#include "op/shape/move_bytes.h"

/// Of work.
enum {
  kUnitsPerLine = 32,
  kUnitsPerTap = 6,
  kUnitsPerNearest = 4,
  kUnitsPerRow = 64,
  kUnitsPerPosition = 56
};
/// What a tap costs for which no vectors are, beside an element of OLSTM__PIECE_ELEMENTS.
enum { kGathered = 4 };
/// Where a pass reads and writes.
enum { kBufferInput, kBufferOutput, kBufferA, kBufferB };

typedef struct resize_pass {
  int32_t from;
  int32_t to;
  size_t outer_count;
  size_t inner_count;
  size_t input_length;
  size_t output_length;
  size_t tap_count;
  /// output_length * tap_count of each, weights in pass_dtype, and output_length flags.
  int64_t* indices;
  void* weights;
  bool* is_inside;
  bool has_outside;
} resize_pass;

typedef struct resize_handle {
  olstm__op_handle head;
  olstm_dtype dtype;
  /// The dtype of passes: dtype itself, or float for the 16-bit floats.
  olstm_dtype pass_dtype;
  size_t element_bytes;
  size_t input_count;
  size_t output_count;
  /// Bytes of buffer A; buffer B follows it.
  size_t buffer_bytes;
  bool is_nearest;
  /// The extrapolation value in pass_dtype.
  _Alignas(uint64_t) uint8_t outside[8];
  int32_t pass_count;
  resize_pass passes[OLSTM_MAX_RANK];
  /// NEAREST: instead of passes.
  olstm__index_copy copy;
} resize_handle;

/// Which axes change, and room for the tables of their passes.
static olstm_status measure(const olstm__resize_op* op, const olstm__resize_axis* axes,
                            const olstm_tensor_desc* output, bool* out_changes,
                            size_t* out_bytes, olstm_error* error) {
  const int32_t rank = output->rank;
  size_t table_bytes = 0;
  if (op->rule.mode == OLSTM__RESIZE_NEAREST && olstm_tensor_desc_count(output) > 0 &&
      !olstm__index_copy_measure(output, &table_bytes)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  *out_bytes = sizeof(resize_handle) + table_bytes;
  for (int32_t d = 0; d < rank; d++) {
    const olstm__resize_axis* axis = &axes[d];
    const int32_t taps = olstm__resize_tap_count(&op->rule, axis);
    size_t bytes = 0;
    out_changes[d] = axis->input_length != axis->output_length || axis->scale != 1 ||
                     axis->start != 0 || axis->end != 1;
    if (!out_changes[d] || op->rule.mode == OLSTM__RESIZE_NEAREST) continue;
    if (taps == 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                            "antialias with a scale of %g at axis %d is too wide",
                            axis->scale, (int)d);
    }
    // An index and a weight for each tap, and a flag, rounded up.
    const size_t each = (size_t)taps * (sizeof(int64_t) + sizeof(double)) + 8;
    if (!olstm_size_multiply((size_t)axis->output_length, each, &bytes) ||
        !olstm_size_add(*out_bytes, bytes, out_bytes)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
    }
  }
  return OLSTM_STATUS_OK;
}

static void fill_pass(const olstm__resize_op* op, const olstm__resize_axis* axis,
                      olstm_dtype dtype, resize_pass* pass, char** memory) {
  pass->tap_count = (size_t)olstm__resize_tap_count(&op->rule, axis);
  pass->input_length = (size_t)axis->input_length;
  pass->output_length = (size_t)axis->output_length;
  const size_t count = pass->output_length * pass->tap_count;
  double* weights = (double*)(void*)(*memory + count * sizeof(int64_t));
  pass->indices = (int64_t*)(void*)*memory;
  pass->weights = weights;
  pass->is_inside = (bool*)(weights + count);
  *memory = (char*)pass->is_inside + 8 * pass->output_length;
  for (size_t j = 0; j < pass->output_length; j++) {
    pass->is_inside[j] = olstm__resize_find_taps(
        &op->rule, axis, (int64_t)j, (int32_t)pass->tap_count,
        pass->indices + j * pass->tap_count, weights + j * pass->tap_count);
    if (!pass->is_inside[j]) pass->has_outside = true;
  }
  // One after the other, which stay where they are or move to the front.
  for (size_t i = 0; i < count; i++) {
    const double weight = weights[i];
    olstm__convert(OLSTM_DTYPE_DOUBLE, dtype, &weight,
                   (char*)pass->weights + i * olstm_dtype_size(dtype), 1);
  }
}

/// NEAREST: where each index comes from.
static void fill_copy(const olstm__resize_op* op, const olstm__resize_axis* axes,
                      const bool* changes, const olstm_prepare_args* args,
                      resize_handle* handle) {
  const olstm_tensor_desc* output = &args->outputs[0];
  olstm__index_copy_init(&handle->copy, &args->inputs[0]->desc, output, handle + 1);
  for (int32_t d = 0; d < output->rank; d++) {
    int64_t* table = handle->copy.tables[d + 1];
    for (int64_t i = 0; i < output->dims[d]; i++) {
      double weight = 0;
      table[i] = i;
      if (changes[d] &&
          !olstm__resize_find_taps(&op->rule, &axes[d], i, 1, &table[i], &weight)) {
        table[i] = OLSTM__INDEX_OUTSIDE;
      }
    }
  }
  olstm__index_copy_finish(&handle->copy);
}

/// Chooses each pass's buffers: the input first, the output last, and two alternating
/// ones between. Where the tensors are not of pass_dtype, the first and last buffer are
/// such, too.
static void choose_buffers(resize_handle* handle) {
  const bool converts = handle->pass_dtype != handle->dtype;
  int32_t from = converts ? kBufferA : kBufferInput;
  for (int32_t p = 0; p < handle->pass_count; p++) {
    const bool is_last = p == handle->pass_count - 1;
    handle->passes[p].from = from;
    from = from == kBufferA ? kBufferB : kBufferA;
    handle->passes[p].to = is_last && !converts ? kBufferOutput : from;
  }
}

/// Makes the passes for a tensor that has elements, and says how large the largest
/// intermediate result is.
static olstm_status fill_passes(const olstm__resize_op* op,
                                const olstm__resize_axis* axes, const bool* changes,
                                const olstm_tensor_desc* input, resize_handle* handle,
                                olstm_error* error) {
  olstm_tensor_desc now = *input;
  char* memory = (char*)(handle + 1);
  now.dtype = handle->pass_dtype;
  if (!olstm_tensor_desc_bytes(&now, &handle->buffer_bytes)) {
    return olstm__op_check_output(&op->base, &now, error);
  }
  for (int32_t d = 0; d < input->rank; d++) {
    if (!changes[d]) continue;
    resize_pass* pass = &handle->passes[handle->pass_count++];
    fill_pass(op, &axes[d], handle->pass_dtype, pass, &memory);
    pass->outer_count = 1;
    pass->inner_count = 1;
    for (int32_t o = 0; o < d; o++) pass->outer_count *= (size_t)now.dims[o];
    for (int32_t i = d + 1; i < now.rank; i++) pass->inner_count *= (size_t)now.dims[i];
    now.dims[d] = axes[d].output_length;
    size_t bytes = 0;
    if (!olstm_tensor_desc_bytes(&now, &bytes)) {
      return olstm__op_check_output(&op->base, &now, error);
    }
    if (bytes > handle->buffer_bytes) handle->buffer_bytes = bytes;
  }
  choose_buffers(handle);
  return OLSTM_STATUS_OK;
}

static bool is_half(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

static olstm_status fill_handle(const olstm__resize_op* op,
                                const olstm__resize_axis* axes, const bool* changes,
                                const olstm_prepare_args* args, resize_handle* handle,
                                size_t* out_workspace, olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  handle->dtype = input->dtype;
  handle->is_nearest = op->rule.mode == OLSTM__RESIZE_NEAREST;
  handle->pass_dtype =
      is_half(input->dtype) && !handle->is_nearest ? OLSTM_DTYPE_FLOAT : input->dtype;
  handle->element_bytes = olstm_dtype_size(handle->pass_dtype);
  handle->input_count = (size_t)olstm_tensor_desc_count(input);
  handle->output_count = (size_t)olstm_tensor_desc_count(&args->outputs[0]);
  olstm__convert(OLSTM_DTYPE_FLOAT, handle->pass_dtype, &op->extrapolation_value,
                 handle->outside, 1);
  *out_workspace = 0;
  if (handle->output_count == 0) return OLSTM_STATUS_OK;
  if (handle->input_count == 0) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "input '%s' has shape %s, nothing to resize",
                          op->base.node->input_names[0], olstm_shape_text(input).text);
  }
  if (handle->is_nearest) {
    fill_copy(op, axes, changes, args, handle);
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(fill_passes(op, axes, changes, input, handle, error));
  if (!olstm_size_align(handle->buffer_bytes, &handle->buffer_bytes) ||
      !olstm_size_multiply(handle->buffer_bytes, 2, out_workspace)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  if (handle->pass_count <= 1 && handle->pass_dtype == handle->dtype) *out_workspace = 0;
  return OLSTM_STATUS_OK;
}

static uint64_t count_work(const resize_handle* handle, const olstm_tensor_desc* y) {
  uint64_t work = 0;
  if (handle->is_nearest) {
    const int64_t count = olstm_tensor_desc_count(y);
    const int64_t rows = count > 0 && y->rank > 0 ? count / y->dims[y->rank - 1] : count;
    return olstm__op_work_sum(olstm__op_work(count, kUnitsPerNearest, 1, 1),
                              olstm__op_work(rows, kUnitsPerRow, 1, 1));
  }
  for (int32_t p = 0; p < handle->pass_count; p++) {
    const resize_pass* pass = &handle->passes[p];
    const int64_t lines = (int64_t)(pass->outer_count * pass->output_length);
    const uint64_t taps = olstm__op_work(lines, (int64_t)pass->inner_count,
                                         (int64_t)pass->tap_count, kUnitsPerTap);
    work = olstm__op_work_sum(work, olstm__op_work(lines, kUnitsPerLine, 1, 1));
    // Weights are computed when shapes are planned, which may be in every trip of a loop.
    work = olstm__op_work_sum(
        work, olstm__op_work((int64_t)pass->output_length, kUnitsPerPosition, 1, 1));
    work = olstm__op_work_sum(work, taps);
  }
  return work;
}

olstm_status olstm__resize_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const olstm__resize_op* op = instance;
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  olstm__resize_axis axes[OLSTM_MAX_RANK];
  bool changes[OLSTM_MAX_RANK] = {false};
  size_t bytes = 0;
  void* handle = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__resize_read(op, &known, axes, error));
  OLSTM_RETURN_IF_ERROR(measure(op, axes, &args->outputs[0], changes, &bytes, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(&op->base, bytes, &handle, error));
  const olstm_status status =
      fill_handle(op, axes, changes, args, handle, &out_prepared->workspace_bytes, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__op_release_handle(instance, handle);
    return status;
  }
  out_prepared->view_of_input = 0;
  for (int32_t d = 0; d < args->outputs[0].rank; d++) {
    if (changes[d]) out_prepared->view_of_input = -1;
  }
  out_prepared->work = olstm__op_work_sum(count_work(handle, &args->outputs[0]),
                                          olstm__op_element_work("Resize", args, 0, 0));
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

// Neighbours of one tap after the other by vectors where there are some, else element by
// element.
#define DEFINE_INTERPOLATE(NAME, TYPE)                                                   \
  static void blend_##NAME(size_t count, size_t taps, const int64_t* indices,            \
                           const TYPE* weights, const TYPE* source, TYPE* target) {      \
    const TYPE* first = source + (size_t)indices[0] * count;                             \
    OMP_SIMD                                                                             \
    for (size_t i = 0; i < count; i++) target[i] = weights[0] * first[i];                \
    for (size_t k = 1; k < taps; k++) {                                                  \
      const TYPE* next = source + (size_t)indices[k] * count;                            \
      OMP_SIMD                                                                           \
      for (size_t i = 0; i < count; i++) target[i] += weights[k] * next[i];              \
    }                                                                                    \
  }                                                                                      \
  static void line_##NAME(size_t count, size_t taps, const int64_t* indices,             \
                          const TYPE* weights, const TYPE* source, TYPE* target) {       \
    for (size_t j = 0; taps == 2 && j < count; j++, indices += 2, weights += 2) {        \
      target[j] = weights[0] * source[indices[0]] + weights[1] * source[indices[1]];     \
    }                                                                                    \
    for (size_t j = 0; taps != 2 && j < count; j++, indices += taps, weights += taps) {  \
      TYPE sum = weights[0] * source[indices[0]];                                        \
      for (size_t k = 1; k < taps; k++) sum += weights[k] * source[indices[k]];          \
      target[j] = sum;                                                                   \
    }                                                                                    \
  }                                                                                      \
  static void interpolate_##NAME(const resize_handle* handle, const resize_pass* pass,   \
                                 size_t begin, size_t end, const TYPE* source,           \
                                 TYPE* target) {                                         \
    const size_t inner = pass->inner_count;                                              \
    const size_t taps = pass->tap_count;                                                 \
    const size_t length = pass->output_length;                                           \
    /* Lines of one piece: whole ones along the axis, or neighbours of one position. */  \
    const size_t lines = inner == 1 ? 1 : length;                                        \
    size_t j = begin % lines;                                                            \
    source += begin / lines * pass->input_length * inner;                                \
    target += begin * (inner == 1 ? length : inner);                                     \
    for (; begin < end; begin++) {                                                       \
      if (inner == 1) {                                                                  \
        line_##NAME(length, taps, pass->indices, pass->weights, source, target);         \
        for (size_t k = 0; pass->has_outside && k < length; k++) {                       \
          if (!pass->is_inside[k]) memcpy(target + k, handle->outside, sizeof(TYPE));    \
        }                                                                                \
        target += length;                                                                \
      } else {                                                                           \
        const size_t at = j * taps;                                                      \
        if (pass->is_inside[j]) {                                                        \
          blend_##NAME(inner, taps, pass->indices + at, (const TYPE*)pass->weights + at, \
                       source, target);                                                  \
        } else {                                                                         \
          olstm__fill_elements(target, inner, sizeof(TYPE), handle->outside);            \
        }                                                                                \
        target += inner;                                                                 \
      }                                                                                  \
      if (++j == lines) {                                                                \
        j = 0;                                                                           \
        source += pass->input_length * inner;                                            \
      }                                                                                  \
    }                                                                                    \
  }
#define OMP_SIMD _Pragma("omp simd")
DEFINE_INTERPOLATE(float, float)
DEFINE_INTERPOLATE(double, double)

/// One pass, of which pieces are done at a time.
typedef struct pass_task {
  const resize_handle* handle;
  const resize_pass* pass;
  const void* from;
  void* to;
} pass_task;

static void run_lines(void* argument, int64_t begin, int64_t end) {
  const pass_task* task = argument;
  if (task->handle->pass_dtype == OLSTM_DTYPE_DOUBLE) {
    interpolate_double(task->handle, task->pass, (size_t)begin, (size_t)end, task->from,
                       task->to);
  } else {
    interpolate_float(task->handle, task->pass, (size_t)begin, (size_t)end, task->from,
                      task->to);
  }
}

olstm_status olstm__resize_run(const void* instance, const void* prepared,
                               const olstm_run_args* args, olstm_error* error) {
  const resize_handle* handle = prepared;
  const bool converts = handle->pass_dtype != handle->dtype;
  char* workspace = args->workspace;
  (void)instance;
  (void)error;
  if (handle->output_count == 0) return OLSTM_STATUS_OK;
  if (handle->is_nearest) {
    olstm__index_copy_run(&handle->copy, handle->outside, args->inputs[0],
                          args->outputs[0]);
    return OLSTM_STATUS_OK;
  }
  if (handle->pass_count == 0) {
    olstm__convert(handle->dtype, handle->dtype, args->inputs[0], args->outputs[0],
                   handle->output_count);
    return OLSTM_STATUS_OK;
  }
  if (converts) {
    olstm__convert(handle->dtype, handle->pass_dtype, args->inputs[0], workspace,
                   handle->input_count);
  }
  const void* result = NULL;
  for (int32_t p = 0; p < handle->pass_count; p++) {
    const resize_pass* pass = &handle->passes[p];
    const void* from = pass->from == kBufferInput ? args->inputs[0]
                       : pass->from == kBufferA   ? workspace
                                                  : workspace + handle->buffer_bytes;
    void* to = pass->to == kBufferOutput ? args->outputs[0]
               : pass->to == kBufferA    ? workspace
                                         : workspace + handle->buffer_bytes;
    pass_task task = {handle, pass, from, to};
    const bool is_along = pass->inner_count == 1;
    const size_t lines = pass->outer_count * (is_along ? 1 : pass->output_length);
    const size_t line = is_along ? pass->output_length * kGathered : pass->inner_count;
    olstm__pieces_run(args->parallel, (int64_t)lines, (int64_t)(line * pass->tap_count),
                      run_lines, &task);
    result = to;
  }
  if (converts) {
    olstm__convert(handle->pass_dtype, handle->dtype, result, args->outputs[0],
                   handle->output_count);
  }
  return OLSTM_STATUS_OK;
}
