#!/usr/bin/python3
"""The Python package on models held by the repo: runs, state, errors. Compared with the LSTM equations in numpy."""
import os
import sys
import threading
import unittest

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

import olstm

I, H = 2, 3
RANDOM = np.random.default_rng(3)
W, R = RANDOM.uniform(-0.8, 0.8, (1, 4 * H, I)), RANDOM.uniform(-0.8, 0.8, (1, 4 * H, H))
B = RANDOM.uniform(-0.5, 0.5, (1, 8 * H))


def model(dtype=np.float32, with_states=False):
    """One LSTM node 'lstm': x [T,N,I] (and h0, c0) to y, h, c."""
    kind = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}[dtype]
    states = ["h0", "c0"] if with_states else []
    node = helper.make_node("LSTM", ["x", "W", "R", "B"] + ([""] + states if states else []), ["y", "h", "c"], name="lstm",
                            hidden_size=H)
    inputs = [helper.make_tensor_value_info("x", kind, ["T", "N", I])]
    inputs += [helper.make_tensor_value_info(name, kind, [1, "N", H]) for name in states]
    graph = helper.make_graph([node], "g", inputs, [helper.make_tensor_value_info(n, kind, None) for n in "yhc"],
                              [numpy_helper.from_array(a.astype(dtype), n) for n, a in (("W", W), ("R", R), ("B", B))])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def reference(x, h=None, c=None):
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h = np.zeros((x.shape[1], H)) if h is None else h
    c = np.zeros((x.shape[1], H)) if c is None else c
    y = []
    for step in x:
        i, o, f, g = np.split(step @ W[0].T + h @ R[0].T + B[0, :4 * H] + B[0, 4 * H:], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        y.append(h)
    return np.stack(y), h, c


def sequence(steps, rows, dtype=np.float32):
    return np.sin(np.arange(steps * rows * I, dtype=dtype)).reshape(steps, rows, I)


class SessionTest(unittest.TestCase):
    def test_runs_a_model_from_bytes_proto_and_file(self):
        x = sequence(4, 2)
        expected = reference(x)[0]
        path = os.path.join(os.environ.get("TMPDIR", "/tmp"), "olstm_python_test_%d.onnx" % os.getpid())
        onnx.save(model(), path)
        try:
            for source in (model(), model().SerializeToString(), path):
                y = olstm.Session(source).run({"x": x})["y"]
                np.testing.assert_allclose(y[:, 0], expected, atol=1e-6)
        finally:
            os.remove(path)

    def test_tells_inputs_and_outputs(self):
        session = olstm.Session(model())
        self.assertEqual(session.inputs, {"x": ("T", "N", I)})
        self.assertEqual(list(session.outputs), ["y", "h", "c"])

    def test_double_is_double(self):
        x = sequence(4, 2, np.float64)
        outputs = olstm.Session(model(np.float64)).run({"x": x})
        self.assertEqual(outputs["y"].dtype, np.float64)
        np.testing.assert_allclose(outputs["y"][:, 0], reference(x)[0], atol=1e-12)

    def test_stateful_chunks_give_what_the_whole_gives(self):
        x = sequence(6, 2)
        whole = reference(x)
        context = olstm.Session(model(), stateful=["lstm"]).context()
        parts = [context.run({"x": part})["y"] for part in (x[:1], x[1:4], x[4:])]
        np.testing.assert_allclose(np.concatenate(parts)[:, 0], whole[0], atol=1e-6)
        np.testing.assert_allclose(context.state["lstm/h"][0], whole[1], atol=1e-6)
        np.testing.assert_allclose(context.state["lstm/c"][0], whole[2], atol=1e-6)

    def test_state_is_set_reset_cloned_and_saved(self):
        x = sequence(2, 2)
        h0, c0 = np.full((2, H), 0.25, np.float32), np.full((2, H), -0.5, np.float32)
        session = olstm.Session(model(), stateful="all")
        context = session.context()
        context.state["lstm/h"], context.state["lstm/c"] = h0, c0
        clone, blob = context.clone(), context.save_state()
        expected = reference(x, h0, c0)[0]
        np.testing.assert_allclose(context.run({"x": x})["y"][:, 0], expected, atol=1e-6)
        np.testing.assert_allclose(clone.run({"x": x})["y"][:, 0], expected, atol=1e-6)
        context.load_state(blob)
        np.testing.assert_allclose(context.run({"x": x})["y"][:, 0], expected, atol=1e-6)
        context.reset()
        np.testing.assert_allclose(context.run({"x": x})["y"][:, 0], reference(x)[0], atol=1e-6)
        context.reset(row=1)
        np.testing.assert_array_equal(context.state["lstm/h"][0, 1], np.zeros(H))
        self.assertEqual(sorted(context.state), ["lstm/c", "lstm/h"])

    def test_a_state_of_another_shape_is_refused_with_both_shapes(self):
        context = olstm.Session(model(), stateful="all").context()
        context.run({"x": sequence(1, 10)})
        before = context.state["lstm/h"]
        with self.assertRaisesRegex(olstm.Error, r"\[10,2\].*\[1,10,3\]|\[1,10,2\].*\[1,10,3\]"):
            context.state["lstm/h"] = np.zeros((10, 2), np.float32)
        np.testing.assert_array_equal(context.state["lstm/h"], before)
        with self.assertRaises(KeyError):
            context.state["nobody/h"]

    def test_clearing_the_state_resets_it_and_keeps_its_slots(self):
        context = olstm.Session(model(), stateful="all").context()
        x = sequence(2, 1)
        context.run({"x": x})
        context.state.clear()
        self.assertEqual(sorted(context.state), ["lstm/c", "lstm/h"])
        np.testing.assert_allclose(context.run({"x": x})["y"][:, 0], reference(x)[0], atol=1e-6)
        with self.assertRaises(TypeError):
            context.state.popitem()

    def test_lists_take_the_dtype_that_is_expected(self):
        x = sequence(2, 1)
        context = olstm.Session(model(), stateful="all").context()
        np.testing.assert_allclose(context.run({"x": x.tolist()})["y"][:, 0], reference(x)[0], atol=1e-6)
        context.state["lstm/h"] = [[[0.5, 0.25, -1]]]
        np.testing.assert_array_equal(context.state["lstm/h"], np.array([[[0.5, 0.25, -1]]], np.float32))

    def test_bound_states_feed_themselves(self):
        x = sequence(4, 2)
        session = olstm.Session(model(with_states=True), bindings={"h": "h0", "c": "c0"})
        self.assertEqual(list(session.inputs), ["x"])
        context = session.context()
        parts = [context.run({"x": part})["y"] for part in (x[:3], x[3:])]
        np.testing.assert_allclose(np.concatenate(parts)[:, 0], reference(x)[0], atol=1e-6)

    def test_wrong_feeds_are_named(self):
        session = olstm.Session(model())
        with self.assertRaisesRegex(ValueError, "missing input 'x'"):
            session.run({})
        with self.assertRaisesRegex(ValueError, "unknown input 'z'"):
            session.run({"x": sequence(1, 1), "z": 1})
        with self.assertRaisesRegex(TypeError, "dict"):
            session.run(sequence(1, 1))
        with self.assertRaisesRegex(ValueError, "'f16'.*bf16"):
            olstm.Session(model(), precision="f16")
        with self.assertRaisesRegex(olstm.Error, "'x'"):
            session.run({"x": np.zeros((2, 2, I + 1), np.float32)})
        with self.assertRaisesRegex(olstm.Error, "double"):
            session.run({"x": sequence(1, 1, np.float64)})
        with self.assertRaises(olstm.Error):
            olstm.Session(b"no model")

    def test_contexts_on_threads_do_not_disturb_each_other(self):
        session = olstm.Session(model(), stateful="all")
        failures = []

        def work(rows):
            context = session.context()
            x = sequence(8, rows)
            for _ in range(20):
                context.reset()
                parts = [context.run({"x": x[t:t + 2]})["y"] for t in range(0, 8, 2)]
                if not np.allclose(np.concatenate(parts)[:, 0], reference(x)[0], atol=1e-6):
                    failures.append(rows)

        threads = [threading.Thread(target=work, args=(rows,)) for rows in (1, 2, 3, 4)]
        [t.start() for t in threads], [t.join() for t in threads]
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
