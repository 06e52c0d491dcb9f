// Model bytes: a load gives a model that keeps the loader's promises, or one line of
// error.
#include <stdlib.h>
#include <string.h>

#include "olstm/model.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/model_verify.h"

static void require(bool condition, const char* what, const char* detail) {
  if (condition) return;
  (void)fprintf(stderr, "fuzz_model: %s: %s\n", what, detail);
  abort();
}

static void check_error(const olstm_error* error) {
  const char* message = error->message;
  require(message[0] != '\0', "failed without a message", "");
  require(strpbrk(message, "\n\r\t\x1b") == NULL, "message is not one line", message);
}

static void load_model(const uint8_t* data, size_t size) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (olstm_model_load_memory(data, size, NULL, &model, &error) != OLSTM_STATUS_OK) {
    require(model == NULL, "model in spite of an error", error.message);
    check_error(&error);
    return;
  }
  const char* broken = olstm_model_verify(model);
  require(broken == NULL, "promise broken", broken ? broken : "");
  olstm_model_destroy(model);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  load_model(data, size);
  return 0;
}
