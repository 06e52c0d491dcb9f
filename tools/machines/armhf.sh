# 32-bit ARM, in qemu: plain kernels.
test_armhf() {
  need_architecture armhf
  need_packages gcc-arm-linux-gnueabihf libc6-dev-armhf-cross libprotobuf-c-dev:armhf libcmocka-dev:armhf qemu-user \
    libonnx-testdata
  build armhf
  if $quick; then
    run_tests armhf '^unit\.(native_kernel|lstm_op|external_data|model|tensor_size|run_limits)\.'
  else
    run_tests armhf '^unit\.[a-z0-9_]*\.[a-z0-9_]*$|^(conformance|examples)\.'
  fi
}
