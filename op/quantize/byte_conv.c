// A pixel's channels lie side by side, with bytes of the zero point up to a multiple of
// four, so that windows are copied in few pieces.
#include "op/quantize/byte_conv.h"

#include <string.h>

#include "op/quantize/quantize_bytes.h"
#include "op/shape/transpose_tiles.h"

enum {
  /// Bytes of rows, and of sums, that are worked on at a time.
  kChunkBytes = 64 << 10,
  kMinRows = 24,
  /// Chunks of a group for each thread, and multiply-adds below which one is enough.
  kChunksPerThread = 2,
  kParallelWork = 1 << 20,
  /// Fewer outputs leave most of a product's columns idle.
  kMinOutputs = 8
};

static int64_t pixel_bytes(const olstm__byte_conv* conv) {
  return (conv->channels + 3) / 4 * 4;
}

/// Of a row of the input with its pads, as far as windows reach.
static int64_t row_pixels(const olstm__window* w) {
  const int64_t least = w->pad_begin[2] + w->input[2];
  const int64_t reach =
      (w->output[2] - 1) * w->stride[2] + (w->kernel[2] - 1) * w->dilation[2] + 1;
  return reach > least ? reach : least;
}

static olstm__byte_product product_of(const olstm__byte_conv* conv) {
  return (olstm__byte_product){
      .k = olstm__window_kernel_count(&conv->window) * pixel_bytes(conv),
      .n = conv->outputs,
      .a_is_signed = conv->x_is_signed,
      .b_is_signed = conv->w_is_signed};
}

/// Rows of a chunk.
static int64_t chunk_rows(const olstm__byte_conv* conv) {
  const int64_t all = olstm__window_output_count(&conv->window);
  const int64_t row =
      product_of(conv).k > 4 * conv->outputs ? product_of(conv).k : 4 * conv->outputs;
  const int64_t room = kChunkBytes / row / kMinRows * kMinRows;
  const int64_t share = all / (conv->threads * kChunksPerThread) / kMinRows * kMinRows;
  const int64_t rows = conv->threads > 1 && share < room ? share : room;
  const int64_t most = rows < kMinRows ? kMinRows : rows;
  return most < all ? most : all;
}

bool olstm__byte_conv_is_fit(const olstm__byte_conv* conv) {
  return conv->outputs >= kMinOutputs && conv->channels > 1;
}

/// Columns of a row of sums that bytes are made of: whole groups where rows have them.
static int64_t result_columns(const olstm__byte_conv* conv) {
  const olstm__byte_product product = product_of(conv);
  const int64_t whole = (conv->outputs + OLSTM__BYTE_CONV_GROUP - 1) /
                        OLSTM__BYTE_CONV_GROUP * OLSTM__BYTE_CONV_GROUP;
  return whole <= olstm__byte_product_row(&product) ? whole : conv->outputs;
}

/// Of one group.
static bool group_bytes(const olstm__byte_conv* conv, size_t* out_bytes) {
  const olstm__byte_product product = product_of(conv);
  return olstm__byte_product_packed_bytes(&product, out_bytes) &&
         olstm_size_align(*out_bytes, out_bytes);
}

bool olstm__byte_conv_packed_bytes(const olstm__byte_conv* conv, size_t* out_bytes) {
  const olstm__byte_product product = product_of(conv);
  size_t weights = 0;
  // Behind the packed ones, those of a group in the order of rows.
  return group_bytes(conv, out_bytes) &&
         olstm_size_multiply(*out_bytes, (size_t)conv->groups, out_bytes) &&
         olstm_size_multiply((size_t)product.k, (size_t)product.n, &weights) &&
         olstm_size_add(*out_bytes, weights, out_bytes);
}

/// Offsets in the workspace: pixels and some more that rows of pads are, and each
/// thread's rows, sums, bytes made of them, and scratch of products.
typedef struct layout {
  size_t pixels, threads, rows, sums, results, scratch, thread_bytes, bytes;
} layout;

static bool lay_out(const olstm__byte_conv* conv, layout* out) {
  const olstm__byte_product product = product_of(conv);
  const size_t rows = (size_t)chunk_rows(conv);
  const olstm__window* w = &conv->window;
  size_t scratch = 0, pixels = 0;
  *out = (layout){0};
  return olstm__window_has_room(row_pixels(w)) &&
         olstm__byte_product_scratch_bytes(&product, (int64_t)rows, &scratch) &&
         olstm_size_multiply((size_t)(w->input[0] * w->input[1]), (size_t)row_pixels(w),
                             &pixels) &&
         olstm_size_add(pixels, (size_t)w->kernel[2], &pixels) &&
         olstm__op_add_part(&out->bytes, pixels, (size_t)pixel_bytes(conv),
                            &out->pixels) &&
         olstm__op_add_part(&out->thread_bytes, rows, (size_t)product.k, &out->rows) &&
         olstm__op_add_part(&out->thread_bytes, rows * sizeof(int32_t),
                            (size_t)olstm__byte_product_row(&product), &out->sums) &&
         olstm__op_add_part(&out->thread_bytes, rows, (size_t)result_columns(conv),
                            &out->results) &&
         olstm__op_add_part(&out->thread_bytes, 1, scratch, &out->scratch) &&
         olstm_size_align(out->thread_bytes, &out->thread_bytes) &&
         olstm__op_add_part(&out->bytes, (size_t)conv->threads, out->thread_bytes,
                            &out->threads);
}

