#include "op/conv/pool_rows.h"

#include "op/math/cpu.h"

static int64_t whole_lanes(int64_t count) {
  return (count + OLSTM__POOL_LANES - 1) / OLSTM__POOL_LANES * OLSTM__POOL_LANES;
}

bool olstm__pool_slide_init(olstm__pool_slide* slide, olstm__pool_kind kind,
                            int64_t width, int64_t count, int64_t kernel,
                            int64_t dilation, int64_t stride, int64_t pad) {
  *slide = (olstm__pool_slide){.kind = kind,
                               .width = width,
                               .count = count,
                               .kernel = kernel,
                               .stride = stride,
                               .pad = pad};
  slide->extent = (kernel - 1) * dilation + 1;
  if (kernel > OLSTM__POOL_MAX_KERNEL || stride > OLSTM__POOL_MAX_STRIDE ||
      slide->extent > OLSTM__POOL_MAX_EXTENT) {
    return false;
  }
  slide->step = ((OLSTM__POOL_TILE - slide->extent) / stride + 1) / OLSTM__POOL_LANES *
                OLSTM__POOL_LANES;
  if (slide->step > whole_lanes(count)) slide->step = whole_lanes(count);
  slide->spacing = whole_lanes(slide->step + (slide->extent - 1) / stride + 1);
  slide->pitch = whole_lanes((slide->step - 1) * stride + slide->extent);
  slide->slide_pitch = stride > 1 ? stride * slide->spacing : slide->pitch;
  slide->rows_together = OLSTM__POOL_TILE / slide->pitch;
  if (slide->rows_together > OLSTM__POOL_MAX_ROWS) {
    slide->rows_together = OLSTM__POOL_MAX_ROWS;
  }
  if (slide->rows_together < 1) slide->rows_together = 1;
  for (int64_t t = 0; t < kernel; t++) {
    const int64_t at = t * dilation;
    slide->offsets[t] = (int32_t)(at % stride * slide->spacing + at / stride);
  }
  return true;
}

olstm__pool_rows_function olstm__pool_rows_find(void) {
#if defined(__x86_64__)
  if (olstm__cpu_get()->avx2_fma) return olstm__pool_rows_f32_avx2;
#endif
  return olstm__pool_rows_f32_plain;
}
