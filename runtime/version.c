#include "olstm/version.h"

uint32_t olstm_version(void) {
  return OLSTM_VERSION;
}

const char* olstm_version_text(void) {
  return OLSTM_VERSION_TEXT;
}
