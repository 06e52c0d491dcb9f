#include "runtime/convert/state_names.h"

#include <string.h>

#define NODE_MARK "{node}"
#define IO_MARK "{io}"

olstm__state_names olstm__state_names_default(void) {
  return (olstm__state_names){{NODE_MARK "/h." IO_MARK, NODE_MARK "/c." IO_MARK}};
}

/// The first brace that begins neither mark: of a word that is misspelt; NULL when none.
static const char* find_unknown_mark(const char* text) {
  for (const char* at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
    if (strncmp(at, NODE_MARK, strlen(NODE_MARK)) != 0 &&
        strncmp(at, IO_MARK, strlen(IO_MARK)) != 0) {
      return at;
    }
  }
  return NULL;
}

olstm_status olstm__state_names_parse(const char* text, olstm__arena* memory,
                                      olstm__state_names* out_names, olstm_error* error) {
  char* copy = olstm__arena_copy(memory, text, strlen(text));
  if (!copy) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names");
  char* comma = strchr(copy, ',');
  if (!comma || comma == copy || !comma[1] || strchr(comma + 1, ',')) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "state names are H,C, as '" NODE_MARK "/h." IO_MARK "," NODE_MARK
                      "/c." IO_MARK "', not '%.200s'",
                      text);
  }
  const char* unknown = find_unknown_mark(text);
  if (unknown) {
    return olstm_fail(
        error, OLSTM_STATUS_INVALID_ARGUMENT,
        "state names: '%.200s' begins with neither " NODE_MARK " nor " IO_MARK, unknown);
  }
  *comma = '\0';
  *out_names = (olstm__state_names){{copy, comma + 1}};
  if (strcmp(copy, comma + 1) != 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "state names: h and c would both be '%.200s'", copy);
}

char* olstm__state_name(const olstm__state_names* names, olstm__arena* memory,
                        const char* node, int state, bool is_output) {
  const char* pattern = names->patterns[state];
  const char* io = is_output ? "out" : "in";
  const size_t capacity = strlen(pattern) * (strlen(node) + 1) + sizeof ".out";
  char* name = olstm__arena_allocate(memory, capacity, 1);
  if (!name) return NULL;
  bool has_io = false;
  for (const char* at = pattern; *at;) {
    const char* text = NULL;
    if (strncmp(at, NODE_MARK, strlen(NODE_MARK)) == 0) {
      text = node;
      at += strlen(NODE_MARK);
    } else if (strncmp(at, IO_MARK, strlen(IO_MARK)) == 0) {
      text = io;
      at += strlen(IO_MARK);
      has_io = true;
    }
    const size_t length = strlen(name);
    if (text) {
      memcpy(name + length, text, strlen(text) + 1);
    } else {
      name[length] = *at++;
    }
  }
  if (!has_io) {
    const size_t length = strlen(name);
    name[length] = '.';
    memcpy(name + length + 1, io, strlen(io) + 1);
  }
  return name;
}
