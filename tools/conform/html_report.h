// The matrix of features as a page: one file, with nothing to load besides.
#ifndef OLSTM_TOOLS_CONFORM_HTML_REPORT_H_
#define OLSTM_TOOLS_CONFORM_HTML_REPORT_H_

#include <stdio.h>

#include "tools/conform/feature_matrix.h"

/// Features down, runtimes across; a cell opens to show its cases.
void olstm__html_report_write(FILE* file, const olstm__feature_matrix* matrix);

#endif  // OLSTM_TOOLS_CONFORM_HTML_REPORT_H_
