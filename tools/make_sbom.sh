#!/usr/bin/env bash
# usage: make_sbom.sh BUILD > olstm.spdx
# A software bill of materials (SPDX 2.3, tag-value) of what a build folder holds: libolstm, and what it links, opens or was
# generated from, with versions and licences. SOURCE_DATE_EPOCH sets its date, so that two of one build are the same.
set -euo pipefail
build=$1
cache() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
source_dir=$(cache CMAKE_HOME_DIRECTORY)
version=$(sed -n 's/^#define OLSTM_VERSION_[MP][A-Z]* \([0-9]*\)$/\1/p' "$source_dir/include/olstm/version.h" | paste -sd.)
library=$(readlink -e "$build/libolstm.so") || library=$build/libolstm.a
[ -f "$library" ] || { echo "make_sbom: $build has no libolstm" >&2; exit 1; }
sum=$(sha256sum "$library" | cut -d' ' -f1)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$source_dir" log -1 --format=%ct 2>/dev/null || date +%s)}

# owner FILE: "package version" of the Debian package that a file is of, or "unknown NOASSERTION".
owner() {
  local path package
  # Packages may list a file of /usr/lib as one of /lib.
  path=$(readlink -f "$1")
  package=$(dpkg-query -S "$path" "${path#/usr}" 2>/dev/null | head -n 1 | sed 's/:.*//') || true
  if [ -n "$package" ]; then dpkg-query -W -f '${Package} ${Version}\n' "$package" | head -n 1; else echo "unknown NOASSERTION"; fi
}

# package ID NAME VERSION LICENCE HOMEPAGE
package() {
  printf '\nPackageName: %s\nSPDXID: SPDXRef-%s\nPackageVersion: %s\nPackageDownloadLocation: %s\nFilesAnalyzed: false\n' "$2" "$1" "$3" "$5"
  printf 'PackageLicenseConcluded: %s\nPackageLicenseDeclared: %s\nPackageCopyrightText: NOASSERTION\n' "$4" "$4"
}

cat <<SPDX
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: olstm-$version
DocumentNamespace: https://spdx.org/spdxdocs/olstm-$version-$sum
Creator: Tool: olstm-make_sbom-$version
Created: $(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
SPDX
package olstm olstm "$version" Apache-2.0 NOASSERTION
printf 'PackageFileName: %s\nPackageChecksum: SHA256: %s\n' "$(basename "$library")" "$sum"
echo "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-olstm"

read -r _ version_of <<< "$(owner "$(pkg-config --variable=libdir libprotobuf-c)/libprotobuf-c.so")"
package protobuf-c protobuf-c "$version_of" BSD-2-Clause https://github.com/protobuf-c/protobuf-c
echo "Relationship: SPDXRef-olstm DYNAMIC_LINK SPDXRef-protobuf-c"
read -r _ version_of <<< "$(owner "$(cache OLSTM_ONNX_PROTO)")"
package onnx-schema "onnx (schema)" "$version_of" Apache-2.0 https://github.com/onnx/onnx
echo "Relationship: SPDXRef-olstm GENERATED_FROM SPDXRef-onnx-schema"
if [ "$(cache OLSTM_WITH_ONEDNN)" = ON ]; then
  read -r _ version_of <<< "$(owner "$(cache OLSTM_ONEDNN_LIBRARY)")"
  package onednn oneDNN "$version_of" Apache-2.0 https://github.com/oneapi-src/oneDNN
  echo "Relationship: SPDXRef-onednn OPTIONAL_DEPENDENCY_OF SPDXRef-olstm"
fi
read -r _ version_of <<< "$(owner "$("${CC:-cc}" -print-file-name=libc.so.6)")"
package libc "C library" "$version_of" LGPL-2.1-or-later NOASSERTION
echo "Relationship: SPDXRef-olstm DYNAMIC_LINK SPDXRef-libc"
