// Test cases in folders: which there are, below which paths, and what their models are
// made of.
#ifndef OLSTM_TOOLS_CONFORM_CASE_LIST_H_
#define OLSTM_TOOLS_CONFORM_CASE_LIST_H_

#include "olstm/status.h"
#include "tools/cli.h"

/// Folders, each with its depth below what the command line names. Zeroed before use.
typedef struct olstm__case_list {
  size_t count;
  size_t capacity;
  char** paths;
  int* depths;
} olstm__case_list;

void olstm__case_list_deinit(olstm__case_list* list);

/// Appends the cases at or below `path`, in the order of their names; folders that are
/// none are looked into. Errors: IO_ERROR, NOT_FOUND (no case), OUT_OF_MEMORY.
olstm_status olstm__case_list_find(olstm__case_list* list, const char* path,
                                   olstm_error* error);

/// Which cases to leave in a list.
typedef struct olstm__case_filter {
  /// Of names; none: all.
  olstm__cli_list globs, excluded;
  /// Operators, one of which a case's model has; none: all.
  olstm__cli_list operators;
} olstm__case_filter;

void olstm__case_list_keep(olstm__case_list* list, const olstm__case_filter* filter);

/// The last part of a case's path, whose slashes at the end are taken away; "" when it
/// has none.
const char* olstm__case_name(char* path);

enum { OLSTM__OPERATOR_NAME_BYTES = 64 };

/// The operator of the first node of the case's model; "" when it cannot be read.
void olstm__case_first_operator(const char* path,
                                char out_op_type[OLSTM__OPERATOR_NAME_BYTES]);

#endif  // OLSTM_TOOLS_CONFORM_CASE_LIST_H_
