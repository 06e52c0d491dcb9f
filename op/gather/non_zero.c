// NonZero and Compress, whose output sizes depend on the data.
#include <string.h>

#include "op/gather/gather_ops.h"
#include "op/shape/move_bytes.h"

typedef struct non_zero_handle {
  olstm__op_handle head;
  olstm_tensor_desc input;
  int64_t count;
} non_zero_handle;

/// Elements that are looked at before their positions are written.
enum { kBlock = 256 };

/// Writes the positions, from 0 on, of the elements of x that are not zero but for bits
/// that `mask` leaves out; there are at most kBlock. Gives their number.
typedef size_t (*find_function)(uint64_t mask, size_t count, const void* x,
                                uint8_t* positions);

// Without a branch: a position that does not count is written over by the next.
#define FIND(BITS)                                                      \
  static size_t find_##BITS(uint64_t mask, size_t count, const void* x, \
                            uint8_t* positions) {                       \
    const uint##BITS##_t* elements = x;                                 \
    const uint##BITS##_t bits = (uint##BITS##_t)mask;                   \
    size_t found = 0;                                                   \
    for (size_t i = 0; i < count; i++) {                                \
      positions[found] = (uint8_t)i;                                    \
      found += (elements[i] & bits) != 0;                               \
    }                                                                   \
    return found;                                                       \
  }
FIND(8)
FIND(16)
FIND(32)
FIND(64)

static find_function find_of(size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return find_8;
    case 2:
      return find_16;
    case 4:
      return find_32;
    default:
      return find_64;
  }
}

/// All bits but the sign of floating point, since -0.0 is zero.
static uint64_t mask_of(olstm_dtype dtype) {
  const bool is_real = (OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(dtype)) != 0;
  return is_real ? ~(UINT64_C(1) << (8 * olstm_dtype_size(dtype) - 1)) : UINT64_MAX;
}

static size_t block_of(size_t left) {
  return left < kBlock ? left : kBlock;
}

static olstm_status needs_data(const olstm__op_base* base, size_t index,
                               olstm_error* error) {
  return olstm__op_fail(base, error, OLSTM_STATUS_NEEDS_DATA,
                        "the values of input '%s' are not known yet",
                        base->node->input_names[index]);
}

static olstm_status changed_count(const olstm__op_base* base, olstm_error* error) {
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "another number of elements than it was prepared for");
}

olstm_status olstm__non_zero_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__op_base* base = instance;
  const olstm_tensor* input = args->inputs[0];
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  if (!olstm__op_knows_input(args, 0)) return needs_data(base, 0, error);
  const size_t count = (size_t)olstm_tensor_desc_count(&input->desc);
  const size_t bytes = olstm_dtype_size(input->desc.dtype);
  const find_function find = find_of(bytes);
  uint8_t positions[kBlock];
  int64_t found = 0;
  for (size_t i = 0; i < count; i += kBlock) {
    found += (int64_t)find(mask_of(input->desc.dtype), block_of(count - i),
                           (const char*)input->data + i * bytes, positions);
  }
  out_outputs[0] = (olstm_tensor_desc){OLSTM_DTYPE_INT64, 2, {input->desc.rank, found}};
  return olstm__op_check_output(base, &out_outputs[0], error);
}

olstm_status olstm__non_zero_prepare(void* instance, const olstm_prepare_args* args,
                                     olstm_prepared* out_prepared, olstm_error* error) {
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(non_zero_handle), &memory, error));
  non_zero_handle* handle = memory;
  handle->input = args->inputs[0]->desc;
  handle->count = args->outputs[0].dims[1];
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

/// Writes the indices of `found` elements of one row: those before the last are the row's
/// own; a scalar (last is -1) has none. Rows of a [rows, count] output are `count` apart.
static void put_indices(const uint8_t* positions, size_t found, int64_t first,
                        const int64_t* index, int32_t last, int64_t count,
                        int64_t* output) {
  for (int32_t d = 0; d < last; d++) {
    for (size_t i = 0; i < found; i++) output[d * count + (int64_t)i] = index[d];
  }
  for (size_t i = 0; last >= 0 && i < found; i++) {
    output[last * count + (int64_t)i] = first + positions[i];
  }
}

olstm_status olstm__non_zero_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error) {
  const non_zero_handle* non_zero = handle;
  const olstm_tensor_desc* input = &non_zero->input;
  const size_t bytes = olstm_dtype_size(input->dtype);
  const find_function find = find_of(bytes);
  const uint64_t mask = mask_of(input->dtype);
  const int32_t last = input->rank - 1;
  const int64_t row = last >= 0 ? input->dims[last] : 1;
  const int64_t count = olstm_tensor_desc_count(input);
  const char* x = args->inputs[0];
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t found = 0;
  for (int64_t done = 0; done < count; done += row) {
    for (int64_t first = 0; first < row; first += kBlock) {
      uint8_t positions[kBlock];
      const size_t size = block_of((size_t)(row - first));
      const size_t more = find(mask, size, x, positions);
      if ((int64_t)more > non_zero->count - found) return changed_count(instance, error);
      put_indices(positions, more, first, index, last, non_zero->count,
                  (int64_t*)args->outputs[0] + found);
      found += (int64_t)more;
      x += size * bytes;
    }
    for (int32_t d = last - 1; d >= 0 && ++index[d] == input->dims[d]; d--) index[d] = 0;
  }
  return found == non_zero->count ? OLSTM_STATUS_OK : changed_count(instance, error);
}

