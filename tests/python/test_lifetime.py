#!/usr/bin/python3
"""When the Python package's C objects go: each once, contexts before their session, whatever the garbage collector does; copies; the end of
the interpreter. A build with the address sanitizer sees what is used after that."""
import copy
import gc
import subprocess
import sys
import textwrap
import threading
import unittest
import weakref

from lstm_model import KERAS_MODEL, model, sequence

import numpy as np

import olstm
from olstm import _library


class Ledger:
    """Notes what is created and destroyed while it is entered."""

    def __enter__(self):
        gc.collect()
        self.events, self._functions = [], {}
        for name in ("olstm_session_create", "olstm_context_create", "olstm_context_clone", "olstm_context_destroy",
                     "olstm_session_destroy", "olstm_model_destroy", "olstm_registry_create", "olstm_registry_destroy",
                     "olstm_streams_create", "olstm_streams_destroy", "olstm_batcher_create", "olstm_batcher_destroy"):
            self._functions[name] = getattr(_library.library, name)
            setattr(_library.library, name, self._noting(name, self._functions[name]))
        return self

    def _noting(self, name, function):
        def call(*arguments):
            result = function(*arguments)
            address = getattr(arguments[0], "_as_parameter_", arguments[0])  # the number alone: a handle would live on
            if name.endswith("destroy"):
                self.events.append((name, address))
            elif result == 0:
                self.events.append((name, arguments[-2]._obj.value, address))
            return result
        return call

    def __exit__(self, *unused):
        for name, function in self._functions.items():
            setattr(_library.library, name, function)

    def check(self, test, sessions, contexts, streams=0, batchers=0):
        """That so many were made, all are gone, and none twice or before what was made of it."""
        owners, made = {}, {"session": 0, "context": 0, "streams": 0, "batcher": 0}
        for name, *addresses in self.events:
            kind, deed = name.split("_")[1:]
            if kind not in made:
                continue
            if deed == "destroy":
                test.assertIn(addresses[0], owners, "destroyed twice")
                del owners[addresses[0]]
                test.assertNotIn(addresses[0], owners.values(), "a %s before what was made of it" % kind)
            else:
                made[kind] += 1
                owners[addresses[0]] = owners[addresses[1]] if deed == "clone" else None if kind == "session" else addresses[1]
        test.assertEqual(owners, {}, "not destroyed")
        test.assertEqual(made, {"session": sessions, "context": contexts, "streams": streams, "batcher": batchers})


class Node:
    pass


