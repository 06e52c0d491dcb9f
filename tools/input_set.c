// See input_set.h.
#include "tools/input_set.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/element.h"
#include "tools/npz.h"
#include "tools/tensor_cast.h"
#include "tools/tensor_file.h"
#include "tools/tensor_print.h"

/// "a, b, c" of the session's inputs, cut to fit.
static olstm_text list_inputs(const olstm_session* session) {
  olstm_text result = {""};
  size_t used = 0;
  const size_t count = olstm_session_input_count(session);
  for (size_t i = 0; i < count && used < sizeof result.text - 1; i++) {
    (void)snprintf(result.text + used, sizeof result.text - used, "%s'%s'", i ? ", " : "",
                   olstm_session_get_input(session, i)->name);
    used = strlen(result.text);
  }
  return result;
}

olstm_status olstm__input_find(const olstm_session* session, const char* argument,
                               size_t* out_index, const char** out_value,
                               olstm_error* error) {
  size_t longest = 0;
  const size_t count = olstm_session_input_count(session);
  for (size_t i = 0; i < count; i++) {
    const char* name = olstm_session_get_input(session, i)->name;
    const size_t length = strlen(name);
    if (length >= longest && strncmp(argument, name, length) == 0 &&
        argument[length] == '=') {
      longest = length;
      *out_index = i;
      *out_value = argument + length + 1;
    }
  }
  if (longest > 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no input '%.*s': the model takes %s",
                    (int)strcspn(argument, "="), argument,
                    count > 0 ? list_inputs(session).text : "none");
}

static olstm_status allocate_set(const olstm_session* session, olstm__input_set* set,
                                 olstm_error* error) {
  set->count = olstm_session_input_count(session);
  set->tensors = calloc(set->count ? set->count : 1, sizeof *set->tensors);
  if (set->tensors) return OLSTM_STATUS_OK;
  set->count = 0;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for inputs");
}

/// Whether "NAME=N" names dimension d of this input, by its parameter or as INPUT:AXIS.
static bool names_dim(const char* argument, const olstm_value_info* info, int32_t d,
                      const char** out_value) {
  char address[OLSTM_ERROR_CAPACITY];
  const char* candidates[2] = {info->dim_params[d], address};
  (void)snprintf(address, sizeof address, "%s:%d", info->name, (int)d);
  for (size_t i = 0; i < 2; i++) {
    const size_t length = candidates[i] ? strlen(candidates[i]) : 0;
    if (length > 0 && strncmp(argument, candidates[i], length) == 0 &&
        argument[length] == '=') {
      *out_value = argument + length + 1;
      return true;
    }
  }
  return false;
}

