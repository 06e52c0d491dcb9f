#include "op/gather/gather_elements.h"

#include <stdatomic.h>
#include <string.h>

#include "op/gather/gather_ops.h"
#include "op/pieces.h"

olstm_status olstm__element_walk_check(const olstm__op_base* base,
                                       const olstm_infer_args* args, int64_t asked_axis,
                                       olstm_error* error) {
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 1, OLSTM__DTYPES_INDEX, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(base, "axis", asked_axis, data->rank, &axis, error));
  bool fits = indices->rank == data->rank;
  for (int32_t d = 0; fits && d < data->rank; d++) {
    fits = d == axis || indices->dims[d] <= data->dims[d];
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected at most that of '%s' %s but "
                        "for axis %d",
                        base->node->input_names[1], olstm_shape_text(indices).text,
                        base->node->input_names[0], olstm_shape_text(data).text,
                        (int)axis);
}

void olstm__element_walk_init(olstm__element_walk* walk, const olstm_tensor_desc* data,
                              const olstm_tensor_desc* indices, int64_t axis) {
  int64_t stride = 1;
  memset(walk, 0, sizeof *walk);
  walk->is_wide = indices->dtype == OLSTM_DTYPE_INT64;
  walk->rank = data->rank;
  walk->axis = (int32_t)(axis < 0 ? axis + data->rank : axis);
  for (int32_t d = data->rank - 1; d >= 0; d--) {
    walk->dims[d] = indices->dims[d];
    if (d == walk->axis) {
      walk->axis_stride = stride;
      walk->axis_dim = data->dims[d];
    } else {
      walk->strides[d] = stride;
    }
    stride *= data->dims[d];
  }
  if (olstm_tensor_desc_count(indices) == 0) return;
  walk->row_length = walk->dims[walk->rank - 1];
  walk->row_count = olstm_tensor_desc_count(indices) / walk->row_length;
}

