// How the native kernel lays out packed weights and workspace, and how it splits its
// work. Arithmetic alone: no vector instructions, no tensor. docs/kernels.md draws it.
//
// Units are handled in blocks of one vector (`lanes` units). The gates of a block lie
// together, so that the sums of one block are all that its cell needs.
#ifndef OLSTM_OP_LSTM_NATIVE_NATIVE_PLAN_H_
#define OLSTM_OP_LSTM_NATIVE_NATIVE_PLAN_H_

#include "op/lstm/lstm_kernel.h"

/// A step has one phase. GRU with linear_before_reset=0 has two: its third gate needs
/// the second gate of all units first.
enum { OLSTM__NATIVE_MAX_PHASES = 2 };

/// How weights are stored: as the reals that the kernel computes in; rounded to bfloat16,
/// and otherwise the same; the same in pairs, to be multiplied with pairs of bfloat16; in
/// 8 bits, with a scale for each column, to be multiplied with rows in 8 bits.
typedef enum olstm__native_format {
  OLSTM__NATIVE_REAL,
  OLSTM__NATIVE_BF16,
  OLSTM__NATIVE_BF16_PAIRS,
  OLSTM__NATIVE_INT8
} olstm__native_format;

/// W or R of one product, in panels as op/math/panel.h, panel_bf16.h and panel_int8.h
/// define them. Offsets are bytes from the start of a direction's packed weights.
typedef struct olstm__native_matrix {
  /// k: I or H, rounded up to what the format needs; counts pairs for BF16_PAIRS.
  int64_t depth;
  /// Rows of a panel: depth, or a fourth of it for INT8.
  int64_t panel_rows;
  /// Bytes of a row to be multiplied with the panels.
  int64_t row_bytes;
  size_t panels;
  /// Bytes of a full panel.
  size_t panel_bytes;
  /// INT8 only: [columns] float, and [columns] int32_t, the sums of the columns.
  size_t scales, corrections;
} olstm__native_matrix;

/// One product of a step, sums = bias + x W^T + h R^T, and its packed weights. The
/// columns are [unit blocks][gates][lanes].
typedef struct olstm__native_phase {
  /// The gates it computes, in ONNX's numbering.
  int32_t gate_count;
  int32_t first_gate;
  /// Unit blocks in a panel; the last panel may have fewer.
  int32_t panel_blocks;
  olstm__native_matrix w, r;
  /// [columns], in bytes from the start of a direction's packed weights.
  size_t bias;
  /// Where its sums are in a row of projections, in reals.
  size_t projection;
} olstm__native_phase;

/// What the layout depends on besides the problem.
typedef struct olstm__native_target {
  /// Of a vector; and the vectors in a panel's tile.
  int32_t lanes, tile_vectors;
  size_t real_bytes;
  /// The INT8 format: bytes of an element of a row, and elements of a column that lie
  /// side by side.
  int32_t int8_bytes, int8_group;
  /// Whether the CPU multiplies pairs of bfloat16.
  bool has_bf16_pairs;
} olstm__native_target;

/// Packed weights: D directions, one after the other.
typedef struct olstm__native_layout {
  olstm__native_format format;
  int32_t lanes, tile_vectors;
  size_t real_bytes;
  int32_t int8_bytes, int8_group;
  /// H in blocks, and rounded up to full blocks.
  int64_t blocks, padded_hidden;
  int32_t phase_count;
  olstm__native_phase phases[OLSTM__NATIVE_MAX_PHASES];
  /// Rb of the third gate of a GRU with linear_before_reset, and P (i, o, f), padded; in
  /// bytes.
  size_t recurrent_bias, peepholes;
  /// One byte: whether all of R is finite, so that zeros times R are zeros.
  size_t is_finite;
  size_t direction_bytes;
  /// Reals in a row of projections (X*W^T + bias of one row at one step).
  size_t projection_reals;
  size_t packed_bytes;
} olstm__native_layout;

/// One row of the batch in one direction.
typedef struct olstm__native_row {
  /// x and y of the row's own first step (its last one, for reverse).
  const char* x;
  char* y;
  int64_t length;
  /// Which row of the batch it is.
  int64_t index;
} olstm__native_row;