/// The size that --dim gives this dimension, -1 where it gives none.
static olstm_status find_dim(const olstm__input_options* options,
                             const olstm_value_info* info, int32_t d, int64_t* out_dim,
                             olstm_error* error) {
  *out_dim = -1;
  for (size_t i = 0; i < options->dims.count; i++) {
    const char* value = NULL;
    if (!names_dim(options->dims.values[i], info, d, &value)) continue;
    if (!olstm__cli_read_int(value, 0, INT32_MAX, out_dim)) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "--dim wants NAME=N with an integer from 0 to %" PRId32
                        ", not '%s'",
                        (int32_t)INT32_MAX, options->dims.values[i]);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Checks that every --dim names a symbolic dimension of an input.
static olstm_status check_dims_are_known(const olstm_session* session,
                                         const olstm__input_options* options,
                                         olstm_error* error) {
  for (size_t a = 0; a < options->dims.count; a++) {
    const char* argument = options->dims.values[a];
    const char* value = NULL;
    bool known = false;
    for (size_t i = 0; i < olstm_session_input_count(session) && !known; i++) {
      const olstm_value_info* info = olstm_session_get_input(session, i);
      for (int32_t d = 0; d < info->rank && !known; d++) {
        known = info->dims[d] < 0 && names_dim(argument, info, d, &value);
      }
    }
    if (!known) {
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "--dim '%s': no input has a symbolic dimension of that name",
                        argument);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status describe_input(const olstm_value_info* info,
                                   const olstm__input_options* options,
                                   olstm__input_set* set, olstm_tensor_desc* desc,
                                   olstm_error* error) {
  if (info->rank < 0) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "input '%s': the model does not say its rank, so give it with -i",
                      info->name);
  }
  desc->dtype = info->dtype;
  desc->rank = info->rank;
  for (int32_t d = 0; d < info->rank; d++) {
    desc->dims[d] = info->dims[d];
    if (info->dims[d] >= 0) continue;
    OLSTM_RETURN_IF_ERROR(find_dim(options, info, d, &desc->dims[d], error));
    if (desc->dims[d] >= 0) continue;
    desc->dims[d] = 1;
    if (set->unsized_input) continue;
    set->unsized_input = info;
    set->unsized_axis = d;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__input_set_describe(const olstm_session* session,
                                       const olstm__input_options* options,
                                       olstm__input_set* set, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(allocate_set(session, set, error));
  OLSTM_RETURN_IF_ERROR(check_dims_are_known(session, options, error));
  for (size_t i = 0; i < set->count; i++) {
    OLSTM_RETURN_IF_ERROR(describe_input(olstm_session_get_input(session, i), options,
                                         set, &set->tensors[i].desc, error));
  }
  return OLSTM_STATUS_OK;
}

/// A file's dimensions must be what --dim says.
static olstm_status check_file_dims(const olstm_value_info* info,
                                    const olstm__input_options* options,
                                    const olstm_tensor_desc* desc, olstm_error* error) {
  for (int32_t d = 0; d < info->rank && d < desc->rank; d++) {
    int64_t wanted = -1;
    if (info->dims[d] >= 0) continue;
    OLSTM_RETURN_IF_ERROR(find_dim(options, info, d, &wanted, error));
    if (wanted >= 0 && wanted != desc->dims[d]) {
      return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s': the file has shape %s, --dim makes it %" PRId64
                        " in dimension %d",
                        info->name, olstm_shape_text(desc).text, wanted, (int)d);
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__input_fit_dtype(const char* kind, const char* name, olstm_dtype dtype,
                                    bool cast, olstm_tensor* tensor, olstm_error* error) {
  olstm_error reason = {""};
  if (dtype == OLSTM_DTYPE_UNDEFINED || dtype == tensor->desc.dtype) {
    return OLSTM_STATUS_OK;
  }
  if (!cast) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "%s '%s' has dtype %s, expected %s: --cast converts it", kind, name,
                      olstm_dtype_name(tensor->desc.dtype), olstm_dtype_name(dtype));
  }
  const olstm_status status = olstm__tensor_cast(tensor, dtype, &reason);
  if (status == OLSTM_STATUS_OK) return OLSTM_STATUS_OK;
  return olstm_fail(error, status, "%s '%s': %s", kind, name, reason.message);
}

/// Checks a tensor out of a file, and puts it into the set, which has it from then on.
static olstm_status take_input(const olstm_session* session,
                               const olstm__input_options* options, size_t index,
                               olstm_tensor* take_tensor, olstm__input_set* set,
                               olstm_error* error) {
  const olstm_value_info* info = olstm_session_get_input(session, index);
  olstm_status status = set->tensors[index].data
                            ? olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                                         "input '%s' is given twice", info->name)
                            : check_file_dims(info, options, &take_tensor->desc, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__input_fit_dtype("input", info->name, info->dtype, options->cast,
                                    take_tensor, error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm_tensor_deinit(take_tensor, NULL);
    return status;
  }
  set->tensors[index] = *take_tensor;
  return OLSTM_STATUS_OK;
}

static olstm_status load_arrays(const olstm_session* session,
                                const olstm__input_options* options,
                                const olstm__npz* npz, olstm__input_set* set,
                                olstm_error* error) {
  for (size_t a = 0; a < npz->count; a++) {
    olstm_tensor tensor;
    size_t index = 0;
    while (index < set->count &&
           strcmp(olstm_session_get_input(session, index)->name, npz->names[a]) != 0) {
      index++;
    }
    if (index == set->count) {
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "'%.100s' has an array '%.100s', which is no input: the model "
                        "takes %s",
                        npz->path, npz->names[a], list_inputs(session).text);
    }
    OLSTM_RETURN_IF_ERROR(olstm__npz_read(npz, a, &tensor, error));
    OLSTM_RETURN_IF_ERROR(take_input(session, options, index, &tensor, set, error));
  }
  return OLSTM_STATUS_OK;
}

/// All arrays of an archive, by the inputs' names.
static olstm_status load_archive(const olstm_session* session,
                                 const olstm__input_options* options, const char* path,
                                 olstm__input_set* set, olstm_error* error) {
  olstm__file_bytes bytes;
  olstm__npz npz;
  OLSTM_RETURN_IF_ERROR(olstm__file_bytes_read(path, &bytes, error));
  if (!olstm__zip_is_one(bytes.data, bytes.count)) {
    olstm__file_bytes_deinit(&bytes);
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "'%s' is no .npz archive: -i NAME=FILE says whose it is", path);
  }
  OLSTM_RETURN_IF_ERROR(olstm__npz_open(path, &bytes, &npz, error));
  const olstm_status status = load_arrays(session, options, &npz, set, error);
  olstm__npz_deinit(&npz);
  return status;
}

static bool is_npz(const char* argument) {
  static const char kSuffix[] = ".npz";
  const size_t length = strlen(argument);
  return length > sizeof kSuffix - 1 &&
         strcmp(argument + length - (sizeof kSuffix - 1), kSuffix) == 0;
}

/// Whether "-i" means an archive with inputs, and not NAME=FILE.
static bool is_archive(const olstm_session* session, const char* argument) {
  size_t index = 0;
  const char* path = NULL;
  return is_npz(argument) &&
         olstm__input_find(session, argument, &index, &path, NULL) != OLSTM_STATUS_OK &&
         (!strchr(argument, '=') || olstm__path_exists(argument));
}

/// Marks the inputs that arrays of the archive are called as. What is wrong with it is
/// said when it is read.
static void choose_arrays(const char* path, const olstm_model* model, bool* out_given) {
  olstm__file_bytes bytes;
  olstm__npz npz;
  if (olstm__file_bytes_read(path, &bytes, NULL) != OLSTM_STATUS_OK) return;
  if (olstm__zip_is_one(bytes.data, bytes.count) &&
      olstm__npz_open(path, &bytes, &npz, NULL) == OLSTM_STATUS_OK) {
    for (size_t i = 0; i < olstm_model_default_input_count(model); i++) {
      size_t index = 0;
      const char* name = olstm_model_get_default_input(model, i)->name;
      out_given[i] =
          out_given[i] || olstm__npz_find(&npz, name, &index, NULL) == OLSTM_STATUS_OK;
    }
    olstm__npz_deinit(&npz);
  }
  olstm__file_bytes_deinit(&bytes);
}

void olstm__input_choose_given(const void* options, const olstm_model* model,
                               bool* out_given) {
  const olstm__cli_list* files = &((const olstm__input_options*)options)->files;
  const size_t count = olstm_model_default_input_count(model);
  for (size_t a = 0; a < files->count && count > 0; a++) {
    const char* argument = files->values[a];
    if (is_npz(argument) && olstm__path_exists(argument)) {
      choose_arrays(argument, model, out_given);
    }
    for (size_t i = 0; i < count; i++) {
      const char* name = olstm_model_get_default_input(model, i)->name;
      const size_t length = strlen(name);
      out_given[i] = out_given[i] ||
                     (strncmp(argument, name, length) == 0 && argument[length] == '=');
    }
  }
}

static olstm_status load_files(const olstm_session* session,
                               const olstm__input_options* options, olstm__input_set* set,
                               olstm_error* error) {
  for (size_t a = 0; a < options->files.count; a++) {
    const char* argument = options->files.values[a];
    size_t index = 0;
    const char* path = NULL;
    olstm_tensor tensor;
    if (is_archive(session, argument)) {
      OLSTM_RETURN_IF_ERROR(load_archive(session, options, argument, set, error));
      continue;
    }
    OLSTM_RETURN_IF_ERROR(olstm__input_find(session, argument, &index, &path, error));
    OLSTM_RETURN_IF_ERROR(olstm__tensor_file_read(
        path, olstm_session_get_input(session, index)->name, &tensor, NULL, error));
    OLSTM_RETURN_IF_ERROR(take_input(session, options, index, &tensor, set, error));
  }
  return OLSTM_STATUS_OK;
}

/// Limit of bytes per input that a model's own sizes may ask for, so that a model cannot
/// make the command fill memory. Sizes given by --dim are not limited.
enum { kMostMadeUpBytes = 64 << 20 };

static olstm_status check_made_up(const olstm_value_info* info, olstm_error* error) {
  olstm_tensor_desc desc = {.dtype = info->dtype, .rank = info->rank};
  size_t bytes = 0;
  for (int32_t d = 0; d < info->rank; d++) {
    desc.dims[d] = info->dims[d] < 0 ? 1 : info->dims[d];
  }
  if (olstm_tensor_desc_bytes(&desc, &bytes) && bytes <= kMostMadeUpBytes) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "input '%s' (%s %s) is too large to make up: give -i '%s=FILE'",
                    info->name, olstm_dtype_name(info->dtype),
                    olstm__value_shape_text(info).text, info->name);
}

