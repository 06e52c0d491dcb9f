// One LSTM layer without a model file: weights as Keras' layer.get_weights() gives them,
// one step at a time, as an audio callback or a control loop would.
//
//   cc -std=c11 layer_without_graph.c -o layer $(pkg-config --cflags --libs olstm)
#include <stdio.h>
#include <stdlib.h>

#include <olstm/lstm.h>

enum { I = 1, H = 4, T = 8 };  // input size, units, steps

static void check(olstm_status status, const olstm_error* error) {
  if (status == OLSTM_STATUS_OK) return;
  (void)fprintf(stderr, "layer_without_graph: %s\n", error->message);
  exit(1);
}

int main(void) {
  // Gates in Keras' order: i f c o.
  float kernel[I * 4 * H], recurrent_kernel[H * 4 * H], bias[4 * H];
  float x[T], y[T * H], again[T * H];
  olstm_error error = {""};
  olstm_lstm* lstm = NULL;
  for (int i = 0; i < I * 4 * H; i++) kernel[i] = 0.05F * (float)(i % 7) - 0.1F;
  for (int i = 0; i < H * 4 * H; i++) recurrent_kernel[i] = 0.1F * (float)(i % 5) - 0.2F;
  for (int i = 0; i < 4 * H; i++) bias[i] = i / H == 1 ? 1.0F : 0.0F;  // forget gate
  for (int t = 0; t < T; t++) x[t] = t % 2 ? -1.0F : 1.0F;

  const olstm_lstm_weights weights = {.struct_size = sizeof weights,
                                      .order = OLSTM_LSTM_ORDER_KERAS,
                                      .kernel = kernel,
                                      .recurrent_kernel = recurrent_kernel,
                                      .bias = bias};
  olstm_lstm_options options;
  olstm_lstm_options_init(&options);
  options.input_size = I;
  options.hidden_size = H;
  check(olstm_lstm_create(&options, &weights, &lstm, &error), &error);

  // Step by step; the layer keeps h and c.
  for (int t = 0; t < T; t++) {
    check(olstm_lstm_step(lstm, &x[t], &y[t * H], &error), &error);
  }
  printf("last h:");
  for (int h = 0; h < H; h++) printf(" %.5f", (double)y[(T - 1) * H + h]);
  printf("\n");

  // The same at once, from zeros again: the same bits.
  check(olstm_lstm_reset_state(lstm, -1, &error), &error);
  check(olstm_lstm_sequence(lstm, T, x, again, &error), &error);
  int differences = 0;
  for (int i = 0; i < T * H; i++) differences += y[i] != again[i];
  printf("differences: %d\n", differences);

  olstm_lstm_destroy(lstm);
  return differences != 0;
}
