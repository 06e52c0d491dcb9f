// Cases are the tests' own, so whatever does not parse fails the test.
#include "tests/support/op_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/math/half.h"
#include "tests/support/op_fixture.h"
#include "tests/support/test_main.h"

enum { kMaxAttributes = 8, kMaxList = 32, kMaxText = 64 };

/// One parsed tensor: `tensor.data` is exactly as large as it must be.
typedef struct text_tensor {
  bool is_absent;
  bool is_hidden;
  bool is_constant;
  olstm_tensor tensor;
} text_tensor;

typedef struct text_attribute {
  char name[kMaxText];
  char text[kMaxText];
  olstm_string string;
  float floats[kMaxList];
  int64_t ints[kMaxList];
  text_tensor tensor;
} text_attribute;

typedef struct text_case {
  char domain[kMaxText];
  char op_type[kMaxText];
  int32_t opset_version;
  size_t attribute_count;
  olstm_attribute attributes[kMaxAttributes];
  text_attribute storage[kMaxAttributes];
  size_t output_count;
  bool is_first_absent;
  size_t input_count;
  text_tensor inputs[OP_FIXTURE_MAX_INPUTS];
} text_case;

static const struct {
  const char* name;
  olstm_dtype dtype;
} kDtypes[] = {
    {"f16", OLSTM_DTYPE_FLOAT16}, {"bf16", OLSTM_DTYPE_BFLOAT16},
    {"f32", OLSTM_DTYPE_FLOAT},   {"f64", OLSTM_DTYPE_DOUBLE},
    {"i8", OLSTM_DTYPE_INT8},     {"i16", OLSTM_DTYPE_INT16},
    {"i32", OLSTM_DTYPE_INT32},   {"i64", OLSTM_DTYPE_INT64},
    {"u8", OLSTM_DTYPE_UINT8},    {"u16", OLSTM_DTYPE_UINT16},
    {"u32", OLSTM_DTYPE_UINT32},  {"u64", OLSTM_DTYPE_UINT64},
    {"bool", OLSTM_DTYPE_BOOL},
};

static const char* skip_spaces(const char* text) {
  while (*text == ' ') text++;
  return text;
}

/// Copies the characters up to the first of `ends`.
static const char* parse_word(const char* text, const char* ends, char* out_word) {
  const size_t length = strcspn(text, ends);
  if (length >= kMaxText) fail_msg("too long: %s", text);
  memcpy(out_word, text, length);
  out_word[length] = '\0';
  return text + length;
}

static bool is_unsigned(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_UINT64 || dtype == OLSTM_DTYPE_UINT32 ||
         dtype == OLSTM_DTYPE_UINT16 || dtype == OLSTM_DTYPE_UINT8 ||
         dtype == OLSTM_DTYPE_BOOL;
}

static bool is_real(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT || dtype == OLSTM_DTYPE_DOUBLE ||
         dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

static double get_real(const olstm_tensor* tensor, int64_t i) {
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_FLOAT:
      return ((const float*)tensor->data)[i];
    case OLSTM_DTYPE_DOUBLE:
      return ((const double*)tensor->data)[i];
    case OLSTM_DTYPE_FLOAT16:
      return olstm__float16_to_float(((const uint16_t*)tensor->data)[i]);
    default:
      return olstm__bfloat16_to_float(((const uint16_t*)tensor->data)[i]);
  }
}

static void set_real(const olstm_tensor* tensor, int64_t i, double value) {
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_FLOAT:
      ((float*)tensor->data)[i] = (float)value;
      break;
    case OLSTM_DTYPE_DOUBLE:
      ((double*)tensor->data)[i] = value;
      break;
    case OLSTM_DTYPE_FLOAT16:
      ((uint16_t*)tensor->data)[i] = olstm__float_to_float16((float)value);
      break;
    default:
      ((uint16_t*)tensor->data)[i] = olstm__float_to_bfloat16((float)value);
      break;
  }
}

/// Little-endian, as all hosts that run these tests are.
static uint64_t get_bits(const olstm_tensor* tensor, int64_t i) {
  const size_t size = olstm_dtype_size(tensor->desc.dtype);
  uint64_t bits = 0;
  memcpy(&bits, (const char*)tensor->data + (size_t)i * size, size);
  return bits;
}