olstm_status olstm__input_set_load(const olstm_session* session,
                                   const olstm__input_options* options,
                                   olstm__input_set* set, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(allocate_set(session, set, error));
  OLSTM_RETURN_IF_ERROR(check_dims_are_known(session, options, error));
  OLSTM_RETURN_IF_ERROR(load_files(session, options, set, error));
  for (size_t i = 0; i < set->count; i++) {
    const olstm_value_info* info = olstm_session_get_input(session, i);
    if (set->tensors[i].data) continue;
    if (!options->has_random) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "input '%s' (%s %s) is missing: give -i '%s=FILE', or --random "
                        "SEED",
                        info->name, olstm_dtype_name(info->dtype),
                        olstm__value_shape_text(info).text, info->name);
    }
    OLSTM_RETURN_IF_ERROR(
        describe_input(info, options, set, &set->tensors[i].desc, error));
    OLSTM_RETURN_IF_ERROR(check_made_up(info, error));
  }
  if (!options->has_random) return OLSTM_STATUS_OK;
  return olstm__input_set_fill_random(set, (uint64_t)options->seed, error);
}

/// SplitMix64: the same numbers everywhere for the same seed.
static uint64_t next_random(uint64_t* state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void fill_random(const olstm_tensor* tensor, uint64_t* state) {
  const int64_t count = olstm_tensor_desc_count(&tensor->desc);
  const bool is_real = olstm__element_is_real(tensor->desc.dtype);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t bits = next_random(state);
    const double value =
        is_real ? (double)(bits >> 11) * 0x1p-52 - 1.0 : (double)(bits >> 63);
    olstm__element_set(tensor, i, value);
  }
}

