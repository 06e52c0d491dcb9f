#!/usr/bin/python3
"""The batcher of the Python package: threads, futures and coroutines; what fails, and how it ends."""
import asyncio
import concurrent.futures
import copy
import gc
import os
import subprocess
import sys
import textwrap
import threading
import unittest
import weakref

from lstm_model import B, H, I, KERAS_MODEL, R, W, make_model, model, sequence

import numpy as np
from onnx import TensorProto, helper

import olstm

FOREVER = 60_000_000  # microseconds that no test waits


def lookup_model():
    """Numbers of words [T,N] to rows of a table of 5, to an LSTM 'lstm': a number that the table does not have is an error."""
    nodes = [helper.make_node("Gather", ["table", "x"], ["rows"]),
             helper.make_node("LSTM", ["rows", "W", "R", "B"], ["y"], name="lstm", hidden_size=H)]
    table = np.linspace(-1, 1, 5 * I).reshape(5, I)
    return make_model(nodes, [("x", TensorProto.INT64, ["T", "N"])], [("y", TensorProto.FLOAT, None)],
                      [(name, a.astype(np.float32)) for name, a in (("table", table), ("W", W), ("R", R), ("B", B))])


def pieces(stream, count=12):
    """What a stream brings, step by step: several lengths."""
    return [sequence(1 + (stream + k) % 3, 1) + np.float32(stream) / 8 for k in range(count)]


