#!/usr/bin/env bash
# usage: check_package.sh SOURCE BUILD
# Installs into a prefix, moves it, and uses it as strangers would: find_package (shared and static), pkg-config, the
# command, the README's program.
set -euo pipefail
source_dir=$1
build_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=$source_dir/tests/data/keras_lstm/model.onnx
expect() {
  [ "$2" = "$3" ] || { echo "package: $1: expected '$3', got '$2'"; exit 1; }
}

# The generator that built olstm is there for sure.
CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build_dir/CMakeCache.txt")
export CMAKE_GENERATOR
cmake --install "$build_dir" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
prefix=$work/prefix
libdir=$(dirname "$(find "$prefix" -name libolstm.so | head -n 1)")

cmake -S "$source_dir/tests/package/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 &&
  cmake --build "$work/consumer" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
expect "find_package, shared" "$("$work/consumer/with_shared" "$model")" "dense [2,1]"
expect "find_package, static" "$("$work/consumer/with_static" "$model")" "dense [2,1]"
if ldd "$work/consumer/with_static" | grep -q libolstm; then echo "package: olstm_static links libolstm.so"; exit 1; fi

export PKG_CONFIG_PATH=$libdir/pkgconfig
expect "pkg-config, version" "$(pkg-config --modversion olstm)" \
  "$(sed -n 's/^#define OLSTM_VERSION_[MP][A-Z]* \([0-9]*\)$/\1/p' "$prefix/include/olstm/version.h" | paste -sd.)"
# shellcheck disable=SC2046
"${CC:-cc}" "$source_dir/tests/package/consumer/consumer.c" -o "$work/with_pc" $(pkg-config --cflags --libs olstm)
expect "pkg-config, shared" "$(LD_LIBRARY_PATH=$libdir "$work/with_pc" "$model")" "dense [2,1]"
# shellcheck disable=SC2046
"${CC:-cc}" "$source_dir/tests/package/consumer/consumer.c" -o "$work/with_pc_static" $(pkg-config --cflags olstm) \
  "$libdir/libolstm.a" $(pkg-config --static --libs olstm | sed 's/-lolstm//')
expect "pkg-config, static" "$("$work/with_pc_static" "$model")" "dense [2,1]"

expect "the command" "$("$prefix/bin/olstm" --version)" "olstm $(pkg-config --modversion olstm)"
[ -f "$prefix/share/man/man1/olstm.1.gz" ] || { echo "package: no manual page"; exit 1; }

# The installed example of a host, and the installed operators.
# shellcheck disable=SC2046
"${CC:-cc}" -std=c11 "$prefix/share/doc/libolstm-dev/examples/runner.c" -o "$work/runner" $(pkg-config --cflags olstm) -ldl
expect "the example of a host" "$("$work/runner" "$(pkg-config --variable=opsdir olstm)/libolstm_ops.so" | head -n 1)" \
  "Y_h = 0.115787 -0.029099"

# The README's first C block is a whole program; it takes the model of the quick start.
awk '/^```c$/ {inside = 1; next} /^```$/ {if (inside) exit} inside' "$source_dir/README.md" > "$work/readme.c"
[ -s "$work/readme.c" ] || { echo "package: the README has no C program"; exit 1; }
# shellcheck disable=SC2046
"${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$work/readme.c" -o "$work/readme" $(pkg-config --cflags --libs olstm)
LD_LIBRARY_PATH=$libdir "$work/readme" "$model" > "$work/readme.out"
grep -q '^prediction' "$work/readme.out" || { echo "package: the README's program printed: $(cat "$work/readme.out")"; exit 1; }
echo "package: ok"
