// Sliding windows over the spatial dimensions of a tensor [N,C,...]: the attributes that
// convolutions and poolings share, and the windows for a given shape. One to three
// spatial dimensions; missing ones are leading dimensions of 1.
#ifndef OLSTM_OP_CONV_WINDOW_H_
#define OLSTM_OP_CONV_WINDOW_H_

#include "op/op_support.h"

enum { OLSTM__WINDOW_MAX_RANK = 3 };

typedef enum olstm__auto_pad {
  OLSTM__AUTO_PAD_NOTSET,
  OLSTM__AUTO_PAD_VALID,
  OLSTM__AUTO_PAD_SAME_UPPER,
  OLSTM__AUTO_PAD_SAME_LOWER
} olstm__auto_pad;

/// The attributes; counts of 0 where they are absent.
typedef struct olstm__window_attributes {
  olstm__auto_pad auto_pad;
  bool ceil_mode;
  size_t kernel_count;
  int64_t kernel[OLSTM__WINDOW_MAX_RANK];
  size_t stride_count;
  int64_t strides[OLSTM__WINDOW_MAX_RANK];
  size_t dilation_count;
  int64_t dilations[OLSTM__WINDOW_MAX_RANK];
  /// Begins, then ends.
  size_t pad_count;
  int64_t pads[2 * OLSTM__WINDOW_MAX_RANK];
} olstm__window_attributes;

/// Windows over one shape. Index 2 is the last dimension.
typedef struct olstm__window {
  int32_t rank;
  int64_t input[OLSTM__WINDOW_MAX_RANK];
  int64_t output[OLSTM__WINDOW_MAX_RANK];
  int64_t kernel[OLSTM__WINDOW_MAX_RANK];
  int64_t stride[OLSTM__WINDOW_MAX_RANK];
  int64_t dilation[OLSTM__WINDOW_MAX_RANK];
  int64_t pad_begin[OLSTM__WINDOW_MAX_RANK];
  int64_t pad_end[OLSTM__WINDOW_MAX_RANK];
} olstm__window;

/// Refuses values below `least`, or of 2^31 and more, of an attribute that is a list.
olstm_status olstm__window_check_list(const olstm__op_base* base, const char* name,
                                      const int64_t* values, size_t count, int64_t least,
                                      olstm_error* error);

/// Reads auto_pad, ceil_mode, kernel_shape, strides, dilations and pads, where the node
/// has them. Refuses lists that are too long and values out of range.
olstm_status olstm__window_parse(const olstm__op_base* base,
                                 olstm__window_attributes* out_attributes,
                                 olstm_error* error);

/// Computes the windows of `kernel` (NULL: the attribute's) over x [N,C,...].
olstm_status olstm__window_resolve(const olstm__op_base* base,
                                   const olstm__window_attributes* attributes,
                                   const olstm_tensor_desc* x, const int64_t* kernel,
                                   olstm__window* out_window, olstm_error* error);

/// The first half of olstm__window_resolve: everything but pads and output.
olstm_status olstm__window_measure(const olstm__op_base* base,
                                   const olstm__window_attributes* attributes,
                                   const olstm_tensor_desc* x, const int64_t* kernel,
                                   olstm__window* out_window, olstm_error* error);

/// Drops dimensions of 1, and makes those over which windows do not spread one with those
/// before them: long rows are what loops do best. Not where windows reach over the ends
/// of many rows: what lies far from each other would be copied to have zeros beyond. The
/// same windows over the same elements.
void olstm__window_simplify(olstm__window* window);

/// Which of `count` elements, `step` apart from `first` on, are among the first `size`:
/// begin..end-1.
void olstm__window_clip(int64_t first, int64_t step, int64_t count, int64_t size,
                        int64_t* out_begin, int64_t* out_end);

/// The taps of dimension d, begin..end-1, of a window at `at` that lie in the input; not
/// of transposed convolutions.
void olstm__window_find_taps(const olstm__window* window, int32_t d, int64_t at,
                             int64_t* out_begin, int64_t* out_end);

/// Sets the spatial dimensions of an output [N,C,...].
static inline void olstm__window_set_output(const olstm__window* window,
                                            olstm_tensor_desc* desc) {
  for (int32_t d = 0; d < window->rank; d++) {
    desc->dims[2 + d] = window->output[OLSTM__WINDOW_MAX_RANK - window->rank + d];
  }
}

/// Whether a row of so many elements may have addresses, on systems of 32 bits as well:
/// what windows reach over, pads included, need not.
static inline bool olstm__window_has_room(int64_t count) {
  return count <= INT32_MAX;
}

/// Elements from a window's first to its last, both counted.
static inline int64_t olstm__window_extent(const olstm__window* window, int32_t d) {
  return (window->kernel[d] - 1) * window->dilation[d] + 1;
}

static inline int64_t olstm__window_input_count(const olstm__window* window) {
  return window->input[0] * window->input[1] * window->input[2];
}

static inline int64_t olstm__window_output_count(const olstm__window* window) {
  return window->output[0] * window->output[1] * window->output[2];
}

static inline int64_t olstm__window_kernel_count(const olstm__window* window) {
  return window->kernel[0] * window->kernel[1] * window->kernel[2];
}

#endif  // OLSTM_OP_CONV_WINDOW_H_
