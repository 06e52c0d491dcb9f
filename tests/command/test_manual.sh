#!/usr/bin/env bash
# The manual page has the options that --help lists, and no others.
. "$(dirname "$0")/expect.sh"
expect 0 --help
names=$(awk '/^  [a-z]/ {print $1}' out.txt)
[ -n "$names" ] || complain "--help lists no command"
: > helped.txt
for name in $names; do
  expect 0 "$name" --help
  grep -oE -- '--[a-z][a-z-]*' out.txt >> helped.txt || complain "$name --help lists no option"
done
sort -u helped.txt -o helped.txt
sed 's/\\-/-/g' "$source_dir/tools/olstm.1" | grep -oE -- '--[a-z][a-z-]*' | sort -u > documented.txt
difference=$(comm -3 helped.txt documented.txt)
[ -z "$difference" ] || complain "in --help alone, or (indented) in tools/olstm.1 alone:
$difference"
exit $bad
