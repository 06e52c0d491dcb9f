# What the tests of the command share. Source it with the arguments OLSTM SOURCE WRITE_MODEL; leaves $work, an empty folder,
# as the working directory.
[ -x "$1" ] && [ -d "$2" ] && [ -x "$3" ] || { echo "usage: $0 OLSTM SOURCE WRITE_MODEL"; exit 2; }
olstm=$1
source_dir=$2
write_model=$3
data=$source_dir/tests/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
bad=0

complain() { echo "FAILED: $*"; bad=1; }

# make_model FILE LINE...: writes a model from lines as tests/support/model_text.h has them.
make_model() {
  local file=$1
  shift
  printf '%s\n' "$@" | "$write_model" "$file" || complain "no model $file"
}

# expect CODE ARGUMENT...: runs the command; stdout is then in out.txt, stderr in err.txt.
expect() {
  local code=$1 got=0
  shift
  "$olstm" "$@" >out.txt 2>err.txt || got=$?
  [ "$got" -eq "$code" ] || complain "olstm $*: exit $got, expected $code: $(cat err.txt)"
}

# expect_error CODE LINE ARGUMENT...: exit CODE, nothing on stdout, and just this line on stderr.
expect_error() {
  local code=$1 line=$2
  shift 2
  expect "$code" "$@"
  [ "$(cat err.txt)" = "olstm: $line" ] || complain "olstm $*: stderr is
  $(cat err.txt)
expected
  olstm: $line"
  [ ! -s out.txt ] || complain "olstm $*: an error, and yet it printed: $(cat out.txt)"
}

# expect_line FILE LINE: the file has that line.
expect_line() { grep -qxF -- "$2" "$1" || complain "$1 lacks the line '$2'; it is: $(cat "$1")"; }

# expect_same FILE FILE
expect_same() { cmp -s "$1" "$2" || complain "$1 and $2 differ"; }
