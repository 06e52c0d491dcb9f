// RandomNormal, RandomUniform, their Like forms, Bernoulli and Multinomial.
//
// A node with a seed (its own attribute, else the session's option) gives the same
// numbers in every run, and others in every trip of a Loop or Scan, whose number it has
// from the host: there is no generator whose state a context would have to keep. A
// node without one draws anew in every run, of whatever context: it counts its runs,
// which is all that a prepared operator ever changes.
#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "op/op_family.h"
#include "op/op_support.h"
#include "op/op_work.h"
#include "op/random/philox.h"
#include "op/shape/convert.h"
#include "system/clock.h"
#include "system/random_bytes.h"

typedef enum random_code { kNormal, kUniform, kBernoulli, kMultinomial } random_code;

enum {
  /// Numbers that are made before they are converted; even.
  kBlock = 256,
  /// Units of work of a number, with its logarithm, root, sine and cosine; and of finding
  /// a sample among its classes.
  kWorkPerNumber = 160,
  kWorkPerSample = 512
};

typedef struct random_op {
  olstm__op_base base;
  random_code code;
  /// 0: that of the input, else of OLSTM_DTYPE_*.
  olstm_dtype dtype;
  /// mean and scale, or low and high.
  float first, second;
  /// Of operators without input.
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK];
  int64_t sample_size;
  uint64_t key;
  bool has_seed;
  atomic_uint_fast64_t run_count;
} random_op;

typedef struct random_handle {
  olstm__op_handle head;
  olstm_dtype x_dtype, y_dtype;
  int64_t count;
  /// Of Multinomial.
  int64_t rows, classes;
} random_handle;

// ---------------------------------------------------------------- create

/// A key that no other instance is likely to have.
static uint64_t fresh_key(const random_op* self) {
  static atomic_uint_fast64_t created;
  uint64_t bits = (uint64_t)olstm__clock_ns();
  (void)olstm__random_bytes(&bits, sizeof bits);
  const uint64_t address = (uint64_t)(uintptr_t)self;
  return olstm__spread_bits(olstm__spread_bits(bits) ^ address ^
                            olstm__spread_bits(atomic_fetch_add(&created, 1)));
}

static uint64_t key_of_name(uint64_t seed, const char* name) {
  uint64_t key = olstm__spread_bits(seed);
  for (const char* c = name; *c != '\0'; c++) {
    key = olstm__spread_bits(key ^ (unsigned char)*c);
  }
  return key;
}

static olstm_status read_seed(random_op* self, olstm_error* error) {
  const olstm_node* node = self->base.node;
  const olstm_operator_options* options = &self->base.options;
  float seed = 0;
  uint32_t bits = 0;
  self->has_seed = true;
  if (olstm_node_find_attribute(node, "seed")) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "seed", 0, &seed, error));
    memcpy(&bits, &seed, sizeof bits);
    self->key = olstm__spread_bits(bits);
  } else if (options->has_seed) {
    // Nodes of a session are told apart by their names.
    self->key = key_of_name(options->seed, node->name);
  } else {
    self->has_seed = false;
    self->key = fresh_key(self);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_dtype(random_op* self, olstm_dtype otherwise, uint64_t allowed,
                               olstm_error* error) {
  int64_t dtype = otherwise;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "dtype", otherwise, &dtype, error));
  const bool is_known = dtype >= 0 && dtype < 64;
  if (is_known && (dtype == otherwise || (allowed & OLSTM_DTYPE_BIT(dtype)))) {
    self->dtype = (olstm_dtype)dtype;
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_UNSUPPORTED,
                        "dtype=%" PRId64 " (%s) is not supported", dtype,
                        olstm_dtype_name(is_known ? (olstm_dtype)dtype : -1));
}

