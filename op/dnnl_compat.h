// oneDNN 2.6 or 3.x, opened when a kernel first needs it, behind the few functions that
// kernels here use. The only file that knows its C APIs, and how its threads are limited.
//
// Everything runs on the calling thread: oneDNN is limited to one thread, because it has
// a pool of its own.
#ifndef OLSTM_OP_DNNL_COMPAT_H_
#define OLSTM_OP_DNNL_COMPAT_H_

#include <stdbool.h>

#include "olstm/allocator.h"
#include "olstm/status.h"

/// NULL when oneDNN can be used, else the reason. Opens the library the first time.
/// [any-thread]
const char* olstm__dnnl_why_absent(void);

/// Tensors of an LSTM primitive: T steps, N rows, I input, H hidden, gates i f c o.
typedef enum olstm__dnnl_tensor {
  OLSTM__DNNL_X,          // [T,N,I], strided
  OLSTM__DNNL_INITIAL_H,  // [N,H], strided
  OLSTM__DNNL_INITIAL_C,  // [N,H], strided
  OLSTM__DNNL_W,          // plain: [I,4,H]
  OLSTM__DNNL_R,          // plain: [H,4,H]
  OLSTM__DNNL_PEEPHOLES,  // [3,H]: i f o
  OLSTM__DNNL_BIAS,       // [4,H]
  OLSTM__DNNL_Y,          // [T,N,H], strided
  OLSTM__DNNL_Y_H,        // [N,H], strided
  OLSTM__DNNL_Y_C,        // [N,H], strided
  OLSTM__DNNL_TENSOR_COUNT
} olstm__dnnl_tensor;

/// One direction of a float LSTM. Strides count elements.
typedef struct olstm__dnnl_lstm_spec {
  int64_t steps, rows, inputs, hidden;
  bool is_reverse, has_initial_state, has_peepholes, wants_final_state;
  int64_t x_step, x_row, y_step, y_row, state_row;
  /// Takes W and R in their plain layout, instead of the one that oneDNN prefers.
  bool plain_weights;
} olstm__dnnl_lstm_spec;

/// An LSTM primitive. Const once it is made: any number of threads may run it.
typedef struct olstm__dnnl_lstm olstm__dnnl_lstm;

/// Makes a primitive. Errors: UNSUPPORTED (oneDNN is absent or has no such primitive),
/// BACKEND_ERROR, OUT_OF_MEMORY.
olstm_status olstm__dnnl_lstm_create(const olstm__dnnl_lstm_spec* spec,
                                     const olstm_allocator* allocator,
                                     olstm__dnnl_lstm** out_lstm, olstm_error* error);

/// NULL is legal. allocator: that of create.
void olstm__dnnl_lstm_destroy(olstm__dnnl_lstm* lstm, const olstm_allocator* allocator);

/// Bytes of scratch memory that each run needs.
size_t olstm__dnnl_lstm_scratch_bytes(const olstm__dnnl_lstm* lstm);

/// Bytes of W or R in the primitive's layout.
size_t olstm__dnnl_lstm_weight_bytes(const olstm__dnnl_lstm* lstm,
                                     olstm__dnnl_tensor tensor);

/// Converts W or R from its plain layout to the primitive's.
olstm_status olstm__dnnl_lstm_reorder(const olstm__dnnl_lstm* lstm,
                                      olstm__dnnl_tensor tensor, const void* plain,
                                      void* reordered, olstm_error* error);

/// Computes. data: OLSTM__DNNL_TENSOR_COUNT pointers, NULL for what the spec does not
/// have. oneDNN allocates here: not for real-time threads. [any-thread]
olstm_status olstm__dnnl_lstm_run(const olstm__dnnl_lstm* lstm, const void* const* data,
                                  void* scratch, olstm_error* error);

#endif  // OLSTM_OP_DNNL_COMPAT_H_
