#include "runtime/convert/convert_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

void olstm__convert_report_init(olstm__convert_report* report,
                                const olstm_allocator* allocator) {
  memset(report, 0, sizeof *report);
  olstm__arena_init(&report->memory, allocator, SIZE_MAX);
}

void olstm__convert_report_deinit(olstm__convert_report* report) {
  olstm__arena_deinit(&report->memory);
}

static void add(olstm__convert_report* report, bool is_change, const char* subject,
                const char* name, const char* format, va_list arguments) {
  char text[OLSTM_ERROR_CAPACITY];
  const olstm_allocator memory = olstm__arena_as_allocator(&report->memory);
  (void)vsnprintf(text, sizeof text, format, arguments);
  olstm__convert_note* notes = olstm__array_reserve(&memory, report->notes, report->count,
                                                    1, &report->capacity, sizeof *notes);
  if (!notes) return;
  report->notes = notes;
  const olstm__convert_note note = {
      is_change, subject, olstm__arena_copy(&report->memory, name, strlen(name)),
      olstm__arena_copy(&report->memory, text, strlen(text))};
  if (note.name && note.text) report->notes[report->count++] = note;
}

void olstm__convert_changed(olstm__convert_report* report, const char* subject,
                            const char* name, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(report, true, subject, name, format, arguments);
  va_end(arguments);
}

void olstm__convert_stays(olstm__convert_report* report, const char* subject,
                          const char* name, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(report, false, subject, name, format, arguments);
  va_end(arguments);
}

olstm_status olstm__convert_report_check(const olstm__convert_report* report,
                                         olstm_error* error) {
  return report->memory.has_failed
             ? olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a report")
             : OLSTM_STATUS_OK;
}
