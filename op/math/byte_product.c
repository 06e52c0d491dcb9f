// Threads split rows or columns: what an element of C is does not depend on it.
#include "op/math/byte_product.h"

#include <string.h>

#include "op/math/byte_product_table.h"
#include "op/math/cpu.h"
#include "op/pieces.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
  /// Products that cost as much as an element of OLSTM__PIECE_ELEMENTS, for each byte
  /// that the CPU multiplies at a time.
  kProductsPerByte = 2,
  /// Of fewer rows for each thread columns are shared, and of more each has some parts.
  kFewRows = 16,
  kManyRows = 128,
  kPartsPerThread = 4
};

static const olstm__byte_table* find_table(void) {
#if defined(__x86_64__)
  const olstm__cpu_features* cpu = olstm__cpu_get();
  if (cpu->avx512_vnni) return &olstm__byte_product_f32_avx512vnni;
  if (cpu->avx2_fma) return &olstm__byte_product_f32_avx2;
#endif
  return &olstm__byte_product_f32_plain;
}

/// Sizes of a product on this CPU.
typedef struct layout {
  const olstm__byte_table* table;
  int64_t groups;
  int64_t panels;
  size_t panel_bytes;
} layout;

static layout layout_of(const olstm__byte_product* product) {
  const olstm__byte_table* table = find_table();
  const int64_t groups = (product->k + table->group - 1) / table->group;
  return (layout){table, groups, (product->n + table->columns - 1) / table->columns,
                  (size_t)(groups * table->columns * table->group)};
}

bool olstm__byte_product_packed_bytes(const olstm__byte_product* product,
                                      size_t* out_bytes) {
  const layout sizes = layout_of(product);
  const size_t sums_bytes = (size_t)sizes.table->columns * sizeof(int32_t);
  return olstm_size_add(sizes.panel_bytes, sums_bytes, out_bytes) &&
         olstm_size_multiply(*out_bytes, (size_t)sizes.panels, out_bytes);
}

/// Columns of all panels.
static int64_t padded_columns(const layout* sizes) {
  return sizes->panels * sizes->table->columns;
}

int64_t olstm__byte_product_row(const olstm__byte_product* product) {
  const layout sizes = layout_of(product);
  return padded_columns(&sizes);
}

bool olstm__byte_product_scratch_bytes(const olstm__byte_product* product, int64_t m,
                                       size_t* out_bytes) {
  const layout sizes = layout_of(product);
  size_t column_bytes = 0;
  return olstm_size_multiply((size_t)sizes.groups + 1, 4, out_bytes) &&
         olstm_size_multiply(*out_bytes, (size_t)m, out_bytes) &&
         olstm_size_multiply((size_t)padded_columns(&sizes), 2 * sizeof(int32_t),
                             &column_bytes) &&
         olstm_size_add(*out_bytes, column_bytes, out_bytes);
}

/// Columns `begin` to end - 1 of a group of a panel: element t of column j is
/// from[t * row_stride + j * column_stride] for t < rows.
static void pack_columns(const layout* sizes, const uint8_t* from, int64_t row_stride,
                         int64_t column_stride, int64_t rows, int64_t begin, int64_t end,
                         uint8_t flip, uint8_t* to) {
  const int64_t group = sizes->table->group;
  for (int64_t j = begin; j < end; j++) {
    for (int64_t t = 0; t < rows; t++) {
      to[j * group + t] = from[t * row_stride + j * column_stride] ^ flip;
    }
  }
}

/// As many columns as vectors take, of a whole group of neighbours; returns how many.
static int64_t pack_neighbours(const layout* sizes, const uint8_t* from,
                               int64_t row_stride, int64_t columns, uint8_t flip,
                               uint8_t* to) {
  int64_t j = 0;
#if defined(__SSE2__)
  const __m128i flips = _mm_set1_epi8((char)flip);
  __m128i* out = (__m128i*)(void*)to;
  for (; j + 16 <= columns; j += 16) {
    __m128i row[4];
    for (int t = 0; t < 4; t++) {
      const void* at = from + t % sizes->table->group * row_stride + j;
      row[t] = _mm_xor_si128(_mm_loadu_si128(at), flips);
    }
    const __m128i low = _mm_unpacklo_epi8(row[0], row[1]);
    const __m128i high = _mm_unpackhi_epi8(row[0], row[1]);
    if (sizes->table->group == 2) {
      _mm_storeu_si128(out++, low);
      _mm_storeu_si128(out++, high);
      continue;
    }
    const __m128i low_2 = _mm_unpacklo_epi8(row[2], row[3]);
    const __m128i high_2 = _mm_unpackhi_epi8(row[2], row[3]);
    _mm_storeu_si128(out++, _mm_unpacklo_epi16(low, low_2));
    _mm_storeu_si128(out++, _mm_unpackhi_epi16(low, low_2));
    _mm_storeu_si128(out++, _mm_unpacklo_epi16(high, high_2));
    _mm_storeu_si128(out++, _mm_unpackhi_epi16(high, high_2));
  }
#else
  (void)sizes, (void)from, (void)row_stride, (void)columns, (void)flip, (void)to;
#endif
  return j;
}

