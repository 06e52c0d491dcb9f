#!/usr/bin/env bash
# usage: get_source.sh PACKAGE
# Prints a folder with the source of a Debian package, which apt downloads when it is not there yet: for libraries that are
# compiled with olstm for machines that Debian has no packages for (protobuf-c, cmocka, zlib). Needs: dpkg-dev.
set -euo pipefail
package=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$here/build/sources/$package
if ! ls -d "$folder"/*/ >/dev/null 2>&1; then
  work=$(mktemp -d "${TMPDIR:-/tmp}/olstm-source.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$folder" "$work/lists/partial" "$work/parts"
  # The system's own sources, asked for source packages.
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$work/parts/all.list" || true
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed 's/^Types:.*/Types: deb-src/' >"$work/parts/all.sources" || true
  options=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists")
  if ! (
    cd "$folder"
    apt-get "${options[@]}" update -qq
    apt-get "${options[@]}" source -qq "$package"
  ) >"$work/log" 2>&1; then
    tail -n 5 "$work/log" >&2
    echo "Could not get the source of $package." >&2
    rm -rf "$folder"
    exit 1
  fi
fi
cd "$folder"/*/
pwd
