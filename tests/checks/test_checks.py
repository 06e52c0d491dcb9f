#!/usr/bin/env python3
"""usage: test_checks.py CC NM

check_rooms.py, check_calls.py and check_layers.sh find what they are there for, in trees made for that.
"""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
CC, NM = sys.argv.pop(1), sys.argv.pop(1)


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        self.write("tests/checks/kept_functions.txt", "# None.\n")

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_check(self, script, *arguments):
        """Exit code and what it says."""
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, script), self.root, *arguments],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def check_rooms(self):
        return self.run_check("check_rooms.py")

    def check_calls(self):
        objects = []
        for where, _, names in os.walk(self.root):
            for name in names:
                if not name.endswith(".c"):
                    continue
                source = os.path.relpath(os.path.join(where, name), self.root)
                room, rest = source.split("/", 1)
                target = os.path.join(self.root, "build", room, "CMakeFiles", "olstm.dir", rest + ".o")
                os.makedirs(os.path.dirname(target), exist_ok=True)
                subprocess.run([CC, "-I", self.root, "-c", os.path.join(self.root, source), "-o", target], check=True)
                objects.append(target)
        self.write("objects.txt", "\n".join(objects) + "\n")
        return self.run_check("check_calls.py", NM, os.path.join(self.root, "objects.txt"))

    def check_layers(self):
        for folder in ("include/olstm", "base", "system", "onnx_proto", "op", "runtime/convert", "tools", "tests", "adapters"):
            os.makedirs(os.path.join(self.root, folder), exist_ok=True)
        done = subprocess.run(["bash", os.path.join(HERE, "check_layers.sh"), self.root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def test_layers_accept_systems_in_their_room(self):
        self.write("system/thread.h", "#include <pthread.h>\n#ifdef __GLIBC__\n#endif\n")
        self.write("runtime/a.c", '#include "system/thread.h"\nvoid f(pthread_mutex_t* m) { pthread_mutex_lock(m); }\n')
        self.write("include/olstm/export.h", "#ifdef _WIN32\n#endif\n")
        self.assertEqual(self.check_layers(), (0, ""))

    def test_layers_find_systems_elsewhere(self):
        self.write("runtime/a.c", "#include <pthread.h>\n")
        self.write("tools/b.c", "#if defined(__GLIBC__)\n#endif\nvoid g(void) { pthread_create(0, 0, 0, 0); }\n")
        self.write("op/c.c", "#ifdef __MINGW32__\n#endif\n#if __GLIBC_PREREQ(2, 36)\n#endif\n")
        self.write("include/olstm/d.h", "#ifdef _MSC_VER\n#endif\n")
        code, said = self.check_layers()
        self.assertEqual(code, 1)
        for what in ("runtime/a.c:1:", "tools/b.c:1:", "tools/b.c:3:", "op/c.c:1:", "op/c.c:3:", "include/olstm/d.h:1:"):
            self.assertIn(f"layers: {what}", said)
        self.assertEqual(said.count("\n"), 6)

    def test_rooms_accept_includes_that_point_down(self):
        self.write("base/a.h", "")
        self.write("runtime/host/h.h", '#include "base/a.h"\n')
        self.write("runtime/plan/p.c", '#include "runtime/plan/p.h"\n#include "runtime/host/h.h"\n')
        self.write("runtime/plan/p.h", "")
        self.assertEqual(self.check_rooms(), (0, ""))

    def test_rooms_refuse_includes_that_point_up(self):
        self.write("runtime/host/h.inc", '#include "runtime/plan/p.h"\n')
        self.write("runtime/plan/p.h", "")
        self.assertEqual(self.check_rooms(), (1, "rooms: runtime/host/h.inc includes runtime/plan/p.h, but "
                                                 "runtime/plan stands on runtime/host\n"))

    def test_rooms_refuse_circles_of_files(self):
        self.write("runtime/plan/a.c", '#include "runtime/plan/b.h"\n')
        self.write("runtime/plan/a.h", "")
        self.write("runtime/plan/b.h", '#include "runtime/plan/c.h"\n')
        self.write("runtime/plan/c.h", '#include "runtime/plan/a.h"\n')
        self.assertEqual(self.check_rooms(), (1, "rooms: these include each other in a circle: runtime/plan/a "
                                                 "runtime/plan/b runtime/plan/c\n"))

    def test_rooms_refuse_folders_without_a_place(self):
        self.write("runtime/attic/a.c", '#include "runtime/attic/b.h"\n')
        self.write("runtime/attic/b.h", "")
        code, text = self.check_rooms()
        self.assertEqual(code, 1)
        self.assertIn("runtime/attic is no room", text)

    def test_rooms_refuse_long_functions(self):
        lines = "  count++;\n"
        self.write("runtime/session.c", "")
        self.write("base/a.c", "/// Counts.\nstatic int f(int a,\n             int b) {\n" + 57 * lines + "}\n\n"
                               "static int g(void) {\n" + 59 * lines + "}\n")
        self.assertEqual(self.check_rooms(), (1, "rooms: base/a.c: g has 61 lines, more than 60\n"))

    def test_rooms_look_into_all_of_the_library(self):
        self.write("runtime/session.c", "")
        self.write("op/math/a.h", '#include "op/math/b.h"\n')
        self.write("op/math/b.inc", '#include "op/math/a.h"\nSIMD_INLINE void f(int a) {\n' + 59 * "  a++;\n" + "}\n")
        self.write("op/math/b.h", "")
        self.assertEqual(self.check_rooms(),
                         (1, "rooms: op/math/b.inc: f has 61 lines, more than 60\n"
                             "rooms: these include each other in a circle: op/math/a op/math/b\n"))

    def test_rooms_refuse_many_files_outside(self):
        for number in range(15):
            self.write(f"runtime/f{number}.c", "")
        self.assertEqual(self.check_rooms(),
                         (1, "rooms: runtime has 15 files outside its rooms, more than 14\n"))

    def test_calls_accept_what_points_down(self):
        self.write("runtime/host/h.c", "void olstm__h(void) {}\n")
        self.write("runtime/plan/p.c", "void olstm__h(void);\nvoid olstm_p(void) { olstm__h(); }\n")
        self.assertEqual(self.check_calls(), (0, ""))

    def test_calls_refuse_circles_and_what_points_up(self):
        self.write("runtime/host/h.c", "void olstm__p(void);\nvoid olstm__h(void) { olstm__p(); }\n")
        self.write("runtime/plan/p.c", "void olstm__h(void);\nvoid olstm__p(void) { olstm__h(); }\n")
        self.assertEqual(self.check_calls(),
                         (1, "calls: these call each other in a circle: runtime/host/h runtime/plan/p\n"
                             "calls: runtime/host/h.c calls runtime/plan/p.c, but runtime/plan stands on runtime/host\n"))

    def test_calls_refuse_circles_of_operators(self):
        self.write("op/math/a.c", "void olstm__b(void);\nvoid olstm__a(void) { olstm__b(); }\n")
        self.write("op/math/b.c", "void olstm__a(void);\nvoid olstm__b(void) { olstm__a(); }\n")
        self.assertEqual(self.check_calls(),
                         (1, "calls: these call each other in a circle: op/math/a op/math/b\n"))

    def test_calls_find_what_nobody_calls(self):
        self.write("base/b.c", "void olstm__own(void) {}\nvoid olstm_api(void) { olstm__own(); }\n")
        self.write("base/b.h", "static inline int olstm__unused(int a) { return a; }\n"
                               "static inline int olstm__used(int a) { return a; }\n")
        self.write("base/c.c", '#include "base/b.h"\nint olstm_c(void) { return olstm__used(1); }\n')
        self.assertEqual(self.check_calls(),
                         (1, "calls: nobody outside base/b.c uses olstm__own: remove it, or make it static\n"
                             "calls: nobody uses olstm__unused of base/b.h\n"))

    def test_calls_want_a_reason_for_what_is_kept(self):
        self.write("base/b.c", "void olstm__kept(void) {}\n")
        self.write("tests/checks/kept_functions.txt", "olstm__kept tests look through it\n")
        self.assertEqual(self.check_calls(), (0, ""))
        self.write("tests/checks/kept_functions.txt", "olstm__kept\nolstm__gone long ago\n")
        self.assertEqual(self.check_calls(),
                         (1, "calls: kept_functions.txt names olstm__gone, which is not there\n"
                             "calls: kept_functions.txt gives no reason for olstm__kept\n"))


if __name__ == "__main__":
    unittest.main()
