#include "runtime/convert/proto_defaults.h"

#include "onnx_proto/name_table.h"

enum { kFirstIrWithDefaults = 4 };

olstm_status olstm__proto_has_defaults(const olstm__encode_model* model, bool* out_has,
                                       olstm_error* error) {
  const olstm__graph_proto* graph = model->proto->graph;
  olstm__name_key key;
  olstm__name_table inputs;
  bool is_new = false, is_done = true;
  int32_t found = 0;
  olstm__name_key_init(&key);
  olstm__name_table_init(&inputs, &model->allocator, &key);
  for (size_t i = 0; i < graph->n_input && is_done; i++) {
    const char* name = graph->input[i]->name;
    is_done = !name || olstm__name_table_add(&inputs, name, 0, &is_new);
  }
  *out_has = false;
  for (size_t i = 0; i < graph->n_initializer && is_done; i++) {
    const char* name = graph->initializer[i]->name;
    const bool is_input = name && olstm__name_table_find(&inputs, name, &found);
    if (!is_input) *out_has = model->proto->ir_version >= kFirstIrWithDefaults;
  }
  olstm__name_table_deinit(&inputs);
  return is_done ? OLSTM_STATUS_OK
                 : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
}
