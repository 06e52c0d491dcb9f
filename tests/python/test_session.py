#!/usr/bin/python3
"""The Python package on models held by the repo: runs, state, errors. Compared with the LSTM equations in numpy."""
import os
import pathlib
import pickle
import re
import tempfile
import unittest

from lstm_model import H, I, make_model, model, model_with_external_data, reference, sequence

import numpy as np
import onnx
import olstm


class SessionTest(unittest.TestCase):
    def test_runs_a_model_from_bytes_proto_and_file(self):
        x = sequence(4, 2)
        expected = reference(x)[0]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "modèle.onnx")
            onnx.save(model(), path)
            for source in (model(), model().SerializeToString(), memoryview(model().SerializeToString()), path,
                           pathlib.Path(path), os.fsencode(path).decode()):
                y = olstm.Session(source).run({"x": x})["y"]
                np.testing.assert_allclose(y[:, 0], expected, atol=1e-6)

    def test_external_data_is_beside_a_file_or_in_a_folder_or_given_as_bytes(self):
        x = sequence(4, 2)
        expected = reference(x)[0]
        proto, content = model_with_external_data()
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "weights"))
            onnx.save(proto, os.path.join(folder, "model.onnx"))
            with open(os.path.join(folder, "weights", "w.bin"), "wb") as file:
                file.write(content)
            for source, data in ((os.path.join(folder, "model.onnx"), None), (proto, folder), (proto, pathlib.Path(folder)),
                                 (proto, {"weights/w.bin": content}), (proto, {"weights/w.bin": bytearray(content)})):
                session = olstm.Session(source, external_data=data)
                for each in (session, pickle.loads(pickle.dumps(session))):
                    np.testing.assert_allclose(each.run({"x": x})["y"][:, 0], expected, atol=1e-6)
        for data in (None, {}, {"other.bin": content}, {"weights/w.bin": content[:-1]}):
            with self.assertRaisesRegex(olstm.Error, "weights/w.bin"):
                olstm.Session(proto, external_data=data)
        with self.assertRaisesRegex(ValueError, "zero byte"):
            olstm.Session(proto, external_data={"weights\0": content})
        others = [pickle.loads(pickle.dumps(olstm.Session(proto, external_data={"weights/w.bin": content + tail})))
                  for tail in (b"", b"x")]
        self.assertIsNot(others[0]._core, others[1]._core)

    def test_tells_inputs_and_outputs(self):
        session = olstm.Session(model())
        self.assertEqual(session.inputs, {"x": ("T", "N", I)})
        self.assertEqual(session.input_dtypes, {"x": np.float32})
        self.assertEqual(list(session.outputs), ["y", "h", "c"])
        self.assertEqual(session.output_dtypes, {name: np.float32 for name in "yhc"})
        self.assertIn("'x': ('T', 'N', 2)", repr(session))

    def test_the_version_is_the_library_s(self):
        header = pathlib.Path(__file__).parent.joinpath("..", "..", "include", "olstm", "version.h").read_text()
        numbers = [re.search(r"define OLSTM_VERSION_%s (\d+)" % part, header).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
        self.assertEqual(olstm.__version__, ".".join(numbers))

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
        for wrong in (lambda: context.state["nobody/h"], lambda: context.state.__setitem__("nobody/h", before),
                      lambda: context.state.__delitem__("nobody/h")):
            with self.assertRaisesRegex(KeyError, "nobody/h.*lstm/h, lstm/c"):
                wrong()

    def test_clearing_the_state_resets_it_and_keeps_its_slots(self):
        context = olstm.Session(model(), stateful="all").context()
        x = sequence(2, 1)
        context.run({"x": x})
        context.state.clear()
        self.assertEqual(sorted(context.state), ["lstm/c", "lstm/h"])
        np.testing.assert_allclose(context.run({"x": x})["y"][:, 0], reference(x)[0], atol=1e-6)
        with self.assertRaises(TypeError):
            context.state.popitem()

    def test_bound_states_feed_themselves(self):
        x = sequence(4, 2)
        session = olstm.Session(model(with_states=True), bindings={"h": "h0", "c": "c0"})
        self.assertEqual(list(session.inputs), ["x"])
        context = session.context()
        parts = [context.run({"x": part})["y"] for part in (x[:3], x[3:])]
        np.testing.assert_allclose(np.concatenate(parts)[:, 0], reference(x)[0], atol=1e-6)

    def test_a_session_with_state_is_one_stream(self):
        x = sequence(6, 2)
        expected = reference(x)
        for options in ({"stateful": True}, {"stateful": "all"}, {"stateful": ["lstm"]}):
            session = olstm.Session(model(), **options)
            parts = [session.run({"x": part})["y"] for part in (x[:1], x[1:4], x[4:])]
            np.testing.assert_allclose(np.concatenate(parts)[:, 0], expected[0], atol=1e-6)
            np.testing.assert_allclose(session.state["lstm/c"][0], expected[2], atol=1e-6)
            blob, after = session.save_state(), session.run({"x": x})["y"]
            session.reset()
            np.testing.assert_array_equal(session.run({"x": x[:1]})["y"], parts[0])
            session.load_state(blob)
            np.testing.assert_array_equal(session.run({"x": x})["y"], after)
            np.testing.assert_array_equal(session.context().run({"x": x[:1]})["y"], parts[0])

    def test_a_session_without_state_says_so(self):
        for options in ({}, {"stateful": False}, {"stateful": []}, {"stateful": None}):
            session = olstm.Session(model(), **options)
            first = session.run({"x": sequence(2, 1)})["y"]
            np.testing.assert_array_equal(session.run({"x": sequence(2, 1)})["y"], first)
            for use in (lambda: session.state, session.reset, session.save_state, lambda: session.load_state(b"")):
                with self.assertRaisesRegex(olstm.Error, "stateful=True.*bindings"):
                    use()

    def test_inputs_with_initializers_are_given_where_that_was_asked_for(self):
        x = sequence(4, 2)
        h0, c0 = np.full((1, 2, H), 0.25, np.float32), np.full((1, 2, H), -0.5, np.float32)
        proto = model(with_states=True)
        proto.graph.initializer.extend([onnx.numpy_helper.from_array(h0, "h0"), onnx.numpy_helper.from_array(c0, "c0")])
        given = np.linspace(-1, 1, 2 * H, dtype=np.float32).reshape(1, 2, H)
        session = olstm.Session(proto)
        self.assertEqual(list(session.inputs), ["x"])
        np.testing.assert_allclose(session.run({"x": x})["y"][:, 0], reference(x, h0[0], c0[0])[0], atol=1e-6)
        with self.assertRaisesRegex(ValueError, "unknown input 'h0'; the model's inputs are x .*given_inputs"):
            session.run({"x": x, "h0": given})
        for names in ("h0", ["h0"]):
            session = olstm.Session(proto, given_inputs=names)
            self.assertEqual(list(session.inputs), ["x", "h0"])
            for each in (session, pickle.loads(pickle.dumps(session))):
                np.testing.assert_allclose(each.run({"x": x, "h0": given})["y"][:, 0], reference(x, given[0], c0[0])[0], atol=1e-6)
        with self.assertRaisesRegex(olstm.Error, "'nobody'"):
            olstm.Session(proto, given_inputs=["nobody"])

    def test_a_seed_makes_random_operators_repeat(self):
        source = make_model([onnx.helper.make_node("RandomNormal", [], ["y"], shape=[64])], [],
                            [("y", onnx.TensorProto.FLOAT, [64])])
        draw = lambda session: session.run({})["y"].tobytes()
        anew = olstm.Session(source)
        self.assertNotEqual(draw(anew), draw(anew))
        seeded, again, other = (olstm.Session(source, seed=seed) for seed in (0, 0, 2**64 - 1))
        self.assertEqual(draw(seeded), draw(seeded))
        self.assertEqual(draw(seeded), draw(again))
        self.assertNotEqual(draw(seeded), draw(other))
        self.assertEqual(draw(pickle.loads(pickle.dumps(seeded))), draw(seeded))

    def test_wrong_feeds_are_named(self):
        session = olstm.Session(model())
        with self.assertRaisesRegex(ValueError, "missing input 'x'"):
            session.run({})
        with self.assertRaisesRegex(ValueError, "unknown input 'z'"):
            session.run({"x": sequence(1, 1), "z": 1})
        with self.assertRaisesRegex(TypeError, "dict"):
            session.run(sequence(1, 1))
        with self.assertRaisesRegex(olstm.Error, "'x'"):
            session.run({"x": np.zeros((2, 2, I + 1), np.float32)})
        with self.assertRaises(olstm.Error):
            olstm.Session(b"no model")

    def test_wrong_options_are_named(self):
        for error, text, options in (
                (ValueError, "'f16'.*bf16", {"precision": "f16"}), (ValueError, "threads=4294967297", {"threads": 2**32 + 1}),
                (TypeError, "threads is float: expected an integer", {"threads": 1.5}),
                (TypeError, "stateful is int: expected names", {"stateful": 1}), (TypeError, "seed is str: expected an integer", {"seed": "1"}), (ValueError, "max_work=-1", {"max_work": -1}),
                (ValueError, "seed=-1", {"seed": -1}),
                (ValueError, "zero byte", {"stateful": "lstm\0x"}), (olstm.Error, "nobody", {"stateful": ["nobody"]}),
                (olstm.Error, "threads|thread_count", {"threads": 0}), (olstm.Error, "'fast'", {"kernel": "fast"}),
                (olstm.Error, "/no/plugin.so", {"plugins": "/no/plugin.so"})):
            with self.subTest(options), self.assertRaisesRegex(error, text):
                olstm.Session(model(), **options)
        with self.assertRaisesRegex(TypeError, "model is int"):
            olstm.Session(3)
        with self.assertRaisesRegex(ValueError, "zero byte"):
            olstm.Session("model.onnx\0.txt")
        with self.assertRaisesRegex(olstm.Error, "no_such.onnx"):
            olstm.Session("no_such.onnx")

    def test_limits_hold(self):
        with self.assertRaisesRegex(olstm.Error, "lstm"):
            olstm.Session(model(), max_work=100).run({"x": sequence(50, 2)})

if __name__ == "__main__":
    unittest.main()
