# 64-bit Windows, in Wine. What cannot be tested there: reparse points, and the limit of memory of a job.
# gcc's moves of whole registers to a stack that Windows does not align for them must not be aligned ones.
check_moves() {
  if x86_64-w64-mingw32-objdump -d "$1" | grep -E 'vmov(ap[sd]|dqa[0-9]*) .*%[yz]mm.*\(%r[sb]p'; then
    say "$1 moves registers to the stack as if it were aligned"
    return 1
  fi
}

# What is built brings all along but Windows itself.
check_imports() {
  local others
  others=$(x86_64-w64-mingw32-objdump -p "$1" | sed -n 's/.*DLL Name: //p' | grep -viE '^(kernel32|ntdll|advapi32|msvcrt)\.dll$' || true)
  if [ -n "$others" ]; then
    say "$1 needs $others"
    return 1
  fi
}

# Unit tests that compare with sines and cosines of the C library: MinGW's take them from the x87, which has a short pi.
imprecise='^unit\.vector_math\.(doubles_are_within_their_ulps|sines_near_their_zeros_are_within_their_ulps)'

test_windows() {
  local protobuf_c cmocka program
  need_packages gcc-mingw-w64-x86-64-posix libz-mingw-w64-dev wine64 dpkg-dev libonnx-testdata
  protobuf_c=$(get_source protobuf-c)
  cmocka=$(get_source cmocka)
  build windows "-DOLSTM_PROTOBUF_C_SOURCE=$protobuf_c" "-DOLSTM_CMOCKA_SOURCE=$cmocka"
  for program in libolstm.dll olstm_ops.dll bin/olstm.exe; do
    check_moves "build/windows/$program"
    check_imports "build/windows/$program"
  done
  export WINEDEBUG=-all WINEPREFIX="$here/build/windows/wine"
  mkdir -p "$WINEPREFIX"
  # Wine's server stays for the next program.
  run_quietly "starting Wine" bash -c "/usr/lib/wine/wineserver64 -p60 && build/windows/bin/run_olstm_command --version"
  local sweeps="$sweeps|$imprecise"
  say "left out, since MinGW's functions are not precise enough to compare with: $imprecise"
  if $quick; then
    run_tests windows "$sample|^(abi|examples|windows)\.|^package.pkg_config|^conformance.(onnx_node_tests|planted)"
  else
    run_tests windows '^(unit|abi|examples|conformance|windows)\.|^package.pkg_config'
  fi
}
