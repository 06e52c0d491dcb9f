// Pad: a border around a tensor, of one value or of the tensor's own elements, by
// attributes or by inputs. Negative pads crop, before anything is mirrored.
#include <string.h>

#include "op/shape/convert.h"
#include "op/shape/index_copy.h"
#include "op/shape/shape_ops.h"

/// Of work: of a row, and of an element that is a copy of another.
enum { kUnitsPerRow = 128, kUnitsPerCopied = 4 };

enum { kPadsAreAttribute = 2, kPadsAreInput = 11, kHasWrap = 19 };

typedef enum pad_mode { kModeConstant, kModeReflect, kModeEdge, kModeWrap } pad_mode;

typedef struct pad_op {
  olstm__op_base base;
  pad_mode mode;
  /// The attributes of opsets 1 and 2.
  size_t pad_count;
  int64_t pads[2 * OLSTM_MAX_RANK];
  float value;
} pad_op;

/// Pads before and after each axis.
typedef struct pad_widths {
  int64_t before[OLSTM_MAX_RANK];
  int64_t after[OLSTM_MAX_RANK];
} pad_widths;

typedef struct pad_handle {
  olstm__op_handle head;
  bool is_empty;
  /// The value unless an input gives it.
  _Alignas(uint64_t) uint8_t value[8];
  olstm__index_copy copy;
  int64_t memory[];
} pad_handle;

static olstm_status parse_pad(void* instance, olstm_error* error) {
  static const char* const kModes[] = {"constant", "reflect", "edge", "wrap"};
  pad_op* op = instance;
  const olstm_node* node = op->base.node;
  const olstm__op_schema* schema = op->base.self->variant;
  const char* mode = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_string(node, "mode", "constant", &mode, error));
  const int mode_count = schema->code >= kHasWrap ? 4 : 3;
  int found = 0;
  while (found < mode_count && strcmp(mode, kModes[found]) != 0) found++;
  if (found == mode_count) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "mode='%s' is unknown (opset %d)", mode,
                          (int)node->opset_version);
  }
  op->mode = (pad_mode)found;
  if (schema->code != kPadsAreAttribute) return OLSTM_STATUS_OK;
  // Opset 1 called them paddings.
  const char* name = olstm_node_find_attribute(node, "pads") ? "pads" : "paddings";
  bool given = false;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, name, 2 * OLSTM_MAX_RANK, op->pads,
                                            &op->pad_count, &given, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "value", 0.0f, &op->value, error));
  if (given) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute %s is missing", name);
}

static olstm_status read_widths(const pad_op* op, const olstm_infer_args* args,
                                pad_widths* out_widths, olstm_error* error) {
  const olstm__op_schema* schema = op->base.self->variant;
  const int32_t rank = args->inputs[0]->desc.rank;
  int64_t pads[2 * OLSTM_MAX_RANK];
  int64_t axes[OLSTM_MAX_RANK];
  size_t pad_count = op->pad_count;
  size_t axis_count = (size_t)rank;
  memcpy(pads, op->pads, sizeof pads);
  memset(out_widths, 0, sizeof *out_widths);
  for (int32_t d = 0; d < rank; d++) axes[d] = d;
  if (schema->code != kPadsAreAttribute) {
    OLSTM_RETURN_IF_ERROR(olstm__op_read_ints(&op->base, args, 1, 2 * OLSTM_MAX_RANK,
                                              pads, &pad_count, error));
  }
  if (olstm_node_has_input(op->base.node, 3)) {
    OLSTM_RETURN_IF_ERROR(olstm__op_read_ints(&op->base, args, 3, OLSTM_MAX_RANK, axes,
                                              &axis_count, error));
  }
  if (pad_count != 2 * axis_count) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "pads has %zu values, expected %zu for %zu axes", pad_count,
                          2 * axis_count, axis_count);
  }
  for (size_t i = 0; i < axis_count; i++) {
    int32_t axis = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_normalize_axis(&op->base, "axes", axes[i], rank, &axis, error));
    out_widths->before[axis] = pads[i];
    out_widths->after[axis] = pads[axis_count + i];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status check_value(const pad_op* op, const olstm_infer_args* args,
                                olstm_error* error) {
  if (!olstm_node_has_input(op->base.node, 2)) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* value = &args->inputs[2]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&op->base, args, 2, 0, error));
  if (olstm_tensor_desc_count(value) == 1) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected a scalar",
                        op->base.node->input_names[2], olstm_shape_text(value).text);
}

static int64_t at_least_zero(int64_t value) {
  return value > 0 ? value : 0;
}

