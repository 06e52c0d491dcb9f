// runtime/fuse/fuse_loop.c: Scans, as CNTK writes recurrent layers, and the Loops of
// tf2onnx and TorchScript that read their sequence in other ways. What is recognised
// gives what it gave, what is not is run as it stands.
#include "olstm/olstm.h"
#include "tests/support/fuse_case.h"
#include "tests/support/model_text.h"
#include "tests/support/test_main.h"

#define RECURRENT "LSTM GRU RNN"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/// An LSTM layer with weights of its own names; its body's inputs are h, c and x.
#define LSTM_SCAN                                                               \
  "input x float[T,N,2]\ninput z float[T,N,2]\ninput h0 float[N,2]\n"           \
  "input c0 float[N,2]\n"                                                       \
  "const w float[2,8] 0.3 -0.2 0.1 0.4 0.25\nconst r float[2,8] 0.2 -0.5 0.3\n" \
  "const b float[8] 0.1 -0.3 0.2\nconst b2 float[8] 0.2 0.1\n"                  \
  "graph g\ninput h float[N,2]\ninput c float[N,2]\ninput xt float[N,2]\n"      \
  "node MatMul xt,w -> xw\nnode MatMul h,r -> hr\nnode Add b,xw -> xb\n"        \
  "node Add xb,hr -> s\nnode Split s -> si,sg,sf,so axis=1\n"                   \
  "node Sigmoid si -> gi\nnode Sigmoid sf -> gf\nnode Tanh sg -> gg\n"          \
  "node Sigmoid so -> go\nnode Mul gf,c -> kept\nnode Mul gi,gg -> added\n"     \
  "node Add kept,added -> c1\nnode Tanh c1 -> a\nnode Mul go,a -> h1\n"         \
  "node Identity h1 -> y\n"                                                     \
  "output h1 float[N,2]\noutput c1 float[N,2]\noutput y float[N,2]\nend\n"      \
  "node Scan h0,c0,x -> hT,cT,ys name=scan body=@g num_scan_inputs=1\n"         \
  "output hT\noutput cT\noutput ys\n"