class LifetimeTest(unittest.TestCase):
    def test_a_context_keeps_what_it_needs(self):
        with Ledger() as ledger:
            context = olstm.Session(model(), stateful=True).context()
            gc.collect()
            context.run({"x": sequence(2, 1)})
            context.state["lstm/h"]
            del context
        ledger.check(self, sessions=1, contexts=3)

    def test_cycles_go_in_order(self):
        for first in (0, 1):
            with Ledger() as ledger:
                for _ in range(20):
                    session = olstm.Session(model(), threads=2)
                    both = [session, session.context(), session.context()]
                    for held in both[::-1 if first else 1]:
                        node = Node()
                        node.held, node.all, held.node = held, both, node
                    both.append(both)
                    del session, both, held, node
                gc.collect()
            ledger.check(self, sessions=20, contexts=60)

    def test_tables_and_batchers_go_before_their_session(self):
        for first in (0, 1):
            with Ledger() as ledger:
                for _ in range(10):
                    session = olstm.Session(model(), stateful=True)
                    streams = session.streams(4)
                    batcher = streams.batcher()
                    held = [session, streams, batcher][::-1 if first else 1]
                    batcher.run(batcher.open(), {"x": sequence(1, 1)})
                    session.all = held
                    del session, streams, batcher, held
                gc.collect()
                for _ in range(200):  # one whose own thread held it last is destroyed by another one
                    if len(ledger.events) >= 10 * (2 + 2 * 2 + 2 + 2 + 1):
                        break
                    threading.Event().wait(0.05)
            ledger.check(self, sessions=10, contexts=20, streams=10, batchers=10)

    def test_an_exception_that_is_kept_does_not_bring_them_down(self):
        def work():
            session = olstm.Session(model(), threads=3)
            context = session.context()
            try:
                context.run({})
            except ValueError as error:
                kept = error  # noqa: makes a cycle: its traceback, this frame, and what that holds
            context.run({"x": sequence(1, 1)})

        with Ledger() as ledger:
            for _ in range(20):
                work()
            gc.collect()
        ledger.check(self, sessions=20, contexts=40)

    def test_finalisers_of_the_user_may_still_run_models(self):
        results = []

        class Last:
            def __del__(self):
                results.append([self.made[name].run({"x": sequence(1, 1)})["y"].shape for name in ("session", "context")])

        makers = {"last": lambda made: Last(), "session": lambda made: olstm.Session(model(), stateful=True),
                  "context": lambda made: made["session"].context()}
        with Ledger() as ledger:
            for order in (("last", "session", "context"), ("session", "last", "context"), ("session", "context", "last")):
                made = {}
                for name in order:
                    made[name] = makers[name](made)
                made["last"].made = made
                del made
            gc.collect()
        self.assertEqual(results, [[(1, 1, 1, 3)] * 2] * 3)
        ledger.check(self, sessions=3, contexts=9)

    def test_copies_go_their_own_way(self):
        x = sequence(3, 2)
        with Ledger() as ledger:
            session = olstm.Session(model(), stateful=True)
            context = session.context()
            session.run({"x": x}), context.run({"x": x})
            for original in (session, context):
                copies = [copy.copy(original), copy.deepcopy(original), copy.deepcopy([original, original])[1]]
                before = original.save_state()
                outputs = [each.run({"x": x})["y"] for each in copies]
                self.assertEqual(original.save_state(), before)
                expected = original.run({"x": x})["y"]
                for output in outputs:
                    np.testing.assert_array_equal(output, expected)
            del session, context, original, copies
            gc.collect()
        ledger.check(self, sessions=1, contexts=1 + 2 + 6)

    def test_copies_of_a_stateless_session_share_its_weights(self):
        with Ledger() as ledger:
            session = olstm.Session(model())
            clone = copy.deepcopy(session)
            expected = session.run({"x": sequence(2, 2)})["y"]
            del session
            np.testing.assert_array_equal(clone.run({"x": sequence(2, 2)})["y"], expected)
            del clone
        ledger.check(self, sessions=1, contexts=1)

    def test_constructors_that_fail_leave_nothing(self):
        wrong = [lambda: olstm.Session(b"no model"), lambda: olstm.Session("no_such_file.onnx"), lambda: olstm.Session(),
                 lambda: olstm.Session(model(), kernel="x"), lambda: olstm.Session(model(), precision="x"),
                 lambda: olstm.Session(model(), stateful=["x"]), lambda: olstm.Session(model(), plugins=["/no/plugin.so"]),
                 lambda: olstm.Session(model(), threads="2"), lambda: olstm.Context(None), lambda: olstm.Context()]
        unraisable, hook = [], sys.unraisablehook
        sys.unraisablehook = unraisable.append
        try:
            with Ledger() as ledger:
                for attempt in wrong:
                    self.assertRaises((olstm.Error, ValueError, TypeError, AttributeError), attempt)
                for kind in (olstm.Session, olstm.Context):
                    kind.__new__(kind)
                gc.collect()
        finally:
            sys.unraisablehook = hook
        self.assertEqual(unraisable, [])
        ledger.check(self, sessions=0, contexts=0)
        names = [event[0] for event in ledger.events]
        self.assertEqual(names.count("olstm_registry_create"), names.count("olstm_registry_destroy"))

    def test_the_garbage_collector_does_not_know_what_handles_hang_on(self):
        token = olstm.Session(model())._core.handle._token
        self.assertFalse(gc.is_tracked(token))
        self.assertFalse(type(token).__flags__ & 1 << 14)  # Py_TPFLAGS_HAVE_GC

    def test_nothing_of_them_is_kept(self):
        session = olstm.Session(model())
        context = session.context()
        gone = [weakref.ref(session), weakref.ref(context), weakref.ref(session._core)]
        del session, context
        self.assertEqual([ref() for ref in gone], [None] * 3)

    def test_idle_contexts_are_bounded(self):
        from olstm import _core
        with Ledger() as ledger:
            core = olstm.Session(model())._core
            core._idle.extend(core.create_context() for _ in range(_core._MAX_IDLE + 3 - len(core._idle)))
            for _ in range(5):
                core.run({"x": sequence(1, 1)})
            self.assertEqual(len(core._idle), _core._MAX_IDLE)
            del core
        ledger.check(self, sessions=1, contexts=_core._MAX_IDLE + 3)

    def test_the_interpreter_ends_in_silence(self):
        start = "import olstm, threading, time, numpy as np\nmodel = %r\n" % KERAS_MODEL
        feed = "{name: np.zeros([2 if not isinstance(d, int) else d for d in shape], 'f') for name, shape in s.inputs.items()}"
        for name, script in {
            "module globals": "s = olstm.Session(model, threads=2); c = s.context(); c.run(%s)" % feed,
            "a cycle": "s = olstm.Session(model); c = s.context(); s.c = c; c.s = s; s.run(%s)" % feed,
            "a daemon thread in the middle of runs": """
                s = olstm.Session(model, threads=2)
                feed = %s
                def work():
                    while True: s.run(feed)
                threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
                [t.start() for t in threads]
                time.sleep(0.05)""" % feed,
            "one kept by a builtin": "import builtins; s = builtins.s = olstm.Session(model); builtins.c = s.context(); s.run(%s)" % feed,
            "sys.exit in a run's reach": "import sys; s = olstm.Session(model); c = s.context(); sys.exit(0)",
        }.items():
            with self.subTest(name):
                result = subprocess.run([sys.executable, "-X", "faulthandler", "-c", start + textwrap.dedent(script)],
                                        stderr=subprocess.PIPE, timeout=60)
                self.assertEqual((result.returncode, result.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
