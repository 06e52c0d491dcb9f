#!/usr/bin/env bash
# olstm cases: test cases that are the same each time, that olstm passes, and whose faults conform finds.
. "$(dirname "$0")/expect.sh"
# Tens of thousands of files: some hundred cases of LSTM, but where all is asked for (the test labelled slow).
ops=LSTM
some=(--filter 'lstm_*_sequence_lens_zero*' --filter 'lstm_*_clip_all*' --filter 'lstm_*_peepholes*' --filter 'lstm_*_no_steps'
  --filter 'lstm_random*' --filter lstm_forward)
[ -z "${OLSTM_ALL_CASES:-}" ] || { ops="LSTM GRU RNN" some=(); }
for op in $ops; do
  expect 0 cases --op $op -o all --count 20 --seed 7 "${some[@]}"
  grep -qE "^[0-9]{3,4} cases of $op in all, 20 of them random, [0-9]+ open$" out.txt || complain "$(cat out.txt)"
done
expect 0 conform all
grep -qE '^[0-9]{3,4} passed, 0 failed, 0 skipped$' out.txt || complain "$(grep -v ^PASS out.txt | head)"

# Names say what is tested, and files are those of ONNX's format.
names="node/test_lstm_reverse_sequence_lens_zero node/test_lstm_forward_peepholes_input_forget node/test_lstm_random_7_0000 open/test_lstm_forward_no_steps"
[ "$ops" = LSTM ] || names="$names node/test_gru_bidirectional_clip_some_linear_before_reset node/test_rnn_forward_layout_1_double"
for name in $names; do
  [ -f "all/$name/model.onnx" ] && [ -f "all/$name/test_data_set_0/input_0.pb" ] && [ -f "all/$name/test_data_set_0/output_0.pb" ] ||
    complain "no case $name"
done
[ "$(cat all/open/test_lstm_forward_no_steps/open.txt)" ] || complain "an open case without its sentence"
find all -path all/open -prune -o -name open.txt -print | grep . && complain "open cases among the others"

# Valid models, and data as they declare it.
if /usr/bin/python3 -c 'import onnx' 2>/dev/null; then
  /usr/bin/python3 - <<'PY' || complain "cases that onnx.checker does not take"
import glob, onnx
for path in glob.glob("all/**/model.onnx", recursive=True):
    model = onnx.load(path)
    if model.ir_version <= onnx.IR_VERSION:
        onnx.checker.check_model(model, full_check=True)
    for kind, values in (("input", model.graph.input), ("output", model.graph.output)):
        for index, value in enumerate(values):
            tensor = onnx.TensorProto()
            with open(f"{path[:-10]}test_data_set_0/{kind}_{index}.pb", "rb") as file:
                tensor.ParseFromString(file.read())
            declared = value.type.tensor_type
            assert tensor.name == value.name and tensor.data_type == declared.elem_type, path
            assert list(tensor.dims) == [dim.dim_value for dim in declared.shape.dim], (path, value.name)
PY
fi

# ONNX's own runner takes them as they are: their layout, and their names.
if /usr/bin/python3 -c 'import onnx.backend.test' 2>/dev/null; then
  /usr/bin/python3 - <<'PY' || complain "cases that ONNX's runner does not take"
import unittest
import numpy as np
# That runner may be older than numpy.
for name in ("object", "bool"):
    if name not in np.__dict__:
        setattr(np, name, {"object": object, "bool": bool}[name])
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner
ran = []
class Answers(BackendRep):
    def run(self, inputs, **options):
        ran.append(len(inputs))
        return []
class Counts(Backend):
    @classmethod
    def prepare(cls, model, device="CPU", **options):
        return Answers()
    @classmethod
    def supports_device(cls, device):
        return device == "CPU"
class Cases(Runner):
    @classmethod
    def assert_similar_outputs(cls, *values, **options):
        pass
cases = load_model_tests(data_dir="all", kind="node")[:40] + load_model_tests(data_dir="all", kind="open")[:5]
runner = Cases(Counts, __name__)
for case in cases:
    runner._add_model_test(case, "Case")
suite = unittest.TestSuite()
for name, made in runner.test_cases.items():
    if "Case" in name:
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
result = unittest.TestResult()
suite.run(result)
assert not result.failures and not result.errors, (result.failures + result.errors)[0][1]
assert len(ran) == len(cases) == 45, (len(ran), len(cases))
PY
fi

# The same seed, the same bytes, whatever else is written; another seed, others.
expect 0 cases --op LSTM -o same --count 5 --seed 7 --filter lstm_forward --filter 'lstm_bidirectional_clip_all*' --filter '*random*'
for name in lstm_forward lstm_bidirectional_clip_all_float16 lstm_random_7_0004; do
  diff -r "all/node/test_$name" "same/node/test_$name" || complain "$name is not the same again"
done
if [ "$ops" != LSTM ]; then
  expect 0 cases --op LSTM -o other --seed 8
  cmp -s all/node/test_lstm_forward/test_data_set_0/input_0.pb other/node/test_lstm_forward/test_data_set_0/input_0.pb && complain "another seed, the same inputs"
fi

# A result that is off is found; where the answer is open it is no verdict.
mkdir wrong
cp -r all/node/test_lstm_reverse_sequence_lens_zero all/open/test_lstm_forward_initial_h_no_steps wrong
for name in test_lstm_reverse_sequence_lens_zero/test_data_set_0/output_0.pb test_lstm_forward_initial_h_no_steps/test_data_set_0/output_1.pb; do
  printf '\100' | dd of="wrong/$name" bs=1 seek=$(($(stat -c %s "wrong/$name") - 1)) conv=notrunc 2>/dev/null
done
expect 1 conform wrong
grep -q "^FAIL lstm_reverse_sequence_lens_zero: output 'Y': 1 of " out.txt || complain "$(cat out.txt)"
grep -q "^SKIP lstm_forward_initial_h_no_steps: the answer is open: The specification says nothing" out.txt || complain "$(cat out.txt)"

usage="usage: olstm cases --op LSTM|GRU|RNN -o DIR [options]"
expect_error 2 "cases: --op is missing ($usage)" cases -o x
expect_error 2 "cases: -o DIR is missing ($usage)" cases --op GRU
expect_error 2 "cases: --op is one of LSTM|GRU|RNN, not 'Conv'" cases --op Conv -o x
exit $bad
