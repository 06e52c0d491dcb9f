#!/usr/bin/env bash
# usage: check_pkg_config.sh SOURCE BUILD COMPILER LINK_FLAGS [EMULATOR]...
# Installs, and links a program with what pkg-config says, which sees no package but olstm: shared where there is a shared
# library, and static. Both run.
set -euo pipefail
source_dir=$1
build_dir=$2
compiler=$3
read -r -a flags <<<"$4"
shift 4
emulator=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=$source_dir/tests/data/keras_lstm/model.onnx
cmake --install "$build_dir" --prefix "$work" >/dev/null
libdir=$(dirname "$(find "$work" -name libolstm.a)")
export PKG_CONFIG_LIBDIR=$libdir/pkgconfig
unset PKG_CONFIG_PATH
# Windows looks for its libraries beside the program.
mkdir -p "$work/bin"

# check WAY OPTION...: of pkg-config, or files.
check() {
  local way=$1 printed words
  shift
  read -r -a words <<<"$*"
  "$compiler" "$source_dir/tests/package/consumer/consumer.c" -o "$work/bin/$way" "${flags[@]}" "${words[@]}"
  [ -f "$work/bin/$way" ] || mv "$work/bin/$way.exe" "$work/bin/$way"
  printed=$(LD_LIBRARY_PATH=$libdir "${emulator[@]}" "$work/bin/$way" "$model" | tr -d '\r')
  [ "$printed" = "dense [2,1]" ] || { echo "package: pkg-config, $way: got '$printed'"; exit 1; }
}
check plain "$(pkg-config --cflags --libs olstm)"
words=$(pkg-config --cflags --libs --static olstm)
# libolstm.a even where there is another one.
check static "-static ${words//-lolstm/$libdir/libolstm.a}"
echo "package: pkg-config needs olstm alone"
