#!/usr/bin/env python3
"""usage: check_rooms.py SOURCE

The rooms of runtime/ stand on each other in one order. Nowhere do files include
each other in a circle, and functions are short.
"""

import os
import re
import sys

import file_graph

# Each room may include those before it.
ROOMS = ["runtime/host", "runtime/graph", "runtime/fuse", "runtime/state", "runtime/plan",
         "runtime/execute", "runtime", "runtime/streams",
         "runtime/batcher", "runtime/convert"]
MOST_FLAT_FILES = 14
MOST_FUNCTION_LINES = 60
# Folders in which files may not include each other in a circle, nor functions be long.
CHECKED = ["base", "system", "onnx_proto", "op", "runtime", "tools", "adapters", "tests"]

# From a line that opens a function (or a type) to the brace that closes it, as clang-format writes both.
FUNCTION = re.compile(r"^[A-Za-z_][^;{}]*\([^;{}]*\)[^;{}=]*\{\n.*?^\}\n", re.MULTILINE | re.DOTALL)


def find_long_functions(folder):
    for path in file_graph.list_sources(folder):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in FUNCTION.finditer(text):
            lines = match[0].count("\n")
            if lines > MOST_FUNCTION_LINES:
                name = re.search(r"(\w+)\(", match[0])[1]
                yield f"{path}: {name} has {lines} lines, more than {MOST_FUNCTION_LINES}"


def main():
    os.chdir(sys.argv[1])
    complaints = []
    for folder in filter(os.path.isdir, CHECKED):
        complaints += find_long_functions(folder)
        graph = file_graph.to_graph(file_graph.read_includes(folder))
        complaints += [f"these include each other in a circle: {' '.join(circle)}"
                       for circle in file_graph.find_circles(graph)]
    for path, included in file_graph.read_includes("runtime"):
        room, other = os.path.dirname(path), os.path.dirname(included)
        for name in (room, other):
            if name not in ROOMS:
                complaints.append(f"{path}: {name} is no room, or has no place in the order")
                break
        else:
            if ROOMS.index(other) > ROOMS.index(room):
                complaints.append(f"{path} includes {included}, but {other} stands on {room}")
    flat = [name for name in os.listdir("runtime") if name.endswith((".c", ".h", ".inc"))]
    if len(flat) > MOST_FLAT_FILES:
        complaints.append(f"runtime has {len(flat)} files outside its rooms, more than {MOST_FLAT_FILES}")
    for complaint in complaints:
        print(f"rooms: {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