class BatcherTest(unittest.TestCase):
    def setUp(self):
        self.session = olstm.Session(model(), stateful=True)
        self.streams = self.session.streams(capacity=100, max_batch=16)

    def assert_refused(self, status, pattern, call, *arguments):
        with self.assertRaisesRegex(olstm.Error, pattern) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.status, status)

    def alone(self, stream):
        context = self.session.context()
        return [context.run({"x": x})["y"].tobytes() for x in pieces(stream)]

    def test_threads_get_what_each_stream_gives_alone(self):
        def work(index):
            h = batcher.open()
            outputs = [batcher.run(h, {"x": x})["y"].tobytes() for x in pieces(index)]
            batcher.close(h)
            return outputs == self.alone(index)

        with self.streams.batcher() as batcher, concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(list(pool.map(work, range(48))), [True] * 48)
        self.assertEqual(self.streams.info.open_count, 0)
        counts = batcher.counts
        self.assertEqual((counts.submitted_count, counts.done_count, counts.queued_count), (48 * 12, 48 * 12, 0))
        self.assertEqual((counts.failed_count, counts.cancelled_count), (0, 0))
        self.assertLessEqual(counts.batch_count, 48 * 12)

    def test_futures_of_a_stream_come_in_order(self):
        with self.streams.batcher(max_batch=4) as batcher:
            handles = [batcher.open() for _ in range(10)]
            futures = [[batcher.submit(h, {"x": x}) for x in pieces(k)] for k, h in enumerate(handles)]
            self.assertFalse(futures[-1][-1].cancel())
            for k, some in enumerate(futures):
                self.assertEqual([future.result()["y"].tobytes() for future in some], self.alone(k))

    def test_coroutines_get_what_each_stream_gives_alone(self):
        async def one(batcher, index):
            h = batcher.open()
            outputs = [(await batcher.arun(h, {"x": x}))["y"].tobytes() for x in pieces(index)]
            await asyncio.to_thread(batcher.close, h)
            return outputs == self.alone(index)

        async def main(first):
            return await asyncio.gather(*[one(batcher, first + k) for k in range(45)])

        with self.streams.batcher() as batcher, concurrent.futures.ThreadPoolExecutor(2) as pool:
            loops = [pool.submit(asyncio.run, main(first)) for first in (0, 45)]  # two loops on one batcher
            self.assertEqual([loop.result() for loop in loops], [[True] * 45] * 2)

    def test_a_coroutine_that_is_cancelled_leaves_its_step(self):
        async def main():
            async with self.streams.batcher(max_wait_us=FOREVER) as batcher:
                h, _idle = batcher.open(), batcher.open()
                task = asyncio.create_task(batcher.arun(h, {"x": sequence(1, 1)}))
                await asyncio.sleep(0)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
            return h

        h = asyncio.run(main())
        context = self.session.context()
        context.run({"x": sequence(1, 1)})
        self.assertEqual(self.streams.save(h), context.save_state())

    def test_a_wrong_step_fails_alone(self):
        session = olstm.Session(lookup_model(), stateful=True)
        with session.streams(20).batcher(max_batch=8, max_wait_us=FOREVER) as batcher:
            handles = [batcher.open() for _ in range(8)]
            words = [[[9 if k == 3 else k % 5]] for k in range(8)]
            futures = [batcher.submit(h, {"x": word}) for h, word in zip(handles, words)]
            for k, (h, future) in enumerate(zip(handles, futures)):
                if k == 3:
                    self.assert_refused(olstm.Status.INVALID_VALUE, "9", future.result)
                    self.assertFalse(batcher.state(h)["lstm/h"].any())
                else:
                    np.testing.assert_array_equal(future.result()["y"], session.context().run({"x": words[k]})["y"])
        self.assertEqual(batcher.counts.failed_count, 1)

        async def wait():
            return await batcher.arun(handles[3], {"x": [[9]]})

        with batcher.streams.batcher() as batcher:
            self.assert_refused(olstm.Status.INVALID_VALUE, "9", batcher.run, handles[3], {"x": [[9]]})
            self.assert_refused(olstm.Status.INVALID_VALUE, "9", asyncio.run, wait())

    def test_wrong_arguments_are_refused_at_once(self):
        with self.streams.batcher() as batcher:
            h, closed = batcher.open(), batcher.open()
            batcher.close(closed)
            self.assertRaisesRegex(ValueError, "missing input 'x'", batcher.submit, h, {})
            self.assertRaisesRegex(TypeError, "float32 in the model", batcher.submit, h, {"x": np.ones((1, 1, I), np.int8)})
            self.assertRaises(TypeError, batcher.submit, "h", {"x": sequence(1, 1)})
            self.assert_refused(olstm.Status.INVALID_ARGUMENT, "stream", batcher.submit, 0, {"x": sequence(1, 1)})
            self.assert_refused(olstm.Status.SHAPE_MISMATCH, "input 'x'", batcher.submit, h, {"x": sequence(1, 2)})
            self.assert_refused(olstm.Status.INVALID_ARGUMENT, "not open", batcher.run, closed, {"x": sequence(1, 1)})
        for options in ({"max_batch": 0}, {"max_wait_us": -1}, {"queue_capacity": 0}):
            self.assertRaisesRegex(ValueError, next(iter(options)), self.streams.batcher, **options)
        from olstm import batcher as module
        self.assertEqual(module._pending, {})

    def test_a_full_queue_says_so_and_a_shutdown_cancels(self):
        batcher = self.streams.batcher(max_wait_us=FOREVER, queue_capacity=2)
        h, _idle = batcher.open(), batcher.open()  # one that has no step, so that the other's wait
        before = batcher.save(h)
        futures = [batcher.submit(h, {"x": sequence(1, 1)}) for _ in range(2)]
        self.assert_refused(olstm.Status.QUEUE_FULL, "2", batcher.submit, h, {"x": sequence(1, 1)})
        self.assertEqual(batcher.shutdown(cancel=True), 2)
        for future in futures:
            self.assert_refused(olstm.Status.CANCELLED, "shut down", future.result)
        self.assert_refused(olstm.Status.WRONG_STATE, "shut down", batcher.submit, h, {"x": sequence(1, 1)})
        self.assertEqual(batcher.save(h), before)
        self.assertEqual(batcher.counts.cancelled_count, 2)

    def test_the_table_is_reached_through_the_batcher(self):
        with self.streams.batcher(max_batch=1, max_wait_us=0) as batcher:
            h, context = self.streams.open(), self.session.context()
            self.assertIn(h, batcher)
            for x in pieces(0):
                batcher.submit(h, {"x": x})
                context.run({"x": x})
            self.assertEqual(self.streams.save(h), context.save_state())  # the steps before are done
            batcher.state(h)["lstm/h"] = context.state["lstm/h"] = np.ones((1, 1, H))
            copied = self.streams.clone(h)
            for each in (h, copied):
                self.assertEqual(batcher.run(each, {"x": sequence(2, 1)})["y"].tobytes(),
                                 context.clone().run({"x": sequence(2, 1)})["y"].tobytes())
            self.assertEqual((batcher.info, batcher.input_axes), (self.streams.info, {"x": 1}))
            self.assert_refused(olstm.Status.WRONG_STATE, "has a batcher: submit", self.streams.run, {h: {"x": sequence(1, 1)}})
            self.assert_refused(olstm.Status.WRONG_STATE, "has a batcher already", self.streams.batcher)
            self.assertRaisesRegex(TypeError, "olstm.Batcher is not copied", copy.copy, batcher)
            self.assertIs(batcher.streams, self.streams)
            self.assertIn("olstm.Batcher of <olstm.Streams, 2 of 100 open>", repr(batcher))
        expected = context.clone().run({"x": sequence(3, 1)})["y"][1:]
        context.run({"x": sequence(2, 1)})
        self.streams.reset(copied)
        batcher.load(copied, context.save_state())
        self.assertEqual(self.streams.state(h)["lstm/h"].tobytes(), batcher.state(h)["lstm/h"].tobytes())
        self.assertEqual(self.streams.run({h: {"x": sequence(1, 1)}})[h]["y"].shape, expected[:1].shape)
        self.assertEqual(batcher.shutdown(), 0)
        with self.streams.batcher() as again:
            again.run(h, {"x": sequence(1, 1)})

    def test_callbacks_submit_and_open_but_do_not_wait(self):
        results, done = [], threading.Event()

        def note(call, *arguments):
            try:
                results.append(call(*arguments))
            except olstm.Error as error:
                results.append(error.status)

        def first(future):
            other = batcher.open()
            for call, arguments in ((batcher.run, (h, {"x": sequence(1, 1)})), (batcher.save, (h,)), (batcher.close, (h,)),
                                    (self.streams.reset, (h,)), (batcher.shutdown, ())):
                note(call, *arguments)
            batcher.submit(other, {"x": sequence(1, 1)}).add_done_callback(second)
            batcher.submit(h, {"x": sequence(1, 1)})

        def second(future):
            results.append(future.result()["y"].shape)
            done.set()

        # Nothing is computed before there are two steps, so that callbacks are there before results are.
        batcher = self.streams.batcher(max_batch=2, max_wait_us=FOREVER)
        h, another = batcher.open(), batcher.open()
        batcher.submit(h, {"x": sequence(1, 1)}).add_done_callback(first)
        batcher.submit(another, {"x": sequence(1, 1)})
        self.assertTrue(done.wait(60))
        self.assertEqual(results, [olstm.Status.WRONG_STATE] * 5 + [(1, 1, 1, H)])
        batcher.shutdown()

    def test_borrowers_and_a_shutdown_on_many_threads(self):
        for _ in range(5):
            batcher = self.streams.batcher(max_wait_us=100)
            handles = [batcher.open() for _ in range(8)]
            failures = []

            def work(h):
                try:
                    for _ in range(30):
                        try:
                            batcher.submit(h, {"x": sequence(1, 1)})
                        except olstm.Error as error:
                            self.assertEqual(error.status, olstm.Status.WRONG_STATE)
                        self.assertEqual(batcher.state(h)["lstm/h"].shape, (1, 1, H))
                        self.streams.load(h, self.streams.save(h))
                except BaseException as error:
                    failures.append(error)

            threads = [threading.Thread(target=work, args=(h,)) for h in handles]
            [t.start() for t in threads]
            batcher.shutdown()
            [t.join() for t in threads]
            self.assertEqual(failures, [])
            [batcher.close(h) for h in handles]


