// A small host of ONNX Runtime's C API for tests: opens the library that
// OLSTM_ORT_LIBRARY names, and fails the running cmocka test on anything unexpected.
#ifndef OLSTM_TESTS_ONNXRUNTIME_ORT_HOST_H_
#define OLSTM_TESTS_ONNXRUNTIME_ORT_HOST_H_

#include <onnxruntime_c_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORT_HOST_MAX_VALUES = 4, ORT_HOST_MAX_ELEMENTS = 512 };

/// A tensor of a test: float, double or bool elements by dtype; values in double.
typedef struct ort_host_tensor {
  ONNXTensorElementDataType dtype;
  size_t rank;
  int64_t dims[4];
  double values[ORT_HOST_MAX_ELEMENTS];
} ort_host_tensor;

/// How a session is made.
typedef struct ort_host_options {
  bool with_provider;
  bool with_custom_ops;
  /// Threads of ONNX Runtime within an operator; 0 for one.
  int thread_count;
  /// A session configuration key that is set to "1"; NULL for none.
  const char* config_key;
} ort_host_options;

/// ONNX Runtime's API and one environment for the process. Skips the test where there is
/// no library.
const OrtApi* ort_host_api(void);

/// Registers and unregisters olstm's provider with the environment. Skips the test where
/// ONNX Runtime is older than plugin providers.
void ort_host_register_provider(void);
void ort_host_unregister_provider(void);

/// Elements of a shape.
size_t ort_host_count(const ort_host_tensor* tensor);

/// Opens tests/data/onnxruntime/NAME.onnx. NULL when ONNX Runtime refuses, with its
/// message (512 bytes).
OrtSession* ort_host_open(const char* name, const ort_host_options* options,
                          char* message);

/// The same for a model in memory.
OrtSession* ort_host_open_memory(const void* bytes, size_t byte_count,
                                 const ort_host_options* options, char* message);

/// Runs a session from X to Y, floats both: fills y with as many elements as it has room
/// for. False and a message when it fails.
bool ort_host_run_layer(OrtSession* session, const int64_t x_dims[3], float* x, float* y,
                        size_t y_count, char* message);

/// Runs a session whose inputs are given in the graph's order; returns the number of
/// outputs, or 0 and a message.
size_t ort_host_run(OrtSession* session, const ort_host_tensor* inputs,
                    size_t input_count, ort_host_tensor* outputs, char* message);

/// A float or double tensor of a smooth, repeatable series.
void ort_host_fill(ort_host_tensor* tensor, ONNXTensorElementDataType dtype, int64_t d0,
                   int64_t d1, int64_t d2);

/// Same shape, and no value apart by more than 1e-5.
void ort_host_assert_close(const ort_host_tensor* a, const ort_host_tensor* b);

#endif  // OLSTM_TESTS_ONNXRUNTIME_ORT_HOST_H_