static void set_bits(const olstm_tensor* tensor, int64_t i, uint64_t bits) {
  const size_t size = olstm_dtype_size(tensor->desc.dtype);
  memcpy((char*)tensor->data + (size_t)i * size, &bits, size);
}

/// Fills elements i..count-1 with made-up values, always the same.
static void make_up(const olstm_tensor* tensor, int64_t i, int64_t count) {
  uint64_t state = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)count;
  for (; i < count; i++) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    if (is_real(tensor->desc.dtype)) {
      set_real(tensor, i, (double)(float)((double)(state >> 11) * 0x1p-51 - 2.0));
    } else {
      set_bits(tensor, i,
               tensor->desc.dtype == OLSTM_DTYPE_BOOL ? state >> 63 : (state >> 33) % 10);
    }
  }
}

/// One value, which may be "N..". Writes from `i` on and returns what comes after.
static const char* parse_value(const char* text, const olstm_tensor* tensor, int64_t* i,
                               int64_t count) {
  const olstm_dtype dtype = tensor->desc.dtype;
  char word[kMaxText];
  const char* rest = parse_word(text, " ;}", word);
  char* dots = strstr(word, "..");
  const bool counts = dots != NULL;
  if (dots) *dots = '\0';
  const int64_t last = counts ? count : *i + 1;
  if (*i >= count) fail_msg("too many values: %s", text);
  for (int64_t step = 0; *i < last; step++, (*i)++) {
    if (is_real(dtype)) {
      set_real(tensor, *i, strtod(word, NULL) + (double)step);
    } else if (is_unsigned(dtype)) {
      set_bits(tensor, *i, strtoull(word, NULL, 10) + (uint64_t)step);
    } else {
      set_bits(tensor, *i, (uint64_t)strtoll(word, NULL, 10) + (uint64_t)step);
    }
  }
  return rest;
}

static const char* parse_tensor(const char* text, text_tensor* out_tensor) {
  olstm_tensor* tensor = &out_tensor->tensor;
  char word[kMaxText];
  memset(out_tensor, 0, sizeof *out_tensor);
  text = skip_spaces(text);
  if (*text == '_') {
    out_tensor->is_absent = true;
    return text + 1;
  }
  out_tensor->is_hidden = *text == '?';
  out_tensor->is_constant = *text == '#';
  if (*text == '?' || *text == '#') text++;
  text = parse_word(text, "[", word);
  for (size_t k = 0; k < sizeof kDtypes / sizeof kDtypes[0]; k++) {
    if (strcmp(kDtypes[k].name, word) == 0) tensor->desc.dtype = kDtypes[k].dtype;
  }
  if (!tensor->desc.dtype || *text != '[') fail_msg("not a tensor: %s", text);
  for (text++; *text != ']'; text += *text == ',') {
    char* end = NULL;
    tensor->desc.dims[tensor->desc.rank++] = strtoll(text, &end, 10);
    text = end;
  }
  text++;
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) fail_msg("too large: %s", text);
  tensor->data = malloc(bytes ? bytes : 1);
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  int64_t i = 0;
  text += *text == '{';
  for (text = skip_spaces(text); *text && *text != ';' && *text != '}';
       text = skip_spaces(text)) {
    if (*text == '~') {
      make_up(tensor, i, count);
      i = count;
      text++;
    } else {
      text = parse_value(text, tensor, &i, count);
    }
  }
  if (i != count) fail_msg("%" PRId64 " values, expected %" PRId64, i, count);
  return text + (*text == '}');
}

static size_t parse_tensors(const char* text, text_tensor* tensors, size_t capacity) {
  size_t count = 0;
  for (text = skip_spaces(text); *text; text = skip_spaces(text + (*text == ';'))) {
    if (count == capacity) fail_msg("too many tensors: %s", text);
    text = parse_tensor(text, &tensors[count++]);
  }
  return count;
}

