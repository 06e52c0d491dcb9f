# WebAssembly, in Node and in Chromium.
test_wasm() {
  local protobuf_c
  need_packages emscripten nodejs esbuild node-typescript chromium dpkg-dev libonnx-testdata
  command -v npm >/dev/null || need_packages npm
  protobuf_c=$(get_protobuf_c)
  build wasm "-DOLSTM_PROTOBUF_C_SOURCE=$protobuf_c"
  run_tests wasm '^web\.'
}
