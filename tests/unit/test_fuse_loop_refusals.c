// runtime/fuse/fuse_loop.c: a Loop that differs from a recurrent layer in one place stays
// a Loop: one place for each thing that is asked of it.
#include <stdio.h>
#include <string.h>

#include "tests/support/fuse_case.h"
#include "tests/support/test_main.h"

#define COUNT(edits) (sizeof(edits) / sizeof(edits)[0])
#define RECURRENT "LSTM GRU RNN MaskedLSTM MaskedGRU MaskedRNN"

/// A SimpleRNN layer, with numbers to edit it with.
#define RNN_LOOP                                                                     \
  "input x float[T,N,2]\ninput h0 float[N,2]\ninput other float[S,N,2]\n"            \
  "input number float[]\n"                                                           \
  "const w float[2,2] 0.3 -0.2 0.1 0.4\nconst r float[2,2] 0.2 0.5 -0.4 0.1\n"       \
  "const b float[2] 0.1 -0.3\nconst zero int64[] 0\nconst one int64[] 1\n"           \
  "const two int64[] 2\nconst many int64[] 1000000\nconst most int64[] 2147483647\n" \
  "const yes bool[] 1\nconst no bool[] 0\nconst half float[] 0.5\n"                  \
  "graph g\n"                                                                        \
  "input i int64[]\ninput go bool[]\ninput time int64[]\ninput h float[N,2]\n"       \
  "node Gather x,time -> xt\nnode MatMul xt,w -> xw\nnode Add xw,b -> xb\n"          \
  "node MatMul h,r -> hr\nnode Add xb,hr -> s\nnode Tanh s -> new\n"                 \
  "node Add time,one -> next\nnode Less next,len -> more\nnode Identity new -> y\n"  \
  "output more bool[]\noutput next int64[]\noutput new float[N,2]\n"                 \
  "output y float[N,2]\n"                                                            \
  "end\n"                                                                            \
  "node Shape x -> dims\nnode Gather dims,zero -> len\nnode Shape other -> dims2\n"  \
  "node Gather dims2,zero -> len2\nnode Less number,half -> flag\n"                  \
  "node Less zero,len -> start\nnode Loop len,start,zero,h0 -> last,hT,ys body=@g\n" \
  "output ys\noutput hT\n"

