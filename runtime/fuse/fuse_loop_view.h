// What a Loop or Scan steps over: its carried values, the values of its body that are the
// same in every step, and those that are rows of a sequence around it. Knows nothing of
// cells.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_LOOP_VIEW_H_
#define OLSTM_RUNTIME_FUSE_FUSE_LOOP_VIEW_H_

#include "runtime/fuse/fuse_match.h"

enum { OLSTM__LOOP_MOST_CARRIED = 16 };

/// A Loop or Scan. Carried value j is input first_carried + j of node and body, output
/// first_output + j of the body and output j of the node; scan output k is output
/// first_output + count + k of the body and count + k of the node. What a Scan slices are
/// the inputs behind its carried values, of the node and of the body.
typedef struct olstm__loop_view {
  olstm__graph* outer;
  int32_t node;
  const olstm__graph* body;
  const olstm__graph_body* body_info;
  size_t carried_count, scan_count;
  size_t first_carried, first_output;
  bool is_scan;
  /// Of a Loop: the carried value that counts, -1 when only the iteration number does.
  int32_t counter;
  /// Of a Scan: whether it goes backwards, in what it slices and in what it stacks.
  bool is_reverse;
} olstm__loop_view;

/// Views node `index`; false for any that is no Loop or Scan, or that steps otherwise.
bool olstm__view_loop(olstm__graph* graph, int32_t index, olstm__loop_view* out_view);

const olstm__graph_node* olstm__loop_node(const olstm__loop_view* view);

/// A carried value in the body, before and after the step.
int32_t olstm__loop_carried_input(const olstm__loop_view* view, size_t carried);
int32_t olstm__loop_carried_output(const olstm__loop_view* view, size_t carried);

/// Whether a carried value is unchanged: its output is its input, or the same constant.
bool olstm__loop_passes(const olstm__loop_view* view, size_t carried);

/// The outer value that a value of the body equals in every step: a capture, or a value
/// carried unchanged. NO_VALUE for any other.
int32_t olstm__loop_outer_value(const olstm__loop_view* view, int32_t value);

/// The outer sequence of which a value of the body is the step's row; NO_VALUE when there
/// is none.
int32_t olstm__loop_sequence_of(const olstm__loop_view* view, int32_t value);

/// Whether it does exactly one step for each row of the sequence.
bool olstm__loop_counts(const olstm__loop_view* view, int32_t sequence);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_LOOP_VIEW_H_