olstm_status olstm__pad_infer(const void* instance, const olstm_infer_args* args,
                              olstm_tensor_desc* out_outputs, olstm_error* error) {
  const pad_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm_tensor_desc output = *input;
  pad_widths widths;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(read_widths(op, args, &widths, error));
  OLSTM_RETURN_IF_ERROR(check_value(op, args, error));
  for (int32_t d = 0; d < input->rank; d++) {
    // A quarter of the range keeps the sums below from overflowing.
    const int64_t limit = INT64_MAX / 4;
    const int64_t before = widths.before[d];
    const int64_t after = widths.after[d];
    const int64_t dim = input->dims[d];
    const bool fits =
        before >= -dim && before < limit && after >= -dim && after < limit && dim < limit;
    const int64_t kept = fits ? dim - at_least_zero(-before) - at_least_zero(-after) : -1;
    if (kept < 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "pads %" PRId64 " and %" PRId64
                            " at axis %d do not fit shape %s",
                            before, after, (int)d, olstm_shape_text(input).text);
    }
    output.dims[d] = dim + before + after;
    if (op->mode != kModeConstant && kept == 0 && output.dims[d] > 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axis %d of shape %s has nothing to pad with", (int)d,
                            olstm_shape_text(input).text);
    }
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

/// The index in 0..count-1 that is copied to `index`, which may lie outside; or
/// OLSTM__INDEX_OUTSIDE.
static int64_t map_index(pad_mode mode, int64_t index, int64_t count) {
  if (index >= 0 && index < count) return index;
  if (mode == kModeConstant) return OLSTM__INDEX_OUTSIDE;
  if (mode == kModeEdge) return index < 0 ? 0 : index >= count ? count - 1 : index;
  if (mode == kModeReflect && count == 1) return 0;
  const int64_t period = mode == kModeWrap ? count : 2 * (count - 1);
  const int64_t folded = (index % period + period) % period;
  return folded < count ? folded : period - folded;
}

static void fill_tables(pad_mode mode, const olstm_tensor_desc* input,
                        const pad_widths* widths, olstm__index_copy* copy) {
  for (int32_t d = 0; d < input->rank; d++) {
    const int64_t first = at_least_zero(-widths->before[d]);
    const int64_t kept = input->dims[d] - first - at_least_zero(-widths->after[d]);
    for (int64_t i = 0; i < copy->dims[d + 1]; i++) {
      const int64_t index = map_index(mode, i - at_least_zero(widths->before[d]), kept);
      copy->tables[d + 1][i] = index == OLSTM__INDEX_OUTSIDE ? index : first + index;
    }
  }
}

olstm_status olstm__pad_prepare(void* instance, const olstm_prepare_args* args,
                                olstm_prepared* out_prepared, olstm_error* error) {
  const pad_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  // Every dimension of a tensor that has elements is at most their number.
  const bool is_empty = olstm_tensor_desc_count(output) == 0;
  size_t bytes = 0;
  pad_widths widths;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(read_widths(op, &known, &widths, error));
  if (!is_empty && (!olstm__index_copy_measure(output, &bytes) ||
                    !olstm_size_add(bytes, sizeof(pad_handle), &bytes))) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(
      &op->base, is_empty ? sizeof(pad_handle) : bytes, &memory, error));
  pad_handle* handle = memory;
  handle->is_empty = is_empty;
  if (op->value != 0) {
    olstm__convert(OLSTM_DTYPE_FLOAT, output->dtype, &op->value, handle->value, 1);
  }
  if (!is_empty) {
    olstm__index_copy_init(&handle->copy, input, output, handle->memory);
    fill_tables(op->mode, input, &widths, &handle->copy);
    olstm__index_copy_finish(&handle->copy);
  }
  out_prepared->handle = handle;
  const int64_t count = olstm_tensor_desc_count(output);
  out_prepared->work = olstm__op_element_work(
      "Pad", args,
      count > 0 && output->rank > 0 ? count / output->dims[output->rank - 1] : 0,
      kUnitsPerRow);
  if (op->mode != kModeConstant) {
    out_prepared->work = olstm__op_work_sum(out_prepared->work,
                                            olstm__op_work(count, kUnitsPerCopied, 1, 1));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__pad_run(const void* instance, const void* handle,
                            const olstm_run_args* args, olstm_error* error) {
  const pad_op* op = instance;
  const pad_handle* pad = handle;
  (void)error;
  if (pad->is_empty) return OLSTM_STATUS_OK;
  olstm__index_copy_run(
      &pad->copy, olstm_node_has_input(op->base.node, 2) ? args->inputs[2] : pad->value,
      args->inputs[0], args->outputs[0]);
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes1[] = {"paddings", "mode", "value", NULL};
static const char* const kAttributes2[] = {"pads", "mode", "value", NULL};
static const char* const kMode[] = {"mode", NULL};

#define PAD_SCHEMA(ATTRIBUTES, REQUIRED, MAX, CODE) \
  OLSTM__OP_SCHEMA(REQUIRED, MAX, 1, ATTRIBUTES, pad_op, parse_pad, CODE)
const olstm__op_schema olstm__pad_schema_1 =
    PAD_SCHEMA(kAttributes1, 1, 1, kPadsAreAttribute);
const olstm__op_schema olstm__pad_schema_2 =
    PAD_SCHEMA(kAttributes2, 1, 1, kPadsAreAttribute);
const olstm__op_schema olstm__pad_schema_11 = PAD_SCHEMA(kMode, 2, 3, kPadsAreInput);
const olstm__op_schema olstm__pad_schema_18 = PAD_SCHEMA(kMode, 2, 4, kPadsAreInput);
const olstm__op_schema olstm__pad_schema_19 = PAD_SCHEMA(kMode, 2, 4, kHasWrap);