static olstm_status read_shape(random_op* self, olstm_error* error) {
  size_t count = 0;
  bool is_given = false;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&self->base, "shape", OLSTM_MAX_RANK,
                                            self->dims, &count, &is_given, error));
  for (size_t d = 0; d < count; d++) {
    if (self->dims[d] >= 0) continue;
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "shape has %" PRId64, self->dims[d]);
  }
  self->rank = (int32_t)count;
  if (is_given) return OLSTM_STATUS_OK;
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute 'shape' is missing");
}

static olstm_status parse(void* instance, olstm_error* error) {
  random_op* self = instance;
  const olstm__op_schema* schema = self->base.self->variant;
  const olstm_node* node = self->base.node;
  const bool has_input = schema->arity.required_inputs > 0;
  const olstm_dtype otherwise =
      has_input ? OLSTM_DTYPE_UNDEFINED : (olstm_dtype)OLSTM_DTYPE_FLOAT;
  self->code = (random_code)schema->code;
  atomic_init(&self->run_count, 0);
  OLSTM_RETURN_IF_ERROR(read_seed(self, error));
  switch (self->code) {
    case kNormal:
      OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "mean", 0, &self->first, error));
      OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "scale", 1, &self->second, error));
      break;
    case kUniform:
      OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "low", 0, &self->first, error));
      OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, "high", 1, &self->second, error));
      break;
    case kBernoulli:
      return read_dtype(self, otherwise, OLSTM__DTYPES_ALL, error);
    case kMultinomial:
      OLSTM_RETURN_IF_ERROR(
          olstm_node_get_int(node, "sample_size", 1, &self->sample_size, error));
      if (self->sample_size < 0) {
        return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                              "sample_size is %" PRId64, self->sample_size);
      }
      return read_dtype(
          self, OLSTM_DTYPE_INT32,
          OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error);
  }
  if (!has_input) OLSTM_RETURN_IF_ERROR(read_shape(self, error));
  return read_dtype(self, otherwise, OLSTM__DTYPES_REAL, error);
}

// ---------------------------------------------------------------- infer, prepare

static olstm_status random_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const random_op* self = instance;
  const olstm__op_base* base = &self->base;
  olstm_tensor_desc* out = &out_outputs[0];
  if (args->input_count == 0) {
    *out = (olstm_tensor_desc){self->dtype, self->rank, {0}};
    memcpy(out->dims, self->dims, sizeof out->dims);
    return olstm__op_check_output(base, out, error);
  }
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  *out = *input;
  if (self->dtype) out->dtype = self->dtype;
  if (!self->dtype && (self->code == kNormal || self->code == kUniform)) {
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(base, args, 0, OLSTM__DTYPES_REAL, error));
  }
  if (self->code == kMultinomial) {
    if (input->rank != 2) {
      return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected [batch, classes]",
                            base->node->input_names[0], olstm_shape_text(input).text);
    }
    out->dims[1] = self->sample_size;
  }
  return olstm__op_check_output(base, out, error);
}

