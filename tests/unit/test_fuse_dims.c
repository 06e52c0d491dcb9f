// runtime/fuse/fuse_dims.c: where the dimensions and the rank of a value come from.
#include "runtime/fuse/fuse_dims.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

#define INPUTS                                                                        \
  "input x float[T,N,4]\ninput z float[T,N,4]\ninput s float[N,4]\ninput u float\n"   \
  "input i int64[A,B]\nconst w float[4,5] 0.5\nconst b float[4] 0.5\n"                \
  "const row float[1,1,4] 0.5\nconst whole float[3,2,4] 0.5\nconst lens int64[2] 1\n" \
  "const zero int64[1] 0\nconst one int64[1] 1\nconst two int64[1] 2\n"               \
  "const last int64[1] -1\nconst end int64[1] -9223372036854775807\n"                 \
  "const k int64[] 1\nconst ks int64[2] 0 1\nconst shape int64[3] 0 -1 6\n"           \
  "const zeros int32[2] 0\nconst ones int32[2] 1\nconst pads int64[6] 0 0 0 1 1 1\n"  \
  "const lw float[1,16,4] 0.1\nconst lr float[1,16,4] 0.1\n"

/// Of the value y: its rank (-1: not known), and for each dimension "VALUE.AXIS" or a
/// number; "y.AXIS" where it is its own.
typedef struct dims_case {
  const char* nodes;
  int32_t rank;
  const char* dims;
} dims_case;

static int32_t find_value(const olstm__graph* graph, const char* name) {
  for (int32_t v = 0; v < graph->value_count; v++) {
    if (strcmp(graph->values[v].info.name, name) == 0) return v;
  }
  fail_msg("no value '%s'", name);
  return OLSTM__NO_VALUE;
}

static void expect_dims(const dims_case* cases, size_t count) {
  for (size_t c = 0; c < count; c++) {
    char text[4096], got[256] = "";
    olstm__graph* graph = NULL;
    (void)snprintf(text, sizeof text, INPUTS "%s\noutput y\n", cases[c].nodes);
    olstm_model* model = olstm_test_model(text);
    assert_int_equal(
        olstm__graph_create(olstm__model_graph(model), 0, NULL, NULL, &graph, NULL),
        OLSTM_STATUS_OK);
    const int32_t y = find_value(graph, "y");
    for (int32_t axis = 0; axis < 3; axis++) {
      const olstm__dim_symbol symbol = olstm__dim_symbol_of(graph, y, axis);
      const size_t used = strlen(got);
      if (symbol.root == OLSTM__NO_VALUE) {
        (void)snprintf(got + used, sizeof got - used, "%s%lld", used ? " " : "",
                       (long long)symbol.number);
      } else {
        (void)snprintf(got + used, sizeof got - used, "%s%s.%d", used ? " " : "",
                       graph->values[symbol.root].info.name, (int)symbol.axis);
      }
    }
    if (olstm__dim_rank_of(graph, y) != cases[c].rank ||
        strcmp(got, cases[c].dims) != 0) {
      fail_msg("%s: rank %d, '%s', expected %d, '%s'", cases[c].nodes,
               (int)olstm__dim_rank_of(graph, y), got, (int)cases[c].rank, cases[c].dims);
    }
    olstm__graph_destroy(graph);
    olstm_model_destroy(model);
  }
}
#define EXPECT(cases) expect_dims(cases, sizeof(cases) / sizeof(cases)[0])

static void operators_that_keep_a_shape_are_looked_through(void** state) {
  static const dims_case kCases[] = {
      {"node Relu x -> y", 3, "x.0 x.1 4"},
      {"node Identity x -> p\nnode Cast p -> q to=11\nnode Softmax q -> y axis=2", 3,
       "x.0 x.1 4"},
      {"node Clip x -> y", 3, "x.0 x.1 4"},
      // Another domain's operators are unknown, whatever they are called.
      {"opset acme 1\nnode acme:Relu x -> y", -1, "y.0 y.1 y.2"},
      // Only the first output has the input's shape.
      {"node Dropout x -> p,y", -1, "y.0 y.1 y.2"},
      // Of an input of unknown rank.
      {"node Relu u -> y", -1, "u.0 u.1 u.2"},
  };
  (void)state;
  EXPECT(kCases);
}

static void sums_have_the_dimensions_of_both(void** state) {
  static const dims_case kCases[] = {
      {"node Add x,b -> y", 3, "x.0 x.1 y.2"},
      {"node Add b,x -> y", 3, "x.0 x.1 y.2"},
      {"node Mul x,s -> y", 3, "x.0 y.1 y.2"},
      {"node Sub x,row -> y", 3, "x.0 x.1 4"},
      {"node Add row,x -> y", 3, "x.0 x.1 4"},
      {"node Add x,z -> y", 3, "y.0 y.1 4"},
      {"node Relu x -> p\nnode Add x,p -> y", 3, "x.0 x.1 4"},
      {"node Add whole,x -> y", 3, "3 2 4"},
      {"node Add x,whole -> y", 3, "y.0 y.1 4"},
      // An operand of unknown rank may have more dimensions than the other one.
      {"node Add x,u -> y", -1, "y.0 y.1 y.2"},
      {"node Add s,x -> y", 3, "x.0 y.1 y.2"},
      {"node Add s,row -> y", 3, "1 y.1 y.2"},
      {"node Add s,s -> p\nnode Unsqueeze p,zero -> q\nnode Add q,row -> y", 3,
       "1 s.0 4"},
      {"node Pow x,row -> y", 3, "x.0 x.1 4"},
  };
  (void)state;
  EXPECT(kCases);
}

