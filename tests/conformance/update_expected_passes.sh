#!/usr/bin/env bash
# usage: update_expected_passes.sh OLSTM [NODE_TESTS]
# Writes the names of the cases that pass now into expected_passes_onnx_VERSION.txt. Look at the difference before you
# commit it: a name that went away is a case that was lost.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/onnx_version.sh"
file=$here/expected_passes_onnx_$(onnx_version).txt
{
  echo "# Node tests of ONNX $(onnx_version) that pass. update_expected_passes.sh writes this file."
  "$1" conform "${2:-/usr/share/libonnx-testdata/data/node}" | sed -n 's/^PASS //p' | sort
} > "$file.new"
mv "$file.new" "$file"
echo "$(grep -vc '^#' "$file") cases in $file"
