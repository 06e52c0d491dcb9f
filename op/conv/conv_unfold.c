// Transposed convolutions as plain ones.
#include "op/conv/conv_unfold.h"

#include <string.h>

#include "op/shape/transpose_tiles.h"

bool olstm__conv_is_uneven(const olstm__conv* conv) {
  const olstm__window* w = &conv->window;
  bool is_uneven = false;
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    is_uneven |= w->kernel[d] % w->stride[d] != 0;
  }
  return is_uneven;
}

bool olstm__conv_unfold(const olstm__conv* conv, int64_t lanes, olstm__conv* out_conv,
                        int64_t out_place[OLSTM__WINDOW_MAX_RANK]) {
  /// Outputs that fill a tile without phases beside them: what unfolding computes beyond
  /// the ends of small planes costs more than it gains, where taps overlap. And those of
  /// which each phase is a block of its own: no more than lanes, then.
  enum { kManyOutputs = 16, kFewOutputs = 4 };
  const int64_t few = olstm__conv_smaller(kFewOutputs, lanes);
  const olstm__window* from = &conv->window;
  olstm__window* to = &out_conv->window;
  *out_conv = *conv;
  if (!conv->is_transposed) return false;
  out_conv->is_transposed = false;
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    const int64_t stride = from->stride[d], pad = from->pad_begin[d];
    const bool is_many =
        conv->output_channels >= kManyOutputs && from->kernel[d] > stride;
    const bool is_uneven = from->kernel[d] % stride != 0;
    if (stride > 1 && (from->dilation[d] > 1 || is_many || from->kernel[d] < stride ||
                       (is_uneven && conv->output_channels > few))) {
      return false;
    }
    out_conv->output_channels *= stride;
    to->kernel[d] = olstm__conv_parts(from->kernel[d], stride);
    to->stride[d] = 1;
    // Output stride * c + phase, before pads are cut off, reads input c and those before.
    const int64_t reach = olstm__window_extent(to, d) - 1;
    const int64_t first = olstm__conv_smaller(pad / stride, reach);
    to->pad_begin[d] = reach - first;
    to->output[d] = (from->output[d] - 1 + pad) / stride - first + 1;
    to->pad_end[d] = olstm__conv_larger(to->output[d] - 1 + first - to->input[d] + 1, 0);
    out_place[d] = first * stride - pad;
  }
  return true;
}

void olstm__conv_pack_unfolded(const olstm__conv* conv, const olstm__conv* plain,
                               int64_t block, const void* weights, void* packed) {
  enum { kMaxBlock = 16 };
  const int64_t size = (int64_t)olstm_dtype_size(conv->dtype);
  const olstm__window *w = &conv->window, *own = &plain->window;
  const int64_t *k = w->kernel, *stride = w->stride;
  const int64_t taps = olstm__window_kernel_count(w);
  const int64_t own_taps = olstm__window_kernel_count(own);
  const int64_t channel_bytes = conv->output_channels * taps * size;
  const int64_t blocks = olstm__conv_parts(plain->output_channels, block);
  const int64_t fold = plain->output_channels / conv->output_channels;
  const bool is_uneven = olstm__conv_is_uneven(conv);
  char* to = packed;
  for (int64_t b = 0; b < conv->groups * blocks; b++) {
    const int64_t first = b % blocks * block;
    const int64_t count = olstm__conv_smaller(plain->output_channels - first, block);
    // Where the tap that comes first in each phase of each channel is; with phases of
    // different numbers of taps a block is one phase.
    int64_t at[kMaxBlock], phase[OLSTM__WINDOW_MAX_RANK] = {0};
    for (int64_t o = 0; o < count; o++) {
      const int64_t output = first + o, channels = conv->output_channels;
      const int64_t m = is_uneven ? output % channels : output / fold;
      int64_t left = is_uneven ? output / channels : output % fold;
      for (int32_t d = OLSTM__WINDOW_MAX_RANK - 1; d >= 0; d--) {
        phase[d] = left % stride[d];
        left /= stride[d];
      }
      at[o] = (m * taps + (phase[0] * k[1] + phase[1]) * k[2] + phase[2]) * size;
    }
    for (int64_t i = 0; i < conv->input_channels * own_taps; i++, to += block * size) {
      // Taps from the last one on.
      const int64_t c = b / blocks * conv->input_channels + i / own_taps;
      const int64_t t = own_taps - 1 - i % own_taps;
      const int64_t tap[] = {t / own->kernel[2] / own->kernel[1] * stride[0],
                             t / own->kernel[2] % own->kernel[1] * stride[1],
                             t % own->kernel[2] * stride[2]};
      const char* from = (const char*)weights + c * channel_bytes +
                         ((tap[0] * k[1] + tap[1]) * k[2] + tap[2]) * size;
      bool is_there = true;
      for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK && is_uneven; d++) {
        is_there = is_there && tap[d] + phase[d] < k[d];
      }
      memset(to, 0, (size_t)(block * size));
      for (int64_t o = 0; o < count && is_there; o++) {
        olstm__conv_copy_real(size, from + at[o], to + o * size);
      }
    }
  }
}

