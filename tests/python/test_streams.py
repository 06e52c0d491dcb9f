#!/usr/bin/python3
"""Tables of streams in the Python package: bit for bit what a context for each stream gives."""
import contextlib
import copy
import io
import pathlib
import pickle
import random
import re
import threading
import unittest

from lstm_model import I, KERAS_MODEL, make_model, model, sequence, sequence_model

import numpy as np
from onnx import TensorProto, helper

import olstm


def steps_of(seed, count, most=3):
    """Pieces of a sequence [T,1,I], of several lengths."""
    values = np.random.default_rng(seed)
    return [values.standard_normal((values.integers(1, most + 1), 1, I)).astype(np.float32) for _ in range(count)]


def shared_scale_model():
    """The LSTM of `model` on x times a number that all rows share, 'scale'."""
    inner = model()
    nodes = [helper.make_node("Mul", ["x", "scale"], ["scaled"])] + list(inner.graph.node)
    nodes[1].input[0] = "scaled"
    constants = inner.graph.initializer
    result = make_model(nodes, [("x", TensorProto.FLOAT, ["T", "N", I]), ("scale", TensorProto.FLOAT, [])],
                        [(name, TensorProto.FLOAT, None) for name in "yhc"])
    result.graph.initializer.extend(constants)
    return result