bool olstm__byte_conv_workspace_bytes(const olstm__byte_conv* conv, size_t* out_bytes) {
  layout offsets;
  if (!lay_out(conv, &offsets)) return false;
  *out_bytes = offsets.bytes;
  return true;
}

void olstm__byte_conv_pack(const olstm__byte_conv* conv, const void* w, void* packed) {
  const olstm__byte_product product = product_of(conv);
  const int64_t taps = olstm__window_kernel_count(&conv->window);
  const int64_t pixel = pixel_bytes(conv);
  const char* from = w;
  size_t bytes = 0;
  (void)group_bytes(conv, &bytes);
  char* ordered = (char*)packed + bytes * (size_t)conv->groups;
  memset(ordered, 0, (size_t)(product.k * product.n));
  for (int64_t g = 0; g < conv->groups; g++) {
    for (int64_t m = 0; m < conv->outputs; m++) {
      for (int64_t c = 0; c < conv->channels; c++) {
        for (int64_t t = 0; t < taps; t++) {
          ordered[m * product.k + t * pixel + c] = *from++;
        }
      }
    }
    olstm__byte_product_pack(&product, ordered, 1, product.k,
                             (char*)packed + (size_t)g * bytes);
  }
}

/// `count` pixels of `bytes`, a multiple of four.
static void copy_pixels(const char* from, int64_t from_step, int64_t count, int64_t bytes,
                        char* to, int64_t to_step) {
  enum { kChunk = 16, kWord = 4 };
  const int64_t whole = bytes - bytes % kChunk;
  for (int64_t o = 0; o < count; o++, from += from_step, to += to_step) {
    int64_t i = 0;
    for (; i < whole; i += kChunk) memcpy(to + i, from + i, kChunk);
    for (; i < bytes; i += kWord) memcpy(to + i, from + i, kWord);
  }
}

/// The rows of outputs first..first+count-1. zeros: a row of the window's taps.
static void make_rows(const olstm__byte_conv* conv, const char* pixels, int64_t first,
                      int64_t count, const char* zeros, char* rows) {
  const olstm__window* w = &conv->window;
  const int64_t pixel = pixel_bytes(conv), row_bytes = row_pixels(w) * pixel;
  const int64_t stride = olstm__window_kernel_count(w) * pixel;
  // Taps that lie side by side are copied at once.
  const int64_t together = w->dilation[2] == 1 ? w->kernel[2] : 1;
  for (int64_t done = 0; done < count;) {
    const int64_t position = first + done;
    const int64_t column = position % w->output[2];
    const int64_t left = w->output[2] - column;
    const int64_t length = left < count - done ? left : count - done;
    const int64_t line = position / w->output[2];
    const int64_t at[] = {line / w->output[1], line % w->output[1]};
    char* to = rows + done * stride;
    for (int64_t t = 0; t < w->kernel[0] * w->kernel[1]; t++) {
      const int64_t tap[] = {t / w->kernel[1], t % w->kernel[1]};
      const char* from = pixels + column * w->stride[2] * pixel;
      int64_t step = w->stride[2] * pixel, row = 0;
      for (int32_t d = 0; d < 2; d++) {
        const int64_t i =
            at[d] * w->stride[d] - w->pad_begin[d] + tap[d] * w->dilation[d];
        if (i < 0 || i >= w->input[d]) step = 0;
        row = row * w->input[d] + i;
      }
      for (int64_t k = 0; k < w->kernel[2]; k += together, to += together * pixel) {
        copy_pixels(step ? from + row * row_bytes + k * w->dilation[2] * pixel : zeros,
                    step, length, together * pixel, to, stride);
      }
    }
    done += length;
  }
}

/// Whether each row is a pixel, one after the other.
static bool is_plain(const olstm__window* w) {
  bool plain = true;
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    plain = plain && w->kernel[d] == 1 && w->stride[d] == 1 && w->pad_begin[d] == 0 &&
            w->input[d] == w->output[d];
  }
  return plain;
}

/// Pixels of one group, with those of pads in each row.
static void make_pixels(const olstm__byte_conv* conv, const char* x, int8_t zero,
                        char* pixels) {
  const olstm__window* w = &conv->window;
  const int64_t lines = w->input[0] * w->input[1], width = w->input[2];
  const int64_t pixel = pixel_bytes(conv), row_bytes = row_pixels(w) * pixel;
  const bool is_whole = row_pixels(w) == width;
  const int64_t count = is_whole ? lines * width : width;
  if (!is_whole || pixel != conv->channels)
    memset(pixels, zero, (size_t)(lines * row_bytes));
  pixels += w->pad_begin[2] * pixel;
  for (int64_t done = 0; done < lines * width; done += count, pixels += row_bytes) {
    olstm__transpose_tiles_f32_plain[0](count, conv->channels, x + done, lines * width,
                                        pixels, pixel);
  }
}

