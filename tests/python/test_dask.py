#!/usr/bin/python3
"""olstm.dask on Dask's own schedulers: whatever way the data is cut, bit for bit what one run over the whole gives, with the shapes, dtypes
and names that were announced."""
import contextlib
import io
import os
import pickle
import tempfile
import unittest
import unittest.mock

from lstm_model import I, KERAS_MODEL, make_model, model, model_with_external_data, sequence, sequence_model

import numpy as np
import onnx
from onnx import TensorProto, helper

import olstm

try:
    import dask
    import dask.array as da
    import dask.bag as db
    import dask.dataframe as dd
    import pandas as pd
    from dask.array.utils import assert_eq as assert_arrays_equal
    from dask.dataframe.utils import assert_eq as assert_frames_equal
except ImportError as error:
    print("skipped: %s" % error)
    raise SystemExit(77)

import olstm.dask as od

dask.config.set(scheduler="threads")
RANDOM = np.random.default_rng(7)
X = RANDOM.standard_normal((23, 12, I), np.float32)  # sequences, steps, features


def one_run(x=X, source=None, **options):
    return olstm.Session(source or sequence_model(), **options).run({"x": x})


class BlocksTest(unittest.TestCase):
    def test_each_sequence_for_itself(self):
        expected = one_run()
        for chunks in (23, 5, (1, 20, 2)):
            got = od.map_blocks(sequence_model(), da.from_array(X, chunks=(chunks, -1, -1)))
            self.assertEqual(list(got), ["steps", "last"])
            for name, value in expected.items():
                self.assertEqual(got[name].chunks[0], da.from_array(X, chunks=(chunks, -1, -1)).chunks[0])
                assert_arrays_equal(got[name], value, rtol=0, atol=0)

    def test_onnx_own_layout(self):
        x = np.ascontiguousarray(X.transpose(1, 0, 2))
        got = od.map_blocks(model(), da.from_array(x, chunks=(-1, 6, -1)), batch_axis=1)
        for name, value in one_run(x, model()).items():
            assert_arrays_equal(got[name], value, rtol=0, atol=0)
        for bad, text in ((dict(batch_axis=0), "cut along axis 1.*rechunk.*scan_blocks"), (dict(batch_axis=3), "has no axis 3")):
            with self.assertRaisesRegex(ValueError, text):
                od.map_blocks(model(), da.from_array(x, chunks=(-1, 6, -1)), **bad)

    def test_outputs_are_chosen(self):
        x = da.from_array(X, chunks=(9, -1, -1))
        self.assertEqual(od.map_blocks(sequence_model(), x, outputs="last").shape, (23, 1))
        self.assertEqual(list(od.map_blocks(sequence_model(), x, outputs=["last"])), ["last"])
        self.assertIsInstance(od.map_blocks(sequence_model(outputs=["last"]), x), da.Array)
        with self.assertRaisesRegex(ValueError, "no output 'z'; the model's outputs are steps, last"):
            od.map_blocks(sequence_model(), x, outputs="z")

    def test_models_come_as_path_bytes_proto_and_session(self):
        shape = olstm.Session(KERAS_MODEL).inputs["lstm_input"]
        x = da.from_array(RANDOM.standard_normal((8,) + shape[1:], np.float32), chunks=(3, -1, -1))
        expected = olstm.Session(KERAS_MODEL).run({"lstm_input": x.compute()})
        with open(KERAS_MODEL, "rb") as file:
            data = file.read()
        names = set()
        for source in (KERAS_MODEL, data, onnx.load(KERAS_MODEL), olstm.Session(KERAS_MODEL), olstm.Session(data)):
            got = od.map_blocks(source, x)
            assert_arrays_equal(got, next(iter(expected.values())), rtol=0, atol=0)
            names.add(got.name)
        # The same model, told by its bytes, is the same to Dask; a proto is written anew and may have other bytes.
        self.assertLessEqual(len(names), 2)
        self.assertNotEqual(od.map_blocks(KERAS_MODEL, x, kernel="reference").name, od.map_blocks(KERAS_MODEL, x).name)
        with self.assertRaisesRegex(TypeError, "options already: kernel"):
            od.map_blocks(olstm.Session(KERAS_MODEL), x, kernel="reference")

    def test_small_models_lie_in_the_tasks(self):
        # So that what is lost with a worker is no other task's; large ones, and many tasks', are a value that each worker fetches.
        rows = pd.DataFrame({"s": list(X), "key": 1, "a": X[:, 0, 0], "b": X[:, 0, 1]})
        frame, bag = dd.from_pandas(rows, npartitions=4), db.from_sequence(list(X), npartitions=4)
        array = da.from_array(X, chunks=(9, 4, -1))
        found = []
        for bytes_of_a_task, bytes_of_a_graph, is_inside in ((1 << 18, 1 << 25, True), (100, 1 << 25, False), (1 << 18, 5000, False)):
            with unittest.mock.patch("olstm.dask._model._TASK_BYTES", bytes_of_a_task), \
                    unittest.mock.patch("olstm.dask._model._GRAPH_BYTES", bytes_of_a_graph):
                results = [od.map_blocks(sequence_model(), array.rechunk((9, -1, -1)), outputs="last"),
                           od.map_partitions(sequence_model(), frame, "s", outputs="last"),
                           od.map_partitions(sequence_model(), bag, outputs="last"),
                           od.scan_blocks(sequence_model(), array, outputs="last"),
                           od.scan_partitions(sequence_model(), frame, "key", ["a", "b"], outputs="last"),
                           od.scan_partitions(sequence_model(), db.from_sequence(enumerate(X), npartitions=4), outputs="last")]
            for result in results:
                keys = [key for key in result.__dask_graph__() if isinstance(key, str) and key.startswith("olstm-model-")]
                self.assertEqual(len(keys), 0 if is_inside else 1)
            values = [result.compute() for result in results]
            found.append(values[:5] + [[value for _, value in values[5]]])
        for values in zip(*found):
            for other in values[1:]:
                np.testing.assert_array_equal(np.ravel(values[0]), np.ravel(other))

    def test_external_data_comes_along_or_is_found_beside_its_file(self):
        proto, content = model_with_external_data()
        x = da.from_array(np.ascontiguousarray(X.transpose(1, 0, 2)), chunks=(-1, 6, -1))
        expected = one_run(x.compute(), model())["y"]
        assert_arrays_equal(od.map_blocks(proto, x, batch_axis=1, outputs="y", external_data={"weights/w.bin": content}),
                            expected, rtol=0, atol=0)
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "weights"))
            onnx.save(proto, os.path.join(folder, "model.onnx"))
            with open(os.path.join(folder, "weights", "w.bin"), "wb") as file:
                file.write(content)
            got = od.map_blocks(os.path.join(folder, "model.onnx"), x, batch_axis=1, outputs="y")
            assert_arrays_equal(got, expected, rtol=0, atol=0)

    def test_several_inputs_and_values_for_all(self):
        nodes = [helper.make_node("Add", ["a", "b"], ["s"]), helper.make_node("Mul", ["s", "scale"], ["y"])]
        source = make_model(nodes, [("a", TensorProto.FLOAT, ["N", 3]), ("b", TensorProto.FLOAT, ["N", 3]),
                                    ("scale", TensorProto.FLOAT, [])], [("y", TensorProto.FLOAT, ["N", 3])])
        a, b = RANDOM.standard_normal((2, 10, 3), np.float32)
        feeds = {"a": da.from_array(a, chunks=(4, -1)), "b": da.from_array(b, chunks=(5, -1)), "scale": 2.5}
        assert_arrays_equal(od.map_blocks(source, feeds), (a + b) * np.float32(2.5), rtol=0, atol=0)
        for bad, error, text in (({"a": feeds["a"], "b": feeds["b"]}, ValueError, "missing input 'scale'"),
                                 (dict(feeds, z=1), ValueError, "unknown input 'z'"), (feeds["a"], ValueError, "dict of arrays"),
                                 ({"a": a, "b": b, "scale": 1.0}, TypeError, "none of the inputs is a dask.array"),
                                 (dict(feeds, b=da.from_array(b[:9])), ValueError, "'a' and 'b' have 10 and 9 rows")):
            with self.assertRaisesRegex(error, text):
                od.map_blocks(source, bad)

    def test_a_batch_that_the_model_fixes_is_filled_up(self):
        for batch in (1, 4):
            got = od.map_blocks(sequence_model(batch=batch), da.from_array(X, chunks=(9, -1, -1)))
            for name, value in one_run().items():
                assert_arrays_equal(got[name], value, rtol=0, atol=0)
        fixed = model()
        fixed.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
        x = da.from_array(np.ascontiguousarray(X.transpose(1, 0, 2)), chunks=(-1, 6, -1))
        with self.assertRaisesRegex(ValueError, "output 'y'.*output_axis"):
            od.map_blocks(fixed, x, batch_axis=1, outputs="y")
        assert_arrays_equal(od.map_blocks(fixed, x, batch_axis=1, outputs="y", output_axis=2), one_run(x.compute(), model())["y"],
                            rtol=0, atol=0)

    def test_batches_within_a_block_change_nothing(self):
        x = da.from_array(X, chunks=(17, -1, -1))
        for size in (1, 3, 1000):
            assert_arrays_equal(od.map_blocks(sequence_model(), x, outputs="steps", batch_size=size), one_run()["steps"], rtol=0, atol=0)

    def test_no_rows_and_unknown_numbers_of_rows(self):
        x = da.from_array(X, chunks=(6, -1, -1))
        mask = da.from_array(np.arange(23) % 2 + (np.arange(23) < 6) * 2 == 1, chunks=6)  # a block without rows
        got = od.map_blocks(sequence_model(), x[mask], outputs="last")
        self.assertTrue(np.isnan(got.shape[0]))
        np.testing.assert_array_equal(got.compute(), one_run(X[mask.compute()])["last"])
        with self.assertRaisesRegex(ValueError, "length of axis 1 is not known.*compute_chunk_sizes"):
            od.map_blocks(sequence_model(), da.from_array(X.transpose(1, 0, 2).copy(), chunks=-1)[mask[:12].rechunk(-1)].transpose(1, 0, 2))

    def test_nothing_is_computed_before_it_is_asked_for(self):
        def fail():
            raise AssertionError("computed")
        x = da.from_delayed(dask.delayed(fail)(), X.shape, np.float32)
        frame = dd.from_delayed([dask.delayed(fail)()], meta=pd.DataFrame({"k": ["a"], "a": [0.5], "b": [0.5]}), verify_meta=False)
        bag = db.from_delayed([dask.delayed(fail)()])
        od.map_blocks(sequence_model(), x), od.scan_blocks(sequence_model(), x)
        od.map_partitions(sequence_model(), frame, columns=["a", "b"]), od.scan_partitions(sequence_model(), frame, key="k")
        od.map_partitions(sequence_model(), bag), od.scan_partitions(sequence_model(), bag)
        with self.assertRaisesRegex(AssertionError, "computed"):
            od.map_blocks(sequence_model(), x, outputs="last").compute()

    def test_what_has_no_row_a_sequence_is_refused(self):
        source = make_model([helper.make_node("ReduceSum", ["x"], ["y"])], [("x", TensorProto.FLOAT, ["N", 2])],
                            [("y", TensorProto.FLOAT, None)])
        with self.assertRaisesRegex(ValueError, "output 'y' has no axis with one element a row"):
            od.map_blocks(source, da.zeros((4, 2), np.float32))
        with self.assertRaisesRegex(ValueError, "keeps state: that is what scan_blocks carries"):
            od.map_blocks(sequence_model(), da.from_array(X), stateful=True)
        with self.assertRaisesRegex(olstm.Error, r"input 'x' has shape \[1,5,9\]"):
            od.map_blocks(sequence_model(), da.zeros((4, 5, 9), np.float32))

    def test_wrong_dtypes_are_refused_at_once(self):
        for dtype in (np.int64, bool, complex):
            for function in (od.map_blocks, od.scan_blocks):
                with self.subTest(dtype), self.assertRaisesRegex(TypeError, r"input 'x' is float32 .*\.astype\(numpy.float32\)"):
                    function(sequence_model(), da.zeros((4, 5, I), dtype=dtype))

    def test_masks_are_not_dropped(self):
        masked = da.ma.masked_greater(da.from_array(X, chunks=(9, -1, -1)), 1)
        for function in (od.map_blocks, od.scan_blocks):
            with self.assertRaisesRegex(TypeError, "input 'x' has masked elements: fill them in first"):
                function(sequence_model(), masked, outputs="last").compute()
        nothing = da.ma.masked_greater(da.from_array(X, chunks=(9, -1, -1)), 1000)
        np.testing.assert_array_equal(od.map_blocks(sequence_model(), nothing, outputs="last").compute(), one_run()["last"])
        bag = db.from_sequence([X[0], np.ma.masked_greater(X[1], -1000)], npartitions=1)
        with self.assertRaisesRegex(TypeError, "input 'x' has masked elements"):
            od.map_partitions(sequence_model(), bag).compute()

    def test_state_is_carried_from_block_to_block(self):
        expected = one_run()
        for chunks in ((23, 12), (5, 5), (7, (1, 10, 1)), (23, 1)):
            x = da.from_array(X, chunks=chunks + (-1,))
            got, state = od.scan_blocks(sequence_model(), x, return_state=True, batch_size=4)
            for name, value in expected.items():
                assert_arrays_equal(got[name], value, rtol=0, atol=0)
            self.assertEqual(got["steps"].chunks[:2], x.chunks[:2])
            one = olstm.Session(sequence_model(), stateful=True)
            one.run({"x": X})
            np.testing.assert_array_equal(state.compute()["lstm/h"], one.state["lstm/h"])

    def test_scans_go_on_from_a_state(self):
        x = da.from_array(X, chunks=(10, 3, -1))
        first, state = od.scan_blocks(sequence_model(), x[:, :5], outputs="steps", return_state=True)
        for initial in (state, state.compute()):
            rest = od.scan_blocks(sequence_model(), x[:, 5:], outputs="steps", initial_state=initial)
            np.testing.assert_array_equal(da.concatenate([first, rest], axis=1).compute(), one_run()["steps"])
        with self.assertRaisesRegex(ValueError, "initial_state has the slots other; the session has lstm/h, lstm/c"):
            od.scan_blocks(sequence_model(), x, outputs="last", initial_state={"other": np.zeros(3)}).compute()

    def test_a_state_of_other_rows_is_refused(self):
        _, state = od.scan_blocks(sequence_model(), da.from_array(X, chunks=(10, 3, -1)), return_state=True)
        for rows in (7, 46):
            other = da.from_array(np.concatenate([X, X])[:rows], chunks=(10, 3, -1))
            with self.assertRaisesRegex(ValueError, "initial_state has 23 rows in .*; the arrays have %d" % rows):
                od.scan_blocks(sequence_model(), other, outputs="last", initial_state=state).compute()

    def test_scans_of_onnx_own_layout_and_of_bindings(self):
        x = np.ascontiguousarray(X.transpose(1, 0, 2))
        cut = da.from_array(x, chunks=(5, 6, -1))
        for source, options in ((model(), {}), (model(with_states=True), {"bindings": {"h": "h0", "c": "c0"}})):
            got = od.scan_blocks(source, cut, axis=0, batch_axis=1, **options)
            for name, value in one_run(x, model()).items():
                if name in got:
                    assert_arrays_equal(got[name], value, rtol=0, atol=0)

    def test_runs_of_a_fixed_number_of_steps(self):
        whole = one_run()["steps"]
        last = np.stack([one_run(X[:, :stop])["last"] for stop in range(3, 13, 3)], axis=1)
        for source, window in ((sequence_model(steps=3), None), (sequence_model(), 3), (sequence_model(steps=3), 3)):
            got = od.scan_blocks(source, da.from_array(X, chunks=(8, 6, -1)), window=window)
            assert_arrays_equal(got["steps"], whole, rtol=0, atol=0)
            assert_arrays_equal(got["last"], last, rtol=0, atol=0)
        for source, window, chunk, text in ((sequence_model(steps=3), None, 4, "block of 4 steps.*windows of 3"),
                                            (sequence_model(steps=3), 2, 6, "window=2, and the model takes 3")):
            with self.assertRaisesRegex(ValueError, text):
                od.scan_blocks(source, da.from_array(X, chunks=(8, chunk, -1)), window=window)

    def test_scans_with_a_batch_that_the_model_fixes(self):
        for batch in (1, 4):
            got = od.scan_blocks(sequence_model(batch=batch), da.from_array(X, chunks=(9, 5, -1)))
            for name, value in one_run().items():
                assert_arrays_equal(got[name], value, rtol=0, atol=0)

    def test_a_scan_needs_state(self):
        x = da.from_array(X)
        with self.assertRaisesRegex(ValueError, "keeps no state for scan_blocks.*map_blocks"):
            od.scan_blocks(olstm.Session(sequence_model()), x)
        with self.assertRaisesRegex(ValueError, "axis and batch_axis are the same"):
            od.scan_blocks(sequence_model(), x, axis=0)


