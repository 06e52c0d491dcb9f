// An LV2 effect that is a trained network: one LSTM layer and a Dense(1), sample by
// sample, as guitar amplifier models are. A worked example of olstm/lstm.h under hard
// real-time rules: instantiate loads and allocates, run only computes.
//
// The bundle holds layer.f32 beside the plugin; write_bundle.py makes it out of Keras'
// arrays.
#include <lv2/core/lv2.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/lstm.h"

#define LSTM_FX_URI "https://olstm.example/lv2/lstm-fx"

enum { kPortInput, kPortOutput, kPortGainDb, kPortMix, kPortCount };
enum { kMaxUnits = 512, kBlock = 64 };

typedef struct lstm_fx {
  olstm_lstm* lstm;
  int64_t units;
  float* dense_kernel;  // [H]
  float dense_bias;
  float* hidden;  // [BLOCK,H]
  float driven[kBlock];
  const float* input;
  float* output;
  const float* gain_db;
  const float* mix;
} lstm_fx;

// ---------------------------------------------------------------- loading

/// layer.f32: "OLSTMFX1", units as a little-endian int32, then float32 kernel [1,4H],
/// recurrent_kernel [H,4H], bias [4H] in Keras' order, dense kernel [H], dense bias [1].
/// Nothing may follow.
static float* read_layer(FILE* file, int64_t* out_units) {
  char magic[8];
  unsigned char units_bytes[4];
  if (fread(magic, 1, sizeof magic, file) != sizeof magic ||
      memcmp(magic, "OLSTMFX1", sizeof magic) != 0 ||
      fread(units_bytes, 1, sizeof units_bytes, file) != sizeof units_bytes) {
    return NULL;
  }
  const uint32_t units = units_bytes[0] | (uint32_t)units_bytes[1] << 8 |
                         (uint32_t)units_bytes[2] << 16 | (uint32_t)units_bytes[3] << 24;
  if (units < 1 || units > kMaxUnits) return NULL;
  const size_t h = units, count = 4 * h + 4 * h * h + 4 * h + h + 1;
  float* values = malloc(count * sizeof *values);
  if (values &&
      (fread(values, sizeof *values, count, file) != count || fgetc(file) != EOF)) {
    free(values);
    values = NULL;
  }
  *out_units = (int64_t)units;
  return values;
}

static float* load_layer(const char* bundle_path, int64_t* out_units) {
  char path[4096];
  const int length = snprintf(path, sizeof path, "%s/layer.f32", bundle_path);
  if (length < 0 || (size_t)length >= sizeof path) return NULL;
  FILE* file = fopen(path, "rb");
  if (!file) return NULL;
  float* values = read_layer(file, out_units);
  (void)fclose(file);
  return values;
}

static olstm_status create_layer(lstm_fx* fx, const float* values, olstm_error* error) {
  const size_t h = (size_t)fx->units;
  const float* recurrent = values + 4 * h;
  const float* bias = recurrent + 4 * h * h;
  const float* dense = bias + 4 * h;
  const olstm_lstm_weights weights = {.struct_size = sizeof weights,
                                      .order = OLSTM_LSTM_ORDER_KERAS,
                                      .kernel = values,
                                      .recurrent_kernel = recurrent,
                                      .bias = bias};
  olstm_lstm_options options;
  olstm_lstm_options_init(&options);
  options.input_size = 1;
  options.hidden_size = fx->units;
  options.block_steps = kBlock;
  fx->dense_kernel = malloc(h * sizeof(float));
  fx->hidden = malloc(kBlock * h * sizeof(float));
  if (!fx->dense_kernel || !fx->hidden) return OLSTM_STATUS_OUT_OF_MEMORY;
  memcpy(fx->dense_kernel, dense, h * sizeof(float));
  fx->dense_bias = dense[h];
  return olstm_lstm_create(&options, &weights, &fx->lstm, error);
}

static void cleanup(LV2_Handle instance) {
  lstm_fx* fx = instance;
  olstm_lstm_destroy(fx->lstm);
  free(fx->dense_kernel);
  free(fx->hidden);
  free(fx);
}

static LV2_Handle instantiate(const LV2_Descriptor* descriptor, double sample_rate,
                              const char* bundle_path,
                              const LV2_Feature* const* features) {
  (void)descriptor;
  (void)sample_rate;
  (void)features;
  olstm_error error = {"cannot read layer.f32"};
  lstm_fx* fx = calloc(1, sizeof *fx);
  float* values = fx ? load_layer(bundle_path, &fx->units) : NULL;
  const bool made = values && create_layer(fx, values, &error) == OLSTM_STATUS_OK;
  free(values);
  if (made) return fx;
  // A plugin has nobody else to tell.
  (void)fprintf(stderr, "lstm_fx: %s: %s\n", bundle_path, error.message);
  if (fx) cleanup(fx);
  return NULL;
}

// ---------------------------------------------------------------- running

static void connect_port(LV2_Handle instance, uint32_t port, void* data) {
  lstm_fx* fx = instance;
  switch (port) {
    case kPortInput:
      fx->input = data;
      break;
    case kPortOutput:
      fx->output = data;
      break;
    case kPortGainDb:
      fx->gain_db = data;
      break;
    case kPortMix:
      fx->mix = data;
      break;
    default:
      break;
  }
}

static void activate(LV2_Handle instance) {
  lstm_fx* fx = instance;
  (void)olstm_lstm_reset_state(fx->lstm, -1, NULL);
}

static float dense(const lstm_fx* fx, const float* hidden) {
  float sum = fx->dense_bias;
  for (int64_t u = 0; u < fx->units; u++) sum += fx->dense_kernel[u] * hidden[u];
  return sum;
}

/// Input and output may be the same buffer: a block's input is read before its output is
/// written.
static void run_block(lstm_fx* fx, const float* input, float* output, uint32_t count,
                      float gain, float mix) {
  for (uint32_t i = 0; i < count; i++) fx->driven[i] = gain * input[i];
  (void)olstm_lstm_sequence(fx->lstm, count, fx->driven, fx->hidden, NULL);
  for (uint32_t i = 0; i < count; i++) {
    const float wet = dense(fx, fx->hidden + (size_t)i * (size_t)fx->units);
    output[i] = mix * wet + (1.0F - mix) * input[i];
  }
}

static void run(LV2_Handle instance, uint32_t sample_count) {
  lstm_fx* fx = instance;
  const float gain = powf(10.0F, *fx->gain_db / 20.0F);
  const float mix = *fx->mix;
  for (uint32_t first = 0; first < sample_count; first += kBlock) {
    const uint32_t rest = sample_count - first;
    run_block(fx, fx->input + first, fx->output + first, rest < kBlock ? rest : kBlock,
              gain, mix);
  }
}

static const LV2_Descriptor kDescriptor = {
    .URI = LSTM_FX_URI,
    .instantiate = instantiate,
    .connect_port = connect_port,
    .activate = activate,
    .run = run,
    .cleanup = cleanup,
};

LV2_SYMBOL_EXPORT const LV2_Descriptor* lv2_descriptor(uint32_t index) {
  return index == 0 ? &kDescriptor : NULL;
}