static olstm_status random_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const random_op* self = instance;
  const bool is_multinomial = self->code == kMultinomial;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(random_handle), &memory, error));
  random_handle* handle = memory;
  handle->y_dtype = args->outputs[0].dtype;
  handle->count = olstm_tensor_desc_count(&args->outputs[0]);
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_element_work(self->base.self->op_type, args, handle->count,
                             is_multinomial ? kWorkPerSample : kWorkPerNumber);
  if (args->input_count > 0) handle->x_dtype = args->inputs[0]->desc.dtype;
  if (is_multinomial) {
    const olstm_tensor_desc* x = &args->inputs[0]->desc;
    handle->rows = x->dims[0];
    handle->classes = x->dims[1];
    if (!olstm_size_multiply((size_t)handle->classes, sizeof(double),
                             &out_prepared->workspace_bytes)) {
      out_prepared->handle = NULL;
      olstm__op_release_handle(instance, handle);
      return olstm__op_fail(&self->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                            "the workspace does not fit");
    }
    out_prepared->work = olstm__op_work_sum(
        out_prepared->work,
        olstm__op_work(handle->rows, handle->classes, kWorkPerNumber, 1));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- run

/// The numbers `first`, `first` + 1, ... of a run; `first` is even.
static void draw_uniform(uint64_t key, uint64_t run, int64_t first, int64_t count,
                         double* numbers) {
  for (int64_t i = 0; i < count; i += 2) {
    const olstm__philox_block block = olstm__philox(key, run, (uint64_t)(first + i) / 2);
    numbers[i] = olstm__philox_uniform(&block, 0);
    if (i + 1 < count) numbers[i + 1] = olstm__philox_uniform(&block, 1);
  }
}

/// Pairs of uniform numbers become pairs of normal ones (Box and Muller).
static void make_normal(double mean, double scale, int64_t count, double* numbers) {
  const double turn = 6.283185307179586;
  for (int64_t i = 0; i < count; i += 2) {
    const double radius = scale * sqrt(-2 * log1p(-numbers[i]));
    const double angle = turn * (i + 1 < count ? numbers[i + 1] : 0.125);
    numbers[i] = mean + radius * cos(angle);
    if (i + 1 < count) numbers[i + 1] = mean + radius * sin(angle);
  }
}

static void make_numbers(const random_op* self, const random_handle* handle, uint64_t run,
                         const char* x, char* y) {
  double numbers[kBlock], chances[kBlock];
  const size_t x_bytes = olstm_dtype_size(handle->x_dtype);
  const size_t y_bytes = olstm_dtype_size(handle->y_dtype);
  for (int64_t at = 0; at < handle->count; at += kBlock) {
    const int64_t left = handle->count - at;
    const int64_t count = left < kBlock ? left : kBlock;
    // A pair is drawn even for the last number alone.
    draw_uniform(self->key, run, at, count + count % 2, numbers);
    if (self->code == kNormal) {
      make_normal(self->first, self->second, count + count % 2, numbers);
    } else if (self->code == kUniform) {
      const double low = self->first, width = (double)self->second - low;
      for (int64_t i = 0; i < count; i++) numbers[i] = low + numbers[i] * width;
    } else {
      olstm__convert(handle->x_dtype, OLSTM_DTYPE_DOUBLE, x + (size_t)at * x_bytes,
                     chances, (size_t)count);
      for (int64_t i = 0; i < count; i++) numbers[i] = numbers[i] < chances[i];
    }
    olstm__convert(OLSTM_DTYPE_DOUBLE, handle->y_dtype, numbers, y + (size_t)at * y_bytes,
                   (size_t)count);
  }
}

/// Sums of the classes' weights up to each; the whole sum.
static double add_weights(const random_handle* handle, const char* x, double* sums) {
  double most = -INFINITY, sum = 0;
  olstm__convert(handle->x_dtype, OLSTM_DTYPE_DOUBLE, x, sums, (size_t)handle->classes);
  for (int64_t c = 0; c < handle->classes; c++) {
    if (sums[c] > most) most = sums[c];
  }
  for (int64_t c = 0; c < handle->classes; c++) {
    sum += exp(sums[c] - most);
    sums[c] = sum;
  }
  return sum;
}

/// The first class whose sum is above `target`.
static int64_t find_class(const double* sums, int64_t classes, double target) {
  int64_t low = 0, high = classes - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (sums[middle] > target) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

static olstm_status draw_classes(const random_op* self, const random_handle* handle,
                                 uint64_t run, const olstm_run_args* args,
                                 olstm_error* error) {
  double* sums = args->workspace;
  const size_t row_bytes = (size_t)handle->classes * olstm_dtype_size(handle->x_dtype);
  for (int64_t row = 0; row < handle->rows && handle->count > 0; row++) {
    const char* x = args->inputs[0];
    const double sum =
        handle->classes ? add_weights(handle, x + (size_t)row * row_bytes, sums) : 0;
    if (!(sum > 0) || isinf(sum)) {
      return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "row %" PRId64 " of '%s' has no class to draw", row,
                            self->base.node->input_names[0]);
    }
    for (int64_t i = 0; i < self->sample_size; i++) {
      const int64_t at = row * self->sample_size + i;
      const olstm__philox_block block = olstm__philox(self->key, run, (uint64_t)at / 2);
      const double target = olstm__philox_uniform(&block, (int)(at % 2)) * sum;
      const int64_t drawn = find_class(sums, handle->classes, target);
      olstm__convert(
          OLSTM_DTYPE_INT64, handle->y_dtype, &drawn,
          (char*)args->outputs[0] + (size_t)at * olstm_dtype_size(handle->y_dtype), 1);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status random_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const random_op* self = instance;
  const random_handle* prepared = handle;
  // Atomic: contexts on other threads count, too.
  atomic_uint_fast64_t* count = &((random_op*)(uintptr_t)instance)->run_count;
  const bool has_trip =
      args->struct_size >= offsetof(olstm_run_args, trip) + sizeof args->trip;
  const uint64_t trip = has_trip ? args->trip : 0;
  const uint64_t run = self->has_seed ? trip : atomic_fetch_add(count, 1);
  if (self->code == kMultinomial) {
    return draw_classes(self, prepared, run, args, error);
  }
  const char* x = args->inputs ? args->inputs[0] : NULL;
  make_numbers(self, prepared, run, x, args->outputs[0]);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- table

#define SCHEMA(name, inputs, which, ...)                                      \
  static const char* const name##_attributes[] = {__VA_ARGS__, "seed", NULL}; \
  static const olstm__op_schema name =                                        \
      OLSTM__OP_SCHEMA(inputs, inputs, 1, name##_attributes, random_op, parse, which)

SCHEMA(kRandomNormal, 0, kNormal, "dtype", "mean", "scale", "shape");
SCHEMA(kRandomNormalLike, 1, kNormal, "dtype", "mean", "scale");
SCHEMA(kRandomUniform, 0, kUniform, "dtype", "low", "high", "shape");
SCHEMA(kRandomUniformLike, 1, kUniform, "dtype", "low", "high");
SCHEMA(kBernoulliSchema, 1, kBernoulli, "dtype");
SCHEMA(kMultinomialSchema, 1, kMultinomial, "dtype", "sample_size");

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(random);

#define ROW(type, first, dtypes, schema)                               \
  OLSTM__OP_ROW_WITH_FLAGS(type, first, 0, dtypes, kCallbacks, schema, \
                           OLSTM_OPERATOR_RANDOM)

static const olstm__op_row kTable[] = {
    ROW("RandomNormal", 1, OLSTM__DTYPES_REAL, kRandomNormal),
    ROW("RandomNormalLike", 1, OLSTM__DTYPES_ALL, kRandomNormalLike),
    ROW("RandomUniform", 1, OLSTM__DTYPES_REAL, kRandomUniform),
    ROW("RandomUniformLike", 1, OLSTM__DTYPES_ALL, kRandomUniformLike),
    ROW("Bernoulli", 15, OLSTM__DTYPES_REAL, kBernoulliSchema),
    ROW("Multinomial", 7, OLSTM__DTYPES_REAL, kMultinomialSchema),
};

static const olstm__type_traits kTraits[] = {
    {"RandomNormalLike", OLSTM__TRAIT_KEEPS_SHAPE},
    {"RandomUniformLike", OLSTM__TRAIT_KEEPS_SHAPE},
    {"Bernoulli", OLSTM__TRAIT_KEEPS_SHAPE},
    {"Multinomial", OLSTM__TRAIT_KEEPS_RANK},
    {NULL, 0},
};

const olstm__op_family olstm__random_family = {
    OLSTM__ROWS(kTable), .traits = OLSTM__TRAIT_RANDOM, .type_traits = kTraits};
