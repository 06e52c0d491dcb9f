#include "system/cpu_features.h"

olstm__cpu_features olstm__cpu_features_detect(void) {
  return (olstm__cpu_features){0};
}
