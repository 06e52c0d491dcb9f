// tools/plot.h: what is drawn is well-formed, and gaps stay gaps.
#include "tools/plot.h"

#include <math.h>
#include <string.h>

#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

/// What is drawn, until the next call.
static const char* draw(const char* title, const olstm_tensor* tensor) {
  static char text[1 << 16];
  olstm_test_folder_begin();
  FILE* file = fopen(olstm_test_path("plot.svg"), "wb+");
  assert_non_null(file);
  olstm__plot_write(file, title, tensor);
  rewind(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  assert_int_equal(fclose(file), 0);
  olstm_test_folder_end();
  return text;
}

static size_t count(const char* text, const char* what) {
  size_t result = 0;
  for (const char* at = strstr(text, what); at; at = strstr(at + 1, what)) result++;
  return result;
}

static void draws_a_line_for_each_feature_of_the_first_row(void** state) {
  float values[2 * 3 * 2] = {0, 10, 1, 20, 2, 30, 99, 99, 99, 99, 99, 99};
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 3, {2, 3, 2}}, values};
  const char* text = draw("y", &tensor);
  (void)state;
  assert_int_equal(count(text, "<path "), 2);
  // 0 to 30 spans 370 up to 40; the second row's 99 is not drawn.
  assert_non_null(strstr(text, "d=\"M80.0 370.0L460.0 359.0L840.0 348.0\""));
  assert_non_null(strstr(text, "d=\"M80.0 260.0L460.0 150.0L840.0 40.0\""));
}

static void leaves_a_gap_where_a_value_is_not_finite(void** state) {
  double values[4] = {0, NAN, 1, INFINITY};
  const olstm_tensor tensor = {{OLSTM_DTYPE_DOUBLE, 1, {4}}, values};
  const char* text = draw("y", &tensor);
  (void)state;
  assert_non_null(strstr(text, "d=\"M80.0 370.0M586.7 40.0\""));
}

static void escapes_the_title(void** state) {
  float value = 1;
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 0, {0}}, &value};
  const char* text = draw("a<b>&\n", &tensor);
  (void)state;
  assert_non_null(strstr(text, ">a&lt;b&gt;&amp;? []</text>"));
}

static void draws_axes_alone_without_elements(void** state) {
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 2, {0, 3}}, NULL};
  const char* text = draw("y", &tensor);
  (void)state;
  assert_int_equal(count(text, "<path "), 0);
  assert_null(strstr(text, "nan"));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_a_line_for_each_feature_of_the_first_row),
      cmocka_unit_test(leaves_a_gap_where_a_value_is_not_finite),
      cmocka_unit_test(escapes_the_title),
      cmocka_unit_test(draws_axes_alone_without_elements),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
