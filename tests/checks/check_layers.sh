#!/usr/bin/env bash
# usage: check_layers.sh SOURCE
# Includes point down only: adapters, tools -> include/olstm; tools -> system, and runtime/convert/model_convert.h, which
# stands on all of runtime and onnx_proto; runtime -> onnx_proto/model.h, op/builtin.h; onnx_proto and
# op -> include/olstm; all of these -> base, system; base -> include/olstm, system; include/olstm -> C11 alone;
# system, which alone knows the operating system, -> nothing. Third-party headers stay in
# the files whose job they are. File names are unique (those of public headers aside), so that one can be named without its
# path; files stay below 600 lines. check_rooms.py has the order inside runtime/.
set -euo pipefail
cd "$1"
bad=0
complain() { echo "$*"; bad=1; }

c11='assert|ctype|errno|fenv|float|inttypes|limits|locale|math|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|time|uchar|wchar'

# allow FOLDER REGEX [EXCEPT]: every include of FOLDER's files must match REGEX (written as "path" or <path>); files below
# EXCEPT have a rule of their own.
allow() {
  local folder=$1 pattern=$2 except=${3:-none/} line
  [ -d "$folder" ] || return 0
  while IFS= read -r line; do
    complain "layers: $line (allowed: $pattern)"
  done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.[ch]' --include='*.inc' "$folder" |
           grep -v "^$except" | grep -vE "include[[:space:]]+($pattern)" || true)
}

allow include/olstm "\"olstm/[a-z_]+\.h\"|<($c11)\.h>"
allow base "\"olstm/[a-z_]+\.h\"|\"base/[^\"]*\"|\"system/[^\"]*\"|<($c11)\.h>"
allow system '"system/[^"]*"|<[^>]*>'
allow onnx_proto '"olstm/[^"]*"|"base/[^"]*"|"system/[^"]*"|"onnx_proto/[^"]*"|"onnx\.pb-c\.h"|<[^>]*>'
allow op '"olstm/[^"]*"|"base/[^"]*"|"system/[^"]*"|"op/[^"]*"|<[^>]*>'
allow runtime '"olstm/[^"]*"|"base/[^"]*"|"system/[^"]*"|"runtime/[^"]*"|"onnx_proto/model\.h"|"op/builtin\.h"|<[^>]*>' runtime/convert/
allow runtime/convert '"olstm/[^"]*"|"base/[^"]*"|"runtime/[^"]*"|"onnx_proto/[^"]*"|"op/builtin\.h"|<[^>]*>'
allow tools '"olstm/[^"]*"|"system/[^"]*"|"tools/[^"]*"|"runtime/convert/(model_convert|convert_report)\.h"|<[^>]*>'
allow adapters '"olstm/[^"]*"|"base/[^"]*"|"adapters/[^"]*"|"[a-z0-9_]+\.h"|<[^>]*>'

# third_party REGEX FILES: only files whose path matches FILES may include what matches REGEX.
third_party() {
  local pattern=$1 files=$2 line
  while IFS= read -r line; do
    complain "layers: $line (only in $files)"
  done < <(grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]($pattern)" --include='*.[ch]' --include='*.inc' \
             include base system onnx_proto op runtime tools adapters 2>/dev/null | grep -vE "^($files)" || true)
}
third_party 'protobuf-c/|onnx\.pb-c\.h' 'onnx_proto/|runtime/convert/'
third_party '(oneapi/)?dnnl' 'op/([a-z]+/)?dnnl_'
third_party 'dlfcn\.h' 'system/|adapters/'
# POSIX threads are on all systems, and used as they are; system/thread.h, which includes them, says more.
third_party 'pthread\.h' 'system/thread\.h|adapters/'
# What only some systems have. The clocks of C are on all of them.
third_party '(unistd|fcntl|threads|time|dirent|poll|fnmatch|glob|io|sys/|linux/|windows|winternl|psapi)\b' 'system/|adapters/|include/'
third_party '(errno|signal)\.h' 'system/|tools/|adapters/|include/|onnx_proto/encode_file\.c'

while IFS= read -r line; do
  complain "layers: $line (system/thread.h starts threads)"
done < <(grep -rnE '\bpthread_(create|sigmask|atfork|cond_timedwait|condattr_[a-z]*)\(' --include='*.[ch]' --include='*.inc' \
           base onnx_proto op runtime tools 2>/dev/null || true)

# Which system it is, or which C library. The public headers' export.h has to know: it is compiled by whoever includes it, for
# Windows with MinGW or with Microsoft's compiler, and what a library exports is written in another way there.
systems='_WIN(32|64)|__MINGW(32|64)__|__CYGWIN__|_MSC_VER|__APPLE__|__linux(__)?|__ANDROID__|__unix(__)?|__[A-Za-z]*BSD__|__EMSCRIPTEN__'
while IFS= read -r line; do
  complain "layers: $line (system/ alone tells systems apart)"
done < <(grep -rnE "^[[:space:]]*#.*\\b($systems|__(GLIBC|UCLIBC|MUSL|BIONIC)[A-Z_]*)\\b" --include='*.[ch]' --include='*.inc' \
           include base onnx_proto op runtime tools 2>/dev/null | grep -v '^include/olstm/export\.h:' || true)

while IFS= read -r name; do
  complain "layers: more than one file is called $name: $(find base system onnx_proto op runtime tools tests adapters \
    -name "$name" -not -path '*/build*' | tr '\n' ' ')"
done < <(find base system onnx_proto op runtime tools tests adapters \( -name '*.[ch]' -o -name '*.inc' \) -not -path '*/build*' 2>/dev/null |
         sed 's,.*/,,' | sort | uniq -d)

while read -r lines file; do
  [ "$lines" -le 600 ] || complain "layers: $file has $lines lines, more than 600"
done < <(find include base system onnx_proto op runtime tools tests adapters \( -name '*.[ch]' -o -name '*.inc' \) -not -path '*/build*' -print0 2>/dev/null |
         xargs -0 wc -l | grep -v ' total$')
exit $bad
