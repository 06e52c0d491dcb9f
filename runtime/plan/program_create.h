// Makes a program of a graph: creates an operator for every node, and programs for the
// bodies of control nodes.
#ifndef OLSTM_RUNTIME_PLAN_PROGRAM_CREATE_H_
#define OLSTM_RUNTIME_PLAN_PROGRAM_CREATE_H_

#include "runtime/plan/program.h"

/// Creates a program. The graph must be sorted (olstm__graph_sort) and outlive the
/// program, which allocates from its memory. Errors: UNSUPPORTED (names the node), those
/// of operators, OUT_OF_MEMORY.
olstm_status olstm__program_create(olstm__environment* environment, olstm__graph* graph,
                                   bool is_body, olstm__program** out_program,
                                   olstm_error* error);

/// No reference to one of its plans may be left. NULL is legal.
void olstm__program_destroy(olstm__program* program);

#endif  // OLSTM_RUNTIME_PLAN_PROGRAM_CREATE_H_