static const char* parse_list(const char* text, olstm_attribute* attribute,
                              text_attribute* storage) {
  const char* end = strchr(text, ']');
  bool is_float = false;
  if (!end) fail_msg("no end of list: %s", text);
  for (const char* c = text; c < end; c++) is_float = is_float || *c == '.';
  attribute->kind = is_float ? OLSTM_ATTRIBUTE_FLOATS : OLSTM_ATTRIBUTE_INTS;
  attribute->floats = storage->floats;
  attribute->ints = storage->ints;
  for (text++; text < end; text += *text == ',') {
    char* next = NULL;
    if (attribute->count == kMaxList) fail_msg("too long a list: %s", text);
    if (is_float) {
      storage->floats[attribute->count++] = strtof(text, &next);
    } else {
      storage->ints[attribute->count++] = strtoll(text, &next, 10);
    }
    text = next;
  }
  return end + 1;
}

static const char* parse_attribute(const char* text, olstm_attribute* attribute,
                                   text_attribute* storage) {
  text = parse_word(text, "=", storage->name);
  attribute->name = storage->name;
  if (*text++ != '=') fail_msg("no value: %s", storage->name);
  if (*text == '[') return parse_list(text, attribute, storage);
  if (*text == '\'') {
    text = parse_word(text + 1, "'", storage->text);
    storage->string = (olstm_string){storage->text, strlen(storage->text)};
    attribute->kind = OLSTM_ATTRIBUTE_STRING;
    attribute->count = 1;
    attribute->strings = &storage->string;
    return text + 1;
  }
  if (isalpha((unsigned char)*text)) {
    text = parse_tensor(text, &storage->tensor);
    attribute->kind = OLSTM_ATTRIBUTE_TENSOR;
    attribute->tensor = &storage->tensor.tensor;
    return text;
  }
  char word[kMaxText];
  text = parse_word(text, " ", word);
  const bool is_float = strchr(word, '.') != NULL;
  attribute->kind = is_float ? OLSTM_ATTRIBUTE_FLOAT : OLSTM_ATTRIBUTE_INT;
  attribute->f = strtof(word, NULL);
  attribute->i = is_float ? 0 : strtoll(word, NULL, 10);
  return text;
}

static void parse_node(const char* text, text_case* out) {
  char* end = NULL;
  if (strchr(text, ':') && strcspn(text, ":") < strcspn(text, "-")) {
    text = parse_word(text, ":", out->domain) + 1;
  }
  text = parse_word(text, "-", out->op_type);
  if (*text != '-') fail_msg("no opset: %s", out->op_type);
  out->opset_version = (int32_t)strtol(text + 1, &end, 10);
  out->output_count = 1;
  for (text = skip_spaces(end); *text; text = skip_spaces(text)) {
    if (strncmp(text, "outputs=", 8) == 0) {
      out->is_first_absent = text[8] == '_';
      out->output_count =
          strtoul(text + 8 + out->is_first_absent, &end, 10) + out->is_first_absent;
      text = end;
      continue;
    }
    if (out->attribute_count == kMaxAttributes) fail_msg("too many attributes: %s", text);
    text = parse_attribute(text, &out->attributes[out->attribute_count],
                           &out->storage[out->attribute_count]);
    out->attribute_count++;
  }
}

static void parse_case(const char* node, const char* inputs, text_case* out) {
  memset(out, 0, sizeof *out);
  parse_node(node, out);
  out->input_count = parse_tensors(inputs, out->inputs, OP_FIXTURE_MAX_INPUTS);
}

static void free_case(text_case* c) {
  for (size_t i = 0; i < c->input_count; i++) free(c->inputs[i].tensor.data);
  for (size_t i = 0; i < c->attribute_count; i++) free(c->storage[i].tensor.tensor.data);
}

static olstm_status run_case(const text_case* c, bool in_place,
                             const olstm_parallel* parallel, op_fixture* fixture) {
  *fixture = (op_fixture){.domain = c->domain,
                          .op_type = c->op_type,
                          .opset_version = c->opset_version,
                          .attribute_count = c->attribute_count,
                          .attributes = c->attributes,
                          .input_count = c->input_count,
                          .output_count = c->output_count,
                          .absent_outputs = c->is_first_absent ? 1u : 0u,
                          .in_place = in_place,
                          .parallel = parallel,
                          .told_threads = parallel ? parallel->thread_count : 1};
  for (size_t i = 0; i < c->input_count; i++) {
    if (c->inputs[i].is_hidden) fixture->hidden_inputs |= 1u << i;
    if (c->inputs[i].is_constant) fixture->constant_inputs |= 1u << i;
    fixture->inputs[i] = c->inputs[i].is_absent ? NULL : &c->inputs[i].tensor;
  }
  return op_fixture_run(fixture);
}