/// A panel's columns times ones.
static void add_columns(const layout* sizes, const void* panel, int32_t* sums) {
  enum { kGroups = 64 };
  uint32_t ones[kGroups];
  const int64_t columns = sizes->table->columns;
  for (int i = 0; i < kGroups; i++) {
    ones[i] = sizes->table->group == 4 ? 0x01010101u : 0x00010001u;
  }
  memset(sums, 0, (size_t)columns * sizeof *sums);
  for (int64_t g = 0; g < sizes->groups; g += kGroups) {
    const olstm__byte_block block = {
        .groups = sizes->groups - g < kGroups ? sizes->groups - g : kGroups,
        .a = (const char*)ones,
        .panel = (const char*)panel + g * columns * sizes->table->group,
        .starts = sums,
        .c = sums,
        .c_stride = columns,
        .width = columns};
    sizes->table->multiply(&block, 1);
  }
}

void olstm__byte_product_pack(const olstm__byte_product* product, const void* b,
                              int64_t row_stride, int64_t column_stride, void* packed) {
  const layout sizes = layout_of(product);
  const int64_t group = sizes.table->group, columns = sizes.table->columns;
  const uint8_t flip = product->b_is_signed ? 0 : 0x80;
  uint8_t* to = packed;
  int32_t* sums = (int32_t*)(void*)(to + (size_t)sizes.panels * sizes.panel_bytes);
  for (int64_t j = 0; j < product->n; j += columns, sums += columns) {
    const int64_t width = product->n - j < columns ? product->n - j : columns;
    const void* panel = to;
    for (int64_t p = 0; p < product->k; p += group, to += columns * group) {
      const int64_t rows = product->k - p < group ? product->k - p : group;
      const uint8_t* from = (const uint8_t*)b + p * row_stride + j * column_stride;
      if (width < columns || rows < group) memset(to, 0, (size_t)(columns * group));
      const int64_t done =
          column_stride == 1 && rows == group
              ? pack_neighbours(&sizes, from, row_stride, width, flip, to)
              : 0;
      pack_columns(&sizes, from, row_stride, column_stride, rows, done, width, flip, to);
    }
    add_columns(&sizes, panel, sums);
  }
}

/// A zero point of a row or column, shifted as its matrix is.
static int32_t zero_of(const olstm__byte_zero* zero, int64_t index, bool is_signed,
                       int32_t shift) {
  const int64_t at = index * zero->step;
  if (!zero->data) return shift;
  return shift +
         (is_signed ? ((const int8_t*)zero->data)[at] : ((const uint8_t*)zero->data)[at]);
}

/// One run, and where its scratch is.
typedef struct byte_run {
  const olstm__byte_product* product;
  const olstm__byte_product_args* args;
  layout sizes;
  int32_t a_shift;
  /// Rows of A, or where they are prepared.
  const char* rows;
  char* prepared;
  int32_t* row_sums;
  const int32_t *column_sums, *column_zeros;
  /// Rows of a part: of whole tiles.
  int64_t part;
} byte_run;

/// The sum of eight bytes.
static int32_t sum_of(uint64_t bytes) {
  const uint64_t low = UINT64_C(0x00ff00ff00ff00ff);
  const uint64_t pairs = (bytes & low) + (bytes >> 8 & low);
  return (int32_t)(pairs * UINT64_C(0x0001000100010001) >> 48);
}

