#include "runtime/streams/step_probe.h"

#include "system/clock.h"

enum {
  /// Runs that are timed; one where a run takes longer than kLongNs.
  kTimedRuns = 4,
  kLongNs = 2000000,
  /// Multiply-adds that comparing may take for each size, ahead and while streams wait;
  /// and the rows that are compared whatever it takes.
  kThoroughWork = 1 << 27,
  kQuickWork = 1 << 24,
  kLeastRows = 4
};

// ---------------------------------------------------------------- made-up values

/// Marsaglia's xorshift: the same values in every process.
static uint32_t draw(uint64_t* seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return (uint32_t)(*seed >> 32);
}

/// Fills a tensor with numbers in -1 ... 1: floats of 32 or 64 bits with many, others
/// with few; integers with 0 and 1, which most lengths and indices may be.
static void make_up(const olstm_tensor* tensor, uint64_t* seed) {
  static const uint16_t kHalfs[] = {0, 0x3c00, 0xbc00, 0x3555};
  static const uint16_t kBfloats[] = {0, 0x3f80, 0xbf80, 0x3eab};
  const size_t size = olstm_dtype_size(tensor->desc.dtype);
  const size_t count = size ? olstm__desc_bytes(&tensor->desc) / size : 0;
  char* to = tensor->data;
  for (size_t i = 0; i < count; i++, to += size) {
    const uint32_t number = draw(seed);
    const float real = (float)(int32_t)number / 2147483648.0F;
    const double wide = real;
    memset(to, 0, size);
    switch (tensor->desc.dtype) {
      case OLSTM_DTYPE_FLOAT:
        memcpy(to, &real, sizeof real);
        break;
      case OLSTM_DTYPE_DOUBLE:
        memcpy(to, &wide, sizeof wide);
        break;
      case OLSTM_DTYPE_FLOAT16:
        memcpy(to, &kHalfs[number & 3], 2);
        break;
      case OLSTM_DTYPE_BFLOAT16:
        memcpy(to, &kBfloats[number & 3], 2);
        break;
      default: {
        // The lowest byte of the element, on machines of either byte order.
        const uint16_t one = 1;
        uint8_t first = 0;
        memcpy(&first, &one, 1);
        to[first ? 0 : size - 1] = (char)(number & 1);
      }
    }
  }
}

// ---------------------------------------------------------------- trying

static olstm_status run(olstm__step_kind* kind, olstm__batch_size* size) {
  for (size_t o = 0; o < kind->session->program->output_count; o++) {
    size->outputs[o].data = NULL;
  }
  const int64_t start = olstm__clock_ns();
  const olstm_status status = olstm__step_kind_run(kind, size, NULL, NULL);
  const int64_t time = olstm__clock_ns() - start;
  if (status == OLSTM_STATUS_OK && (size->nanoseconds == 0 || time < size->nanoseconds)) {
    size->nanoseconds = time > 0 ? time : 1;
  }
  return status;
}

/// Copies row `row` of a batch's inputs into those of one row alone.
static void take_row(const olstm__step_kind* kind, const olstm__batch_size* size,
                     size_t row) {
  const olstm__batch_size* alone = &kind->sizes[0];
  for (size_t i = 0; i < kind->session->program->input_count; i++) {
    const olstm__row_layout* layout = &kind->inputs[i];
    const size_t at = layout->axis < 0 ? 0 : row;
    olstm__row_copy(olstm__row_at(alone->inputs[i].data, 0, 1, layout),
                    olstm__row_at(size->inputs[i].data, at, size->rows, layout), layout);
  }
}

/// Compares row `row` of a batch's outputs with those of the row alone; the index of the
/// first that differs, SIZE_MAX for none.
static size_t compare_row(const olstm__step_kind* kind, const olstm__batch_size* size,
                          size_t row) {
  const olstm__batch_size* alone = &kind->sizes[0];
  for (size_t p = 0; p < kind->session->program->output_count; p++) {
    const olstm__row_layout* layout = &kind->outputs[p];
    const olstm__row_location a = olstm__row_at(alone->outputs[p].data, 0, 1, layout);
    const olstm__row_location b =
        olstm__row_at(size->outputs[p].data, row, size->rows, layout);
    for (size_t o = 0; o < layout->outer && layout->piece_bytes > 0; o++) {
      if (memcmp(a.data + o * a.stride, b.data + o * b.stride, layout->piece_bytes) !=
          0) {
        return p;
      }
    }
  }
  return SIZE_MAX;
}

/// Notes that output `index` of the program differs.
static void differ(olstm__step_kind* kind, size_t index) {
  const olstm__program* program = kind->session->program;
  const size_t own_count = program->graph->output_count;
  const bool is_state = index >= own_count;
  const char* name = is_state ? program->graph->states[index - own_count].name
                              : program->graph->values[program->outputs[index]].info.name;
  olstm_error line;
  (void)olstm_fail(&line, OLSTM_STATUS_UNSUPPORTED,
                   "%s '%s' is not bit for bit the same when rows are computed together",
                   is_state ? "state" : "output", name);
  memcpy(kind->trace.reason, line.message, sizeof line.message);
  kind->trace.is_apart = false;
}

/// Compares rows of a batch with those rows alone: all, or evenly spread ones.
static void compare_size(olstm__step_kind* kind, olstm__batch_size* size,
                         bool is_thorough) {
  const uint64_t work = olstm__executor_plan(kind->sizes[0].executor)->work + 1;
  const uint64_t affordable = (is_thorough ? kThoroughWork : kQuickWork) / work;
  const size_t most = affordable < kLeastRows ? kLeastRows : (size_t)affordable;
  const size_t count = size->rows < most ? size->rows : most;
  for (size_t r = 0; r < count; r++) {
    // Spread so that the first and the last row are compared.
    const size_t row = count == 1 ? 0 : r * (size->rows - 1) / (count - 1);
    take_row(kind, size, row);
    if (run(kind, &kind->sizes[0]) != OLSTM_STATUS_OK) return;
    const size_t index = compare_row(kind, size, row);
    if (index == SIZE_MAX) continue;
    differ(kind, index);
    return;
  }
}

/// Tries one size; its inputs stay zeros when the model does not compute with made-up
/// ones.
static void probe_size(olstm__step_kind* kind, olstm__batch_size* size,
                       bool is_thorough) {
  uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) + size->rows;
  const size_t input_count = kind->session->program->input_count;
  for (size_t i = 0; i < input_count; i++) make_up(&size->inputs[i], &seed);
  if (run(kind, size) != OLSTM_STATUS_OK) {
    for (size_t i = 0; i < input_count; i++) {
      const size_t bytes = olstm__desc_bytes(&size->inputs[i].desc);
      if (bytes) memset(size->inputs[i].data, 0, bytes);
    }
    if (run(kind, size) != OLSTM_STATUS_OK) return;
  }
  for (int r = 1; r < kTimedRuns && size->nanoseconds < kLongNs; r++) {
    if (run(kind, size) != OLSTM_STATUS_OK) return;
  }
  if (size->rows > 1) compare_size(kind, size, is_thorough);
}

void olstm__step_probe(olstm__step_kind* kind, size_t first, bool is_thorough) {
  // The plan for one row is timed with the first batch: its time is not needed earlier.
  for (size_t s = first > 1 ? first : 0; s < kind->size_count; s++) {
    probe_size(kind, &kind->sizes[s], is_thorough);
    if (kind->sizes[s].nanoseconds == 0) {
      kind->sizes[s].nanoseconds = (int64_t)kind->sizes[s].rows;
    }
    if (!kind->trace.is_apart) return;
  }
}