typedef struct compress_op {
  olstm__op_base base;
  bool has_axis;
  int64_t axis;
} compress_op;

typedef struct compress_handle {
  olstm__op_handle head;
  int64_t condition_count;
  int64_t kept_count;
  int64_t axis_dim;
  size_t outer_count;
  size_t slice_bytes;
} compress_handle;

static olstm_status parse_compress(void* instance, olstm_error* error) {
  compress_op* op = instance;
  op->has_axis = olstm_node_find_attribute(op->base.node, "axis") != NULL;
  return olstm_node_get_int(op->base.node, "axis", 0, &op->axis, error);
}

olstm_status olstm__compress_infer(const void* instance, const olstm_infer_args* args,
                                   olstm_tensor_desc* out_outputs, olstm_error* error) {
  const compress_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* condition = &args->inputs[1]->desc;
  const int64_t all = olstm_tensor_desc_count(input);
  olstm_tensor_desc output = {input->dtype, 1, {all}};
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&op->base, args, 1,
                                              OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), error));
  if (op->has_axis) {
    output = *input;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_normalize_axis(&op->base, "axis", op->axis, input->rank, &axis, error));
  }
  if (condition->rank != 1 || condition->dims[0] > output.dims[axis]) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected at most [%" PRId64 "]",
                          op->base.node->input_names[1], olstm_shape_text(condition).text,
                          output.dims[axis]);
  }
  if (!olstm__op_knows_input(args, 1)) return needs_data(&op->base, 1, error);
  const uint8_t* keep = args->inputs[1]->data;
  output.dims[axis] = 0;
  for (int64_t i = 0; i < condition->dims[0]; i++) output.dims[axis] += keep[i] != 0;
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__compress_prepare(void* instance, const olstm_prepare_args* args,
                                     olstm_prepared* out_prepared, olstm_error* error) {
  const compress_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(compress_handle), &memory, error));
  compress_handle* handle = memory;
  handle->condition_count = args->inputs[1]->desc.dims[0];
  handle->outer_count = 1;
  handle->slice_bytes = olstm_dtype_size(input->dtype);
  handle->axis_dim = olstm_tensor_desc_count(input);
  handle->kept_count = args->outputs[0].dims[0];
  if (op->has_axis) {
    const int32_t axis = (int32_t)(op->axis < 0 ? op->axis + input->rank : op->axis);
    handle->axis_dim = input->dims[axis];
    handle->kept_count = args->outputs[0].dims[axis];
    for (int32_t d = 0; d < axis; d++) handle->outer_count *= (size_t)input->dims[d];
    for (int32_t d = axis + 1; d < input->rank; d++) {
      handle->slice_bytes *= (size_t)input->dims[d];
    }
  }
  if (olstm_tensor_desc_count(&args->outputs[0]) == 0) handle->outer_count = 0;
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__compress_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error) {
  const compress_handle* compress = handle;
  const uint8_t* keep = args->inputs[1];
  const size_t bytes = compress->slice_bytes;
  const char* source = args->inputs[0];
  char* target = args->outputs[0];
  for (size_t o = 0; o < compress->outer_count; o++) {
    int64_t kept = 0;
    for (int64_t first = 0; first < compress->condition_count; first += kBlock) {
      uint8_t positions[kBlock];
      const size_t size = block_of((size_t)(compress->condition_count - first));
      const size_t more = find_8(UINT64_MAX, size, keep + first, positions);
      kept += (int64_t)more;
      if (kept > compress->kept_count) return changed_count(instance, error);
      for (size_t i = 0; i < more; i++, target += bytes) {
        olstm__move_bytes(target, source + ((size_t)first + positions[i]) * bytes, bytes);
      }
    }
    if (kept != compress->kept_count) return changed_count(instance, error);
    source += (size_t)compress->axis_dim * bytes;
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAxis[] = {"axis", NULL};

const olstm__op_schema olstm__non_zero_schema = {
    .arity = {1, 1, 1}, .instance_bytes = sizeof(olstm__op_base)};
const olstm__op_schema olstm__compress_schema = {.arity = {2, 2, 1},
                                                 .attributes = kAxis,
                                                 .instance_bytes = sizeof(compress_op),
                                                 .parse = parse_compress};
