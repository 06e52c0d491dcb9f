// The test cases that `olstm cases` writes: every feature of a recurrent operator, each
// pair of features that can meet, and random mixtures.
#ifndef OLSTM_TOOLS_CASE_CATALOG_H_
#define OLSTM_TOOLS_CASE_CATALOG_H_

#include "tools/recurrent_case.h"

/// Called for each case; a failure ends the list.
typedef olstm_status (*olstm__case_visitor)(void* user, const olstm__recurrent_case* spec,
                                            olstm_error* error);

/// The systematic cases of "LSTM", "GRU" or "RNN", always the same.
olstm_status olstm__case_catalog_visit(const char* op_type, olstm__case_visitor visit,
                                       void* user, olstm_error* error);

/// `count` random ones.
olstm_status olstm__case_catalog_visit_random(const char* op_type, uint64_t seed,
                                              int64_t count, olstm__case_visitor visit,
                                              void* user, olstm_error* error);

#endif  // OLSTM_TOOLS_CASE_CATALOG_H_
