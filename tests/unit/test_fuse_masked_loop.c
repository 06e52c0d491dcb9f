// runtime/fuse/fuse_loop.c and fuse_cell.c: LSTM and GRU cells in Loops, with a mask and
// without; what differs in one place stays a Loop.
#include "tests/support/fuse_case.h"
#include "tests/support/test_main.h"

#define COUNT(edits) (sizeof(edits) / sizeof(edits)[0])
#define RECURRENT "LSTM GRU RNN MaskedLSTM MaskedGRU MaskedRNN"

#define OUTSIDE                                                           \
  "input x float[T,N,2]\ninput h0 float[N,2]\ninput c0 float[N,2]\n"      \
  "input y0 float[N,2]\ninput m float[T,N,1]\ninput other float[S,N,1]\n" \
  "const zero int64[] 0\nconst one int64[] 1\nconst half float[] 0.5\n"   \
  "const b float[8] 0.1 -0.3 0.2 0.05 -0.1 0.4\n"                         \
  "const w float[2,8] 0.3 -0.2 0.1 0.4 0.25 -0.5 0.7\n"                   \
  "const r float[2,8] 0.2 0.5 -0.4 0.1 -0.3\nconst v float[2] 0.2 0.3\n"
#define GATES                                                                      \
  "node Gather x,i -> xt\nnode MatMul xt,w -> xw\nnode MatMul h,r -> hr\n"         \
  "node Add xw,hr -> xh\nnode Add xh,b -> s\nnode Split s -> si,sf,sg,so axis=1\n" \
  "node Sigmoid si -> gi\nnode Sigmoid sf -> gf\nnode Tanh sg -> gg\n"             \
  "node Sigmoid so -> go_\nnode Mul gf,c -> kept\nnode Mul gi,gg -> added\n"       \
  "node Add kept,added -> c1\nnode Tanh c1 -> a\nnode Mul go_,a -> h1\n"

/// An LSTM layer.
#define LSTM_LOOP                                                    \
  OUTSIDE                                                            \
  "graph g\ninput i int64[]\ninput go bool[]\n"                      \
  "input h float[N,2]\ninput c float[N,2]\n" GATES                   \
  "node Identity h1 -> y\nnode Identity go -> more\n"                \
  "output more bool[]\noutput h1 float[N,2]\noutput c1 float[N,2]\n" \
  "output y float[N,2]\nend\n"                                       \
  "node Shape x -> dims\nnode Gather dims,zero -> len\n"             \
  "node Loop len,_,h0,c0 -> hT,cT,ys body=@g\noutput ys\noutput hT\noutput cT\n"

/// With a mask; masked steps repeat the output before them.
#define MASKED_LOOP                                                                \
  OUTSIDE                                                                          \
  "graph g\ninput i int64[]\ninput go bool[]\n"                                    \
  "input h float[N,2]\ninput c float[N,2]\ninput last float[N,2]\n" GATES          \
  "node Gather mask,i -> mt\nnode Where mt,h1,h -> h2\nnode Where mt,c1,c -> c2\n" \
  "node Where mt,h1,last -> y2\nnode Identity y2 -> y\nnode Identity go -> more\n" \
  "output more bool[]\noutput h2 float[N,2]\noutput c2 float[N,2]\n"               \
  "output y2 float[N,2]\noutput y float[N,2]\nend\n"                               \
  "node Greater m,half -> mask\nnode Greater other,half -> mask2\n"                \
  "node Shape x -> dims\nnode Gather dims,zero -> len\n"                           \
  "node Loop len,_,h0,c0,y0 -> hT,cT,yT,ys body=@g\n"                              \
  "output ys\noutput hT\noutput cT\noutput yT\n"

#define CUT(to, first, end)                                                      \
  "const b_" to " int64[2] 0 " first "\nconst e_" to " int64[2] 2147483647 " end \
  "\n"                                                                           \
  "node Slice s,b_" to ",e_" to ",both -> " to "\n"

