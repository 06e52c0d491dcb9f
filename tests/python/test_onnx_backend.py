#!/usr/bin/python3
"""ONNX's own backend tests, unmodified, through olstm.backend. Prints their counts; fails when a test that olstm claims fails, or when an
LSTM, GRU or RNN test does not pass.
"""
import io
import os
import sys
import unittest

try:
    import numpy as np

    # onnx 1.12 asks numpy for a name that numpy 1.24 no longer has.
    if "object" not in np.__dict__:
        np.object = object
    import onnx.backend.test
    from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

import olstm.backend

skipped = []


class CountingBackend(olstm.backend.OlstmBackend):
    """The backend, and a list of what it refused: ONNX's runner counts that as passed."""

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        try:
            return CountingRep(super().prepare(model, device, **kwargs))
        except BackendIsNotSupposedToImplementIt as refusal:
            skipped.append(str(refusal))
            raise


class CountingRep:
    def __init__(self, rep):
        self._rep = rep

    def run(self, inputs, **kwargs):
        try:
            return self._rep.run(inputs, **kwargs)
        except BackendIsNotSupposedToImplementIt as refusal:
            skipped.append(str(refusal))
            raise


def main():
    backend_test = onnx.backend.test.BackendTest(CountingBackend, __name__)
    # Node tests and the small models that the package holds; the large ones would be downloaded.
    backend_test.include(r"^test_.*_cpu$")
    backend_test.exclude(r"(resnet50|inception_v|densenet121|shufflenet|squeezenet|vgg19|zfnet512|bvlc_alexnet)")
    # Those whose expected output is drawn at random.
    backend_test.exclude(r"_bernoulli_")
    # Those whose expected output is wrong.
    for name in os.environ.get("OLSTM_WRONG_NODE_TESTS", "").split():
        backend_test.exclude("^%s_" % name)
    suite = unittest.TestSuite()
    for case in backend_test.test_cases.values():
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    log = io.StringIO()
    result = unittest.TextTestRunner(stream=log, verbosity=0).run(suite)
    bad = result.failures + result.errors
    for case, trace in bad[:20]:
        print("FAIL %s: %s" % (case.id().split(".")[-1], trace.strip().splitlines()[-1][:200]))
    not_run = len(result.skipped) + len(skipped)
    print("%d passed, %d failed, %d skipped" % (result.testsRun - len(bad) - not_run, len(bad), not_run))
    recurrent = [text for text in skipped if text.startswith(("LSTM", "GRU", "RNN"))]
    for text in recurrent:
        print("refused: " + text)
    return 1 if bad or recurrent else 0


if __name__ == "__main__":
    sys.exit(main())
