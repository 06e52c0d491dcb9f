// onnx_proto/encode.h, encode_model.h and encode_file.h hold the writer to the reader: a
// model that is read, written and read again is the same model, and external data too.
#include "onnx_proto/encode_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_proto/model.h"
#include "system/path.h"
#include "tests/support/model_text.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"
#include "tools/file_bytes.h"

enum { kPathBytes = 512 };

static void write_bytes(const char* path, const void* bytes, size_t count) {
  FILE* file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
}

/// free() the bytes.
static void* read_bytes(const char* path, size_t* out_count) {
  olstm__file_bytes bytes;
  assert_int_equal(olstm__file_bytes_read(path, &bytes, NULL), OLSTM_STATUS_OK);
  *out_count = bytes.count;
  return bytes.data;
}

// ---------------------------------------------------------------- the same model

static void assert_same_tensor(const olstm_tensor* a, const olstm_tensor* b) {
  size_t bytes = 0;
  assert_int_equal(a->desc.dtype, b->desc.dtype);
  assert_int_equal(a->desc.rank, b->desc.rank);
  assert_memory_equal(a->desc.dims, b->desc.dims, sizeof a->desc.dims);
  if (a->desc.dtype == OLSTM_DTYPE_STRING) return;
  assert_true(olstm_tensor_desc_bytes(&a->desc, &bytes));
  if (bytes > 0) assert_memory_equal(a->data, b->data, bytes);
}

static void assert_same_graph(const olstm__decoded_graph* a,
                              const olstm__decoded_graph* b);

static void assert_same_attribute(const olstm_attribute* a, const olstm_attribute* b) {
  assert_string_equal(a->name, b->name);
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->count, b->count);
  assert_int_equal(a->i, b->i);
  assert_memory_equal(&a->f, &b->f, sizeof a->f);
  if (a->ints) assert_memory_equal(a->ints, b->ints, a->count * sizeof *a->ints);
  if (a->floats) assert_memory_equal(a->floats, b->floats, a->count * sizeof *a->floats);
  for (size_t i = 0; a->strings && i < a->count; i++) {
    assert_string_equal(a->strings[i].bytes, b->strings[i].bytes);
  }
  if (a->tensor) assert_same_tensor(a->tensor, b->tensor);
  if (a->graph) assert_same_graph(a->graph, b->graph);
}

