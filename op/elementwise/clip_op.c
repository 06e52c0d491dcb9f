// Clip: bounds are attributes before opset 11, inputs since. If min > max, the result is
// max; NaN stays.
#include <math.h>

#include "op/elementwise/binary_kernel.h"
#include "op/elementwise/element_groups.h"
#include "op/elementwise/unary_kernel.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/pieces.h"

typedef struct clip_op {
  olstm__op_base base;
  /// Before opset 11; -inf and inf where the attribute is absent.
  float low;
  float high;
} clip_op;

typedef struct clip_handle {
  olstm__op_handle head;
  olstm__compute_type compute_type;
  olstm_dtype dtype;
  int64_t count;
} clip_handle;

static olstm_status parse_attributes(void* instance, olstm_error* error) {
  clip_op* self = instance;
  const olstm_node* node = self->base.node;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "min", -INFINITY, &self->low, error));
  return olstm_node_get_float(node, "max", INFINITY, &self->high, error);
}

static olstm_status parse_nothing(void* instance, olstm_error* error) {
  clip_op* self = instance;
  (void)error;
  self->low = -INFINITY;
  self->high = INFINITY;
  return OLSTM_STATUS_OK;
}

static olstm_status clip_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const clip_op* self = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  for (size_t i = 1; i < args->input_count; i++) {
    if (!args->inputs[i]) continue;
    OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&self->base, args, i, 0, error));
    if (olstm_tensor_desc_count(&args->inputs[i]->desc) != 1) {
      return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected a scalar",
                            self->base.node->input_names[i],
                            olstm_shape_text(&args->inputs[i]->desc).text);
    }
  }
  out_outputs[0] = args->inputs[0]->desc;
  return OLSTM_STATUS_OK;
}

static olstm_status clip_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const clip_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  clip_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->compute_type = olstm__compute_type_of(x->dtype);
  handle->dtype = x->dtype;
  handle->count = olstm_tensor_desc_count(x);
  out_prepared->handle = handle;
  out_prepared->inplace_inputs = 1u;
  return OLSTM_STATUS_OK;
}

#define CLIP(type)                                                                      \
  static void clip_##type(int64_t count, const type* x, type low, type high, type* y) { \
    _Pragma("omp simd") for (int64_t i = 0; i < count; i++) {                           \
      const type raised = x[i] < low ? low : x[i];                                      \
      y[i] = raised > high ? high : raised;                                             \
    }                                                                                   \
  }
CLIP(double)

/// Integers: the larger of x and `low`, then the smaller, while they are in the cache.
static void clip_integers(olstm__binary_kernel larger, olstm__binary_kernel smaller,
                          size_t bytes, int64_t count, const char* x, const void* low,
                          const void* high, char* y) {
  enum { kBytes = 8192 };
  const int64_t most = kBytes / (int64_t)bytes;
  for (int64_t i = 0; i < count; i += most) {
    const int64_t size = count - i < most ? count - i : most;
    char* to = y + (size_t)i * bytes;
    (void)larger(size, x + (size_t)i * bytes, 1, low, 0, to);
    (void)smaller(size, to, 1, high, 0, to);
  }
}

/// Bounds of one run, in the compute type.
typedef struct bounds {
  olstm__compute_value low;
  olstm__compute_value high;
} bounds;

static bounds widest(const clip_op* self, olstm__compute_type compute_type) {
  switch (compute_type) {
    case OLSTM__COMPUTE_F64:
      return (bounds){{.f64 = (double)self->low}, {.f64 = (double)self->high}};
    case OLSTM__COMPUTE_I32:
      return (bounds){{.i32 = INT32_MIN}, {.i32 = INT32_MAX}};
    case OLSTM__COMPUTE_I64:
      return (bounds){{.i64 = INT64_MIN}, {.i64 = INT64_MAX}};
    case OLSTM__COMPUTE_U64:
      return (bounds){{.u64 = 0}, {.u64 = UINT64_MAX}};
    default:
      return (bounds){{.f32 = self->low}, {.f32 = self->high}};
  }
}

