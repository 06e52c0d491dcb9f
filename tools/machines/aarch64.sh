# 64-bit ARM, in qemu: as a CPU with everything, as one without dot products of bytes, and as one with these alone.
test_aarch64() {
  local cpu status=0
  need_architecture arm64
  need_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross libprotobuf-c-dev:arm64 libcmocka-dev:arm64 qemu-user libonnx-testdata
  build aarch64
  if $quick; then
    QEMU_CPU=max run_tests aarch64 '^unit\.(native_kernel|vector_math|gemm)\.[a-z0-9_]*$|^unit\.(native_int8|cpu)\.'
    return
  fi
  for cpu in cortex-a53 neoverse-n1; do
    say "as $cpu"
    QEMU_CPU=$cpu run_tests aarch64 "($sample|^unit\.(native_int8|cpu))[a-z0-9_]*\.[a-z0-9_]*\$"
  done
  QEMU_CPU=max run_tests aarch64 '^(unit|conformance|examples)\.|^package\.deb_is_usable$'
  # What its inner loops would take, where llvm-mca is installed.
  python3 tools/model_aarch64.py --check || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 77 ]
}
