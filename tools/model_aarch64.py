#!/usr/bin/env python3
"""What the inner loops of the recurrent kernels would take on AArch64 CPUs, by llvm-mca's models of them: nobody's measurement.

usage: model_aarch64.py [--check] [--compiler CC]... [--show KERNEL] [BUILD]

Compiles the panels' products as BUILD (default: build/aarch64, of the preset of that name) does, with its own compiler and with
each CC (default: clang, where it is installed), finds the loop that multiplies in each function, and has llvm-mca run it, with all
data in L1. Prints a table in Markdown: multiply-adds in percent of what a CPU's multiply-adds of floats could do at most, instructions
a multiplying instruction, and what 8 bits and bfloat16 take beside float. --show prints one kernel's loop. --check fails where a loop
keeps registers in memory or misses what docs/benchmarks.md promises. Needs objdump for AArch64 and llvm-mca 19 or later (LLVM_MCA, or
Debian's llvm-19); exit 77, with their name, without them.
"""
import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Multiply-adds of four floats that a CPU begins in a cycle.
CPUS = {"neoverse-n1": 2, "neoverse-v1": 4, "cortex-a55": 1}
# The file of each format, the CPUs that have what it needs, and products of one of its instructions.
FORMATS = {
    "float": ("panel_real_f32_plain", CPUS, {"fmla": 4}),
    "8 bits, SDOT": ("panel_int8_f32_neondot", CPUS, {"sdot": 16}),
    "8 bits, SMMLA": ("panel_int8_f32_neoni8mm", ["neoverse-v1"], {"smmla": 32, "sdot": 16}),
    "8 bits, SMULL": ("panel_int8_f32_plain", CPUS, {"smull": 8, "smull2": 8, "smlal": 8, "smlal2": 8}),
    "bfloat16, BFDOT": ("panel_bf16_f32_neonbf16", ["neoverse-v1"], {"bfdot": 8}),
    "bfloat16, loaded": ("panel_real_f32_plain", CPUS, {"fmla": 4}),
}
ROWS = {"six rows": "kPanels_6x4", "one row": "kPanels_4"}
# What --check asks for: percent of the peak, (format, rows) -> CPU -> percent. 8 bits: percent of the float's products in a cycle.
LEAST = {
    ("float", "six rows"): {"neoverse-n1": 97, "neoverse-v1": 97, "cortex-a55": 90},
    ("float", "one row"): {"neoverse-n1": 95, "neoverse-v1": 70},
    ("8 bits, SDOT", "six rows"): {"neoverse-n1": 291, "neoverse-v1": 291},
    ("8 bits, SDOT", "one row"): {"neoverse-n1": 285, "neoverse-v1": 210},
    ("8 bits, SMMLA", "six rows"): {"neoverse-v1": 600},
    ("8 bits, SMMLA", "one row"): {"neoverse-v1": 210},
    ("8 bits, SMULL", "six rows"): {"neoverse-n1": 97, "neoverse-v1": 93},
    ("8 bits, SMULL", "one row"): {"neoverse-n1": 95, "neoverse-v1": 90},
    ("bfloat16, BFDOT", "six rows"): {"neoverse-v1": 170},
    ("bfloat16, BFDOT", "one row"): {"neoverse-v1": 140},
    ("bfloat16, loaded", "six rows"): {"neoverse-n1": 85, "neoverse-v1": 85},
}


def skip(what):
    print(f"model: skipped, {what}")
    sys.exit(77)


def find_mca():
    names = [os.environ["LLVM_MCA"]] if "LLVM_MCA" in os.environ else [f"llvm-mca-{n}" for n in range(30, 18, -1)] + ["llvm-mca"]
    for name in filter(shutil.which, names):
        version = re.search(r"LLVM version (\d+)", subprocess.run([name, "--version"], capture_output=True, text=True).stdout)
        if version and int(version.group(1)) >= 19:
            return name
    skip("llvm-mca 19 or later (llvm-19) is not installed")


def find_objdump():
    for name in ("aarch64-linux-gnu-objdump", "llvm-objdump-19", "llvm-objdump"):
        if shutil.which(name):
            return name
    skip("objdump for AArch64 (binutils-aarch64-linux-gnu) is not installed")


def compile_variant(commands, name, compiler, folder):
    """The object of a variant, compiled as the build does, or by another compiler with the same options."""
    source, command = next((s, c) for s, c in commands.items() if os.path.basename(s) == name + ".c")
    words = shlex.split(command["command"])
    words = words[next(i for i, word in enumerate(words) if "ccache" not in word):]
    out = os.path.join(folder, f"{os.path.basename(compiler or 'own')}_{name}.o")
    if compiler:
        words[0:1] = [compiler, "--target=aarch64-linux-gnu"]
        words = [w for w in words if w != "-fno-schedule-insns"] + ["-fno-unroll-loops", "-Wno-pass-failed"]
    words[words.index("-o") + 1] = out
    subprocess.run(words, check=True, cwd=command["directory"])
    return out


