#!/usr/bin/python3
"""Runs a sound file through the LV2 effect in an LV2 host (lv2apply), and compares with the layer's equations in numpy.

usage: test_lv2_offline.py BUNDLE     exit 77: skipped, with a word why
"""
import os
import shutil
import subprocess
import sys
import tempfile
import wave

import numpy as np

RATE, COUNT = 48000, 3000


def read_layer(path):
    with open(path, "rb") as file:
        data = file.read()
    h = int.from_bytes(data[8:12], "little")
    values = np.frombuffer(data, "<f4", offset=12)
    sizes = [4 * h, 4 * h * h, 4 * h, h, 1]
    kernel, recurrent, bias, dense, dense_bias = np.split(values.astype("f8"), np.cumsum(sizes)[:-1])
    return kernel.reshape(1, 4 * h), recurrent.reshape(h, 4 * h), bias, dense, dense_bias[0]


def reference(layer, samples):
    """Keras' LSTM (gates i f c o), then Dense(1)."""
    kernel, recurrent, bias, dense, dense_bias = layer
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h = np.zeros(recurrent.shape[0])
    c = np.zeros_like(h)
    out = np.zeros(len(samples))
    for t, x in enumerate(samples):
        i, f, g, o = np.split(x * kernel[0] + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out[t] = h @ dense + dense_bias
    return out


def write_wave(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(RATE)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


def read_wave(path):
    with wave.open(path, "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0


def main():
    bundle = sys.argv[1]
    if not shutil.which("lv2apply"):
        print("skipped: lv2apply is absent (lilv-utils has it)")
        return 77
    samples = 0.4 * np.sin(np.arange(COUNT) * 0.05) + 0.1 * np.sin(np.arange(COUNT) * 0.31)
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "in.wav"), os.path.join(folder, "out.wav")
        write_wave(source, samples)
        path = os.pathsep.join([os.path.dirname(bundle), "/usr/lib/lv2"])
        subprocess.run(["lv2apply", "-i", source, "-o", target, "-c", "gain", "6", "-c", "mix", "0.75",
                        "https://olstm.example/lv2/lstm-fx"], check=True, env={**os.environ, "LV2_PATH": path})
        heard = read_wave(source)
        result = read_wave(target)
    gain = 10 ** (6 / 20)
    expected = 0.75 * reference(read_layer(os.path.join(bundle, "layer.f32")), gain * heard) + 0.25 * heard
    expected = np.clip(expected, -1, 32767 / 32768)
    if len(result) < COUNT:
        print("the host wrote %d samples, expected %d" % (len(result), COUNT))
        return 1
    error = np.abs(result[:COUNT] - expected).max()
    print("largest difference %.2g of full scale" % error)
    return 0 if error < 1e-4 else 1


sys.exit(main())
