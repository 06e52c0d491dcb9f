#!/usr/bin/env bash
# usage: check_format.sh SOURCE
# clang-format 14 would change nothing. Other versions format differently, so they are not asked.
set -euo pipefail
cd "$1"
tool=""
for candidate in clang-format-14 clang-format; do
  if command -v $candidate >/dev/null && $candidate --version | grep -q 'version 14\.'; then tool=$candidate; break; fi
done
if [ -z "$tool" ]; then
  echo "format: skipped, clang-format 14 is not installed"
  exit 77
fi
find include base system onnx_proto op runtime tools tests adapters -name '*.[ch]' -not -path '*/build*' -print0 2>/dev/null |
  xargs -0 "$tool" --dry-run --Werror
