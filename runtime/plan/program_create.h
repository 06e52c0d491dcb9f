// From a graph to a program: an operator for every node, programs for the bodies of
// control nodes.
#ifndef OLSTM_RUNTIME_PLAN_PROGRAM_CREATE_H_
#define OLSTM_RUNTIME_PLAN_PROGRAM_CREATE_H_

#include "runtime/plan/program.h"

/// Creates the operators of a graph, and the programs of its bodies. The graph must be in
/// order (olstm__graph_sort); the program keeps it, and takes memory from it.
/// Errors: UNSUPPORTED (names the node), those of operators, OUT_OF_MEMORY.
olstm_status olstm__program_create(olstm__environment* environment, olstm__graph* graph,
                                   bool is_body, olstm__program** out_program,
                                   olstm_error* error);

/// Nobody may hold one of its plans any more. NULL is legal.
void olstm__program_destroy(olstm__program* program);

#endif  // OLSTM_RUNTIME_PLAN_PROGRAM_CREATE_H_
