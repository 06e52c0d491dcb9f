// Cast and CastLike; convert.c does the conversion.
#include <ctype.h>

#include "op/pieces.h"
#include "op/shape/convert.h"
#include "op/shape/shape_ops.h"

enum { kToIsName = 1, kToIsNumber = 6, kToIsInput = 15 };

typedef struct cast_op {
  olstm__op_base base;
  olstm_dtype to;
} cast_op;

typedef struct cast_handle {
  olstm__op_handle head;
  olstm_dtype from;
  olstm_dtype to;
  size_t count;
  int64_t item_elements;
} cast_handle;

/// Opset 1 spells dtypes out: "FLOAT", "INT64".
static olstm_dtype find_dtype(const char* name) {
  for (olstm_dtype dtype = 1; dtype <= OLSTM_DTYPE_BFLOAT16; dtype++) {
    const char* candidate = olstm_dtype_name(dtype);
    size_t i = 0;
    while (candidate[i] && tolower((unsigned char)name[i]) == candidate[i]) i++;
    if (!candidate[i] && !name[i]) return dtype;
  }
  return OLSTM_DTYPE_UNDEFINED;
}

static olstm_status parse_cast(void* instance, olstm_error* error) {
  cast_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  const olstm_node* node = op->base.node;
  if (schema->code == kToIsInput) return OLSTM_STATUS_OK;
  if (!olstm_node_find_attribute(node, "to")) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute to is missing");
  }
  int64_t number = 0;
  if (schema->code == kToIsName) {
    const char* name = NULL;
    OLSTM_RETURN_IF_ERROR(olstm_node_get_string(node, "to", "", &name, error));
    number = find_dtype(name);
  } else {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "to", 0, &number, error));
  }
  if (number > 0 && number <= OLSTM_DTYPE_BFLOAT16) op->to = (olstm_dtype)number;
  if (olstm__can_convert(op->to, op->to)) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "to=%" PRId64 " (%s) is not supported", number,
                        olstm_dtype_name(op->to));
}

static olstm_dtype target_dtype(const cast_op* op, const olstm_infer_args* args) {
  const olstm__op_schema* schema = op->base.self->variant;
  return schema->code == kToIsInput ? args->inputs[1]->desc.dtype : op->to;
}

olstm_status olstm__cast_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const cast_op* op = instance;
  const olstm_dtype to = target_dtype(op, args);
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (!olstm__can_convert(to, to)) {
    return olstm__op_check_dtype(&op->base, args, 1, op->base.self->dtypes, error);
  }
  out_outputs[0] = args->inputs[0]->desc;
  out_outputs[0].dtype = to;
  return olstm__op_check_output(&op->base, &out_outputs[0], error);
}

/// Units of an element, besides those of its dtypes: what no vectors convert.
static int64_t units_beside(olstm_dtype from, olstm_dtype to) {
  const bool to_half = to == OLSTM_DTYPE_FLOAT16 || to == OLSTM_DTYPE_BFLOAT16;
  return to == OLSTM_DTYPE_UINT64 ? 16 : to_half && from != OLSTM_DTYPE_FLOAT ? 6 : 0;
}

olstm_status olstm__cast_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const cast_op* op = instance;
  const olstm_dtype from = args->inputs[0]->desc.dtype;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(cast_handle), &memory, error));
  cast_handle* handle = memory;
  handle->from = from;
  handle->to = args->outputs[0].dtype;
  handle->count = (size_t)olstm_tensor_desc_count(&args->outputs[0]);
  if (olstm__convert_keeps_bytes(from, handle->to)) out_prepared->view_of_input = 0;
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work("Cast", args, (int64_t)handle->count,
                                              units_beside(from, handle->to));
  handle->item_elements = olstm__piece_elements(
      out_prepared->work, olstm__piece_groups((int64_t)handle->count));
  return OLSTM_STATUS_OK;
}

/// One run, of which pieces are done at a time.
typedef struct cast_run {
  const cast_handle* handle;
  const char* x;
  char* y;
} cast_run;

static void run_groups(void* argument, int64_t first, int64_t last) {
  const cast_run* run = argument;
  const cast_handle* cast = run->handle;
  const int64_t begin = olstm__piece_group_begin(first, (int64_t)cast->count);
  const int64_t end = olstm__piece_group_begin(last, (int64_t)cast->count);
  olstm__convert(
      cast->from, cast->to, run->x + (size_t)begin * olstm_dtype_size(cast->from),
      run->y + (size_t)begin * olstm_dtype_size(cast->to), (size_t)(end - begin));
}

olstm_status olstm__cast_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  const cast_handle* cast = handle;
  (void)instance;
  (void)error;
  cast_run run = {cast, args->inputs[0], args->outputs[0]};
  olstm__pieces_run(args->parallel, olstm__piece_groups((int64_t)cast->count),
                    cast->item_elements, run_groups, &run);
  return OLSTM_STATUS_OK;
}

/// saturate and round_mode concern 8-bit floats only, which are not supported.
static const char* const kTo[] = {"to", NULL};
static const char* const kTo19[] = {"to", "saturate", NULL};
static const char* const kTo24[] = {"to", "saturate", "round_mode", NULL};

#define CAST_SCHEMA(ATTRIBUTES, INPUTS, CODE) \
  OLSTM__OP_SCHEMA(INPUTS, INPUTS, 1, ATTRIBUTES, cast_op, parse_cast, CODE)
const olstm__op_schema olstm__cast_schema_1 = CAST_SCHEMA(kTo, 1, kToIsName);
const olstm__op_schema olstm__cast_schema_6 = CAST_SCHEMA(kTo, 1, kToIsNumber);
const olstm__op_schema olstm__cast_schema_19 = CAST_SCHEMA(kTo19, 1, kToIsNumber);
const olstm__op_schema olstm__cast_schema_24 = CAST_SCHEMA(kTo24, 1, kToIsNumber);
const olstm__op_schema olstm__cast_like_schema_15 = CAST_SCHEMA(NULL, 2, kToIsInput);
const olstm__op_schema olstm__cast_like_schema_19 = CAST_SCHEMA(kTo19 + 1, 2, kToIsInput);
const olstm__op_schema olstm__cast_like_schema_24 = CAST_SCHEMA(kTo24 + 1, 2, kToIsInput);
