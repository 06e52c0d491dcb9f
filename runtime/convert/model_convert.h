// Model → model: an ONNX file that other runtimes run better. The command's own; not part
// of libolstm.
#ifndef OLSTM_RUNTIME_CONVERT_MODEL_CONVERT_H_
#define OLSTM_RUNTIME_CONVERT_MODEL_CONVERT_H_

#include "olstm/model.h"

#include "runtime/convert/convert_report.h"

typedef enum olstm__convert_states {
  OLSTM__CONVERT_STATES_KEEP,
  OLSTM__CONVERT_STATES_IO,
  OLSTM__CONVERT_STATES_NONE
} olstm__convert_states;

/// What to change. Zeroed: loops that are recurrent layers, and constants that are
/// computed.
typedef struct olstm__convert_options {
  /// NULL for the C library's.
  const olstm_allocator* allocator;
  /// Limits on constants that are computed, as of a session (olstm/runtime.h); 0: the
  /// library's own. max_memory also raises the limit of a load.
  size_t max_memory;
  uint64_t max_work;
  /// A folder that external data may come from, too; NULL for none.
  const char* external_data_folder;
  /// Whether a batch that is baked in is opened, as it is where states become inputs.
  bool opens_batch;
  /// States of recurrent layers become inputs and outputs, or go.
  olstm__convert_states states;
  /// What those are called: NULL for the defaults (state_names.h).
  const char* state_names;
  /// Whether Loops, Scans and unrolled cells stay, where they are recurrent layers, too.
  bool keeps_loops;
  /// Whether nodes that compute constants stay.
  bool keeps_constants;
  /// Initializers of at least so many bytes become external data; 0: those that were, and
  /// what a model of 2 GB needs.
  size_t external_data_bytes;
} olstm__convert_options;

/// Behind a model's path: its external data.
extern const char olstm__convert_data_suffix[];

/// Reads the model `from`, changes it, and writes it to `to`, with external data
/// beside it. Both files appear whole or not at all; what was there is replaced.
///
/// report: initialised by the caller; what was done, also after a failure. Errors: those
/// of olstm_model_load_file; INVALID_MODEL when what was made does not load again
/// (nothing is written then); IO_ERROR.
olstm_status olstm__convert_file(const char* from, const char* to,
                                 const olstm__convert_options* options,
                                 olstm__convert_report* report, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_MODEL_CONVERT_H_
