#!/usr/bin/env bash
# usage: check_symbols.sh SOURCE LIBOLSTM LIBOLSTM_OPS
# libolstm exports what include/olstm declares with OLSTM_API, no less and no more, but for the one symbol of
# plugins, libolstm_ops among them.
set -euo pipefail
source_dir=$1
library=$2
operators=$3
if ! command -v nm >/dev/null; then
  echo "symbols: skipped, nm (binutils) is not installed"
  exit 77
fi
exported() { nm -D --defined-only "$1" | awk '$2 != "A" {print $3}' | sed 's/@.*//' | sort -u; }
declared() {
  cat "$source_dir"/include/olstm/*.h | sed 's,//.*,,' | tr '\n' ' ' | grep -oE 'OLSTM_API [^;{]*' |
    grep -oE '[a-z0-9_]+\(' | grep -E '^olstm_' | tr -d '(' | grep -vx olstm_plugin_entry | sort -u
}
bad=0
if ! diff <(declared) <(exported "$library") > /tmp/olstm_symbols.$$; then
  echo "symbols: < declared with OLSTM_API, > exported by $library"
  cat /tmp/olstm_symbols.$$
  bad=1
fi
rm -f /tmp/olstm_symbols.$$
if [ "$(exported "$operators")" != olstm_plugin_entry ]; then
  echo "symbols: $operators exports more than olstm_plugin_entry: $(exported "$operators" | tr '\n' ' ')"
  bad=1
fi
exit $bad