static void moved_dimensions_are_followed(void** state) {
  static const dims_case kCases[] = {
      {"node Transpose x -> y perm=[1,0,2]", 3, "x.1 x.0 4"},
      {"node Transpose x -> y perm=[2,0,1]", 3, "4 x.0 x.1"},
      {"node Transpose x -> y", 3, "y.0 y.1 y.2"},
      {"node Unsqueeze s,zero -> y", 3, "1 s.0 4"},
      {"node Unsqueeze s,one -> y", 3, "s.0 1 4"},
      {"node Unsqueeze s,last -> y", 3, "s.0 4 1"},
      {"node Unsqueeze x,zero -> p\nnode Squeeze p,zero -> y", 3, "x.0 x.1 4"},
      {"node Unsqueeze x,one -> p\nnode Squeeze p,one -> y", 3, "x.0 x.1 4"},
      {"node Squeeze x,last -> y", 2, "x.0 x.1 x.3"},
      {"node Squeeze u,zero -> y", -1, "u.1 u.2 u.3"},
      {"node Squeeze x -> y", -1, "y.0 y.1 y.2"},
  };
  (void)state;
  EXPECT(kCases);
}

static void parts_keep_the_other_dimensions(void** state) {
  static const dims_case kCases[] = {
      {"node Slice x,zero,one,two -> y", 3, "x.0 x.1 1"},
      {"node Slice x,zero,one,zero -> y", 3, "y.0 x.1 4"},
      {"node Slice x,zero,one,last -> y", 3, "y.0 y.1 y.2"},
      {"node Slice x,zero,one -> y", 3, "y.0 y.1 y.2"},
      // Backwards, whole.
      {"node Slice x,last,end,zero,last -> y", 3, "x.0 x.1 4"},
      {"node Slice x,last,end,zero,one -> y", 3, "y.0 x.1 4"},
      {"node Slice x,last,zero,zero,last -> y", 3, "y.0 x.1 4"},
      {"node Slice x,one,end,zero,last -> y", 3, "y.0 x.1 4"},
      {"node Slice x,zeros,ones,ks -> y", 3, "y.0 y.1 4"},
      {"node Split x -> y,q axis=2", 3, "x.0 x.1 y.2"},
      {"node Pad x,pads -> y", 3, "y.0 y.1 y.2"},
      {"node Concat x,z -> y axis=1", 3, "x.0 y.1 4"},
      {"node Concat x,z -> y axis=2", 3, "x.0 x.1 8"},
      {"node Concat x,z -> y axis=-1", 3, "y.0 y.1 y.2"},
      {"node Concat x,u -> y axis=2", 3, "x.0 x.1 y.2"},
      {"node ReduceSum x,one -> y", 3, "x.0 1 4"},
      {"node ReduceSum x,one -> y keepdims=0", 2, "x.0 4 x.3"},
      {"const some int64[2] 0 2\nnode ReduceSum x,some -> y", 3, "1 x.1 1"},
      {"const some int64[2] 0 -1\nnode ReduceSum x,some -> y keepdims=0", 1,
       "x.1 x.3 x.4"},
      {"const many int64[3] 1 1 3\nnode Tile x,many -> y", 3, "x.0 x.1 12"},
      {"const many int64[3] 2 1 1\nnode Tile x,many -> y", 3, "y.0 x.1 4"},
      {"node Tile x,z -> y", 3, "y.0 y.1 y.2"},
      {"node ArgMax x -> y axis=1", 3, "y.0 y.1 y.2"},
  };
  (void)state;
  EXPECT(kCases);
}

