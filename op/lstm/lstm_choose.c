#include "op/lstm/lstm_choose.h"

#include <string.h>

/// In order of preference.
static const olstm__lstm_kernel* const kKernels[] = {
    &olstm__lstm_kernel_native,
#ifdef OLSTM_WITH_ONEDNN
    &olstm__lstm_kernel_dnnl,
#endif
    &olstm__lstm_kernel_ref,
};
enum { kKernelCount = sizeof kKernels / sizeof kKernels[0] };

const olstm__lstm_kernel* olstm__lstm_kernel_at(size_t index) {
  return index < kKernelCount ? kKernels[index] : NULL;
}

static const olstm__lstm_kernel* find(const char* name) {
  for (size_t k = 0; k < kKernelCount; k++) {
    if (strcmp(kKernels[k]->name, name) == 0) return kKernels[k];
  }
  return NULL;
}

static bool is_automatic(const char* name) {
  return !name || strcmp(name, "auto") == 0;
}

static const char kFastest[] = "fastest";

bool olstm__lstm_is_fastest(const char* name) {
  return name && strcmp(name, kFastest) == 0;
}

bool olstm__lstm_kernel_find(const char* name, const char** out_name) {
  const olstm__lstm_kernel* kernel = is_automatic(name) ? NULL : find(name);
  *out_name = kernel ? kernel->name : NULL;
  if (olstm__lstm_is_fastest(name)) *out_name = kFastest;
  if (*out_name) return true;
  return kernel || is_automatic(name);
}

/// The forced kernel, at the problem's precision or, failing that, in float.
static olstm_status force(const olstm__lstm_problem* problem, const char* wanted,
                          olstm__lstm_choice* choice, olstm_error* error) {
  olstm__lstm_problem plain = *problem;
  plain.precision = OLSTM_PRECISION_F32;
  choice->kernel = find(wanted);
  if (!choice->kernel) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "no kernel '%s'", wanted);
  }
  if (!choice->kernel->decline(problem)) {
    choice->precision = problem->precision;
  } else {
    const char* why = choice->kernel->decline(&plain);
    if (why) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "kernel %s declines: %s", wanted,
                        why);
    }
    choice->precision = OLSTM_PRECISION_F32;
  }
  (void)snprintf(choice->reason, sizeof choice->reason, "asked for%s",
                 choice->precision == problem->precision
                     ? ""
                     : "; computes in float: it does not have the precision asked for");
  return OLSTM_STATUS_OK;
}

static void append(char* text, size_t capacity, const char* kernel, const char* why) {
  const size_t used = strlen(text);
  (void)snprintf(text + used, capacity - used, "%s%s declines: %s", used ? "; " : "",
                 kernel, why);
}

/// The first kernel that does not decline.
static bool choose_best(const olstm__lstm_problem* problem, olstm__lstm_choice* choice) {
  choice->reason[0] = '\0';
  for (size_t k = 0; k < kKernelCount; k++) {
    const char* why = kKernels[k]->decline(problem);
    if (!why) {
      choice->kernel = kKernels[k];
      choice->precision = problem->precision;
      if (!choice->reason[0]) {
        (void)snprintf(choice->reason, sizeof choice->reason, "first choice");
      }
      return true;
    }
    append(choice->reason, sizeof choice->reason, kKernels[k]->name, why);
  }
  return false;
}

olstm_status olstm__lstm_choose(const olstm__lstm_problem* problem, const char* wanted,
                                olstm__lstm_choice* out_choice, olstm_error* error) {
  olstm__lstm_problem plain = *problem;
  plain.precision = OLSTM_PRECISION_F32;
  if (!is_automatic(wanted)) return force(problem, wanted, out_choice, error);
  if (choose_best(problem, out_choice)) return OLSTM_STATUS_OK;
  if (choose_best(&plain, out_choice)) {
    (void)snprintf(out_choice->reason, sizeof out_choice->reason,
                   "computes in float: no kernel has the precision asked for");
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "no kernel: %s", out_choice->reason);
}

olstm_status olstm__lstm_choose_real_time(const olstm__lstm_problem* problem,
                                          olstm__lstm_choice* out_choice,
                                          olstm_error* error) {
  for (size_t k = 0; k < kKernelCount; k++) {
    if (kKernels[k]->run_allocates || kKernels[k]->decline(problem)) continue;
    out_choice->kernel = kKernels[k];
    out_choice->precision = problem->precision;
    (void)snprintf(out_choice->reason, sizeof out_choice->reason, "allocates nothing");
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "no kernel without allocation");
}
