// Gathers the families' tables into the one that is registered.
#include "op/builtin.h"

#include <string.h>

#include "olstm/version.h"
#include "op/elementwise/unary_op.h"
#include "op/lstm/activation.h"
#include "op/op_family.h"
#include "op/op_work.h"

#define FAMILY(name) &olstm__##name##_family,
static const olstm__op_family* const kFamilies[] = {OLSTM__FOR_EACH_FAMILY(FAMILY)};
enum { kFamilyCount = sizeof kFamilies / sizeof kFamilies[0] };

static size_t operator_count(void) {
  size_t count = 0;
  for (size_t f = 0; f < kFamilyCount; f++) count += kFamilies[f]->operator_count;
  return count;
}

static const olstm_operator* get_operator(size_t index) {
  for (size_t f = 0; f < kFamilyCount; f++) {
    if (index < kFamilies[f]->operator_count) return &kFamilies[f]->operators[index];
    index -= kFamilies[f]->operator_count;
  }
  return NULL;
}

const olstm_plugin* olstm__builtin_plugin(void) {
  static const olstm_plugin kPlugin = {
      .struct_size = sizeof(olstm_plugin),
      .abi_version = OLSTM__BUILTIN_ABI_VERSION,
      .name = "olstm",
      .version = OLSTM_VERSION_TEXT,
      .operator_count = operator_count,
      .get_operator = get_operator,
  };
  return &kPlugin;
}

// ---------------------------------------------------------------- traits

static bool has_operator(const olstm__op_family* family, const char* domain,
                         const char* op_type) {
  for (size_t i = 0; i < family->operator_count; i++) {
    if (strcmp(family->operators[i].op_type, op_type) == 0 &&
        strcmp(family->operators[i].domain, domain) == 0) {
      return true;
    }
  }
  return false;
}

/// Traits that follow from the tables of functions and of cells' activations.
static olstm__traits function_traits(const char* op_type) {
  olstm__function_parameters parameters;
  olstm__activation activation;
  bool takes_alpha = false, takes_beta = false;
  if (!olstm__builtin_function(op_type, &parameters)) return 0;
  return olstm__activation_find(op_type, &activation, &takes_alpha, &takes_beta)
             ? OLSTM__TRAIT_REAL_FUNCTION | OLSTM__TRAIT_CELL_ACTIVATION
             : OLSTM__TRAIT_REAL_FUNCTION;
}

olstm__traits olstm__builtin_traits(const char* domain, const char* op_type) {
  for (size_t f = 0; f < kFamilyCount; f++) {
    const olstm__op_family* family = kFamilies[f];
    if (!has_operator(family, domain, op_type)) continue;
    olstm__traits traits = family->traits;
    for (const olstm__type_traits* of = family->type_traits; of && of->op_type; of++) {
      if (strcmp(of->op_type, op_type) == 0) traits |= of->traits;
    }
    return domain[0] ? traits : traits | function_traits(op_type);
  }
  return 0;
}

uint64_t olstm__builtin_work(const char* op_type, const olstm_prepare_args* args) {
  return olstm__op_element_work(op_type, args, 0, 0);
}

bool olstm__builtin_function(const char* op_type,
                             olstm__function_parameters* out_parameters) {
  olstm__unary_function function;
  if (!olstm__unary_function_find(op_type, &function)) return false;
  *out_parameters = function.parameters;
  return true;
}
