#!/usr/bin/env bash
# usage: check_command.sh OLSTM SOURCE SOFT_CLIP_PLUGIN WRITE_MODEL
# Names in UTF-8, both separators, drives, devices, ends of lines.
set -u
olstm=$1
source=$2
plugin=$3
write_model=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0
complain() { echo "FAILED: $*"; bad=1; }

# expect EXIT ARGUMENT...: output is in out.txt, errors are in err.txt.
expect() {
  local wanted=$1 got=0
  shift
  "$olstm" "$@" >out.txt 2>err.txt || got=$?
  [ "$got" -eq "$wanted" ] || complain "olstm $*: exit $got, expected $wanted: $(cat out.txt err.txt)"
}

# on_drive PATH: as Windows writes it; Z: is the root of the system that Wine runs on.
on_drive() { printf 'Z:%s' "${1//\//\\}"; }

mkdir grün
cp "$source/tests/data/keras_lstm/model.onnx" grün/modell.onnx
cp "$source/tests/data/keras_lstm/test_data_set_0/input_0.pb" grün/eingabe.pb

# Arguments and files of names in UTF-8; folders are made whatever separates their names.
expect 0 run grün/modell.onnx -i lstm_input=grün/eingabe.pb -o 'aus\gäbe' --save-state zustände --stateful all
[ -s aus/gäbe/dense.npy ] || complain "no aus/gäbe/dense.npy"
[ -s zustände ] || complain "no zustände"
grep -q $'\r' out.txt && complain "lines of standard output end in a carriage return"
expect 0 run "$(on_drive "$work/grün/modell.onnx")" -i "lstm_input=$(on_drive "$work/grün/eingabe.pb")" -o "$(on_drive "$work/zwei")\\"
cmp -s aus/gäbe/dense.npy zwei/dense.npy || complain "results differ by the way that paths are written"
expect 1 run nichts.onnx
[ "$(cat err.txt)" = "olstm: cannot open 'nichts.onnx': No such file or directory" ] || complain "$(cat err.txt)"
expect 1 run grün
[ "$(cat err.txt)" = "olstm: 'grün' is not a regular file" ] || complain "$(cat err.txt)"

# Paths that Windows takes as they are, to read and to write; a folder whose parents are made.
expect 0 run '\\?\'"$(on_drive "$work/grün/modell.onnx")" -i "lstm_input=grün/eingabe.pb" -o '\\?\'"$(on_drive "$work/drei/vier")" \
  --stateful all --save-state '\\?\'"$(on_drive "$work/zustand")"
cmp -s aus/gäbe/dense.npy drei/vier/dense.npy || complain "other results of paths that are taken as they are"
[ -s zustand ] || complain "no zustand"
expect 0 convert '\\?\'"$(on_drive "$work/grün/modell.onnx")" -o '\\?\'"$(on_drive "$work/neu.onnx")" --state-io
[ -s neu.onnx ] || complain "no neu.onnx"

# Names that differ in case alone have a file each, in any script.
printf '%s\n' "const X float[1] 0" "const a float[1] 1" "const b float[1] 2" "const c float[1] 3" "const d float[1] 4" \
  "node Add X,a -> ÉÉ" "node Add X,b -> éé" "node Add X,c -> Жук" "node Add X,d -> жУК" \
  "output ÉÉ float[1]" "output éé float[1]" "output Жук float[1]" "output жУК float[1]" | "$write_model" fall.onnx || complain "no fall.onnx"
expect 0 run fall.onnx -o fall
[ "$(cd fall && cat ./*.npy | wc -c)" -eq $((4 * 132)) ] && [ "$(find fall -name '*.npy' | wc -l)" -eq 4 ] ||
  complain "outputs whose names differ in case have: $(ls fall)"

# Plugins by absolute and relative paths, and by a name that nothing is searched for.
soft_clip=("$source/tests/data/soft_clip/model.onnx" -i "x=$source/tests/data/soft_clip/x.npy")
for path in "$(on_drive "$plugin")" "$plugin"; do
  expect 0 run "${soft_clip[@]}" --plugin "$path"
  grep -qF -- "-0.666667, -0.333333, 0, 0.333333, 0.666667" out.txt || complain "--plugin $path: $(cat out.txt)"
done
expect 1 run "${soft_clip[@]}" --plugin kernel32.dll
echo text > text.dll
expect 1 run "${soft_clip[@]}" --plugin text.dll
[ "$(cat err.txt)" = "olstm: plugin 'text.dll': it is no library, or one for another kind of machine" ] || complain "$(cat err.txt)"

# Reports are the same bytes as on other systems.
expect 0 conform --json report.json --html report.html --markdown report.md --junit report.xml 'Z:'"${source//\//\\}"'\tests\data\keras_lstm'
[ "$(cat out.txt)" = $'PASS keras_lstm\n1 passed, 0 failed, 0 skipped' ] || complain "$(cat out.txt)"
grep -q $'\r' report.* && complain "lines of reports end in a carriage return"

# Memory that is measured.
expect 0 bench grün/modell.onnx --seconds 0.1 --json
grep -qE '"peak_rss_kb": [1-9][0-9]{3,}' out.txt || complain "$(cat out.txt)"
exit $bad
