#include "op/elementwise/fused_function.h"

#include <math.h>
#include <string.h>

#include "op/elementwise/unary_op.h"

static bool find(const char* name, olstm__unary_function* out_function) {
  if (strcmp(name, "Clip") != 0) return olstm__unary_function_find(name, out_function);
  *out_function = (olstm__unary_function){
      .code = OLSTM__UNARY_CLIP, .parameters = {.alpha = -INFINITY, .beta = INFINITY}};
  return true;
}

olstm_status olstm__fused_function_parse(const olstm__op_base* base,
                                         olstm__compute_type compute_type,
                                         olstm__fused_function* out_function,
                                         olstm_error* error) {
  const olstm_node* node = base->node;
  olstm__unary_function function;
  olstm__unary_parameters* parameters = &out_function->parameters;
  const char* name = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_string(node, "activation", "", &name, error));
  if (name[0] == '\0') return OLSTM_STATUS_OK;
  if (!find(name, &function)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute activation is '%s', which is none", name);
  }
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(
      node, "activation_alpha", function.parameters.alpha, &parameters->alpha, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_float(
      node, "activation_beta", function.parameters.beta, &parameters->beta, error));
  out_function->kernel = olstm__unary_kernel_find(function.code, compute_type);
  return OLSTM_STATUS_OK;
}
