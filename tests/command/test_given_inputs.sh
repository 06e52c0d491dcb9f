#!/usr/bin/env bash
# Inputs with initializers: -i and data sets give them, --bind starts from them, and otherwise they are constants.
. "$(dirname "$0")/expect.sh"
make_model sum.onnx "input X float[1]" "input B float[1]" "input C float[1]" "const B float[1] 10" \
  "node Add X,B -> XB" "node Add XB,C -> Y" "output Y float[1]"
npy() { printf '\x93NUMPY\x01\x00v\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"; }
{ npy; printf '\0\0\200\077'; } > one.npy
{ npy; printf '\0\0\0\100'; } > two.npy

expect 0 run sum.onnx -i X=one.npy -i C=one.npy
expect_line out.txt "  [12]"
grep -q "^input B" out.txt && complain "an input that was not given: $(cat out.txt)"
expect 0 run sum.onnx -i X=one.npy -i C=one.npy -i B=two.npy
expect_line out.txt "  [4]"
expect 0 run sum.onnx -i X=one.npy --random 1
grep -q "^input B" out.txt && complain "an initializer that was made up: $(cat out.txt)"
expect_error 1 "no input 'D': the model takes 'X', 'C'" run sum.onnx -i D=one.npy
expect 0 inspect sum.onnx
expect_line out.txt "input   B: float [1], the model's own unless given"
expect 0 inspect sum.onnx --json
grep -qF '"default_inputs": [{"name": "B", "dtype": "float", "shape": [1]}]' out.txt || complain "$(cat out.txt)"

# A binding starts from the initializer.
make_model count.onnx "input X float[1]" "input S float[1]" "const S float[1] 5" "node Add X,S -> Y" "output Y float[1]"
expect 0 run count.onnx -i X=one.npy --bind Y=S --repeat 3
expect_line out.txt "  [8]"

# Data sets: by name, by number, and one that leaves it to the model.
write_case() {
  local folder=$1 expected=$2 index=0
  shift 2
  mkdir -p "$folder"
  for tensor in "$@"; do
    # A TensorProto of one float: dims, data_type, name, raw_data.
    { printf '\010\001\020\001'; [ "${tensor%%=*}" ] && printf '\102\001%s' "${tensor%%=*}"; printf '\112\004'; tail -c 4 "${tensor#*=}"; } > "$folder/input_$index.pb"
    index=$((index + 1))
  done
  { printf '\010\001\020\001\102\001Y\112\004'; printf '%b' "$expected"; } > "$folder/output_0.pb"
}
mkdir case
cp sum.onnx case/model.onnx
write_case case/test_data_set_0 '\0\0\200\100' X=one.npy B=two.npy C=one.npy
write_case case/test_data_set_1 '\0\0\100\101' X=one.npy C=one.npy
write_case case/test_data_set_2 '\0\0\200\100' =one.npy =two.npy =one.npy
write_case case/test_data_set_3 '\0\0\240\100' C=two.npy B=two.npy X=one.npy
expect 0 conform case
expect_line out.txt "PASS case"
write_case case/test_data_set_1 '\0\0\200\100' X=one.npy C=one.npy
expect 1 conform case
exit $bad