/// One group, whose rows are cut into chunks for the threads of a run.
typedef struct group_run {
  const olstm__byte_conv* conv;
  const olstm__byte_conv_args* args;
  const layout* offsets;
  const char *packed, *pixels, *zeros;
  int64_t index;
  olstm__byte_zero w_zero;
  int32_t task_count;
} group_run;

/// Brings sums of rows first..first+count-1 into planes.
static void store_rows(const group_run* run, int64_t first, int64_t count,
                       const char* sums, char* results) {
  const olstm__byte_conv_bytes* bytes = run->args->bytes;
  const int64_t n = run->conv->outputs, from = run->index * n;
  const int64_t positions = olstm__window_output_count(&run->conv->window);
  const int64_t size = bytes ? 1 : (int64_t)sizeof(int32_t);
  const olstm__byte_product product = product_of(run->conv);
  const int64_t step = olstm__byte_product_row(&product);
  const int64_t columns = result_columns(run->conv);
  if (bytes) {
    const olstm__byte_factors by = {.values = bytes->factors + from,
                                    .floats = bytes->floats + from,
                                    .step = 1,
                                    .are_finite = bytes->are_finite};
    olstm__requantize(count, columns, sums, step, &by, bytes->zero, bytes->dtype,
                      results);
  }
  olstm__transpose_tiles_f32_plain[bytes ? 0 : 2](
      n, count, bytes ? results : sums, bytes ? columns : step * size,
      (char*)run->args->y + (from * positions + first) * size, positions * size);
}

static void run_task(void* argument, int32_t index) {
  const group_run* run = argument;
  const olstm__byte_conv* conv = run->conv;
  const olstm__byte_product product = product_of(conv);
  const int64_t positions = olstm__window_output_count(&conv->window);
  const int64_t chunk = chunk_rows(conv);
  char* memory = (char*)run->args->workspace + run->offsets->threads +
                 (size_t)index * run->offsets->thread_bytes;
  char* rows = memory + run->offsets->rows;
  char* sums = memory + run->offsets->sums;
  for (int64_t p = index * chunk; p < positions; p += run->task_count * chunk) {
    const int64_t count = positions - p < chunk ? positions - p : chunk;
    const bool plain = is_plain(&conv->window);
    if (!plain) make_rows(conv, run->pixels, p, count, run->zeros, rows);
    const olstm__byte_product_args products = {
        .m = count,
        .a = plain ? run->pixels + p * pixel_bytes(conv) : rows,
        .packed = run->packed,
        .a_zero = run->args->x_zero,
        .b_zero = run->w_zero,
        .bias = run->args->bias ? run->args->bias + run->index * conv->outputs : NULL,
        .c = (int32_t*)(void*)sums,
        .c_stride = olstm__byte_product_row(&product),
        .scratch = memory + run->offsets->scratch};
    olstm__byte_product_run(&product, &products);
    store_rows(run, p, count, sums, memory + run->offsets->results);
  }
}

void olstm__byte_conv_run(const olstm__byte_conv* conv,
                          const olstm__byte_conv_args* args) {
  const olstm__window* w = &conv->window;
  const olstm_parallel* parallel = args->parallel;
  const olstm__byte_product product = product_of(conv);
  const int64_t positions = olstm__window_output_count(w);
  const int64_t plane = olstm__window_input_count(w) * conv->channels;
  const int8_t zero = args->x_zero.data ? *(const int8_t*)args->x_zero.data : 0;
  const bool is_shared = parallel && parallel->thread_count > 1 && conv->threads > 1 &&
                         positions > chunk_rows(conv) &&
                         positions * product.k * product.n >= kParallelWork;
  layout offsets;
  size_t bytes = 0;
  (void)group_bytes(conv, &bytes);
  (void)lay_out(conv, &offsets);
  char* pixels = (char*)args->workspace + offsets.pixels;
  char* zeros = pixels + w->input[0] * w->input[1] * row_pixels(w) * pixel_bytes(conv);
  memset(zeros, zero, (size_t)(w->kernel[2] * pixel_bytes(conv)));
  for (int64_t g = 0; g < conv->groups; g++) {
    group_run run = {.conv = conv,
                     .args = args,
                     .offsets = &offsets,
                     .packed = (const char*)args->packed + (size_t)g * bytes,
                     .pixels = pixels,
                     .zeros = zeros,
                     .index = g,
                     .w_zero = args->w_zero,
                     .task_count = 1};
    if (run.w_zero.data) {
      run.w_zero.data =
          (const char*)run.w_zero.data + g * conv->outputs * run.w_zero.step;
    }
    make_pixels(conv, (const char*)args->x + g * plane, zero, pixels);
    if (is_shared) {
      run.task_count =
          parallel->thread_count < conv->threads ? parallel->thread_count : conv->threads;
      parallel->run(parallel->pool, run.task_count, run_task, &run);
    } else {
      run_task(&run, 0);
    }
  }
}
