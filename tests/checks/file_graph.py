"""Which file uses which, by includes or by calls, and the circles in that.

A file is a stem: runtime/plan/fold.c and runtime/plan/fold.h are one, runtime/plan/fold.
"""

import collections
import os
import re
import subprocess

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def stem(path):
    return re.sub(r"\.(c|h|inc)$", "", path)


def list_sources(folder):
    """Paths of a folder's C files, from the source tree's root on."""
    for where, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".c", ".h", ".inc")):
                yield os.path.join(where, name)


def read_includes(folder):
    """(including file, included file) of all includes within a folder."""
    pairs = []
    for path in list_sources(folder):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        pairs += [(path, included) for included in INCLUDE.findall(text)
                  if included.startswith(folder + "/")]
    return pairs


def to_graph(pairs):
    graph = collections.defaultdict(set)
    for user, used in pairs:
        if stem(user) != stem(used):
            graph[stem(user)].add(stem(used))
    return graph


class Symbols:
    """What object files define and use, by nm. Objects are named by their sources."""

    def __init__(self, nm, objects):
        self.definers = collections.defaultdict(set)
        self.users = collections.defaultdict(set)
        sources = {path: source for source, path in objects.items()}
        text = subprocess.run([nm, "-A", *sources], check=True, capture_output=True, text=True).stdout
        for path, kind, name in re.findall(r"^(.*):[ 0-9a-f]* ([A-Za-z]) (\S+)$", text, re.MULTILINE):
            if kind == "U":
                self.users[name].add(sources[path])
            elif kind in "TDRB":
                self.definers[name].add(sources[path])

    def calls(self):
        """(file, file it calls or whose data it uses)."""
        return [(user, definer) for name, users in self.users.items() for user in users
                for definer in self.definers.get(name, ())]


def read_objects(listing, source_root):
    """{source: object} of CMake's objects, one a line in a file: ".../FOLDER/CMakeFiles/TARGET.dir/PATH.o"."""
    objects = {}
    with open(listing, encoding="utf-8") as file:
        for path in filter(None, file.read().split("\n")):
            match = re.search(r"([^/]+(?:/[^/]+)*)/CMakeFiles/[^/]+\.dir/(.*)\.(?:o|obj)$", path)
            if not match:
                raise SystemExit(f"no object of CMake's: {path}")
            parts = match[1].split("/")
            # The build tree's folders are the source tree's.
            for first in range(len(parts)):
                source = os.path.normpath("/".join(parts[first:] + [match[2]]))
                if os.path.exists(os.path.join(source_root, source)):
                    objects[source] = path
                    break
    return objects


def find_circles(graph):
    """Sets of files that reach each other (Tarjan's strongly connected components)."""
    number, low, stack, on_stack, circles = {}, {}, [], set(), []
    for root in sorted(graph):
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        path = [(root, iter(sorted(graph[root])))]
        while path:
            node, successors = path[-1]
            for successor in successors:
                if successor not in number:
                    number[successor] = low[successor] = len(number)
                    stack.append(successor)
                    on_stack.add(successor)
                    path.append((successor, iter(sorted(graph.get(successor, ())))))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], number[successor])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    circle = []
                    while not circle or circle[-1] != node:
                        circle.append(stack.pop())
                        on_stack.discard(circle[-1])
                    if len(circle) > 1:
                        circles.append(sorted(circle))
    return circles
