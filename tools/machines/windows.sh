# 64-bit Windows, in Wine.
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
