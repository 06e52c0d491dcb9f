#!/usr/bin/env bash
# External data: beside the model, as a download cache links it, and in a folder that is named.
. "$(dirname "$0")/expect.sh"
command -v /usr/bin/python3 >/dev/null && /usr/bin/python3 -c 'import onnx' 2>/dev/null || { echo "skipped: python3-onnx is absent"; exit 77; }
/usr/bin/python3 - "$data/keras_lstm/model.onnx" <<'PY'
import sys
import onnx
onnx.save_model(onnx.load(sys.argv[1]), "model.onnx", save_as_external_data=True, all_tensors_to_one_file=True, location="model.onnx.data",
                size_threshold=0)
PY
expect 0 run "$data/keras_lstm/model.onnx" --random 1 -o expected
expect 0 run model.onnx --random 1 -o got
expect_same expected/dense.npy got/dense.npy

mkdir -p hub/blobs hub/snapshots/rev hard elsewhere
cp model.onnx hub/blobs/aaaa
cp model.onnx.data hub/blobs/bbbb
ln -s ../../blobs/aaaa hub/snapshots/rev/model.onnx
ln -s ../../blobs/bbbb hub/snapshots/rev/model.onnx.data
expect 0 run hub/snapshots/rev/model.onnx --random 1 -o got
expect_same expected/dense.npy got/dense.npy
ln -sf ../../../model.onnx.data hub/snapshots/rev/model.onnx.data
expect 1 run hub/snapshots/rev/model.onnx --random 1
grep -q 'a link leads out of the folder that holds the model' err.txt || complain "$(cat err.txt)"
expect 0 run hub/snapshots/rev/model.onnx --random 1 --external-data .

cp model.onnx hard/model.onnx
ln model.onnx.data hard/model.onnx.data
expect 1 run hard/model.onnx --random 1
grep -q 'other hard links.*--external-data' err.txt || complain "$(cat err.txt)"
expect 0 run hard/model.onnx --random 1 --external-data hard -o got
expect_same expected/dense.npy got/dense.npy
expect 0 inspect hard/model.onnx --external-data hard
expect 0 weights hard/model.onnx --external-data hard -o weights
expect 1 run hard/model.onnx --random 1 --external-data absent
grep -q "cannot open external_data_folder 'absent'" err.txt || complain "$(cat err.txt)"
exit $bad
