// Which taps a row of output meets, and where they find weights and input.
#include <string.h>

#include "op/conv/conv_piece.h"

/// Goes through the taps of one dimension: tap after tap, which element `shift` of which
/// phase of the stride is read.
typedef struct tap_walk {
  int64_t stride, whole, part;
  bool back;
  int64_t phase, shift;
} tap_walk;

/// at: where tap 0 reads (transposed: the output index plus what is cut off).
static tap_walk walk_taps(const olstm__conv* conv, int32_t d, int64_t at) {
  const int64_t stride = conv->window.stride[d];
  const int64_t dilation = conv->window.dilation[d];
  tap_walk walk = {stride,      dilation / stride, dilation % stride, conv->is_transposed,
                   at % stride, at / stride};
  if (walk.phase < 0) {
    walk.phase += stride;
    walk.shift -= 1;
  }
  return walk;
}

static void walk_on(tap_walk* walk) {
  if (walk->back) {
    walk->phase -= walk->part;
    walk->shift -= walk->whole;
    if (walk->phase >= 0) return;
    walk->phase += walk->stride;
    walk->shift -= 1;
  } else {
    walk->phase += walk->part;
    walk->shift += walk->whole;
    if (walk->phase < walk->stride) return;
    walk->phase -= walk->stride;
    walk->shift += 1;
  }
}

/// Lists the column taps of one phase.
static int64_t list_columns(const olstm__conv_plan* plan, int64_t phase,
                            int64_t line_length, int64_t* taps, int64_t* offsets) {
  const olstm__window* w = &plan->conv.window;
  const bool back = plan->conv.is_transposed;
  const int64_t first = plan->lines == OLSTM__CONV_LINES_NONE ? 0 : plan->line_first;
  tap_walk walk =
      walk_taps(&plan->conv, 2, back ? phase + w->pad_begin[2] : -w->pad_begin[2]);
  int64_t count = 0;
  for (int64_t k = 0; k < w->kernel[2]; k++, walk_on(&walk)) {
    if (back && walk.phase != 0) continue;
    taps[count] = k;
    offsets[count++] = plan->lines == OLSTM__CONV_LINES_BY_TAP
                           ? k * line_length
                           : walk.phase * line_length + walk.shift - first;
  }
  return count;
}

void olstm__conv_list_start(const olstm__conv_piece* piece,
                            const olstm__conv_source* source, int64_t* memory,
                            olstm__conv_list* list) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const int64_t length = olstm__conv_line_length(piece);
  if (list->line_length == length && list->channel_step == source->channel_step &&
      list->depth_step == source->depth_step) {
    return;
  }
  *list = (olstm__conv_list){.column_taps = memory,
                             .phase = -1,
                             .line_length = length,
                             .channel_step = source->channel_step,
                             .depth_step = source->depth_step};
  list->column_offsets = list->column_taps + w->kernel[2];
  list->phase_begin = list->column_offsets + w->kernel[2];
  list->weights = list->phase_begin + plan->phases + 1;
  list->sources = list->weights + olstm__window_kernel_count(w) * plan->list_channels;
  list->phase_begin[0] = 0;
  for (int64_t p = 0; p < plan->phases; p++) {
    const int64_t at = list->phase_begin[p];
    list->phase_begin[p + 1] = at + list_columns(plan, p, length, list->column_taps + at,
                                                 list->column_offsets + at);
  }
}

static void add_taps(const olstm__conv_plan* plan, int64_t weight, int64_t source,
                     olstm__conv_list* list) {
  const int64_t end = list->phase_begin[list->phase + 1];
  for (int64_t t = list->phase_begin[list->phase] + list->skipped; t < end; t++) {
    list->weights[list->count] = (weight + list->column_taps[t]) * plan->block;
    list->sources[list->count++] = source + list->column_offsets[t];
  }
}

/// Adds the taps of the channels behind the first.
static void add_channels(const olstm__conv_plan* plan, const olstm__conv_source* source,
                         olstm__conv_list* list) {
  const int64_t step = olstm__window_kernel_count(&plan->conv.window) * plan->block;
  const int64_t taps = list->count;
  for (int64_t c = 1; c < plan->list_channels; c++) {
    for (int64_t t = 0; t < taps; t++) {
      list->weights[list->count] = list->weights[t] + c * step;
      list->sources[list->count++] = list->sources[t] + c * source->channel_step;
    }
  }
}

/// How many taps of each dimension a phase of the strides lacks: the first one or none.
static void find_missing(const olstm__conv_plan* plan, int64_t phase,
                         int64_t out_missing[OLSTM__WINDOW_MAX_RANK]) {
  const olstm__window* w = &plan->whole.window;
  for (int32_t d = OLSTM__WINDOW_MAX_RANK - 1; d >= 0; d--) {
    const int64_t longer = w->kernel[d] % w->stride[d];
    out_missing[d] = longer > 0 && phase % w->stride[d] >= longer ? 1 : 0;
    phase /= w->stride[d];
  }
}

