#!/usr/bin/env bash
# What goes wrong is one line on stderr, word by word, and an exit code: 1 for a failed job, 2 for bad usage.
. "$(dirname "$0")/expect.sh"
cp "$data"/broken/* .
mkdir folder

# Models.
expect_error 1 "cannot open 'nix.onnx': No such file or directory" run nix.onnx
expect_error 1 "'folder' is not a regular file" run folder
expect_error 1 "byte 21: ModelProto.graph: its length runs past the end (is the file cut short?)" run truncated.onnx
expect_error 1 "not an ONNX model: it is a Git LFS pointer, not the file itself (\`git lfs pull\` gets it)" run lfs_pointer.onnx
expect_error 1 "Erfc 'encoder': no operator 'Erfc' in domain 'ai.onnx'" run unknown_operator.onnx
expect_error 1 "LSTM 'encoder': unknown activation 'Swish'" run unknown_activation.onnx
expect_error 1 "LSTM 'encoder': unknown attribute 'color' (opset 14)" run unknown_attribute.onnx
expect_error 1 "LSTM 'encoder': R has shape [1,16,5], expected [1,16,4] from hidden_size=4" run wrong_r_shape.onnx

# Inputs.
expect_error 1 "input 'X' (float [2,N,3]) is missing: give -i 'X=FILE', or --random SEED" run small_lstm.onnx
expect_error 1 "input 'X' has shape [2,1,4], expected [2,N,3]" run small_lstm.onnx -i X=x_2x1x4.npy
expect_error 1 "input 'X' has dtype double, expected float: --cast converts it" run small_lstm.onnx -i X=x_double.npy
expect_error 1 "no input 'Y': the model takes 'X'" run small_lstm.onnx -i Y=x_2x1x3.npy
expect_error 1 "input 'X' is given twice" run small_lstm.onnx -i X=x_2x1x3.npy -i X=x_2x1x3.npy
expect_error 1 "cannot open 'nix.npy': No such file or directory" run small_lstm.onnx -i X=nix.npy
head -c 140 x_2x1x3.npy > cut.npy
expect_error 1 "'cut.npy': 12 bytes of elements do not make float [2,1,3]" run small_lstm.onnx -i X=cut.npy
expect_error 1 "--dim 'M=3': no input has a symbolic dimension of that name" run small_lstm.onnx --random 1 --dim M=3
expect_error 1 "--dim wants NAME=N with an integer from 0 to 2147483647, not 'N=x'" run small_lstm.onnx --random 1 --dim N=x
expect_error 1 "--dim wants NAME=N with an integer from 0 to 2147483647, not 'N=4000000000'" \
  run small_lstm.onnx --random 1 --dim N=4000000000
expect_error 1 "input 'X': the file has shape [2,1,3], --dim makes it 3 in dimension 1" run small_lstm.onnx -i X=x_2x1x3.npy --dim N=3

# A dimension that nobody gives a size, in all that make inputs up.
make_model batch.onnx "input x float[2,N,1]" "input y float[?]" "const w float[1,4,1] 1" "const r float[1,4,1] 1" \
  "const h float[1,3,1] 1" "node LSTM x,w,r,_,_,h -> z name=l hidden_size=1" "node Neg y -> v" "output z" "output v"
misfit="LSTM 'l': initial_h has shape [1,3,1], expected [1,1,1] from X [2,1,1] (the model's own initial state is one for a batch of 3)"
expect_error 1 "$misfit (dimension 'N' is 1 unless --dim 'N=N' says)" run batch.onnx --random 1
expect_error 1 "$misfit (dimension 'N' is 1 unless --dim 'N=N' says)" bench batch.onnx --seconds 0
expect 0 inspect batch.onnx
expect_line out.txt "no plan: $misfit (dimension 'N' is 1 unless --dim 'N=N' says)"
expect_error 1 "$misfit (dimension 0 of input 'y' is 1 unless --dim 'y:0=N' says)" run batch.onnx --random 1 --dim N=1
expect_error 1 "$misfit" run batch.onnx --random 1 --dim N=1 --dim y:0=2
expect 0 run batch.onnx --random 1 --dim N=3

# Outputs and state.
expect_error 1 "cannot make the folder 'small_lstm.onnx/x': Not a directory" run small_lstm.onnx --random 1 -o small_lstm.onnx/x
expect_error 1 "no state slot 'encoder/h' (olstm inspect lists them; --stateful and --bind make them)" \
  run small_lstm.onnx --random 1 --set-state encoder/h=x_2x1x3.npy
for option in "--load-state s.bin" "--save-state s.bin" --reset; do
  # shellcheck disable=SC2086 # an option and its value
  expect_error 1 "${option%% *}: there are no state slots (--stateful and --bind make them)" \
    run small_lstm.onnx --random 1 $option
done
expect_error 1 "cannot open 'nix.bin': No such file or directory" run small_lstm.onnx --random 1 --stateful all --load-state nix.bin

# Usage.
expect_error 2 "a command is missing (olstm --help lists them)"
expect_error 2 "unknown command 'walk' (olstm --help lists them)" walk
expect_error 2 "run: an argument is missing (usage: olstm run MODEL [options])" run
expect_error 2 "run: 'b' is one argument too many (usage: olstm run MODEL [options])" run a b
expect_error 2 "run: unknown option '--fast' (olstm run --help lists them)" run small_lstm.onnx --fast
expect_error 2 "run: -i wants NAME=FILE or FILE.npz, not 'X'" run small_lstm.onnx -i X
expect_error 2 "run: -o wants DIR after it" run small_lstm.onnx -o
expect_error 2 "run: --random wants an integer, not 'x'" run small_lstm.onnx --random x
expect_error 2 "run: --threads wants an integer from 1 to 1024, not '0'" run small_lstm.onnx --threads 0
expect_error 2 "run: --kernel is one of auto|onednn|native|reference|fastest, not 'fast'" run small_lstm.onnx --kernel fast
expect_error 2 "conform: --rtol wants a number, 0 or more, not '-1'" conform --rtol -1 .
expect_error 2 "inspect: --json, --dot and --weights do not go together" inspect small_lstm.onnx --json --dot
expect_error 1 "cannot read the folder 'nix'" conform nix
expect_error 1 "no case in 'folder': a case is a folder with model.onnx and test_data_set_0" conform folder

# Every command has its help, and it goes to stdout.
for command in run inspect conform cases bench ops weights; do
  expect 0 $command --help
  grep -q "^usage: olstm $command" out.txt || complain "olstm $command --help has no usage line"
  [ ! -s err.txt ] || complain "olstm $command --help writes to stderr"
done
exit $bad
