#!/usr/bin/env bash
# usage: test_machines.sh [--quick] [MACHINE]...
# Cross-builds for other machines on Debian and tests what is built there: all machines, or those named, each of which is a
# file in tools/machines/. Installs what is missing (as root or with sudo). --quick runs a sample of the tests. Exit codes: 1 where
# something failed, 3 where nothing did but machines could not be set up, which are named.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$here/tools/setup.sh"
cd "$here"
jobs=$(nproc)
# shellcheck source=tools/machines/common.sh
. tools/machines/common.sh
known=()
for file in tools/machines/*.sh; do
  name=$(basename "$file" .sh)
  [ "$name" = common ] || known+=("$name")
done

quick=false
options=()
machines=()
for word in "$@"; do
  if [ "$word" = --quick ]; then
    quick=true
    options=(--quick)
  elif [[ " ${known[*]} " == *" $word "* ]]; then
    machines+=("$word")
  else
    say "usage: test_machines.sh [--quick] [MACHINE]..., machines: ${known[*]}"
    exit 2
  fi
done
[ "${#machines[@]}" -gt 0 ] || machines=("${known[@]}")
if [ "${#machines[@]}" -eq 1 ]; then
  need "$build_packages"
  # shellcheck source=/dev/null
  . "tools/machines/${machines[0]}.sh"
  "test_${machines[0]}"
  exit
fi
failed=()
absent=()
for machine in "${machines[@]}"; do
  say "== $machine"
  code=0
  bash "${BASH_SOURCE[0]}" "${options[@]}" "$machine" || code=$?
  case $code in
    0) ;;
    3) absent+=("$machine") ;;
    *) failed+=("$machine") ;;
  esac
done
[ "${#absent[@]}" -eq 0 ] || say "not tested, since it could not be set up: ${absent[*]}"
if [ "${#failed[@]}" -gt 0 ]; then
  say "failed: ${failed[*]}"
  exit 1
fi
[ "${#absent[@]}" -eq 0 ] || exit 3
