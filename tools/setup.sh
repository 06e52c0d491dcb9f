# What quickstart.sh and test.sh share: finds out which Debian packages are missing, says so, installs them if it may.
# Source it. Needs: nothing but bash.

say() { printf '%s\n' "$*"; }

# One line a package: its name, and what shows that it is there (a command, or a file in one of several places).
build_packages='
gcc cc
libc6-dev /usr/include/stdio.h
cmake cmake
ninja-build ninja
pkg-config pkg-config
protobuf-c-compiler protoc-c|protoc-gen-c
libprotobuf-c-dev /usr/include/protobuf-c/protobuf-c.h
libonnx-dev /usr/include/onnx/onnx.proto
libdnnl-dev /usr/include/dnnl.h|/usr/include/oneapi/dnnl/dnnl.h
zlib1g-dev /usr/include/zlib.h
'
test_packages='
libcmocka-dev /usr/include/cmocka.h
libonnx-testdata /usr/share/libonnx-testdata/data/node
python3 python3
python3-numpy /usr/lib/python3/dist-packages/numpy
python3-onnx /usr/lib/python3/dist-packages/onnx
python3-pandas /usr/lib/python3/dist-packages/pandas
python3-dask /usr/lib/python3/dist-packages/dask
python3-distributed /usr/lib/python3/dist-packages/distributed
mypy mypy
python3-venv /usr/share/python-wheels
python3-wheel /usr/lib/python3/dist-packages/wheel
g++ c++
binutils nm
dpkg-dev dpkg-shlibdeps
file file
abigail-tools abidw
doxygen doxygen
lv2-dev /usr/include/lv2/core/lv2.h|/usr/include/lv2.h
libcjson-dev /usr/include/cjson/cJSON.h
lilv-utils lv2apply
'
# Checks that run only with version 14, which Debian 12 has.
check_packages='
clang-format-14 clang-format-14
clang-tidy-14 clang-tidy-14
'

is_there() {
  local probe
  local IFS='|'
  for probe in $1; do
    case $probe in
      /*) [ -e "$probe" ] && return 0 ;;
      *) command -v "$probe" >/dev/null 2>&1 && return 0 ;;
    esac
  done
  return 1
}

# missing LIST: the packages of a list that are not there.
missing() {
  local package probe
  while read -r package probe; do
    [ -n "$package" ] || continue
    is_there "$probe" || printf '%s ' "$package"
  done <<< "$1"
}

# install PACKAGE...: as root, with sudo, or not at all and then with the line to type.
install_packages() {
  local as=()
  if ! command -v apt-get >/dev/null 2>&1; then
    say "missing: $*"
    say "These are names of Debian packages, and there is no apt-get here. Install what has them and run this again."
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      as=(sudo)
    else
      say "missing: $*"
      say "Neither root nor sudo here. Have them installed with:"
      say "  apt-get install -y --no-install-recommends $*"
      exit 1
    fi
  fi
  say "installing Debian packages: $*"
  if ! "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1; then
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >"$log" 2>&1 || true
    if ! "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
      tail -n 5 "$log"
      say "Could not install them."
      exit 1
    fi
  fi
}

# need LIST: what is missing of it gets installed.
need() {
  local packages
  packages=$(missing "$1")
  # shellcheck disable=SC2086
  [ -z "$packages" ] || install_packages $packages
}

# need_if_any LIST: as need, of packages that this Debian may not have; without them some checks are skipped.
need_if_any() {
  local package available=()
  for package in $(missing "$1"); do
    if [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; then
      if apt-cache show "$package" >/dev/null 2>&1; then available+=("$package"); fi
    fi
  done
  [ "${#available[@]}" -eq 0 ] || install_packages "${available[@]}"
}

# Warnings are errors with the compiler that they were settled with; a newer one may have new ones.
werror() { if [ "$(cc -dumpversion 2>/dev/null | cut -d. -f1)" = 12 ]; then echo ON; else echo OFF; fi; }

# run_quietly WHAT COMMAND...: shows the output only when it fails.
run_quietly() {
  local what=$1
  shift
  say "$what"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log"
    say "failed: $what"
    exit 1
  fi
}

log=$(mktemp "${TMPDIR:-/tmp}/olstm-setup.XXXXXX")
trap 'rm -f "$log"' EXIT
