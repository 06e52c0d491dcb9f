#!/usr/bin/env bash
# From a fresh clone to a prediction: installs what is missing, builds, runs an LSTM model as Keras users export them.
# Debian 12 and 13; as root, with sudo, or with neither (then it says what to install). Offline once the packages are there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$here/tools/setup.sh"

need "$build_packages"
build=$here/build/quickstart
run_quietly "configuring $build" cmake -S "$here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DOLSTM_BUILD_TESTS=OFF
run_quietly "building (a minute or two; the next time only what changed)" cmake --build "$build"

olstm=$build/bin/olstm
model=$here/tests/data/keras_lstm
cat <<EOF

The model: Keras' LSTM(30) and Dense(1), exported as tf2onnx does it, trained to tell a sine's next value.
Its input: 32 sequences of 10 steps of 3 signals; the sine is the first.

\$ olstm run model.onnx -i lstm_input=lstm_input.npy -o build/quickstart/prediction
EOF
"$olstm" run "$model/model.onnx" -i "lstm_input=$model/lstm_input.npy" -o "$build/prediction"
cat <<EOF

The prediction is the output named dense, one value a sequence. The true next values begin with
$(od -A n -j 128 -N 32 -t f4 -w32 "$model/next_value.npy" | tr -s ' ')

What to try next:
  $olstm inspect $model/model.onnx --dim N=32
  $olstm bench $model/model.onnx --dim N=32
  $olstm run YOUR_MODEL.onnx --random 1
  $olstm run --help
  bash $here/tools/test.sh
EOF