def read_functions(objdump, path):
    """name -> [(address, instruction)]"""
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    functions, code = {}, []
    for line in text.splitlines():
        start = re.match(r"^[0-9a-f]+ <(.+)>:", line)
        step = re.match(r"^\s*([0-9a-f]+):\s+(\S.*)$", line)
        if start:
            code = functions.setdefault(start.group(1), [])
        elif step:
            code.append((int(step.group(1), 16), step.group(2).split("//")[0].strip()))
    return functions


def find_loop(code, products):
    """The innermost loop with the most products."""
    index = {address: i for i, (address, _) in enumerate(code)}
    loops = []
    for i, (address, text) in enumerate(code):
        branch = re.match(r"^(?:b|b\.\w+|cbn?z\s+\w+,|tbn?z\s+.*,)\s+(?:0x)?([0-9a-f]+)\s+<", text)
        if branch and int(branch.group(1), 16) <= address and int(branch.group(1), 16) in index:
            loops.append((index[int(branch.group(1), 16)], i))
    inner = [a for a in loops if not any(b != a and b[0] >= a[0] and b[1] <= a[1] for b in loops)]
    bodies = [[text for _, text in code[first:last + 1]] for first, last in inner]
    return max(bodies, key=lambda body: sum(name_of(text) in products for text in body))


def name_of(text):
    return text.split()[0]


def cycles_of(mca, cpu, body):
    turns = 200
    code = "\n".join(re.sub(r"(?:0x)?[0-9a-f]+\s+<[^>]*>$", "0", text) for text in body)
    run = subprocess.run([mca, "-mtriple=aarch64", f"-mcpu={cpu}", "-mattr=+dotprod,+i8mm,+bf16", f"-iterations={turns}"], input=code,
                         capture_output=True, text=True, check=True)
    return int(re.search(r"Total Cycles:\s+(\d+)", run.stdout).group(1)) / turns


def measure(mca, objdump, objects, show):
    """Rows of the table, and what --check has against them."""
    rows, faults, floats = [], [], {}
    for format_name, (name, cpus, products) in FORMATS.items():
        functions = read_functions(objdump, objects[name])
        for row_name, function in ROWS.items():
            if format_name == "bfloat16, loaded":
                function = function.replace("kPanels", "kLoadedPanels")
            body = find_loop(functions[function], products)
            if show == f"{format_name}, {row_name}":
                print("\n".join(body))
            count = sum(products.get(name_of(text), 0) for text in body)
            instructions = sum(name_of(text) in products for text in body)
            kept = sum("[sp" in text for text in body)
            if kept:
                faults.append(f"{format_name}, {row_name}: {kept} moves to and from memory in the loop")
            cells = []
            for cpu, peak in CPUS.items():
                if cpu not in cpus:
                    cells.append("")
                    continue
                rate = count / cycles_of(mca, cpu, body)
                percent = 100 * rate / (4 * peak)
                if format_name == "float":
                    floats[row_name, cpu] = rate
                beside = floats[row_name, cpu] / rate
                cells.append(f"{percent:.0f}%" + ("" if format_name == "float" else f" ({beside:.2f})"))
                if percent < LEAST.get((format_name, row_name), {}).get(cpu, 0):
                    faults.append(f"{format_name}, {row_name}: {percent:.1f}% on {cpu}")
            rows.append([f"{format_name}, {row_name}", f"{len(body) / instructions:.2f}"] + cells)
    return rows, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--compiler", action="append", metavar="CC")
    parser.add_argument("--show", metavar="KERNEL")
    parser.add_argument("build", nargs="?", default=os.path.join(ROOT, "build", "aarch64"))
    options = parser.parse_args()
    mca, objdump = find_mca(), find_objdump()
    database = os.path.join(options.build, "compile_commands.json")
    if not os.path.exists(database):
        sys.exit(f"model: {options.build} is not configured: cmake --preset aarch64")
    with open(database, encoding="utf-8") as file:
        commands = {entry["file"]: entry for entry in json.load(file)}
    others = options.compiler if options.compiler is not None else list(filter(shutil.which, ["clang"]))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for compiler in [None] + others:
            objects = {name: compile_variant(commands, name, compiler, folder) for name, _, _ in FORMATS.values()}
            title = compiler or "the build's compiler"
            rows, faults = measure(mca, objdump, objects, options.show)
            print(f"| {title} | instructions | " + " | ".join(CPUS) + " |")
            print("| --- " * (2 + len(CPUS)) + "|")
            for row in rows:
                print("| " + " | ".join(row) + " |")
            for fault in faults:
                print(f"model: {title}: {fault}", file=sys.stderr)
            failed = failed or bool(faults)
    sys.exit(1 if failed and options.check else 0)


if __name__ == "__main__":
    main()
