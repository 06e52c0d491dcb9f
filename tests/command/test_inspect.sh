#!/usr/bin/env bash
# olstm inspect: text, JSON, Graphviz and weights.
. "$(dirname "$0")/expect.sh"
model=$data/keras_lstm/model.onnx

expect 0 inspect "$model" --dim N=32
expect_line out.txt "input   lstm_input: float [N,10,3]"
expect_line out.txt "output  dense: float [N,1]"
expect_line out.txt "plan for lstm_input [32,10,3]:"
grep -qE "^step    LSTM 'lstm/LSTM'.*, kernel (native|onednn|reference) \(.+\)" out.txt || complain "no kernel with its reason: $(cat out.txt)"

grep -q 'allocates' out.txt && complain "a native kernel allocates: $(cat out.txt)"

if "$olstm" inspect "$model" --kernel onednn >out.txt 2>err.txt; then
  grep -q "^step    LSTM .*, allocates and locks in every run$" out.txt || complain "oneDNN allocates: $(cat out.txt)"
fi

expect 0 inspect "$model" --stateful all
grep -q '^state   lstm/LSTM/h: float' out.txt || complain "no state slots: $(cat out.txt)"

expect 0 inspect "$model" --weights
expect_line out.txt "weights LSTM 'lstm/LSTM', forward: 30 units, input of 3"
grep -q "^  (W, gates i o f c, transposed) gates i f c o: kernel: float \[3,120\]" out.txt || complain "$(cat out.txt)"

expect 0 inspect "$model" --dot
[ "$(head -n 1 out.txt)" = "digraph model {" ] && [ "$(tail -n 1 out.txt)" = "}" ] || complain "no graph: $(cat out.txt)"
if command -v dot >/dev/null; then dot -Tsvg out.txt > picture.svg || complain "dot refuses the graph"; fi

expect 0 inspect "$model" --json --dim N=32 --stateful all
if command -v python3 >/dev/null; then
  python3 - <<'EOF' || complain "the JSON is not as expected: $(cat out.txt)"
import json
j = json.load(open("out.txt"))
assert j["inputs"] == [{"name": "lstm_input", "dtype": "float", "shape": ["N", 10, 3]}], j["inputs"]
assert {s["name"] for s in j["states"]} == {"lstm/LSTM/h", "lstm/LSTM/c"}
lstm = [s for s in j["plan"]["steps"] if s["op_type"] == "LSTM"]
assert len(lstm) == 1 and lstm[0]["kernel"] and lstm[0]["reason"]
assert j["plan"]["input_shapes"] == {"lstm_input": [32, 10, 3]}
# The LSTM, T=10, N=32, I=3, H=30, and some thousand for the rest.
assert 0 < j["plan"]["work"] - 10 * ((32 + 1) * 120 * (3 + 30) / 4 + 32 * 120 * 8 + 512) < 30000, j["plan"]["work"]
assert j["plan"]["workspace_bytes"] <= j["plan"]["unshared_bytes"]
EOF
fi
exit $bad
