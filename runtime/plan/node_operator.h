// Describes a node of a graph for its operator, and creates the operator.
#ifndef OLSTM_RUNTIME_PLAN_NODE_OPERATOR_H_
#define OLSTM_RUNTIME_PLAN_NODE_OPERATOR_H_

#include "runtime/graph/graph.h"
#include "runtime/host/environment.h"

/// Fills the description of a node that operators get; arrays are in the graph's memory.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__node_describe(olstm__graph* graph, const olstm__graph_node* from,
                                  olstm_node* out_node, olstm_error* error);

/// Finds and creates the operator of a node. Locks the environment.
olstm_status olstm__node_create_operator(olstm__environment* environment,
                                         const olstm_node* node,
                                         const olstm_operator** out_callbacks,
                                         void** out_instance, olstm_error* error);

/// As above, for a node that is checked and never run: constants that would be packed are
/// hidden from it (node->constants is another list then, in the graph's memory), and
/// options are the defaults.
olstm_status olstm__node_create_checker(olstm__environment* environment,
                                        olstm__graph* graph, olstm_node* node,
                                        const olstm_operator** out_callbacks,
                                        void** out_instance, olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_NODE_OPERATOR_H_