static const fuse_case_edit kSameCells[] = {
    {"gates cut out by Slices of both dimensions",
     {{"node Split s -> si,sf,sg,so axis=1\n",
       "const both int64[2] 0 1\n" CUT("si", "0", "2") CUT("sf", "2", "4")
           CUT("sg", "4", "6") CUT("so", "6", "2147483647")}},
     false},
    {"operands the other way round",
     {{"Mul gf,c ", "Mul c,gf "},
      {"Mul gi,gg", "Mul gg,gi"},
      {"Add kept,added", "Add added,kept"},
      {"Mul go_,a", "Mul a,go_"},
      {"Add xw,hr", "Add hr,xw"}},
     false},
    {"one activation of the gates, another one of them",
     {{"Sigmoid si", "HardSigmoid si"},
      {"Sigmoid sf", "HardSigmoid sf"},
      {"Sigmoid so", "HardSigmoid so"}},
     false},
    {"another activation of the candidate, and of the output",
     {{"Tanh sg", "Softsign sg"}, {"Tanh c1", "Relu c1"}},
     false},
    {"no activation of the output", {{"Tanh c1 -> a", "Identity c1 -> a"}}, false},
    {"two biases",
     {{"Add xw,hr", "Add xw,b2 -> xb\nnode Add xb,hr"},
      {"const v", "const b2 float[8] 0.05 0.02\nconst v"}},
     false},
    {"lengths of the parts, as an attribute",
     {{"input x float[T,N,2]\ninput h0", "opset 9\ninput x float[T,N,2]\ninput h0"},
      {"si,sf,sg,so axis=1", "si,sf,sg,so axis=1 split=[2,2,2,2]"}},
     false},
    {"lengths of the parts, as an input",
     {{"Split s ->", "Split s,widths ->"},
      {"const v", "const widths int64[4] 2\nconst v"}},
     false},
    {"parts of unequal lengths, as an attribute",
     {{"input x float[T,N,2]\ninput h0", "opset 9\ninput x float[T,N,2]\ninput h0"},
      {"Split s -> si,sf,sg,so axis=1",
       "Split s -> si,sf,rest axis=1 split=[2,2,4]\n"
       "node Split rest -> sg,so axis=1 split=[2,2]"}},
     false},
    {"parts of unequal lengths, as an input",
     {{"Split s -> si,sf,sg,so axis=1",
       "Split s,widths -> si,sf,rest axis=1\nnode Split rest -> sg,so axis=1"},
      {"const v", "const widths int64[3] 2 2 4\nconst v"}},
     false},
    {"parts by Slice",
     {{"Split s -> si,sf,sg,so axis=1",
       "Slice s,k0,k2,one_ -> si\nnode Slice s,k2,k4,last -> sf\n"
       "node Slice s,k4,k6,one_ -> sg\nnode Slice s,k6,end,one_ -> so"},
      {"const v",
       "const k0 int64[1] 0\nconst k2 int64[1] 2\nconst k4 int64[1] 4\n"
       "const k6 int64[1] -2\nconst end int64[1] 9223372036854775807\n"
       "const one_ int64[1] 1\nconst last int64[1] -1\nconst v"},
      {"node Slice s,k4,k6,one_", "node Slice s,k4,k6,last"}},
     false},
    {"parts of parts",
     {{"Split s -> si,sf,sg,so axis=1",
       "Split s -> s1,s2 axis=1\nnode Split s1 -> si,sf axis=1\n"
       "node Split s2 -> sg,so axis=-1"}},
     false},
    {"one row of c", {{"c0 float[N,2]", "c0 float[1,2]"}}, false},
    {"one row of h", {{"h0 float[N,2]", "h0 float[1,2]"}}, false},
    {"nothing is written", {{"ys body=@g\noutput ys\n", "_ body=@g\n"}}, false},
};

static void ways_to_write_a_cell_are_known(void** state) {
  (void)state;
  fuse_case_expect_variants(LSTM_LOOP, RECURRENT, kSameCells, COUNT(kSameCells));
}

