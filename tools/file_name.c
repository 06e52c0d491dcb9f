// See file_name.h.
#include "tools/file_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "olstm/shown_text.h"
#include "tools/letter_case.h"

enum {
  /// File systems take 255 bytes.
  kMaxBytes = 200,
  /// Bytes of a shortened name, which leave room for "%~" and a number.
  kCutBytes = kMaxBytes - 24
};

/// Windows has devices of these names, whatever follows a dot, or spaces and a dot; of
/// numbered ones, digits may be superscripts.
static bool is_reserved(const char* name) {
  static const char* const kDevices[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
  static const char* const kNumbers[] = {"0",        "1",        "2",       "3", "4",
                                         "5",        "6",        "7",       "8", "9",
                                         "\xc2\xb9", "\xc2\xb2", "\xc2\xb3"};
  size_t length = strcspn(name, ".");
  while (length > 0 && name[length - 1] == ' ') length--;
  for (size_t i = 0; i < sizeof kDevices / sizeof kDevices[0]; i++) {
    if (length == strlen(kDevices[i]) && strncasecmp(name, kDevices[i], length) == 0) {
      return true;
    }
  }
  if (strncasecmp(name, "com", 3) != 0 && strncasecmp(name, "lpt", 3) != 0) return false;
  for (size_t i = 0; i < sizeof kNumbers / sizeof kNumbers[0]; i++) {
    const size_t bytes = strlen(kNumbers[i]);
    if (length == 3 + bytes && memcmp(name + 3, kNumbers[i], bytes) == 0) return true;
  }
  return false;
}

/// Whether a character of a name stands in a file name as it is. A dot would hide a file
/// that starts with it, a dash would make an option of its name.
static bool is_plain(const char* name, size_t at, uint32_t code, bool has_case_twin) {
  if (!olstm_text_is_shown(code)) return false;
  if (has_case_twin && olstm__letter_case_key(code) != code) return false;
  if (code > 0x7f) return true;
  if (strchr("/\\:*?\"<>|%", (int)code)) return false;
  return !(at == 0 && (strchr(".- ~", (int)code) || is_reserved(name)));
}

/// Writes the encoded name; *out_is_cut: not all of it.
static void encode(const char* name, bool has_case_twin, char out[kMaxBytes + 1],
                   bool* out_is_cut) {
  size_t used = 0;
  *out_is_cut = false;
  for (size_t at = 0; name[at] != '\0';) {
    char form[16];
    uint32_t code = 0;
    size_t form_bytes = 0;
    const size_t length = olstm_text_next(name + at, &code);
    const bool plain = is_plain(name, at, code, has_case_twin);
    for (size_t i = 0; i < length; i++) {
      form_bytes +=
          (size_t)snprintf(form + form_bytes, sizeof form - form_bytes,
                           plain ? "%c" : "%%%02X", (unsigned char)name[at + i]);
    }
    *out_is_cut = used + form_bytes > kMaxBytes;
    if (*out_is_cut) break;
    memcpy(out + used, form, form_bytes);
    used += form_bytes;
    at += length;
  }
  // No other name becomes a percent sign alone.
  if (used == 0) out[used++] = '%';
  out[used] = '\0';
}

/// Puts the number of the name behind the start of it, which is whole characters.
static void number(char out[kMaxBytes + 1], size_t index) {
  size_t end = 0;
  while (out[end] != '\0') {
    uint32_t code = 0;
    const size_t length = out[end] == '%' ? 3 : olstm_text_next(out + end, &code);
    if (end + length > kCutBytes) break;
    end += length;
  }
  (void)snprintf(out + end, kMaxBytes + 1 - end, "%%~%zu", index);
}

/// Compares names but for the case of their letters.
static int compare_letters(const char* left, const char* right) {
  while (*left != '\0' && *right != '\0') {
    uint32_t code = 0, other = 0;
    left += olstm_text_next(left, &code);
    right += olstm_text_next(right, &other);
    code = olstm__letter_case_key(code);
    other = olstm__letter_case_key(other);
    if (code != other) return code < other ? -1 : 1;
  }
  return (*left != '\0') - (*right != '\0');
}

/// Names that differ only in case are neighbours.
static int compare_names(const void* a, const void* b) {
  const char* left = *(const char* const*)a;
  const char* right = *(const char* const*)b;
  const int order = compare_letters(left, right);
  return order != 0 ? order : strcmp(left, right);
}

/// Sorts the names, each once. Returns how many.
static size_t sort_names(const char** names, size_t count) {
  size_t kept = 0;
  qsort(names, count, sizeof *names, compare_names);
  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0) names[kept++] = names[i];
  }
  return kept;
}

/// Whether another of the sorted names is this one but for case.
static bool find_case_twin(const char* const* sorted, size_t count, const char* name) {
  const char* const* found = bsearch(&name, sorted, count, sizeof *sorted, compare_names);
  return found && ((found > sorted && compare_letters(found[-1], name) == 0) ||
                   (found + 1 < sorted + count && compare_letters(found[1], name) == 0));
}

static bool encode_all(const char* const* names, size_t count, olstm__file_names* out) {
  const char** sorted = calloc(count + 1, sizeof(char*));
  out->names = calloc(count + 1, sizeof(char*));
  bool is_done = sorted && out->names;
  for (size_t i = 0; is_done && i < count; i++) sorted[i] = names[i];
  const size_t sorted_count = is_done ? sort_names(sorted, count) : 0;
  for (size_t i = 0; is_done && i < count; i++) {
    char name[kMaxBytes + 1];
    bool is_cut = false;
    encode(names[i], find_case_twin(sorted, sorted_count, names[i]), name, &is_cut);
    if (is_cut) number(name, i);
    out->names[i] = strdup(name);
    is_done = out->names[i] != NULL;
    if (is_done) out->count = i + 1;
  }
  free(sorted);
  return is_done;
}

olstm_status olstm__file_names_make(const char* const* names, size_t count,
                                    olstm__file_names* out_names, olstm_error* error) {
  *out_names = (olstm__file_names){0, NULL};
  if (encode_all(names, count, out_names)) return OLSTM_STATUS_OK;
  olstm__file_names_deinit(out_names);
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for names of files");
}

void olstm__file_names_deinit(olstm__file_names* names) {
  for (size_t i = 0; i < names->count; i++) free(names->names[i]);
  free(names->names);
  *names = (olstm__file_names){0, NULL};
}
