// onnx_proto/sparse_tensor.h: sparse initializers and Constant nodes become dense.
#include <string.h>

#include "onnx_proto/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

enum { kValues = 1, kIndices = 2, kDims = 3, kAttributeSparse = 22, kSparseType = 11 };

/// A SparseTensorProto: so many floats 1, 2, ..., indices of shape `index_dims`.
static pb_bytes make_sparse(const char* value_dims, size_t value_count,
                            const char* index_dims, const int64_t* indices,
                            size_t index_count, const int64_t* dims, size_t rank) {
  static const float kFloats[] = {1, 2, 3};
  pb_bytes sparse = {0};
  pb_bytes values = onnx_tensor("S", OLSTM_DTYPE_FLOAT, value_dims);
  pb_bytes places = onnx_tensor("", OLSTM_DTYPE_INT64, index_dims);
  pb_data(&values, TENSOR_RAW_DATA, kFloats, value_count * sizeof *kFloats);
  pb_data(&places, TENSOR_RAW_DATA, indices, index_count * sizeof *indices);
  pb_message(&sparse, kValues, &values);
  pb_message(&sparse, kIndices, &places);
  pb_packed(&sparse, kDims, dims, rank);
  return sparse;
}

static pb_bytes make_model(pb_bytes* sparse) {
  pb_bytes graph = {0};
  pb_bytes output = onnx_value("S", OLSTM_DTYPE_FLOAT, NULL);
  pb_message(&graph, GRAPH_OUTPUT, &output);
  pb_message(&graph, GRAPH_SPARSE_INITIALIZER, sparse);
  return onnx_model(&graph);
}

static void expect_constant(pb_bytes* bytes, int32_t rank, const int64_t* dims,
                            const float* elements, size_t count) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (onnx_load(bytes, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  const olstm__decoded_graph* graph = olstm__model_graph(model);
  const olstm_tensor* constant = graph->values[graph->outputs[0]].constant;
  assert_non_null(constant);
  assert_int_equal(constant->desc.dtype, OLSTM_DTYPE_FLOAT);
  assert_int_equal(constant->desc.rank, rank);
  assert_memory_equal(constant->desc.dims, dims, (size_t)rank * sizeof *dims);
  assert_memory_equal(constant->data, elements, count * sizeof *elements);
  olstm_model_destroy(model);
}

static const int64_t kShape[] = {2, 3};
static const float kDense[] = {0, 1, 0, 2, 0, 3};

static void takes_indices_of_elements_and_of_places(void** state) {
  static const int64_t kFlat[] = {1, 3, 5};
  static const int64_t kPlaces[] = {0, 1, 1, 0, 1, 2};
  (void)state;
  pb_bytes sparse = make_sparse("3", 3, "3", kFlat, 3, kShape, 2);
  pb_bytes bytes = make_model(&sparse);
  expect_constant(&bytes, 2, kShape, kDense, 6);
  sparse = make_sparse("3", 3, "3,2", kPlaces, 6, kShape, 2);
  bytes = make_model(&sparse);
  expect_constant(&bytes, 2, kShape, kDense, 6);
  static const float kZeros[6] = {0};
  sparse = make_sparse("0", 0, "0", kFlat, 0, kShape, 2);
  bytes = make_model(&sparse);
  expect_constant(&bytes, 2, kShape, kZeros, 6);
}

static pb_bytes make_constant_node(pb_bytes* sparse, int32_t type) {
  pb_bytes graph = {0};
  pb_bytes node = onnx_node("Constant", "c", "", "S");
  pb_bytes attribute = {0};
  pb_bytes output = onnx_value("S", OLSTM_DTYPE_FLOAT, NULL);
  pb_text(&attribute, ATTRIBUTE_NAME, "sparse_value");
  if (type > 0) pb_int(&attribute, ATTRIBUTE_TYPE, type);
  pb_message(&attribute, kAttributeSparse, sparse);
  pb_message(&node, NODE_ATTRIBUTE, &attribute);
  pb_message(&graph, GRAPH_NODE, &node);
  pb_message(&graph, GRAPH_OUTPUT, &output);
  return onnx_model(&graph);
}

static void expect_refusal(pb_bytes* bytes, olstm_status code, const char* message) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(onnx_load(bytes, &model, &error), code);
  assert_string_equal(error.message, message);
  assert_null(model);
}