static const fuse_case_edit kOtherCells[] = {
    {"an input gate of its own activation", {{"Sigmoid si", "HardSigmoid si"}}, false},
    {"a forget gate of its own activation", {{"Sigmoid sf", "Tanh sf"}}, false},
    {"an output gate of its own activation", {{"Sigmoid so", "Elu so"}}, false},
    {"activations of their own parameters",
     {{"Sigmoid si -> gi", "HardSigmoid si -> gi alpha=0.3"},
      {"Sigmoid sf -> gf", "HardSigmoid sf -> gf alpha=0.4"},
      {"Sigmoid so -> go_", "HardSigmoid so -> go_ alpha=0.4"}},
     false},
    {"activations of their own offsets",
     {{"Sigmoid si -> gi", "HardSigmoid si -> gi beta=0.3"},
      {"Sigmoid sf -> gf", "HardSigmoid sf -> gf beta=0.4"},
      {"Sigmoid so -> go_", "HardSigmoid so -> go_ beta=0.4"}},
     false},
    {"forgets h", {{"Mul gf,c ", "Mul gf,h "}}, false},
    {"forgets nothing", {{"Mul gf,c ", "Identity c "}}, false},
    {"a difference", {{"Add kept,added", "Sub kept,added"}}, false},
    {"an output of the old c", {{"Tanh c1", "Tanh c"}}, false},
    {"an output gate of the new c: a peephole",
     {{"Sigmoid so", "Mul c1,v -> p\nnode Add so,p -> sp\nnode Sigmoid sp"}},
     false},
    {"a gate of c: a peephole",
     {{"Sigmoid sf", "Mul c,v -> p\nnode Add sf,p -> sp\nnode Sigmoid sp"}},
     false},
    {"input and forget gates are coupled",
     {{"Sigmoid sf -> gf", "Sub uno,gi -> gf"},
      {"const v", "const uno float[] 1\nconst v"}},
     false},
    {"c is written", {{"Identity h1 -> y", "Identity c1 -> y"}}, false},
    {"c is carried as it was",
     {{"output c1 float[N,2]\n", "output c3 float[N,2]\n"},
      {"Identity h1 -> y\n", "Identity h1 -> y\nnode Neg c1 -> c3\n"}},
     false},
    {"h and c change places",
     {{"output h1 float[N,2]\noutput c1 float[N,2]\n",
       "output c1 float[N,2]\noutput h1 float[N,2]\n"}},
     false},
    {"more biases than are looked at",
     {{"Add xw,hr",
       "Add xw,b -> q1\nnode Add q1,b -> q2\nnode Add q2,b -> q3\nnode Add q3,b -> q4\n"
       "node Add q4,hr"}},
     false},
    {"two products with the input",
     {{"Add xh,b -> s", "Add xh,xw -> q\nnode Add q,b -> s"}},
     false},
    {"gates of unequal width",
     {{"Split s -> si,sf,sg,so axis=1", "Split s,widths -> si,sf,sg,so axis=1"},
      {"const v", "const widths int64[4] 2 2 1 3\nconst v"},
      {"Tanh sg -> gg", "Tanh sg -> g1\nnode Identity g1 -> gg"},
      {"Sigmoid so -> go_", "Sigmoid so -> o3\nnode ReduceMean o3 -> go_ axes=[1]"}},
     false},
    {"gates of lengths that are computed",
     {{"Split s ->", "Split s,lengths ->"},
      {"const v", "input number float[]\nconst widths int64[4] 2\nconst v"},
      {"node Shape x -> dims",
       "node Cast number -> n to=7\nnode Add widths,n -> lengths\nnode Shape x -> "
       "dims"}},
     false},
    {"gates of another axis",
     {{"Split s -> si,sf,sg,so axis=1",
       "Transpose s -> st perm=[1,0]\nnode Split st -> a0,a1,a2,a3 axis=0\n"
       "node Transpose a0 -> si perm=[1,0]\nnode Transpose a1 -> sf perm=[1,0]\n"
       "node Transpose a2 -> sg perm=[1,0]\nnode Transpose a3 -> so perm=[1,0]"}},
     false},
};

