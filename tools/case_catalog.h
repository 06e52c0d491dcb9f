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

/// What the name of a case says that it tests.
typedef struct olstm__case_title {
  /// "LSTM", "GRU", "RNN".
  const char* op_type;
  /// Nothing more is known of a random one.
  bool is_random;
  /// For olstm__case_catalog_direction and _feature. No feature: the direction alone.
  size_t direction;
  size_t feature_count;
  size_t features[2];
} olstm__case_title;

/// False for the name of another case.
bool olstm__case_catalog_parse(const char* name, olstm__case_title* out_title);

/// Names of directions and features by index; NULL behind the last.
const char* olstm__case_catalog_direction(size_t index);
const char* olstm__case_catalog_feature(size_t index);

#endif  // OLSTM_TOOLS_CASE_CATALOG_H_
