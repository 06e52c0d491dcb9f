// What conform uses of ONNX Runtime's C API, without its headers: OrtApi is a table of
// functions that only ever grows at its end, so that a position, once given, stays.
// tests/onnxruntime/test_ort_functions.c holds these to the real header.
#ifndef OLSTM_TOOLS_CONFORM_ORT_FUNCTIONS_H_
#define OLSTM_TOOLS_CONFORM_ORT_FUNCTIONS_H_

#include <stddef.h>
#include <stdint.h>

/// The API's versions that are asked for: what 1.16 has is enough, but for providers out
/// of libraries, which came with 1.22.
enum { OLSTM__ORT_API = 16, OLSTM__ORT_API_WITH_PROVIDERS = 22 };

/// ONNX Runtime's numbers.
enum {
  OLSTM__ORT_LOG_FATAL = 4,
  OLSTM__ORT_ARENA_ALLOCATOR = 1,
  OLSTM__ORT_MEMORY_DEFAULT = 0,
  OLSTM__ORT_NOT_IMPLEMENTED = 9
};

typedef struct olstm__ort_status olstm__ort_status;

typedef struct olstm__ort_base {
  const void* (*get_api)(uint32_t version);
  const char* (*get_version)(void);
} olstm__ort_base;

// Name, position, result, arguments. Objects are void*; statuses are NULL for success.
// clang-format off
#define OLSTM__ORT_FUNCTIONS(F)                                                           \
  F(GetErrorCode, 1, int, (const olstm__ort_status*))                                     \
  F(GetErrorMessage, 2, const char*, (const olstm__ort_status*))                          \
  F(CreateEnv, 3, olstm__ort_status*, (int level, const char* id, void** out))            \
  F(CreateSession, 7, olstm__ort_status*,                                                 \
    (const void* env, const void* path, const void* options, void** out))                 \
  F(Run, 9, olstm__ort_status*,                                                           \
    (void* session, const void* options, const char* const* input_names,                  \
     const void* const* inputs, size_t input_count, const char* const* output_names,      \
     size_t output_count, void** outputs))                                                \
  F(CreateSessionOptions, 10, olstm__ort_status*, (void** out))                           \
  F(SetIntraOpNumThreads, 24, olstm__ort_status*, (void* options, int threads))           \
  F(SessionGetInputCount, 30, olstm__ort_status*, (const void* session, size_t* out))     \
  F(SessionGetOutputCount, 31, olstm__ort_status*, (const void* session, size_t* out))    \
  F(SessionGetOverridableInitializerCount, 32, olstm__ort_status*,                        \
    (const void* session, size_t* out))                                                   \
  F(SessionGetInputTypeInfo, 33, olstm__ort_status*,                                      \
    (const void* session, size_t index, void** out))                                      \
  F(SessionGetOutputTypeInfo, 34, olstm__ort_status*,                                     \
    (const void* session, size_t index, void** out))                                      \
  F(SessionGetOverridableInitializerTypeInfo, 35, olstm__ort_status*,                     \
    (const void* session, size_t index, void** out))                                      \
  F(SessionGetInputName, 36, olstm__ort_status*,                                          \
    (const void* session, size_t index, void* allocator, char** out))                     \
  F(SessionGetOutputName, 37, olstm__ort_status*,                                         \
    (const void* session, size_t index, void* allocator, char** out))                     \
  F(SessionGetOverridableInitializerName, 38, olstm__ort_status*,                         \
    (const void* session, size_t index, void* allocator, char** out))                     \
  F(CreateTensorWithDataAsOrtValue, 49, olstm__ort_status*,                               \
    (const void* memory, void* data, size_t bytes, const int64_t* dims, size_t rank,      \
     int dtype, void** out))                                                              \
  F(IsTensor, 50, olstm__ort_status*, (const void* value, int* out))                      \
  F(GetTensorMutableData, 51, olstm__ort_status*, (void* value, void** out))              \
  F(CastTypeInfoToTensorInfo, 55, olstm__ort_status*,                                     \
    (const void* type, const void** out))                                                 \
  F(GetTensorElementType, 60, olstm__ort_status*, (const void* info, int* out))           \
  F(GetDimensionsCount, 61, olstm__ort_status*, (const void* info, size_t* out))          \
  F(GetDimensions, 62, olstm__ort_status*,                                                \
    (const void* info, int64_t* out, size_t rank))                                        \
  F(GetTensorTypeAndShape, 65, olstm__ort_status*, (const void* value, void** out))       \
  F(CreateCpuMemoryInfo, 69, olstm__ort_status*,                                          \
    (int allocator_type, int memory_type, void** out))                                    \
  F(AllocatorFree, 76, olstm__ort_status*, (void* allocator, void* memory))               \
  F(GetAllocatorWithDefaultOptions, 78, olstm__ort_status*, (void** out))                 \
  F(ReleaseEnv, 92, void, (void*))                                                        \
  F(ReleaseStatus, 93, void, (olstm__ort_status*))                                        \
  F(ReleaseMemoryInfo, 94, void, (void*))                                                 \
  F(ReleaseSession, 95, void, (void*))                                                    \
  F(ReleaseValue, 96, void, (void*))                                                      \
  F(ReleaseTypeInfo, 98, void, (void*))                                                   \
  F(ReleaseTensorTypeAndShapeInfo, 99, void, (void*))                                     \
  F(ReleaseSessionOptions, 100, void, (void*))                                            \
  F(AddSessionConfigEntry, 130, olstm__ort_status*,                                       \
    (void* options, const char* key, const char* value))                                  \
  F(RegisterExecutionProviderLibrary, 301, olstm__ort_status*,                            \
    (void* env, const char* name, const void* path))                                      \
  F(UnregisterExecutionProviderLibrary, 302, olstm__ort_status*,                          \
    (void* env, const char* name))                                                        \
  F(GetEpDevices, 303, olstm__ort_status*,                                                \
    (const void* env, const void* const** out, size_t* count))                            \
  F(SessionOptionsAppendExecutionProvider_V2, 304, olstm__ort_status*,                    \
    (void* options, void* env, const void* const* devices, size_t count,                  \
     const char* const* keys, const char* const* values, size_t option_count))            \
  F(EpDevice_EpName, 312, const char*, (const void* device))
// clang-format on

/// The positions: OLSTM__ORT_AT_Run.
#define OLSTM__ORT_POSITION(name, position, result, arguments) \
  OLSTM__ORT_AT_##name = (position),
enum { OLSTM__ORT_FUNCTIONS(OLSTM__ORT_POSITION) OLSTM__ORT_END };
#undef OLSTM__ORT_POSITION

/// The functions, taken out of the table: those of providers NULL where there are none.
#define OLSTM__ORT_MEMBER(name, position, result, arguments) result(*name) arguments;
typedef struct olstm__ort_functions {
  OLSTM__ORT_FUNCTIONS(OLSTM__ORT_MEMBER)
} olstm__ort_functions;
#undef OLSTM__ORT_MEMBER

#endif  // OLSTM_TOOLS_CONFORM_ORT_FUNCTIONS_H_
