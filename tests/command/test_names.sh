#!/usr/bin/env bash
# Names out of models reach the terminal cleaned, whatever prints them; JSON has them escaped.
. "$(dirname "$0")/expect.sh"

# An escape sequence, C1 controls, bidirectional marks, a line separator, invalid UTF-8, an invisible mark; and what is
# harmless.
hostile=$(printf 'a\033[2J\302\233b\342\200\256c\342\201\246\330\234d\342\200\250e\377f\302g\357\273\277h\303\244\350\276\223')
shown=$(printf 'a?[2J?b?c??d?e?f?g?h\303\244\350\276\223')

# expect_clean FILE: nothing in it but what shows.
expect_clean() {
  if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f\xff]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c|\xef\xbb\xbf' "$1"; then
    complain "$1 is not clean: $(cat -v "$1")"
  fi
}

# expect_shown FILE TEXT
expect_shown() { expect_clean "$1"; grep -qF -- "$2" "$1" || complain "$1 lacks '$2': $(cat -v "$1")"; }

make_model names.onnx "producer P$hostile" "name G$hostile" "input X$hostile float[2,N$hostile,3]" \
  "const W float[1,16,3] 0.5 -0.25 0.125" "const R float[1,16,4] 0.5 -0.25" \
  "node LSTM X$hostile,W,R -> Y$hostile,H$hostile name=L$hostile hidden_size=4" "output Y$hostile" "output H$hostile"
expect 0 inspect names.onnx --stateful all
expect_shown out.txt "[2,Na?[2J?b?c??d?"
for name in G P X Y H L; do expect_shown out.txt "$name$shown"; done
expect 0 inspect names.onnx --weights
expect_shown out.txt "L$shown"
expect 0 inspect names.onnx --dot
expect_shown out.txt "X$shown"
expect_shown out.txt "L$shown"
expect 0 run names.onnx --random 1 --stateful all -o out --plot plot.svg
for name in X Y H L; do expect_shown out.txt "$name$shown"; done
expect_shown plot.svg "Y$shown"
expect 0 weights names.onnx -o weights
expect_clean out.txt
expect 0 bench names.onnx --seconds 0
expect_shown out.txt "L$shown"
expect 0 bench names.onnx --seconds 0 --json
expect_clean out.txt
expect 0 inspect names.onnx --json
expect_clean out.txt
if command -v python3 >/dev/null; then
  python3 - "$hostile" <<'EOF' || complain "the JSON has not the names: $(cat out.txt)"
import json, os, sys
name = os.fsencode(sys.argv[1]).decode(errors="replace")
assert json.load(open("out.txt", encoding="utf-8"))["graph"] == "G" + name
EOF
fi

# Errors of the library and of the command.
make_model bad.onnx "input X float[1]" "node Nix$hostile X -> Y name=L$hostile" "output Y"
expect 1 run bad.onnx --random 1
expect_shown err.txt "Nix$shown 'L$shown': no operator"
expect 1 run names.onnx -i nix=x.npy
expect_shown err.txt "the model takes 'X$shown'"
expect 1 run names.onnx
expect_shown err.txt "input 'X$shown' (float [2,Na?[2J?b?c??d?"
expect 1 run names.onnx --random 1 --set-state "S$hostile=x.npy"
expect_shown err.txt "no state slot 'S$shown'"

# conform: names of cases, and reasons.
mkdir -p "cases/C$hostile/test_data_set_0"
cp bad.onnx "cases/C$hostile/model.onnx"
expect 0 conform cases --json report.json
expect_shown out.txt "SKIP C$shown: Nix$shown 'L$shown'"
expect_clean report.json
exit $bad
