#!/usr/bin/env python3
"""mutation_trial.py [--count N] [--seed S] [--build DIR] [FOLDER...]: do the tests notice?

Changes one token of one source at a time (a comparison, an operator, a constant, a condition, a call that is left out), builds, and
runs the tests until one fails. What every test passes with has survived: it is printed with its line, to be killed by a test or to be
listed in equivalent.txt beside this file when nobody could tell the difference. FOLDERs: base onnx_proto runtime op/lstm.
The build folder (default build/mutation) is one of this script's own; the sources are restored after each mutant, whatever happens.
"""
import argparse
import os
import random
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FOLDERS = ["base", "onnx_proto", "runtime", "op/lstm"]
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


def mutants_of(path):
    with open(os.path.join(ROOT, path)) as file:
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


def run(command, timeout):
    """True when it succeeds within the time."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               cwd=ROOT, start_new_session=True)
    try:
        return process.wait(timeout) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def tests_of(build):
    """Quick ones first."""
    ctest = ["ctest", "--test-dir", build, "-j2", "--stop-on-failure", "--timeout", "60", "-Q"]
    return [ctest + ["-R", "^unit", "-LE", "slow"],
            ctest + ["-R", "^(conformance|fuzz|command|examples|abi)", "-LE", "slow|builds"]]


def try_mutant(mutant, build):
    """'killed', 'survived', or 'invalid' for what does not compile."""
    path, number, _, changed = mutant
    full = os.path.join(ROOT, path)
    with open(full) as file:
        original = file.read()
    lines = original.split("\n")
    lines[number] = changed
    try:
        with open(full, "w") as file:
            file.write("\n".join(lines))
        if not run(["cmake", "--build", build, "-j2"], 600):
            return "invalid"
        return "survived" if all(run(command, 600) for command in tests_of(build)) else "killed"
    finally:
        with open(full, "w") as file:
            file.write(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="mutants that compile (default 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "mutation"))
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    arguments = parser.parse_args()
    files = subprocess.check_output(["git", "ls-files", *arguments.folders], cwd=ROOT, text=True).split()
    pool = [mutant for path in files if path.endswith((".c", ".inc")) for mutant in mutants_of(path)]
    random.Random(arguments.seed).shuffle(pool)
    with open(os.path.join(HERE, "equivalent.txt")) as file:
        equivalent = {line.strip() for line in file if line.strip() and not line.startswith("#")}
    subprocess.check_call(["cmake", "-S", ROOT, "-B", arguments.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                           "-DOLSTM_BUILD_ADAPTERS=OFF"], stdout=subprocess.DEVNULL)
    if not run(["cmake", "--build", arguments.build, "-j2"], 1800) or not all(run(c, 600) for c in tests_of(arguments.build)):
        sys.exit("mutation_trial: the tests do not pass as they are")
    counts = {"killed": 0, "survived": 0, "equivalent": 0}
    for mutant in pool:
        if sum(counts.values()) >= arguments.count:
            break
        path, number, line, changed = mutant
        outcome = try_mutant(mutant, arguments.build)
        if outcome == "invalid":
            continue
        name = "%s: %s  =>  %s" % (path, line.strip(), changed.strip())
        if outcome == "survived" and name in equivalent:
            outcome = "equivalent"
        counts[outcome] += 1
        print("%-10s %s:%d: %s  =>  %s" % (outcome, path, number + 1, line.strip(), changed.strip()), flush=True)
    print("%(killed)d killed, %(survived)d survived, %(equivalent)d equivalent" % counts)


if __name__ == "__main__":
    main()
