#!/usr/bin/env python3
"""usage: check_calls.py SOURCE NM OBJECTS

What object files say of calls. OBJECTS lists libolstm's, a line each.
  - no files of base/, op/ or runtime/ call each other in a circle (onnx_proto/ decodes graphs in
    graphs), and no room of runtime/ calls one that stands on it;
  - somebody outside its file calls every function that is not static. What tests alone call
    is dead too, unless kept_functions.txt says why it stays.
"""

import os
import re
import sys

import check_rooms
import file_graph

INLINE = re.compile(r"^static inline [^;{}]*?\b(olstm__\w+)\(", re.MULTILINE)
PRODUCT = ["base", "system", "onnx_proto", "op", "runtime", "adapters", "tools"]


def read_kept(path):
    """{function: reason}."""
    with open(path, encoding="utf-8") as file:
        lines = [line.split(None, 1) for line in file if line.strip() and not line.startswith("#")]
    return {line[0]: line[1].strip() if len(line) > 1 else "" for line in lines}


def calls_within(symbols, folder):
    return [pair for pair in symbols.calls() if all(file.startswith(folder + "/") for file in pair)]


def find_upward_calls(calls):
    rooms = check_rooms.ROOMS
    for user, used in sorted(set(calls)):
        room, other = os.path.dirname(user), os.path.dirname(used)
        if rooms.index(other) > rooms.index(room):
            yield f"{user} calls {used}, but {other} stands on {room}"


def find_dead(symbols, kept):
    for name, files in sorted(symbols.definers.items()):
        if name.startswith("olstm__") and not symbols.users[name] - files and name not in kept:
            yield f"nobody outside {' '.join(sorted(files))} uses {name}: remove it, or make it static"


def find_dead_inline():
    texts = []
    inline = {}
    for folder in filter(os.path.isdir, PRODUCT):
        for path in file_graph.list_sources(folder):
            with open(path, encoding="utf-8") as file:
                texts.append(file.read())
            if path.endswith(".h"):
                inline.update({name: path for name in INLINE.findall(texts[-1])})
    words = re.findall(r"\bolstm__\w+\b", "\n".join(texts))
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    for name, path in sorted(inline.items()):
        if counts[name] == 1:
            yield f"nobody uses {name} of {path}"


def main():
    source, nm, listing = sys.argv[1:4]
    objects = file_graph.read_objects(listing, source)
    symbols = file_graph.Symbols(nm, objects)
    os.chdir(source)
    kept = read_kept("tests/checks/kept_functions.txt")
    complaints = []
    for folder in ("base", "op", "runtime"):
        complaints += [f"these call each other in a circle: {' '.join(circle)}"
                       for circle in file_graph.find_circles(file_graph.to_graph(calls_within(symbols, folder)))]
    complaints += find_upward_calls(calls_within(symbols, "runtime"))
    complaints += find_dead(symbols, kept)
    complaints += find_dead_inline()
    for name, reason in sorted(kept.items()):
        if not reason:
            complaints.append(f"kept_functions.txt gives no reason for {name}")
        if name not in symbols.definers:
            complaints.append(f"kept_functions.txt names {name}, which is not there")
        elif symbols.users[name] - symbols.definers[name]:
            complaints.append(f"kept_functions.txt names {name}, which is used")
    for complaint in complaints:
        print(f"calls: {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
