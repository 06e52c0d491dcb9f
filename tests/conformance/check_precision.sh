#!/usr/bin/env bash
# usage: check_precision.sh OLSTM FOLDER PRECISION TOLERANCE
# Real models with weights of reduced precision: prints where they differ from float by a tenth of the tolerance; none
# differs by all of it.
set -euo pipefail
if [ ! -d "$2" ]; then
  echo "conformance: skipped, there is no $2"
  exit 77
fi
"$1" conform --precision "$3" --rtol 0 --atol "$(awk "BEGIN { print $4 / 10 }")" "$2" | sed -n 's/^FAIL //p' || true
"$1" conform --precision "$3" --rtol "$4" --atol "$4" "$2"