olstm_status olstm__input_set_fill_random(olstm__input_set* set, uint64_t seed,
                                          olstm_error* error) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  for (size_t i = 0; i < set->count; i++) {
    olstm_tensor* tensor = &set->tensors[i];
    // Each input has its own seed: giving one from a file leaves the others unchanged.
    uint64_t state = seed + i * UINT64_C(0xd1342543de82ef95);
    size_t bytes = 0;
    if (tensor->data) continue;
    if (tensor->desc.dtype == OLSTM_DTYPE_STRING ||
        !olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "cannot make up an input of dtype %s, shape %s",
                        olstm_dtype_name(tensor->desc.dtype),
                        olstm_shape_text(&tensor->desc).text);
    }
    tensor->data = olstm_allocate(&allocator, bytes, 1);
    if (!tensor->data) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for %zu bytes",
                        bytes);
    }
    fill_random(tensor, &state);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__input_set_explain(const olstm__input_set* set, olstm_status status,
                                      olstm_error* error) {
  const olstm_value_info* info = set->unsized_input;
  if (status == OLSTM_STATUS_OK || !info) return status;
  const bool is_about_shapes =
      status == OLSTM_STATUS_SHAPE_MISMATCH || status == OLSTM_STATUS_INVALID_VALUE;
  if (!is_about_shapes) return status;
  const olstm_error reason = *error;
  const char* name = info->dim_params[set->unsized_axis];
  if (name) {
    return olstm_fail(error, status,
                      "%.340s (dimension '%.60s' is 1 unless --dim '%.60s=N' says)",
                      reason.message, name, name);
  }
  return olstm_fail(
      error, status,
      "%.340s (dimension %d of input '%.40s' is 1 unless --dim '%.40s:%d=N' "
      "says)",
      reason.message, (int)set->unsized_axis, info->name, info->name,
      (int)set->unsized_axis);
}

void olstm__input_set_deinit(olstm__input_set* set) {
  for (size_t i = 0; i < set->count; i++) olstm_tensor_deinit(&set->tensors[i], NULL);
  free(set->tensors);
  *set = (olstm__input_set){0};
}
