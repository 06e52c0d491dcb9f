#!/usr/bin/python3
"""What the Python package takes for a tensor: dtypes, byte orders, memory layouts, lists; and what it refuses by name."""
import unittest
import warnings

from lstm_model import I, identity, model, reference, sequence

import numpy as np
from onnx import TensorProto

import olstm

DTYPES = {TensorProto.FLOAT: np.float32, TensorProto.UINT8: np.uint8, TensorProto.INT8: np.int8,
          TensorProto.UINT16: np.uint16, TensorProto.INT16: np.int16, TensorProto.INT32: np.int32,
          TensorProto.INT64: np.int64, TensorProto.BOOL: np.bool_, TensorProto.FLOAT16: np.float16,
          TensorProto.DOUBLE: np.float64, TensorProto.UINT32: np.uint32, TensorProto.UINT64: np.uint64}
CAST = {(np.float64, np.float32), (np.int32, np.int64)}


def through(kind, value, rank=1):
    return olstm.Session(identity(kind, rank)).run({"x": value})["y"]


class ArraysTest(unittest.TestCase):
    def test_each_dtype_is_taken_or_refused_by_name(self):
        values = np.array([0, 1, 3, 100])
        for kind, wanted in DTYPES.items():
            session = olstm.Session(identity(kind))
            for given in list(DTYPES.values()) + [np.complex64, np.longdouble]:
                with self.subTest(wanted=wanted, given=given):
                    if given == wanted or (given, wanted) in CAST:
                        y = session.run({"x": values.astype(given)})["y"]
                        self.assertEqual(y.dtype, wanted)
                        np.testing.assert_array_equal(y, values.astype(wanted))
                    else:
                        text = r"input 'x' is %s in the model, given is %s: .*astype\(numpy.%s\)" % (
                            (np.dtype(wanted), np.dtype(given), np.dtype(wanted)))
                        with self.assertRaisesRegex(TypeError, text):
                            session.run({"x": values.astype(given)})

    def test_what_holds_no_numbers_is_refused_by_name(self):
        for value in (np.array(["a"]), np.array([b"a"]), np.array([None]), np.array(["2020-01-01"], "datetime64[D]"),
                      np.zeros(2, [("a", "f4")]), None, "text", ["a"], [1j], {"a": 1}, object()):
            with self.subTest(value=value), self.assertRaisesRegex(TypeError, "input 'x'"):
                through(TensorProto.FLOAT, value)
        with self.assertRaisesRegex(ValueError, "input 'x'"):
            through(TensorProto.FLOAT, [[1.0], [1.0, 2.0]], 2)
        with self.assertRaisesRegex(ValueError, "input 'x' has 9 dimensions"):
            through(TensorProto.FLOAT, np.zeros((1,) * 9, np.float32))
        with self.assertRaisesRegex(TypeError, "input 'x' has masked elements"):
            through(TensorProto.FLOAT, np.ma.masked_array(np.zeros(2, np.float32), [True, False]))
        np.testing.assert_array_equal(through(TensorProto.FLOAT, np.ma.masked_array(np.ones(2, np.float32))), [1, 1])

    def test_every_byte_order_is_taken(self):
        for kind, wanted in DTYPES.items():
            values = np.array([0, 1, 3, 100]).astype(wanted)
            for order in "<>":
                np.testing.assert_array_equal(through(kind, values.astype(values.dtype.newbyteorder(order))), values)
        np.testing.assert_array_equal(through(TensorProto.FLOAT, np.array([0.1, 2], ">f8")), np.array([0.1, 2], np.float32))
        np.testing.assert_array_equal(through(TensorProto.INT64, np.array([-1, 2], ">i4")), [-1, 2])

    def test_every_memory_layout_is_taken(self):
        whole = np.arange(4 * 6 * 5, dtype=np.float32).reshape(4, 6, 5)
        packed = np.zeros(4, [("pad", "u1"), ("x", "f4")])
        packed["x"] = 1, 2, 3, 4
        self.assertFalse(packed["x"].flags.aligned)
        for array in (whole[::2], whole[:, ::-1], whole.T, np.asfortranarray(whole), whole[:, :, 2], whole[1:1],
                      np.broadcast_to(whole[0, 0], (3, 5)), packed["x"], np.float32(3), whole[..., None][::-1],
                      np.matrix([[1, 2]], np.float32)):
            array = array if isinstance(array, np.ndarray) else np.asarray(array)
            np.testing.assert_array_equal(through(TensorProto.FLOAT, array, array.ndim), array)
        read_only = whole.copy()
        read_only.flags.writeable = False
        np.testing.assert_array_equal(through(TensorProto.FLOAT, read_only, 3), whole)

    def test_double_becomes_float_and_gives_what_float_gives(self):
        x = sequence(4, 2, np.float64)
        session = olstm.Session(model())
        np.testing.assert_array_equal(session.run({"x": x})["y"], session.run({"x": x.astype(np.float32)})["y"])
        context = olstm.Session(model(), stateful=True).context()
        context.run({"x": x})
        context.state["lstm/h"] = np.full((1, 2, 3), 0.1)
        np.testing.assert_array_equal(context.state["lstm/h"], np.full((1, 2, 3), 0.1, np.float32))
        with self.assertRaisesRegex(TypeError, "state 'lstm/h' is float32 in the model, given is int64"):
            context.state["lstm/h"] = np.zeros((1, 2, 3), np.int64)
        np.testing.assert_array_equal(context.state["lstm/h"], np.full((1, 2, 3), 0.1, np.float32))

    def test_lists_take_the_dtype_that_is_expected(self):
        x = sequence(2, 1)
        context = olstm.Session(model(), stateful="all").context()
        np.testing.assert_allclose(context.run({"x": x.tolist()})["y"][:, 0], reference(x)[0], atol=1e-6)
        context.state["lstm/h"] = [[[0.5, 0.25, -1]]]
        np.testing.assert_array_equal(context.state["lstm/h"], np.array([[[0.5, 0.25, -1]]], np.float32))
        for kind, wanted in DTYPES.items():
            np.testing.assert_array_equal(through(kind, [0, 1]), np.array([0, 1], wanted))
        np.testing.assert_array_equal(through(TensorProto.INT64, []), np.zeros(0, np.int64))
        np.testing.assert_array_equal(through(TensorProto.INT64, 7, 0), 7)

    def test_lists_whose_numbers_would_change_are_refused(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for kind, value in ((TensorProto.INT64, [0.5]), (TensorProto.UINT8, [300]), (TensorProto.UINT32, [-1]),
                                (TensorProto.BOOL, [2]), (TensorProto.INT32, [2**40]), (TensorProto.INT64, [float("nan")])):
                with self.subTest(value=value), self.assertRaisesRegex(TypeError, "input 'x' is .*cannot hold"):
                    through(kind, value)

    def test_bfloat16_travels_as_its_bits_and_takes_numbers(self):
        session = olstm.Session(identity(TensorProto.BFLOAT16))
        bits = np.array([0x3F80, 0x4049, 0xC000, 0x7FC0], np.uint16)
        np.testing.assert_array_equal(session.run({"x": bits})["y"], bits)
        np.testing.assert_array_equal(session.run({"x": [1, 3.140625, -2, float("nan")]})["y"], bits)
        with self.assertRaisesRegex(TypeError, "input 'x' is bfloat16 in the model, given is float32: .*uint16"):
            session.run({"x": np.zeros(2, np.float32)})
        try:
            from ml_dtypes import bfloat16
        except ImportError:
            return
        np.testing.assert_array_equal(session.run({"x": bits.view(bfloat16)})["y"], bits)

    def test_inputs_are_left_as_they_are(self):
        x = sequence(3, 2, np.float64)[:, ::-1]
        before = x.copy()
        olstm.Session(model()).run({"x": x})
        np.testing.assert_array_equal(x, before)
        self.assertEqual(x.shape, (3, 2, I))


if __name__ == "__main__":
    unittest.main()