static void ways_to_scan_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"nothing is stacked", {{"hT,cT,ys", "hT,cT"}, {"output ys\n", ""}}, false},
      {"the states are nobody's",
       {{"hT,cT,ys", "_,_,ys"}, {"output hT\noutput cT\n", ""}},
       false},
      {"directions are said",
       {{"num_scan_inputs=1",
         "num_scan_inputs=1 scan_input_directions=[0] scan_output_directions=[0]"}},
       false},
      {"axes are said",
       {{"num_scan_inputs=1",
         "num_scan_inputs=1 scan_input_axes=[0] scan_output_axes=[0]"}},
       false},
      {"backwards",
       {{"num_scan_inputs=1",
         "num_scan_inputs=1 scan_input_directions=[1] scan_output_directions=[1]"}},
       false},
      {"backwards, and nothing is stacked",
       {{"hT,cT,ys", "hT,cT"},
        {"output ys\n", ""},
        {"num_scan_inputs=1", "num_scan_inputs=1 scan_input_directions=[1]"}},
       false},
      {"without a bias", {{"Add b,xw -> xb", "Identity xw -> xb"}}, false},
      {"with two", {{"Add b,xw -> xb", "Add b,xw -> xc\nnode Add xc,b2 -> xb"}}, false},
      {"of one row",
       {{"x float[T,N,2]", "x float[T,1,2]"},
        {"h0 float[N,2]", "h0 float[1,2]"},
        {"c0 float[N,2]", "c0 float[1,2]"}},
       false},
      {"one row of state", {{"h0 float[N,2]", "h0 float[1,2]"}}, false},
      {"another sequence is sliced, too",
       {{"input xt float[N,2]\n", "input xt float[N,2]\ninput zt float[N,2]\n"},
        {"h0,c0,x ->", "h0,c0,x,z ->"},
        {"num_scan_inputs=1", "num_scan_inputs=2"}},
       false},
      {"the batch before the steps, transposed",
       {{"input x float[T,N,2]", "input xb float[N,T,2]"},
        {"node Scan", "node Transpose xb -> x perm=[1,0,2]\nnode Scan"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(LSTM_SCAN, RECURRENT, kEdits, COUNT(kEdits));
}

static void other_scans_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"only the slices go backwards",
       {{"num_scan_inputs=1", "num_scan_inputs=1 scan_input_directions=[1]"}},
       false},
      {"only the stacks do",
       {{"num_scan_inputs=1", "num_scan_inputs=1 scan_output_directions=[1]"}},
       false},
      {"along the rows",
       {{"num_scan_inputs=1", "num_scan_inputs=1 scan_input_axes=[1]"},
        {"input x float[T,N,2]", "input x float[N,T,2]"}},
       false},
      {"stacks along the rows",
       {{"num_scan_inputs=1", "num_scan_inputs=1 scan_output_axes=[1]"}},
       false},
      {"one of two goes the other way",
       {{"input xt float[N,2]\n", "input xt float[N,2]\ninput zt float[N,2]\n"},
        {"h0,c0,x ->", "h0,c0,x,z ->"},
        {"num_scan_inputs=1", "num_scan_inputs=2 scan_input_directions=[0,1]"}},
       false},
      {"c is stacked", {{"Identity h1 -> y", "Identity c1 -> y"}}, false},
      {"what is sliced is changed",
       {{"MatMul xt,w", "Neg xt -> nx\nnode MatMul nx,w"}},
       false},
      {"of two sequences",
       {{"input xt float[N,2]\n", "input xt float[N,2]\ninput zt float[N,2]\n"},
        {"h0,c0,x ->", "h0,c0,x,z ->"},
        {"num_scan_inputs=1", "num_scan_inputs=2"},
        {"Add b,xw -> xb", "MatMul zt,w -> zw\nnode Add zw,xw -> xb"}},
       false},
      {"h and c change places",
       {{"output h1 float[N,2]\noutput c1 float[N,2]\n",
         "output c1 float[N,2]\noutput h1 float[N,2]\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(LSTM_SCAN, RECURRENT, kEdits, COUNT(kEdits));
}

/// What is sliced must have one length, be it used or not, and recognised or not.
static void lengths_that_differ_are_refused(void** state) {
  static float data[64];
  (void)state;
  for (int fuse = 0; fuse < 2; fuse++) {
    olstm_session_options options;
    olstm_session* session = NULL;
    olstm_context* context = NULL;
    olstm_error error = {""};
    olstm_tensor outputs[1] = {{{0}, NULL}};
    const olstm_tensor inputs[] = {{{OLSTM_DTYPE_FLOAT, 3, {3, 1, 1}}, data},
                                   {{OLSTM_DTYPE_FLOAT, 3, {2, 1, 1}}, data}};
    olstm_session_options_init(&options);
    options.fuse = fuse != 0;
    olstm_model* model = olstm_test_model(
        "input x float[T,1,1]\ninput z float[S,1,1]\nconst h0 float[1,2] 0\n"
        "const w float[1,2] 0.5\nconst r float[2,2] 0.25\n"
        "graph g\ninput h float[1,2]\ninput xt float[1,1]\ninput zt float[1,1]\n"
        "node MatMul xt,w -> xw\nnode MatMul h,r -> hr\nnode Add xw,hr -> s\n"
        "node Tanh s -> h1\noutput h1 float[1,2]\nend\n"
        "node Scan h0,x,z -> hT name=scan body=@g num_scan_inputs=2\noutput hT\n");
    assert_int_equal(olstm_session_create(model, NULL, &options, &session, NULL),
                     OLSTM_STATUS_OK);
    assert_string_equal(olstm_session_get_node(session, 0)->op_type,
                        fuse ? "RNN" : "Scan");
    assert_int_equal(olstm_context_create(session, &context, NULL), OLSTM_STATUS_OK);
    assert_int_equal(olstm_context_run(context, inputs, 2, outputs, 1, &error),
                     OLSTM_STATUS_SHAPE_MISMATCH);
    assert_string_equal(
        error.message,
        "Scan 'scan': input 'z' has shape [2,1,1], expected 3 steps as input 'x' has");
    olstm_context_destroy(context);
    olstm_session_destroy(session);
    olstm_model_destroy(model);
  }
}

#define GRU_WEIGHTS                                                                     \
  "const wz float[2,3] 0.3 -0.2 0.1 0.4 0.25 -0.6\nconst wr float[2,3] 0.2 -0.5 0.3\n"  \
  "const wn float[2,3] -0.4 0.35 0.15\nconst rz float[3,3] 0.3 -0.2 0.1 0.4\n"          \
  "const rr float[3,3] 0.15 0.25 -0.3\nconst rn float[3,3] -0.2 0.45 0.1 0.3\n"         \
  "const bz float[3] 0.1 -0.3 0.2\nconst br float[3] 0.4 0.1\nconst bn float[3] -0.2\n" \
  "const cn float[3] 0.3 -0.1\nconst one float[] 1\n"
#define GRU_GATES                                                            \
  "node MatMul xz,wz -> az\nnode Add az,bz -> bz1\nnode MatMul h,rz -> hz\n" \
  "node Add bz1,hz -> sz\nnode Sigmoid sz -> z\n"                            \
  "node MatMul xr,wr -> ar\nnode Add ar,br -> br1\nnode MatMul h,rr -> hr\n" \
  "node Add br1,hr -> sr\nnode Sigmoid sr -> r\n"
#define RESET_BEFORE \
  "node Mul r,h -> rh\nnode MatMul rh,rn -> hn\nnode Add bn1,hn -> sn\n"
#define RESET_AFTER                                                     \
  "node MatMul h,rn -> hq\nnode Add hq,cn -> hc\nnode Mul r,hc -> hn\n" \
  "node Add bn1,hn -> sn\n"
#define GRU_CELL(reset)                                                      \
  GRU_GATES "node MatMul xn,wn -> an\nnode Add an,bn -> bn1\n" reset         \
            "node Tanh sn -> n\nnode Sub one,z -> z1\nnode Mul z,h -> old\n" \
            "node Mul z1,n -> new\nnode Add old,new -> h1\n"

/// As tf2onnx writes Keras 2's GRU: TensorArrays, and a dropout that drops nothing.
#define GRU_LOOP(reset) \
  "input x float[N,T,2]\ninput seen float[N,5]\n" GRU_WEIGHTS                          \
  "const zero int64[] 0\nconst at int64[1] 0\nconst to int64[1] 1\n"                    \
  "const last int64[1] -1\nconst end int64[1] 2147483647\nconst step int64[] 1\n"       \
  "const most int64[] 9223372036854775807\nconst nil float[] 0\n"                       \
  "const sums int64[2] 1 2\nconst tile int64[2] 1 3\n"                                  \
  "graph g\ninput i int64[]\ninput go bool[]\ninput time int64[]\ninput h float[N,3]\n" \
  "node Add time,step -> next\nnode Cast next -> nextf to=1\n"                          \
  "node Less nextf,lenf -> more\nnode Unsqueeze time,at -> row\n"                       \
  "node Gather xs,row -> picked\nnode Squeeze picked,at -> xt\n"                        \
  "node Mul xt,ones -> xz\nnode Mul ones,xt -> xr\nnode Mul xt,ones -> xn\n"            \
  GRU_CELL(reset)                                                                       \
  "output more bool[]\noutput next int64[]\noutput h1 float[N,3]\nend\n"                \
  "node Transpose x -> xs perm=[1,0,2]\nnode Shape xs -> dims\n"                        \
  "node Gather dims,zero -> len\nnode Cast len -> lenf to=1\n"                          \
  "node Less nil,lenf -> start\n"                                                       \
  "node Slice xs,at,to,at -> first\nnode Squeeze first,at -> x0\nnode Shape x0 -> d0\n" \
  "node Cast d0 -> d32 to=6\nnode Slice d32,at,to,at -> rows\n"                         \
  "node Slice d32,last,end,at -> cols\nnode Concat rows,cols -> both axis=0\n"          \
  "node Cast both -> shape to=7\nnode Expand one,shape -> ones\n"                       \
  "node Shape x -> dx\nnode ConstantOfShape dx -> zeros\n"                              \
  "node ReduceSum zeros,sums -> sum keepdims=0\nnode Unsqueeze sum,last -> column\n"    \
  "node Tile column,tile -> h0\n"                                                       \
  "node Loop most,start,zero,h0 -> ended,hT name=loop body=@g\noutput hT\n"

static void ways_of_tf2onnx_to_read_a_sequence_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"no dropout",
       {{"Mul xt,ones -> xz", "Identity xt -> xz"},
        {"Mul ones,xt -> xr", "Identity xt -> xr"},
        {"Mul xt,ones -> xn", "Identity xt -> xn"}},
       false},
      {"ones of a single row",
       {{"Concat rows,cols", "Concat single,cols"},
        {"const tile", "const single int32[1] 1\nconst tile"}},
       false},
      {"one of a gate alone", {{"Mul xt,ones -> xz", "Identity xt -> xz"}}, false},
      {"the row itself",
       {{"node Gather xs,row -> picked\nnode Squeeze picked,at -> xt",
         "node Gather xs,time -> xt"}},
       false},
      {"counts itself", {{"Unsqueeze time,at", "Unsqueeze i,at"}}, false},
      {"another start",
       {{"Tile column,tile -> h0", "Expand nil,shape0 -> h0"},
        {"const tile", "const shape0 int64[2] 3 3\nconst tile"}},
       false},
      {"without biases of the gates",
       {{"Add az,bz -> bz1", "Identity az -> bz1"}},
       false},
      {"an activation that is none", {{"Tanh sn -> n", "Identity sn -> n"}}, false},
      {"a hard sigmoid of minimum and maximum",
       {{"node Sigmoid sz -> z\n",
         "node Mul slope,sz -> l\nnode Add l,half -> l2\n"
         "node Min l2,one -> l3\nnode Max l3,nil -> z\n"},
        {"node Sigmoid sr -> r\n",
         "node Mul slope,sr -> k\nnode Add k,half -> k2\n"
         "node Min k2,one -> k3\nnode Max k3,nil -> r\n"},
        {"const tile", "const slope float[] 0.2\nconst half float[] 0.5\nconst tile"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(GRU_LOOP(RESET_BEFORE), "GRU", kEdits, COUNT(kEdits));
  fuse_case_expect_variants(GRU_LOOP(RESET_AFTER), "GRU", kEdits, COUNT(kEdits));
}

static void other_factors_and_rows_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a dropout that scales",
       {{"Expand one,shape", "Expand two,shape"},
        {"const tile", "const two float[] 2\nconst tile"}},
       false},
      {"ones of more rows than there are",
       {{"Expand one,shape", "Expand one,other"},
        {"x float[N,T,2]", "x float[1,T,2]"},
        {"const tile", "const other int64[2] 3 2\nconst tile"}},
       false},
      {"ones of more dimensions",
       {{"Expand one,shape", "Expand one,other"},
        {"const tile", "const other int64[3] 1 1 2\nconst tile"}},
       true},
      {"ones of two rows",
       {{"Concat rows,cols", "Concat two32,cols"},
        {"const tile", "const two32 int32[1] 2\nconst tile"}},
       true},
      {"ones of an input's shape",
       {{"Expand one,shape", "Expand one,number"},
        {"input seen float[N,5]", "input number int64[2]"}},
       true},
      {"rows of another axis",
       {{"Squeeze picked,at -> xt", "Squeeze picked,at -> xq\nnode Neg xq -> xt"}},
       false},
      {"the row before",
       {{"Unsqueeze time,at", "Sub time,time -> t0\nnode Unsqueeze t0,at"}},
       false},
      {"a list with more axes",
       {{"Unsqueeze time,at -> row", "Unsqueeze time,both2 -> row"},
        {"Squeeze picked,at -> xt", "Squeeze picked,both2 -> xt"},
        {"const tile", "const both2 int64[2] 0 1\nconst tile"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(GRU_LOOP(RESET_BEFORE), "GRU", kEdits, COUNT(kEdits));
}

/// As TorchScript traces nn.LSTM in a script: Gemms without anything to add, states that
/// are gathered from a stack, a condition that is a number.
#define SCRIPT_LOOP                                                                    \
  "input x float[T,N,2]\ninput hs float[4,N,2]\ninput cs float[4,N,2]\n"               \
  "const w float[8,2] 0.3 -0.2 0.1 0.4 0.25\nconst r float[8,2] 0.2 -0.5 0.3\n"        \
  "const b float[8] 0.1 -0.3 0.2\nconst b2 float[8] 0.2 0.1\nconst zero int64[] 0\n"   \
  "const one int64[] 1\n"                                                              \
  "graph g\ninput i int64[]\ninput go bool[]\ninput h float\ninput c float\n"          \
  "node Gather x,i -> xt\nnode Gemm xt,w -> xw beta=0.0 transB=1\n"                    \
  "node Gemm h,r -> hr beta=0.0 transB=1\nnode Add xw,hr -> s1\nnode Add s1,b -> s2\n" \
  "node Add s2,b2 -> s\nnode Split s -> si,sf,sg,so axis=1\n"                          \
  "node Sigmoid si -> gi\nnode Sigmoid sf -> gf\nnode Tanh sg -> gg\n"                 \
  "node Sigmoid so -> go_\nnode Mul gf,c -> kept\nnode Mul gi,gg -> added\n"           \
  "node Add kept,added -> c1\nnode Tanh c1 -> a\nnode Mul go_,a -> h1\n"               \
  "node Cast one -> on to=9\nnode Identity h1 -> y\n"                                  \
  "output on bool[]\noutput h1 float\noutput c1 float\noutput y float\nend\n"          \
  "node Gather hs,one -> h0\nnode Gather cs,one -> c0\nnode Shape x -> dims\n"         \
  "node Gather dims,zero -> len\nnode Cast one -> start to=9\n"                        \
  "node Loop len,start,h0,c0 -> hT,cT,ys name=loop body=@g\n"                          \
  "output hT\noutput cT\noutput ys\n"

static void ways_of_torchscript_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"beta adds nothing",
       {{"Gemm xt,w -> xw beta=0.0", "Gemm xt,w -> xw beta=3.0"}},
       false},
      {"a Gemm with its bias",
       {{"Gemm xt,w -> xw beta=0.0", "Gemm xt,w,b2 -> xw"},
        {"node Add s2,b2 -> s\n", "node Identity s2 -> s\n"}},
       false},
      {"backwards, by a Slice",
       {{"input x float", "input x1 float"},
        {"node Shape x ->",
         "const m1 int64[1] -1\nconst at int64[1] 0\n"
         "const min int64[1] -9223372036854775807\n"
         "node Slice x1,m1,min,at,m1 -> x\nnode Shape x ->"}},
       false},
  };
  static const fuse_case_edit kRefusals[] = {
      {"beta of something",
       {{"Gemm xt,w -> xw beta=0.0", "Gemm xt,w,b2 -> xw beta=0.5"}},
       false},
      {"it stops at once", {{"Cast one -> on", "Cast zero -> on"}}, false},
      {"alpha", {{"Gemm xt,w -> xw beta=0.0", "Gemm xt,w -> xw alpha=0.5"}}, false},
  };
  (void)state;
  fuse_case_expect_variants(SCRIPT_LOOP, RECURRENT, kEdits, COUNT(kEdits));
  fuse_case_expect_refusals(SCRIPT_LOOP, RECURRENT, kRefusals, COUNT(kRefusals));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ways_to_scan_are_known),
      cmocka_unit_test(other_scans_are_refused),
      cmocka_unit_test(lengths_that_differ_are_refused),
      cmocka_unit_test(ways_of_tf2onnx_to_read_a_sequence_are_known),
      cmocka_unit_test(other_factors_and_rows_are_refused),
      cmocka_unit_test(ways_of_torchscript_are_known),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
