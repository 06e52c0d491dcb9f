#!/usr/bin/env bash
# olstm conform --runtime python:MODULE: a backend of ONNX's interface that is right, refuses, errs, is wrong, prints, crashes, exits
# and hangs.
. "$(dirname "$0")/expect.sh"
export PYTHON=/usr/bin/python3
"$PYTHON" -c 'import numpy, onnx' 2>/dev/null || { echo "no numpy or onnx for $PYTHON"; exit 77; }
cat >few_lines.py <<'PY'
import os, signal, sys, time
import numpy as np

__version__ = "1.5"


class Prepared:
    def __init__(self, node):
        self.node = node

    def run(self, inputs):
        print("what a backend prints is no answer")
        if "EAT" in os.environ: eaten = [bytearray(1 << 26) for _ in range(1 << 20)]
        x, w, r, b = inputs[:4]
        feature = {a.name for a in self.node.attribute} - {"direction", "hidden_size"} | set(self.node.input[4:])
        if "activations" in feature: os.kill(os.getpid(), signal.SIGSEGV)
        if "layout" in feature: os._exit(3)
        if "input_forget" in feature: raise ValueError("several\nlines")
        if "P" in feature: raise RuntimeError("P is not supported yet")
        if "initial_c" in feature: time.sleep(60)
        if "clip" in feature: return [None, None, None]
        h = c = np.zeros((x.shape[1], r.shape[2]), np.float32)
        if "initial_h" in feature: h = inputs[-1][0]
        sigmoid = lambda a: 1 / (1 + np.exp(-a))
        ys = []
        for step in x:
            i, o, f, g = np.split(step @ w[0].T + h @ r[0].T + b[0, :len(w[0])] + b[0, len(w[0]):], 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            ys.append(h[None])
        return np.array(ys), h[None], c[None]


def prepare(model, device):
    assert device == "CPU"
    node = model.graph.node[0]
    if any(a.s == b"reverse" for a in node.attribute): raise KeyError("no reverse")
    return Prepared(node)
PY
features="forward reverse forward_sequence_lens forward_initial_h forward_initial_c forward_peepholes forward_clip_all forward_input_forget
  forward_layout_1 forward_relu forward_tanh"
for feature in $features; do filters="${filters:-} --filter lstm_$feature"; done
expect 0 cases --op LSTM -o cases $filters
expect_line out.txt "11 cases of LSTM in cases, 0 of them random, 0 open"

expect 1 conform --runtime python:few_lines --timeout 5 --json results.json --markdown results.md --html results.html --junit results.xml cases
sed 's/: output .Y.: [0-9]* of .*/: output Y/' out.txt >lines.txt
cat >expected.txt <<'END'
PASS lstm_forward
SKIP lstm_forward_clip_all: Unsupported: output 'Y' is no tensor
TIMEOUT lstm_forward_initial_c: no result within 5 s
PASS lstm_forward_initial_h
FAIL lstm_forward_input_forget: ValueError: several lines
CRASH lstm_forward_layout_1: its process exited with 3
SKIP lstm_forward_peepholes: RuntimeError: P is not supported yet
CRASH lstm_forward_relu: signal 11
FAIL lstm_forward_sequence_lens: output Y
CRASH lstm_forward_tanh: signal 11
SKIP lstm_reverse: KeyError: 'no reverse'
2 passed, 6 failed, 3 skipped
END
diff expected.txt lines.txt >difference.txt || complain "$(cat difference.txt)"
grep -q '^| LSTM | forward | pass |$' results.md || complain "$(cat results.md)"
for row in 'reverse | refused 0/1' 'sequence_lens | wrong (forward) 0/1' 'initial_c | crash (forward) 0/1' 'clip_all | refused (forward) 0/1' \
           'input_forget | error (forward) 0/1' 'layout_1 | crash (forward) 0/1'; do
  expect_line results.md "| LSTM | $row |"
done
grep -q '"runtime": "few_lines", "version": "1.5", "judged_by": "olstm ' results.json || complain "$(cat results.json)"
"$PYTHON" - <<'PY' || complain "reports that do not say what the lines do"
import html.parser, json, xml.dom.minidom
report = json.load(open("results.json"))
kinds = {case["name"][5:]: case["kind"] for case in report["cases"]}
assert kinds == {"forward": "pass", "forward_clip_all": "refused", "forward_initial_c": "timeout", "forward_initial_h": "pass",
                 "forward_input_forget": "error", "forward_layout_1": "crash", "forward_peepholes": "refused", "forward_relu": "crash",
                 "forward_sequence_lens": "wrong", "forward_tanh": "crash", "reverse": "refused"}, kinds
wrong = next(case for case in report["cases"] if case["kind"] == "wrong")
assert wrong["absolute_error"] > 0.01 and wrong["operator"] == "LSTM", wrong
rows = {row["feature"]: row for row in report["matrix"]}
assert rows["relu"] == {"operator": "LSTM", "feature": "relu", "state": "crash", "worst": "crash", "directions": ["forward"],
                        "passed": 0, "judged": 1}, rows["relu"]
suite = xml.dom.minidom.parse("results.xml").documentElement
assert suite.getAttribute("errors") == "4" and suite.getAttribute("failures") == "2" and suite.getAttribute("skipped") == "3"
page = open("results.html").read()
html.parser.HTMLParser().feed(page)
assert "src=" not in page and "href=" not in page and "<script" not in page
assert '<td class="crash"><details><summary>crash (forward) 0/1</summary>' in page
assert "<li>lstm_forward_input_forget: error: ValueError: several lines" in page
PY

# Memory without end is an error as Python has it.
EAT=1 expect 1 conform --runtime python:few_lines --case-memory 1500 --filter lstm_forward cases
expect_line out.txt "FAIL lstm_forward: MemoryError"

# run_model alone, and a class of ONNX's name.
cat >others.py <<'PY'
import few_lines


def run_model(model, inputs, device="CPU"):
    return few_lines.prepare(model, device).run(inputs)


class Backend:
    prepare = staticmethod(few_lines.prepare)
PY
for module in others others.Backend; do
  expect 0 conform --runtime "python:$module" --filter lstm_forward cases
  expect_line out.txt "1 passed, 0 failed, 0 skipped"
done

# What cannot be opened is one error, not one a case.
expect_error 1 "python:nix: ModuleNotFoundError: No module named 'nix'" conform --runtime python:nix cases
echo 'x = 1' >empty.py
expect_error 1 "python:empty: AttributeError: empty has neither prepare nor run_model: it is no backend" conform --runtime python:empty cases
echo 'import os; os._exit(4)' >gone.py
expect_error 1 "python:gone: /usr/bin/python3: its process exited with 4" conform --runtime python:gone cases
PYTHON=./nix expect_error 1 "python:few_lines: cannot run './nix' (PYTHON in the environment names another)" conform --runtime python:few_lines cases

# Several runtimes: a column each, in one run.
expect 1 conform --runtime python:few_lines --runtime olstm --filter lstm_forward --filter lstm_reverse --strict --json two.json --markdown two.md cases
expect_line two.md "| operator | feature | few_lines 1.5 | $("$olstm" --version) |"
expect_line two.md "| LSTM | reverse | refused 0/1 | pass |"
grep -qx "few_lines 1.5:" out.txt || complain "$(cat out.txt)"
"$PYTHON" -c 'import json; r = json.load(open("two.json"))["runtimes"]; assert [x["passed"] for x in r] == [1, 2], r' || complain "$(cat two.json)"
exit $bad
