#!/usr/bin/env python3
"""mutation_trial.py [--count N] [--seed S] [--jobs J] [--work DIR] [--again FILE] [FOLDER...]: do the tests notice?

Changes one token of one source at a time (a comparison, an operator, a constant, a condition, a call that is left out), builds, and
runs the tests until one fails. What every test passes with has survived: it is printed with its line, to be killed by a test or to be
listed in equivalent.txt beside this file when nobody could tell the difference. FOLDERs: base onnx_proto runtime op/lstm.

Mutants are made in copies of the tree, one a job, in the work folder (default build/mutation). Tests: the unit tests of the
FOLDERs, those of the mutant's own file and those that killed the most for their time first; then the command, conformance and fuzz
tests. --again takes a file of this script's output, and tries its survivors alone, without
those that equivalent.txt has by now.
"""
import argparse
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FOLDERS = ["base", "onnx_proto", "runtime", "op/lstm"]
LATER_TARGETS = ["olstm_command", "command_write_model", "fuzz_model_replay", "fuzz_session_replay", "fuzz_tensor_pb_replay",
                 "fuzz_lstm_replay", "fuzz_memory_plan_replay", "fuzz_state_blob_replay", "flip_bits", "mutate_models"]
LATER_TESTS = (r"^(fuzz\.(model|session|tensor_pb|lstm|memory_plan|state_blob|flip_bits|mutate_models)\.|unit\.node_case\."
               r"|command\.(run|state|inspect|external_data|given_inputs|seed)|conformance\.(recurrent|keras|onnx))")
# Sweeps that take long, and that look for what all of these folders' other tests see first.
LEFT_OUT = {"node_case", "lstm_cell_accuracy"}
# Pattern, replacements. Each is tried where it stands alone.
RULES = [
    (r" < ", [" <= ", " > "]), (r" <= ", [" < "]), (r" > ", [" >= ", " < "]), (r" >= ", [" > "]),
    (r" == ", [" != "]), (r" != ", [" == "]), (r" && ", [" || "]), (r" \|\| ", [" && "]),
    (r" \+ ", [" - "]), (r" - ", [" + "]), (r" \* ", [" + "]), (r"\+\+", ["--"]), (r" \+= ", [" -= "]), (r" -= ", [" += "]),
    (r"\bif \(", ["if (!("]), (r"\btrue\b", ["false"]), (r"\bfalse\b", ["true"]),
    (r"(?<![\w.])0(?![\w.])", ["1"]), (r"(?<![\w.])1(?![\w.])", ["0", "2"]),
    (r"^  +(?:\(void\))?olstm__?\w+\([^;{]*\);$", [";"]), (r"^  +\w+(?:->|\.)\w+ = [^;]*;$", [";"]),
]


def code_lines(text):
    """The lines that hold code of functions: no comments, declarations, directives, strings of messages."""
    depth = 0
    for number, line in enumerate(text.split("\n")):
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line.split("//")[0])
        if depth > 0 and bare.strip() and not line.startswith("#") and "static const" not in line and "enum" not in line:
            yield number, bare
        depth += bare.count("{") - bare.count("}")


def mutants_of(root, path):
    with open(os.path.join(root, path)) as file:
        lines = file.read().split("\n")
    for number, bare in code_lines("\n".join(lines)):
        if '""' in bare:
            continue  # positions would be off
        for pattern, replacements in RULES:
            for match in re.finditer(pattern, bare):
                for replacement in replacements:
                    changed = bare[:match.start()] + replacement + bare[match.end():]
                    if replacement == "if (!(":
                        if not bare.rstrip().endswith(("{", ";")) or bare.count("(") != bare.count(")"):
                            continue
                        close = matching_parenthesis(bare, match.end() - 1)
                        changed = bare[:match.end()] + "!(" + bare[match.end():close] + ")" + bare[close:]
                    yield (path, number, lines[number], changed)


def matching_parenthesis(line, start):
    depth = 0
    for i in range(start, len(line)):
        depth += line[i] == "("
        depth -= line[i] == ")"
        if depth == 0:
            return i
    return len(line)




