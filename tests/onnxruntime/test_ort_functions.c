// tools/conform/ort_functions.h beside ONNX Runtime's own header: positions and numbers.
#include "tools/conform/ort_functions.h"

#include <assert.h>
#include <onnxruntime_c_api.h>

#include "tests/support/test_main.h"

#define CHECK_POSITION(name, position, result, arguments)                      \
  static_assert(offsetof(OrtApi, name) == (position) * sizeof(void (*)(void)), \
                #name " stands elsewhere");
OLSTM__ORT_FUNCTIONS(CHECK_POSITION)
#undef CHECK_POSITION

static_assert(offsetof(OrtApiBase, GetApi) == offsetof(olstm__ort_base, get_api), "base");
static_assert(offsetof(OrtApiBase, GetVersionString) ==
                  offsetof(olstm__ort_base, get_version),
              "base");
static_assert((int)ORT_LOGGING_LEVEL_FATAL == (int)OLSTM__ORT_LOG_FATAL, "levels");
static_assert((int)OrtArenaAllocator == (int)OLSTM__ORT_ARENA_ALLOCATOR, "allocators");
static_assert((int)OrtMemTypeDefault == (int)OLSTM__ORT_MEMORY_DEFAULT, "memory");
static_assert((int)ORT_NOT_IMPLEMENTED == (int)OLSTM__ORT_NOT_IMPLEMENTED, "errors");

static void functions_stand_where_the_header_has_them(void** state) {
  (void)state;
  // Checked above, when this was compiled; the last one is part of the API with
  // providers.
  assert_int_equal(OLSTM__ORT_AT_EpDevice_EpName, 312);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_stand_where_the_header_has_them),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
