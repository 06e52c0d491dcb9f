# 64-bit ARM, in qemu.
test_aarch64() {
  local cpu
  need_architecture arm64
  need_packages gcc-aarch64-linux-gnu libprotobuf-c-dev:arm64 libcmocka-dev:arm64 qemu-user
  build aarch64
  if $quick; then
    QEMU_CPU=max run_tests aarch64 '^unit\.(native_kernel|vector_math|gemm)\.'
    return
  fi
  for cpu in max cortex-a53 neoverse-n1; do
    say "as $cpu"
    QEMU_CPU=$cpu run_tests aarch64 "$sample"
  done
  QEMU_CPU=max run_tests aarch64 '^(unit|conformance|examples)\.'
}
