// The contract between the recurrent operators (LSTM, GRU, RNN) and the kernels that
// compute them. A kernel sees a fully checked problem; it never reads a node, and never
// allocates while running.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_H_

#include <stdbool.h>

#include "olstm/plugin.h"
#include "op/lstm/activation.h"

/// The recurrent cells, and their gates in ONNX order.
typedef enum olstm__cell {
  OLSTM__CELL_LSTM,  // i o f c
  OLSTM__CELL_GRU,   // z r h
  OLSTM__CELL_RNN    // i
} olstm__cell;

enum { OLSTM__MAX_GATES = 4, OLSTM__MAX_DIRECTIONS = 2, OLSTM__MAX_ACTIVATIONS = 3 };

/// The checked attributes of a node, without shapes.
typedef struct olstm__lstm_spec {
  olstm__cell cell;
  /// D.
  int32_t direction_count;
  /// Whether direction d reads its rows from their last valid step to their first.
  bool is_reverse[OLSTM__MAX_DIRECTIONS];
  /// LSTM: f, g, h. GRU: f, g. RNN: f.
  olstm__activation activations[OLSTM__MAX_DIRECTIONS][OLSTM__MAX_ACTIVATIONS];
  bool has_clip;
  float clip;
  /// LSTM: f = 1 - i.
  bool input_forget;
  /// GRU.
  bool linear_before_reset;
} olstm__lstm_spec;

/// Distances in elements between neighbours of a tensor; the innermost axis (I or H) is
/// contiguous. With them layouts 0 and 1, and Transposes around an LSTM, cost nothing.
typedef struct olstm__lstm_strides {
  int64_t step, row, direction;
} olstm__lstm_strides;

/// One spec on one set of shapes: T steps, N batch, I input, H hidden; G gates.
typedef struct olstm__lstm_problem {
  olstm__lstm_spec spec;
  /// Of X, W, R, B, P, states and outputs: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
  olstm_dtype dtype;
  int64_t steps, batch, input_size, hidden_size;
  bool has_bias, has_lens, has_initial_h, has_initial_c, has_peepholes;
  bool wants_y, wants_y_h, wants_y_c;
  /// x [T,N,I] and y [T,D,N,H] in any layout (x has no direction), and the four states
  /// [D,N,H] (no step).
  olstm__lstm_strides x, y, state;
  /// The most threads a run will have.
  int32_t thread_count;
  /// One of OLSTM_PRECISION_*.
  int32_t precision;
} olstm__lstm_problem;

/// W [D,G*H,I], R [D,G*H,H], B [D,2*G*H], P [D,3*H], ONNX gate order, row-major. b and p
/// may be NULL.
typedef struct olstm__lstm_weights {
  const void *w, *r, *b, *p;
} olstm__lstm_weights;

/// Pointers of one run; those that the problem does not have are NULL.
typedef struct olstm__lstm_args {
  const void* packed;
  const void* x;
  /// Checked by the operator: 0..T.
  const int32_t* sequence_lens;
  const void *initial_h, *initial_c;
  void *y, *y_h, *y_c;
  void* workspace;
  /// NULL for one thread.
  const olstm_parallel* parallel;
} olstm__lstm_args;

/// The time of a run in nanoseconds: on one thread, and with problem.thread_count; and
/// what each piece adds to a run in pieces.
typedef struct olstm__lstm_estimate {
  double alone_ns, split_ns, piece_ns;
} olstm__lstm_estimate;

typedef struct olstm__lstm_kernel {
  /// "reference", "native", "onednn".
  const char* name;
  /// NULL when the kernel can do this problem, else why not: a static sentence part
  /// ("clip", "sequence_lens").
  const char* (*decline)(const olstm__lstm_problem* problem);
  /// Packed weights depend on spec, dtype, I, H and precision, never on T and N, so that
  /// one packing serves every plan. False when the bytes do not fit in a size_t.
  bool (*packed_bytes)(const olstm__lstm_problem* problem, size_t* out_bytes);
  /// May run at create, prepare, or, when W or R are computed by the graph, inside every
  /// run. May not allocate.
  void (*pack)(const olstm__lstm_problem* problem, const olstm__lstm_weights* weights,
               void* packed);
  /// Makes a handle that runs share (may be NULL), and returns how much workspace they
  /// need.
  /// packed: what pack made of constant weights, borrowed until release; NULL when the
  /// weights are only known at run time.
  olstm_status (*prepare)(const olstm__lstm_problem* problem, const void* packed,
                          const olstm_allocator* allocator, void** out_handle,
                          size_t* out_workspace_bytes, olstm_error* error);
  /// y is written everywhere: zeros beyond a row's length. [no-alloc] [any-thread]
  olstm_status (*run)(const olstm__lstm_problem* problem, const void* handle,
                      const olstm__lstm_args* args, olstm_error* error);
  /// The same in pieces, bit for bit, on the caller's thread: begin, advance through all
  /// steps in order, finish. For problems of one direction; NULL in kernels that cannot.
  /// [no-alloc] [any-thread]
  void (*begin)(const olstm__lstm_problem* problem, const void* handle,
                const olstm__lstm_args* args);
  void (*advance)(const olstm__lstm_problem* problem, const void* handle,
                  const olstm__lstm_args* args, int64_t first_step, int64_t end_step);
  void (*finish)(const olstm__lstm_problem* problem, const void* handle,
                 const olstm__lstm_args* args);
  /// About how many nanoseconds a run takes; NULL in kernels that do not know.
  olstm__lstm_estimate (*estimate)(const void* handle);
  /// handle may be NULL.
  void (*release)(const olstm_allocator* allocator, void* handle);
  /// Whether run may allocate, as a library behind it does: not for real-time threads.
  bool run_allocates;
} olstm__lstm_kernel;

/// Plain loops, double accumulation: the definition.
extern const olstm__lstm_kernel olstm__lstm_kernel_ref;
/// Vectorised, the whole spec.
extern const olstm__lstm_kernel olstm__lstm_kernel_native;
/// oneDNN's lstm_forward. Absent without OLSTM_WITH_ONEDNN.
extern const olstm__lstm_kernel olstm__lstm_kernel_dnnl;

#endif  // OLSTM_OP_LSTM_LSTM_KERNEL_H_