// Gives the block's indices from 0 to the axis's last; false where one is out of range.
// Most blocks have no negative ones, which the signs of two numbers tell of all.
#define RESOLVE(BITS, SIGNED, UNSIGNED)                                            \
  static bool resolve_##BITS(const olstm__element_walk* walk, const void* indices, \
                             olstm__element_block* block) {                        \
    const SIGNED* asked = (const SIGNED*)indices + block->position;                \
    const int64_t dim = walk->axis_dim;                                            \
    const UNSIGNED last =                                                          \
        (UNSIGNED)(dim <= INT##BITS##_MAX ? dim - 1 : INT##BITS##_MAX);            \
    const size_t count = block->count;                                             \
    UNSIGNED signs = 0;                                                            \
    bool fits = true;                                                              \
    OMP_SIMD_OR                                                                    \
    for (size_t i = 0; i < count; i++) {                                           \
      signs |= (UNSIGNED)asked[i] | (last - (UNSIGNED)asked[i]);                   \
    }                                                                              \
    const bool has_negative = signs >> (BITS - 1);                                 \
    block->indices = block->room;                                                  \
    if (has_negative) {                                                            \
      for (size_t i = 0; i < count; i++) {                                         \
        block->room[i] = asked[i];                                                 \
        fits &= olstm__index_wrap(&block->room[i], dim);                           \
      }                                                                            \
    } else if (BITS == 64) {                                                       \
      block->indices = (const int64_t*)(const void*)asked;                         \
    } else {                                                                       \
      OMP_SIMD                                                                     \
      for (size_t i = 0; i < count; i++) block->room[i] = asked[i];                \
    }                                                                              \
    return fits;                                                                   \
  }
#define OMP_SIMD _Pragma("omp simd")
#define OMP_SIMD_OR _Pragma("omp simd reduction(| : signs)")
RESOLVE(64, int64_t, uint64_t)
RESOLVE(32, int32_t, uint32_t)

/// One run of a walk, of which rows are done at a time.
typedef struct walk_task {
  const olstm__element_walk* walk;
  const void* indices;
  olstm__element_visitor visit;
  const void* context;
  atomic_bool has_failed;
} walk_task;

static void run_rows(void* argument, int64_t begin, int64_t end) {
  walk_task* run = argument;
  const olstm__element_walk* walk = run->walk;
  const int64_t step = walk->strides[walk->rank - 1];
  int64_t index[OLSTM_MAX_RANK] = {0};
  int64_t offset = 0, rest = begin;
  olstm__element_block block;
  block.position = (size_t)(begin * walk->row_length);
  block.stride = walk->axis_stride;
  block.step = step;
  for (int32_t d = walk->rank - 2; d >= 0; d--) {
    index[d] = rest % walk->dims[d];
    rest /= walk->dims[d];
    offset += index[d] * walk->strides[d];
  }
  for (int64_t row = begin; row < end; row++) {
    for (int64_t i = 0; i < walk->row_length; i += OLSTM__ELEMENT_BLOCK) {
      const int64_t left = walk->row_length - i;
      block.count = left < OLSTM__ELEMENT_BLOCK ? (size_t)left : OLSTM__ELEMENT_BLOCK;
      block.start = offset + i * step;
      if (!(walk->is_wide ? resolve_64 : resolve_32)(walk, run->indices, &block)) {
        atomic_store(&run->has_failed, true);
        return;
      }
      run->visit(run->context, &block);
      block.position += block.count;
    }
    for (int32_t d = walk->rank - 2; d >= 0; d--) {
      offset += walk->strides[d];
      if (++index[d] < walk->dims[d]) break;
      offset -= walk->strides[d] * walk->dims[d];
      index[d] = 0;
    }
  }
}

olstm_status olstm__element_walk_run(const olstm__element_walk* walk,
                                     const olstm__op_base* base,
                                     const olstm_parallel* parallel, const void* indices,
                                     olstm__element_visitor visit, const void* context,
                                     olstm_error* error) {
  // What an index costs, beside an element of OLSTM__PIECE_ELEMENTS.
  enum { kElementsPerIndex = 8 };
  walk_task run = {walk, indices, visit, context, false};
  olstm__pieces_run(parallel, walk->row_count, kElementsPerIndex * walk->row_length,
                    run_rows, &run);
  return atomic_load(&run.has_failed)
             ? olstm__index_fail_first(base, error, indices, walk->is_wide,
                                       walk->axis_dim)
             : OLSTM_STATUS_OK;
}

typedef struct elements_op {
  olstm__op_base base;
  int64_t axis;
} elements_op;

typedef struct elements_handle {
  olstm__op_handle head;
  size_t element_bytes;
  olstm__element_walk walk;
} elements_handle;

/// One run, for the visitor.
typedef struct gather_run {
  const void* data;
  void* output;
} gather_run;

static olstm_status parse_elements(void* instance, olstm_error* error) {
  elements_op* op = instance;
  return olstm_node_get_int(op->base.node, "axis", 0, &op->axis, error);
}

olstm_status olstm__gather_elements_infer(const void* instance,
                                          const olstm_infer_args* args,
                                          olstm_tensor_desc* out_outputs,
                                          olstm_error* error) {
  const elements_op* op = instance;
  OLSTM_RETURN_IF_ERROR(olstm__element_walk_check(&op->base, args, op->axis, error));
  out_outputs[0] = args->inputs[1]->desc;
  out_outputs[0].dtype = args->inputs[0]->desc.dtype;
  return olstm__op_check_output(&op->base, &out_outputs[0], error);
}

olstm_status olstm__gather_elements_prepare(void* instance,
                                            const olstm_prepare_args* args,
                                            olstm_prepared* out_prepared,
                                            olstm_error* error) {
  const elements_op* op = instance;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(elements_handle), &memory, error));
  elements_handle* handle = memory;
  handle->element_bytes = olstm_dtype_size(args->inputs[0]->desc.dtype);
  olstm__element_walk_init(&handle->walk, &args->inputs[0]->desc, &args->inputs[1]->desc,
                           op->axis);
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_copy_work(&args->outputs[0], olstm_tensor_desc_count(&args->outputs[0]));
  return OLSTM_STATUS_OK;
}

#define GATHER(BITS)                                                                  \
  static void gather_##BITS(const void* context, const olstm__element_block* block) { \
    const gather_run* run = context;                                                  \
    const uint##BITS##_t* data = (const uint##BITS##_t*)run->data + block->start;     \
    uint##BITS##_t* output = (uint##BITS##_t*)run->output + block->position;          \
    const int64_t* indices = block->indices;                                          \
    const int64_t stride = block->stride;                                             \
    const int64_t step = block->step;                                                 \
    const size_t count = block->count;                                                \
    for (size_t i = 0; i < count; i++, data += step) {                                \
      output[i] = data[indices[i] * stride];                                          \
    }                                                                                 \
  }
GATHER(8)
GATHER(16)
GATHER(32)
GATHER(64)

olstm_status olstm__gather_elements_run(const void* instance, const void* handle,
                                        const olstm_run_args* args, olstm_error* error) {
  const elements_op* op = instance;
  const elements_handle* elements = handle;
  const gather_run run = {args->inputs[0], args->outputs[0]};
  const size_t bytes = elements->element_bytes;
  return olstm__element_walk_run(&elements->walk, &op->base, args->parallel,
                                 args->inputs[1],
                                 bytes == 1   ? gather_8
                                 : bytes == 2 ? gather_16
                                 : bytes == 4 ? gather_32
                                              : gather_64,
                                 &run, error);
}

static const char* const kAxis[] = {"axis", NULL};

const olstm__op_schema olstm__gather_elements_schema = {
    .arity = {2, 2, 1},
    .attributes = kAxis,
    .instance_bytes = sizeof(elements_op),
    .parse = parse_elements};
