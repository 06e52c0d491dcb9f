#!/usr/bin/env bash
# All tests: installs what is missing, builds Release, runs CTest; then the same tests with the address and
# undefined-behaviour sanitizers. Debian 12 and 13; offline once the packages are there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$here/tools/setup.sh"
cd "$here"

need "$build_packages$test_packages"
need_if_any "$check_packages"
jobs=$(nproc)
# ONNX Runtime, to test the adapters in; without it they are skipped, by name.
ort_cache=$(bash tools/get_onnxruntime.sh) || ort_cache=

run_quietly "configuring build/test" cmake --preset test "-DOLSTM_WERROR=$(werror)" "-DOLSTM_ORT_CACHE=$ort_cache"
run_quietly "building build/test" cmake --build --preset test -j "$jobs"
run_quietly "configuring build/asan" cmake --preset asan "-DOLSTM_WERROR=$(werror)"
run_quietly "building build/asan" cmake --build --preset asan -j "$jobs"

failed=0
say "testing build/test"
# Tests labelled slow (every float through the vector functions) are run by hand: ctest --preset test -L slow
ctest --preset test -j "$jobs" --progress -LE slow || failed=1
say "testing build/asan (address and undefined-behaviour sanitizers)"
ctest --preset asan -j "$jobs" --progress -LE slow || failed=1
exit $failed
