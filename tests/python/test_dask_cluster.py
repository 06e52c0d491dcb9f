#!/usr/bin/python3
"""olstm.dask on a cluster of several processes on this machine: bit for bit what one process gives, with a worker killed in the middle as
well; a session made once by each process; progress by Dask's own bar."""
import contextlib
import io
import logging
import os
import signal
import tempfile
import time
import unittest

from lstm_model import I, sequence_model

import numpy as np

import olstm

try:
    import dask.array as da
    import dask.bag as db
    import dask.dataframe as dd
    import pandas as pd
    from distributed import Client, LocalCluster, progress, wait
except ImportError as error:
    print("skipped: %s" % error)
    raise SystemExit(77)

import olstm.dask as od

X = np.random.default_rng(5).standard_normal((40, 12, I), np.float32)
EXPECTED = olstm.Session(sequence_model()).run({"x": X})


def held(block, go=None, last=None, block_id=None):
    """The last blocks wait for a file of that name."""
    while block_id[:2] in last and not os.path.exists(go):
        time.sleep(0.01)
    return block


def count_sessions():
    """Notes, in a worker, each session that it makes from now on."""
    from olstm import _core
    if not hasattr(_core, "made"):
        _core.made, create = [], _core.Core.__init__

        def noting(self, definition):
            _core.made.append(definition.digest())
            create(self, definition)
        _core.Core.__init__ = noting


def sessions_made():
    from olstm import _core
    return len(_core.made), len(set(_core.made))


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None,
                                   silence_logs=logging.CRITICAL)
        cls.client = Client(cls.cluster)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.cluster.close()

    def test_a_session_is_made_once_by_each_process(self):
        self.client.run(count_sessions)
        x = da.from_array(X, chunks=(2, -1, -1))
        for _ in range(2):
            np.testing.assert_array_equal(od.map_blocks(sequence_model(), x, outputs="last", max_work=10**9).compute(), EXPECTED["last"])
        bag = db.from_sequence(list(X), npartitions=20)
        values = od.map_partitions(sequence_model(), bag, outputs="last", max_work=10**9).compute()
        np.testing.assert_array_equal(np.stack(values), EXPECTED["last"])
        self.assertEqual(set(self.client.run(sessions_made).values()), {(1, 1)})

    def test_a_frame_of_streams(self):
        # Steps of 40 streams, one after the other in time.
        frame = pd.DataFrame(X.transpose(1, 0, 2).reshape(-1, I), columns=["a", "b"]).assign(key=np.tile(np.arange(40), 12))
        got = od.scan_partitions(sequence_model(), dd.from_pandas(frame, npartitions=6), key="key", outputs="steps").compute()
        np.testing.assert_array_equal(got.to_numpy(), EXPECTED["steps"].transpose(1, 0, 2).reshape(-1, 2))

    def test_a_worker_that_is_killed_costs_nothing_but_time(self):
        with tempfile.TemporaryDirectory() as folder:
            go = os.path.join(folder, "go")

            def cut(rows, steps, last):
                x = da.from_array(X, chunks=(rows, steps, -1))
                return x.map_blocks(held, go=go, last=last, dtype=X.dtype, meta=X[:0, :0, :0])

            victims = list(self.client.run(os.getpid).values())
            results = self.client.persist([od.map_blocks(sequence_model(), cut(2, -1, [(19, 0)]), outputs="steps"),
                                           od.scan_blocks(sequence_model(), cut(20, 1, [(0, 11), (1, 11)]), outputs="steps")])
            futures = [future for result in results for future in self.client.futures_of(result)]
            while sum(future.done() for future in futures) < 5:
                time.sleep(0.01)
            os.kill(victims[0], signal.SIGKILL)
            self.assertFalse(all(future.done() for future in futures))
            with open(go, "w"):
                pass
            for result in results:
                np.testing.assert_array_equal(result.compute(), EXPECTED["steps"])
        self.client.wait_for_workers(2, timeout=60)

    def test_dask_s_own_bar_shows_the_progress(self):
        result = od.map_blocks(sequence_model(), da.from_array(X, chunks=(4, -1, -1)), outputs="last").persist()
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            progress(result, notebook=False)
            wait(result, timeout=60)
        self.assertIn("100% Completed", text.getvalue())
        np.testing.assert_array_equal(result.compute(), EXPECTED["last"])

    def test_errors_of_a_worker_come_back_as_they_are(self):
        x = da.from_array(np.full((4, 3, 1), 7), chunks=(2, -1, -1))
        from lstm_model import helper, make_model, TensorProto
        source = make_model([helper.make_node("Gather", ["table", "i"], ["y"])], [("i", TensorProto.INT64, ["N", 3, 1])],
                            [("y", TensorProto.FLOAT, None)], [("table", np.zeros((5, 2), np.float32))])
        with self.assertRaisesRegex(olstm.Error, "7") as caught:
            od.map_blocks(source, x).compute()
        self.assertEqual(caught.exception.status, 13)


if __name__ == "__main__":
    unittest.main()
