// What a conversion did to a model, and what it left and why, in the order in which it
// came to it.
#ifndef OLSTM_RUNTIME_CONVERT_CONVERT_REPORT_H_
#define OLSTM_RUNTIME_CONVERT_CONVERT_REPORT_H_

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "olstm/status.h"

/// One line of a report.
typedef struct olstm__convert_note {
  /// Changed; or stays as it was, for the reason in `text`.
  bool is_change;
  /// "layer", "state", "batch", "constants" or "file".
  const char* subject;
  /// The node or value; "" for the model.
  const char* name;
  const char* text;
} olstm__convert_note;

/// Init with olstm__convert_report_init.
typedef struct olstm__convert_report {
  olstm__arena memory;
  olstm__convert_note* notes;
  size_t count, capacity;
} olstm__convert_report;

void olstm__convert_report_init(olstm__convert_report* report,
                                const olstm_allocator* allocator);
void olstm__convert_report_deinit(olstm__convert_report* report);

/// Adds a note. subject: borrowed. When there is no memory, the arena records it
/// (olstm__convert_report_check).
void olstm__convert_changed(olstm__convert_report* report, const char* subject,
                            const char* name, const char* format, ...)
    OLSTM_PRINTF_(4, 5);
void olstm__convert_stays(olstm__convert_report* report, const char* subject,
                          const char* name, const char* format, ...) OLSTM_PRINTF_(4, 5);

/// OUT_OF_MEMORY if a note is missing.
olstm_status olstm__convert_report_check(const olstm__convert_report* report,
                                         olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_CONVERT_REPORT_H_
