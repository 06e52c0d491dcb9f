// What a model's configuration says of how olstm shall run it: its parameters, and the
// states and inputs that it lists.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_SETTINGS_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_SETTINGS_H_

#include "olstm/runtime.h"
#include "triton_json.h"

typedef struct olstm__triton_settings {
  size_t stateful_count;
  const char** stateful;
  /// Whether `stateful` is what the backend chose, the configuration saying nothing.
  bool is_default;
  size_t binding_count;
  olstm_binding* bindings;
  size_t given_input_count;
  const char** given_inputs;
  /// NULL: olstm's default.
  const char* kernel;
  int32_t precision;
  int32_t thread_count;
  /// What the texts above point into.
  char* stateful_text;
  char* bindings_text;
} olstm__triton_settings;

/// Reads them from a configuration, from which they borrow.
///
/// Parameters: stateful ("all", "none", or names of nodes with commas between; all where
/// there are no bindings and no scheduler that knows no sequences), bindings
/// ("OUTPUT=INPUT,..."; states whose two names are an output and an input of the model
/// are bindings, too), kernel, precision ("f32", "bf16", "int8"), threads.
/// Errors: INVALID_ARGUMENT (a parameter that is not known, or not so written),
/// OUT_OF_MEMORY.   Memory: olstm__triton_settings_deinit, which takes zeroed settings,
/// too.
olstm_status olstm__triton_settings_init(olstm__triton_settings* settings,
                                         const cJSON* config, const olstm_model* model,
                                         olstm_error* error);
void olstm__triton_settings_deinit(olstm__triton_settings* settings);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_SETTINGS_H_