/// All joined rows have the same list.
static void list_joined_rows(const olstm__conv_piece* piece,
                             const olstm__conv_source* source, int64_t lot,
                             const int64_t* missing, olstm__conv_list* list) {
  const olstm__conv_plan* plan = piece->plan;
  int64_t first_taps[OLSTM__WINDOW_MAX_RANK];
  const olstm__window* w = &plan->conv.window;
  const int64_t columns = plan->tap_end[2] - plan->tap_begin[2];
  if (list->phase == 0 && list->lot == lot) return;
  list->phase = 0;
  list->lot = lot;
  list->count = list->source_at = 0;
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    first_taps[d] = olstm__conv_larger(missing[d], plan->tap_begin[d]);
  }
  for (int64_t i = first_taps[0]; i < plan->tap_end[0]; i++) {
    for (int64_t j = first_taps[1]; j < plan->tap_end[1]; j++) {
      const int64_t at = (plan->slide == 0 ? i : j) * w->dilation[plan->slide];
      const int64_t line = plan->slide == 0 ? (j - plan->tap_begin[1]) * columns : 0;
      const int64_t first = line * source->depth_step +
                            at % w->stride[plan->slide] * source->row_step +
                            at / w->stride[plan->slide] * plan->across;
      for (int64_t k = first_taps[2] - plan->tap_begin[2]; k < columns; k++) {
        const int64_t tap =
            (i * w->kernel[1] + j) * w->kernel[2] + plan->tap_begin[2] + k;
        list->weights[list->count] = tap * plan->block;
        list->sources[list->count++] = first + k * source->depth_step;
      }
    }
  }
  add_channels(plan, source, list);
}

/// A convolution's rows have the same list, but for those at the edges.
static void list_plain_row(const olstm__conv_piece* piece,
                           const olstm__conv_source* source, int64_t row, int64_t lot,
                           const int64_t* missing, olstm__conv_list* list) {
  const olstm__window* w = &piece->plan->conv.window;
  const int64_t at[] = {piece->depth * w->stride[0] - w->pad_begin[0],
                        row * w->stride[1] - w->pad_begin[1]};
  int64_t begin[2];
  int64_t end[2];
  for (int32_t d = 0; d < 2; d++)
    olstm__window_find_taps(w, d, at[d], &begin[d], &end[d]);
  list->source_at = (at[0] - source->first_depth) * source->depth_step +
                    (at[1] - source->first_row) * source->row_step;
  if (list->phase == 0 && list->lot == lot && begin[0] == list->begin[0] &&
      begin[1] == list->begin[1] && end[0] == list->end[0] && end[1] == list->end[1]) {
    return;
  }
  memcpy(list->begin, begin, sizeof begin);
  memcpy(list->end, end, sizeof end);
  list->phase = 0;
  list->lot = lot;
  list->count = 0;
  list->skipped = missing[2];
  for (int64_t i = olstm__conv_larger(begin[0], missing[0]); i < end[0]; i++) {
    for (int64_t j = olstm__conv_larger(begin[1], missing[1]); j < end[1]; j++) {
      add_taps(
          piece->plan, (i * w->kernel[1] + j) * w->kernel[2],
          i * w->dilation[0] * source->depth_step + j * w->dilation[1] * source->row_step,
          list);
    }
  }
  add_channels(piece->plan, source, list);
}

void olstm__conv_list_row(const olstm__conv_piece* piece,
                          const olstm__conv_source* source, int64_t row, int64_t phase,
                          olstm__conv_list* list) {
  const olstm__conv* conv = &piece->plan->conv;
  const olstm__window* w = &conv->window;
  int64_t missing[OLSTM__WINDOW_MAX_RANK] = {0};
  if (piece->plan->is_uneven) find_missing(piece->plan, phase, missing);
  if (piece->plan->joins_rows) {
    list_joined_rows(piece, source, phase, missing, list);
    return;
  }
  if (!conv->is_transposed) {
    list_plain_row(piece, source, row, phase, missing, list);
    return;
  }
  tap_walk outer = walk_taps(conv, 0, piece->depth + w->pad_begin[0]);
  list->phase = phase;
  list->count = 0;
  list->source_at = 0;
  for (int64_t i = 0; i < w->kernel[0]; i++, walk_on(&outer)) {
    if (outer.phase != 0 || outer.shift < 0 || outer.shift >= w->input[0]) continue;
    tap_walk inner = walk_taps(conv, 1, row + w->pad_begin[1]);
    for (int64_t j = 0; j < w->kernel[1]; j++, walk_on(&inner)) {
      if (inner.phase != 0 || inner.shift < 0 || inner.shift >= w->input[1]) continue;
      add_taps(piece->plan, (i * w->kernel[1] + j) * w->kernel[2],
               (outer.shift - source->first_depth) * source->depth_step +
                   (inner.shift - source->first_row) * source->row_step,
               list);
    }
  }
  add_channels(piece->plan, source, list);
}
