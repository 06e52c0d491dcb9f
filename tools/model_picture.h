// A model as pictures and tables: its graph for Graphviz, its weights in Keras' terms.
#ifndef OLSTM_TOOLS_MODEL_PICTURE_H_
#define OLSTM_TOOLS_MODEL_PICTURE_H_

#include <stdio.h>

#include "tools/job.h"

/// Writes the main graph in Graphviz' language. Recurrent layers, what was fused, what is
/// a view or was computed while planning, state slots and bindings are marked; the marks
/// of a plan are left out where the context has none.
olstm_status olstm__model_draw(FILE* out, const olstm__job* job,
                               const olstm__job_options* options, olstm_error* error);

/// Prints, for every recurrent node, its weights in Keras' shapes and gates beside
/// ONNX's.
void olstm__session_print_weights(FILE* out, const olstm_session* session);

#endif  // OLSTM_TOOLS_MODEL_PICTURE_H_
