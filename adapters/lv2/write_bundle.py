#!/usr/bin/python3
"""Writes layer.f32 for the LV2 effect: an LSTM layer and a Dense(1), in Keras' order.

usage: write_bundle.py OUTPUT DIR     DIR holds kernel.npy [1,4H], recurrent_kernel.npy [H,4H], bias.npy [4H], dense_kernel.npy [H,1] and
                                      dense_bias.npy [1], as numpy.save writes layer.get_weights() (`olstm weights` writes the first three)
       write_bundle.py OUTPUT --demo  weights of a fixed random layer of 16 units
"""
import os
import struct
import sys

import numpy as np

NAMES = ("kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias")


def demo_layer(units=16):
    random = np.random.default_rng(5)
    shapes = ((1, 4 * units), (units, 4 * units), (4 * units,), (units, 1), (1,))
    return [random.uniform(-0.6, 0.6, shape).astype("<f4") for shape in shapes]


def write(path, arrays):
    units = arrays[1].shape[0]
    expected = [(1, 4 * units), (units, 4 * units), (4 * units,), (units, 1), (1,)]
    for name, array, shape in zip(NAMES, arrays, expected):
        if array.shape != shape:
            sys.exit("write_bundle: %s has shape %s, expected %s" % (name, array.shape, shape))
    with open(path, "wb") as file:
        file.write(b"OLSTMFX1" + struct.pack("<i", units))
        for array in arrays:
            file.write(np.ascontiguousarray(array, "<f4").tobytes())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(sys.argv[1], demo_layer() if sys.argv[2] == "--demo" else
          [np.load(os.path.join(sys.argv[2], name + ".npy")) for name in NAMES])