/// A row as bytes, signed ones shifted, or as 16 bits.
static void prepare_row(const layout* sizes, bool is_signed, int64_t k, const void* from,
                        void* to) {
  const uint8_t flip = is_signed ? 0x80 : 0;
  const uint8_t* x = from;
  int64_t i = 0;
  memset((char*)to + 4 * (sizes->groups - 1), 0, 4);
  if (sizes->table->group == 4) {
    uint8_t* y = to;
    for (; i + 8 <= k; i += 8) {
      uint64_t bytes;
      memcpy(&bytes, x + i, sizeof bytes);
      bytes ^= flip * UINT64_C(0x0101010101010101);
      memcpy(y + i, &bytes, sizeof bytes);
    }
    for (; i < k; i++) y[i] = x[i] ^ flip;
    return;
  }
  int16_t* y = to;
#if defined(__SSE2__)
  const __m128i none = _mm_setzero_si128();
  for (; i + 16 <= k; i += 16) {
    const __m128i bytes = _mm_loadu_si128((const __m128i*)(const void*)(x + i));
    const __m128i signs = is_signed ? _mm_cmpgt_epi8(none, bytes) : none;
    __m128i* out = (__m128i*)(void*)(y + i);
    _mm_storeu_si128(out, _mm_unpacklo_epi8(bytes, signs));
    _mm_storeu_si128(out + 1, _mm_unpackhi_epi8(bytes, signs));
  }
#endif
  for (; i < k; i++) y[i] = (int16_t)((x[i] ^ flip) - flip);
}

/// The sum of int16 that hold bytes, signed or unsigned: -128 to 255. Four at a time are
/// made positive, with a bias, and added side by side as long as 16 bits hold their sums.
static int32_t sum_shorts(int64_t count, const char* shorts) {
  enum { kBias = 256, kMostWords = 128 };
  const uint64_t each = UINT64_C(0x0001000100010001);
  const int64_t words = count / 4;
  int32_t sum = 0;
  for (int64_t w = 0; w < words;) {
    const int64_t end = words - w < kMostWords ? words : w + kMostWords;
    uint64_t sums = 0;
    sum -= 4 * kBias * (int32_t)(end - w);
    for (; w < end; w++) {
      uint64_t word;
      memcpy(&word, shorts + 8 * w, sizeof word);
      sums += (word ^ 0x8000 * each) - (0x8000 - kBias) * each;
    }
    for (int lane = 0; lane < 4; lane++) sum += (int32_t)(sums >> 16 * lane & 0xffff);
  }
  for (int64_t i = 4 * words; i < count; i++) {
    int16_t element;
    memcpy(&element, shorts + 2 * i, sizeof element);
    sum += element;
  }
  return sum;
}

/// The sum of a row that was prepared.
static int32_t sum_row(const layout* sizes, const char* row) {
  int32_t sum = 0;
  int64_t g = 0;
  if (sizes->table->group == 4) {
    for (; g + 2 <= sizes->groups; g += 2) {
      uint64_t bytes;
      memcpy(&bytes, row + 4 * g, sizeof bytes);
      sum += sum_of(bytes);
    }
    for (g *= 4; g < 4 * sizes->groups; g++) sum += (uint8_t)row[g];
    return sum;
  }
  return sum_shorts(2 * sizes->groups, row);
}

/// Rows begin..end-1 as products take them, and their sums.
static void prepare_rows(const byte_run* run, int64_t begin, int64_t end) {
  const layout* sizes = &run->sizes;
  const olstm__byte_product* product = run->product;
  const int64_t k = product->k;
  for (int64_t i = begin; i < end; i++) {
    const int64_t at = i * 4 * sizes->groups;
    if (k > 0 && run->rows == run->prepared) {
      prepare_row(sizes, product->a_is_signed, k, (const char*)run->args->a + i * k,
                  run->prepared + at);
    }
    run->row_sums[i] = run->column_zeros ? sum_row(sizes, run->rows + at) : 0;
  }
}

/// Rows `begin` to end - 1, which have one zero point, times one panel.
static void run_panel(const byte_run* run, int64_t panel, int64_t begin, int64_t end) {
  const layout* sizes = &run->sizes;
  const int64_t columns = sizes->table->columns, n = run->product->n;
  const int64_t c_stride = run->args->c_stride;
  const int64_t first = panel * columns;
  const int64_t width = n - first < columns ? n - first : columns;
  int32_t* c = run->args->c + first;
  int32_t last[OLSTM__BYTE_MAX_ROWS * OLSTM__BYTE_MAX_COLUMNS];
  int32_t starts[OLSTM__BYTE_MAX_COLUMNS];
  const uint32_t zero = (uint32_t)zero_of(&run->args->a_zero, begin,
                                          run->product->a_is_signed, run->a_shift);
  const int32_t* bias = run->args->bias;
  for (int64_t j = 0; j < columns; j++) {
    const uint32_t start = bias && j < width ? (uint32_t)bias[first + j] : 0;
    starts[j] = (int32_t)(start - zero * (uint32_t)run->column_sums[first + j]);
  }
  olstm__byte_block block = {
      .groups = sizes->groups,
      .panel = (const char*)run->args->packed + (size_t)panel * sizes->panel_bytes,
      .starts = starts,
      .zeros = run->column_zeros ? run->column_zeros + first : NULL,
      .width = width};
  // A panel that is not full goes through a buffer, but where no more is written.
  const int64_t together = sizes->table->rows;
  const int64_t whole = first + columns <= (c_stride > n ? c_stride : n) ? end - begin
                        : width == sizes->table->narrow_columns
                            ? (end - begin) / together * together
                            : 0;
  for (int64_t row = begin; row < end;) {
    const bool is_direct = row < begin + whole;
    const int64_t left = is_direct ? begin + whole - row : end - row;
    const int64_t rows = is_direct || left < together ? left : together;
    block.a = run->rows + row * 4 * sizes->groups;
    block.sums = run->row_sums + row;
    block.c = is_direct ? c + row * c_stride : last;
    block.c_stride = is_direct ? c_stride : columns;
    sizes->table->multiply(&block, rows);
    for (int64_t r = 0; !is_direct && r < rows; r++) {
      memcpy(c + (row + r) * c_stride, last + r * columns, (size_t)width * sizeof *c);
    }
    row += rows;
  }
}

