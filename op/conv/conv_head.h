// What Conv and ConvTranspose share as operators: the head of their instances, prepare
// once the windows are known, and the other callbacks.
#ifndef OLSTM_OP_CONV_CONV_HEAD_H_
#define OLSTM_OP_CONV_CONV_HEAD_H_

#include "op/conv/conv_call.h"

/// First member of an operator's own struct.
typedef struct olstm__conv_head {
  olstm__op_base base;
  olstm__window_attributes attributes;
  int64_t group;
  /// Packed where the weights are constant.
  olstm__packed_memory weight;
  /// Their second form, of Conv alone. Zeroed: none.
  olstm__packed_memory winograd;
  /// Of a fused node.
  olstm__fused_function function;
} olstm__conv_head;

/// The tensor that a fused Conv adds to its result.
enum { OLSTM__CONV_INPUT_Z = 3 };

/// Reads the attribute group, 1 or more.
olstm_status olstm__conv_parse_group(const olstm__op_base* base, int64_t* out_group,
                                     olstm_error* error);

/// Refuses a bias, which may be absent, that does not have one element per channel.
olstm_status olstm__conv_check_bias(const olstm__op_base* base,
                                    const olstm_infer_args* args, int64_t channels,
                                    olstm_error* error);

/// The prepare callback, given the windows.
olstm_status olstm__conv_head_prepare(void* instance, bool is_transposed,
                                      const olstm__window* window,
                                      const olstm_prepare_args* args,
                                      olstm_prepared* out_prepared, olstm_error* error);

/// The run and destroy callbacks. Handles are released by olstm__op_release_handle.
olstm_status olstm__conv_head_run(const void* instance, const void* handle,
                                  const olstm_run_args* args, olstm_error* error);
void olstm__conv_head_destroy(void* instance);

#endif  // OLSTM_OP_CONV_CONV_HEAD_H_
