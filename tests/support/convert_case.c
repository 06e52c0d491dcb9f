#include "tests/support/convert_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_proto/model.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

enum { kMaxTensors = 16, kMaxValues = 1 << 16, kMaxText = 4096, kMaxNodes = 256 };

// ---------------------------------------------------------------- making

static void convert(convert_case* made, const char* from, const char* to,
                    const olstm__convert_options* options) {
  const olstm__convert_options none = {.allocator = NULL};
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm_error error = {""};
  memset(made, 0, sizeof *made);
  olstm__convert_report_init(&made->report, &allocator);
  if (olstm_model_load_file(from, NULL, &made->before, &error) ||
      olstm__convert_file(from, to, options ? options : &none, &made->report, &error) ||
      olstm_model_load_file(to, NULL, &made->after, &error)) {
    fail_msg("%s: %s", from, error.message);
  }
}

void convert_case_file(convert_case* made, const char* path,
                       const olstm__convert_options* options) {
  olstm_test_folder_begin();
  convert(made, path, olstm_test_path("out.onnx"), options);
  olstm_test_folder_end();
}

void convert_case_text(convert_case* made, const char* text,
                       const olstm__convert_options* options) {
  size_t count = 0;
  olstm_test_folder_begin();
  void* bytes = olstm_test_model_bytes(text, &count);
  const char* path = olstm_test_path("in.onnx");
  FILE* file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
  free(bytes);
  convert(made, path, olstm_test_path("out.onnx"), options);
  olstm_test_folder_end();
}

void convert_case_deinit(convert_case* made) {
  olstm_model_destroy(made->before);
  olstm_model_destroy(made->after);
  olstm__convert_report_deinit(&made->report);
}

// ---------------------------------------------------------------- running

typedef struct one_run {
  olstm_session* session;
  olstm_context* context;
  olstm_tensor outputs[kMaxTensors];
} one_run;

/// Values from -1 to 1; every third is 0, so that masks have holes.
static void fill(olstm_tensor* tensor, uint8_t* memory) {
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  assert_in_range(count, 0, kMaxValues / 8);
  tensor->data = memory;
  for (int64_t i = 0; i < count; i++) {
    const double value = i % 3 == 0 ? 0.0 : sin((double)i * 1.7);
    switch (tensor->desc.dtype) {
      case OLSTM_DTYPE_DOUBLE:
        ((double*)tensor->data)[i] = value;
        break;
      case OLSTM_DTYPE_FLOAT:
        ((float*)tensor->data)[i] = (float)value;
        break;
      case OLSTM_DTYPE_BOOL:
        memory[i] = i % 3 != 0;
        break;
      case OLSTM_DTYPE_INT64:
        ((int64_t*)tensor->data)[i] = 1 + i % 2;
        break;
      default:
        ((int32_t*)tensor->data)[i] = 1 + (int32_t)(i % 2);
    }
  }
}

static void run(olstm_model* model, int64_t open, one_run* out) {
  static uint64_t memory[kMaxTensors][kMaxValues / 8];
  olstm_tensor inputs[kMaxTensors];
  olstm_error error = {""};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.fuse = false;
  memset(out, 0, sizeof *out);
  if (olstm_session_create(model, NULL, &options, &out->session, &error) ||
      olstm_context_create(out->session, &out->context, &error)) {
    fail_msg("%s", error.message);
  }
  const size_t count = olstm_session_input_count(out->session);
  assert_in_range(count, 0, kMaxTensors);
  for (size_t i = 0; i < count; i++) {
    const olstm_value_info* info = olstm_session_get_input(out->session, i);
    inputs[i] = (olstm_tensor){.desc = {info->dtype, info->rank, {0}}};
    for (int32_t d = 0; d < info->rank; d++) {
      inputs[i].desc.dims[d] = info->dims[d] < 0 ? open : info->dims[d];
    }
    fill(&inputs[i], (uint8_t*)memory[i]);
  }
  if (olstm_context_run(out->context, inputs, count, out->outputs,
                        olstm_session_output_count(out->session), &error)) {
    fail_msg("%s", error.message);
  }
}

