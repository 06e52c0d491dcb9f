// State of recurrent layers as inputs and outputs of a model, and back.
#ifndef OLSTM_RUNTIME_CONVERT_STATE_CONVERT_H_
#define OLSTM_RUNTIME_CONVERT_STATE_CONVERT_H_

#include "onnx_proto/encode_model.h"
#include "runtime/convert/convert_report.h"
#include "runtime/convert/state_names.h"

/// The states of each recurrent layer of the main graph become inputs and outputs, behind
/// those that there are; initial states that do not depend on data are dropped. Layers
/// whose state is an input already, or computed by the model, stay.
///
/// Errors: INVALID_ARGUMENT (a name is taken), those of a load, OUT_OF_MEMORY.
olstm_status olstm__state_io_convert(olstm__encode_model* model,
                                     const olstm__state_names* names,
                                     olstm__convert_report* report, olstm_error* error);

/// Layers whose initial states are inputs of the model start from zeros again; inputs
/// that nothing else reads go, and the outputs that `names` names.
olstm_status olstm__stateless_convert(olstm__encode_model* model,
                                      const olstm__state_names* names,
                                      olstm__convert_report* report, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_STATE_CONVERT_H_
