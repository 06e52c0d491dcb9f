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

# What other libraries allocate counts as well, but where a sanitizer has malloc for itself.
if nm -D "$olstm" | grep -q ' T malloc$' && "$olstm" inspect "$model" --kernel onednn >out.txt 2>&1; then
  expect 0 bench "$model" --seconds 0 --kernel onednn
  grep -q '^allocations  0 a run$' out.txt && complain "oneDNN's allocations are not counted: $(cat out.txt)"
fi

# LSTM layers by their sizes.
printf '# T N I H D\n3 2 4 5 1\n1 1 1 8 2\n' > shapes.txt
expect 0 bench --shapes shapes.txt --seconds 0
[ "$(wc -l < out.txt)" -eq 3 ] || complain "not a line a shape: $(cat out.txt)"
expect 0 bench --shapes shapes.txt --seconds 0 --json
grep -q '^\[{"shape": \[3, 2, 4, 5, 1, 1\], "load_ms": ' out.txt || complain "$(cat out.txt)"
for file in "$source_dir"/tools/shapes/*.txt; do
  case $file in */operators*.txt) continue ;; esac  # one-node models: tools/make_operator_models.py reads it
  grep -vqE '^#|^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [12]( [0-9]+)?$' "$file" && complain "$file has an odd line"
done
printf '1 2 3\n' > shapes.txt
expect_error 1 "'shapes.txt': a line is T N I H D (D 1 or 2) or T N I H D L, not '1 2 3'" bench --shapes shapes.txt
expect_error 2 "bench: either a model or --shapes (usage: olstm bench MODEL|--shapes FILE [options])" bench

# Streams through a batcher, and a context for each.
make_model streams.onnx 'input x float[t,n,2]' 'const w float[1,12,2] 0.5 -0.25 0.125' 'const r float[1,12,3] 0.25 0.5 -0.75' \
  'node LSTM x,w,r -> y name=l hidden_size=3' 'output y'
expect 0 bench streams.onnx --streams 20 --rate 50 --seconds 0.2 --max-batch 8 --max-wait-us 100 --dim t=2 --json
for key in p50_us p99_us p999_us steps_per_s cpu_us_per_step bytes_per_stream; do
  [ "$(grep -o "\"$key\": " out.txt | wc -l)" -eq 2 ] || complain "no $key for both ways in $(cat out.txt)"
done
grep -q '"contexts": {' out.txt || complain "no contexts in $(cat out.txt)"
[ "$(grep -o '"lost": 0' out.txt | wc -l)" -eq 2 ] || complain "steps were lost: $(cat out.txt)"
if command -v python3 >/dev/null; then
  python3 -c 'import json; r = json.load(open("out.txt")); assert 50 < r["steps"] < 500 and 50 < r["contexts"]["steps"] < 500
assert 0 < r["p50_us"] <= r["p99_us"] <= r["p999_us"] and r["bytes_per_stream"] > 0' || complain "odd figures: $(cat out.txt)"
fi
expect 0 bench streams.onnx --streams 3 --rate 100 --seconds 0.05
[ "$(grep -cE '^(batcher|contexts) ' out.txt)" -eq 2 ] || complain "$(cat out.txt)"
expect_error 2 "bench: --streams wants --rate above 0" bench streams.onnx --streams 3
expect_error 2 "bench: --rate wants --streams" bench streams.onnx --rate 3
expect_error 2 "bench: --max-batch and --max-wait-us are for --streams" bench streams.onnx --max-wait-us 3
expect_error 2 "bench: --streams is for a model, not for --shapes" bench --shapes shapes.txt --streams 3 --rate 3
make_model fixed.onnx 'input x float[t,1,2]' 'const w float[1,12,2] 0.5' 'const r float[1,12,3] 0.25' \
  'node LSTM x,w,r -> y name=l hidden_size=3' 'output y'
expect_error 1 "input 'x' has shape [-1,1,2]: none of its dimensions is a batch that streams could share, which state 'l/h' would take its own from" \
  bench fixed.onnx --streams 3 --rate 3
exit $bad
