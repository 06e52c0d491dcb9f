// Test cases without an answer to compare with: their models draw random numbers.
#ifndef OLSTM_TOOLS_CONFORM_RANDOM_CASE_H_
#define OLSTM_TOOLS_CONFORM_RANDOM_CASE_H_

#include <stdbool.h>

#include "olstm/runtime.h"

/// Whether a node of the model draws random numbers, as far as the registry (NULL: the
/// built-in operators) knows it; says which. False for a model that olstm cannot read.
bool olstm__case_draws(const char* model_path, const olstm_registry* registry,
                       olstm_error* out_reason);

#endif  // OLSTM_TOOLS_CONFORM_RANDOM_CASE_H_
