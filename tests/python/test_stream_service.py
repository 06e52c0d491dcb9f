#!/usr/bin/python3
"""docs/examples/stream_service.py as it stands there: hundreds of sequences at once, each answered as alone; errors; streams that
move to another process; the end."""
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from lstm_model import I, sequence_model

import numpy as np
import onnx

import olstm

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "examples", "stream_service.py")
SEQUENCES, STEPS = 400, 6


class Client:
    """A connection that stays open."""

    def __init__(self, port):
        self.port = port

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *unused):
        self.writer.close()

    async def ask(self, method, path, body=b"", headers=""):
        """(status, bytes or what JSON says)"""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.writer.write(("%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n" % (method, path, len(body), headers)).encode() + body)
        return await self.read()

    async def read(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        content = await self.reader.readexactly(int(fields["content-length"]))
        if fields["content-type"] == "application/json" and content:
            content = json.loads(content)
        return int(head.split()[1]), content

    async def open(self, blob=None):
        status, answer = await (self.ask("POST", "/streams") if blob is None else self.ask("POST", "/streams/state", blob))
        assert status == 201, answer
        return "/streams/" + answer["stream"]


class StreamServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.model = os.path.join(cls.folder.name, "model.onnx")
        onnx.save(sequence_model(), cls.model)
        cls.session = olstm.Session(cls.model, stateful=True)

    @contextlib.contextmanager
    def service(self, *arguments):
        process = subprocess.Popen([sys.executable, PROGRAM, self.model, "--port", "0", *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        try:
            yield int(process.stdout.readline().rsplit(":", 1)[1]), process
            process.send_signal(signal.SIGTERM)
            _out, errors = process.communicate(timeout=60)
            self.assertEqual((process.returncode, errors), (0, ""))
        finally:
            process.kill()
            process.communicate()

    def pieces(self, index):
        values = np.random.default_rng(index)
        return [values.standard_normal((1, 1 + (index + k) % 2, I)).astype(np.float32) for k in range(STEPS)]

    def assert_same(self, answer, expected):
        self.assertEqual(answer, {name: value.tolist() for name, value in expected.items()})

    def test_hundreds_of_sequences_at_once(self):
        async def one(port, index, all_open):
            async with Client(port) as client:
                path, answers = await client.open(), []
                all_open.append(path)
                while len(all_open) < SEQUENCES:
                    await asyncio.sleep(0.01)
                for x in self.pieces(index):
                    status, answer = await client.ask("POST", path + "/steps", {"x": x.tolist()})
                    self.assertEqual(status, 200, answer)
                    answers.append(answer)
                self.assertEqual(await client.ask("DELETE", path), (204, b""))
            return answers

        async def main(port):
            all_open = []
            return await asyncio.gather(*[one(port, index, all_open) for index in range(SEQUENCES)])

        with self.service("--capacity", str(SEQUENCES)) as (port, _process):
            for index, answers in enumerate(asyncio.run(main(port))):
                context = self.session.context()
                for answer, x in zip(answers, self.pieces(index)):
                    self.assert_same(answer, context.run({"x": x}))

    def test_a_stream_moves_to_another_process(self):
        async def main(here, there):
            first, *rest = self.pieces(3)
            context = self.session.context()
            async with Client(here) as old, Client(there) as new:
                path = await old.open()
                self.assert_same((await old.ask("POST", path + "/steps", {"x": first.tolist()}))[1], context.run({"x": first}))
                status, blob = await old.ask("GET", path + "/state")
                self.assertEqual((status, blob), (200, context.save_state()))
                moved = await new.open(blob)
                for x in rest:
                    self.assert_same((await new.ask("POST", moved + "/steps", {"x": x.tolist()}))[1], context.run({"x": x}))
                self.assertEqual((await new.ask("POST", "/streams/state", blob[:-1]))[0], 400)

        with self.service() as (here, _), self.service("--capacity", "2") as (there, _):
            asyncio.run(main(here, there))

    def test_what_is_wrong_is_said_and_disturbs_nobody(self):
        async def main(port):
            async with Client(port) as client:
                path, x = await client.open(), self.pieces(0)[0]
                for status, method, where, body in (
                        (404, "POST", "/streams/unknown/steps", {"x": x.tolist()}), (404, "GET", "/", b""), (404, "GET", path + "/x", b""),
                        (405, "GET", "/streams", b""), (405, "PUT", path, b""), (400, "POST", path + "/steps", b"{"),
                        (400, "POST", path + "/steps", [1]), (400, "POST", path + "/steps", {}), (400, "POST", path + "/steps", {"x": "a"}),
                        (400, "POST", path + "/steps", {"x": [[1], [1, 2]]}), (400, "POST", path + "/steps", {"x": np.zeros((2, 1, I)).tolist()}),
                        (400, "POST", path + "/steps", {"x": np.zeros((1, 1, 9)).tolist()}), (400, "POST", "/streams/state", b"no state")):
                    got, answer = await client.ask(method, where, body)
                    self.assertEqual((got, list(answer)), (status, ["error"]), (method, where, body))
                await client.open()
                status, answer = await client.ask("POST", "/streams")
                self.assertEqual((status, "capacity is 2" in answer["error"]), (503, True))
                self.assert_same((await client.ask("POST", path + "/steps", {"x": x.tolist()}))[1], self.session.context().run({"x": x}))
            for status, text in ((400, b"nonsense\r\n\r\n"), (400, b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"),
                                 (413, b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"), (413, b"x" * 40000),
                                 (501, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")):
                async with Client(port) as client:
                    client.writer.write(text)
                    self.assertEqual((await client.read())[0], status)

        with self.service("--capacity", "2") as (port, _process):
            asyncio.run(main(port))

    def test_a_full_queue_is_503_and_what_was_taken_is_answered_at_the_end(self):
        async def main(port, process):
            async with Client(port) as first, Client(port) as second:
                path, other, x = await first.open(), await second.open(), self.pieces(1)[0]

                async def ask_until_taken():
                    while (answer := await first.ask("POST", path + "/steps", {"x": x.tolist()}))[0] == 503:
                        await asyncio.sleep(0.01)  # the other's step is in the queue
                    return answer

                waiting = asyncio.create_task(ask_until_taken())
                refused = 0
                while refused < 5:  # The first one is in the queue then; once may be a step that has just been computed.
                    status, _answer = await asyncio.wait_for(second.ask("POST", other + "/steps", {"x": x.tolist()}), 60)
                    refused = refused + 1 if status == 503 else 0
                    await asyncio.sleep(0.05)
                process.send_signal(signal.SIGTERM)
                status, answer = await waiting
                self.assertEqual(status, 200)
                self.assert_same(answer, self.session.context().run({"x": x}))

        with self.service("--queue", "1", "--max-wait-us", "3000000") as (port, process):
            asyncio.run(main(port, process))

    def test_idle_streams_are_closed(self):
        async def main(port):
            async with Client(port) as client:
                path = await client.open()
                for _ in range(200):
                    await asyncio.sleep(0.1)
                    if (await client.ask("POST", "/streams"))[0] == 201:
                        break
                self.assertEqual((await client.ask("GET", path + "/state"))[0], 404)

        with self.service("--capacity", "1", "--idle", "0.3") as (port, _process):
            asyncio.run(main(port))


if __name__ == "__main__":
    unittest.main()