/// dtypes may differ where one is what the other was widened to.
static void compare(const char* node, size_t index, const olstm_tensor* got,
                    const olstm_tensor* expected, double tolerance) {
  const bool is_widened =
      got->desc.dtype == OLSTM_DTYPE_FLOAT && expected->desc.dtype == OLSTM_DTYPE_DOUBLE;
  if (!olstm_tensor_desc_same_shape(&got->desc, &expected->desc) ||
      (got->desc.dtype != expected->desc.dtype && !is_widened)) {
    fail_msg("%s: output %zu is %s%s, expected %s%s", node, index,
             olstm_dtype_name(got->desc.dtype), olstm_shape_text(&got->desc).text,
             olstm_dtype_name(expected->desc.dtype),
             olstm_shape_text(&expected->desc).text);
  }
  const int64_t count = olstm_tensor_desc_count(&got->desc);
  for (int64_t i = 0; i < count; i++) {
    if (is_real(got->desc.dtype)) {
      const double a = get_real(got, i);
      const double b = get_real(expected, i);
      const double margin = tolerance * (fabs(b) > 1 ? fabs(b) : 1);
      const bool same = a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= margin;
      if (!same) {
        fail_msg("%s: output %zu [%" PRId64 "] is %.9g, expected %.9g", node, index, i, a,
                 b);
      }
    } else if (get_bits(got, i) != get_bits(expected, i)) {
      fail_msg("%s: output %zu [%" PRId64 "] is %" PRId64 ", expected %" PRId64, node,
               index, i, (int64_t)get_bits(got, i), (int64_t)get_bits(expected, i));
    }
  }
}

/// view: 1 must be one, 0 must not, -1 either.
static void expect(const char* node, const char* inputs, const char* outputs, int view) {
  text_case parsed;
  text_tensor expected[OP_FIXTURE_MAX_OUTPUTS];
  op_fixture fixture;
  parse_case(node, inputs, &parsed);
  const size_t count = parse_tensors(outputs, expected, OP_FIXTURE_MAX_OUTPUTS);
  assert_int_equal(count, parsed.output_count);
  for (int in_place = 0; in_place < 2; in_place++) {
    if (run_case(&parsed, in_place, NULL, &fixture) != OLSTM_STATUS_OK) {
      fail_msg("%s: %s", node, fixture.error.message);
    }
    for (size_t i = parsed.is_first_absent; i < count; i++) {
      compare(node, i, &fixture.outputs[i], &expected[i].tensor, 1e-5);
    }
    if (view >= 0 && (fixture.prepared.view_of_input == 0) != (view == 1)) {
      fail_msg("%s: view_of_input is %d", node, (int)fixture.prepared.view_of_input);
    }
    op_fixture_deinit(&fixture);
    if (!fixture.prepared.inplace_inputs) break;
  }
  for (size_t i = 0; i < count; i++) free(expected[i].tensor.data);
  free_case(&parsed);
}

void op_text_expect(const char* node, const char* inputs, const char* outputs) {
  expect(node, inputs, outputs, -1);
}

void op_text_expect_view(const char* node, const char* inputs, const char* outputs) {
  expect(node, inputs, outputs, 1);
}

void op_text_expect_copy(const char* node, const char* inputs, const char* outputs) {
  expect(node, inputs, outputs, 0);
}

/// The inputs of float become inputs of double.
static void widen_inputs(text_case* c) {
  for (size_t i = 0; i < c->input_count; i++) {
    const olstm_tensor narrow = c->inputs[i].tensor;
    if (c->inputs[i].is_absent || narrow.desc.dtype != OLSTM_DTYPE_FLOAT) continue;
    const int64_t count = olstm_tensor_desc_count(&narrow.desc);
    double* wide = malloc((size_t)(count ? count : 1) * sizeof *wide);
    for (int64_t k = 0; k < count; k++) wide[k] = get_real(&narrow, k);
    free(narrow.data);
    c->inputs[i].tensor.desc.dtype = OLSTM_DTYPE_DOUBLE;
    c->inputs[i].tensor.data = wide;
  }
}

