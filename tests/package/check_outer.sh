#!/usr/bin/env bash
# usage: check_outer.sh SOURCE BUILD
# Other projects build olstm along, by add_subdirectory and by FetchContent, with the shared and with the static library
# alone, without a build type and with their own; and what is missing is named with its package and switch.
set -euo pipefail
source_dir=$1
build_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build_dir/CMakeCache.txt")
export CMAKE_GENERATOR
launcher=$(sed -n 's/^CMAKE_C_COMPILER_LAUNCHER:[A-Z]*=//p' "$build_dir/CMakeCache.txt")
onednn=$(sed -n 's/^OLSTM_WITH_ONEDNN:BOOL=//p' "$build_dir/CMakeCache.txt")
model=$source_dir/tests/data/keras_lstm/model.onnx
expect() {
  [ "$2" = "$3" ] || { echo "outer: $1: expected '$3', got '$2'"; exit 1; }
}

# outer NAME OPTION...: configures the outer project.
outer() {
  local name=$1
  shift
  cmake -S "$source_dir/tests/package/outer" -B "$work/$name" "-DOLSTM_SOURCE=$source_dir" "-DOLSTM_WITH_ONEDNN=$onednn" \
    "-DCMAKE_C_COMPILER_LAUNCHER=$launcher" "$@" >"$work/log" 2>&1
}
# is_usable NAME: builds it and runs its program.
is_usable() {
  cmake --build "$work/$1" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
  expect "$1" "$("$work/$1/program" "$model")" "dense [2,1]"
}
outer untyped -DHOW=subdirectory -DEXPECTED_BUILD_TYPE= || { cat "$work/log"; exit 1; }
outer subdirectory -DHOW=subdirectory -DCMAKE_BUILD_TYPE=Debug -DEXPECTED_BUILD_TYPE=Debug || { cat "$work/log"; exit 1; }
is_usable subdirectory
cmake --install "$work/subdirectory" --prefix "$work/installed" >/dev/null
expect "what is installed with it" "$(cd "$work/installed" && find . -type f)" "./bin/program"

# A static library alone; installed along, since it is asked for.
outer content -DHOW=content -DCMAKE_BUILD_TYPE=Debug -DEXPECTED_BUILD_TYPE=Debug -DOLSTM_BUILD_SHARED=OFF -DOLSTM_INSTALL=ON ||
  { cat "$work/log"; exit 1; }
is_usable content
if ldd "$work/content/program" | grep -q libolstm; then echo "outer: a static-only build links libolstm.so"; exit 1; fi
cmake --install "$work/content" --prefix "$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake -S "$source_dir/tests/package/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 &&
  cmake --build "$work/consumer" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
expect "find_package of a static-only build" "$("$work/consumer/with_shared" "$model")" "dense [2,1]"
if find "$work/prefix" -name '*.so*' | grep -q .; then echo "outer: a static-only build installs shared libraries"; exit 1; fi

# refuses WHAT OPTION...: configuring stops and says WHAT.
refuses() {
  local what=$1
  shift
  if outer refused -DHOW=subdirectory -DEXPECTED_BUILD_TYPE= "$@"; then echo "outer: $* is not refused"; exit 1; fi
  tr -s ' \n' ' ' <"$work/log" | grep -qF -- "$what" || { cat "$work/log"; echo "outer: expected '$what'"; exit 1; }
  rm -rf "$work/refused"
}
refuses "libonnx-dev; elsewhere, or when it is in a folder of its own: -DOLSTM_ONNX_PROTO=" -DOLSTM_ONNX_PROTO=OLSTM_ONNX_PROTO-NOTFOUND \
  -DCMAKE_SYSTEM_IGNORE_PATH='/usr/include;/usr/local/include' "-DCMAKE_IGNORE_PATH=/usr/include"
PKG_CONFIG_LIBDIR=$work PKG_CONFIG_PATH= refuses "libprotobuf-c-dev; elsewhere"
refuses "nothing to build" -DOLSTM_BUILD_SHARED=OFF -DOLSTM_BUILD_STATIC=OFF
echo "outer: ok"
