// All values are below 2^31, so that no product overflows 64 bits.
#include "op/conv/window.h"

#include <string.h>

olstm_status olstm__window_check_list(const olstm__op_base* base, const char* name,
                                      const int64_t* values, size_t count, int64_t least,
                                      olstm_error* error) {
  for (size_t i = 0; i < count; i++) {
    const bool is_less = values[i] < least;
    if (!is_less && values[i] <= INT32_MAX) continue;
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute %s has %" PRId64 ", expected at %s %" PRId64, name,
                          values[i], is_less ? "least" : "most",
                          is_less ? least : INT32_MAX);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_list(const olstm__op_base* base, const char* name,
                              size_t capacity, int64_t least, int64_t* out_values,
                              size_t* out_count, olstm_error* error) {
  bool given = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_copy_ints(base, name, capacity, out_values, out_count, &given, error));
  return olstm__window_check_list(base, name, out_values, *out_count, least, error);
}

static olstm_status read_auto_pad(const olstm__op_base* base, olstm__auto_pad* out_value,
                                  olstm_error* error) {
  static const char* const kNames[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  const char* name = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(base->node, "auto_pad", kNames[0], &name, error));
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    if (strcmp(name, kNames[i]) == 0) {
      *out_value = (olstm__auto_pad)i;
      return OLSTM_STATUS_OK;
    }
  }
  return olstm__op_fail(
      base, error, OLSTM_STATUS_INVALID_MODEL,
      "attribute auto_pad is '%s', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER",
      name);
}

olstm_status olstm__window_parse(const olstm__op_base* base,
                                 olstm__window_attributes* out_attributes,
                                 olstm_error* error) {
  olstm__window_attributes* a = out_attributes;
  int64_t ceil_mode = 0;
  OLSTM_RETURN_IF_ERROR(read_auto_pad(base, &a->auto_pad, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(base->node, "ceil_mode", 0, &ceil_mode, error));
  a->ceil_mode = ceil_mode != 0;
  OLSTM_RETURN_IF_ERROR(read_list(base, "kernel_shape", OLSTM__WINDOW_MAX_RANK, 1,
                                  a->kernel, &a->kernel_count, error));
  OLSTM_RETURN_IF_ERROR(read_list(base, "strides", OLSTM__WINDOW_MAX_RANK, 1, a->strides,
                                  &a->stride_count, error));
  OLSTM_RETURN_IF_ERROR(read_list(base, "dilations", OLSTM__WINDOW_MAX_RANK, 1,
                                  a->dilations, &a->dilation_count, error));
  return read_list(base, "pads", 2 * OLSTM__WINDOW_MAX_RANK, 0, a->pads, &a->pad_count,
                   error);
}

static olstm_status check_count(const olstm__op_base* base, const char* name,
                                size_t count, size_t expected, olstm_error* error) {
  if (count == 0 || count == expected) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "attribute %s has %zu values, expected %zu for input '%s'", name,
                        count, expected, base->node->input_names[0]);
}