/// Parts of the rows, begin..end-1.
static void run_rows(void* argument, int64_t begin, int64_t end) {
  const byte_run* run = argument;
  const int64_t m = run->args->m, first = begin * run->part;
  const int64_t last = end * run->part < m ? end * run->part : m;
  const int64_t step = run->args->a_zero.step ? 1 : last - first;
  prepare_rows(run, first, last);
  for (int64_t p = 0; p < run->sizes.panels; p++) {
    for (int64_t row = first; row < last; row += step) {
      run_panel(run, p, row, row + step);
    }
  }
}

/// All rows times panels begin..end-1.
static void run_panels(void* argument, int64_t begin, int64_t end) {
  const byte_run* run = argument;
  const int64_t m = run->args->m, step = run->args->a_zero.step ? 1 : m;
  for (int64_t p = begin; p < end; p++) {
    for (int64_t row = 0; row < m; row += step) run_panel(run, p, row, row + step);
  }
}

void olstm__byte_product_run(const olstm__byte_product* product,
                             const olstm__byte_product_args* args) {
  const layout sizes = layout_of(product);
  const int64_t columns = padded_columns(&sizes), m = args->m;
  const int32_t a_shift = product->a_is_signed ? sizes.table->a_shift : 0;
  const int32_t b_shift = product->b_is_signed ? 0 : sizes.table->b_shift;
  const int32_t* packed_sums =
      (const int32_t*)(const void*)((const char*)args->packed +
                                    (size_t)sizes.panels * sizes.panel_bytes);
  int32_t* column_sums = args->scratch;
  int32_t* column_zeros = column_sums + columns;
  int32_t* row_sums = column_zeros + columns;
  bool has_zeros = false;
  if (m == 0 || product->n == 0) return;
  uint32_t zero = 0;
  for (int64_t j = 0; j < columns; j++) {
    // One for all is looked up once.
    if (j < (args->b_zero.step ? product->n : 1)) {
      zero = (uint32_t)zero_of(&args->b_zero, j, product->b_is_signed, b_shift);
    }
    has_zeros |= zero != 0;
    column_zeros[j] = (int32_t)zero;
    column_sums[j] = (int32_t)((uint32_t)packed_sums[j] - (uint32_t)product->k * zero);
  }
  // Bytes that are multiplied as they are need no copy.
  const bool is_plain =
      sizes.table->group == 4 && !product->a_is_signed && product->k % 4 == 0;
  char* prepared = (char*)(row_sums + m);
  byte_run run = {.product = product,
                  .args = args,
                  .sizes = sizes,
                  .a_shift = a_shift,
                  .rows = is_plain ? args->a : prepared,
                  .prepared = prepared,
                  .row_sums = row_sums,
                  .column_sums = column_sums,
                  .column_zeros = has_zeros ? column_zeros : NULL};
  const int64_t threads = args->parallel ? args->parallel->thread_count : 1;
  const int64_t each = kProductsPerByte * sizes.table->group;
  if (threads > 1 && m < kFewRows * threads) {
    prepare_rows(&run, 0, m);
    olstm__pieces_run(args->parallel, sizes.panels,
                      product->k * m * sizes.table->columns / each + 1, run_panels, &run);
  } else {
    // Each part reads all of B.
    const int64_t parts = threads * (m < kManyRows * threads ? 1 : kPartsPerThread);
    const int64_t tile = sizes.table->rows;
    run.part = threads > 1 ? (m + parts * tile - 1) / (parts * tile) * tile : m;
    olstm__pieces_run(args->parallel, (m + run.part - 1) / run.part,
                      product->k * product->n * run.part / each + 1, run_rows, &run);
  }
}
