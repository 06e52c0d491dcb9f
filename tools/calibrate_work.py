#!/usr/bin/env python3
"""Counts the machine instructions that a unit of work comes to, for every operator: whether max_work measures all alike.

usage: calibrate_work.py [--olstm PROGRAM] [--library LIBOLSTM] [--time] [--factor F] [--only PART] [FILE]

For each line of FILE (default: shapes/operators_work.txt beside this script, in the format of make_operator_models.py) a model of
one node is run under valgrind's callgrind, which counts the instructions of its third run; the units are those that `olstm inspect`
tells, or the least limit within which it runs where data decides. An operator is SLOW when its unit costs more than F times (default
3) what the median unit does, cheap when it costs less than an F-th; exit 1 where one is SLOW. --time adds nanoseconds a unit on this
machine, which valgrind does not see: caches, divisions. All cases take about five minutes. Needs valgrind with its headers, a C
compiler (CC), and Debian's python3-onnx and python3-numpy.
"""
import argparse
import concurrent.futures
import ctypes
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
PLANNING = 16384 + 512  # of a step that only data can plan, in the run that meets it first
# Counts one call alone, and writes what it came to.
COUNTER = """
#include <stddef.h>
#include <valgrind/callgrind.h>
typedef int (*run_function)(void*, const void*, size_t, void*, size_t, void*);
int counted(run_function run, void* context, const void* inputs, size_t input_count, void* outputs, size_t output_count, void* error) {
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  const int status = run(context, inputs, input_count, outputs, output_count, error);
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS;
  return status;
}
"""


def run(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stdout[-500:]}{result.stderr[-2000:]}")
    return result.stdout


# ---------------------------------------------------------------- units

def count_units(program, folder, fed):
    """Of one run: what inspect says, or, where data decides, the least limit within which it runs, without planning."""
    shown = json.loads(run([program, "inspect", os.path.join(folder, "model.onnx"), "--json"]))
    plan = shown.get("plan", {"has_dynamic_part": True})
    if not plan["has_dynamic_part"]:
        return plan["work"]
    command = [program, "run", os.path.join(folder, "model.onnx"), "--seed", "1"]
    for index, given in enumerate(fed):
        command += ["-i", f"{given.name}={os.path.join(folder, 'test_data_set_0', f'input_{index}.pb')}"]
    low, high = 1, 2**40
    while low < high:
        middle = (low + high) // 2
        if subprocess.run(command + ["--max-work", str(middle)], capture_output=True, check=False).returncode:
            low = middle + 1
        else:
            high = middle
    return low - PLANNING


# ---------------------------------------------------------------- instructions

def work(lines, counter, out):
    """In valgrind: runs the case of each line, and notes which of callgrind's dumps is its third run's; or, without a counter, ns."""
    import numpy as np
    import olstm
    from olstm import _library as library
    plain = library.call
    error = ctypes.create_string_buffer(4096)
    measured = []

    def call(name, *arguments):
        if name != "olstm_context_run":
            plain(name, *arguments)
        elif counter:
            context, inputs, input_count, outputs, output_count = arguments
            measured.append(len(measured) + 1)
            if ctypes.CDLL(counter).counted(
                    ctypes.cast(library.library.olstm_context_run, ctypes.c_void_p), getattr(context, "_as_parameter_", context),
                    inputs, ctypes.c_size_t(input_count), outputs, ctypes.c_size_t(output_count), error):
                raise RuntimeError(error.value.decode())
        else:
            begin = time.thread_time_ns()
            plain(name, *arguments)
            measured.append(time.thread_time_ns() - begin)

    library.call = call
    results = {}
    for line in lines:
        name, model, fed = models.make_case(line)
        session = olstm.Session(model.SerializeToString(), max_work=2**62, max_memory=2 * 10**9, seed=1)
        feeds = {given.name: (np.ascontiguousarray(given.data).view(np.uint32) >> 16).astype(np.uint16) if given.is_bfloat16
                 else given.data for given in fed}
        for _ in range(3 if counter else 9):
            session.run(feeds)
        results[name] = measured[-1] if counter else min(measured[-8:])
    with open(out, "w", encoding="utf-8") as file:
        json.dump(results, file)


def start_worker(arguments, lines, counter, folder):
    """Instructions, or nanoseconds, of each case's run."""
    os.mkdir(folder)
    out = os.path.join(folder, "results.json")
    under = ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={os.path.join(folder, 'out')}"]
    environment = dict(os.environ, OLSTM_LIBRARY=os.path.abspath(arguments.library),
                       PYTHONPATH=os.path.join(HERE, os.pardir, "adapters", "python"))
    run((under if counter else []) + [sys.executable, os.path.abspath(__file__), "--worker", out, counter],
        input="\n".join(lines), env=environment)
    with open(out, encoding="utf-8") as file:
        results = json.load(file)
    if not counter:
        return results
    for name, dump in results.items():
        with open(os.path.join(folder, f"out.{dump}"), encoding="utf-8") as file:
            results[name] = int(re.search(r"^totals: (\d+)", file.read(), re.MULTILINE).group(1))
    return results


def measure(arguments, lines, folder):
    """{name: instructions}, {name: nanoseconds}"""
    counter = os.path.join(folder, "counter.so")
    source = os.path.join(folder, "counter.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(COUNTER)
    run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", source, "-o", counter])
    count = min(os.cpu_count(), len(lines))
    instructions = {}
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for results in pool.map(lambda part: start_worker(arguments, lines[part::count], counter,
                                                          os.path.join(folder, f"part{part}")), range(count)):
            instructions.update(results)
    return instructions, start_worker(arguments, lines, "", os.path.join(folder, "timed")) if arguments.time else {}


def main():
    if sys.argv[1:2] == ["--worker"]:
        work(sys.stdin.read().split("\n"), sys.argv[3], sys.argv[2])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--olstm", default="build/test/bin/olstm")
    parser.add_argument("--library", default="build/test/libolstm.so")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--factor", type=float, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("file", nargs="?", default=os.path.join(HERE, "shapes", "operators_work.txt"))
    arguments = parser.parse_args()
    with open(arguments.file, encoding="utf-8") as file:
        lines = [line for line in models.read_lines(file) if arguments.only in line]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        instructions, nanoseconds = measure(arguments, lines, folder)

        def row_of(line):
            name, model, fed = models.make_case(line)
            models.write(folder, line)
            units = count_units(arguments.olstm, os.path.join(folder, name), fed)
            return instructions[name] / units, name, model.graph.node[0].op_type, units, nanoseconds.get(name, 0) / units

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = sorted(pool.map(row_of, lines))
    median = statistics.median(row[0] for row in rows)
    print(f"{'case':30} {'operator':22} {'units':>12} {'instructions a unit':>20} {'ns a unit':>10}")
    for cost, name, op_type, units, ns in rows:
        verdict = "SLOW" if cost > median * arguments.factor else "cheap" if cost * arguments.factor < median else ""
        print(f"{name:30} {op_type:22} {units:12} {cost:20.3f} {f'{ns:10.4f}' if arguments.time else '':10} {verdict}")
    slow = sum(row[0] > median * arguments.factor for row in rows)
    cheap = sum(row[0] * arguments.factor < median for row in rows)
    print(f"median {median:.3f} instructions a unit; of {len(rows)} cases {slow} cost more than {arguments.factor:g} times that, "
          f"{cheap} less than a part of {arguments.factor:g}")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
