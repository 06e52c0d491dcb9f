#!/usr/bin/env bash
# usage: tools/fuzz.sh [TARGET MINUTES]
# Fuzzes one target with libFuzzer, the address and the undefined-behaviour sanitizer, from its corpus in
# tests/fuzz/corpus/TARGET on. Without arguments it lists the targets.
# What it learns stays in build/fuzz/corpus/TARGET; inputs that break a promise go to build/fuzz/findings/TARGET-*,
# and the exit code is 1. Put such an input into tests/fuzz/corpus/TARGET with what mends it: the tests replay it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$here/tools/setup.sh"
cd "$here"

if [ "$#" -ne 2 ]; then
  sed -n '2s/^# //p' "${BASH_SOURCE[0]}"
  say "targets:"
  grep -ohE '^ *olstm_add_fuzz_target\([a-z_]+' tests/fuzz/CMakeLists.txt | sed 's/.*(/  /'
  [ "$#" -eq 0 ] && exit 0
  exit 2
fi
target=$1
minutes=$2
[ -f "tests/fuzz/fuzz_$target.c" ] || { say "no target '$target': tools/fuzz.sh lists them"; exit 2; }
case $minutes in
  '' | *[!0-9]* | 0) say "MINUTES is a number from 1 on, not '$minutes'"; exit 2 ;;
esac

need "$build_packages$test_packages"
need '
clang clang
'
runtime=$(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a")
[ -e "$runtime" ] || install_packages libclang-rt-dev
run_quietly "configuring build/fuzz" cmake --preset fuzz -DOLSTM_WERROR=OFF
run_quietly "building fuzz_$target" cmake --build --preset fuzz -j "$(nproc)" --target "fuzz_$target"

corpus=build/fuzz/corpus/$target
findings=build/fuzz/findings
mkdir -p "$corpus" "$findings"
# Models that the tests have are seeds, too.
seeds=("tests/fuzz/corpus/$target")
case $target in
  model | session) seeds+=(tests/data/control tests/data/loops tests/data/state tests/data/onnxruntime tests/fuzz/models) ;;
esac
# What a target does not read of an input is not worth changing.
case $target in
  lstm) max_len=128 ;;
  memory_plan) max_len=384 ;;
  inputs | npy | state_blob | tensor_pb) max_len=4096 ;;
  *) max_len=16384 ;;
esac
# Ranking inputs by how rare what they reach is takes longer than running them.
status=0
"build/fuzz/tests/fuzz/fuzz_$target" -max_total_time=$((minutes * 60)) -timeout=10 -max_len=$max_len -entropic=0 \
  -artifact_prefix="$findings/$target-" "$corpus" "${seeds[@]}" || status=1
if [ "$status" -ne 0 ] && ! compgen -G "$findings/$target-*" >/dev/null; then
  say "stopped before its time"
elif [ "$status" -ne 0 ]; then
  say "found something: see $findings/$target-*, and replay it with build/fuzz/tests/fuzz/fuzz_$target FILE"
else
  say "nothing found; $(find "$corpus" -type f | wc -l) inputs in $corpus"
fi
exit $status
