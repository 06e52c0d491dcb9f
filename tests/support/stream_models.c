#include "tests/support/stream_models.h"

#include "tests/support/test_main.h"

#define X                                    \
  {                                          \
    OLSTM_FILL_REAL, OLSTM_DTYPE_FLOAT, 3, { \
      OLSTM_STREAM_T, OLSTM_STREAM_N, 2      \
    }                                        \
  }
#define X_FIRST                              \
  {                                          \
    OLSTM_FILL_REAL, OLSTM_DTYPE_FLOAT, 3, { \
      OLSTM_STREAM_N, OLSTM_STREAM_T, 2      \
    }                                        \
  }
#define WEIGHTS(gates)                      \
  "const w float[1," gates                  \
  ",2] 0.5 -0.25 0.125 0.75 -0.5 0.3 0.7\n" \
  "const r float[1," gates                  \
  ",3] 0.25 0.5 -0.75 0.1 -0.6\n"           \
  "const r2 float[1," gates                 \
  ",3] -0.25 0.5 0.75 0.15 -0.6 0.2 -0.1\n" \
  "const w2 float[1," gates ",3] -0.5 0.25 0.15 0.75 -0.5 0.35 0.6 -0.1\n"
#define IF_BRANCHES                                                          \
  "graph t\nnode LSTM x,w,r -> yt name=then hidden_size=3\noutput yt\nend\n" \
  "graph e\nnode LSTM x,w,r2 -> ye name=else hidden_size=3\noutput ye\nend\n"

static const olstm_binding kBoundLstm[] = {{"hn", "h0"}, {"cn", "c0"}};
static const olstm_binding kBoundSum[] = {{"next", "sum"}};

