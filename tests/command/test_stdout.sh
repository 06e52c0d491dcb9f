#!/usr/bin/env bash
# Standard output that cannot be written is exit 1 and one line, of every command and of help.
. "$(dirname "$0")/expect.sh"
[ -w /dev/full ] || { echo "no /dev/full here: skipped"; exit 0; }
model=$data/keras_lstm/model.onnx
printf '1 1 1 4 1\n' > shapes.txt

# expect_refused REASON ARGUMENT...: with stdout as the caller set it.
expect_refused() {
  local reason=$1 got=0
  shift
  "$olstm" "$@" 2>err.txt || got=$?
  [ $got -eq 1 ] || complain "olstm $*: exit $got where stdout cannot be written ($reason)" >&2
  [ "$(cat err.txt)" = "olstm: cannot write to standard output: $reason" ] ||
    complain "olstm $*: stderr is $(cat err.txt)" >&2
}

while read -r arguments; do
  eval "set -- $arguments"
  expect_refused "No space left on device" "$@" > /dev/full
  expect_refused "Bad file descriptor" "$@" >&-
  # A pipe that nobody reads, whether or not the caller ignores SIGPIPE.
  rm -f pipe
  mkfifo pipe
  exec 3<>pipe 4>pipe 3>&-
  expect_refused "Broken pipe" "$@" >&4
  expect_refused_pipe() { trap '' PIPE; expect_refused "Broken pipe" "$@" >&4; }
  (expect_refused_pipe "$@"; exit $bad) || bad=1
  exec 4>&-
done <<'EOF'
--help
--version
ops
ops --markdown
run --help
bench --help
conform --help
run "$model" --random 1
run "$model" --random 1 -o out --save-state state.bin --stateful all
inspect "$model"
inspect "$model" --json
inspect "$model" --dot
inspect "$model" --weights
bench "$model" --seconds 0
bench "$model" --seconds 0 --json
bench --shapes shapes.txt --seconds 0
conform "$data/keras_lstm"
weights "$model" -o weights
EOF

# A job that fails for a reason of its own says that, alone.
got=0
"$olstm" run nix.onnx > /dev/full 2>err.txt || got=$?
[ $got -eq 1 ] && [ "$(cat err.txt)" = "olstm: cannot open 'nix.onnx': No such file or directory" ] || complain "$(cat err.txt)"
exit $bad
