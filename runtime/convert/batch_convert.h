// Opens the batch of a model, and time.
#ifndef OLSTM_RUNTIME_CONVERT_BATCH_CONVERT_H_
#define OLSTM_RUNTIME_CONVERT_BATCH_CONVERT_H_

#include "onnx_proto/encode_model.h"
#include "runtime/convert/convert_report.h"

typedef enum olstm__opened_dim {
  OLSTM__OPENED_BATCH,
  OLSTM__OPENED_TIME
} olstm__opened_dim;

/// Opens the dimension that recurrent layers take for their batch, or for time, in
/// inputs, frozen initial states, shapes and other constants. A batch is opened only when
/// every row of it is shown to be computed apart from the others; else nothing is
/// changed, and the report names the node that prevents it.
///
/// Errors: those of a load, OUT_OF_MEMORY.
olstm_status olstm__batch_convert(olstm__encode_model* model, olstm__opened_dim which,
                                  olstm__convert_report* report, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_BATCH_CONVERT_H_
