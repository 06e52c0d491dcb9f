// See tensor_print.h.
#include "tools/tensor_print.h"

#include <inttypes.h>
#include <math.h>

#include "tools/element.h"
#include "tools/say.h"

enum { kMaxRows = 6, kMaxColumns = 8 };

static void print_range(FILE* out, const olstm_tensor* tensor, int64_t count) {
  int64_t lowest = -1;
  int64_t highest = -1;
  int64_t nan_count = 0;
  char text[40];
  for (int64_t i = 0; i < count; i++) {
    const double value = olstm__element_get(tensor, i);
    if (isnan(value)) {
      nan_count++;
      continue;
    }
    if (lowest < 0 || value < olstm__element_get(tensor, lowest)) lowest = i;
    if (highest < 0 || value > olstm__element_get(tensor, highest)) highest = i;
  }
  if (lowest >= 0) {
    olstm__element_print(tensor, lowest, text);
    olstm__say(out, ", min %s", text);
    olstm__element_print(tensor, highest, text);
    olstm__say(out, ", max %s", text);
  }
  if (nan_count > 0) olstm__say(out, ", %" PRId64 " NaN", nan_count);
}

static void print_row(FILE* out, const olstm_tensor* tensor, int64_t first,
                      int64_t columns) {
  const int64_t shown = columns < kMaxColumns ? columns : kMaxColumns;
  char text[40];
  olstm__say(out, "  [");
  for (int64_t c = 0; c < shown; c++) {
    olstm__element_print(tensor, first + c, text);
    olstm__say(out, "%s%s", c ? ", " : "", text);
  }
  if (columns > shown) olstm__say(out, ", ... %" PRId64 " more", columns - shown);
  olstm__say(out, "]\n");
}

void olstm__tensor_print(FILE* out, const char* kind, const char* name,
                         const olstm_tensor* tensor) {
  const olstm_tensor_desc* desc = &tensor->desc;
  const int64_t count = olstm_tensor_desc_count(desc);
  olstm__say(out, "%s %s: %s %s", kind, name, olstm_dtype_name(desc->dtype),
             olstm_shape_text(desc).text);
  if (count > 1) print_range(out, tensor, count);
  olstm__say(out, "\n");
  if (count == 0) return;
  // A column vector reads better as one row.
  const int64_t last = desc->rank > 0 ? desc->dims[desc->rank - 1] : 1;
  const int64_t columns = last == 1 ? count : last;
  const int64_t rows = count / columns;
  for (int64_t r = 0; r < rows && r < kMaxRows; r++) {
    print_row(out, tensor, r * columns, columns);
  }
  if (rows > kMaxRows) olstm__say(out, "  ... %" PRId64 " more rows\n", rows - kMaxRows);
}

olstm_text olstm__value_shape_text(const olstm_value_info* info) {
  olstm_text result = {"of any rank"};
  size_t used = 0;
  if (info->rank < 0) return result;
  used += (size_t)snprintf(result.text, sizeof result.text, "[");
  for (int32_t d = 0; d < info->rank && used < sizeof result.text - 40; d++) {
    const char* comma = d ? "," : "";
    if (info->dims[d] >= 0) {
      used +=
          (size_t)snprintf(result.text + used, 32, "%s%" PRId64, comma, info->dims[d]);
    } else {
      (void)snprintf(result.text + used, 32, "%s%s", comma,
                     info->dim_params[d] ? info->dim_params[d] : "?");
      while (result.text[used]) used++;
    }
  }
  (void)snprintf(result.text + used, sizeof result.text - used, "]");
  return result;
}
