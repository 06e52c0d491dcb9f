#!/usr/bin/env bash
# Every output has a file of its own, whose name can be read; folders are made, or refused before the run.
. "$(dirname "$0")/expect.sh"

# expect_files FOLDER NAME...: these are in it, and no others.
expect_files() {
  local folder=$1
  shift
  [ "$(ls -A "$folder" | LC_ALL=C sort)" = "$(printf '%s\n' "$@" | LC_ALL=C sort)" ] ||
    complain "$folder has $(ls -A "$folder" | tr '\n' ' '), expected $*"
}

# outputs_model FILE NAME...: a model that makes a constant of each number and calls it so.
outputs_model() {
  local file=$1 index=0 lines=("input X float[1]")
  shift
  for name in "$@"; do
    index=$((index + 1))
    lines+=("const c$index float[1] $index" "node Add X,c$index -> $name name=n$index" "output $name float[1]")
  done
  make_model "$file" "${lines[@]}"
}
printf '\x93NUMPY\x01\x00v\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }" > zero.npy
printf '\0\0\0\0' >> zero.npy

# number FILE: the float in it.
number() { tail -c 4 "$1" | od -An -tf4 | tr -d ' '; }

chinese=$(printf '\350\276\223\345\207\272')
control=$(printf 'e\033[2J\302\233')
invalid=$(printf 'f\377')
long=$(printf 'l%.0s' {1..300})
outputs_model names.onnx a/b a_b a:b a%2Fb "$chinese" "$chinese/h" .hidden ../../up -rf "$control" "$invalid" 'w\x|y?' NUL con.1 \
  "${long}1" "${long}2" y Y Yy
expect 0 run names.onnx -i X=zero.npy -o out
expect_files out a%2Fb.npy a_b.npy a%3Ab.npy a%252Fb.npy "$chinese.npy" "$chinese%2Fh.npy" %2Ehidden.npy %2E.%2F..%2Fup.npy \
  %2Drf.npy 'e%1B[2J%C2%9B.npy' f%FF.npy 'w%5Cx%7Cy%3F.npy' %4EUL.npy %63on.1.npy "$(printf 'l%.0s' {1..176})%~14.npy" \
  "$(printf 'l%.0s' {1..176})%~15.npy" y.npy %59.npy Yy.npy
[ "$(number out/a%2Fb.npy)" = 1 ] && [ "$(number out/a_b.npy)" = 2 ] && [ "$(number "out/$(printf 'l%.0s' {1..176})%~15.npy")" = 16 ] &&
  [ "$(number out/%59.npy)" = 18 ] || complain "files of other outputs"
expect_line out.txt "  written to out/a%2Fb.npy"
expect_line out.txt "  written to out/$chinese.npy"

# Names that differ in case alone, beyond ASCII too; two names of one file are told.
outputs_model case.onnx ÉÉ éé Жук жук
expect 0 run case.onnx -i X=zero.npy -o case
expect_files case %C3%89%C3%89.npy éé.npy %D0%96ук.npy жук.npy
outputs_model two.onnx one two
mkdir linked && touch linked/one.npy && ln linked/one.npy linked/two.npy
expect 1 run two.onnx -i X=zero.npy -o linked
[ "$(cat err.txt)" = "olstm: 'linked/two.npy' is a file that was just written by another name: what was in it is lost" ] ||
  complain "$(cat err.txt)"
grep -q "written to linked/two.npy" out.txt && complain "a file that took another's place is reported as written"

mkdir drawn
expect 1 run two.onnx -i X=zero.npy -o drawn --plot drawn/./two.npy
[ "$(cat err.txt)" = "olstm: 'drawn/./two.npy' is a file that was just written by another name: what was in it is lost" ] ||
  complain "$(cat err.txt)"

# Weights: nodes that would share a file; one called as if it were a direction of another.
lstm() { echo "node LSTM X,$2,$3 -> $1 name=$1 hidden_size=1 direction=\"$4\""; }
make_model layers.onnx "input X float[1,1,1]" "const W float[1,4,1] 1" "const V float[1,4,1] 2" "const D float[2,4,1] 3" \
  "$(lstm a/lstm W W forward)" "$(lstm a_lstm V V forward)" "$(lstm x D D bidirectional)" "$(lstm x.forward W W forward)" \
  "$(lstm x.Backward W W forward)" "output a/lstm" "output a_lstm" "output x" "output x.forward" "output x.Backward"
expect 0 weights layers.onnx -o weights
expect_files weights {a%2Flstm,a_lstm,x.forward,x.backward,x%2Eforward,x%2EBackward}.{kernel,recurrent_kernel,bias}.npy
[ "$(number weights/a%2Flstm.kernel.npy)" = 1 ] && [ "$(number weights/a_lstm.kernel.npy)" = 2 ] &&
  [ "$(number weights/x.forward.kernel.npy)" = 3 ] && [ "$(number weights/x%2Eforward.kernel.npy)" = 1 ] ||
  complain "files of other layers"

# Parents are made; what cannot be written is refused before the model runs, with the reason.
expect 0 run names.onnx -i X=zero.npy -o deep/er/out/
expect 0 weights layers.onnx -o deep/er/weights
expect_files deep/er out weights
touch file
expect_error 1 "cannot make the folder 'file/x': Not a directory" run names.onnx -i X=zero.npy -o file/x
expect_error 1 "cannot write into 'file': Not a directory" run names.onnx -i X=zero.npy -o file
expect_error 1 "cannot write into 'file': Not a directory" weights layers.onnx -o file
expect_error 1 "cannot make the folder '': No such file or directory" run names.onnx -i X=zero.npy -o ""
expect_error 1 "cannot write 'nix/state.bin': No such file or directory" run "$data/broken/small_lstm.onnx" --random 1 --stateful all --save-state nix/state.bin
expect_error 1 "cannot write 'deep': Is a directory" run names.onnx -i X=zero.npy --plot deep
if [ -d /proc/self/fdinfo ]; then
  "$olstm" run names.onnx -i X=zero.npy -o /proc/self/fdinfo >out.txt 2>err.txt && complain "written into /proc"
  grep -q "^olstm: cannot write into '/proc/self/fdinfo': " err.txt && [ ! -s out.txt ] || complain "$(cat err.txt out.txt)"
fi
# So is a dtype that the format lacks.
make_model bfloat.onnx "input X bfloat16[1]" "node Neg X -> Y" "output Y bfloat16[1]"
expect_error 1 "NumPy has no bfloat16: write it with --format pb" run bfloat.onnx --random 1 -o out
expect 0 run bfloat.onnx --random 1 -o out --format pb
exit $bad
