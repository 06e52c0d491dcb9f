# The command as one static file, with the C library musl.
test_musl() {
  need_packages musl-tools linux-libc-dev binutils dpkg-dev libonnx-testdata
  build musl "-DOLSTM_PROTOBUF_C_SOURCE=$(get_source protobuf-c)" "-DOLSTM_CMOCKA_SOURCE=$(get_source cmocka)" \
    "-DOLSTM_ZLIB_SOURCE=$(get_source zlib)"
  if readelf -l build/musl/bin/olstm | grep INTERP >/dev/null; then
    say "build/musl/bin/olstm needs a loader"
    return 1
  fi
  if $quick; then
    run_tests musl "$sample|^(command|examples)\.|^package.pkg_config|^conformance\.onnx_node_tests"
  else
    run_tests musl '^(unit|command|conformance|examples)\.|^package.pkg_config'
  fi
}