static void ways_to_count_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"the iteration number counts", {{"Gather x,time", "Gather x,i"}}, false},
      {"the counter is cast",
       {{"Gather x,time", "Cast time -> t to=6\nnode Gather x,t"}},
       false},
      {"the condition is what it was", {{"Less next,len", "Identity go"}}, false},
      {"the condition is true", {{"Less next,len", "Identity yes"}}, false},
      {"the condition never ends it earlier",
       {{"Less next,len", "Less time,len"}},
       false},
      {"both conditions",
       {{"Less next,len -> more",
         "Less next,len -> a\nnode Less time,len -> c\nnode And a,c -> d\n"
         "node And go,d -> more"}},
       false},
      {"no trip count", {{"Loop len", "Loop _"}}, false},
      {"a trip count that cannot be reached", {{"Loop len", "Loop most"}}, false},
      {"no condition before the first step", {{"Loop len,start", "Loop len,_"}}, false},
      {"a true one", {{"Loop len,start", "Loop len,yes"}}, false},
      {"a joined one",
       {{"Less zero,len -> start", "Less zero,len -> a\nnode And a,yes -> start"}},
       false},
      {"its last number is nobody's", {{"-> last,hT", "-> _,hT"}}, false},
      {"with one row of state", {{"h0 float[N,2]", "h0 float[1,2]"}}, false},
      {"the step is added from the left", {{"Add time,one", "Add one,time"}}, false},
  };
  (void)state;
  fuse_case_expect_variants(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

static void counters_that_count_otherwise_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"starts at 1", {{"start,zero,h0", "start,one,h0"}}, false},
      {"starts at a number of the input's",
       {{"node Less zero,len", "node Cast number -> n to=7\nnode Less zero,len"},
        {"start,zero,h0", "start,n,h0"}},
       false},
      {"counts by 2", {{"Add time,one", "Add time,two"}}, false},
      {"counts down",
       {{"Add time,one", "Sub time,one"}, {"Loop len", "Loop two"}},
       false},
      {"counts by a number of the step's", {{"Add time,one", "Add time,i"}}, false},
      {"stands still", {{"Add time,one", "Add time,zero"}}, false},
      {"is what the step says", {{"Add time,one", "Add one,len"}}, false},
      {"is doubled", {{"Add time,one", "Add time,time"}}, false},
      {"is used afterwards", {{"output hT\n", "output hT\noutput last\n"}}, false},
      {"is used afterwards by a node",
       {{"output hT\n", "node Cast last -> l to=1\noutput hT\noutput l\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

static void other_trip_counts_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a number", {{"Loop len", "Loop two"}}, false},
      {"more than any of ours, but not without bound",
       {{"Loop len", "Loop many"}},
       false},
      {"another sequence's length", {{"Loop len", "Loop len2"}}, false},
      {"another dimension",
       {{"node Less zero", "node Gather dims,one -> rows\nnode Less zero"},
        {"Loop len", "Loop rows"}},
       false},
      {"one step less",
       {{"node Less zero", "node Sub len,one -> fewer\nnode Less zero"},
        {"Loop len", "Loop fewer"}},
       false},
      {"one step more",
       {{"node Less zero", "node Add len,one -> further\nnode Less zero"},
        {"Loop len", "Loop further"}},
       false},
      {"a number of the input's",
       {{"node Less zero,len", "node Cast number -> n to=7\nnode Less zero,len"},
        {"Loop len", "Loop n"}},
       false},
      // These two would not end, or run past the sequence.
      {"none, and a condition that is always true",
       {{"Loop len", "Loop _"}, {"Less next,len", "Identity yes"}},
       true},
      {"none, and a condition that ends it too late",
       {{"Loop len", "Loop _"}, {"Less next,len", "Less time,len"}},
       true},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

static void other_conditions_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"false", {{"Less next,len", "Identity no"}}, false},
      {"depends on the state",
       {{"Less next,len -> more",
         "ReduceMax new -> peak keepdims=0\nnode Less peak,half -> more"}},
       false},
      {"depends on an input", {{"Less next,len", "Identity flag"}}, false},
      {"depends on an input as well",
       {{"Less next,len -> more", "Less next,len -> a\nnode And a,flag -> more"}},
       false},
      {"either of two",
       {{"Less next,len -> more", "Less next,len -> a\nnode Or a,go -> more"}},
       false},
      {"not less",
       {{"Less next,len -> more", "Less next,len -> a\nnode Not a -> more"}},
       false},
      {"less or equal", {{"Less next,len", "LessOrEqual next,len"}}, false},
      {"greater", {{"Less next,len", "Greater next,len"}}, false},
      {"less than a number", {{"Less next,len", "Less next,two"}}, false},
      {"less than another length", {{"Less next,len", "Less next,len2"}}, false},
      {"of what is no counter", {{"Less next,len", "Less one,len"}}, false},
      {"of the counter after the next",
       {{"Less next,len -> more", "Add next,one -> after\nnode Less after,len -> more"}},
       false},
      {"of more parts than are looked at",
       {{"Less next,len -> more",
         "And go,go -> a\nnode And a,a -> c\nnode And c,c -> d\nnode And d,d -> more"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

static void other_conditions_before_the_first_step_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"false", {{"Loop len,start", "Loop len,no"}}, false},
      {"an input's", {{"Loop len,start", "Loop len,flag"}}, false},
      {"an input's as well",
       {{"Less zero,len -> start", "Less zero,len -> a\nnode And a,flag -> start"}},
       false},
      {"of 1", {{"Less zero,len -> start", "Less one,len -> start"}}, false},
      {"of what is no constant",
       {{"Less zero,len -> start", "Less len2,len -> start"}},
       false},
      {"less than another dimension",
       {{"Less zero,len -> start",
         "Gather dims,one -> rows\nnode Less zero,rows -> start"}},
       false},
      {"less than another length",
       {{"Less zero,len -> start", "Less zero,len2 -> start"}},
       false},
      {"greater", {{"Less zero,len -> start", "Greater zero,len -> start"}}, false},
      {"of more parts than are looked at",
       {{"Less zero,len -> start",
         "Less zero,len -> a\nnode And a,a -> c\nnode And c,c -> d\nnode And d,d -> "
         "e\n"
         "node And e,e -> start"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

static void other_sequences_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"the next step",
       {{"Gather x,time -> xt", "Add time,one -> n2\nnode Gather x,n2 -> xt"}},
       true},
      {"the first step, always", {{"Gather x,time", "Gather x,zero"}}, false},
      {"rows", {{"Gather x,time -> xt", "Gather x,time -> xt axis=1"}}, false},
      {"what the body computes",
       {{"Gather x,time", "Neg x -> nx\nnode Gather nx,time"}},
       false},
      {"all of it at once",
       {{"Gather x,time -> xt", "Identity x1 -> xt"},
        {"node Shape x -> dims", "node Gather x,zero -> x1\nnode Shape x -> dims"}},
       false},
      {"the state itself", {{"MatMul xt,w", "MatMul h,w"}}, false},
      {"of two dimensions", {{"x float[T,N,2]", "x float[T,2]"}}, false},
      {"of four dimensions",
       {{"x float[T,N,2]", "x float[T,K,N,2]"}, {"h0 float[N,2]", "h0 float[K,N,2]"}},
       false},
      {"of another length than the one that is counted",
       {{"Shape x -> dims", "Shape other -> dims"}},
       false},
      {"of unknown rank", {{"x float[T,N,2]", "x float"}}, true},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

#define PRODUCT_AND_BIAS "MatMul xt,w -> xw\nnode Add xw,b -> xb"

static void ways_to_write_a_sum_are_known(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"Gemm", {{PRODUCT_AND_BIAS, "Gemm xt,w,b -> xb"}}, false},
      {"Gemm of a transposed weight",
       {{PRODUCT_AND_BIAS, "Gemm xt,w,b -> xb transB=1"}},
       false},
      {"Gemm without a bias", {{PRODUCT_AND_BIAS, "Gemm xt,w -> xb"}}, false},
      {"Gemm with a product for a bias",
       {{"MatMul xt,w -> xw\nnode Add xw,b -> xb\nnode MatMul h,r -> hr\nnode Add xb,hr "
         "-> s",
         "MatMul h,r -> hr\nnode Add hr,b -> hb\nnode Gemm xt,w,hb -> s"}},
       false},
      {"a bias with a row of its own", {{"b float[2]", "b float[1,2]"}}, false},
      {"no bias", {{"Add xw,b -> xb", "Identity xw -> xb"}}, false},
      {"one product of both",
       {{"const half", "const wr float[4,2] 0.3 -0.2 0.1 0.4 0.2\nconst half"},
        {"MatMul xt,w -> xw\nnode Add xw,b -> xb\nnode MatMul h,r -> hr\nnode Add xb,hr "
         "-> s",
         "Concat xt,h -> xh axis=1\nnode MatMul xh,wr -> p\nnode Add p,b -> s"}},
       false},
      {"one product of both, h first",
       {{"const half", "const wr float[4,2] 0.3 -0.2 0.1 0.4 0.2\nconst half"},
        {"MatMul xt,w -> xw\nnode Add xw,b -> xb\nnode MatMul h,r -> hr\nnode Add xb,hr "
         "-> s",
         "Concat h,xt -> xh axis=-1\nnode MatMul xh,wr -> p\nnode Add p,b -> s"}},
       false},
  };
  (void)state;
  fuse_case_expect_variants(RNN_LOOP, "RNN", kEdits, COUNT(kEdits));
}

static void other_sums_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a scaled product", {{PRODUCT_AND_BIAS, "Gemm xt,w,b -> xb alpha=0.5"}}, false},
      {"a scaled bias", {{PRODUCT_AND_BIAS, "Gemm xt,w,b -> xb beta=0.5"}}, false},
      {"a transposed input",
       {{"x float[T,N,2]", "x float[T,2,2]"},
        {"h0 float[N,2]", "h0 float[2,2]"},
        {PRODUCT_AND_BIAS, "Gemm xt,w,b -> xb transA=1"}},
       false},
      {"a weight of three dimensions", {{"w float[2,2]", "w float[1,2,2]"}}, false},
      {"a bias of three dimensions", {{"b float[2]", "b float[1,1,2]"}}, false},
      {"one number for a bias", {{"b float[2]", "b float[]"}}, false},
      {"a bias of one column", {{"b float[2]", "b float[1]"}}, false},
      {"a product of one column", {{"w float[2,2]", "w float[2,1]"}}, false},
      {"a recurrent product of one column", {{"r float[2,2]", "r float[2,1]"}}, false},
      {"rows put together",
       {{"MatMul xt,w -> xw",
         "Concat xt,h -> xh axis=0\nnode MatMul xh,w -> p\n"
         "node Slice p,axis0,rows,axis0 -> xw"},
        {"const half", "const axis0 int64[1] 0\nconst rows int64[1] 3\nconst half"}},
       false},
      {"a single column that a Squeeze may take",
       {{"w float[2,2]", "w float[2,1]"},
        {"r float[2,2]", "r float[1,1]"},
        {"b float[2]", "b float[1]"},
        {"h0 float[N,2]", "h0 float[N,1]"},
        {"MatMul h,r -> hr", "MatMul h,r -> hq\nnode Squeeze hq -> hr"}},
       true},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

static void other_steps_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a function that is no activation", {{"Tanh s", "Sin s"}}, false},
      {"an activation twice",
       {{"Tanh s -> new", "Tanh s -> q\nnode Tanh q -> new"}},
       false},
      {"the old state is added",
       {{"Add xb,hr -> s", "Add xb,hr -> q\nnode Add q,h -> s"}},
       false},
      {"the difference", {{"Add xb,hr -> s", "Sub xb,hr -> s"}}, false},
      {"no state", {{"Add xb,hr -> s", "Identity xb -> s"}}, false},
      {"no input", {{"Add xb,hr -> s", "Identity hr -> s"}}, false},
      {"another weight at every step",
       {{"MatMul h,r -> hr", "Gather rs,time -> rt\nnode MatMul h,rt -> hr"},
        {"const half", "const rs float[3,2,2] 0.1 0.2 0.3\nconst half"}},
       false},
      {"a weight of the input's",
       {{"MatMul xt,w", "MatMul xt,v"},
        {"input number", "input v float[2,2]\ninput number"}},
       false},
      {"a bias of the input's",
       {{"Add xw,b", "Add xw,v"}, {"input number", "input v float[2]\ninput number"}},
       false},
      {"a bias for each row", {{"const b float[2]", "const b float[3,2]"}}, false},
      {"what is written is not the state",
       {{"Identity new -> y", "Identity s -> y"}},
       false},
      {"the old state is written", {{"Identity new -> y", "Identity h -> y"}}, false},
      {"the input is written", {{"Identity new -> y", "Identity xt -> y"}}, false},
      {"two are written, one of them another",
       {{"output y float[N,2]\n", "output y float[N,2]\noutput s float[N,2]\n"},
        {"last,hT,ys body", "last,hT,ys,ss body"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

/// Carried along as exporters do; `next` makes the next weight.
#define CARRIED_WEIGHT(next)                                                         \
  {"input h float[N,2]\n", "input h float[N,2]\ninput cw float[2,2]\n"},             \
      {"MatMul xt,w", "MatMul xt,cw"},                                               \
      {"Tanh s -> new\n", "Tanh s -> new\nnode " next " -> cw2\n"},                  \
      {"output new float[N,2]\n", "output new float[N,2]\noutput cw2 float[2,2]\n"}, \
      {"zero,h0 -> last,hT", "zero,h0,w -> last,hT,wT"}, {                           \
    "output hT\n", "output hT\noutput wT\n"                                          \
  }

static void weights_may_be_carried_along(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"unchanged", {CARRIED_WEIGHT("Identity cw")}, false},
  };
  (void)state;
  fuse_case_expect_variants(RNN_LOOP, "RNN", kEdits, COUNT(kEdits));
}

static void weights_that_change_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"another constant", {CARRIED_WEIGHT("Identity r")}, false},
      {"computed", {CARRIED_WEIGHT("Mul cw,half")}, false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

/// Values of the body and of the graph around it are numbered apart: whatever number the
/// sequence has, the length of a body's value is not its own.
static void lengths_within_the_body_are_others(void** state) {
  (void)state;
  char inputs[512] = "input x float[T,N,2]";
  for (int count = 0; count < 12; count++) {
    if (count > 0) {
      char line[64];
      const int length = snprintf(line, sizeof line, "input q%d float[1]\n", count);
      memmove(inputs + length, inputs, strlen(inputs) + 1);
      memcpy(inputs, line, (size_t)length);
    }
    const fuse_case_edit edit = {
        "the state's rows",
        {{"input x float[T,N,2]", inputs},
         {"Less next,len -> more",
          "Shape h -> hd\nnode Gather hd,zero -> hl\nnode Less next,hl -> more"}},
        false};
    fuse_case_expect_refusals(RNN_LOOP, RECURRENT, &edit, 1);
  }
}

/// What a step carries besides is nothing that a recurrent node has.
static void other_carried_values_are_refused(void** state) {
  static const fuse_case_edit kEdits[] = {
      {"a sum",
       {{"input h float[N,2]\n", "input h float[N,2]\ninput sum float[N,2]\n"},
        {"Tanh s -> new\n", "Tanh s -> new\nnode Add sum,new -> sum2\n"},
        {"output new float[N,2]\n", "output new float[N,2]\noutput sum2 float[N,2]\n"},
        {"zero,h0 -> last,hT", "zero,h0,h0 -> last,hT,sums"},
        {"output hT\n", "output hT\noutput sums\n"}},
       false},
      {"a copy of the state",
       {{"input h float[N,2]\n", "input h float[N,2]\ninput k float[N,2]\n"},
        {"Tanh s -> new\n", "Tanh s -> new\nnode Identity new -> k2\n"},
        {"output new float[N,2]\n", "output new float[N,2]\noutput k2 float[N,2]\n"},
        {"zero,h0 -> last,hT", "zero,h0,h0 -> last,hT,kT"},
        {"output hT\n", "output hT\noutput kT\n"}},
       false},
      {"the state before",
       {{"input h float[N,2]\n", "input h float[N,2]\ninput old float[N,2]\n"},
        {"output new float[N,2]\n", "output new float[N,2]\noutput h_ float[N,2]\n"},
        {"Tanh s -> new\n", "Tanh s -> new\nnode Identity h -> h_\n"},
        {"zero,h0 -> last,hT", "zero,h0,h0 -> last,hT,olds"},
        {"output hT\n", "output hT\noutput olds\n"}},
       false},
      {"a second layer's state",
       {{"input h float[N,2]\n", "input h float[N,2]\ninput k float[N,2]\n"},
        {"Tanh s -> new\n",
         "Tanh s -> new\nnode MatMul new,w -> kw\nnode MatMul k,r -> kr\n"
         "node Add kw,kr -> ks\nnode Tanh ks -> k2\n"},
        {"output new float[N,2]\n", "output new float[N,2]\noutput k2 float[N,2]\n"},
        {"zero,h0 -> last,hT", "zero,h0,h0 -> last,hT,kT"},
        {"output hT\n", "output hT\noutput kT\n"}},
       false},
      {"nothing",
       {{"input time int64[]\ninput h float[N,2]\n", ""},
        {"Gather x,time", "Gather x,i"},
        {"Add time,one -> next\nnode Less next,len -> more", "Less i,len -> more"},
        {"MatMul h,r", "MatMul xt,r"},
        {"output next int64[]\noutput new float[N,2]\n", ""},
        {"start,zero,h0 -> last,hT,ys body=@g\noutput ys\noutput hT\n",
         "start -> ys body=@g\noutput ys\n"}},
       false},
  };
  (void)state;
  fuse_case_expect_refusals(RNN_LOOP, RECURRENT, kEdits, COUNT(kEdits));
}

/// `extra` weights that are carried along unchanged.
static void write_wide_loop(int extra, char* out, size_t capacity) {
  char inputs[1024] = "", outputs[1024] = "", feeds[512] = "", results[512] = "";
  for (int k = 0; k < extra; k++) {
    char line[64];
    (void)snprintf(line, sizeof line, "input p%d float[2]\n", k);
    strcat(inputs, line);
    (void)snprintf(line, sizeof line, "output p%d float[2]\n", k);
    strcat(outputs, line);
    strcat(feeds, ",number");
    (void)snprintf(line, sizeof line, ",q%d", k);
    strcat(results, line);
  }
  (void)snprintf(out, capacity,
                 "input x float[T,N,2]\ninput h0 float[N,2]\ninput number float[2]\n"
                 "const w float[2,2] 0.3 -0.2 0.1 0.4\nconst zero int64[] 0\n"
                 "graph g\ninput i int64[]\ninput go bool[]\ninput h float[N,2]\n%s"
                 "node Gather x,i -> xt\nnode MatMul xt,w -> xw\nnode MatMul h,w -> hr\n"
                 "node Add xw,hr -> s\nnode Tanh s -> new\nnode Identity new -> y\n"
                 "node Identity go -> more\n"
                 "output more bool[]\noutput new float[N,2]\n%soutput y float[N,2]\nend\n"
                 "node Shape x -> dims\nnode Gather dims,zero -> len\n"
                 "node Loop len,_,h0%s -> hT%s,ys body=@g\noutput ys\noutput hT\n",
                 inputs, outputs, feeds, results);
}

static void only_so_many_values_are_looked_at(void** state) {
  static const fuse_case_edit kOneMore[] = {
      {"one more",
       {{"input p14 float[2]\n", "input p14 float[2]\ninput p15 float[2]\n"},
        {"output p14 float[2]\n", "output p14 float[2]\noutput p15 float[2]\n"},
        {"len,_,h0", "len,_,h0,number"},
        {",q14,ys", ",q14,q15,ys"}},
       false}};
  char text[4096];
  (void)state;
  write_wide_loop(15, text, sizeof text);
  fuse_case_expect_refusals(text, RECURRENT, kOneMore, 1);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ways_to_count_are_known),
      cmocka_unit_test(counters_that_count_otherwise_are_refused),
      cmocka_unit_test(other_trip_counts_are_refused),
      cmocka_unit_test(other_conditions_are_refused),
      cmocka_unit_test(other_conditions_before_the_first_step_are_refused),
      cmocka_unit_test(other_sequences_are_refused),
      cmocka_unit_test(ways_to_write_a_sum_are_known),
      cmocka_unit_test(other_sums_are_refused),
      cmocka_unit_test(other_steps_are_refused),
      cmocka_unit_test(weights_may_be_carried_along),
      cmocka_unit_test(weights_that_change_are_refused),
      cmocka_unit_test(lengths_within_the_body_are_others),
      cmocka_unit_test(other_carried_values_are_refused),
      cmocka_unit_test(only_so_many_values_are_looked_at),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
