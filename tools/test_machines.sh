#!/usr/bin/env bash
# usage: test_machines.sh [--quick] [i386|aarch64|windows]...
# Cross-builds for other machines on Debian and tests what is built there, all machines by default: 32-bit x86 as it is,
# AArch64 in qemu, Windows in Wine. Installs what is missing (as root or with sudo). --quick runs a sample of the tests.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$here/tools/setup.sh"
cd "$here"
jobs=$(nproc)
# What an emulator takes too long for: sweeps over whole ranges.
sweeps='growth|of_unrolled_layers|every_length_is|command\.cases|fuzz'
# The kernels, and what differs between systems.
sample='^unit\.(native_kernel|vector_math|gemm|conv_kernel|lstm_op|external_data|threads|convert|model|tensor_size)'

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need_packages PACKAGE...: those of another architecture are asked for as name:architecture.
need_packages() {
  local package absent=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' || absent+=("$package")
  done
  [ "${#absent[@]}" -eq 0 ] || install_packages "${absent[@]}"
}

need_architecture() {
  if ! dpkg --print-foreign-architectures | grep -qx "$1"; then
    as_root dpkg --add-architecture "$1"
    run_quietly "reading the packages of $1" as_root apt-get update -qq
  fi
}

# build MACHINE OPTION...
build() {
  local machine=$1
  shift
  run_quietly "configuring build/$machine" cmake --preset "$machine" "$@"
  run_quietly "building build/$machine" cmake --build --preset "$machine" -j "$jobs"
}

# run_tests MACHINE REGEX CTEST-OPTION...
run_tests() {
  local machine=$1 tests=$2
  shift 2
  say "testing build/$machine"
  ctest --test-dir "build/$machine" -j "$jobs" --progress --output-on-failure -R "$tests" -E "$sweeps" -LE 'slow|builds' "$@"
}

test_i386() {
  need_architecture i386
  need_packages crossbuild-essential-i386 libprotobuf-c-dev:i386 libcmocka-dev:i386
  build i386
  if $quick; then run_tests i386 "$sample"; else run_tests i386 '^(unit|command|conformance|examples)\.'; fi
}

test_aarch64() {
  local cpu
  need_architecture arm64
  need_packages gcc-aarch64-linux-gnu libprotobuf-c-dev:arm64 libcmocka-dev:arm64 qemu-user
  build aarch64
  if $quick; then
    QEMU_CPU=max run_tests aarch64 '^unit\.(native_kernel|vector_math|gemm)\.'
    return
  fi
  for cpu in max cortex-a53 neoverse-n1; do
    say "as $cpu"
    QEMU_CPU=$cpu run_tests aarch64 "$sample"
  done
  QEMU_CPU=max run_tests aarch64 '^(unit|conformance|examples)\.'
}

# The source of protobuf-c, which Debian has for no Windows. Prints its folder.
get_protobuf_c() {
  local folder=build/sources lists
  mkdir -p "$folder"
  if ! ls -d "$folder"/protobuf-c-*/ >/dev/null 2>&1; then
    lists=$(mktemp -d "${TMPDIR:-/tmp}/olstm-lists.XXXXXX")
    # The system's own sources, asked for source packages.
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null >"$lists/all.list" || true
    sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/*.sources 2>/dev/null >"$lists/all.sources" || true
    mkdir -p "$lists/state/partial"
    (
      cd "$folder"
      apt_options=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$lists" -o "Dir::State::lists=$lists/state")
      apt-get "${apt_options[@]}" update -qq
      apt-get "${apt_options[@]}" source -qq protobuf-c
    ) >"$log" 2>&1 || { tail -n 5 "$log" >&2; say "Could not get protobuf-c's source." >&2; return 1; }
    rm -rf "$lists"
  fi
  (cd "$folder"/protobuf-c-*/ && pwd)
}

# gcc's moves of whole registers to a stack that Windows does not align for them must not be aligned ones.
check_moves() {
  if x86_64-w64-mingw32-objdump -d "$1" | grep -E 'vmov(ap[sd]|dqa[0-9]*) .*%[yz]mm.*\(%r[sb]p'; then
    say "$1 moves registers to the stack as if it were aligned"
    return 1
  fi
}

test_windows() {
  local protobuf_c example
  need_packages gcc-mingw-w64-x86-64-posix wine64 dpkg-dev
  protobuf_c=$(get_protobuf_c)
  build windows "-DOLSTM_PROTOBUF_C_SOURCE=$protobuf_c"
  check_moves build/windows/libolstm.dll
  run_quietly "building build/release" bash -c "cmake --preset release -DOLSTM_BUILD_ADAPTERS=OFF && cmake --build --preset release -j $jobs"
  say "testing build/windows"
  export WINEDEBUG=-all WINEPREFIX="$here/build/windows/wine"
  for example in run_model stateful_chunks several_inputs layer_without_graph; do
    cc -O2 -Iinclude "docs/examples/$example.c" -Lbuild/release -lolstm -Wl,-rpath,build/release -lm -o "build/windows/$example"
    x86_64-w64-mingw32-gcc-posix -O2 -D__USE_MINGW_ANSI_STDIO=1 -Iinclude "docs/examples/$example.c" -Lbuild/windows -lolstm \
      -o "build/windows/$example.exe"
    compare_example "$example"
  done
}

# The same output, but for the ends of lines, from Wine as from this machine.
compare_example() {
  local model=()
  case $1 in
    layer_without_graph) ;;
    several_inputs) model=(tests/data/keras_examples/b_inputs/model.onnx) ;;
    *) model=(tests/data/keras_lstm/model.onnx) ;;
  esac
  "build/windows/$1" "${model[@]}" >build/windows/expected.txt
  timeout 300 /usr/lib/wine/wine64 "build/windows/$1.exe" "${model[@]}" 2>"$log" | tr -d '\r' >build/windows/result.txt
  if ! cmp -s build/windows/expected.txt build/windows/result.txt; then
    say "$1 prints on Windows:"
    cat build/windows/result.txt "$log"
    return 1
  fi
  say "$1: the same output"
}

quick=false
options=()
machines=()
for word in "$@"; do
  case $word in
    --quick)
      quick=true
      options=(--quick)
      ;;
    i386 | aarch64 | windows) machines+=("$word") ;;
    *)
      say "usage: test_machines.sh [--quick] [i386|aarch64|windows]..."
      exit 2
      ;;
  esac
done
[ "${#machines[@]}" -gt 0 ] || machines=(i386 aarch64 windows)
if [ "${#machines[@]}" -eq 1 ]; then
  need "$build_packages"
  "test_${machines[0]}"
  exit
fi
failed=()
for machine in "${machines[@]}"; do
  bash "${BASH_SOURCE[0]}" "${options[@]}" "$machine" || failed+=("$machine")
done
if [ "${#failed[@]}" -gt 0 ]; then
  say "failed: ${failed[*]}"
  exit 1
fi
