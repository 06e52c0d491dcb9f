// Lines drawn at random.
#include <string.h>

#include "tests/support/lstm_problems.h"

static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return x ^ x >> 31;
}

/// Appends a printed piece.
OLSTM_PRINTF_(2, 3)
static void add(char text[512], const char* format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text + used, 512 - used, format, arguments);
  va_end(arguments);
}

static int64_t draw(uint64_t* state, int64_t below) {
  *state = mix(*state);
  return (int64_t)(*state % (uint64_t)below);
}

static void draw_activations(uint64_t* state, olstm__cell cell, int64_t directions,
                             char text[512]) {
  static const char* const kNames[] = {
      "Relu",       "Tanh",        "Sigmoid", "Affine",   "LeakyRelu", "ThresholdedRelu",
      "ScaledTanh", "HardSigmoid", "Elu",     "Softsign", "Softplus",  "tanh",
      "SIGMOID"};
  char alphas[128] = "";
  char betas[128] = "";
  add(text, " act=");
  for (int64_t a = 0; a < olstm__cell_activation_count(cell) * directions; a++) {
    const char* name = kNames[draw(state, sizeof kNames / sizeof kNames[0])];
    olstm__activation activation;
    bool takes_alpha = false;
    bool takes_beta = false;
    (void)olstm__activation_find(name, &activation, &takes_alpha, &takes_beta);
    add(text, "%s%s", a ? "," : "", name);
    const size_t alpha_end = strlen(alphas);
    const size_t beta_end = strlen(betas);
    if (takes_alpha) {
      (void)snprintf(alphas + alpha_end, sizeof alphas - alpha_end, "%s0.%d",
                     alpha_end ? "," : "", (int)draw(state, 9) + 1);
    }
    if (takes_beta) {
      (void)snprintf(betas + beta_end, sizeof betas - beta_end, "%s0.%d",
                     beta_end ? "," : "", (int)draw(state, 9) + 1);
    }
  }
  if (alphas[0] && draw(state, 2)) add(text, " alpha=%s", alphas);
  if (betas[0] && draw(state, 2)) add(text, " beta=%s", betas);
}

static int64_t draw_size(uint64_t* state) {
  static const uint8_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 30, 33};
  return kSizes[draw(state, sizeof kSizes)];
}

static void draw_extras(uint64_t* state, olstm__cell cell, int64_t directions,
                        char text[512]) {
  if (draw(state, 3) == 0) add(text, " clip=0.%d", (int)draw(state, 9) + 1);
  if (cell == OLSTM__CELL_LSTM && draw(state, 4) == 0) add(text, " input_forget=1");
  if (cell == OLSTM__CELL_GRU && draw(state, 2)) add(text, " lbr=1");
  if (draw(state, 2)) draw_activations(state, cell, directions, text);
}

static void draw_line(uint64_t seed, const char* cell, bool plain, const char* extra,
                      char out_text[512]) {
  static const char* const kDirections[] = {"forward", "reverse", "bidirectional"};
  static const char* const kOptional[] = {"B", "lens", "h0", "c0", "P", "dynamic"};
  const bool is_lstm = strcmp(cell, "LSTM") == 0;
  const bool is_gru = strcmp(cell, "GRU") == 0;
  uint64_t state = mix(seed);
  const int64_t direction = draw(&state, 3);
  out_text[0] = '\0';
  add(out_text, "%s T%d N%d I%d H%d %s seed=%d", cell, (int)draw(&state, 7) + 1,
      (int)draw_size(&state), (int)draw_size(&state), (int)draw_size(&state),
      kDirections[direction], (int)(seed % 1000000));
  for (size_t i = 0; i < sizeof kOptional / sizeof kOptional[0]; i++) {
    const bool has_c = kOptional[i][0] == 'c' || kOptional[i][0] == 'P';
    if (!draw(&state, 2) || (has_c && !is_lstm) || (plain && kOptional[i][0] == 'l')) {
      continue;
    }
    add(out_text, " %s", kOptional[i]);
  }
  if (draw(&state, 2)) add(out_text, " layout=1");
  if (!plain)
    draw_extras(&state,
                is_lstm  ? OLSTM__CELL_LSTM
                : is_gru ? OLSTM__CELL_GRU
                         : OLSTM__CELL_RNN,
                direction == 2 ? 2 : 1, out_text);
  if (draw(&state, 4) == 0) add(out_text, " hidden_size=none");
  if (draw(&state, 4) == 0) add(out_text, " -Y");
  if (draw(&state, 4) == 0) add(out_text, " -Yh");
  if (is_lstm && draw(&state, 4) == 0) add(out_text, " -Yc");
  add(out_text, " %s", extra);
}

void olstm_lstm_case_draw(uint64_t seed, const char* cell, const char* extra,
                          char out_text[512]) {
  draw_line(seed, cell, false, extra, out_text);
}

void olstm_lstm_case_draw_plain(uint64_t seed, const char* extra, char out_text[512]) {
  draw_line(seed, "LSTM", true, extra, out_text);
}
