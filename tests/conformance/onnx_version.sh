# onnx_version: "1.12", as Debian's package of the test data has it; "unknown" where dpkg does not say.
onnx_version() {
  local version
  version=$(dpkg-query -W -f '${Version}' libonnx-testdata 2>/dev/null | grep -oE '^[0-9]+\.[0-9]+' || true)
  echo "${version:-unknown}"
}
