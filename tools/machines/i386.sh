# 32-bit x86, which runs as it is.
test_i386() {
  need_architecture i386
  need_packages crossbuild-essential-i386 libprotobuf-c-dev:i386 libcmocka-dev:i386 libonnx-testdata
  build i386
  if $quick; then run_tests i386 "$sample"; else run_tests i386 '^(unit|command|conformance|examples)\.'; fi
}
