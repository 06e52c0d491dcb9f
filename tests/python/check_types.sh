#!/usr/bin/env bash
# usage: check_types.sh SOURCE
# mypy finds nothing in the Python package, knows its types from outside, and finds what a user of it does wrong.
set -euo pipefail
package=$(cd "$1/adapters/python" && pwd)
if ! command -v mypy >/dev/null; then
  echo "types: skipped, mypy is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -f "$package/olstm/py.typed" ] || { echo "types: no py.typed, without which the types are not seen"; exit 1; }

cat > "$work/right.py" <<'END'
import pathlib
from typing import Any
import numpy as np
import olstm

Array = np.ndarray[Any, Any]
session = olstm.Session(pathlib.Path("model.onnx"), stateful=["lstm"], bindings={"h": "h0"})
outputs = session.run({"x": np.zeros(3), "n": [1, 2], "s": 0.5})
shape: tuple[int, ...] = outputs["y"].shape
context: olstm.Context = session.context().clone()
context.state["lstm/h"] = [[0.5]]
blob: bytes = context.save_state()
olstm.Session(b"", stateful=True).reset(row=1)
version: str = olstm.__version__
streams: olstm.Streams = session.streams(capacity=10, steps=[{"x": (1, 1, 3)}], batch_axes={"x": 1, "s": None})
one: int = streams.open()
apart: Array = streams.run({one: {"x": [[[1.0]]]}})[one]["y"]
together: Array = streams.run([one], {"x": np.zeros((1, 1, 3))})["y"]
streams.state(one)["lstm/h"] = [[0.5]]
streams.load(streams.clone(one), context.save_state())


async def wait(batcher: olstm.Batcher) -> tuple[int, ...]:
    y = (await batcher.arun(one, {"x": [1]}))["y"]
    shape: tuple[int, ...] = y.shape
    return shape


with streams.batcher(max_wait_us=100) as batcher:
    shape = batcher.submit(one, {"x": [1]}).result()["y"].shape
try:
    pass
except olstm.Error as error:
    full: bool = error.status == olstm.Status.QUEUE_FULL
END
cat > "$work/wrong.py" <<'END'
import olstm

session = olstm.Session("model.onnx", threads="2")
session.run([1, 2])
session.inputs["x"] + 1
session.context().load_state("text")
session.streams(capacity="2")
session.streams().run([1])
session.streams().batcher().submit("h", {})
END
# Dask says little of its types, and not the same in each version.
cat > "$work/mypy.ini" <<'END'
[mypy]
ignore_missing_imports = True
[mypy-dask.*]
follow_imports = skip
[mypy-olstm.backend]
# Newer onnx has types, older has none.
warn_unused_ignores = False
END
cd "$package"
mypy --strict --config-file="$work/mypy.ini" --cache-dir=/dev/null olstm "$work/right.py" "$work/wrong.py" > "$work/found" || true
if grep ': error' "$work/found" | grep -v "wrong.py:"; then exit 1; fi
for line in 3 4 5 6 7 8 9; do
  grep -q "wrong.py:$line: error" "$work/found" || { echo "types: mypy does not mind line $line:"; cat "$work/found"; exit 1; }
done