olstm_status olstm__window_measure(const olstm__op_base* base,
                                   const olstm__window_attributes* attributes,
                                   const olstm_tensor_desc* x, const int64_t* kernel,
                                   olstm__window* out_window, olstm_error* error) {
  const olstm__window_attributes* a = attributes;
  const int32_t rank = x->rank - 2;
  if (rank < 1 || rank > OLSTM__WINDOW_MAX_RANK) {
    return olstm__op_fail(
        base, error, rank < 1 ? OLSTM_STATUS_SHAPE_MISMATCH : OLSTM_STATUS_UNSUPPORTED,
        "input '%s' has shape %s, expected [N,C,...] with 1 to %d "
        "dimensions of space",
        base->node->input_names[0], olstm_shape_text(x).text,
        (int)OLSTM__WINDOW_MAX_RANK);
  }
  const size_t count = (size_t)rank;
  OLSTM_RETURN_IF_ERROR(check_count(base, "kernel_shape", a->kernel_count, count, error));
  OLSTM_RETURN_IF_ERROR(check_count(base, "strides", a->stride_count, count, error));
  OLSTM_RETURN_IF_ERROR(check_count(base, "dilations", a->dilation_count, count, error));
  OLSTM_RETURN_IF_ERROR(check_count(base, "pads", a->pad_count, 2 * count, error));
  if (!kernel && a->kernel_count == 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute kernel_shape is missing");
  }
  *out_window = (olstm__window){.rank = rank};
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    const int32_t own = d - (OLSTM__WINDOW_MAX_RANK - rank);
    const bool is_space = own >= 0;
    out_window->input[d] = is_space ? x->dims[2 + own] : 1;
    out_window->kernel[d] = !is_space ? 1 : kernel ? kernel[own] : a->kernel[own];
    out_window->stride[d] = is_space && a->stride_count ? a->strides[own] : 1;
    out_window->dilation[d] = is_space && a->dilation_count ? a->dilations[own] : 1;
    out_window->pad_begin[d] = is_space && a->pad_count ? a->pads[own] : 0;
    out_window->pad_end[d] = is_space && a->pad_count ? a->pads[rank + own] : 0;
    out_window->output[d] = 1;
    if (out_window->input[d] > INT32_MAX || out_window->kernel[d] > INT32_MAX) {
      return olstm__op_fail(base, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                            "input '%s' has shape %s, which is too wide",
                            base->node->input_names[0], olstm_shape_text(x).text);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Pads by auto_pad, which the attribute pads must not contradict.
static olstm_status resolve_auto_pad(const olstm__op_base* base,
                                     const olstm__window_attributes* attributes,
                                     olstm__window* window, int32_t d,
                                     olstm_error* error) {
  const int64_t given_begin = window->pad_begin[d];
  const int64_t given_end = window->pad_end[d];
  int64_t total = 0;
  if (attributes->auto_pad != OLSTM__AUTO_PAD_VALID) {
    const int64_t output = (window->input[d] + window->stride[d] - 1) / window->stride[d];
    total = (output - 1) * window->stride[d] + olstm__window_extent(window, d) -
            window->input[d];
    if (total < 0) total = 0;
  }
  const int64_t less = total / 2;
  const bool upper = attributes->auto_pad == OLSTM__AUTO_PAD_SAME_UPPER;
  window->pad_begin[d] = upper ? less : total - less;
  window->pad_end[d] = upper ? total - less : less;
  if ((given_begin == 0 && given_end == 0) ||
      (given_begin == window->pad_begin[d] && given_end == window->pad_end[d])) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute pads has %" PRId64 " and %" PRId64
                        ", but auto_pad makes them %" PRId64 " and %" PRId64,
                        given_begin, given_end, window->pad_begin[d], window->pad_end[d]);
}

olstm_status olstm__window_resolve(const olstm__op_base* base,
                                   const olstm__window_attributes* attributes,
                                   const olstm_tensor_desc* x, const int64_t* kernel,
                                   olstm__window* out_window, olstm_error* error) {
  olstm__window* w = out_window;
  OLSTM_RETURN_IF_ERROR(olstm__window_measure(base, attributes, x, kernel, w, error));
  for (int32_t d = OLSTM__WINDOW_MAX_RANK - w->rank; d < OLSTM__WINDOW_MAX_RANK; d++) {
    if (attributes->auto_pad != OLSTM__AUTO_PAD_NOTSET) {
      OLSTM_RETURN_IF_ERROR(resolve_auto_pad(base, attributes, w, d, error));
    }
    const int64_t room =
        w->input[d] + w->pad_begin[d] + w->pad_end[d] - olstm__window_extent(w, d);
    // With ceil_mode, the last window may reach beyond the pads: the only one, too.
    const int64_t up = attributes->ceil_mode ? w->stride[d] - 1 : 0;
    if (room + up < 0) {
      return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s: a window of %" PRId64
                            " does not fit dimension %d with its pads",
                            base->node->input_names[0], olstm_shape_text(x).text,
                            olstm__window_extent(w, d),
                            (int)(2 + d - (OLSTM__WINDOW_MAX_RANK - w->rank)));
    }
    w->output[d] = (room + up) / w->stride[d] + 1;
    // The last window begins in the input or its first pads.
    if (attributes->ceil_mode &&
        (w->output[d] - 1) * w->stride[d] >= w->input[d] + w->pad_begin[d]) {
      w->output[d]--;
    }
  }
  return OLSTM_STATUS_OK;
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

void olstm__window_clip(int64_t first, int64_t step, int64_t count, int64_t size,
                        int64_t* out_begin, int64_t* out_end) {
  *out_begin = first >= 0 ? 0 : smaller((-first + step - 1) / step, count);
  *out_end = first >= size ? 0 : smaller((size - 1 - first) / step + 1, count);
  if (*out_end < *out_begin) *out_end = *out_begin;
}

void olstm__window_find_taps(const olstm__window* window, int32_t d, int64_t at,
                             int64_t* out_begin, int64_t* out_end) {
  olstm__window_clip(at, window->dilation[d], window->kernel[d], window->input[d],
                     out_begin, out_end);
}

static bool is_plain(const olstm__window* w, int32_t d) {
  return w->kernel[d] == 1 && w->stride[d] == 1 && w->pad_begin[d] == 0 &&
         w->input[d] == w->output[d];
}

/// Makes dimension d - 1 one with d, over which windows do not spread, or drops d where
/// it is 1; what stood before moves up.
static void join(olstm__window* w, int32_t d) {
  int64_t* const sizes[] = {w->input,    w->output, w->pad_begin, w->pad_end,
                            w->dilation, w->kernel, w->stride};
  enum { kScaled = 5, kAll = sizeof sizes / sizeof sizes[0], kPads = 2 };
  const int64_t size = w->input[d];
  for (int32_t f = 0; f < kAll; f++) {
    memmove(sizes[f] + 1, sizes[f], (size_t)d * sizeof *sizes[f]);
    sizes[f][0] = f == kPads || f == kPads + 1 ? 0 : 1;
    if (f < kScaled) sizes[f][d] *= size;
  }
}

void olstm__window_simplify(olstm__window* window) {
  enum { kLongRow = 64 };
  olstm__window* w = window;
  for (int32_t d = OLSTM__WINDOW_MAX_RANK - 1; d > 0; d--) {
    for (int32_t round = 0; round < d; round++) {
      if (!is_plain(w, d) || (w->stride[d - 1] != 1 && w->input[d] != 1)) break;
      if (w->kernel[d - 1] > 1 && w->pad_begin[d - 1] + w->pad_end[d - 1] > 0 &&
          w->input[d] >= kLongRow) {
        break;
      }
      join(w, d);
    }
  }
}