class PartitionsTest(unittest.TestCase):
    def wide(self, count=57):
        x = RANDOM.standard_normal((count, 4 * I))
        frame = pd.DataFrame(x, columns=["x%d" % k for k in range(4 * I)], index=np.arange(count) * 2)
        frame.insert(0, "name", ["n%d" % k for k in range(count)])
        return frame, x.astype(np.float32).reshape(count, 4, I)

    def test_a_row_of_numbers_is_a_sequence(self):
        frame, x = self.wide()
        columns, expected = list(frame.columns[1:]), one_run(x)
        last = pd.Series(expected["last"][:, 0], frame.index, name="last")
        for parts in (1, 5):
            cut = dd.from_pandas(frame, npartitions=parts)
            got = od.map_partitions(sequence_model(), cut, columns=columns, outputs="last")
            self.assertEqual(got.divisions, cut.divisions)
            assert_frames_equal(got, last)
        got = od.map_partitions(sequence_model(steps=4), dd.from_pandas(frame, npartitions=3), columns=columns)
        table = got.compute()
        self.assertEqual(list(got.columns), ["steps", "last"])
        np.testing.assert_array_equal(np.stack(table["steps"]), expected["steps"])
        assert_frames_equal(got["last"], last)
        with self.assertRaisesRegex(ValueError, "no column 'y'; the columns are name, x0"):
            od.map_partitions(sequence_model(), cut, columns=["y"])
        with self.assertRaisesRegex(ValueError, r"input 'x' has rows of shape \[3\], which make no \[\?,2\]"):
            od.map_partitions(sequence_model(), cut, columns=columns[:3])
        with self.assertRaisesRegex(TypeError, "input 'x': columns of dtype .*datetime64"):
            od.map_partitions(sequence_model(), cut.assign(when=pd.Timestamp(0)), columns=["when"])

    def test_a_vector_a_row_makes_columns(self):
        frame, x = self.wide()
        source = make_model([helper.make_node("Squeeze", ["x", "one"], ["y"])], [("x", TensorProto.FLOAT, ["N", 1, 4])],
                            [("y", TensorProto.FLOAT, ["N", 4])], [("one", np.array([1]))])
        got = od.map_partitions(source, dd.from_pandas(frame, npartitions=4), columns=["x3", "x2", "x1", "x0"])
        expected = frame[["x3", "x2", "x1", "x0"]].astype(np.float32)
        expected.columns = ["y_0", "y_1", "y_2", "y_3"]
        assert_frames_equal(got, expected)

    def test_a_column_of_sequences_of_several_lengths(self):
        lengths = RANDOM.integers(1, 9, 40)
        sequences = [RANDOM.standard_normal((length, I)) for length in lengths]
        frame = pd.DataFrame({"id": np.arange(40), "window": sequences})
        frame["window"] = [s if k % 2 else s.tolist() for k, s in enumerate(sequences)]
        expected = [one_run(s[None].astype(np.float32)) for s in sequences]
        for given, columns in ((dd.from_pandas(frame, npartitions=3), "window"), (dd.from_pandas(frame, npartitions=3)["window"], None)):
            got = od.map_partitions(sequence_model(), given, columns=columns)
            table = got.compute()
            np.testing.assert_array_equal(table["last"], [e["last"][0, 0] for e in expected])
            for value, e in zip(table["steps"], expected):
                np.testing.assert_array_equal(value, e["steps"][0])
            self.assertEqual(dict(table.dtypes), dict(got.dtypes))

    def test_partitions_without_rows(self):
        frame, x = self.wide()
        cut = dd.from_pandas(frame, npartitions=4)
        got = od.map_partitions(sequence_model(), cut[cut.name == "n50"], columns=list(frame.columns[1:]))
        self.assertEqual(len(got.compute()), 1)
        self.assertEqual(dict(got.compute().dtypes), dict(got.dtypes))
        self.assertEqual(od.map_partitions(sequence_model(), db.from_sequence(list(x), npartitions=3).filter(
            lambda s: False)).compute(), [])

    def test_integers_of_a_frame_are_numbers(self):
        frame = pd.DataFrame({"a": [1, 2, 3], "b": [0, 1, 0]})
        got = od.map_partitions(sequence_model(), dd.from_pandas(frame, npartitions=1), outputs="last").compute()
        np.testing.assert_array_equal(got, one_run(frame.to_numpy(np.float32).reshape(3, 1, 2))["last"][:, 0])

    def test_pandas_own_numbers(self):
        numbers = pd.DataFrame(RANDOM.integers(-3, 4, (6, 12 * I)), columns=["c%d" % k for k in range(12 * I)])
        expected = one_run(numbers.to_numpy(np.float32).reshape(-1, 12, I))["last"][:, 0]
        for dtype in ("Int64", "Float32"):
            got = od.map_partitions(sequence_model(12), dd.from_pandas(numbers.astype(dtype), npartitions=2), outputs="last")
            np.testing.assert_array_equal(got.compute().to_numpy(), expected)
        frame = numbers.astype("Int64")
        frame.loc[4, "c7"] = pd.NA
        with self.assertRaisesRegex(ValueError, "column 'c7' has missing values, the first at row 4"):
            od.map_partitions(sequence_model(12), dd.from_pandas(frame, npartitions=2)).compute()
        texts = dd.from_pandas(numbers.assign(c3="text"), npartitions=2)
        with self.assertRaisesRegex(TypeError, "column 'c3' of dtype .* holds no numbers"):
            od.map_partitions(sequence_model(12), texts).compute()

    def test_errors_say_which_row(self):
        frame = pd.DataFrame({"s": list(X[:8])}, index=list("abcdefgh"))
        for wrong, kind, text in ((np.zeros((5, I + 1), np.float32), olstm.Error, "shape"), (None, TypeError, "no numbers"),
                                  (np.float32(1), ValueError, "rows of shape")):
            frame.at["f", "s"] = wrong
            with self.subTest(text), self.assertRaisesRegex(kind, text + r".*\(row f\)"):
                od.map_partitions(sequence_model(), dd.from_pandas(frame, npartitions=2), "s", outputs="last").compute()
        bag = db.from_sequence([X[0], X[1, :, :1], X[2, :, :1]], npartitions=1)
        with self.assertRaisesRegex(olstm.Error, r"\(row 1 and 1 more of its shape\)"):
            od.map_partitions(sequence_model(), bag).compute()
        with self.assertRaisesRegex(ValueError, "an element has the keys 'y', and not 'x'"):
            od.map_partitions(sequence_model(), db.from_sequence([{"y": X[0]}])).compute()
        with self.assertRaisesRegex(TypeError, r"an element is ndarray: to be scanned, it must be a pair \(key, piece\)"):
            od.scan_partitions(sequence_model(), db.from_sequence([X[0]])).compute()

    def test_bags(self):
        lengths = RANDOM.integers(1, 6, 31)
        sequences = [RANDOM.standard_normal((length, I)).astype(np.float32) for length in lengths]
        expected = [one_run(s[None]) for s in sequences]
        for parts in (1, 4):
            bag = db.from_sequence(sequences, npartitions=parts)
            got = od.map_partitions(sequence_model(), bag).compute()
            for value, e in zip(got, expected):
                self.assertEqual(list(value), ["steps", "last"])
                np.testing.assert_array_equal(value["steps"], e["steps"][0])
            last = od.map_partitions(sequence_model(), bag, outputs="last").compute()
            np.testing.assert_array_equal(np.stack(last), np.concatenate([e["last"] for e in expected]))
        got = od.map_partitions(sequence_model(), db.from_sequence([{"x": s} for s in sequences]), outputs="last").compute(scheduler="sync")
        np.testing.assert_array_equal(np.stack(got), np.concatenate([e["last"] for e in expected]))

    def test_other_collections_and_columns_are_refused(self):
        bag = db.from_sequence([X[0]])
        for collection, error, text, more in (
                (da.from_array(X), TypeError, "dask.dataframe or a dask.bag, not Array", {}), (pd.DataFrame({"a": [1]}), TypeError,
                                                                                             "not DataFrame", {}),
                (bag, ValueError, "no columns", {"columns": ["a"]})):
            for function in (od.map_partitions, od.scan_partitions):
                with self.subTest(text), self.assertRaisesRegex(error, text):
                    function(sequence_model(), collection, **more)
        with self.assertRaisesRegex(ValueError, "keeps state: that is what scan_partitions carries"):
            od.map_partitions(sequence_model(), bag, stateful=True)