const olstm_stream_model olstm_stream_models[] = {
    {"lstm",
     "input x float[t,n,2]\n" WEIGHTS(
         "12") "node LSTM x,w,r -> y,yh name=l hidden_size=3\n"
               "output y\noutput yh\n",
     "all",
     NULL,
     0,
     1,
     {X},
     false},
    {"anonymous dimensions",
     "input x float[?,?,2]\n" WEIGHTS("12") "node LSTM x,w,r -> y name=l hidden_size=3\n"
                                            "output y\n",
     "all",
     NULL,
     0,
     1,
     {X},
     false},
    {"gru",
     "input x float[t,n,2]\n" WEIGHTS("9") "node GRU x,w,r -> y name=l hidden_size=3\n"
                                           "output y\n",
     "all",
     NULL,
     0,
     1,
     {X},
     false},
    {"rnn, batch first",
     "opset 14\ninput x float[n,t,2]\n" WEIGHTS(
         "3") "node RNN x,w,r -> y,yh name=l hidden_size=3 layout=1\noutput y\noutput "
              "yh\n",
     "all",
     NULL,
     0,
     1,
     {X_FIRST},
     false},
    {"two layers and a Dense",
     "input x float[n,t,2]\n" WEIGHTS(
         "12") "const k float[3,2] 0.5 -1 0.25 2 1 -0.5\n"
               "const b float[2] 0.1 -0.2\n"
               "const a int64[1] 1\n"
               "node Transpose x -> xt perm=[1,0,2]\n"
               "node LSTM xt,w,r -> y1 name=a hidden_size=3\n"
               "node Squeeze y1,a -> s1\n"
               "node LSTM s1,w2,r2 -> y2 name=b hidden_size=3\n"
               "node Squeeze y2,a -> s2\n"
               "node Transpose s2 -> st perm=[1,0,2]\n"
               "node MatMul st,k -> m\n"
               "node Add m,b -> d\n"
               "node Softmax d -> y axis=-1\noutput y\n",
     "all",
     NULL,
     0,
     1,
     {X_FIRST},
     false},
    {"rows in one dimension with steps",
     "input x float[t,n,2]\n" WEIGHTS(
         "12") "const k float[3,2] 0.5 -1 0.25 2 1 -0.5\n"
               "const flat int64[2] -1 3\n"
               "node LSTM x,w,r -> y1 name=a hidden_size=3\n"
               "node Reshape y1,flat -> f\nnode MatMul f,k -> m\nnode Tanh m -> h\n"
               "node Shape x -> s\nnode Reshape h,s -> y\noutput y\n",
     "all",
     NULL,
     0,
     1,
     {X},
     false},
    {"sequence_lens",
     "input x float[t,n,2]\ninput lens int32[n]\n" WEIGHTS(
         "12") "node LSTM x,w,r,_,lens -> y,yh name=l hidden_size=3\noutput y\noutput "
               "yh\n",
     "all",
     NULL,
     0,
     2,
     {X, {OLSTM_FILL_LENS, OLSTM_DTYPE_INT32, 1, {OLSTM_STREAM_N}}},
     false},
    {"bidirectional",
     "input x float[t,n,2]\nconst w float[2,12,2] 0.5 -0.25 0.125 0.75 -0.5\n"
     "const r float[2,12,3] 0.25 0.5 -0.75 0.1 -0.6\n"
     "node LSTM x,w,r -> y,yh name=l hidden_size=3 direction=\"bidirectional\"\n"
     "output y\noutput yh\n",
     "all",
     NULL,
     0,
     1,
     {X},
     false},
    {"bound",
     "input x float[t,n,2]\ninput h0 float[1,n,3]\ninput c0 float[1,n,3]\n" WEIGHTS(
         "12") "node LSTM x,w,r,_,_,h0,c0 -> y,hn,cn hidden_size=3\n"
               "output y\noutput hn\noutput cn\n",
     NULL,
     kBoundLstm,
     2,
     1,
     {X},
     false},
    {"bound, batch first, with a start",
     "opset 14\ninput x float[n,t,2]\ninput h0 float[n,1,3]\ninput c0 float[n,1,3]\n"
     "input k float[n]\n" WEIGHTS(
         "12") "const a int64[2] 1 2\nnode Unsqueeze k,a -> kk\nnode Mul h0,kk -> hs\n"
               "node LSTM x,w,r,_,_,hs,c0 -> y,hn,cn hidden_size=3 layout=1\n"
               "output y\noutput hn\noutput cn\n",
     NULL,
     kBoundLstm,
     2,
     2,
     {X_FIRST, {OLSTM_FILL_REAL, OLSTM_DTYPE_FLOAT, 1, {OLSTM_STREAM_N}}},
     false},
    {"reverse with attention",
     "input x float[n,t,2]\n" WEIGHTS(
         "9") "const u float[3,3] 0.5 -1 0.25 2 1 -0.5 0.75 0.1\nconst a int64[1] 1\n"
              "node Transpose x -> xt perm=[1,0,2]\n"
              "node GRU xt,w,r -> y1 name=g hidden_size=3 direction=\"reverse\" "
              "linear_before_reset=1\n"
              "node Squeeze y1,a -> s1\nnode Transpose s1 -> q perm=[1,0,2]\n"
              "node MatMul q,u -> p\nnode Transpose q -> k perm=[0,2,1]\n"
              "node MatMul p,k -> e\nnode Softmax e -> f axis=2\nnode MatMul f,q -> y\n"
              "node ReduceMean y -> z axes=[1] keepdims=0\noutput y\noutput z\n",
     "all",
     NULL,
     0,
     1,
     {X_FIRST},
     false},
    {"bound sum",
     "input x float[n,2]\ninput sum float[n,2]\nnode Add x,sum -> next\n"
     "node Tanh next -> y\noutput y\noutput next\n",
     NULL,
     kBoundSum,
     1,
     1,
     {{OLSTM_FILL_REAL, OLSTM_DTYPE_FLOAT, 2, {OLSTM_STREAM_N, 2}}},
     false},
    {"computed start",
     "input x float[t,n,2]\ninput first float[n,3]\n" WEIGHTS(
         "12") "const a int64[1] 0\nnode Tanh first -> f\nnode Unsqueeze f,a -> h0\n"
               "node LSTM x,w,r,_,_,h0 -> y name=l hidden_size=3\noutput y\n",
     "all",
     NULL,
     0,
     2,
     {X, {OLSTM_FILL_REAL, OLSTM_DTYPE_FLOAT, 2, {OLSTM_STREAM_N, 3}}},
     false},
    {"constant start",
     "input x float[t,n,2]\nconst h0 float[1,1,3] 0.5 -0.5 0.25\n" WEIGHTS(
         "12") "node LSTM x,w,r,_,_,h0 -> y name=l hidden_size=3\noutput y\n",
     "all",
     NULL,
     0,
     1,
     {X},
     false},
    {"if",
     "input x float[t,n,2]\ninput c bool[]\n" WEIGHTS("12") IF_BRANCHES
     "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
     "all",
     NULL,
     0,
     2,
     {X, {OLSTM_FILL_FLAG, OLSTM_DTYPE_BOOL, 0, {0}}},
     false},
    {"if with a computed start",
     "input x float[t,n,2]\ninput c bool[]\ninput first float[1,n,3]\n" WEIGHTS(
         "12") "graph t\nnode LSTM x,w,r,_,_,first -> yt name=then hidden_size=3\noutput "
               "yt\n"
               "end\ngraph e\nnode LSTM x,w,r2 -> ye name=else hidden_size=3\noutput "
               "ye\nend\n"
               "node If c -> y then_branch=@t else_branch=@e\noutput y\n",
     "all",
     NULL,
     0,
     3,
     {X,
      {OLSTM_FILL_FLAG, OLSTM_DTYPE_BOOL, 0, {0}},
      {OLSTM_FILL_REAL, OLSTM_DTYPE_FLOAT, 3, {1, OLSTM_STREAM_N, 3}}},
     false},
    {"indices that can be wrong",
     "input x int64[t,n]\nconst e float[4,2] 0.5 -1 0.25 2 1 -0.5 0.7 0.1\n" WEIGHTS(
         "12") "node Gather e,x -> v\nnode LSTM v,w,r -> y name=l hidden_size=3\n"
               "output y\n",
     "all",
     NULL,
     0,
     1,
     {{OLSTM_FILL_INDEX, OLSTM_DTYPE_INT64, 2, {OLSTM_STREAM_T, OLSTM_STREAM_N}}},
     false},
    {"an operator of the user's",
     "input x float[t,n,2]\n" WEIGHTS("12") "node test:Inc x -> v\n"
                                            "node LSTM v,w,r -> y name=l hidden_size=3\n"
                                            "output y\n",
     "all",
     NULL,
     0,
     1,
     {X},
     true},
};

const size_t olstm_stream_model_count =
    sizeof olstm_stream_models / sizeof *olstm_stream_models;

olstm_session* olstm_stream_session(const olstm_stream_model* model, const char* kernel,
                                    olstm_fake_session* out_session) {
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.stateful_count = model->stateful != NULL;
  options.stateful = &model->stateful;
  options.binding_count = model->binding_count;
  options.bindings = model->bindings;
  options.kernel = kernel;
  return olstm_fake_session_must(model->text, &options, out_session);
}
