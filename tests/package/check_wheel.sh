#!/usr/bin/env bash
# usage: check_wheel.sh SOURCE BUILD
# Makes the wheel, installs it by pip into a clean virtual environment, and uses it there with nothing else of olstm in sight.
set -euo pipefail
source_dir=$1
build_dir=$2
python=/usr/bin/python3
for module in wheel venv ensurepip numpy onnx; do
  "$python" -c "import $module" 2>/dev/null || { echo "skipped: python3 has no $module"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "package: failed: $*"; exit 1; }; }

run cmake --build "$build_dir" --target olstm_wheel
wheel=$(find "$build_dir/wheel" -name '*.whl')
[ "$(wc -l <<< "$wheel")" = 1 ] || { echo "package: not one wheel: $wheel"; exit 1; }
cp "$wheel" "$work"
run cmake --build "$build_dir" --target olstm_wheel
cmp "$wheel" "$work/$(basename "$wheel")" || { echo "package: a second wheel has other bytes"; exit 1; }

run "$python" -m venv --system-site-packages "$work/venv"
cd "$work"
clean() { env -i PATH=/usr/bin:/bin HOME="$work" PYTHONDONTWRITEBYTECODE=1 "$@"; }
run clean venv/bin/python -m pip install --no-index --no-deps "$(basename "$wheel")"
clean venv/bin/python - "$source_dir/tests/data/keras_lstm/model.onnx" "$source_dir" <<'END'
import importlib.metadata, os, re, subprocess, sys
import numpy as np
import olstm
import onnx
import onnx.numpy_helper

model, source = sys.argv[1:]
home = os.path.realpath("venv")
assert os.path.realpath(olstm.__file__).startswith(home), olstm.__file__

session = olstm.Session(model)
name, = session.inputs
x, expected = (onnx.numpy_helper.to_array(onnx.load_tensor(os.path.join(os.path.dirname(model), "test_data_set_0", file)))
               for file in ("input_0.pb", "output_0.pb"))
outputs = session.run({name: x})
np.testing.assert_allclose(next(iter(outputs.values())), expected, rtol=1e-3, atol=1e-6)

# Both libraries are the wheel's own; nothing of a build tree or of the system's is loaded.
loaded = {line.split(maxsplit=5)[5].strip() for line in open("/proc/self/maps") if re.search(r"lib(olstm|protobuf-c)", line)}
assert loaded and all(path.startswith(home) for path in loaded), loaded

info = importlib.metadata.metadata("olstm")
assert info["Version"] == olstm.__version__ and info["License"] == "Apache-2.0", dict(info)
files = {str(file): file.read_text(encoding="utf-8") for file in importlib.metadata.files("olstm") if "licenses/" in str(file)}
texts = {os.path.basename(file): text for file, text in files.items()}
assert texts["LICENSE"] == open(os.path.join(source, "LICENSE")).read()
if any("protobuf-c" in path for path in loaded):
    assert "Dave Benson" in texts["LICENSE.libprotobuf-c"]
installed = {os.path.relpath(str(file), "olstm") for file in importlib.metadata.files("olstm")}
package = os.path.join(source, "adapters", "python", "olstm")
for folder, _, names in os.walk(package):
    for name in names:
        if name.endswith(".py") or name == "py.typed":
            assert os.path.relpath(os.path.join(folder, name), package) in installed, (folder, name)

# The tag names this machine, and a glibc that knows all versions of symbols that the libraries ask for, but no newer one.
tag = next(line for line in importlib.metadata.distribution("olstm").read_text("WHEEL").splitlines() if line.startswith("Tag: "))
wanted = [tuple(map(int, version)) for path in loaded for version in re.findall(
    rb"\0GLIBC_(\d+)\.(\d+)(?=\0)", open(path, "rb").read())]
assert tag == "Tag: py3-none-manylinux_%d_%d_%s" % (max(wanted) + (os.uname().machine,)), (tag, max(wanted))
END
run clean venv/bin/python -m pip uninstall -y olstm
left=$(find venv -iname '*olstm*')
[ -z "$left" ] || { echo "package: pip uninstall leaves $left"; exit 1; }
echo "package: ok"
