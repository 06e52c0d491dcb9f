#!/usr/bin/python3
"""Sessions and contexts of the Python package on several threads: bit for bit what one thread gives."""
import collections
import os
import threading
import unittest

from lstm_model import KERAS_MODEL, model, reference, sequence

import numpy as np

import olstm

THREADS = 8


def on_threads(work):
    """Calls work(0) to work(7) at once; raises what the first of them raised."""
    failures, barrier = [], threading.Barrier(THREADS)

    def guarded(index):
        try:
            barrier.wait()
            work(index)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(THREADS)]
    [t.start() for t in threads], [t.join() for t in threads]
    if failures:
        raise failures[0]


class ThreadsTest(unittest.TestCase):
    def check_mixed_batches(self, session, feeds):
        expected = [session.run(feed) for feed in feeds]

        def work(index):
            for turn in range(40):
                k = (index * 5 + turn * 3) % len(feeds)
                outputs = session.run(feeds[k])
                for name, value in expected[k].items():
                    np.testing.assert_array_equal(outputs[name], value)

        on_threads(work)

    def test_one_session_serves_threads_with_mixed_batches(self):
        feeds = [{"x": sequence(steps, rows)} for rows in (1, 2, 3, 7, 16) for steps in (1, 5, 30)]
        for options in ({}, {"threads": 2}, {"kernel": "reference"}):
            with self.subTest(options):
                self.check_mixed_batches(olstm.Session(model(), **options), feeds)

    def test_one_exported_model_serves_threads_with_mixed_batches(self):
        session = olstm.Session(KERAS_MODEL)
        (name, shape), = session.inputs.items()
        random = np.random.default_rng(1)
        self.check_mixed_batches(session, [{name: random.standard_normal((rows,) + shape[1:], np.float32)}
                                           for rows in range(1, 12)])

    def test_a_failed_run_does_not_disturb_the_others(self):
        session = olstm.Session(model())
        x = sequence(4, 2)
        expected = session.run({"x": x})["y"]

        def work(index):
            for _ in range(30):
                if index % 2:
                    np.testing.assert_array_equal(session.run({"x": x})["y"], expected)
                else:
                    with self.assertRaises(olstm.Error):
                        session.run({"x": np.zeros((2, 2, 9), np.float32)})

        on_threads(work)

    def test_a_stateful_session_takes_each_call_as_a_whole(self):
        # All feed the same chunk, so that whoever comes k-th gets what the k-th call of one thread gets.
        calls, chunk = 25, sequence(2, 3)
        one = olstm.Session(model(), stateful=True)
        expected = collections.Counter(one.run({"x": chunk})["y"].tobytes() for _ in range(THREADS * calls))
        session, outputs = olstm.Session(model(), stateful=True), []
        on_threads(lambda index: outputs.extend([session.run({"x": chunk})["y"].tobytes() for _ in range(calls)]))
        self.assertEqual(collections.Counter(outputs), expected)
        self.assertEqual(session.save_state(), one.save_state())

    def test_one_context_on_threads_is_never_seen_half_way(self):
        context = olstm.Session(model(), stateful=True).context()
        context.run({"x": sequence(2, 3)})
        blobs = [context.save_state()]
        context.run({"x": sequence(2, 3)})
        blobs.append(context.save_state())
        values = [olstm.Session(model(), stateful=True).context() for _ in blobs]
        [value.load_state(blob) for value, blob in zip(values, blobs)]
        allowed = [value.state["lstm/h"].tobytes() for value in values]

        def work(index):
            for turn in range(50):
                if index % 2:
                    context.load_state(blobs[turn % 2])
                else:
                    self.assertIn(context.clone().state["lstm/h"].tobytes(), allowed)
                    self.assertIn(context.state["lstm/h"].tobytes(), allowed)

        on_threads(work)

    def test_contexts_on_threads_do_not_disturb_each_other(self):
        session = olstm.Session(model(), stateful="all")

        def work(index):
            context, x = session.context(), sequence(8, index + 1)
            for _ in range(20):
                context.reset()
                parts = [context.run({"x": x[t:t + 2]})["y"] for t in range(0, 8, 2)]
                np.testing.assert_allclose(np.concatenate(parts)[:, 0], reference(x)[0], atol=1e-6)

        on_threads(work)

    def test_sessions_are_made_and_dropped_on_threads(self):
        data, x = model().SerializeToString(), sequence(3, 2)
        expected = olstm.Session(data).run({"x": x})["y"]

        def work(index):
            for _ in range(10):
                context = olstm.Session(data, threads=1 + index % 3).context()
                np.testing.assert_array_equal(context.run({"x": x})["y"], expected)

        on_threads(work)

    def test_a_forked_child_runs_what_its_parent_made(self):
        x = sequence(30, 16)
        for options in ({}, {"threads": 2}, {"stateful": True}):
            session = olstm.Session(model(), **options)
            first, second = session.run({"x": x})["y"], session.run({"x": x})["y"]
            if options.get("stateful"):
                session.reset()
                session.run({"x": x})
            child = os.fork()
            if child == 0:
                same = False
                try:
                    same = np.array_equal(session.run({"x": x})["y"], second)
                finally:
                    os._exit(0 if same else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0, options)
            self.assertEqual(np.array_equal(first, second), "stateful" not in options)


if __name__ == "__main__":
    unittest.main()
