# WebAssembly, in Node and in Chromium.
# Unit tests of what there is none of: threads, and processes copied by fork. (tests/unit/CMakeLists.txt leaves whole files out.)
lacking='^unit\.(batcher|many_contexts|plan_wavefront)\.
^unit\.byte_conv\.threads_share_chunks$
^unit\.context\.a_child_of_fork_goes_on$
^unit\.model\.loads_on_many_threads_at_once$
^unit\.native_kernel\.(reduced_)?results_do_not_depend_on_threads$
^unit\.session\.many_threads_share_a_session$'

test_wasm() {
  local protobuf_c cmocka sweeps=$sweeps
  need_packages emscripten nodejs esbuild node-typescript chromium dpkg-dev libonnx-testdata
  command -v npm >/dev/null || need_packages npm
  protobuf_c=$(get_source protobuf-c)
  cmocka=$(get_source cmocka)
  build wasm "-DOLSTM_PROTOBUF_C_SOURCE=$protobuf_c" "-DOLSTM_CMOCKA_SOURCE=$cmocka"
  say "left out, for want of threads and fork: ${lacking//$'\n'/ }"
  sweeps+="|${lacking//$'\n'/|}"
  if $quick; then run_tests wasm "$sample|^web\."; else run_tests wasm '^(unit|web)\.'; fi
}