class StreamsTest(unittest.TestCase):
    def setUp(self):
        # Rows of 9 streams, begun and ended at other times, in order of time.
        count = 300
        self.keys = np.array(["stream %d" % k for k in RANDOM.integers(0, 9, count)])
        self.keys[:100] = np.where(self.keys[:100] == "stream 8", "stream 1", self.keys[:100])
        self.x = RANDOM.standard_normal((count, I))
        self.frame = pd.DataFrame({"key": self.keys, "a": self.x[:, 0], "b": self.x[:, 1]}, index=np.arange(count) + 1000)
        self.steps, self.last = np.zeros((count, 2), np.float32), np.zeros(count, np.float32)
        for key in np.unique(self.keys):
            where = np.flatnonzero(self.keys == key)
            x = self.x[where].astype(np.float32)[None]
            self.steps[where] = one_run(x)["steps"][0]
            self.last[where] = [one_run(x[:, :stop])["last"][0, 0] for stop in range(1, len(where) + 1)]

    def test_each_key_is_a_stream(self):
        for parts, splits, batch_size in ((1, 1, 256), (7, 3, 2), (20, 8, 256)):
            got = od.scan_partitions(sequence_model(), dd.from_pandas(self.frame, npartitions=parts), key="key", splits=splits,
                                     batch_size=batch_size)
            expected = pd.DataFrame({"steps_0": self.steps[:, 0], "steps_1": self.steps[:, 1], "last": self.last}, self.frame.index)
            assert_frames_equal(got, expected, check_divisions=parts < 20)

    def test_one_output_makes_a_series(self):
        got = od.scan_partitions(sequence_model(), dd.from_pandas(self.frame, npartitions=5), key="key", columns=["a", "b"], outputs="last")
        assert_frames_equal(got, pd.Series(self.last, self.frame.index, name="last"))

    def test_pieces_run_apart_or_together_to_the_same_end(self):
        from olstm.dask import _streams
        cuts = lambda counts: [(begin, end, int(among.sum())) for among, begin, end in _streams._cuts(np.array(counts))]
        self.assertEqual(cuts([2] * 300 + [1] * 300), [(0, 1, 300), (0, 2, 300)])
        self.assertEqual(cuts([1000, 1001, 1003]), [(0, 1000, 3), (1000, 1001, 2), (1001, 1003, 1)])
        frame = dd.from_pandas(self.frame, npartitions=5)
        for cost in (0, 1e9):
            with unittest.mock.patch.object(_streams, "_CHANGE_COST", cost):
                got = od.scan_partitions(sequence_model(), frame, key="key", outputs="last", splits=2).compute(scheduler="sync")
                np.testing.assert_array_equal(got, self.last)

    def test_keys_may_be_numbers_dates_and_tuples(self):
        numbers = np.unique(self.keys, return_inverse=True)[1]
        for keys in (numbers, numbers / 2, pd.Timestamp("2024-01-01") + pd.to_timedelta(numbers, "D"), [(k, str(k)) for k in numbers]):
            frame = self.frame.assign(key=keys)
            got = od.scan_partitions(sequence_model(), dd.from_pandas(frame, npartitions=5), key="key", outputs="last").compute()
            np.testing.assert_array_equal(got, self.last)
        for keys, error, text in ((np.where(numbers == 3, None, self.keys), ValueError, "column 'key', the key, has missing values"),
                                  ([object()] * len(numbers), TypeError, "is no key of a stream")):
            with self.assertRaisesRegex(error, text):
                od.scan_partitions(sequence_model(), dd.from_pandas(self.frame.assign(key=keys), npartitions=2), key="key").compute()
        with self.assertRaisesRegex(ValueError, "no column 'id'; the columns are key, a, b"):
            od.scan_partitions(sequence_model(), dd.from_pandas(self.frame, npartitions=2), key="id")

    def test_streams_go_on_from_their_states(self):
        early, late = (dd.from_pandas(part, npartitions=3) for part in (self.frame[:140], self.frame[140:]))
        first, state = od.scan_partitions(sequence_model(), early, key="key", outputs="last", return_state=True)
        for initial in (state, state.compute(), pickle.loads(pickle.dumps(state.compute()))):
            rest = od.scan_partitions(sequence_model(), late, key="key", outputs="last", initial_state=initial, splits=3)
            np.testing.assert_array_equal(np.concatenate([first.compute(), rest.compute()]), self.last)
        self.assertEqual(set(state.compute()), set(self.keys[:140]))
        self.assertEqual(set(state.compute()["stream 1"]), {"lstm/h", "lstm/c"})
        with self.assertRaisesRegex(ValueError, "the state of 'stream 1' has the slots h; the session has lstm/c, lstm/h"):
            od.scan_partitions(sequence_model(), late, key="key", initial_state={"stream 1": {"h": np.zeros(3)}}).compute()

    def test_bags_of_pieces(self):
        pieces = []
        for stop in range(20, 301, 20):
            for key in np.unique(self.keys):
                where = np.flatnonzero(self.keys[stop - 20:stop] == key) + stop - 20
                for half in np.array_split(where, 2):
                    if len(half):
                        pieces.append((key, half))
        for parts in (1, 6):
            bag = db.from_sequence([(key, self.x[where]) for key, where in pieces], npartitions=parts)
            got, state = od.scan_partitions(sequence_model(), bag, return_state=True)
            results = got.compute()
            self.assertEqual([key for key, _ in results], [key for key, _ in pieces])
            for (key, value), (_, where) in zip(results, pieces):
                np.testing.assert_array_equal(value["steps"], self.steps[where])
                np.testing.assert_array_equal(value["last"], self.last[where[-1:]])
            only = od.scan_partitions(sequence_model(), bag, outputs="last").compute(scheduler="sync")
            np.testing.assert_array_equal([value[0] for _, value in only], [value["last"][0] for _, value in results])

    def test_pieces_without_steps_change_nothing(self):
        pieces = [("k", X[0, :0]), ("k", X[0, :7]), ("k", X[0, 7:7]), ("k", X[0, 7:])]
        got = od.scan_partitions(sequence_model(), db.from_sequence(pieces, npartitions=2), outputs="steps").compute()
        self.assertEqual([len(value) for _, value in got], [0, 7, 0, 5])
        np.testing.assert_array_equal(np.concatenate([value for _, value in got]), one_run()["steps"][0])

    def test_models_of_one_step_and_one_row(self):
        # A cell with its states as inputs and outputs, for one row of one step.
        nodes = [helper.make_node("Reshape", ["x", "shape"], ["x3"]),
                 helper.make_node("LSTM", ["x3", "W", "R", "B", "", "h0", "c0"], ["y", "h", "c"], name="lstm", hidden_size=3),
                 helper.make_node("Squeeze", ["h", "zero"], ["out"])]
        weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in sequence_model().graph.initializer}
        state = [1, 1, 3]
        for batch, shape in (("N", [1, -1, I]), (1, [1, 1, I])):
            source = make_model(nodes, [("x", TensorProto.FLOAT, [batch, I]), ("h0", TensorProto.FLOAT, [1, batch, 3]),
                                        ("c0", TensorProto.FLOAT, [1, batch, 3])],
                                [("out", TensorProto.FLOAT, [batch, 3]), ("h", TensorProto.FLOAT, None), ("c", TensorProto.FLOAT, None)],
                                [(name, weights[name]) for name in "WRB"] + [("shape", np.array(shape)), ("zero", np.array([0]))])
            got = od.scan_partitions(source, dd.from_pandas(self.frame, npartitions=4), key="key", bindings={"h": "h0", "c": "c0"},
                                     outputs="out").compute()
            for key in np.unique(self.keys):
                where = np.flatnonzero(self.keys == key)
                h = one_run(self.x[where].astype(np.float32)[:, None], model())["y"][:, 0, 0]
                np.testing.assert_array_equal(got.to_numpy()[where], h)


class BarTest(unittest.TestCase):
    def test_dask_s_own_bar_shows_the_progress(self):
        from dask.diagnostics import ProgressBar
        text = io.StringIO()
        with contextlib.redirect_stdout(text), ProgressBar():
            od.map_blocks(sequence_model(), da.from_array(X, chunks=(2, -1, -1)), outputs="last").compute()
        self.assertIn("100% Completed", text.getvalue())


if __name__ == "__main__":
    unittest.main()
