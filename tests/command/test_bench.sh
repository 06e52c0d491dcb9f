#!/usr/bin/env bash
# olstm bench: the keys of its JSON, and that a steady run allocates nothing.
. "$(dirname "$0")/expect.sh"
model=$data/keras_lstm/model.onnx
expect 0 bench "$model" --dim N=32 --seconds 0.05 --json
for key in load_ms plan_ms first_us min_us median_us p99_us runs threads peak_rss_kb allocations_per_run kernels; do
  grep -q "\"$key\": " out.txt || complain "no $key in $(cat out.txt)"
done
grep -q '"allocations_per_run": 0,' out.txt || complain "a steady run allocates: $(cat out.txt)"
[ "$(wc -l < out.txt)" -eq 1 ] || complain "more than one line"
if command -v python3 >/dev/null; then
  python3 -c 'import json; json.load(open("out.txt"))' || complain "not JSON: $(cat out.txt)"
fi
expect 0 bench "$model" --seconds 0
grep -q '^allocations  0 a run$' out.txt || complain "$(cat out.txt)"
exit $bad