def run(command, folder, timeout):
    """True when it succeeds within the time."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               cwd=folder, start_new_session=True)
    try:
        return process.wait(timeout) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


class Statistics:
    """What each unit test program takes, and how many mutants it has killed."""

    def __init__(self):
        self.seconds = {}
        self.kills = {}

    def order(self, path):
        """Names of unit tests, for a mutant of that file."""
        stem = os.path.basename(path).split(".")[0]
        family = stem.split("_")[0]

        def rank(name):
            near = 0 if name == stem else 1 if name.startswith(stem) else 2 if name.split("_")[0] == family else 3
            return min(near, 1), -(1 + self.kills.get(name, 0)) * (4 if near < 3 else 1) / (0.01 + self.seconds[name])
        return sorted(self.seconds, key=rank)


class Tree:
    """A copy of the tree, and its build."""

    def __init__(self, folder, statistics):
        self.folder, self.statistics = folder, statistics
        self.build = os.path.join(folder, "build")
        self.program = os.path.join(self.build, "tests", "unit", "unit_tests")

    def copy(self):
        """Files that have not changed keep their times, so that little is built again."""
        paths = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True).split("\n")
        for path in filter(None, paths):
            source, target = os.path.join(ROOT, path), os.path.join(self.folder, path)
            if not os.path.exists(source):
                continue
            with open(source, "rb") as file:
                wanted = file.read()
            if os.path.exists(target):
                with open(target, "rb") as file:
                    if file.read() == wanted:
                        continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)

    def configure(self):
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        subprocess.check_call(["cmake", "-S", self.folder, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                               "-DCMAKE_C_FLAGS=-O1", "-DOLSTM_BUILD_ADAPTERS=OFF", *launcher],
                              stdout=subprocess.DEVNULL)

    def make(self, *targets):
        return run(["cmake", "--build", self.build, "-j1", "--target", *targets], self.folder, 1800)

    def run_unit_test(self, name):
        most = max(20, 20 * self.statistics.seconds.get(name, 10))
        return run([self.program, name], self.folder, most)

    def run_later_tests(self):
        return self.make(*LATER_TARGETS) and run(
            ["ctest", "--test-dir", self.build, "-j1", "--stop-on-failure", "--timeout", "60", "-Q", "-R", LATER_TESTS,
             "-LE", "slow|builds"], self.folder, 900)

    def find_killer(self, path):
        """The test that fails, or None."""
        for name in self.statistics.order(path):
            if not self.run_unit_test(name):
                self.statistics.kills[name] = self.statistics.kills.get(name, 0) + 1
                return name
        return None if self.run_later_tests() else "command, conformance or fuzz"

    def try_mutant(self, mutant):
        """('killed', by what), ('survived', ''), or ('invalid', '') for what does not compile."""
        path, number, _, changed = mutant
        full = os.path.join(self.folder, path)
        with open(full) as file:
            original = file.read()
        lines = original.split("\n")
        lines[number] = changed
        try:
            with open(full, "w") as file:
                file.write("\n".join(lines))
            if not self.make("unit_tests"):
                return "invalid", ""
            killer = self.find_killer(path)
            return ("killed", killer) if killer else ("survived", "")
        finally:
            with open(full, "w") as file:
                file.write(original)


def names_of_tests(root, folders):
    """Unit tests of the folders' files, and of nothing: those that are not named after a file of another folder."""
    others = subprocess.check_output(["git", "ls-files", "op", "tools", "adapters"], cwd=ROOT, text=True).split()
    foreign = {os.path.basename(path).split(".")[0] for path in others if not path.startswith(tuple(folders))}
    for name in sorted(os.listdir(os.path.join(root, "tests", "unit"))):
        match = re.match(r"test_(\w+)\.c$", name)
        if not match or match[1] in foreign or match[1] in LEFT_OUT or match[1] == "steady_run":
            continue
        with open(os.path.join(root, "tests", "unit", name)) as file:
            if '#include "tools/' not in file.read():
                yield match[1]


def measure(tree, folders):
    for name in names_of_tests(tree.folder, folders):
        start = time.monotonic()
        if not tree.run_unit_test(name):
            sys.exit("mutation_trial: %s fails as it is" % name)
        tree.statistics.seconds[name] = time.monotonic() - start
    if not tree.run_later_tests():
        sys.exit("mutation_trial: the command, conformance or fuzz tests fail as they are")


def select(root, arguments, equivalent):
    """The mutants of that tree to try, in order."""
    files = subprocess.check_output(["git", "ls-files", *arguments.folders], cwd=ROOT, text=True).split()
    pool = [mutant for path in files if path.endswith((".c", ".inc")) for mutant in mutants_of(root, path)]
    random.Random(arguments.seed).shuffle(pool)
    if not arguments.again:
        return pool
    with open(arguments.again) as file:
        wanted = {re.sub(r"^survived +([^:]+):\d+", r"\1", line.rstrip("\n")) for line in file if line.startswith("survived")}
    return [mutant for mutant in pool if name_of(mutant) in wanted - equivalent]


def name_of(mutant):
    path, _, line, changed = mutant
    return "%s: %s  =>  %s" % (path, line.strip(), changed.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="mutants that compile (default 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "mutation"))
    parser.add_argument("--again", help="output of this script, whose survivors are tried again")
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    arguments = parser.parse_args()
    with open(os.path.join(HERE, "equivalent.txt")) as file:
        equivalent = {line.strip() for line in file if line.strip() and not line.startswith("#")}
    statistics = Statistics()
    trees = [Tree(os.path.join(arguments.work, "tree%d" % i), statistics) for i in range(arguments.jobs)]
    for tree in trees:
        tree.copy()
    for tree in trees:
        tree.configure()
        if not tree.make("unit_tests", *LATER_TARGETS):
            sys.exit("mutation_trial: %s does not build" % tree.folder)
    measure(trees[0], arguments.folders)
    slowest = max(statistics.seconds, key=statistics.seconds.get)
    print("unit tests take %.0f s, %s %.0f s of them" % (sum(statistics.seconds.values()), slowest, statistics.seconds[slowest]),
          flush=True)
    counts = {"killed": 0, "survived": 0, "equivalent": 0}
    waiting = queue.SimpleQueue()
    for mutant in select(trees[0].folder, arguments, equivalent):
        waiting.put(mutant)
    lock = threading.Lock()

    def work(tree):
        while sum(counts.values()) < arguments.count:
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                return
            outcome, killer = tree.try_mutant(mutant)
            if outcome == "invalid":
                continue
            if outcome == "survived" and name_of(mutant) in equivalent:
                outcome = "equivalent"
            path, number, line, changed = mutant
            with lock:
                counts[outcome] += 1
                print("%-10s %s:%d: %s  =>  %s%s" % (outcome, path, number + 1, line.strip(), changed.strip(),
                                                     "  [%s]" % killer if killer else ""), flush=True)

    threads = [threading.Thread(target=work, args=(tree,)) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("%(killed)d killed, %(survived)d survived, %(equivalent)d equivalent" % counts)


if __name__ == "__main__":
    main()
