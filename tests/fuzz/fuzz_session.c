// Models all the way: whatever the bytes, they run, the same each time, or are refused in
// one line, and nothing is left behind.
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/model_session.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  olstm_error error = {""};
  (void)olstm_model_session_try(data, size, &error);
  return 0;
}
