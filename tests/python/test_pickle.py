#!/usr/bin/python3
"""Pickled sessions and contexts of the Python package: the same model, options and state, in this process and in another."""
import copy
import multiprocessing
import os
import pickle
import tempfile
import unittest

from lstm_model import I, model, reference, sequence

import numpy as np
import onnx

import olstm


def run_there(pickled, feeds, queue):
    session = pickle.loads(pickled)
    queue.put(session.run(feeds))


class PickleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "model.onnx")
        onnx.save(model(with_states=True), self.path)

    def test_a_session_pickles_with_model_and_options(self):
        x = sequence(4, 2)
        for source in (model(with_states=True), self.path):
            session = olstm.Session(source, threads=2, kernel="reference", bindings={"h": "h0", "c": "c0"})
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                again = pickle.loads(pickle.dumps(session, protocol))
                self.assertEqual(again.inputs, {"x": ("T", "N", I)})
                np.testing.assert_allclose(again.run({"x": x})["y"][:, 0], reference(x)[0], atol=1e-6)

    def test_state_goes_along(self):
        x = sequence(4, 2)
        session = olstm.Session(self.path, bindings={"h": "h0", "c": "c0"})
        context = session.context()
        session.run({"x": x})
        context.run({"x": x[:2]})
        for original in (session, context):
            again = pickle.loads(pickle.dumps(original))
            self.assertEqual(again.save_state(), original.save_state())
            np.testing.assert_array_equal(again.run({"x": x})["y"], original.run({"x": x})["y"])
            self.assertEqual(again.save_state(), original.save_state())

    def test_what_is_unpickled_again_shares_its_weights_but_not_its_state(self):
        pickled = pickle.dumps(olstm.Session(model(), stateful=True))
        first, second = pickle.loads(pickled), pickle.loads(pickled)
        self.assertIs(first._core, second._core)
        expected = first.run({"x": sequence(2, 1)})["y"]
        np.testing.assert_array_equal(second.run({"x": sequence(2, 1)})["y"], expected)
        other = pickle.loads(pickle.dumps(olstm.Session(model(), stateful=True, kernel="reference")))
        self.assertIsNot(first._core, other._core)
        session, context = pickle.loads(pickle.dumps((first, first.context())))
        self.assertIs(session._core, context._core)

    def test_few_of_them_are_kept(self):
        from olstm import _core
        for work in range(1, _core._KEPT_COUNT + 5):
            pickle.loads(pickle.dumps(olstm.Session(model(), max_work=10**6 + work)))
        self.assertEqual(len(_core._kept), _core._KEPT_COUNT)

    def test_another_process_runs_it(self):
        x = sequence(4, 2)
        for source, folder in ((model(), None), (os.path.basename(self.path), os.path.dirname(self.path))):
            home = os.getcwd()
            try:
                if folder:
                    os.chdir(folder)
                session = olstm.Session(source, bindings={"h": "h0", "c": "c0"} if folder else None)
            finally:
                os.chdir(home)
            spawn = multiprocessing.get_context("spawn")
            queue = spawn.Queue()
            process = spawn.Process(target=run_there, args=(pickle.dumps(session), {"x": x}, queue))
            process.start()
            outputs = queue.get(timeout=60)
            process.join()
            for name, value in session.run({"x": x}).items():
                np.testing.assert_array_equal(outputs[name], value)

    def test_a_file_that_changed_is_refused(self):
        session = olstm.Session(self.path)
        pickled = pickle.dumps(session)
        other = model()
        other.producer_name = "another"
        onnx.save(other, self.path)
        with self.assertRaisesRegex(pickle.UnpicklingError, "model.onnx is not the file.*contents"):
            pickle.loads(pickled)
        pickle.dumps(session)  # its digest is that of the file which it was made of
        session = olstm.Session(self.path)
        onnx.save(model(), self.path)
        with self.assertRaisesRegex(ValueError, "model.onnx was written after"):
            pickle.dumps(session)
        os.remove(self.path)
        with self.assertRaisesRegex(FileNotFoundError, "model.onnx, of which.*is not here"):
            pickle.loads(pickled)

    def test_errors_pickle(self):
        with self.assertRaises(olstm.Error) as caught:
            olstm.Session(b"no model")
        for again in (pickle.loads(pickle.dumps(caught.exception)), copy.copy(caught.exception)):
            self.assertEqual((type(again), again.status, str(again)),
                             (olstm.Error, caught.exception.status, str(caught.exception)))


if __name__ == "__main__":
    unittest.main()
