#!/usr/bin/python3
"""Makes a wheel of the Python package: its files, libolstm, the libraries that this needs and Linux systems lack, and all licences.

The same inputs give the same bytes. The platform in the file's name is what PEP 600 calls it: manylinux with the newest version of glibc that
one of the libraries asks for.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Of PEP 600's list, what libraries in C may take from the system.
_OF_THE_SYSTEM = re.compile(r"lib(c|m|dl|rt|pthread|gcc_s)\.so\.\d+|ld-linux.*\.so\.\d+|linux-vdso.*")


def read_elf(readelf, option, path):
    return subprocess.run([readelf, "--wide", option, path], check=True, stdout=subprocess.PIPE, text=True).stdout


def needed(readelf, path):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", read_elf(readelf, "--dynamic", path))


def glibc_versions(readelf, path):
    """What glibc must know, as pairs; packed relocations came with 2.36."""
    text = read_elf(readelf, "--version-info", path)
    versions = [tuple(map(int, pair)) for pair in re.findall(r"Name: GLIBC_(\d+)\.(\d+)", text)]
    return versions + [(2, 36)] * ("GLIBC_ABI_DT_RELR" in text)


def find_library(name, library):
    """Where the system has what `library` needs, as the dynamic linker tells."""
    text = subprocess.run(["ldd", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"%s => (\S+)" % re.escape(name), text)
    if not found:
        sys.exit("build_wheel: %s, which %s needs, is not found" % (name, library))
    return os.path.realpath(found.group(1))


def bundle(readelf, folder, library, licences):
    """Copies the library and what it needs into the folder. Returns the copies, and the licences of what was bundled."""
    copies, notices = [os.path.join(folder, "libolstm.so")], {}
    shutil.copyfile(library, copies[0])
    for name in needed(readelf, library):
        if _OF_THE_SYSTEM.fullmatch(name):
            continue
        source, stem = find_library(name, library), name.split(".so")[0]
        if not os.path.isfile(licences.get(stem, "")):
            sys.exit("build_wheel: no licence of %s, which goes into the wheel: give it with --bundled-licence %s=FILE, "
                     "or -DOLSTM_PROTOBUF_C_LICENSE=FILE" % (name, stem))
        beyond = [other for other in needed(readelf, source) if not _OF_THE_SYSTEM.fullmatch(other)]
        if beyond:
            sys.exit("build_wheel: %s needs %s, too, which would have to go into the wheel" % (name, ", ".join(beyond)))
        notices["LICENSE." + stem] = licences[stem]
        copies.append(os.path.join(folder, name))
        shutil.copyfile(source, copies[-1])
    return copies, notices


def platform(readelf, machine, libraries):
    versions = [version for path in libraries for version in glibc_versions(readelf, path)]
    return "manylinux_%d_%d_%s" % (max(versions) + (machine,)) if versions else "linux_" + machine


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def stage(arguments, root):
    """Lays out what the wheel will hold, but for RECORD, which `wheel pack` writes."""
    metadata = open(arguments.metadata, encoding="utf-8").read()
    version = re.search(r"^Version: (.+)$", metadata, re.MULTILINE).group(1)
    package, info = os.path.join(root, "olstm"), os.path.join(root, "olstm-%s.dist-info" % version)
    licence_folder = os.path.join(info, "licenses")
    shutil.copytree(arguments.package, package, ignore=lambda folder, names: [
        name for name in names if not name.endswith(".py") and name != "py.typed" and not os.path.exists(
            os.path.join(folder, name, "__init__.py"))])
    os.makedirs(licence_folder)
    libraries, notices = bundle(arguments.readelf, package, arguments.library, dict(arguments.bundled_licence))
    notices.update(arguments.licence)
    for name, source in sorted(notices.items()):
        shutil.copyfile(source, os.path.join(licence_folder, name))
        metadata += "License-File: %s\n" % name
    write(os.path.join(info, "METADATA"), metadata + "\n" + open(arguments.description, encoding="utf-8").read())
    write(os.path.join(info, "WHEEL"), "Wheel-Version: 1.0\nGenerator: olstm (%s)\nRoot-Is-Purelib: false\nTag: py3-none-%s\n" % (
        version, platform(arguments.readelf, arguments.machine, libraries)))
    for folder, _, names in os.walk(root):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o644)


def pair(text):
    name, _, path = text.partition("=")
    return name, path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("package", "library", "machine", "readelf", "metadata", "description", "output"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--licence", action="append", type=pair, metavar="NAME=FILE", default=[])
    parser.add_argument("--bundled-licence", action="append", type=pair, metavar="LIBRARY=FILE", default=[])
    arguments = parser.parse_args()
    try:
        import wheel  # noqa: F401
    except ImportError:
        sys.exit("build_wheel: needs Python's wheel (Debian's python3-wheel)")
    os.makedirs(arguments.output, exist_ok=True)
    with tempfile.TemporaryDirectory() as root:
        stage(arguments, root)
        for name in os.listdir(arguments.output):
            if name.endswith(".whl"):
                os.remove(os.path.join(arguments.output, name))
        # What zip files can say the earliest, so that the same inputs give the same bytes.
        environment = dict(os.environ, SOURCE_DATE_EPOCH=os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
        subprocess.run([sys.executable, "-m", "wheel", "pack", "--dest-dir", arguments.output, root], check=True,
                       env=environment, stdout=subprocess.DEVNULL)
    print(os.path.join(arguments.output, os.listdir(arguments.output)[0]))


if __name__ == "__main__":
    main()
