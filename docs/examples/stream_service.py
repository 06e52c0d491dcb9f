#!/usr/bin/env python3
"""A web service with a model that keeps state: thousands of sequences are alive at once, computed together, kept apart.

    python3 stream_service.py model.onnx --port 8080

    POST   /streams               opens a stream                                 201 {"stream": ID}
    POST   /streams/ID/steps      {"x": [[[...]]]}, a batch of 1                 200 {"y": [[[...]]]}
    GET    /streams/ID/state      the stream's state as bytes                    200
    POST   /streams/state         opens a stream with such a state, also of another process: 201 {"stream": ID}
    DELETE /streams/ID            closes it                                      204

Standard library, numpy and olstm only. What a stream answers is, bit for bit, what it would answer alone. On SIGTERM no more
requests are taken, and those that are being computed get their answers.
"""
import argparse
import asyncio
import json
import resource
import secrets
import signal
import sys
import time
import traceback

import olstm

MAX_HEAD, MAX_BODY = 1 << 14, 1 << 24  # bytes
REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
           413: "Content Too Large", 500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}
# What is wrong with a request, and what will pass; all else is the service's own fault.
STATUSES = {olstm.Status.INVALID_ARGUMENT: 404,  # the stream was closed meanwhile
            olstm.Status.SHAPE_MISMATCH: 400, olstm.Status.DTYPE_MISMATCH: 400, olstm.Status.INVALID_VALUE: 400,
            olstm.Status.NOT_FOUND: 400, olstm.Status.WRONG_STATE: 503, olstm.Status.LIMIT_EXCEEDED: 503,
            olstm.Status.QUEUE_FULL: 503, olstm.Status.CANCELLED: 503}


class Refusal(Exception):
    """A request is answered with this status and text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Service:
    """Streams by what clients call them: random, so that nobody guesses another's. idle: seconds until one is closed."""

    def __init__(self, batcher, idle):
        self.batcher = batcher
        self.idle = idle
        self.handles = {}  # client's name: handle
        self.used = {}     # client's name: time of the last request

    def find(self, name):
        if name not in self.handles:
            raise Refusal(404, "no stream '%s'" % name)
        self.used[name] = time.monotonic()
        return self.handles[name]

    # Opening, saving and closing wait until the batch that is being computed is done: on a thread, the loop goes on meanwhile.

    async def open(self, blob=None):
        handle = await asyncio.to_thread(self.batcher.open)
        try:
            if blob is not None:
                await asyncio.to_thread(self.batcher.load, handle, blob)
        except olstm.Error as error:
            await asyncio.to_thread(self.batcher.close, handle)
            raise Refusal(400, str(error)) from None
        name = secrets.token_urlsafe(16)
        self.handles[name], self.used[name] = handle, time.monotonic()
        return 201, {"stream": name}

    async def close(self, name):
        handle = self.find(name)
        del self.handles[name], self.used[name]
        await asyncio.to_thread(self.batcher.close, handle)
        return 204, None

    async def step(self, name, body):
        handle = self.find(name)
        try:
            outputs = await self.batcher.arun(handle, json.loads(body))
        except (ValueError, TypeError) as error:  # no JSON, or not the model's inputs
            raise Refusal(400, str(error)) from None
        return 200, {output: array.tolist() for output, array in outputs.items()}

    async def save(self, name):
        return 200, await asyncio.to_thread(self.batcher.save, self.find(name))

    async def close_idle(self):
        while True:
            await asyncio.sleep(self.idle / 4)
            for name in [name for name, used in self.used.items() if time.monotonic() - used > self.idle]:
                await self.close(name)

    async def answer(self, method, path, body):
        """(status, bytes or what becomes JSON)."""
        known = {"/streams": {"POST": self.open}, "/streams/state": {"POST": lambda: self.open(body)}}
        if path not in known and path.startswith("/streams/"):
            name = path.split("/")[2]
            known = {"/streams/%s" % name: {"DELETE": lambda: self.close(name)},
                     "/streams/%s/steps" % name: {"POST": lambda: self.step(name, body)},
                     "/streams/%s/state" % name: {"GET": lambda: self.save(name)}}
        if path not in known:
            raise Refusal(404, "nothing is at %s" % path)
        if method not in known[path]:
            raise Refusal(405, "%s takes %s" % (path, ", ".join(known[path])))
        return await known[path][method]()


