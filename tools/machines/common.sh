# What the machines' files share. test_machines.sh sources it, after tools/setup.sh, and then tools/machines/NAME.sh, which has
# the function test_NAME. Sets: $jobs, how many processors; $quick, true or false. Works in the top folder.
# What an emulator takes too long for: sweeps over whole ranges.
sweeps='growth|of_unrolled_layers|every_length_is|command\.cases|fuzz'
# The kernels, and what differs between systems.
sample='^unit\.(native_kernel|vector_math|gemm|conv_kernel|lstm_op|external_data|threads|convert|model|tensor_size)'

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need_packages PACKAGE...: those of another architecture are asked for as name:architecture.
need_packages() {
  local package absent=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' || absent+=("$package")
  done
  [ "${#absent[@]}" -eq 0 ] || install_packages "${absent[@]}"
}

need_architecture() {
  if ! dpkg --print-foreign-architectures | grep -qx "$1"; then
    as_root dpkg --add-architecture "$1"
    run_quietly "reading the packages of $1" as_root apt-get update -qq
  fi
}

# build MACHINE OPTION...
build() {
  local machine=$1
  shift
  run_quietly "configuring build/$machine" cmake --preset "$machine" "$@"
  run_quietly "building build/$machine" cmake --build --preset "$machine" -j "$jobs"
}

# run_tests MACHINE REGEX CTEST-OPTION...
run_tests() {
  local machine=$1 tests=$2
  shift 2
  say "testing build/$machine"
  ctest --test-dir "build/$machine" -j "$jobs" --progress --output-on-failure -R "$tests" -E "$sweeps" -LE 'slow|builds' "$@"
}

# The source of protobuf-c, which Debian has for no Windows. Prints its folder.
get_protobuf_c() {
  local folder=build/sources lists
  mkdir -p "$folder"
  if ! ls -d "$folder"/protobuf-c-*/ >/dev/null 2>&1; then
    lists=$(mktemp -d "${TMPDIR:-/tmp}/olstm-lists.XXXXXX")
    # The system's own sources, asked for source packages.
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null >"$lists/all.list" || true
    sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/*.sources 2>/dev/null >"$lists/all.sources" || true
    mkdir -p "$lists/state/partial"
    (
      cd "$folder"
      apt_options=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$lists" -o "Dir::State::lists=$lists/state")
      apt-get "${apt_options[@]}" update -qq
      apt-get "${apt_options[@]}" source -qq protobuf-c
    ) >"$log" 2>&1 || { tail -n 5 "$log" >&2; say "Could not get protobuf-c's source." >&2; return 1; }
    rm -rf "$lists"
  fi
  (cd "$folder"/protobuf-c-*/ && pwd)
}
