#!/usr/bin/python3
"""usage: dask_speedup.py MODEL [--rows N] [--tasks N] [--rounds N] [--wanted RATIO]

How much sooner two worker processes of Dask are done than one, each of one thread, with tasks of about half a second. Rounds with one
and with two take turns; least times count. Exits with 1 when the ratio is below what is wanted. Needs two processors with nothing else
to do; PYTHONPATH and OLSTM_LIBRARY as docs/python.md says.
"""
import argparse
import contextlib
import sys
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import olstm
import olstm.dask


def timed(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def rows_of_half_a_second(session, name, shape):
    """So many sequences take one process about half a second."""
    x = np.zeros((256,) + shape, np.float32)
    seconds = min(timed(lambda: session.run({name: x})) for _ in range(20))
    return max(1, int(0.5 / seconds)) * 256


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=0, help="sequences a task; default: those of half a second")
    parser.add_argument("--steps", type=int, default=50, help="steps of a sequence, where the model leaves them open")
    parser.add_argument("--tasks", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wanted", type=float, default=1.6)
    arguments = parser.parse_args()
    session = olstm.Session(arguments.model)
    (name, shape), = session.inputs.items()
    shape = tuple(dim if isinstance(dim, int) else arguments.steps for dim in shape[1:])
    rows = arguments.rows or rows_of_half_a_second(session, name, shape)

    # Numbers that cost next to nothing to make, so that the model is what is timed.
    x = da.ones((rows * arguments.tasks,) + shape, chunks=(rows,) + shape, dtype=np.float32)
    scores = olstm.dask.map_blocks(arguments.model, x, outputs=next(iter(session.outputs)))
    best = {}
    with contextlib.ExitStack() as stack:
        clients = {}
        for count in (1, 2):
            cluster = stack.enter_context(LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None))
            clients[count] = stack.enter_context(Client(cluster, set_as_default=False))
        for turn in range(arguments.rounds + 1):
            for count, client in clients.items():
                seconds = timed(lambda: client.compute(scores.sum()).result())
                if turn:  # the first makes the sessions
                    best[count] = min(best.get(count, seconds), seconds)
    ratio = best[1] / best[2]
    print("%d tasks of %d sequences: %.2f s with one worker (%.2f s a task), %.2f s with two: %.2f times as fast" % (
        arguments.tasks, rows, best[1], best[1] / arguments.tasks, best[2], ratio))
    return 0 if ratio >= arguments.wanted else 1


if __name__ == "__main__":
    sys.exit(main())
