#!/usr/bin/env bash
# The manual page has the options that --help lists, each in a section of its command, and no others.
. "$(dirname "$0")/expect.sh"

# documented COMMAND: the options that sections of all commands, or of this one, describe; without COMMAND, all options.
documented() {
  sed 's/\\-/-/g' "$source_dir/tools/olstm.1" | awk -v command="$1" '
    /^\.SH/ { is_own = command == "" || / ALL COMMANDS / || $0 ~ "[ (]" command "($|[ ,)])" }
    /^\.B/ {
      options = ""
      while (match($0, /--[a-z][a-z-]*/)) {
        options = options substr($0, RSTART, RLENGTH) "\n"
        $0 = substr($0, RSTART + RLENGTH)
      }
      if (is_own) printf "%s", options
    }
    $0 ~ "Also of [^.]*" command "[ .,]" { printf "%s", options }
  ' | sort -u
}

expect 0 --help
names=$(awk '/^  [a-z]/ {print $1}' out.txt)
[ -n "$names" ] || complain "--help lists no command"
: > all.txt
for name in $names; do
  expect 0 "$name" --help
  grep -oE -- '--[a-z][a-z-]*' out.txt | sort -u > helped.txt
  missing=$(documented "$name" | comm -23 helped.txt -)
  [ -z "$missing" ] || complain "tools/olstm.1 does not have these options of $name: $missing"
  cat helped.txt >> all.txt
done
extra=$(documented "" | comm -13 <(sort -u all.txt) -)
[ -z "$extra" ] || complain "tools/olstm.1 has options that no command has: $extra"
exit $bad