static void run_backwards(void* pool, int32_t task_count,
                          void (*task)(void* argument, int32_t index), void* argument) {
  if (pool) ++*(int*)pool;
  while (task_count > 0) task(argument, --task_count);
}

static void expect_same_bits(const char* node, size_t output, const op_fixture* a,
                             const op_fixture* b) {
  const olstm_tensor* result = &a->outputs[output];
  size_t bytes = 0;
  (void)olstm_tensor_desc_bytes(&result->desc, &bytes);
  if (bytes && memcmp(result->data, b->outputs[output].data, bytes) != 0) {
    fail_msg("%s: results depend on threads, or on where they are written", node);
  }
}

void op_text_expect_shared(const char* node, const char* inputs) {
  text_case parsed;
  op_fixture once, again;
  parse_case(node, inputs, &parsed);
  if (run_case(&parsed, false, NULL, &once)) {
    fail_msg("%s: %s", node, once.error.message);
  }
  for (int32_t threads = 2; threads <= 5; threads++) {
    int runs = 0;
    const olstm_parallel parallel = {sizeof parallel, &runs, threads, run_backwards};
    assert_int_equal(run_case(&parsed, false, &parallel, &again), OLSTM_STATUS_OK);
    if (runs == 0) fail_msg("%s: %d threads have nothing to do", node, (int)threads);
    for (size_t i = 0; i < again.output_count; i++) {
      expect_same_bits(node, i, &once, &again);
    }
    op_fixture_deinit(&again);
  }
  op_fixture_deinit(&once);
  free_case(&parsed);
}

void op_text_expect_as_double(const char* node, const char* inputs, double tolerance) {
  const olstm_parallel parallel = {sizeof parallel, NULL, 3, run_backwards};
  text_case parsed;
  op_fixture once, again, wide;
  parse_case(node, inputs, &parsed);
  if (run_case(&parsed, false, NULL, &once)) {
    fail_msg("%s: %s", node, once.error.message);
  }
  assert_int_equal(run_case(&parsed, true, &parallel, &again), OLSTM_STATUS_OK);
  expect_same_bits(node, 0, &once, &again);
  widen_inputs(&parsed);
  if (run_case(&parsed, false, NULL, &wide)) {
    fail_msg("%s: %s", node, wide.error.message);
  }
  compare(node, 0, &once.outputs[0], &wide.outputs[0], tolerance);
  op_fixture_deinit(&once);
  op_fixture_deinit(&again);
  op_fixture_deinit(&wide);
  free_case(&parsed);
}

void op_text_expect_same(const char* node, const char* inputs, const char* other_node,
                         const char* other_inputs, double tolerance) {
  const char* const nodes[] = {node, other_node};
  const char* const all_inputs[] = {inputs, other_inputs};
  text_case parsed[2];
  op_fixture fixtures[2];
  for (int i = 0; i < 2; i++) {
    parse_case(nodes[i], all_inputs[i], &parsed[i]);
    if (run_case(&parsed[i], false, NULL, &fixtures[i])) {
      fail_msg("%s: %s", nodes[i], fixtures[i].error.message);
    }
  }
  compare(node, 0, &fixtures[0].outputs[0], &fixtures[1].outputs[0], tolerance);
  for (int i = 0; i < 2; i++) {
    op_fixture_deinit(&fixtures[i]);
    free_case(&parsed[i]);
  }
}

void op_text_expect_failure(const char* node, const char* inputs, olstm_status code,
                            const char* message) {
  text_case parsed;
  op_fixture fixture;
  parse_case(node, inputs, &parsed);
  const olstm_status status = run_case(&parsed, false, NULL, &fixture);
  if (status == OLSTM_STATUS_OK) fail_msg("%s: passed, expected: %s", node, message);
  assert_string_equal(fixture.error.message, message);
  assert_int_equal(status, code);
  op_fixture_deinit(&fixture);
  free_case(&parsed);
}