class StreamsTest(unittest.TestCase):
    def setUp(self):
        self.session = olstm.Session(model(), stateful=True)
        self.streams = self.session.streams(capacity=40, max_batch=8)

    def assert_refused(self, status, pattern, call, *arguments):
        with self.assertRaisesRegex(olstm.Error, pattern) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.status, status)

    def assert_same(self, outputs, expected):
        self.assertEqual(list(outputs), list(expected))
        for name, value in expected.items():
            self.assertEqual((outputs[name].dtype, outputs[name].shape), (value.dtype, value.shape))
            self.assertEqual(outputs[name].tobytes(), value.tobytes(), name)

    def test_any_company_gives_what_a_context_gives(self):
        chance, contexts = random.Random(5), {}
        for turn in range(150):
            deed = chance.choice(["open", "run", "run", "run", "close", "reset", "clone", "save"])
            if deed == "open" and len(contexts) < 40:
                contexts[self.streams.open()] = self.session.context()
            if not contexts:
                continue
            h = chance.choice(list(contexts))
            if deed == "close":
                self.streams.close(h)
                del contexts[h]
            elif deed == "reset":
                self.streams.reset(h)
                contexts[h].reset()
            elif deed == "clone" and len(contexts) < 40:
                contexts[self.streams.clone(h)] = contexts[h].clone()
            elif deed == "save":
                other = chance.choice(list(contexts))
                self.streams.load(other, self.streams.save(h))
                contexts[other] = contexts[h].clone()
            elif deed == "run":
                some = chance.sample(list(contexts), chance.randint(1, len(contexts)))
                feeds = {h: {"x": x} for h, x in zip(some, steps_of(turn, len(some)))}
                outputs = self.streams.run(feeds)
                self.assertEqual(list(outputs), some)
                for h in some:
                    self.assert_same(outputs[h], contexts[h].run(feeds[h]))
        self.assertEqual(self.streams.info.open_count, len(contexts))

    def test_stacked_rows_are_those_of_the_handles(self):
        handles = [self.streams.open() for _ in range(20)]
        x = sequence(2, 20)
        outputs = self.streams.run(np.array(handles[::-1], np.uint64), {"x": x})
        for row, h in enumerate(handles[::-1]):
            context = self.session.context()
            self.assert_same({"y": outputs["y"][:, :, row:row + 1], "h": outputs["h"][:, row:row + 1],
                              "c": outputs["c"][:, row:row + 1]}, context.run({"x": x[:, row:row + 1]}))
            self.assertEqual(self.streams.state(h)["lstm/h"].tobytes(), context.state["lstm/h"].tobytes())

    def test_nothing_runs_nothing(self):
        self.assertEqual(self.streams.run({}), {})
        self.assertEqual(self.streams.run([], {"x": sequence(1, 0)}), {})

    def test_states_of_bindings_and_inputs_in_front(self):
        session = olstm.Session(model(with_states=True), bindings={"h": "h0", "c": "c0"})
        streams = session.streams(4)
        handles, contexts = [streams.open() for _ in range(3)], [session.context() for _ in range(3)]
        for count in (1, 3, 2):
            outputs = streams.run({h: {"x": sequence(2, 1)} for h in handles[:count]})
            for h, context in zip(handles[:count], contexts):
                self.assert_same(outputs[h], context.run({"x": sequence(2, 1)}))

    def test_shared_inputs_part_streams(self):
        session = olstm.Session(shared_scale_model(), stateful=True)
        streams = session.streams(8)
        self.assertEqual(streams.input_axes, {"x": 1, "scale": None})
        handles = [streams.open() for _ in range(6)]
        feeds = {h: {"x": sequence(1, 1), "scale": 1 + k % 2} for k, h in enumerate(handles)}
        outputs = streams.run(feeds)
        for h in handles:
            self.assert_same(outputs[h], session.context().run(feeds[h]))

    def test_state_is_read_set_and_reset(self):
        h = self.streams.open()
        state, context = self.streams.state(h), self.session.context()
        self.assertEqual(repr(state), "{'lstm/h': not set, 'lstm/c': not set}")
        self.assertEqual((list(state), len(state), "lstm/h" in state, "x" in state), (["lstm/h", "lstm/c"], 2, True, False))
        for each in (state, context.state):
            each["lstm/h"] = [[0.5, 0.25, 1]]
            each.update({"lstm/c": np.ones((1, 1, 3))})
        self.assert_same(self.streams.run({h: {"x": sequence(1, 1)}})[h], context.run({"x": sequence(1, 1)}))
        del state["lstm/h"]
        self.assertEqual(state["lstm/h"].tolist(), [[[0, 0, 0]]])
        self.assertTrue(state["lstm/c"].any())
        state.clear()
        self.assertFalse(state["lstm/c"].any())
        self.assertRaisesRegex(KeyError, "no state slot 'x'", state.__getitem__, "x")
        self.assertRaisesRegex(TypeError, "float32 in the model", state.__setitem__, "lstm/h", np.ones(3, np.int8))
        self.assert_refused(olstm.Status.SHAPE_MISMATCH, "lstm/h", state.__setitem__, "lstm/h", np.ones((1, 2, 3)))

    def test_bytes_go_to_a_context_and_to_another_table(self):
        h, context = self.streams.open(), self.session.context()
        for x in steps_of(1, 3):
            self.streams.run({h: {"x": x}})
        context.load_state(self.streams.save(h))
        other = pickle.loads(pickle.dumps(self.session)).streams(2)
        there = other.open()
        other.load(there, context.save_state())
        expected = self.streams.run({h: {"x": sequence(2, 1)}})[h]
        self.assert_same(context.run({"x": sequence(2, 1)}), expected)
        self.assert_same(other.run({there: {"x": sequence(2, 1)}})[there], expected)
        fresh = other.open()
        other.load(there, other.save(fresh))
        self.assertFalse(other.state(there)["lstm/c"].any())
        before = self.streams.save(h)
        self.assertRaises(olstm.Error, self.streams.load, h, before[:-1])
        self.assertRaises(TypeError, self.streams.load, h, "text")
        self.assertEqual(self.streams.save(h), before)

    def test_wrong_handles_change_nothing(self):
        h, closed = self.streams.open(), self.streams.open()
        foreign = self.session.streams(4).open()
        self.streams.close(closed)
        before, x = self.streams.save(h), {"x": sequence(1, 1)}
        for wrong in (closed, foreign, 0, -1, 2**64, 2**64 + h):
            self.assertNotIn(wrong, self.streams)
            for call, arguments in ((self.streams.close, ()), (self.streams.reset, ()), (self.streams.clone, ()), (self.streams.save, ()),
                                    (self.streams.load, (before,))):
                self.assert_refused(olstm.Status.INVALID_ARGUMENT, "not open in this table", call, wrong, *arguments)
            self.assert_refused(olstm.Status.INVALID_ARGUMENT, "not open in this table", self.streams.run, {h: x, wrong: x})
            self.assert_refused(olstm.Status.INVALID_ARGUMENT, "not open", self.streams.run, [h, wrong], {"x": sequence(1, 2)})
        self.assert_refused(olstm.Status.INVALID_ARGUMENT, "twice", self.streams.run, [h, h], {"x": sequence(1, 2)})
        for wrong in (None, "1", 1.0):
            self.assertRaises(TypeError, self.streams.close, wrong)
            self.assertNotIn(wrong, self.streams)
        self.assertEqual(self.streams.save(h), before)
        self.assertIn(h, self.streams)
        self.assertEqual({h: 1}[h], 1)

    def test_a_full_table_says_so(self):
        handles = {self.streams.open() for _ in range(40)}
        self.assertEqual(len(handles), 40)
        for call, arguments in ((self.streams.open, ()), (self.streams.clone, (next(iter(handles)),))):
            self.assert_refused(olstm.Status.LIMIT_EXCEEDED, "capacity is 40", call, *arguments)
        self.streams.close(handles.pop())
        self.assertNotIn(self.streams.open(), handles)

    def test_wrong_arguments_are_named(self):
        h, run = self.streams.open(), self.streams.run
        self.assertRaisesRegex(ValueError, "stream %#x: missing input 'x'" % h, run, {h: {}})
        self.assertRaisesRegex(TypeError, "stream %#x: run takes a dict of input name" % h, run, {h: [1]})
        self.assertRaisesRegex(TypeError, "input 'x' is float32 in the model, given is int8", run, [h], {"x": np.ones((1, 1, I), np.int8)})
        self.assertRaisesRegex(TypeError, "dict of handles to feeds, or a list of handles", run, [h])
        self.assert_refused(olstm.Status.SHAPE_MISMATCH, "input 'x'", run, [h], {"x": sequence(1, 2)})
        self.assert_refused(olstm.Status.SHAPE_MISMATCH, "input 'x'", run, {h: {"x": np.zeros((1, 1, 9))}})
        for options, pattern in (({"capacity": 0}, "capacity=0"), ({"max_batch": 5000}, "max_batch=5000"),
                                 ({"step_capacity": 0}, "step_capacity=0"), ({"batch_axes": {"x": -1}}, "batch_axes=-1"),
                                 ({"steps": [{"y": (1, 1, I)}]}, "unknown input 'y'"), ({"steps": [{"x": (1, 1, -I)}]}, "dimension of 'x'"),
                                 ({"steps": [{"x": (1,) * 9}]}, "9 dimensions")):
            self.assertRaisesRegex(ValueError, pattern, self.session.streams, **options)
        self.assert_refused(olstm.Status.NOT_FOUND, "'z'", lambda: self.session.streams(batch_axes={"z": 0}))
        self.assert_refused(olstm.Status.SHAPE_MISMATCH, "x", lambda: self.session.streams(steps=[{"x": (1, 1, 9)}]))

    def test_what_a_table_cannot_be_made_of_is_named(self):
        self.assert_refused(olstm.Status.WRONG_STATE, "state", olstm.Session(model()).streams)
        fixed = olstm.Session(sequence_model(batch=4), stateful=True)
        self.assert_refused(olstm.Status.UNSUPPORTED, "'x'", fixed.streams)

    def test_tells_what_it_is_like(self):
        self.assertEqual((self.streams.input_axes, self.streams.output_axes), ({"x": 1}, {"y": 2, "h": 1, "c": 1}))
        self.streams.open()
        info = self.streams.info
        self.assertEqual((info.capacity, info.open_count, info.max_batch, info.reason), (40, 1, 8, ""))
        self.assertGreater(info.stream_bytes, 2 * 3 * 4)
        self.assertEqual(repr(self.streams), "<olstm.Streams, 1 of 40 open>")

    def test_steps_are_planned_and_given_axes_taken(self):
        streams = self.session.streams(3, steps=[{"x": (1, 1, I)}, {"x": (4, 1, I)}], step_capacity=2, batch_axes={"x": 1})
        streams.prepare({"x": [2, 1, I]})
        h = streams.open()
        for steps in (1, 2, 4, 5):
            streams.reset(h)
            self.assert_same(streams.run({h: {"x": sequence(steps, 1)}})[h], self.session.context().run({"x": sequence(steps, 1)}))

    def test_is_not_copied_or_pickled(self):
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            self.assertRaisesRegex(TypeError, "olstm.Streams is not copied or pickled", attempt, self.streams)

    def test_outlives_its_session_and_takes_turns(self):
        del self.session
        x, failures = sequence(3, 1), []
        expected = olstm.Session(model(), stateful=True).run({"x": x})

        def work():
            try:
                for _ in range(20):
                    h = self.streams.open()
                    parts = [self.streams.run({h: {"x": x[t:t + 1]}})[h]["y"] for t in range(3)]
                    np.testing.assert_array_equal(np.concatenate(parts), expected["y"])
                    self.streams.close(h)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        [t.start() for t in threads], [t.join() for t in threads]
        self.assertEqual((failures, self.streams.info.open_count), ([], 0))

    def test_the_program_of_the_docs_runs(self):
        docs = pathlib.Path(__file__).parent.joinpath("..", "..", "docs", "streams.md").read_text()
        (program,) = re.findall(r"^```python\n(.*?)^```$", docs, re.MULTILINE | re.DOTALL)
        names, printed = {}, io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(program.replace('"model.onnx"', repr(KERAS_MODEL)), names)
        context = olstm.Session(KERAS_MODEL, stateful=True).context()
        context.load_state(names["blob"])
        self.assertEqual(printed.getvalue(), "%s %s\n" % ((context.run({"lstm_input": names["x"]})["dense"],) * 2))

    def test_codes_are_those_of_the_header(self):
        header = pathlib.Path(__file__).parent.joinpath("..", "..", "include", "olstm", "status.h").read_text()
        codes = re.findall(r"^  OLSTM_STATUS_(\w+) = (\d+)", header, re.MULTILINE)
        self.assertEqual({code.name: int(code) for code in olstm.Status}, {name: int(number) for name, number in codes})
        self.assertEqual(olstm.Error(999, "of a newer library").status, 999)


if __name__ == "__main__":
    unittest.main()
