#!/usr/bin/env python3
"""Counts the machine instructions that a unit of work comes to, for every operator: whether max_work measures all alike.

usage: calibrate_work.py [--olstm PROGRAM] [--time] [--factor F] [--only PART] [FILE]

For each line of FILE (default: shapes/operators_work.txt beside this script, in the format of make_operator_models.py) a model of
one node is run once and three times under valgrind's callgrind, which counts instructions; the units are those that
`olstm inspect` tells. An operator is SLOW when its unit costs more than F times (default 3) what the median unit does
(exit 1), cheap when it costs less than a tenth. --time adds nanoseconds a unit on this machine, which valgrind does not
see: caches, divisions. Needs valgrind and Debian's python3-onnx and python3-numpy.
"""
import argparse
import concurrent.futures
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import make_operator_models as models

HERE = os.path.dirname(os.path.abspath(__file__))
CHEAP = 10


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stdout[-500:]}{result.stderr[-2000:]}")
    return result


def run_command(program, folder, fed, repeat=1):
    """The command that runs a case `repeat` times with its inputs."""
    command = [program, "run", os.path.join(folder, "model.onnx"), "--max-work", str(2**62), "--max-memory", "2000",
               "--seed", "1", "--repeat", str(repeat)]
    for index, given in enumerate(fed):
        command += ["-i", f"{given.name}={os.path.join(folder, 'test_data_set_0', f'input_{index}.pb')}"]
    return command


def count_units(program, folder, fed):
    """Of one run: what inspect says, or, where data decides, the least limit within which it runs."""
    shown = json.loads(run([program, "inspect", os.path.join(folder, "model.onnx"), "--json"]).stdout)
    plan = shown.get("plan", {"has_dynamic_part": True})
    if not plan["has_dynamic_part"]:
        return plan["work"]
    low, high = 1, 2**40
    while low < high:
        middle = (low + high) // 2
        command = run_command(program, folder, fed) + ["--max-work", str(middle)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            low = middle + 1
        else:
            high = middle
    return low


def count_instructions(program, folder, fed):
    """Of one run, without loading, planning and printing: what a third and a second run add to a first."""
    def collect(repeat):
        out = os.path.join(folder, "callgrind.out")
        shown = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                     *run_command(program, folder, fed, repeat)]).stderr
        return int(re.search(r"Collected : (\d+)", shown).group(1))
    return (collect(3) - collect(1)) / 2


def measure_ns(program, folder, fed):
    """Of one run: the difference between many and one."""
    def seconds(repeat):
        begin = time.perf_counter()
        run(run_command(program, folder, fed, repeat))
        return time.perf_counter() - begin
    one = min(seconds(1) for _ in range(3))
    repeat = 2
    while True:
        many = seconds(repeat)
        if many > one + 0.1 or repeat > 1e6:
            return (min(many, seconds(repeat)) - one) / (repeat - 1) * 1e9
        repeat *= 4


def measure(arguments, line, folder):
    name, model, fed = models.make_case(line)
    models.write(folder, line)
    folder = os.path.join(folder, name)
    units = count_units(arguments.olstm, folder, fed)
    instructions = count_instructions(arguments.olstm, folder, fed)
    ns = measure_ns(arguments.olstm, folder, fed) if arguments.time else 0
    return name, model.graph.node[0].op_type, units, instructions / units, ns / units


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--olstm", default="build/test/bin/olstm")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--factor", type=float, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("file", nargs="?", default=os.path.join(HERE, "shapes", "operators_work.txt"))
    arguments = parser.parse_args()
    with open(arguments.file, encoding="utf-8") as file:
        lines = [text for text in (line.split("#")[0].strip() for line in file) if arguments.only in text and text]
    with tempfile.TemporaryDirectory() as folder:
        with concurrent.futures.ThreadPoolExecutor(1 if arguments.time else os.cpu_count()) as pool:
            rows = list(pool.map(lambda line: measure(arguments, line, folder), lines))
    median = statistics.median(cost for _, _, _, cost, _ in rows)
    slow = 0
    print(f"{'case':26} {'operator':22} {'units':>12} {'instructions a unit':>20} {'ns a unit':>10}")
    for name, op_type, units, cost, ns in sorted(rows, key=lambda row: row[3]):
        is_slow = cost > median * arguments.factor
        slow += is_slow
        verdict = "SLOW" if is_slow else "cheap" if cost * CHEAP < median else ""
        print(f"{name:26} {op_type:22} {units:12} {cost:20.3f} {f'{ns:10.4f}' if arguments.time else '':10} {verdict}")
    print(f"median {median:.3f} instructions a unit; {slow} of {len(rows)} cost more than {arguments.factor:g} times that")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