static void clip_block(olstm__compute_type compute_type, int64_t count, const void* x,
                       const bounds* limits, void* y) {
  switch (compute_type) {
    case OLSTM__COMPUTE_F64:
      clip_double(count, x, limits->low.f64, limits->high.f64, y);
      return;
    case OLSTM__COMPUTE_I32:
    case OLSTM__COMPUTE_I64:
    case OLSTM__COMPUTE_U64:
      clip_integers(olstm__binary_kernel_find(OLSTM__BINARY_MAX, compute_type),
                    olstm__binary_kernel_find(OLSTM__BINARY_MIN, compute_type),
                    olstm__compute_type_size(compute_type), count, x, &limits->low,
                    &limits->high, y);
      return;
    default:
      olstm__unary_kernel_find(OLSTM__UNARY_CLIP, OLSTM__COMPUTE_F32)(
          &(olstm__unary_parameters){limits->low.f32, limits->high.f32}, count, x, y);
      return;
  }
}

/// One run, of which pieces are done at a time.
typedef struct clip_task {
  const clip_handle* handle;
  const char* x;
  char* y;
  bounds limits;
  /// Of bytes.
  const void *low, *high;
} clip_task;

static void run_groups(void* argument, int64_t first, int64_t last) {
  const clip_task* run = argument;
  const olstm_dtype dtype = run->handle->dtype;
  const olstm__compute_type compute_type = run->handle->compute_type;
  const size_t bytes = olstm_dtype_size(dtype);
  const int64_t piece_begin = olstm__piece_group_begin(first, run->handle->count);
  const int64_t piece_end = olstm__piece_group_begin(last, run->handle->count);
  const int64_t piece = piece_end - piece_begin;
  const char* x = run->x + (size_t)piece_begin * bytes;
  char* y = run->y + (size_t)piece_begin * bytes;
  olstm__compute_block block;
  if (bytes == 1) {
    olstm__clip_groups_run(dtype == OLSTM_DTYPE_INT8, piece, x, run->low, run->high, y);
    return;
  }
  if (olstm__compute_type_is_native(compute_type, dtype)) {
    clip_block(compute_type, piece, x, &run->limits, y);
    return;
  }
  for (int64_t begin = 0; begin < piece; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(piece - begin);
    const size_t offset = (size_t)begin * bytes;
    olstm__compute_load(compute_type, dtype, count, x + offset, &block);
    clip_block(compute_type, count, &block, &run->limits, &block);
    olstm__compute_store(compute_type, dtype, count, &block, y + offset);
  }
}

static olstm_status clip_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const clip_op* self = instance;
  const clip_handle* prepared = handle;
  const olstm_node* node = self->base.node;
  const bool is_signed = prepared->dtype == OLSTM_DTYPE_INT8;
  const uint8_t bounds_of_bytes[] = {is_signed ? 0x80 : 0, is_signed ? 0x7f : 0xff};
  clip_task run = {prepared,
                   args->inputs[0],
                   args->outputs[0],
                   widest(self, prepared->compute_type),
                   &bounds_of_bytes[0],
                   &bounds_of_bytes[1]};
  (void)error;
  if (olstm_node_has_input(node, 1)) {
    run.low = args->inputs[1];
    olstm__compute_load(prepared->compute_type, prepared->dtype, 1, run.low,
                        &run.limits.low);
  }
  if (olstm_node_has_input(node, 2)) {
    run.high = args->inputs[2];
    olstm__compute_load(prepared->compute_type, prepared->dtype, 1, run.high,
                        &run.limits.high);
  }
  // As an element of OLSTM__PIECE_ELEMENTS, a byte as a quarter of one.
  const int64_t group =
      OLSTM__PIECE_GROUP * (int64_t)olstm_dtype_size(prepared->dtype) / 4;
  olstm__pieces_run(args->parallel, olstm__piece_groups(prepared->count), group,
                    run_groups, &run);
  return OLSTM_STATUS_OK;
}

static const char* const kBounds[] = {"max", "min", NULL};
static const olstm__op_schema kClipBefore11 = {.arity = {1, 1, 1},
                                               .attributes = kBounds,
                                               .instance_bytes = sizeof(clip_op),
                                               .parse = parse_attributes};
static const olstm__op_schema kClip = {
    .arity = {1, 3, 1}, .instance_bytes = sizeof(clip_op), .parse = parse_nothing};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(clip);

static const olstm__op_row kTable[] = {
    OLSTM__OP_ROW("Clip", 1, 10, OLSTM__DTYPES_REAL, kCallbacks, kClipBefore11),
    OLSTM__OP_ROW("Clip", 11, 0, OLSTM__DTYPES_NUMERIC, kCallbacks, kClip),
};

const olstm__op_family olstm__clip_family = {OLSTM__ROWS(kTable),
                                             .traits = OLSTM__TRAIT_KEEPS_SHAPE};
