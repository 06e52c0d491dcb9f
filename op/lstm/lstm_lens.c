#include "op/lstm/lstm_lens.h"

olstm_status olstm__lstm_lens_read(const olstm__op_base* base,
                                   const olstm__lstm_lens* lens, const void* given,
                                   int32_t* room, const int32_t** out_lens,
                                   olstm_error* error) {
  *out_lens = lens->is_wide ? room : given;
  for (int64_t n = 0; given && n < lens->batch; n++) {
    const int64_t length =
        lens->is_wide ? ((const int64_t*)given)[n] : ((const int32_t*)given)[n];
    if (length < 0 || length > lens->steps) {
      return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                            "sequence_lens[%" PRId64 "] is %" PRId64
                            ", expected 0..%" PRId64,
                            n, length, lens->steps);
    }
    if (lens->is_wide && room) room[n] = (int32_t)length;
  }
  return OLSTM_STATUS_OK;
}
