#include "onnx_proto/node_names.h"

/// Room for a number after a name.
enum { kSuffixBytes = 24 };

typedef struct naming {
  olstm__decoder* decoder;
  olstm__name_table names;
  /// Suffixes are never reused, so that the search for a free name is short.
  size_t next_suffix;
} naming;

/// Registers `name`, or "name_K" with the first free K from next_suffix.
static olstm_status register_name(naming* state, const char* name,
                                  const char** out_name) {
  olstm__decoder* decoder = state->decoder;
  bool added = false;
  *out_name = name;
  for (;;) {
    if (!olstm__name_table_add(&state->names, *out_name, 0, &added)) {
      return olstm_fail(decoder->error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory for the names of nodes");
    }
    if (added) return OLSTM_STATUS_OK;
    const size_t bytes = strlen(name) + kSuffixBytes;
    char* text = olstm__arena_allocate(decoder->arena, bytes, 1);
    if (!text) return olstm__memory_fail(decoder->arena, decoder->error);
    (void)snprintf(text, bytes, "%s_%zu", name, ++state->next_suffix);
    *out_name = text;
  }
}

static olstm_status replace_control_characters(naming* state, const char** name) {
  const char* c = *name;
  while (*c != '\0' && ((unsigned char)*c >= 0x20 && *c != 0x7f)) c++;
  if (*c == '\0') return OLSTM_STATUS_OK;
  char* clean = olstm__arena_copy(state->decoder->arena, *name, strlen(*name));
  if (!clean) return olstm__memory_fail(state->decoder->arena, state->decoder->error);
  for (char* p = clean; *p != '\0'; p++) {
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
  }
  *name = clean;
  return OLSTM_STATUS_OK;
}

/// Names the nodes of all graphs: those with a name in the file first, so that generated
/// names avoid theirs.
static olstm_status name_graphs(naming* state, bool unnamed) {
  olstm__decoder* decoder = state->decoder;
  // The main graph was finished last; its nodes keep their names in preference to others.
  for (size_t g = decoder->graph_count; g-- > 0;) {
    for (size_t n = 0; n < decoder->graphs[g].graph->node_count; n++) {
      olstm__decoded_node* node = &decoder->graphs[g].nodes[n];
      if ((node->name[0] == '\0') != unnamed) continue;
      const char* wanted = node->name;
      if (unnamed) {
        const size_t bytes = strlen(node->op_type) + kSuffixBytes;
        char* text = olstm__arena_allocate(decoder->arena, bytes, 1);
        if (!text) return olstm__memory_fail(decoder->arena, decoder->error);
        (void)snprintf(text, bytes, "%s_%zu", node->op_type, n);
        wanted = text;
      }
      OLSTM_RETURN_IF_ERROR(replace_control_characters(state, &wanted));
      OLSTM_RETURN_IF_ERROR(register_name(state, wanted, &node->name));
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__name_nodes(olstm__decoder* decoder) {
  naming state = {.decoder = decoder};
  olstm__name_table_init(&state.names, decoder->allocator, &decoder->key);
  olstm_status status = name_graphs(&state, false);
  if (status == OLSTM_STATUS_OK) status = name_graphs(&state, true);
  olstm__name_table_deinit(&state.names);
  return status;
}
