#include "onnx_proto/model.h"
void olstm_model_options_init(olstm_model_options* options) {
  (void)options;
}