static void other_cells_are_refused(void** state) {
  (void)state;
  fuse_case_expect_refusals(LSTM_LOOP, RECURRENT, kOtherCells, COUNT(kOtherCells));
}

static void ways_to_mask_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a negated mask",
       {{"node Where mt,h1,h ", "node Not mt -> nt\nnode Where nt,h,h1 "},
        {"Where mt,c1,c ", "Where nt,c,c1 "},
        {"Where mt,h1,last", "Where nt,last,h1"}},
       false},
      {"sums of products",
       {{"Where mt,h1,h -> h2",
         "Cast mt -> mf to=1\nnode Not mt -> nt\nnode Cast nt -> nf to=1\n"
         "node Mul mf,h1 -> new\nnode Mul nf,h -> old\nnode Add new,old -> h2"},
        {"Where mt,c1,c -> c2",
         "Mul c1,mf -> newc\nnode Mul c,nf -> oldc\nnode Add oldc,newc -> c2"}},
       false},
      {"of a length that is another",
       {{"x float[T,N,2]", "x float[3,N,2]"}, {"m float[T,N,1]", "m float[4,N,1]"}},
       false},
      {"of a length that may be another", {{"m float[T,N,1]", "m float[3,N,1]"}}, false},
      {"of the same length",
       {{"x float[T,N,2]", "x float[3,N,2]"}, {"m float[T,N,1]", "m float[3,N,1]"}},
       false},
      {"batch-major, with an axis that is put behind",
       {{"input x float[T,N,2]\n", "input xb float[N,T,2]\n"},
        {"input m float[T,N,1]\n", "input mb float[N,T]\nconst behind int64[1] -1\n"},
        {"node Greater m,half -> mask\n",
         "node Greater mb,half -> gm\nnode Unsqueeze gm,behind -> gu\n"
         "node Transpose gu -> mask perm=[1,0,2]\nnode Transpose xb -> x perm=[1,0,2]\n"},
        {"output ys\n", "node Transpose ys -> yb perm=[1,0,2]\noutput yb\n"}},
       false},
      {"batch-major, with its axis",
       {{"input x float[T,N,2]\n", "input xb float[N,T,2]\n"},
        {"input m float[T,N,1]\n", "input mb float[N,T,1]\n"},
        {"node Greater m,half -> mask\n",
         "node Greater mb,half -> gm\nnode Transpose gm -> mask perm=[1,0,2]\n"
         "node Transpose xb -> x perm=[1,0,2]\n"}},
       false},
      {"batch-major, of a sequence that is not",
       {{"input m float[T,N,1]\n", "input mb float[N,T,1]\n"},
        {"node Greater m,half -> mask\n",
         "node Greater mb,half -> gm\nnode Transpose gm -> mask perm=[1,0,2]\n"}},
       false},
      {"from another order of axes",
       {{"input m float[T,N,1]\n", "input mb float[1,T,N]\n"},
        {"node Greater m,half -> mask\n",
         "node Greater mb,half -> gm\nnode Transpose gm -> mask perm=[1,2,0]\n"}},
       false},
      {"no output that is repeated",
       {{"input last float[N,2]\n", ""},
        {"node Where mt,h1,last -> y2\nnode Identity y2 -> y\n",
         "node Identity h2 -> y\n"},
        {"output y2 float[N,2]\n", ""},
        {"h0,c0,y0 -> hT,cT,yT,ys", "h0,c0 -> hT,cT,ys"},
        {"output yT\n", ""}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(MASKED_LOOP, "MaskedLSTM", kEdits, COUNT(kEdits));
}

static const fuse_case_edit kOtherMasks[] = {
    {"one mask for all steps",
     {{"Gather mask,i -> mt", "Identity mask0 -> mt"},
      {"node Shape x -> dims", "node Gather mask,zero -> mask0\nnode Shape x -> dims"}},
     false},
    {"the first step's", {{"Gather mask,i", "Gather mask,zero"}}, false},
    {"of the state", {{"Gather mask,i -> mt", "Greater h,half -> mt"}}, false},
    {"along the rows", {{"Gather mask,i -> mt", "Gather mask,i -> mt axis=1"}}, false},
    {"keeps what should change", {{"Where mt,h1,h ", "Where mt,h,h1 "}}, false},
    {"keeps something else", {{"Where mt,h1,h ", "Where mt,h1,c "}}, false},
    {"c has another mask",
     {{"Where mt,c1,c ", "Gather mask2,i -> m2\nnode Where m2,c1,c "},
      {"float[S,N,1]", "float[T,N,1]"}},
     false},
    {"c has none", {{"Where mt,c1,c ", "Identity c1 "}}, false},
    {"h has none", {{"Where mt,h1,h ", "Identity h1 "}}, false},
    {"the output has another",
     {{"Where mt,h1,last", "Gather mask2,i -> m2\nnode Where m2,h1,last"},
      {"float[S,N,1]", "float[T,N,1]"}},
     false},
    {"the output has none", {{"Where mt,h1,last -> y2", "Identity h1 -> y2"}}, false},
    {"the output repeats the state that is carried",
     {{"Where mt,h1,last", "Where mt,h2,last"}},
     false},
    {"the output repeats c", {{"Where mt,h1,last", "Where mt,c1,last"}}, false},
    {"a sum is carried, too",
     {{"input last float[N,2]\n", "input last float[N,2]\ninput sum float[N,2]\n"},
      {"node Identity y2 -> y\n", "node Identity y2 -> y\nnode Add sum,h1 -> sum2\n"},
      {"output y2 float[N,2]\n", "output y2 float[N,2]\noutput sum2 float[N,2]\n"},
      {"h0,c0,y0 -> hT,cT,yT,ys", "h0,c0,y0,y0 -> hT,cT,yT,sT,ys"},
      {"output yT\n", "output yT\noutput sT\n"}},
     false},
    {"h is written, not the output", {{"Identity y2 -> y", "Identity h2 -> y"}}, false},
    {"the cell's own h is written", {{"Identity y2 -> y", "Identity h1 -> y"}}, false},
    {"products of two masks",
     {{"Where mt,h1,h -> h2",
       "Gather mask2,i -> m2\nnode Cast mt -> mf to=1\nnode Not m2 -> nt\n"
       "node Cast nt -> nf to=1\nnode Mul mf,h1 -> new\nnode Mul nf,h -> old\n"
       "node Add new,old -> h2"},
      {"float[S,N,1]", "float[T,N,1]"}},
     false},
    {"products of one mask, not of its opposite",
     {{"Where mt,h1,h -> h2",
       "Cast mt -> mf to=1\nnode Mul mf,h1 -> new\nnode Mul mf,h -> old\n"
       "node Add new,old -> h2"}},
     false},
    {"a product that keeps c",
     {{"Where mt,h1,h -> h2",
       "Cast mt -> mf to=1\nnode Not mt -> nt\nnode Cast nt -> nf to=1\n"
       "node Mul mf,h1 -> new\nnode Mul nf,c -> old\nnode Add new,old -> h2"}},
     false},
    {"a difference of products",
     {{"Where mt,h1,h -> h2",
       "Cast mt -> mf to=1\nnode Not mt -> nt\nnode Cast nt -> nf to=1\n"
       "node Mul mf,h1 -> new\nnode Mul nf,h -> old\nnode Sub new,old -> h2"}},
     false},
    {"a factor that is no mask",
     {{"Where mt,h1,h -> h2",
       "Not mt -> nt\nnode Cast nt -> nf to=1\n"
       "node Mul xt,h1 -> new\nnode Mul nf,h -> old\nnode Add new,old -> h2"}},
     false},
};

static void other_masks_are_refused(void** state) {
  (void)state;
  fuse_case_expect_refusals(MASKED_LOOP, RECURRENT, kOtherMasks, COUNT(kOtherMasks));
}

/// A SimpleRNN layer with a mask and two outputs that are repeated.
static void an_output_is_repeated_once(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"twice",
       {{"input last float[N,2]\n", "input last float[N,2]\ninput also float[N,2]\n"},
        {"node Identity y2 -> y\n",
         "node Identity y2 -> y\nnode Where mt,h1,also -> z2\n"},
        {"output y2 float[N,2]\n", "output y2 float[N,2]\noutput z2 float[N,2]\n"},
        {"h0,y0 -> hT,yT,ys", "h0,y0,h0 -> hT,yT,zT,ys"},
        {"output yT\n", "output yT\noutput zT\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(
      "input x float[T,N,2]\ninput h0 float[N,2]\ninput y0 float[N,2]\n"
      "input m float[T,N,1]\nconst zero int64[] 0\nconst half float[] 0.5\n"
      "const w float[2,2] 0.3 -0.2 0.1 0.4\n"
      "graph g\ninput i int64[]\ninput go bool[]\ninput h float[N,2]\n"
      "input last float[N,2]\nnode Gather x,i -> xt\nnode MatMul xt,w -> xw\n"
      "node MatMul h,w -> hr\nnode Add xw,hr -> s\nnode Tanh s -> h1\n"
      "node Gather mask,i -> mt\nnode Where mt,h1,h -> h2\n"
      "node Where mt,h1,last -> y2\nnode Identity y2 -> y\nnode Identity go -> more\n"
      "output more bool[]\noutput h2 float[N,2]\noutput y2 float[N,2]\n"
      "output y float[N,2]\nend\nnode Greater m,half -> mask\n"
      "node Shape x -> dims\nnode Gather dims,zero -> len\n"
      "node Loop len,_,h0,y0 -> hT,yT,ys body=@g\noutput ys\noutput hT\noutput yT\n",
      "MaskedRNN", kEdits, COUNT(kEdits));
}

/// GRU with the reset behind the product, as Keras' reset_after has it.
#define GRU_LOOP                                                                    \
  "input x float[T,N,2]\ninput h0 float[N,2]\nconst uno float[] 1\n"                \
  "const zero int64[] 0\nconst b float[6] 0.1 -0.3 0.2 0.05\n"                      \
  "const rb float[6] 0.05 0.2 -0.1 0.3\nconst w float[2,6] 0.3 -0.2 0.1 0.4 0.25\n" \
  "const r float[2,6] 0.2 0.5 -0.4 0.1 -0.3\n"                                      \
  "graph g\ninput i int64[]\ninput go bool[]\ninput h float[N,2]\n"                 \
  "node Gather x,i -> xt\nnode MatMul xt,w -> xw\nnode Add xw,b -> xs\n"            \
  "node Split xs -> xz,xr,xn axis=1\nnode MatMul h,r -> hr\nnode Add hr,rb -> hs\n" \
  "node Split hs -> hz,hr_,hn axis=1\nnode Add xz,hz -> sz\nnode Sigmoid sz -> z\n" \
  "node Add xr,hr_ -> sr\nnode Sigmoid sr -> rr\nnode Mul rr,hn -> rn\n"            \
  "node Add xn,rn -> sn\nnode Tanh sn -> n\nnode Mul z,h -> kept\n"                 \
  "node Sub uno,z -> share\nnode Mul share,n -> added\nnode Add kept,added -> h1\n" \
  "node Identity h1 -> y\nnode Identity go -> more\n"                               \
  "output more bool[]\noutput h1 float[N,2]\noutput y float[N,2]\nend\n"            \
  "node Shape x -> dims\nnode Gather dims,zero -> len\n"                            \
  "node Loop len,_,h0 -> hT,ys body=@g\noutput ys\noutput hT\n"

static void ways_to_write_a_gru_cell_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"the other sum of h and n",
       {{"Mul z,h -> kept", "Sub h,n -> d"},
        {"node Sub uno,z -> share\n", ""},
        {"Mul share,n -> added", "Mul z,d -> zd"},
        {"Add kept,added", "Add n,zd"}},
       false},
      {"update and candidate change places",
       {{"Mul z,h ", "Mul z,n "}, {"Mul share,n", "Mul share,h"}},
       false},
      {"the update of the candidate by HardSigmoid, the difference added to h",
       {{"Sigmoid sz", "HardSigmoid sz"},
        {"Sigmoid sr", "HardSigmoid sr"},
        {"Mul z,h -> kept", "Sub n,h -> d"},
        {"node Sub uno,z -> share\n", ""},
        {"Mul share,n -> added", "Mul z,d -> zd"},
        {"Add kept,added", "Add h,zd"}},
       false},
      {"the update of the candidate resets, too",
       {{"Mul z,h ", "Mul z,n "},
        {"Mul share,n", "Mul share,h"},
        {"Mul rr,hn", "Mul z,hn"}},
       false},
      {"the update gate resets, too", {{"Mul rr,hn", "Mul z,hn"}}, false},
      {"the reset comes before the product",
       {{"Mul rr,hn -> rn", "Mul rr,h -> rh\nnode MatMul rh,r3 -> rn"},
        {"const uno", "const r3 float[2,2] 0.1 0.3 -0.2\nconst uno"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(GRU_LOOP, "GRU", kEdits, COUNT(kEdits));
}

static void other_gru_cells_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"the update of the candidate by Tanh",
       {{"Mul z,h ", "Mul z,n "},
        {"Mul share,n", "Mul share,h"},
        {"Sigmoid sz", "Tanh sz"},
        {"Sigmoid sr", "Tanh sr"}},
       false},
      {"the update of the candidate by a HardSigmoid that is not 1/2 at 0",
       {{"Mul z,h ", "Mul z,n "},
        {"Mul share,n", "Mul share,h"},
        {"Sigmoid sz -> z", "HardSigmoid sz -> z beta=0.25"},
        {"Sigmoid sr -> rr", "HardSigmoid sr -> rr beta=0.25"}},
       false},
      {"shares that are not of 1", {{"uno float[] 1", "uno float[] 2"}}, false},
      {"a share of another gate", {{"Sub uno,z", "Sub uno,rr"}}, false},
      {"the share is 1 less", {{"Sub uno,z", "Sub z,uno"}}, false},
      {"a reset gate of its own activation", {{"Sigmoid sr", "HardSigmoid sr"}}, false},
      {"the reset of another h", {{"Mul rr,hn -> rn", "Mul rr,xn -> rn"}}, false},
      {"no reset", {{"Mul rr,hn -> rn", "Identity hn -> rn"}}, false},
      {"two products with h are reset",
       {{"Add hr,rb -> hs", "Add hr,hr -> h2\nnode Add h2,rb -> hs"}},
       false},
      {"the candidate has another input",
       {{"Add xn,rn -> sn",
         "Gather v,i -> vt\nnode MatMul vt,wn -> vn\nnode Add vn,rn -> sn"},
        {"const uno",
         "input v float[T,N,2]\nconst wn float[2,2] 0.1 0.2 0.3\nconst uno"}},
       false},
      {"one update for all units",
       {{"Add xz,hz -> sz",
         "MatMul xt,wz -> xz_\nnode MatMul h,wz -> hz_\nnode Add xz_,hz_ -> sz"},
        {"const uno", "const wz float[2,1] 0.1 0.2\nconst uno"}},
       false},
      {"the candidate has h again",
       {{"Add xn,rn -> sn", "Add xn,rn -> q\nnode Add q,h -> sn"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(GRU_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ways_to_write_a_cell_are_known),
      cmocka_unit_test(other_cells_are_refused),
      cmocka_unit_test(ways_to_mask_are_known),
      cmocka_unit_test(other_masks_are_refused),
      cmocka_unit_test(an_output_is_repeated_once),
      cmocka_unit_test(ways_to_write_a_gru_cell_are_known),
      cmocka_unit_test(other_gru_cells_are_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
