// See random_case.h.
#include "tools/conform/random_case.h"

#include <string.h>

#include "olstm/model.h"

static bool is_random(const olstm_registry* registry, const olstm_node* node) {
  for (size_t i = 0; i < olstm_registry_operator_count(registry); i++) {
    const olstm_operator* op = olstm_registry_get_operator(registry, i);
    if ((op->flags & OLSTM_OPERATOR_RANDOM) && strcmp(op->op_type, node->op_type) == 0 &&
        strcmp(op->domain, node->domain) == 0) {
      return true;
    }
  }
  return false;
}

static bool has_random_node(const olstm_model_nodes* nodes,
                            const olstm_registry* registry, olstm_error* out_reason) {
  for (size_t n = 0; n < olstm_model_nodes_count(nodes); n++) {
    const olstm_node* node = olstm_model_nodes_get(nodes, n);
    if (!is_random(registry, node)) continue;
    (void)olstm_fail(out_reason, OLSTM_STATUS_OK,
                     "%s '%s' draws random numbers: there is no answer to compare with",
                     node->op_type, node->name);
    return true;
  }
  return false;
}

bool olstm__case_draws(const char* model_path, const olstm_registry* registry,
                       olstm_error* out_reason) {
  olstm_model* model = NULL;
  olstm_model_nodes* nodes = NULL;
  olstm_registry* own = NULL;
  bool is_found = false;
  if (olstm_model_load_file(model_path, NULL, &model, NULL) != OLSTM_STATUS_OK) {
    return false;
  }
  const bool has_registry =
      registry || olstm_registry_create(NULL, &own, NULL) == OLSTM_STATUS_OK;
  if (has_registry &&
      olstm_model_nodes_create(model, NULL, &nodes, NULL) == OLSTM_STATUS_OK) {
    is_found = has_random_node(nodes, registry ? registry : own, out_reason);
    olstm_model_nodes_destroy(nodes);
  }
  olstm_registry_destroy(own);
  olstm_model_destroy(model);
  return is_found;
}