async def read_request(reader):
    """(method, path, headers, body); None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError:
        raise Refusal(413, "the head of a request has more than %d bytes" % MAX_HEAD) from None
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, path, _version = lines[0].split(" ")
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:] if line)}
        length = int(headers.get("content-length", 0))
    except ValueError:
        raise Refusal(400, "no request of HTTP/1.1") from None
    if "transfer-encoding" in headers:
        raise Refusal(501, "send a Content-Length")
    if not 0 <= length <= MAX_BODY:
        raise Refusal(413, "a body may have %d bytes" % MAX_BODY)
    if headers.get("expect", "").lower() == "100-continue":
        raise Refusal(501, "send without Expect")
    return method, path, headers, await reader.readexactly(length)


def write_answer(writer, status, content):
    kind = "application/octet-stream" if isinstance(content, bytes) else "application/json"
    body = b"" if content is None else content if isinstance(content, bytes) else json.dumps(content).encode()
    head = "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n" % (status, REASONS[status], kind, len(body))
    if status == 503:
        head += "Retry-After: 1\r\n"
    writer.write(head.encode() + b"\r\n" + body)


async def answer_one(service, writer, request):
    method, path, _headers, body = request
    try:
        status, content = await service.answer(method, path, body)
    except Refusal as error:
        status, content = error.status, {"error": str(error)}
    except olstm.Error as error:
        status, content = STATUSES.get(error.status, 500), {"error": str(error)}
    except Exception:
        traceback.print_exc()
        status, content = 500, {"error": "a fault of the service: see its log"}
    write_answer(writer, status, content)
    await writer.drain()


async def serve_connection(service, reader, writer):
    """One request after the other, until the client closes."""
    try:
        while request := await read_request(reader):
            await answer_one(service, writer, request)
            if request[2].get("connection", "").lower() == "close":
                break
    except Refusal as error:  # what follows in the connection cannot be told apart any more
        write_answer(writer, error.status, {"error": str(error)})
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(arguments):
    # A connection is an open file, and systems mostly allow 1024 unless they are asked for more.
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    session = olstm.Session(arguments.model, stateful=True)
    streams = session.streams(arguments.capacity, arguments.max_batch)
    if streams.info.reason:
        print("streams are computed one by one:", streams.info.reason, file=sys.stderr)
    stop, busy = asyncio.Event(), set()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with streams.batcher(max_wait_us=arguments.max_wait_us, queue_capacity=arguments.queue) as batcher:
        service = Service(batcher, arguments.idle)

        async def connect(reader, writer):
            task = asyncio.current_task()
            busy.add(task)
            task.add_done_callback(busy.discard)
            await serve_connection(service, reader, writer)

        server = await asyncio.start_server(connect, arguments.host, arguments.port, limit=MAX_HEAD, backlog=1024)
        sweeper = asyncio.create_task(service.close_idle())
        print("serving on http://%s:%d" % server.sockets[0].getsockname()[:2], flush=True)
        await stop.wait()
        server.close()
        sweeper.cancel()
    # All steps that were taken have their results now. Their answers go out before connections that wait for requests are closed.
    await asyncio.sleep(0.1)
    for task in list(busy):
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serves the streams of a model with state over HTTP.")
    parser.add_argument("model")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0: any that is free")
    parser.add_argument("--capacity", type=int, default=10_000, help="streams at once")
    parser.add_argument("--max-batch", type=int, default=64, help="steps that are computed together")
    parser.add_argument("--max-wait-us", type=int, default=1000, help="how long a step waits for others")
    parser.add_argument("--queue", type=int, default=4096, help="steps that may wait; 503 beyond")
    parser.add_argument("--idle", type=float, default=600, help="seconds after which an idle stream is closed")
    asyncio.run(main(parser.parse_args()))
