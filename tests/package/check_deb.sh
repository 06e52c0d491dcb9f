#!/usr/bin/env bash
# usage: check_deb.sh SOURCE BUILD [EMULATOR]
# Makes the Debian packages, unpacks them into an empty folder, and uses what is there: the command, the library, the Python package
# (that not in an EMULATOR, which runs programs of another machine: its name is to be the packages').
set -euo pipefail
source_dir=$1
build_dir=$2
emulator=${3:-}
for tool in cpack dpkg-deb dpkg-shlibdeps file; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is absent"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$build_dir" && cpack -G DEB -B "$work/debs" >"$work/log" 2>&1) || { cat "$work/log"; exit 1; }
for name in libolstm libolstm-dev olstm-tools python3-olstm; do
  deb=$(find "$work/debs" -maxdepth 1 -name "${name}_*.deb")
  [ -n "$deb" ] || { echo "package: no $name"; exit 1; }
  [ "$(dpkg-deb -f "$deb" Package)" = "$name" ] || { echo "package: $deb is not $name"; exit 1; }
  dpkg-deb -x "$deb" "$work/root"
done
dpkg-deb -f "$work"/debs/libolstm_*.deb Depends | grep -q libc6 || { echo "package: libolstm depends on nothing"; exit 1; }
libdir=$(dirname "$(find "$work/root" -name 'libolstm.so.0.2')")
export LD_LIBRARY_PATH=$libdir
$emulator "$work/root/usr/bin/olstm" run "$source_dir/tests/data/keras_lstm/model.onnx" --random 1 >/dev/null
[ -f "$libdir/olstm/libolstm_ops.so" ] || { echo "package: no operator module"; exit 1; }
if [ -n "$emulator" ]; then
  machine=$(dpkg-deb -f "$work"/debs/libolstm_*.deb Architecture)
  [ "$machine" != "$(dpkg --print-architecture)" ] || { echo "package: it says that it is for $machine"; exit 1; }
elif /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$work/root/usr/lib/python3/dist-packages OLSTM_LIBRARY=$libdir/libolstm.so.0.2 /usr/bin/python3 - \
    "$source_dir/tests/data/keras_lstm/model.onnx" <<'PY'
import sys, numpy, olstm
session = olstm.Session(sys.argv[1])
(name, shape), = session.inputs.items()
result = session.run({name: numpy.zeros([d if isinstance(d, int) else 2 for d in shape], numpy.float32)})
assert all(numpy.isfinite(v).all() for v in result.values())
PY
fi
echo "package: ok"