/// Byte offsets of a direction's arrays in its part of the workspace.
typedef struct olstm__native_workspace {
  /// [N] olstm__native_row, longest first; and [T+1] int64_t to sort them with.
  size_t rows, counts;
  /// h [2][N][padded_hidden], a buffer for even steps and one for odd ones; c, z and r*h
  /// [N][padded_hidden], the last two for GRU.
  size_t h, c, z, reset;
  /// [chunk_steps * N][projection_reals].
  size_t projections;
  /// [chunk_steps * N][I] x as reals, where dtype is 16 bits wide.
  size_t x;
  /// Scratch of each task, task_bytes each; the offsets below are from its start. Sums of
  /// one panel for all rows; pointers to rows of x [chunk_steps * N]; and, where rows are
  /// quantized, the bytes and scales of h [N] and x [chunk_steps * N].
  size_t tasks, task_bytes;
  size_t sums, inputs;
  size_t h_bytes, h_scales, x_bytes, x_scales;
  /// All of one direction.
  size_t direction_bytes;
} olstm__native_workspace;

/// How many tasks a run has: directions x rows, each of which runs all its steps. Where
/// that is 1, the number of parts into which every step is split by units.
typedef struct olstm__native_split {
  int32_t directions, rows, units;
} olstm__native_split;

/// What prepare makes. Const; shared by all runs.
typedef struct olstm__native_plan {
  olstm__native_layout layout;
  olstm__native_workspace workspace;
  /// Whether X*W^T is computed for `chunk_steps` steps at a time, ahead of the steps.
  bool is_hoisted;
  int64_t chunk_steps;
  /// Whether dtype is 16 bits wide: values are converted on the way in and out.
  bool is_converted;
  olstm__native_split split;
  /// Microseconds of a run, as estimated: on one thread, and split; and of what each
  /// piece adds to a run in pieces.
  double alone_time, split_time, piece_time;
} olstm__native_plan;

/// Whether the problem is a GRU with linear_before_reset, whose third gate keeps Rb apart
/// from Wb.
static inline bool olstm__native_is_linear_gru(const olstm__lstm_problem* problem) {
  return problem->spec.cell == OLSTM__CELL_GRU && problem->spec.linear_before_reset;
}

/// Whether rows are brought into the weights' format before they are multiplied.
static inline bool olstm__native_quantizes_rows(const olstm__native_layout* layout) {
  return layout->format == OLSTM__NATIVE_INT8 ||
         layout->format == OLSTM__NATIVE_BF16_PAIRS;
}

/// The vectors of the panel that starts at unit block `block`.
static inline int64_t olstm__native_panel_vectors(const olstm__native_layout* layout,
                                                  const olstm__native_phase* phase,
                                                  int64_t block) {
  const int64_t left = layout->blocks - block;
  return phase->gate_count * (left < phase->panel_blocks ? left : phase->panel_blocks);
}

/// Bytes of one row of `vectors` vectors of a panel.
static inline int64_t olstm__native_panel_row_bytes(const olstm__native_layout* layout,
                                                    int64_t vectors) {
  if (layout->format == OLSTM__NATIVE_BF16) vectors = (vectors + 1) / 2;
  return vectors * layout->lanes * (int64_t)layout->real_bytes;
}

/// False when the layout does not fit in a size_t.
bool olstm__native_layout_make(const olstm__lstm_problem* problem,
                               const olstm__native_target* target,
                               olstm__native_layout* out_layout);

/// The plan, and its workspace. False when it does not fit in a size_t.
bool olstm__native_plan_make(const olstm__lstm_problem* problem,
                             const olstm__native_target* target,
                             olstm__native_plan* out_plan, size_t* out_workspace_bytes);

/// Sets the split and the times of a plan that is complete but for its workspace: as many
/// tasks as make the run faster, and no more. A
/// small problem stays on one thread.
void olstm__native_split_choose(const olstm__lstm_problem* problem,
                                olstm__native_plan* plan);

/// Packs W, R, B and P into what the layout says. FLOAT for 4 bytes a real, else DOUBLE.
void olstm__native_pack(const olstm__lstm_problem* problem,
                        const olstm__native_layout* layout,
                        const olstm__lstm_weights* weights, void* packed);

#endif  // OLSTM_OP_LSTM_NATIVE_NATIVE_PLAN_H_