static void dimensions_of_indices_and_products(void** state) {
  static const dims_case kCases[] = {
      // Embedding: the weight's rows by index.
      {"node Gather w,i -> y", -1, "i.0 i.1 5"},
      {"node Gather w,i -> y axis=1", -1, "4 i.0 i.1"},
      {"node Gather x,k -> y", 2, "x.1 4 x.3"},
      {"node Gather x,ks -> y", 3, "2 x.1 4"},
      {"node Gather x,ks -> y axis=1", 3, "x.0 2 4"},
      {"node Gather x,ks -> y axis=-1", 3, "y.0 y.1 y.2"},
      {"node MatMul x,w -> y", 3, "x.0 x.1 5"},
      {"node Transpose x -> p perm=[0,2,1]\nnode MatMul x,p -> y", 3, "y.0 y.1 y.2"},
      {"node Transpose x -> p perm=[0,2,1]\nnode MatMul s,p -> y", 3, "y.0 y.1 y.2"},
      {"input v float[4]\nnode MatMul x,v -> y", -1, "y.0 y.1 y.2"},
      {"node MatMul x,b -> y", -1, "y.0 y.1 y.2"},
      {"node MatMul u,w -> y", -1, "y.0 y.1 y.2"},
      {"node Gemm s,w -> y", 2, "y.0 5 y.2"},
      {"const wt float[5,4] 0.5\nnode Gemm s,wt -> y transB=1", 2, "y.0 5 y.2"},
      {"node Reshape x,shape -> y", 3, "y.0 y.1 6"},
      {"const none int64[0]\nnode Reshape u,none -> y", 0, "y.0 y.1 y.2"},
      {"const none int64[0]\nnode ConstantOfShape none -> y", 0, "y.0 y.1 y.2"},
      {"const none int64[0]\nnode Expand s,none -> y", 2, "y.0 y.1 y.2"},
      {"node Shape x -> p\nnode Reshape x,p -> y", 3, "x.0 x.1 4"},
      {"node LSTM x,lw,lr -> y hidden_size=4", 4, "x.0 y.1 x.1"},
      {"node LSTM x,lw,lr -> q,y hidden_size=4", 3, "y.0 y.1 y.2"},
      {"node LSTM x,lw,lr -> q hidden_size=4\nnode Squeeze q,one -> y", 3, "x.0 x.1 y.2"},
      {"node LSTM x,lw,lr -> q hidden_size=4\nnode Squeeze q,zero -> y", 3,
       "y.0 y.1 y.2"},
      {"node LSTM x,lw,lr -> y hidden_size=4 layout=1", 4, "y.0 y.1 y.2"},
      {"node ReverseSequence x,lens -> y", 3, "x.0 x.1 4"},
  };
  (void)state;
  EXPECT(kCases);
}

static void scalars_of_shapes_are_dimensions(void** state) {
  static const struct {
    const char* nodes;
    const char* expected;
  } kCases[] = {
      {"node Shape x -> d\nnode Gather d,k -> y", "x.1"},
      {"node Shape x -> d\nnode Cast d -> c to=6\nnode Slice c,zero,one,zero -> p\n"
       "node Squeeze p,zero -> y",
       "x.0"},
      {"node Shape x -> d\nnode Slice d,two,last,zero -> y", ""},
      {"node Shape x -> d\nnode Slice d,one,two,zero -> p\nnode ReduceMax p -> y", "x.1"},
      {"node Relu x -> p\nnode Shape p -> d\nnode Gather d,k -> q\n"
       "node Unsqueeze q,zero -> y",
       "x.1"},
      {"const n int64[] 2\nnode Shape x -> d\nnode Gather d,n -> y", "4"},
      {"node Shape x -> d start=1\nnode Gather d,zero -> y", ""},
      {"node Shape x -> d end=2\nnode Gather d,zero -> y", ""},
      {"node Shape x -> d\nnode Gather d,last -> y", "4"},
      {"node Shape x -> d\nnode Gather d,ks -> y", ""},
      {"node Size x -> y", ""},
      {"node Shape x -> d\nnode Gather d,k -> p\nnode Add p,p -> y", ""},
      {"node Gather i,k -> y", ""},
  };
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    char text[4096], got[64] = "";
    olstm__graph* graph = NULL;
    olstm__dim_symbol symbol;
    (void)snprintf(text, sizeof text, INPUTS "%s\noutput y\n", kCases[c].nodes);
    olstm_model* model = olstm_test_model(text);
    assert_int_equal(
        olstm__graph_create(olstm__model_graph(model), 0, NULL, NULL, &graph, NULL),
        OLSTM_STATUS_OK);
    if (olstm__dim_symbol_of_scalar(graph, find_value(graph, "y"), &symbol)) {
      if (symbol.root == OLSTM__NO_VALUE) {
        (void)snprintf(got, sizeof got, "%lld", (long long)symbol.number);
      } else {
        (void)snprintf(got, sizeof got, "%s.%d", graph->values[symbol.root].info.name,
                       (int)symbol.axis);
      }
    }
    if (strcmp(got, kCases[c].expected) != 0) {
      fail_msg("%s: '%s', expected '%s'", kCases[c].nodes, got, kCases[c].expected);
    }
    olstm__graph_destroy(graph);
    olstm_model_destroy(model);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operators_that_keep_a_shape_are_looked_through),
      cmocka_unit_test(sums_have_the_dimensions_of_both),
      cmocka_unit_test(moved_dimensions_are_followed),
      cmocka_unit_test(parts_keep_the_other_dimensions),
      cmocka_unit_test(dimensions_of_indices_and_products),
      cmocka_unit_test(scalars_of_shapes_are_dimensions),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
