#include "olstm/runtime.h"
void olstm_registry_destroy(olstm_registry* registry) {
  (void)registry;
}
