// What operators have in common: the head of their instances, messages that name the
// node, checks of counts and axes.
#ifndef OLSTM_OP_OP_SUPPORT_H_
#define OLSTM_OP_OP_SUPPORT_H_

#include "olstm/plugin.h"
#include "op/op_work.h"

/// The head of every operator instance: first member of the operator's own struct.
typedef struct olstm__op_base {
  const olstm_operator* self;
  /// Borrowed from the host until destroy.
  const olstm_node* node;
  const olstm_host* host;
  olstm_allocator allocator;
  olstm_operator_options options;
  size_t instance_bytes;
} olstm__op_base;

/// Makes a zeroed instance of `instance_bytes` bytes whose head is filled in.
olstm_status olstm__op_create(const olstm_operator* self, const olstm_create_args* args,
                              size_t instance_bytes, void** out_instance,
                              olstm_error* error);

/// The destroy callback of operators that own nothing but their instance.
void olstm__op_destroy(void* instance);

/// Fails with "OP 'node': ...".
olstm_status olstm__op_fail(const olstm__op_base* base, olstm_error* error,
                            olstm_status code, const char* format, ...)
    OLSTM_PRINTF_(4, 5);

/// How many inputs and outputs a node may have. required_inputs of them must not be
/// absent.
typedef struct olstm__op_arity {
  uint16_t required_inputs;
  uint16_t max_inputs;
  uint16_t max_outputs;
} olstm__op_arity;

/// Any number; of required inputs: all that there are, and one at least.
enum { OLSTM__OP_ANY = UINT16_MAX };

/// Refuses nodes of another arity, or without a required input or any output.
olstm_status olstm__op_check_arity(const olstm__op_base* base,
                                   const olstm__op_arity* arity, olstm_error* error);

/// What all nodes of one operator and opset range have in common: the olstm_operator's
/// `variant` of operators that are made by olstm__op_create_schema.
typedef struct olstm__op_schema {
  olstm__op_arity arity;
  uint16_t instance_bytes;
  /// The attributes that there are; any other is refused by name. Ends at the first NULL.
  const char* const* attributes;
  /// Reads the attributes into the instance; NULL when there are none to read. When it
  /// fails, the caller destroys the instance.
  olstm_status (*parse)(void* instance, olstm_error* error);
  /// For operators that share callbacks.
  int32_t code;
} olstm__op_schema;

/// The initializer of a schema whose instances are of type INSTANCE.
#define OLSTM__OP_SCHEMA(REQUIRED, MAX, OUTPUTS, ATTRIBUTES, INSTANCE, PARSE, CODE) \
  {                                                                                 \
    .arity = {REQUIRED, MAX, OUTPUTS}, .attributes = ATTRIBUTES,                    \
    .instance_bytes = sizeof(INSTANCE), .parse = PARSE, .code = CODE                \
  }

/// The create callback of operators whose variant is an olstm__op_schema.
olstm_status olstm__op_create_schema(const olstm_operator* self,
                                     const olstm_create_args* args, void** out_instance,
                                     olstm_error* error);

/// The head of what prepare makes: first member of an operator's own handle.
typedef struct olstm__op_handle {
  size_t bytes;
} olstm__op_handle;

/// Makes a zeroed handle of `bytes` bytes whose head is filled in.
olstm_status olstm__op_create_handle(const olstm__op_base* base, size_t bytes,
                                     void** out_handle, olstm_error* error);

/// The release callback of operators whose handles own nothing but themselves.
void olstm__op_release_handle(void* instance, void* handle);

/// Adds a part of count * size bytes to a workspace of *total bytes: *out_offset is where
/// it begins, aligned. False when it does not fit.
bool olstm__op_add_part(size_t* total, size_t count, size_t size, size_t* out_offset);

/// Whether input `index` is there and its values are known (one without elements always
/// is).
bool olstm__op_knows_input(const olstm_infer_args* args, size_t index);

/// Copies the values of the known int32 or int64 input `index`, a scalar or a list of at
/// most `capacity`. NEEDS_DATA when they are not known yet. An absent input has none.
olstm_status olstm__op_read_ints(const olstm__op_base* base, const olstm_infer_args* args,
                                 size_t index, size_t capacity, int64_t* out_values,
                                 size_t* out_count, olstm_error* error);

/// Copies an integer list attribute of at most `capacity` values; *out_given says whether
/// the node has it.
olstm_status olstm__op_copy_ints(const olstm__op_base* base, const char* name,
                                 size_t capacity, int64_t* out_values, size_t* out_count,
                                 bool* out_given, olstm_error* error);

/// Refuses an output that no memory could hold, or whose rank is above OLSTM_MAX_RANK.
olstm_status olstm__op_check_output(const olstm__op_base* base,
                                    const olstm_tensor_desc* output, olstm_error* error);

/// Makes an axis in -rank..rank-1 one in 0..rank-1; `what` names it in the message.
olstm_status olstm__op_normalize_axis(const olstm__op_base* base, const char* what,
                                      int64_t axis, int32_t rank, int32_t* out_axis,
                                      olstm_error* error);

/// "T1 or T2" in messages: fails with DTYPE_MISMATCH unless `dtypes` has the bit of input
/// `index`'s dtype.
olstm_status olstm__op_check_dtype(const olstm__op_base* base,
                                   const olstm_infer_args* args, size_t index,
                                   uint64_t dtypes, olstm_error* error);

/// Fails with DTYPE_MISMATCH unless input `index`, where it is there, has the dtype of
/// input `as`.
olstm_status olstm__op_check_same_dtype(const olstm__op_base* base,
                                        const olstm_infer_args* args, size_t index,
                                        size_t as, olstm_error* error);

/// Sets of dtypes, as ONNX's operator pages group them.
#define OLSTM__DTYPES_REAL                                                    \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT16) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_BFLOAT16))
#define OLSTM__DTYPES_SIGNED_INT                                            \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT8) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT16) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64))
#define OLSTM__DTYPES_UNSIGNED_INT                                            \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT8) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT16) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT64))
#define OLSTM__DTYPES_INT (OLSTM__DTYPES_SIGNED_INT | OLSTM__DTYPES_UNSIGNED_INT)
#define OLSTM__DTYPES_NUMERIC (OLSTM__DTYPES_REAL | OLSTM__DTYPES_INT)
/// All that run: everything but strings and complex numbers.
#define OLSTM__DTYPES_ALL (OLSTM__DTYPES_NUMERIC | OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL))

/// Says that outputs lie in input `input`: `offsets` as in olstm_prepared, in the handle.
/// A host that does not know of parts runs the operator.
void olstm__op_give_parts(olstm_prepared* out_prepared, int32_t input,
                          const size_t* offsets);

#endif  // OLSTM_OP_OP_SUPPORT_H_