static double element(const olstm_tensor* tensor, int64_t i) {
  switch (tensor->desc.dtype) {
    case OLSTM_DTYPE_DOUBLE:
      return ((const double*)tensor->data)[i];
    case OLSTM_DTYPE_FLOAT:
      return (double)((const float*)tensor->data)[i];
    case OLSTM_DTYPE_INT64:
      return (double)((const int64_t*)tensor->data)[i];
    case OLSTM_DTYPE_INT32:
      return ((const int32_t*)tensor->data)[i];
    default:
      return ((const uint8_t*)tensor->data)[i];
  }
}

static void expect_equal(const one_run* a, const one_run* b, size_t output) {
  const olstm_tensor *one = &a->outputs[output], *other = &b->outputs[output];
  const char* name = olstm_session_get_output(a->session, output)->name;
  assert_string_equal(name, olstm_session_get_output(b->session, output)->name);
  if (!olstm_tensor_desc_equal(&one->desc, &other->desc)) {
    fail_msg("output '%s' has shape %s, not %s", name,
             olstm_shape_text(&other->desc).text, olstm_shape_text(&one->desc).text);
  }
  for (int64_t i = 0; i < olstm_tensor_desc_count(&one->desc); i++) {
    const double difference = element(one, i) - element(other, i);
    if (!(fabs(difference) <= 1e-5)) {
      fail_msg("output '%s' differs by %.9g at %lld", name, difference, (long long)i);
    }
  }
}

void convert_case_expect_same(const convert_case* made, int64_t open) {
  one_run before, after;
  run(made->before, open, &before);
  run(made->after, open, &after);
  for (size_t o = 0; o < olstm_session_output_count(before.session); o++) {
    expect_equal(&before, &after, o);
  }
  const one_run* const runs[] = {&before, &after};
  for (size_t r = 0; r < 2; r++) {
    olstm_context_destroy(runs[r]->context);
    olstm_session_destroy(runs[r]->session);
  }
}

// ---------------------------------------------------------------- asking

static int compare_texts(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

void convert_case_expect_ops(const convert_case* made, const char* op_types) {
  const olstm__decoded_graph* graph = olstm__model_graph(made->after);
  const char* types[kMaxNodes];
  char text[kMaxText] = "";
  assert_in_range(graph->node_count, 0, kMaxNodes);
  for (size_t n = 0; n < graph->node_count; n++) types[n] = graph->nodes[n].op_type;
  qsort(types, graph->node_count, sizeof types[0], compare_texts);
  for (size_t n = 0; n < graph->node_count; n++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", types[n]);
  }
  assert_string_equal(text, op_types);
}

// NOLINTNEXTLINE(misc-no-recursion)
static size_t count_in(const olstm__decoded_graph* graph, const char* op_type) {
  size_t count = 0;
  for (size_t n = 0; n < graph->node_count; n++) {
    const olstm__decoded_node* node = &graph->nodes[n];
    count += strcmp(node->op_type, op_type) == 0;
    for (size_t a = 0; strcmp(node->op_type, "If") == 0 && a < node->attribute_count;
         a++) {
      count += count_in(node->attributes[a].graph, op_type);
    }
  }
  return count;
}

size_t convert_case_count(const convert_case* made, const char* op_type) {
  return count_in(olstm__model_graph(made->after), op_type);
}

void convert_case_expect_note(const convert_case* made, const char* line) {
  char text[kMaxText] = "";
  for (size_t i = 0; i < made->report.count; i++) {
    const olstm__convert_note* note = &made->report.notes[i];
    char one[kMaxText / 2];
    (void)snprintf(one, sizeof one, "%s %s%s%s: %s",
                   note->is_change ? "changed" : "stays", note->subject,
                   note->name[0] ? " " : "", note->name, note->text);
    if (strcmp(one, line) == 0) return;
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s\n", one);
  }
  fail_msg("no '%s' in the report:\n%s", line, text);
}
