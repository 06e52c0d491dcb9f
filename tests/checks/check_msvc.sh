#!/usr/bin/env bash
# usage: check_msvc.sh SOURCE
# Public headers as Microsoft's compiler takes them, for C and C++, for users and while the DLL is compiled: clang parses them
# for its target. Its C library's headers are not to be had here; stand-ins declare what the public headers use of them.
set -euo pipefail
cd "$1"
clang=$(command -v clang || command -v clang-14 || true)
if [ -z "$clang" ]; then
  echo "msvc: skipped, clang is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# header NAME LINE...
header() {
  local name=$1
  shift
  {
    printf '#pragma once\n#include <stddef.h>\n#ifdef __cplusplus\nextern "C" {\n#endif\n'
    printf '%s\n' "$@"
    printf '#ifdef __cplusplus\n}\n#endif\n'
  } >"$work/$name"
}
header stdio.h 'typedef struct _iobuf FILE;' '#include <stdarg.h>' \
  'int snprintf(char*, size_t, const char*, ...);' 'int vsnprintf(char*, size_t, const char*, va_list);'
header stdlib.h 'void* malloc(size_t);' 'void free(void*);' 'void abort(void);'
header string.h 'void* memcpy(void*, const void*, size_t);' 'void* memset(void*, int, size_t);' \
  'int memcmp(const void*, const void*, size_t);' 'size_t strlen(const char*);' 'int strcmp(const char*, const char*);'
header math.h 'double fabs(double);'
header assert.h '#define assert(x) ((void)0)'
header inttypes.h '#include <stdint.h>' '#define PRId32 "d"' '#define PRIu32 "u"' '#define PRId64 "lld"' '#define PRIu64 "llu"'

bad=0
# parse NAME OPTION...: the file $work/NAME.c, whose warnings are errors, but for what only the stand-ins give rise to.
parse() {
  local file=$1
  shift
  "$clang" --target=x86_64-pc-windows-msvc -fms-compatibility -fms-extensions -fsyntax-only -ffreestanding -nostdinc \
    -isystem "$work" -isystem "$("$clang" -print-resource-dir)/include" -Iinclude -Wall -Wextra -Wpedantic -Werror \
    -DOLSTM_EXPERIMENTAL_STREAMS "$@" "$file" || bad=1
}
for path in include/olstm/*.h; do
  printf '#include "olstm/%s"\n#include "olstm/%s"\nint main(void) { return 0; }\n' "$(basename "$path")" "$(basename "$path")" >"$work/user.c"
  parse "$work/user.c" -std=c11
  parse "$work/user.c" -std=c11 -DOLSTM_EXPORTS_
  parse "$work/user.c" -x c++ -std=c++17
done
# What is no C of Microsoft's must be found.
printf 'int f(void) { return __builtin_nonsense(); }\n' >"$work/user.c"
found=$bad
bad=0
parse "$work/user.c" -std=c11 2>/dev/null
[ "$bad" = 1 ] || { echo "msvc: clang takes what is wrong"; exit 1; }
exit "$found"