static void constant_nodes_have_them_too(void** state) {
  static const int64_t kFlat[] = {1, 3, 5};
  (void)state;
  for (int32_t type = 0; type <= kSparseType; type += kSparseType) {
    pb_bytes sparse = make_sparse("3", 3, "3", kFlat, 3, kShape, 2);
    pb_bytes bytes = make_constant_node(&sparse, type);
    expect_constant(&bytes, 2, kShape, kDense, 6);
  }
  pb_bytes sparse = make_sparse("3", 3, "3", kFlat, 3, kShape, 2);
  pb_bytes bytes = make_constant_node(&sparse, OLSTM_ATTRIBUTE_TENSOR);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "Constant 'c': attribute sparse_value is no sparse tensor");
}

static void refuses_wrong_indices(void** state) {
  static const int64_t kOutside[] = {1, 3, 6};
  static const int64_t kNegative[] = {-1, 3, 5};
  static const int64_t kTwice[] = {1, 3, 3};
  static const int64_t kPlaceOutside[] = {0, 1, 0, 3, 1, 2};
  (void)state;
  pb_bytes sparse = make_sparse("3", 3, "3", kOutside, 3, kShape, 2);
  pb_bytes bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'S': index 2 of the sparse tensor is outside its shape");
  sparse = make_sparse("3", 3, "3", kNegative, 3, kShape, 2);
  bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'S': index 0 of the sparse tensor is outside its shape");
  sparse = make_sparse("3", 3, "3", kTwice, 3, kShape, 2);
  bytes = make_model(&sparse);
  expect_refusal(
      &bytes, OLSTM_STATUS_INVALID_MODEL,
      "tensor 'S': index 2 of the sparse tensor is not behind the one before it");
  sparse = make_sparse("3", 3, "3,2", kPlaceOutside, 6, kShape, 2);
  bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'S': index 1 of the sparse tensor is outside its shape");
}

static void refuses_wrong_shapes(void** state) {
  static const int64_t kFlat[] = {1, 3, 5};
  static const int64_t kWide[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  static const int64_t kHuge[] = {INT64_MAX, INT64_MAX};
  static const int64_t kLarge[] = {1 << 18, 1 << 10};
  (void)state;
  pb_bytes sparse = make_sparse("3", 3, "2", kFlat, 2, kShape, 2);
  pb_bytes bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'S': is sparse with float values of shape [3] and int64 indices "
                 "of shape [2]: expected [N] and int64 [N] or [N,2]");
  sparse = make_sparse("1", 1, "1", kFlat, 1, kWide, 9);
  bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_UNSUPPORTED,
                 "tensor 'S': has rank 9, at most 8 is supported");
  sparse = make_sparse("1", 1, "1", kFlat, 1, kHuge, 2);
  bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'S': has shape [9223372036854775807,9223372036854775807], which "
                 "is none that fits into memory");
  // 1 GB out of a file of some bytes.
  sparse = make_sparse("1", 1, "1", kFlat, 1, kLarge, 2);
  bytes = make_model(&sparse);
  olstm_model* model = NULL;
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_LIMIT_EXCEEDED);
}

static void refuses_parts_that_are_missing(void** state) {
  pb_bytes sparse = {0};
  pb_bytes values = onnx_tensor("S", OLSTM_DTYPE_FLOAT, "0");
  (void)state;
  pb_message(&sparse, kValues, &values);
  pb_bytes bytes = make_model(&sparse);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'S': is sparse, but has no indices");
  pb_bytes nothing = {0};
  pb_int(&nothing, kDims, 1);
  bytes = make_model(&nothing);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL,
                 "graph '': initializer 0 has no name");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_indices_of_elements_and_of_places),
      cmocka_unit_test(constant_nodes_have_them_too),
      cmocka_unit_test(refuses_wrong_indices),
      cmocka_unit_test(refuses_wrong_shapes),
      cmocka_unit_test(refuses_parts_that_are_missing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