/// `count` reals of a row of output, from `skip` on: phases, `step` apart, of `columns`
/// columns. line: room for all of them.
static void join_row(const olstm__conv_plan* plan, const char* from, int64_t step,
                     int64_t columns, int64_t skip, int64_t count, char* line, char* to) {
  const int64_t size = (int64_t)olstm_dtype_size(plan->conv.dtype);
  const int64_t phases = plan->whole.window.stride[2];
  const bool is_direct = skip == 0 && count == columns * phases;
  char* target = is_direct ? to : line;
  if (phases == 2) {
    plan->tiles->join(from, from + step * size, columns, target);
  } else if (phases > 1) {
    olstm__transpose_tiles_f32_plain[size == (int64_t)sizeof(float) ? 2 : 3](
        columns, phases, from, step * size, target, phases * size);
  } else {
    memcpy(to, from + skip * size, (size_t)(count * size));
    return;
  }
  if (!is_direct) memcpy(to, line + skip * size, (size_t)(count * size));
}

void olstm__conv_place(const olstm__conv_piece* piece, const olstm__conv_args* args,
                       char* results) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->whole.window;
  const int64_t* place = plan->place;
  const int64_t size = piece->size;
  const int64_t first[] = {piece->depth, piece->row, piece->column};
  const int64_t last[] = {piece->depth_end, piece->row_end, piece->column_end};
  int64_t begin[3], end[3];
  for (int32_t d = 0; d < 3; d++) {
    begin[d] = olstm__conv_larger(first[d] * w->stride[d] + place[d], 0);
    end[d] = olstm__conv_smaller(last[d] * w->stride[d] + place[d], w->output[d]);
  }
  const int64_t columns = last[2] - first[2], rows = last[1] - first[1];
  const int64_t plane = (last[0] - first[0]) * rows * columns;
  const int64_t count = olstm__conv_larger(end[2] - begin[2], 0);
  const bool is_whole = count == w->output[2];
  const int64_t channels = plan->whole.output_channels;
  // From a phase of columns to the next.
  const int64_t step = plane * (plan->is_uneven ? channels : 1);
  char* line = results + (piece->channel_end - piece->channel) * plane * size;
  for (int64_t m = piece->channel / plan->fold; m < piece->channel_end / plan->fold;
       m++) {
    const int64_t index =
        (piece->sample * plan->conv.groups + piece->group) * channels + m;
    char* y = (char*)args->y + index * olstm__window_output_count(w) * size;
    for (int64_t d = begin[0]; d < end[0]; d++) {
      const int64_t depth = d - place[0];
      for (int64_t h = begin[1]; h < end[1] && count > 0; h++) {
        const int64_t row = h - place[1];
        const int64_t phase =
            (depth % w->stride[0] * w->stride[1] + row % w->stride[1]) * w->stride[2];
        const int64_t own =
            (plan->is_uneven ? phase * channels + m : m * plan->fold + phase) -
            piece->channel;
        const int64_t at = own * plane + ((depth / w->stride[0] - first[0]) * rows +
                                          row / w->stride[1] - first[1]) *
                                             columns;
        const int64_t to = (d * w->output[1] + h) * w->output[2] + begin[2];
        join_row(plan, results + at * size, step, columns,
                 begin[2] - first[2] * w->stride[2] - place[2], count, line,
                 y + to * size);
        if (!args->finish || (is_whole && h + 1 < end[1])) continue;
        const int64_t done = is_whole ? (h - begin[1]) * count : 0;
        args->finish(args->finish_context, index, to - done, done + count,
                     y + (to - done) * size);
      }
    }
  }
}
