// See plot.h.
#include "tools/plot.h"

#include <math.h>

#include "tools/element.h"
#include "tools/say.h"

enum {
  kWidth = 860,
  kHeight = 420,
  kLeft = 80,
  kRight = 840,
  kTop = 40,
  kBottom = 370,
  kTicks = 5,
  kMaxPoints = 4000
};

static const char* const kColors[OLSTM__PLOT_MAX_SERIES] = {
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd",
    "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"};

/// Where the series are in the tensor, and their range.
typedef struct plot_view {
  const olstm_tensor* tensor;
  int64_t steps;
  int64_t series;
  /// Element (step t, series s) is t * stride + s.
  int64_t stride;
  double low;
  double high;
} plot_view;

static double value_at(const plot_view* view, int64_t step, int64_t series) {
  return olstm__element_get(view->tensor, step * view->stride + series);
}

/// A point is drawn every so many steps: no more points than pixels.
static int64_t point_step(const plot_view* view) {
  return view->steps / kMaxPoints + 1;
}

static void find_range(plot_view* view) {
  bool any = false;
  for (int64_t t = 0; t < view->steps; t += point_step(view)) {
    for (int64_t s = 0; s < view->series; s++) {
      const double value = value_at(view, t, s);
      if (!isfinite(value)) continue;
      view->low = any ? fmin(view->low, value) : value;
      view->high = any ? fmax(view->high, value) : value;
      any = true;
    }
  }
  // A constant series needs a range, too.
  if (!(view->high > view->low)) {
    const double room = fmax(fabs(view->low) * 0.1, 1e-6);
    view->low -= room;
    view->high += room;
  }
}

static plot_view make_view(const olstm_tensor* tensor) {
  const olstm_tensor_desc* desc = &tensor->desc;
  const int32_t rank = desc->rank;
  plot_view view = {tensor, 1, 1, 1, 0.0, 0.0};
  if (rank == 1) {
    view.steps = desc->dims[0];
  } else if (rank >= 2) {
    view.steps = desc->dims[rank - 2];
    view.stride = desc->dims[rank - 1];
    view.series = view.stride;
  }
  if (view.series > OLSTM__PLOT_MAX_SERIES) view.series = OLSTM__PLOT_MAX_SERIES;
  if (olstm_tensor_desc_count(desc) == 0) view.steps = 0;
  find_range(&view);
  return view;
}

static double x_of(const plot_view* view, int64_t step) {
  const double last = view->steps > 1 ? (double)(view->steps - 1) : 1.0;
  return kLeft + (kRight - kLeft) * ((double)step / last);
}

static double y_of(const plot_view* view, double value) {
  return kBottom - (kBottom - kTop) * ((value - view->low) / (view->high - view->low));
}

static void draw_axes(FILE* out, const plot_view* view) {
  (void)fprintf(out, "<g stroke=\"#ccc\" fill=\"#333\">\n");
  for (int i = 0; i < kTicks; i++) {
    const double part = (double)i / (kTicks - 1);
    const double value = view->low + (view->high - view->low) * part;
    const int64_t step =
        (int64_t)((double)(view->steps > 0 ? view->steps - 1 : 0) * part);
    (void)fprintf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", kLeft,
                  y_of(view, value), kRight, y_of(view, value));
    (void)fprintf(
        out,
        "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" stroke=\"none\">%.4g</text>\n",
        kLeft - 8, y_of(view, value) + 4, value);
    (void)fprintf(out,
                  "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" "
                  "stroke=\"none\">%" PRId64 "</text>\n",
                  x_of(view, step), kBottom + 20, step);
  }
  (void)fprintf(out,
                "</g>\n<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">time step</text>\n",
                (kLeft + kRight) / 2, kBottom + 40);
}

/// One series: a path that is lifted where a value is not finite.
static void draw_series(FILE* out, const plot_view* view, int64_t series) {
  bool is_down = false;
  (void)fprintf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"",
                kColors[series]);
  for (int64_t t = 0; t < view->steps; t += point_step(view)) {
    const double value = value_at(view, t, series);
    if (isfinite(value)) {
      (void)fprintf(out, "%c%.1f %.1f", is_down ? 'L' : 'M', x_of(view, t),
                    y_of(view, value));
    }
    is_down = isfinite(value);
  }
  (void)fprintf(out, "\"/>\n");
}

/// A dot makes a single step visible, too.
static void draw_legend(FILE* out, const plot_view* view, int64_t series) {
  const int x = kLeft + (int)series * 90;
  (void)fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>", x, kTop - 10,
                kColors[series]);
  (void)fprintf(out, "<text x=\"%d\" y=\"%d\">feature %" PRId64 "</text>\n", x + 8,
                kTop - 6, series);
  if (view->steps == 1 && isfinite(value_at(view, 0, series))) {
    (void)fprintf(out, "<circle cx=\"%d\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", kLeft,
                  y_of(view, value_at(view, 0, series)), kColors[series]);
  }
}

void olstm__plot_write(FILE* out, const char* title, const olstm_tensor* tensor) {
  const plot_view view = make_view(tensor);
  (void)fprintf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                "font-family=\"sans-serif\" font-size=\"12\">\n"
                "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
                kWidth, kHeight, kWidth, kHeight);
  (void)fprintf(out, "<text x=\"%d\" y=\"18\" font-size=\"14\">", kLeft);
  olstm__say_escaped(out, OLSTM__ESCAPE_XML, title);
  (void)fprintf(out, " %s</text>\n", olstm_shape_text(&tensor->desc).text);
  draw_axes(out, &view);
  for (int64_t s = 0; s < view.series && view.steps > 0; s++) {
    draw_series(out, &view, s);
    draw_legend(out, &view, s);
  }
  (void)fprintf(out, "</svg>\n");
}