class LifetimeTest(unittest.TestCase):
    def make(self, **options):
        return olstm.Session(model(), stateful=True).streams(4).batcher(**options)

    def test_futures_keep_their_batcher(self):
        batcher = self.make(max_batch=2, max_wait_us=100_000)
        h, _idle = batcher.open(), batcher.open()
        futures = [batcher.submit(h, {"x": sequence(1, 1)}) for _ in range(3)]
        gone = weakref.ref(batcher)
        del batcher
        gc.collect()
        self.assertEqual([future.result(60)["y"].shape for future in futures], [(1, 1, 1, H)] * 3)
        for _ in range(100):
            if gone() is None:
                break
            threading.Event().wait(0.05)  # its own thread drops it last
        self.assertIsNone(gone())

    def test_one_that_is_dropped_by_its_own_callback_goes(self):
        for _ in range(20):
            done, held = threading.Event(), [self.make(max_wait_us=20_000)]
            h, _idle = held[0].open(), held[0].open()
            held[0].submit(h, {"x": sequence(1, 1)}).add_done_callback(lambda future: (held.clear(), done.set()))
            self.assertTrue(done.wait(60))

    def test_cycles_go(self):
        for _ in range(10):
            batcher = self.make()
            batcher.itself = [batcher, batcher.streams]
            batcher.run(batcher.open(), {"x": sequence(1, 1)})
            del batcher
        gc.collect()

    def test_constructors_that_fail_leave_the_table_free(self):
        streams = olstm.Session(model(), stateful=True).streams(4)
        self.assertRaises(TypeError, streams.batcher, max_wait_us="1")
        for kind in (olstm.Streams, olstm.Batcher):
            kind.__new__(kind)
        streams.run({streams.open(): {"x": sequence(1, 1)}})
        streams.batcher().shutdown()

    def run_program(self, program):
        start = """
            import asyncio, os, sys, threading, time, numpy as np, olstm
            session = olstm.Session(%r, stateful=True)
            feed = {name: np.zeros([1 if not isinstance(d, int) else d for d in shape], 'f') for name, shape in session.inputs.items()}
            streams = session.streams(100)
            idle = streams.open()  # has no step, so that others' wait
            """ % KERAS_MODEL
        result = subprocess.run([sys.executable, "-X", "faulthandler", "-W", "ignore:This process:DeprecationWarning", "-c", textwrap.dedent(start) + textwrap.dedent(program)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode()

    def test_the_interpreter_ends_in_silence(self):
        for name, program in {
            "idle": "batcher = streams.batcher(); batcher.run(batcher.open(), feed)",
            "steps that wait": """
                batcher = streams.batcher(max_wait_us=60_000_000)
                future = batcher.submit(batcher.open(), feed)""",
            "kept by a builtin": """
                import builtins
                builtins.batcher = streams.batcher(max_wait_us=60_000_000)
                future = batcher.submit(batcher.open(), feed)""",
            "daemon threads in the middle": """
                batcher = streams.batcher(max_wait_us=0)
                def work():
                    h = batcher.open()
                    while True: batcher.run(h, feed)
                [threading.Thread(target=work, daemon=True).start() for _ in range(3)]
                time.sleep(0.1)
                threading.excepthook = lambda arguments: None""",
            "a loop that was closed before": """
                batcher = streams.batcher(max_wait_us=100_000)
                async def main():
                    asyncio.create_task(batcher.arun(batcher.open(), feed))
                    await asyncio.sleep(0)
                asyncio.run(main())""",
            "dropped with a step that waits": """
                streams.batcher(max_wait_us=60_000_000).submit(streams.open(), feed)""",
            "sys.exit in a callback's reach": "batcher = streams.batcher(); batcher.submit(batcher.open(), feed); sys.exit(0)",
        }.items():
            with self.subTest(name):
                self.run_program(program)

    def test_a_forked_child_is_told(self):
        text = self.run_program("""
            batcher = streams.batcher()
            h = batcher.open()
            batcher.run(h, feed)
            child = os.fork()
            if child == 0:
                for call in (lambda: batcher.submit(h, feed), lambda: batcher.save(h), batcher.shutdown, lambda: batcher.counts):
                    try:
                        call()
                    except olstm.Error as error:
                        print(int(error.status), error)
                mine = session.streams(2)
                with mine.batcher() as other:
                    print(other.run(other.open(), feed).keys() == session.outputs.keys(), flush=True)
                sys.exit(0)
            status = os.waitpid(child, 0)[1]
            print(status, batcher.run(h, feed).keys() == session.outputs.keys())
            """)
        self.assertEqual(text.splitlines(), ["9 this batcher is another process's: a forked child makes its own"] * 4 + ["True", "0 True"])


if __name__ == "__main__":
    unittest.main()
