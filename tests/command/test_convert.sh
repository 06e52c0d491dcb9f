#!/usr/bin/env bash
# olstm convert: what it writes, what it says of it, and what it refuses.
. "$(dirname "$0")/expect.sh"
model=$data/keras_lstm/model.onnx

# A model with nothing to change is written as it was.
expect 0 convert "$model" -o out.onnx
expect_line out.txt "wrote out.onnx"
expect 0 conform --strict "$data/keras_lstm"
mkdir -p case && cp -r "$data/keras_lstm/test_data_set_0" case/ && cp out.onnx case/model.onnx
expect 0 conform --strict case

# External data by size, and the report as JSON.
expect 0 convert "$model" -o big.onnx --external-data-size 10000 --json report.json
expect_line out.txt "changed  file: 1 tensors, 14400 bytes, in external data"
[ "$(wc -c < big.onnx.data)" = 14400 ] || complain "big.onnx.data has $(wc -c < big.onnx.data) bytes"
grep -qF '"subject": "file", "name": "", "text": "1 tensors, 14400 bytes, in external data"' report.json ||
  complain "report.json is $(cat report.json)"
cp big.onnx case/model.onnx && cp big.onnx.data case/
expect 0 conform --strict case

# States as inputs and outputs, by names that the user chooses, and back.
expect 0 convert "$model" -o states.onnx --state-io
expect_line out.txt "changed  state lstm/LSTM: h is input 'lstm/LSTM/h.in' and output 'lstm/LSTM/h.out'; feed zeros at first"
expect 0 convert states.onnx -o back.onnx --stateless
expect_line out.txt "changed  state lstm/LSTM: c starts from zeros, not from input 'lstm/LSTM/c.in'; output 'lstm/LSTM/c.out' is gone"
cp back.onnx case/model.onnx
expect 0 conform --strict case
expect_error 1 "state names: 'lstm_input' is taken (the pattern may have {node} and {io} in it)" \
  convert "$model" -o none.onnx --state-io --state-names 'lstm_{io}put,c'
expect_error 1 "state names are H,C, as '{node}/h.{io},{node}/c.{io}', not 'h'" \
  convert "$model" -o none.onnx --state-io --state-names h
expect_error 2 "convert: --state-io and --stateless exclude each other" \
  convert "$model" -o none.onnx --state-io --stateless

expect_error 1 "state names: '{nod},c' begins with neither {node} nor {io}" \
  convert "$model" -o none.onnx --state-io --state-names '{nod},c'
expect_error 2 "convert: --state-names is of --state-io and --stateless" \
  convert "$model" -o none.onnx --state-names 'h,c'
expect 0 convert "$data/control/loop_count.onnx" -o out2.onnx --state-io
expect_line out.txt "stays    state: the model has no recurrent layer"

# A batch that is open already.
expect 0 convert "$data/loops/lstm_plain.onnx" -o out2.onnx --fix-batch
expect_line out.txt "stays    batch: none is baked in"

# What is refused: nothing is written then.
expect_error 2 "convert: -o OUT is missing (usage: olstm convert MODEL -o OUT [options])" convert "$model"
expect_error 1 "byte 21: ModelProto.graph: its length runs past the end (is the file cut short?)" \
  convert "$data/broken/truncated.onnx" -o none.onnx
expect_error 1 "LSTM 'encoder': R has shape [1,16,5], expected [1,16,4] from hidden_size=4" \
  convert "$data/broken/wrong_r_shape.onnx" -o none.onnx
expect_error 1 "'out.onnx' is the model itself: --in-place replaces it" convert out.onnx -o out.onnx
ln -s out.onnx link.onnx
expect_error 1 "'link.onnx' is the model itself: --in-place replaces it" convert out.onnx -o link.onnx
cp out.onnx x.data
expect_error 1 "'x.data' is the model itself: external data would replace it" convert x.data -o x
for file in "$model" report2.onnx report2.onnx.data; do
  expect_error 1 "'$file' is a file of the model: the report would replace it" \
    convert "$model" -o report2.onnx --json "$file"
done
mkdir folder
expect_error 1 "cannot write 'folder': Is a directory" convert "$model" -o folder
expect_error 1 "cannot write 'none/x.onnx': No such file or directory" convert "$model" -o none/x.onnx
expect_error 1 "cannot write '/dev/null': it is not a regular file" convert "$model" -o /dev/null
[ ! -e none.onnx ] || complain "a refused model was written"
chmod 600 out.onnx
expect 0 convert out.onnx -o out.onnx --in-place
[ "$(stat -c %a out.onnx)" = 600 ] || complain "out.onnx was private and is $(stat -c %a out.onnx)"
expect_same out.onnx case/../out.onnx
[ -z "$(find . -name '*.onnx.*[0-9a-f]' | grep -v data)" ] || complain "files were left: $(ls)"

# Two million empty declarations: more than a load may take by default. --max-memory raises that, for all commands.
rest='\x0a\x0c\x0a\x01x\x12\x01y\x22\x04Relu\x12\x01g'
rest+='\x5a\x0d\x0a\x01x\x12\x08\x0a\x06\x08\x01\x12\x02\x0a\x00\x62\x0d\x0a\x01y\x12\x08\x0a\x06\x08\x01\x12\x02\x0a\x00'
{ printf '\x08\x08\x42\x02\x10\x0d\x3a\xaf\x92\xf4\x01%b' "$rest"; yes j | tr '\n' '\0' | head -c 4000000; } >wide.onnx
expect 1 convert wide.onnx -o wide2.onnx
grep -q "^olstm: unpacking takes more than max_memory=6[0-9]* bytes" err.txt || complain "$(cat err.txt)"
expect 0 convert wide.onnx -o wide2.onnx --max-memory 300
expect_line out.txt "wrote wide2.onnx"
expect 0 run wide.onnx --random 1 --max-memory 300
# A smaller number does not lower it.
expect 0 run "$model" --random 1 --max-memory 1

# onnx.checker and ONNX's own reader, where they are installed.
if /usr/bin/python3 -c 'import onnx' 2>/dev/null; then
  /usr/bin/python3 - "$data" "$olstm" <<'PYTHON' || bad=1
import glob, subprocess, sys
import onnx
failed = 0
for path in sorted(glob.glob(sys.argv[1] + "/*/*.onnx") + glob.glob(sys.argv[1] + "/*/*/*.onnx")):
    if subprocess.run([sys.argv[2], "convert", path, "-o", "o.onnx"], capture_output=True).returncode:
        if "/broken/" not in path:
            failed = print("FAILED: refused", path) or 1
        continue
    try:
        onnx.checker.check_model(path)
    except Exception:
        continue
    try:
        onnx.checker.check_model("o.onnx")
    except Exception as error:
        failed = print("FAILED:", path, error) or 1
sys.exit(failed)
PYTHON
fi
exit $bad
