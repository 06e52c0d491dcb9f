// Series over time, drawn as SVG.
#ifndef OLSTM_TOOLS_PLOT_H_
#define OLSTM_TOOLS_PLOT_H_

#include <stdio.h>

#include "olstm/tensor.h"

enum { OLSTM__PLOT_MAX_SERIES = 8 };

/// Draws a tensor as lines. Time is axis 1 of [batch, time, features] (the first row of
/// the batch is drawn), axis 0 of what has fewer axes, and the last but one of what has
/// more; at most OLSTM__PLOT_MAX_SERIES features, a line each. What is not finite leaves
/// a gap.
void olstm__plot_write(FILE* out, const char* title, const olstm_tensor* tensor);

#endif  // OLSTM_TOOLS_PLOT_H_
