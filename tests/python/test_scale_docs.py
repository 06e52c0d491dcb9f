#!/usr/bin/python3
"""The programs of docs/scale.md run as they stand there, the first with fewer rows."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

from lstm_model import KERAS_MODEL, sequence_model

import onnx

try:
    import dask.array, dask.bag, dask.dataframe, distributed  # noqa: F401, E401
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)


def programs():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "scale.md")
    with open(path, encoding="utf-8") as file:
        return [textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", file.read(), re.MULTILINE | re.DOTALL)]


class ScaleDocsTest(unittest.TestCase):
    def run_program(self, program, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(KERAS_MODEL, os.path.join(folder, "model.onnx"))
            onnx.save(sequence_model(), os.path.join(folder, "stream.onnx"))
            with open(os.path.join(folder, "score.py"), "w", encoding="utf-8") as file:
                file.write(program)
            result = subprocess.run([sys.executable, "-W", "ignore", "score.py", *arguments], cwd=folder, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_there_are_three(self):
        self.assertEqual(len(programs()), 3)

    def test_the_walk_through(self):
        text = self.run_program(programs()[0], "3000")
        self.assertIn("100% Completed", text)
        self.assertRegex(text, r"3000 scores in [\d.]+ s\n")
        self.assertIn("the same, bit for bit: True", text)

    def test_arrays_and_bags(self):
        self.assertIn("array(", self.run_program(programs()[1]))

    def test_streams(self):
        text = self.run_program(programs()[2])
        self.assertIn("steps_0", text)
        self.assertIn("['lstm/c', 'lstm/h']", text)


if __name__ == "__main__":
    unittest.main()
