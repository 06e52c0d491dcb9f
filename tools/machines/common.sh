# What the machines' files share. test_machines.sh sources it, after tools/setup.sh, and then tools/machines/NAME.sh, which has
# the function test_NAME. Sets: $jobs, how many processors; $quick, true or false. Works in the top folder.
# What an emulator takes too long for: sweeps over whole ranges.
sweeps='growth|of_unrolled_layers|every_length_is|command\.cases|fuzz'
# The kernels, and what differs between systems.
sample='^unit\.(native_kernel|vector_math|gemm|conv_kernel|lstm_op|external_data|threads|convert|model|tensor_size)'

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# What keeps a machine from being tested, though olstm is not at fault: archives that do not answer, or change meanwhile.
not_set_up() {
  say "not tested: $1"
  exit 3
}

# need_packages PACKAGE...: those of another architecture are asked for as name:architecture.
need_packages() {
  local package absent=()
  trap 'not_set_up "packages could not be installed"' EXIT
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' || absent+=("$package")
  done
  [ "${#absent[@]}" -eq 0 ] || install_packages "${absent[@]}"
  trap - EXIT
}

need_architecture() {
  local known
  known=$(dpkg --print-foreign-architectures)
  [[ " ${known//$'\n'/ } " == *" $1 "* ]] && return
  as_root dpkg --add-architecture "$1"
  say "reading the packages of $1"
  # Installing shows whether what could be read is enough.
  as_root apt-get update -qq >"$log" 2>&1 || tail -n 2 "$log"
}

# build MACHINE OPTION...: configured anew, since an earlier configuration may have left out what is tested here.
build() {
  local machine=$1
  shift
  rm -f "build/$machine/CMakeCache.txt"
  run_quietly "configuring build/$machine" cmake --preset "$machine" "$@"
  run_quietly "building build/$machine" cmake --build --preset "$machine" -j "$jobs"
}

# What crashes of an emulator itself look like, which a guest's own crash does not.
emulator_crash='qemu[-a-z0-9_]*: .*(internal error|fatal error|unhandled CPU exception)|Bail out! ERROR:.*(tcg|accel|qemu)|wine client error|wineserver crashed|wine: (cannot|could not) .*(server|prefix)'

# sort_failures OUTPUT: "ours NAME" or "emulator NAME" for each test that failed. qemu says so when its guest crashes: a process
# that a signal ended without a word was qemu.
sort_failures() {
  awk -v emulator="$emulator_crash" -v machine="$machine" '
    function close_test() { if (failed) print (crashed || (died && !told)) ? "emulator" : "ours", name }
    / Test +#[0-9]+: / {
      close_test()
      name = $0; sub(/^.*Test +#[0-9]+: /, "", name); sub(/ .*/, "", name)
      failed = /\*\*\*(Failed|Exception|Timeout)|Subprocess aborted|Not Run/; died = /\*\*\*Exception/ && machine ~ /arm|aarch64/; told = crashed = 0
      next
    }
    /tests passed, .* tests failed/ { close_test(); failed = 0 }
    /uncaught target signal/ { told = 1 }
    $0 ~ emulator { crashed = 1 }
    END { close_test() }' "$1"
}

# run_tests MACHINE REGEX CTEST-OPTION...: names what failed and what was skipped.
run_tests() {
  local machine=$1 tests=$2 output=$log.tests ours again
  shift 2
  local options=(--test-dir "build/$machine" -j "$jobs" --output-on-failure -LE 'slow|builds' "$@")
  # The same tests again, as of lesser CPUs, are for whoever has the time.
  if $quick; then options+=(-E "$sweeps|\\.on_[a-z0-9]+\$"); else options+=(-E "$sweeps"); fi
  say "testing build/$machine"
  if ! ctest "${options[@]}" -R "$tests" >"$output" 2>&1; then
    ours=$(sort_failures "$output" | sed -n 's/^ours //p')
    again=$(sort_failures "$output" | sed -n 's/^emulator //p')
    if [ -n "$ours" ] || [ -z "$again" ]; then
      grep -vE '^ +Start |   Passed ' "$output"
      say "build/$machine: failed"
      return 1
    fi
    say "The emulator crashed, once more: $again"
    # shellcheck disable=SC2086
    ctest "${options[@]}" -R "^($(printf '%s\n' $again | paste -sd '|'))\$" >"$output" 2>&1 || { cat "$output"; return 1; }
  fi
  sed -n '/The following tests did not run:/,$p; /tests passed/p; /Total Test time/p' "$output"
}

# get_source PACKAGE: the folder with its source, which is compiled where Debian has no packages for a machine.
get_source() { bash tools/get_source.sh "$1" || not_set_up "no source of $1" >&2; }
