// Gathers the families' tables into the one that is registered.
#include "op/builtin.h"

#include <string.h>

#include "olstm/version.h"
#include "op/elementwise/unary_op.h"
#include "op/lstm/activation.h"
#include "op/op_family.h"
#include "op/op_work.h"
#include "system/thread.h"

#define FAMILY(name) &olstm__##name##_family,
static const olstm__op_family* const kFamilies[] = {OLSTM__FOR_EACH_FAMILY(FAMILY)};
enum { kFamilyCount = sizeof kFamilies / sizeof kFamilies[0] };

// At least as many as there are rows.
enum { kCapacity = 384 };
static olstm_operator operators[kCapacity];
static size_t count;
static pthread_once_t expand_once = PTHREAD_ONCE_INIT;

static const char* const kDomains[] = {[OLSTM__DOMAIN_ONNX] = "",
                                       [OLSTM__DOMAIN_FUSED] = OLSTM__FUSED_DOMAIN,
                                       [OLSTM__DOMAIN_MICROSOFT] = "com.microsoft"};

static olstm_operator expand_row(const olstm__op_row* row) {
  return (olstm_operator){
      .struct_size = sizeof(olstm_operator),
      .domain = kDomains[row->domain],
      .op_type = row->op_type,
      .first_opset = row->first_opset,
      .last_opset = row->last_opset,
      .flags = row->flags,
      .dtypes = row->dtypes,
      .variant = row->variant,
      .create = row->callbacks->create,
      .infer = row->callbacks->infer,
      .prepare = row->callbacks->prepare,
      .run = row->callbacks->run,
      .release = row->callbacks->release,
      .destroy = row->callbacks->destroy,
  };
}

static void expand_rows(void) {
  for (size_t f = 0; f < kFamilyCount; f++) {
    for (size_t r = 0; r < kFamilies[f]->row_count && count < kCapacity; r++) {
      operators[count++] = expand_row(&kFamilies[f]->rows[r]);
    }
  }
}

static size_t operator_count(void) {
  (void)pthread_once(&expand_once, expand_rows);
  return count;
}

static const olstm_operator* get_operator(size_t index) {
  return index < operator_count() ? &operators[index] : NULL;
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
  for (size_t i = 0; i < family->row_count; i++) {
    if (strcmp(family->rows[i].op_type, op_type) == 0 &&
        strcmp(kDomains[family->rows[i].domain], domain) == 0) {
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