static void assert_same_node(const olstm__decoded_node* a, const olstm__decoded_node* b) {
  assert_string_equal(a->name, b->name);
  assert_string_equal(a->op_type, b->op_type);
  assert_string_equal(a->domain, b->domain);
  assert_int_equal(a->opset_version, b->opset_version);
  assert_int_equal(a->input_count, b->input_count);
  assert_int_equal(a->output_count, b->output_count);
  assert_int_equal(a->attribute_count, b->attribute_count);
  assert_memory_equal(a->inputs, b->inputs, a->input_count * sizeof *a->inputs);
  assert_memory_equal(a->outputs, b->outputs, a->output_count * sizeof *a->outputs);
  for (size_t i = 0; i < a->attribute_count; i++) {
    assert_same_attribute(&a->attributes[i], &b->attributes[i]);
  }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void assert_same_graph(const olstm__decoded_graph* a,
                              const olstm__decoded_graph* b) {
  assert_int_equal(a->value_count, b->value_count);
  assert_int_equal(a->node_count, b->node_count);
  assert_int_equal(a->input_count, b->input_count);
  assert_int_equal(a->output_count, b->output_count);
  for (size_t v = 0; v < a->value_count; v++) {
    assert_string_equal(a->values[v].info.name, b->values[v].info.name);
    assert_int_equal(a->values[v].constant != NULL, b->values[v].constant != NULL);
    if (a->values[v].constant) {
      assert_same_tensor(a->values[v].constant, b->values[v].constant);
    }
  }
  for (size_t n = 0; n < a->node_count; n++) {
    assert_same_node(&a->nodes[n], &b->nodes[n]);
  }
}

/// Reads `from`, writes it to `to`, and holds both to be one model. False when `from` is
/// no model.
static bool round_trip(const char* from, const char* to, size_t least_bytes,
                       olstm__encode_written* out_written) {
  olstm__encode_model model;
  olstm_model *before = NULL, *after = NULL;
  olstm_error error;
  if (olstm_model_load_file(from, NULL, &before, &error) != OLSTM_STATUS_OK) return false;
  assert_int_equal(olstm__encode_model_open(from, NULL, &model, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm__encode_file_write(&model, to, least_bytes, out_written, &error),
                   OLSTM_STATUS_OK);
  olstm__encode_model_close(&model);
  assert_int_equal(olstm_model_load_file(to, NULL, &after, &error), OLSTM_STATUS_OK);
  assert_same_graph(olstm__model_graph(before), olstm__model_graph(after));
  assert_int_equal(olstm_model_ir_version(before), olstm_model_ir_version(after));
  assert_string_equal(olstm_model_producer(before), olstm_model_producer(after));
  olstm_model_destroy(before);
  olstm_model_destroy(after);
  return true;
}

/// A folder whose models are written and read again.
typedef struct round_trips {
  const char* path;
  size_t count;
} round_trips;

// NOLINTNEXTLINE(misc-no-recursion)
static bool round_trip_entry(void* user, const char* name) {
  round_trips* trips = user;
  char below[kPathBytes];
  olstm__encode_written written;
  if (name[0] == '.') return true;
  assert_true(snprintf(below, sizeof below, "%s/%s", trips->path, name) < kPathBytes);
  const char* end = strrchr(name, '.');
  if (olstm__path_look(below) == OLSTM__PATH_FOLDER) {
    round_trips inner = {below, 0};
    assert_int_equal(olstm__folder_visit(below, round_trip_entry, &inner), 0);
    trips->count += inner.count;
  }
  if (!end || strcmp(end, ".onnx") != 0) return true;
  const char* out = olstm_test_path("out.onnx");
  const char* again = olstm_test_path("again.onnx");
  if (!round_trip(below, out, 0, &written)) return true;
  // What was written is what would be written of it again.
  size_t first_count = 0, second_count = 0;
  assert_true(round_trip(out, again, 0, &written));
  void* first = read_bytes(out, &first_count);
  void* second = read_bytes(again, &second_count);
  assert_int_equal(first_count, second_count);
  assert_memory_equal(first, second, first_count);
  free(first);
  free(second);
  trips->count++;
  return true;
}

static void models_are_the_same_when_they_were_written(void** state) {
  (void)state;
  round_trips trips = {OLSTM_TEST_DATA, 0};
  assert_int_equal(olstm__folder_visit(trips.path, round_trip_entry, &trips), 0);
  assert_true(trips.count > 80);
}

// ---------------------------------------------------------------- what the schema lacks

static void fields_that_the_schema_lacks_stay(void** state) {
  (void)state;
  static const char kText[] = "of a newer schema";
  size_t count = 0;
  olstm__encode_model model;
  olstm__encode_written written;
  olstm_error error;
  void* bytes =
      olstm_test_model_bytes("input x float[2]\nnode Relu x -> y\noutput y\n", &count);
  pb_bytes file = {0};
  pb_append(&file, bytes, count);
  pb_text(&file, 500, kText);
  write_bytes(olstm_test_path("in.onnx"), file.bytes, file.count);
  assert_int_equal(
      olstm__encode_model_open(olstm_test_path("in.onnx"), NULL, &model, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(
      olstm__encode_file_write(&model, olstm_test_path("out.onnx"), 0, &written, &error),
      OLSTM_STATUS_OK);
  olstm__encode_model_close(&model);
  size_t out_count = 0;
  char* out = read_bytes(olstm_test_path("out.onnx"), &out_count);
  bool is_there = false;
  for (size_t i = 0; i + strlen(kText) <= out_count && !is_there; i++) {
    is_there = memcmp(out + i, kText, strlen(kText)) == 0;
  }
  assert_true(is_there);
  free(out);
  free(bytes);
  pb_deinit(&file);
}

// ---------------------------------------------------------------- external data

static const char kTwoWeights[] =
    "input x float[2,16]\n"
    "const w float[16,64] 1 2 3 4 5\n"
    "const b float[64] 6 7\n"
    "node MatMul x,w -> y\n"
    "node Add y,b -> z\n"
    "output z\n";

static void write_text(const char* path, const char* text) {
  size_t count = 0;
  void* bytes = olstm_test_model_bytes(text, &count);
  write_bytes(path, bytes, count);
  free(bytes);
}

static void tensors_from_a_size_on_become_external_data(void** state) {
  (void)state;
  olstm__encode_written written;
  write_text(olstm_test_path("in.onnx"), kTwoWeights);
  assert_true(
      round_trip(olstm_test_path("in.onnx"), olstm_test_path("out.onnx"), 257, &written));
  assert_int_equal(written.external_count, 1);
  assert_int_equal(written.data_bytes, 16 * 64 * 4);
  // They stay there, unless a size says otherwise.
  assert_true(round_trip(olstm_test_path("out.onnx"), olstm_test_path("again.onnx"), 0,
                         &written));
  assert_int_equal(written.external_count, 1);
  assert_true(round_trip(olstm_test_path("out.onnx"), olstm_test_path("again.onnx"), 256,
                         &written));
  assert_int_equal(written.external_count, 2);
  assert_int_equal(written.data_bytes, 16 * 64 * 4 + 64 * 4);
  assert_true(round_trip(olstm_test_path("again.onnx"), olstm_test_path("out.onnx"),
                         1 << 20, &written));
  assert_int_equal(written.external_count, 0);
}

static void offsets_of_large_tensors_are_those_of_pages(void** state) {
  (void)state;
  olstm__encode_model model;
  olstm__encoding encoding;
  olstm_error error;
  const olstm__encode_policy policy = {"w.data", 1};
  write_text(olstm_test_path("in.onnx"),
             "const s float[3] 1\nconst l float[20000] 2\ninput x float[1]\n"
             "node Add s,x -> a\nnode Add l,x -> b\noutput a\noutput b\n");
  assert_int_equal(
      olstm__encode_model_open(olstm_test_path("in.onnx"), NULL, &model, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(olstm__encode(&model, &policy, &encoding, &error), OLSTM_STATUS_OK);
  assert_int_equal(encoding.segment_count, 2);
  assert_int_equal(encoding.segments[0].offset, 0);
  assert_int_equal(encoding.segments[1].offset, 4096);
  olstm__encoding_deinit(&encoding);
  olstm__encode_model_close(&model);
}

// ---------------------------------------------------------------- refusals

static void files_under_the_limits_of_a_load_alone_are_opened(void** state) {
  (void)state;
  olstm__encode_model model;
  olstm_model_options options;
  olstm_error error;
  write_text(olstm_test_path("in.onnx"), kTwoWeights);
  olstm_model_options_init(&options);
  options.max_memory = 1000;
  assert_int_equal(
      olstm__encode_model_open(olstm_test_path("in.onnx"), &options, &model, &error),
      OLSTM_STATUS_LIMIT_EXCEEDED);
  olstm__encode_model_close(&model);
  options.max_memory = 0;
  options.max_depth = 2;
  assert_int_equal(
      olstm__encode_model_open(olstm_test_path("in.onnx"), &options, &model, &error),
      OLSTM_STATUS_LIMIT_EXCEEDED);
  olstm__encode_model_close(&model);
  assert_int_equal(
      olstm__encode_model_open(olstm_test_path("none.onnx"), NULL, &model, &error),
      OLSTM_STATUS_IO_ERROR);
  olstm__encode_model_close(&model);
}

static void a_file_that_cannot_be_written_leaves_nothing(void** state) {
  (void)state;
  olstm__encode_model model;
  olstm__encode_written written;
  olstm_error error;
  write_text(olstm_test_path("in.onnx"), kTwoWeights);
  assert_int_equal(
      olstm__encode_model_open(olstm_test_path("in.onnx"), NULL, &model, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(olstm__encode_file_write(&model, olstm_test_path("none/out.onnx"), 1,
                                            &written, &error),
                   OLSTM_STATUS_IO_ERROR);
  assert_non_null(strstr(error.message, "none/out.onnx"));
  // A folder stands where the file is to be: what was written before is removed.
  assert_int_equal(olstm__folder_create(olstm_test_path("folder")), 0);
  assert_int_equal(
      olstm__encode_file_write(&model, olstm_test_path("folder"), 0, &written, &error),
      OLSTM_STATUS_IO_ERROR);
  olstm__encode_model_close(&model);
}

int main(int argc, char** argv) {
  static const struct CMUnitTest kTests[] = {
      cmocka_unit_test(models_are_the_same_when_they_were_written),
      cmocka_unit_test(fields_that_the_schema_lacks_stay),
      cmocka_unit_test(tensors_from_a_size_on_become_external_data),
      cmocka_unit_test(offsets_of_large_tensors_are_those_of_pages),
      cmocka_unit_test(files_under_the_limits_of_a_load_alone_are_opened),
      cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing),
  };
  olstm_test_folder_begin();
  const int result =
      olstm_test_main(argc, argv, kTests, sizeof kTests / sizeof kTests[0]);
  olstm_test_folder_end();
  return result;
}
