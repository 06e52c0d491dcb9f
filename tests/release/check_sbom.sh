#!/usr/bin/env bash
# usage: check_sbom.sh SOURCE BUILD
# The bill of materials: has SPDX's mandatory fields, names every library that libolstm links, is the same each time.
set -euo pipefail
source_dir=$1
build_dir=$2
for tool in dpkg-query readelf sha256sum; do
  command -v "$tool" >/dev/null || { echo "sbom: skipped, $tool is absent"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1700000000
bash "$source_dir/tools/make_sbom.sh" "$build_dir" >"$work/olstm.spdx"
bash "$source_dir/tools/make_sbom.sh" "$build_dir" | cmp - "$work/olstm.spdx"
complain() { cat "$work/olstm.spdx"; echo "sbom: $*"; exit 1; }
has() { grep -qxE "$1" "$work/olstm.spdx" || complain "no line '$1'"; }
has 'SPDXVersion: SPDX-2\.3'
has 'DataLicense: CC0-1\.0'
has 'SPDXID: SPDXRef-DOCUMENT'
has 'DocumentName: olstm-[0-9.]+'
has 'DocumentNamespace: https://[^ ]+'
has 'Creator: Tool: [^ ]+'
has 'Created: 2023-11-14T22:13:20Z'
has 'Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-olstm'
library=$(readlink -f "$build_dir/libolstm.so")
has "PackageChecksum: SHA256: $(sha256sum "$library" | cut -d' ' -f1)"
for field in PackageVersion PackageDownloadLocation PackageLicenseConcluded; do
  [ "$(grep -c "^$field: ." "$work/olstm.spdx")" = "$(grep -c '^PackageName: .' "$work/olstm.spdx")" ] || complain "a package has no $field"
done
# Every library that libolstm links, by the name that its package has here.
readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | while read -r needed; do
  case $needed in
    libprotobuf-c.*) has 'Relationship: SPDXRef-olstm DYNAMIC_LINK SPDXRef-protobuf-c' ;;
    libc.* | libm.* | ld-linux*) has 'Relationship: SPDXRef-olstm DYNAMIC_LINK SPDXRef-libc' ;;
    *) complain "libolstm links $needed, which it does not name" ;;
  esac
done
echo "sbom: ok"
