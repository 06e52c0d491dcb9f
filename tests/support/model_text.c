#include "tests/support/model_text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

enum { kMaxWords = 64, kMaxLine = 2048, kMaxGraphs = 64, kMaxDomains = 4 };

// ---------------------------------------------------------------- protobuf

typedef struct wire {
  unsigned char* bytes;
  size_t count, capacity;
} wire;

static void put(wire* out, const void* bytes, size_t count) {
  if (out->count + count > out->capacity) {
    out->capacity = 2 * (out->count + count) + 64;
    out->bytes = realloc(out->bytes, out->capacity);
    assert_non_null(out->bytes);
  }
  if (count > 0) memcpy(out->bytes + out->count, bytes, count);
  out->count += count;
}

static void put_varint(wire* out, uint64_t value) {
  do {
    const unsigned char byte = (unsigned char)((value & 127) | (value > 127 ? 128 : 0));
    put(out, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

static void put_int(wire* out, int field, int64_t value) {
  put_varint(out, (uint64_t)field << 3);
  put_varint(out, (uint64_t)value);
}

static void put_float(wire* out, int field, float value) {
  put_varint(out, (uint64_t)field << 3 | 5);
  put(out, &value, sizeof value);
}

static void put_bytes(wire* out, int field, const void* bytes, size_t count) {
  put_varint(out, (uint64_t)field << 3 | 2);
  put_varint(out, count);
  put(out, bytes, count);
}

static void put_text(wire* out, int field, const char* text) {
  put_bytes(out, field, text, strlen(text));
}

/// Appends a message and frees it.
static void put_message(wire* out, int field, wire* message) {
  put_bytes(out, field, message->bytes, message->count);
  free(message->bytes);
  *message = (wire){NULL, 0, 0};
}

// ---------------------------------------------------------------- words

typedef struct graph_text {
  char name[64];
  wire bytes;
} graph_text;

typedef struct model_text {
  /// The main graph is graphs[0]; of the others, those that are open enclose each other.
  graph_text graphs[kMaxGraphs];
  size_t graph_count;
  size_t open[kMaxGraphs];
  size_t open_count;
  wire opsets;
  bool has_main_opset;
  int64_t ir_version;
  char producer[64];
  char name[64];
} model_text;

/// Words that are not there are empty.
static size_t split(char* line, char separator, char** words) {
  static char nothing[1];
  size_t count = 0;
  for (size_t w = 0; w < kMaxWords; w++) words[w] = nothing;
  for (char* at = line; *at;) {
    while (*at == separator) at++;
    if (!*at) break;
    assert_true(count < kMaxWords);
    words[count++] = at;
    while (*at && *at != separator) at++;
    if (*at) *at++ = '\0';
  }
  return count;
}

static olstm_dtype parse_dtype(const char* name) {
  for (olstm_dtype d = OLSTM_DTYPE_FLOAT; d <= OLSTM_DTYPE_BFLOAT16; d++) {
    if (strcmp(olstm_dtype_name(d), name) == 0) return d;
  }
  fail_msg("no dtype '%s'", name);
  return OLSTM_DTYPE_UNDEFINED;
}

/// "float[2,n]" in pieces: the dtype's name stays in `text`, dimensions go to `dims`; -1
/// without a shape.
static int split_type(char* text, char** dims) {
  char* open = strchr(text, '[');
  if (!open) return -1;
  *open++ = '\0';
  *strchr(open, ']') = '\0';
  return (int)split(open, ',', dims);
}

static void put_value_info(wire* graph, int field, const char* name, char* type_text) {
  wire info = {NULL, 0, 0}, type = {NULL, 0, 0}, tensor = {NULL, 0, 0},
       shape = {NULL, 0, 0};
  char* dims[kMaxWords] = {NULL};
  put_text(&info, 1, name);
  const bool is_sequence = type_text && strncmp(type_text, "seq:", 4) == 0;
  if (is_sequence) type_text += 4;
  if (type_text) {
    const int rank = split_type(type_text, dims);
    put_int(&tensor, 1, parse_dtype(type_text));
    for (int d = 0; d < rank; d++) {
      wire dim = {NULL, 0, 0};
      char* end = NULL;
      const long long size = strtoll(dims[d], &end, 10);
      if (*end == '\0') {
        put_int(&dim, 1, size);
      } else if (strcmp(dims[d], "?") != 0) {
        put_text(&dim, 2, dims[d]);
      }
      put_message(&shape, 1, &dim);
    }
    if (rank >= 0) put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    if (is_sequence) {
      wire element = type, sequence = {NULL, 0, 0};
      type = (wire){NULL, 0, 0};
      put_message(&sequence, 1, &element);
      put_message(&type, 4, &sequence);
    }
    put_message(&info, 2, &type);
  }
  put_message(graph, field, &info);
}

static void put_element(wire* raw, olstm_dtype dtype, const char* word) {
  const double value = strtod(word, NULL);
  const float f = (float)value;
  const int64_t i = strtoll(word, NULL, 10);
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      put(raw, &f, sizeof f);
      break;
    case OLSTM_DTYPE_DOUBLE:
      put(raw, &value, sizeof value);
      break;
    default:
      // Little-endian: the low bytes come first.
      put(raw, &i, olstm_dtype_size(dtype));
      break;
  }
}

static void put_constant(wire* graph, char** words, size_t word_count) {
  wire tensor = {NULL, 0, 0}, raw = {NULL, 0, 0};
  char* dims[kMaxWords] = {NULL};
  const int rank = split_type(words[2], dims);
  const olstm_dtype dtype = parse_dtype(words[2]);
  int64_t count = 1;
  for (int d = 0; d < rank; d++) {
    put_int(&tensor, 1, strtoll(dims[d], NULL, 10));
    count *= strtoll(dims[d], NULL, 10);
  }
  put_int(&tensor, 2, dtype);
  put_text(&tensor, 8, words[1]);
  for (int64_t e = 0; e < count; e++) {
    put_element(&raw, dtype, words[3 + (size_t)e % (word_count - 3)]);
  }
  put_message(&tensor, 9, &raw);
  put_message(graph, 5, &tensor);
}

// ---------------------------------------------------------------- nodes

static void put_list_attribute(wire* attribute, char* list) {
  char* values[kMaxWords] = {NULL};
  *strrchr(list, ']') = '\0';
  const size_t count = split(list + 1, ',', values);
  const bool has_texts = count > 0 && values[0][0] == '"';
  for (size_t v = 0; v < count; v++) {
    if (has_texts) {
      values[v][strlen(values[v]) - 1] = '\0';
      put_text(attribute, 9, values[v] + 1);
    } else {
      put_int(attribute, 8, strtoll(values[v], NULL, 10));
    }
  }
  put_int(attribute, 20, has_texts ? 8 : 7);
}

static void put_graph_attribute(const model_text* model, wire* attribute,
                                const char* name) {
  for (size_t g = 0; g < model->graph_count; g++) {
    if (strcmp(model->graphs[g].name, name) != 0) continue;
    put_bytes(attribute, 6, model->graphs[g].bytes.bytes, model->graphs[g].bytes.count);
    put_int(attribute, 20, 5);
    return;
  }
  fail_msg("no graph '%s'", name);
}

static void put_attribute(const model_text* model, wire* node, const char* name,
                          char* value) {
  wire attribute = {NULL, 0, 0};
  put_text(&attribute, 1, name);
  if (value[0] == '[') {
    put_list_attribute(&attribute, value);
  } else if (value[0] == '@') {
    put_graph_attribute(model, &attribute, value + 1);
  } else if (value[0] == '"') {
    put_bytes(&attribute, 4, value + 1, strlen(value) - 2);
    put_int(&attribute, 20, 3);
  } else if (strchr(value, '.')) {
    put_float(&attribute, 2, strtof(value, NULL));
    put_int(&attribute, 20, 1);
  } else {
    put_int(&attribute, 3, strtoll(value, NULL, 10));
    put_int(&attribute, 20, 2);
  }
  put_message(node, 5, &attribute);
}

static void put_names(wire* node, int field, char* list) {
  char* names[kMaxWords] = {NULL};
  const size_t count = split(list, ',', names);
  for (size_t n = 0; n < count; n++) {
    put_text(node, field, strcmp(names[n], "_") == 0 ? "" : names[n]);
  }
}

/// node OP [inputs] -> outputs [name=value]...
static void put_node(const model_text* model, wire* graph, char** words,
                     size_t word_count) {
  wire node = {NULL, 0, 0};
  char* op_type = strchr(words[1], ':') ? strchr(words[1], ':') + 1 : words[1];
  const char* name = NULL;
  size_t word = 2;
  if (strcmp(words[word], "->") != 0) put_names(&node, 1, words[word++]);
  assert_string_equal(words[word], "->");
  char first_output[64];
  (void)snprintf(first_output, sizeof first_output, "%s", words[++word]);
  first_output[strcspn(first_output, ",")] = '\0';
  put_names(&node, 2, words[word++]);
  for (; word < word_count; word++) {
    char* value = strchr(words[word], '=');
    assert_non_null(value);
    *value++ = '\0';
    if (strcmp(words[word], "name") == 0) {
      name = value;
    } else {
      put_attribute(model, &node, words[word], value);
    }
  }
  put_text(&node, 3, name ? name : first_output);
  put_text(&node, 4, op_type);
  if (op_type != words[1]) {
    op_type[-1] = '\0';
    put_text(&node, 7, words[1]);
  }
  put_message(graph, 1, &node);
}

// ---------------------------------------------------------------- lines

static void put_opset(model_text* model, const char* domain, const char* version) {
  wire opset = {NULL, 0, 0};
  put_text(&opset, 1, domain);
  put_int(&opset, 2, strtoll(version, NULL, 10));
  put_message(&model->opsets, 8, &opset);
  model->has_main_opset = model->has_main_opset || domain[0] == '\0';
}

static void open_graph(model_text* model, const char* name) {
  assert_true(model->graph_count < kMaxGraphs);
  graph_text* graph = &model->graphs[model->graph_count];
  (void)snprintf(graph->name, sizeof graph->name, "%s", name);
  if (model->graph_count > 0) put_text(&graph->bytes, 2, name);
  model->open[model->open_count++] = model->graph_count++;
}

static void read_line(model_text* model, char* line) {
  char* words[kMaxWords] = {NULL};
  const size_t count = split(line, ' ', words);
  wire* graph = &model->graphs[model->open[model->open_count - 1]].bytes;
  if (count == 0) return;
  if (strcmp(words[0], "opset") == 0) {
    put_opset(model, count > 2 ? words[1] : "", words[count - 1]);
  } else if (strcmp(words[0], "ir") == 0) {
    model->ir_version = strtoll(words[1], NULL, 10);
  } else if (strcmp(words[0], "producer") == 0) {
    (void)snprintf(model->producer, sizeof model->producer, "%s", words[1]);
  } else if (strcmp(words[0], "name") == 0) {
    (void)snprintf(model->name, sizeof model->name, "%s", words[1]);
  } else if (strcmp(words[0], "input") == 0) {
    put_value_info(graph, 11, words[1], count > 2 ? words[2] : NULL);
  } else if (strcmp(words[0], "output") == 0) {
    put_value_info(graph, 12, words[1], count > 2 ? words[2] : NULL);
  } else if (strcmp(words[0], "value") == 0) {
    put_value_info(graph, 13, words[1], count > 2 ? words[2] : NULL);
  } else if (strcmp(words[0], "const") == 0) {
    put_constant(graph, words, count);
  } else if (strcmp(words[0], "node") == 0) {
    put_node(model, graph, words, count);
  } else if (strcmp(words[0], "graph") == 0) {
    open_graph(model, words[1]);
  } else if (strcmp(words[0], "end") == 0) {
    model->open_count--;
  } else {
    fail_msg("no such line: '%s'", words[0]);
  }
}

void* olstm_test_model_bytes(const char* text, size_t* out_byte_count) {
  model_text* model = calloc(1, sizeof *model);
  wire bytes = {NULL, 0, 0};
  assert_non_null(model);
  model->ir_version = 8;
  (void)snprintf(model->name, sizeof model->name, "main");
  open_graph(model, "main");
  while (*text) {
    char line[kMaxLine];
    const size_t length = strcspn(text, "\n");
    assert_true(length < sizeof line);
    memcpy(line, text, length);
    line[length] = '\0';
    read_line(model, line);
    text += length + (text[length] == '\n');
  }
  if (!model->has_main_opset) put_opset(model, "", "13");
  put_text(&model->graphs[0].bytes, 2, model->name);
  put_int(&bytes, 1, model->ir_version);
  put_text(&bytes, 2, model->producer);
  put_bytes(&bytes, 7, model->graphs[0].bytes.bytes, model->graphs[0].bytes.count);
  put(&bytes, model->opsets.bytes, model->opsets.count);
  for (size_t g = 0; g < model->graph_count; g++) free(model->graphs[g].bytes.bytes);
  free(model->opsets.bytes);
  free(model);
  *out_byte_count = bytes.count;
  return bytes.bytes;
}

olstm_model* olstm_test_model(const char* text) {
  size_t count = 0;
  void* bytes = olstm_test_model_bytes(text, &count);
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (olstm_model_load_memory(bytes, count, NULL, &model, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  free(bytes);
  return model;
}

void olstm_test_session_out_of_memory(const char* text,
                                      const olstm_session_options* options) {
  olstm_model* model = olstm_test_model(text);
  olstm_session_options tried;
  olstm_session_options_init(&tried);
  if (options) tried = *options;
  for (int64_t nth = 1;; nth++) {
    olstm_test_allocator failing;
    olstm_session* session = NULL;
    assert_true(nth < 5000);
    olstm_test_allocator_init(&failing);
    olstm_test_allocator_fail_at(&failing, nth);
    tried.allocator = &failing.allocator;
    const olstm_status status = olstm_session_create(model, NULL, &tried, &session, NULL);
    olstm_session_destroy(session);
    olstm_test_allocator_assert_clean(&failing);
    if (status == OLSTM_STATUS_OK) break;
    assert_int_equal(status, OLSTM_STATUS_OUT_OF_MEMORY);
  }
  olstm_model_destroy(model);
}
